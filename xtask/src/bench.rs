//! `cargo xtask bench [NAME…]`: the benches of the crates, then the load over HTTP, then the framework that `deploy` is
//! held against.

mod framework;

use std::time::Duration;

use crate::run;

const DEADLINE: Duration = Duration::from_secs(3600);

/// What each is asked for by, its package, and its bench.
const BENCHES: [(&str, &str, &str); 6] = [
    ("crypto", "poolhouse-crypto", "ceiling"),
    ("store-sqlite", "poolhouse-store-sqlite", "commits"),
    ("store-postgres", "poolhouse-store-postgres", "commits"),
    ("functions", "poolhouse-functions", "invoke"),
    ("gateway", "poolhouse-gateway", "handle"),
    ("http", "poolhouse", "load"),
];

pub fn run(names: &[String]) -> Result<(), String> {
    let known = || BENCHES.iter().map(|(name, ..)| *name).chain(["framework"]);
    if let Some(unknown) = names.iter().find(|name| !known().any(|known| known == name.as_str())) {
        let known: Vec<&str> = known().collect();
        return Err(format!("no bench is called '{unknown}'; there are {}", known.join(", ")));
    }
    let asked = |name: &str| names.is_empty() || names.iter().any(|asked| asked == name);
    for (name, package, bench) in BENCHES.into_iter().filter(|(name, ..)| asked(name)) {
        println!("== {name}");
        let words = ["bench", "--locked", "--quiet", "--package", package, "--bench", bench];
        run::to_the_end(run::command("cargo").args(words), DEADLINE)?;
    }
    if asked("framework") {
        println!("== framework");
        framework::run()?;
    }
    Ok(())
}
