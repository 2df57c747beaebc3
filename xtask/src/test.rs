//! `cargo xtask test`: everything, in the order in which it is cheapest to fail. Ends with one line:
//! `N passed, N failed`.
//!
//! What is missing is installed: Debian packages where we may (as root, or with sudo that asks nothing), npm packages
//! and a Python environment under `clients/`. What cannot be installed is named with the command that would.

mod clients;
mod rust;
mod tools;

use std::time::Instant;

/// What a step found.
pub struct Count {
    pub passed: usize,
    pub failed: usize,
}

impl Count {
    pub const ONE: Self = Self { passed: 1, failed: 0 };
}

/// The step that makes what the clients run against.
const RELEASE: &str = "release build";

type Step = (&'static str, fn() -> Result<Count, String>);

/// `cargo xtask test [rust|clients]`: all of it, or one half.
pub fn run(words: &[String]) -> Result<(), String> {
    let rust: &[Step] = &[
        ("format", rust::format),
        ("tidy", || crate::tidy::run().map(|()| Count::ONE)),
        ("lint", rust::lint),
        ("database of the tests", tools::database),
        ("tests", rust::tests),
        (RELEASE, rust::release),
    ];
    let clients: &[Step] = &[("tools of the clients", tools::install), ("clients", clients::run)];
    let steps: Vec<&Step> = match words {
        [] => rust.iter().chain(clients).collect(),
        [half] if half == "rust" => rust.iter().collect(),
        [half] if half == "clients" => {
            rust.iter().filter(|(name, _)| *name == RELEASE).chain(clients).collect()
        }
        _ => return Err(String::from("test takes nothing, 'rust' or 'clients'")),
    };
    let (mut passed, mut failed) = (0, 0);
    for (name, step) in steps {
        let began = Instant::now();
        println!("== {name}");
        match step() {
            Ok(count) => {
                passed += count.passed;
                failed += count.failed;
            }
            Err(message) => {
                eprintln!("{name}: {message}");
                failed += 1;
            }
        }
        println!("== {name}: {:.1} s", began.elapsed().as_secs_f64());
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(String::from("not everything passed")) }
}
