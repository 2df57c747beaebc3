//! Starting other programs: the one place of xtask that does.

use std::{
    io::{BufRead, BufReader, Read, Write},
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

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    environment("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
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

/// Runs to the end, shows what it prints and keeps it: whether it ended well, and the text of both its streams.
pub fn to_the_end_and_told(command: &mut Command, deadline: Duration) -> Result<(bool, String), String> {
    let words = spoken(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|cause| format!("{words}: {cause}"))?;
    let out = child.stdout.take().map(|stream| passed_on(stream, std::io::stdout()));
    let err = child.stderr.take().map(|stream| passed_on(stream, std::io::stderr()));
    let ended = wait(child, &words, deadline);
    let text: String = [out, err].into_iter().flatten().filter_map(|reader| reader.join().ok()).collect();
    match ended {
        Ok(()) => Ok((true, text)),
        Err(cause) => {
            eprintln!("{cause}");
            Ok((false, text))
        }
    }
}

/// The last part of what is read is kept, which is where runners tell their counts.
fn passed_on(
    from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
) -> std::thread::JoinHandle<String> {
    const KEPT: usize = 1 << 20;
    std::thread::spawn(move || {
        let mut kept = String::new();
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            let _ = writeln!(to, "{line}");
            if kept.len() > KEPT {
                kept.clear();
            }
            kept.push_str(&line);
            kept.push('\n');
        }
        kept
    })
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
                stop(&mut child);
                return Err(format!("{words}: not done after {} s, stopped", deadline.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The child and whatever it started, the youngest first.
fn stop(child: &mut Child) {
    let mut family = vec![child.id()];
    let mut at = 0;
    while let Some(parent) = family.get(at).copied() {
        family.extend(children(parent));
        at += 1;
    }
    for process in family.iter().skip(1).rev() {
        let _ = command("kill").args(["-9", &process.to_string()]).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn children(parent: u32) -> Vec<u32> {
    let told = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    told.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

fn spoken(command: &Command) -> String {
    let mut words = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        words.push(' ');
        words.push_str(&argument.to_string_lossy());
    }
    words
}
