//! Starting other programs: the one place of xtask that does.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The workspace's folder, from wherever cargo was started in it.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A command that runs in the workspace's folder.
#[allow(clippy::disallowed_methods, reason = "xtask is the named edge where tools are started")]
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

#[allow(clippy::disallowed_methods, reason = "xtask reads the environment that cargo gives it")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether `program` can be found in PATH.
pub fn installed(program: &str) -> bool {
    environment("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Runs to the end with this terminal for output; what goes wrong, in words.
pub fn to_the_end(command: &mut Command, deadline: Duration) -> Result<(), String> {
    let words = spoken(command);
    let child = command.stdin(Stdio::null()).spawn().map_err(|cause| format!("{words}: {cause}"))?;
    wait(child, &words, deadline)
}

/// Runs to the end and gives back what it printed on stdout. For commands known to print little or finish soon.
pub fn output(command: &mut Command) -> Result<String, String> {
    let words = spoken(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|cause| format!("{words}: {cause}"))?;
    if !output.status.success() {
        return Err(format!("{words}: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{words}: printed what is not UTF-8"))
}

fn wait(mut child: Child, words: &str, deadline: Duration) -> Result<(), String> {
    let until = Instant::now() + deadline;
    loop {
        match child.try_wait().map_err(|cause| format!("{words}: {cause}"))? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("{words}: {status}")),
            None if Instant::now() > until => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{words}: not done after {} s, stopped", deadline.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn spoken(command: &Command) -> String {
    let mut words = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        words.push(' ');
        words.push_str(&argument.to_string_lossy());
    }
    words
}
