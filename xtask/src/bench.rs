//! `cargo xtask bench [NAME…]`: the benches of the crates, then the load over HTTP.

mod load;

use std::time::Duration;

use crate::run;

const DEADLINE: Duration = Duration::from_secs(3600);

/// Crates whose `cargo bench` is part of it.
const CRATES: [&str; 3] = ["poolhouse-crypto", "poolhouse-store-sqlite", "poolhouse-functions"];

pub fn run(names: &[String]) -> Result<(), String> {
    let asked = |name: &str| names.is_empty() || names.iter().any(|asked| name.ends_with(asked.as_str()));
    for name in CRATES.into_iter().filter(|name| asked(name)) {
        println!("== {name}");
        run::to_the_end(
            run::command("cargo").args(["bench", "--locked", "--quiet", "--package", name]),
            DEADLINE,
        )?;
    }
    if asked("http") {
        println!("== http");
        load::run()?;
    }
    Ok(())
}
