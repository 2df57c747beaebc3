//! One running server, with a folder, a port and a watcher of its own.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{process, template};

const PATIENCE: Duration = Duration::from_secs(30);

/// How a server is run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Lines for `postgresql.conf`, after ours.
    pub lines: Vec<String>,
    /// Whether commits are synced to disk. Only what measures or pulls the plug needs it.
    pub durable: bool,
}

pub struct Server {
    folder: PathBuf,
    port: u16,
    running: Mutex<Child>,
    /// Its standard input is ours: it closes when this process ends, even by SIGKILL, and the watcher then clears up.
    watcher: Child,
}

/// Ends the server whose folder is `$0` and deletes the folder. SIGQUIT and not SIGKILL where that works, so that no
/// shared memory is left behind; SIGCONT first, for one that a test has frozen.
/// Signals meant for the whole group, such as Ctrl-C, are left to the others.
const WATCH: &str = r#"
trap '' HUP INT TERM
read _
pid=$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
    family="$pid $(cat "/proc/$pid/task/$pid/children" 2>/dev/null)"
    kill -CONT $family 2>/dev/null
    kill -QUIT "$pid" 2>/dev/null
    rounds=0
    while kill -0 "$pid" 2>/dev/null && [ "$rounds" -lt 50 ]; do sleep 0.1; rounds=$((rounds + 1)); done
    kill -0 "$pid" 2>/dev/null && kill -KILL $family 2>/dev/null
fi
rm -rf "$0"
"#;

impl Server {
    pub fn start() -> Self {
        Self::start_with(&Settings::default())
    }

    pub fn start_with(settings: &Settings) -> Self {
        let folder = tempfile::Builder::new().prefix("poolhouse-pg-").tempdir().unwrap().keep();
        let watcher = watch(&folder);
        if process::is_root() {
            process::run(Command::new("chown").arg("postgres:").arg(&folder));
        }
        template::copy_to(&folder.join("data"));
        if settings.durable {
            // The template's small files of log would be what is measured: each new one is synced.
            process::run(
                process::as_postgres(process::programs().join("pg_resetwal"))
                    .args(["--wal-segsize=16", "-D"])
                    .arg(folder.join("data"))
                    .current_dir("/"),
            );
        }
        // Asked for and let go: nobody else is given it in the moment between.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut lines = vec![
            String::from("listen_addresses = '127.0.0.1'"),
            format!("port = {port}"),
            format!("unix_socket_directories = '{}'", folder.display()),
            String::from("max_connections = 200"),
            String::from("shared_buffers = 64MB"),
            String::from("dynamic_shared_memory_type = mmap"),
            // The template's, for small files of log, would be too small for large ones.
            String::from("min_wal_size = 80MB"),
            String::from("max_wal_size = 1GB"),
            format!("fsync = {}", if settings.durable { "on" } else { "off" }),
            format!("full_page_writes = {}", if settings.durable { "on" } else { "off" }),
        ];
        lines.extend(settings.lines.iter().cloned());
        let file = folder.join("data/postgresql.conf");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}\n{}\n", lines.join("\n"))).unwrap();
        let running = Mutex::new(launch(&folder));
        let server = Self { folder, port, running, watcher };
        server.wait_until_up();
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the server's files are: `data/`, its socket, `log`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a database and says where it is.
    pub fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\""));
        self.url(name)
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// What `psql` prints for it, unaligned and without headers.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let output = process::run(self.psql(database).args(["-c", statement]));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(process::programs().join("psql"));
        command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h"]).arg(&self.folder);
        command.args(["-p", &self.port.to_string(), "-U", "postgres", "-d", database]);
        command
    }

    /// SIGSTOP to all of its processes: connections stay open, nobody answers.
    pub fn freeze(&self) {
        process::signal("STOP", &process::family(self.pid()));
    }

    pub fn thaw(&self) {
        process::signal("CONT", &process::family(self.pid()));
    }

    /// SIGKILL to all of its processes, as when the machine goes down.
    pub fn kill(&self) {
        process::signal("KILL", &process::family(self.pid()));
        let _ = self.running.lock().unwrap().wait();
    }

    /// After [`Server::kill`]; on the same port.
    pub fn start_again(&self) {
        let since = Instant::now();
        loop {
            *self.running.lock().unwrap() = launch(&self.folder);
            if self.is_up() {
                return;
            }
            // A backend of the killed server may hold on to the shared memory for a moment.
            assert!(since.elapsed() < PATIENCE, "it does not start again:\n{}", self.log());
        }
    }

    /// What the server wrote to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn pid(&self) -> u32 {
        let text = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }

    fn wait_until_up(&self) {
        assert!(self.is_up(), "PostgreSQL did not start:\n{}", self.log());
    }

    /// Waits until it answers, or has ended.
    fn is_up(&self) -> bool {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let listens = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            if listens
                && self
                    .psql("postgres")
                    .args(["-c", "SELECT 1"])
                    .output()
                    .is_ok_and(|told| told.status.success())
            {
                return true;
            }
            if self.running.lock().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
        let _ = self.running.lock().unwrap().wait();
    }
}

fn launch(folder: &Path) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    process::as_postgres(process::programs().join("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn watch(folder: &Path) -> Child {
    Command::new("sh")
        .arg("-c")
        .arg(WATCH)
        .arg(folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
