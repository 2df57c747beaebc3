//! What the clients need besides Rust: Node's packages, a Python environment, a browser, what a fleet is made of.

use std::{fs, path::Path, time::Duration};

use super::Count;
use crate::run;

const INSTALL: Duration = Duration::from_secs(1800);

pub fn install() -> Result<Count, String> {
    let missing: Vec<String> =
        [node as fn() -> Result<(), String>, npm_packages, python, browser, interpreters, fleet]
            .into_iter()
            .filter_map(|tool| tool().err())
            .collect();
    if missing.is_empty() { Ok(Count { passed: 0, failed: 0 }) } else { Err(missing.join("\n")) }
}

/// The store's tests start PostgreSQL themselves (`crates/test-postgres`). Debian keeps its programs out of PATH.
pub fn database() -> Result<Count, String> {
    let below = Path::new("/usr/lib/postgresql");
    let versions = fs::read_dir(below).into_iter().flatten().filter_map(|entry| entry.ok());
    let there = versions.map(|entry| entry.path().join("bin/initdb")).any(|program| program.is_file());
    if !there && !run::installed("initdb") {
        debian(&["postgresql"])?;
    }
    Ok(Count { passed: 0, failed: 0 })
}

fn node() -> Result<(), String> {
    if run::installed("node") && run::installed("npm") {
        return Ok(());
    }
    debian(&["nodejs", "npm"])
}

/// Every folder of `clients/`, and `clients/` itself, that has a lockfile. What is installed is left alone while the
/// lockfile stays as it is.
fn npm_packages() -> Result<(), String> {
    let clients = run::root().join("clients");
    let below = fs::read_dir(&clients).map_err(|cause| format!("{}: {cause}", clients.display()))?;
    let below = below.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    for folder in std::iter::once(clients.clone())
        .chain(below)
        .filter(|folder| folder.join("package-lock.json").is_file())
    {
        once_for(&folder.join("package-lock.json"), &folder.join("node_modules/.installed"), || {
            let mut command = run::command("npm");
            command.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
            run::to_the_end(&mut command, INSTALL)
        })?;
    }
    Ok(())
}

fn python() -> Result<(), String> {
    let clients = run::root().join("clients");
    let requirements = clients.join("requirements.txt");
    if !requirements.is_file() {
        return Ok(());
    }
    let venv = clients.join(".venv");
    if !run::installed("python3") {
        debian(&["python3", "python3-venv"])?;
    }
    once_for(&requirements, &venv.join(".installed"), || {
        let make = || run::to_the_end(run::command("python3").args(["-m", "venv"]).arg(&venv), INSTALL);
        // Debian's Python leaves venv in a package of its own.
        make().or_else(|_| debian(&["python3-venv"]).and_then(|()| make()))?;
        let mut command = run::command(venv.join("bin/pip"));
        command
            .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&requirements);
        run::to_the_end(&mut command, INSTALL)
    })
}

fn browser() -> Result<(), String> {
    if run::installed("chromium") && run::installed("chromedriver") {
        return Ok(());
    }
    debian(&["chromium", "chromium-driver"])
}

/// What `clients/fleet` starts beside PostgreSQL. Patroni comes with Python's packages. Both stand in folders of the
/// administrator's, which other people's PATH does not name.
fn fleet() -> Result<(), String> {
    let there = |name: &str| {
        run::installed(name)
            || Path::new("/usr/bin").join(name).exists()
            || Path::new("/usr/sbin").join(name).exists()
    };
    let whole = ["etcd", "haproxy", "pgbouncer"].into_iter().all(there);
    if whole { Ok(()) } else { debian(&["etcd-server", "haproxy", "pgbouncer"]) }
}

/// For functions in the tests.
fn interpreters() -> Result<(), String> {
    if run::installed("node") { Ok(()) } else { Err(String::from("no 'node' in PATH: functions need one")) }
}

/// Does `work` unless it was done for this very content of `from`.
fn once_for(from: &Path, mark: &Path, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let wanted = fs::read(from).map_err(|cause| format!("{}: {cause}", from.display()))?;
    if fs::read(mark).is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    work()?;
    fs::write(mark, wanted).map_err(|cause| format!("{}: {cause}", mark.display()))
}

/// Installs Debian packages, or says who should.
fn debian(packages: &[&str]) -> Result<(), String> {
    let by_hand = format!("please install by hand: {}", packages.join(" "));
    if !run::installed("apt-get") {
        return Err(by_hand);
    }
    let root = run::output(run::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let apt = |words: &[&str]| {
        let mut command = if root { run::command("apt-get") } else { run::command("sudo") };
        if !root {
            command.args(["--non-interactive", "apt-get"]);
        }
        command.args(words).args(["--yes", "--quiet", "-o", "DPkg::Lock::Timeout=300"]);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run::to_the_end(&mut command, INSTALL)
    };
    let mut install = vec!["install", "--no-install-recommends"];
    install.extend(packages);
    apt(&install)
        .or_else(|_| apt(&["update"]).and_then(|()| apt(&install)))
        .map_err(|cause| format!("{by_hand} ({cause})"))
}
