//! Each `clients/<name>/run`, against the release build. A suite exits 0 and prints how many tests passed.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::Count;
use crate::run;

const SUITE: Duration = Duration::from_secs(1200);

pub fn run() -> Result<Count, String> {
    let (mut passed, mut failed) = (0, 0);
    for suite in suites()? {
        let name =
            suite.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        println!("-- clients/{name}");
        let binary = run::target().join("release/poolhouse");
        let mut command = run::command(&suite);
        command.env("POOLHOUSE_BINARY", binary);
        match run::to_the_end_and_told(&mut command, SUITE) {
            Ok((done, text)) => {
                let count = count(&text);
                passed += count.passed.max(usize::from(done));
                // A suite that failed without counting its failures failed once.
                failed += if done { count.failed } else { count.failed.max(1) };
                if done && count.passed == 0 && count.failed == 0 {
                    println!("-- clients/{name} passed and printed no count; counted as one");
                }
            }
            Err(message) => {
                eprintln!("clients/{name}: {message}");
                failed += 1;
            }
        }
    }
    Ok(Count { passed, failed })
}

/// Executables called `run`, by name.
fn suites() -> Result<Vec<PathBuf>, String> {
    let folder = run::root().join("clients");
    let entries = fs::read_dir(&folder).map_err(|cause| format!("{}: {cause}", folder.display()))?;
    let mut suites: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path().join("run")))
        .filter(|run| {
            fs::metadata(run).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
        })
        .collect();
    suites.sort();
    Ok(suites)
}

/// Node's runner says `# pass 12` (or `ℹ pass 12`), Python's `Ran 12 tests` and `FAILED (failures=1, errors=2)`, ours
/// `12 passed, 0 failed`.
fn count(text: &str) -> Count {
    let mut count = Count { passed: 0, failed: 0 };
    let number = |text: &str| text.trim().parse::<usize>().ok();
    for line in text.lines().map(str::trim) {
        let plain = line.trim_start_matches(['#', 'ℹ', ' ']);
        if let Some(passed) = plain.strip_prefix("pass ").and_then(number) {
            count.passed += passed;
        } else if let Some(failed) = plain.strip_prefix("fail ").and_then(number) {
            count.failed += failed;
        } else if let Some(rest) = line.strip_prefix("Ran ") {
            count.passed += rest.split(' ').next().and_then(number).unwrap_or(0);
        } else if let Some(rest) = line.strip_prefix("FAILED (") {
            let failed: usize = rest
                .trim_end_matches(')')
                .split(", ")
                .filter(|part| part.starts_with("failures=") || part.starts_with("errors="))
                .filter_map(|part| number(part.split('=').nth(1)?))
                .sum();
            count.failed += failed;
            count.passed = count.passed.saturating_sub(failed);
        } else if let Some((passed, failed)) = line.split_once(" passed, ")
            && let (Some(passed), Some(failed)) =
                (number(passed), failed.strip_suffix(" failed").and_then(number))
        {
            count.passed += passed;
            count.failed += failed;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_the_suites_tell() {
        let told = "ok 1 - x\n# tests 4\n# pass 3\n# fail 1\n# skipped 0\n";
        assert_eq!((count(told).passed, count(told).failed), (3, 1));
        let told = "ℹ tests 4\nℹ pass 4\nℹ fail 0\n";
        assert_eq!((count(told).passed, count(told).failed), (4, 0));
        let told = "Ran 5 tests in 1.2s\n\nFAILED (failures=1, errors=1)\n";
        assert_eq!((count(told).passed, count(told).failed), (3, 2));
        let told = "Ran 5 tests in 1.2s\n\nOK (skipped=1)\n";
        assert_eq!((count(told).passed, count(told).failed), (5, 0));
    }
}
