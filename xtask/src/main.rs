//! The project's own commands: `cargo xtask <command>`.

use std::process::ExitCode;

mod bench;
mod facts;
mod run;
mod test;
mod tidy;

const WORDS: &str = "\
cargo xtask test            run everything that the continuous integration runs, installing what the tests need
cargo xtask tidy            hold the crates' dependencies to docs/ARCHITECTURE.md's arrows
cargo xtask bench [NAME…]   measure: sign-ins, API calls, start-up, deploy
cargo xtask facts [FOLDER]  write crates/facts/facts anew from botocore (an unpacked wheel, or fetched with pip)
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rest = words.get(1..).unwrap_or_default();
    let done = match words.first().map(String::as_str) {
        Some("test") => test::run(rest),
        Some("tidy") => tidy::run(),
        Some("bench") => bench::run(rest),
        Some("facts") => facts::run(rest),
        _ => {
            eprint!("{WORDS}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
