//! The built binary, in a folder and with a server of its own.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// A process that is ended with the test.
pub struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    pub said: Vec<String>,
}

pub struct Setting {
    pub folder: tempfile::TempDir,
    pub endpoint: String,
}

pub const SERVICE: &str = "service: trial\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions:\n  hello:\n    handler: handler.hello\n    events:\n      - http: GET /hello\n";
pub const HANDLER: &str = "exports.hello = async (event) => { console.log('called', JSON.stringify(event.a ?? null)); return { statusCode: 200, body: 'one' }; };\n";

impl Setting {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setting = Self { folder, endpoint: String::from("http://127.0.0.1:9") };
        setting.write("serverless.yml", SERVICE);
        setting.write("handler.js", HANDLER);
        setting
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_poolhouse"));
        let kept = ["PATH", "TMPDIR"].map(|name| (name, std::env::var_os(name)));
        command.env_clear().args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, value) in kept {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.env("HOME", self.folder.path()).env("POOLHOUSE_ENDPOINT", &self.endpoint);
        command
    }

    /// Runs a command to its end; gives status, stdout, stderr.
    pub fn run(&self, words: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(words).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }

    /// The same, with one JSON document on stdout.
    pub fn json(&self, words: &[&str]) -> Value {
        let (status, stdout, stderr) = self.run(words);
        assert_eq!(status, 0, "{words:?}\n{stdout}\n{stderr}");
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
    }

    /// Starts `serve` or `dev` on a free port; the endpoint is known once it says where it listens.
    pub fn start(&mut self, words: &[&str]) -> Running {
        let mut words = words.to_vec();
        words.extend(["--listen", "127.0.0.1:0"]);
        let mut child = self.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (told, lines) = mpsc::channel();
        for stream in [
            Box::new(child.stdout.take().unwrap()) as Box<dyn std::io::Read + Send>,
            Box::new(child.stderr.take().unwrap()),
        ] {
            let told = told.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = told.send(line);
                }
            });
        }
        Running { child, lines, said: Vec::new() }
    }

    pub fn serve(&mut self) -> Running {
        let mut running = self.start(&["serve", "--data", ".poolhouse"]);
        let line = running.wait_for("listening address=");
        let port = line.split("127.0.0.1:").nth(1).unwrap().split(' ').next().unwrap();
        self.endpoint = format!("http://localhost:{port}");
        running
    }
}

impl Running {
    /// The next line that holds `words`.
    pub fn wait_for(&mut self, words: &str) -> String {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if line.contains(words) {
                        return line;
                    }
                }
                Err(_) => panic!("nothing said '{words}':\n{}", self.said.join("\n")),
            }
        }
    }

    /// Ctrl-C, and the status it ends with.
    pub fn interrupt(mut self) -> i32 {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it did not end:\n{}", self.said.join("\n"));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of a GET, by hand: no client of ours has a part in it.
pub fn get(url: &str) -> (u16, String) {
    use std::io::{Read, Write};
    let rest = url.strip_prefix("http://localhost:").unwrap();
    let (port, path) = rest.split_once('/').unwrap();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
