//! A fresh cluster, made once for a machine and copied for each server.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use crate::process;

/// Grows when what is done here changes.
const EDITION: u32 = 1;

/// Copies the template to `data`.
pub(crate) fn copy_to(data: &Path) {
    process::run(Command::new("cp").args(["-a", "--reflink=auto"]).arg(template()).arg(data));
}

fn template() -> PathBuf {
    let programs = process::programs();
    let version = process::run(Command::new(programs.join("postgres")).arg("--version")).stdout;
    let version: String = String::from_utf8_lossy(&version)
        .chars()
        .filter(|char| char.is_ascii_digit() || *char == '.')
        .collect();
    let user = if process::is_root() { "root" } else { "user" };
    let name = format!("poolhouse-postgres-template-{EDITION}-{version}-{user}");
    let template = std::env::temp_dir().join(&name);
    // Tests run side by side, in processes of their own.
    let lock = File::create(std::env::temp_dir().join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if !template.exists() {
        let making = std::env::temp_dir().join(format!("{name}.making"));
        let _ = fs::remove_dir_all(&making);
        process::run(
            process::as_postgres(programs.join("initdb"))
                .arg("--pgdata")
                .arg(&making)
                // A locale that orders unlike bytes do, where there is one, would hide nothing: every column says COLLATE "C".
                .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
                // Small files: they are copied for every test.
                .args(["--no-sync", "--wal-segsize=1"])
                .current_dir("/"),
        );
        fs::rename(&making, &template).unwrap();
    }
    template
}
