//! The server under measurement, as its own process.

use std::{
    io::Read,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Outcome, client::Client};

pub const BINARY: &str = env!("CARGO_BIN_EXE_poolhouse");

pub struct Server {
    child: Child,
    pub port: u16,
    pub data: tempfile::TempDir,
    pub base: String,
}

impl Server {
    #[allow(clippy::disallowed_methods, reason = "a benchmark starts what it measures")]
    pub fn start() -> Outcome<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let data = tempfile::tempdir()?;
        let base = format!("http://localhost:{port}");
        let child = Command::new(BINARY)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--base-url", &base, "--data"])
            .arg(data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self { child, port, data, base })
    }

    /// Waits until it answers; how long that took since the call.
    pub async fn ready(&mut self) -> Outcome<Duration> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                let mut log = String::new();
                if let Some(stderr) = self.child.stderr.as_mut() {
                    stderr.read_to_string(&mut log)?;
                }
                return Err(format!("the server ended with {status}: {log}").into());
            }
            if let Ok(mut client) = Client::connect(self.port).await
                && client.get("/health/ready", &[]).await.is_ok_and(|answer| answer.status == 200)
            {
                // Nobody reads its log from here on; a full pipe must not stop it.
                if let Some(mut stderr) = self.child.stderr.take() {
                    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
                }
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > Duration::from_secs(30) {
                return Err("the server was not ready within 30 seconds".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Key id and secret of the root key.
    pub fn credentials(&self) -> Outcome<(String, String)> {
        let text = std::fs::read_to_string(self.data.path().join("credentials"))?;
        let value = |name: &str| {
            let line = text
                .lines()
                .find_map(|line| line.trim().strip_prefix(name))
                .ok_or("no such line in credentials")?;
            Ok::<_, &str>(line.trim_start_matches([' ', '=']).to_owned())
        };
        Ok((value("aws_access_key_id")?, value("aws_secret_access_key")?))
    }

    /// Seconds of processor time that the server has used, and that its living children have.
    pub fn cpu_seconds(&self) -> Outcome<(f64, f64)> {
        let own = cpu_seconds_of(self.child.id())?;
        let mut children = 0.0;
        for child in children_of(self.child.id()) {
            children += cpu_seconds_of(child).unwrap_or_default();
        }
        Ok((own, children))
    }

    /// The server's own, by what its threads are for: cryptography, the store, and the rest.
    pub fn cpu_seconds_by_room(&self) -> Outcome<[f64; 3]> {
        let mut rooms = [0.0; 3];
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))?.flatten() {
            let Ok(stat) = std::fs::read_to_string(task.path().join("schedstat")) else { continue };
            let nanoseconds: f64 = stat.split_whitespace().next().ok_or("no schedstat")?.parse()?;
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            let room = ["crypto-", "store-"].iter().position(|room| name.starts_with(room)).unwrap_or(2);
            rooms[room] += nanoseconds / 1e9;
        }
        Ok(rooms)
    }

    pub fn resident_megabytes(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// SIGKILL: nothing of it is wanted any more, and it must survive that anyway.
    pub fn stop(mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `utime` and `stime` of proc(5)'s `stat`, in ticks of a hundredth of a second.
fn cpu_seconds_of(process: u32) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit_once(')').ok_or("no process name")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = fields.get(11).ok_or("no utime")?.parse::<f64>()?
        + fields.get(12).ok_or("no stime")?.parse::<f64>()?;
    Ok(ticks / 100.0)
}

fn children_of(process: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .collect()
}
