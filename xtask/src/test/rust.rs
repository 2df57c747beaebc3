//! The Rust half: format, lints, tests, the release build.

use std::time::Duration;

use super::Count;
use crate::run;

const BUILD: Duration = Duration::from_secs(3600);

pub fn format() -> Result<Count, String> {
    run::to_the_end(run::command("cargo").args(["fmt", "--all", "--check"]), Duration::from_secs(120))?;
    Ok(Count::ONE)
}

pub fn lint() -> Result<Count, String> {
    let words = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"];
    run::to_the_end(run::command("cargo").args(words), BUILD)?;
    Ok(Count::ONE)
}

/// With nextest where it is installed: it runs the tests of all crates side by side and gives each a deadline.
pub fn tests() -> Result<Count, String> {
    let nextest = run::output(run::command("cargo").args(["nextest", "--version"])).is_ok();
    let words: &[&str] = if nextest {
        &["nextest", "run", "--workspace", "--locked", "--no-fail-fast", "--status-level=fail"]
    } else {
        &["test", "--workspace", "--locked", "--no-fail-fast"]
    };
    let (done, text) = run::to_the_end_and_told(run::command("cargo").args(words), BUILD)?;
    let count = if nextest { of_nextest(&text) } else { of_cargo_test(&text) };
    match count {
        Some(count) if done || count.failed > 0 => Ok(count),
        Some(_) => Err(String::from("the tests did not all run")),
        None => Err(String::from("the tests did not build, or did not say how they went")),
    }
}

pub fn release() -> Result<Count, String> {
    run::to_the_end(
        run::command("cargo").args(["build", "--release", "--locked", "--bin", "poolhouse"]),
        BUILD,
    )?;
    Ok(Count::ONE)
}

/// `Summary [   0.393s] 12 tests run: 11 passed, 1 failed, 0 skipped`, and `timed out`.
fn of_nextest(text: &str) -> Option<Count> {
    let line = text.lines().rev().find(|line| line.contains("Summary [") && line.contains("run:"))?;
    let told = line.split("run:").nth(1)?;
    let number = |word: &str| {
        told.split(',')
            .find(|part| part.contains(word))
            .and_then(|part| part.split_whitespace().next()?.parse().ok())
    };
    let failed =
        number("failed").unwrap_or(0) + number("timed out").unwrap_or(0) + number("exec failed").unwrap_or(0);
    Some(Count { passed: number("passed").unwrap_or(0), failed })
}

/// `test result: ok. 12 passed; 0 failed; …`, once for each binary.
fn of_cargo_test(text: &str) -> Option<Count> {
    let results = text.lines().filter_map(|line| line.strip_prefix("test result: "));
    let mut count = None;
    for result in results {
        let count = count.get_or_insert(Count { passed: 0, failed: 0 });
        let number = |word: &str| -> usize {
            let before = result.split(word).next().unwrap_or_default();
            before.split_whitespace().next_back().and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        count.passed += number(" passed");
        count.failed += number(" failed");
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_the_runners_tell() {
        let told =
            "     Summary [   0.393s] 12 tests run: 10 passed (1 slow), 1 failed, 1 timed out, 3 skipped\n";
        let count = of_nextest(told).unwrap();
        assert_eq!((count.passed, count.failed), (10, 2));
        let told = "test result: ok. 7 passed; 0 failed; 0 ignored\nx\ntest result: FAILED. 3 passed; 2 failed; 1 ignored\n";
        let count = of_cargo_test(told).unwrap();
        assert_eq!((count.passed, count.failed), (10, 2));
        assert!(of_nextest("error: could not compile").is_none());
        assert!(of_cargo_test("error: could not compile").is_none());
    }
}
