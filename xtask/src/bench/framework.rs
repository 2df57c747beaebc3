//! The Serverless Framework v3 packing the example: what `poolhouse deploy`, which packs and deploys it, is held against.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::run;

const ROUNDS: usize = 3;
const DEADLINE: Duration = Duration::from_secs(300);

pub fn run() -> Result<(), String> {
    if !run::installed("npx") {
        return Err(String::from("npx is not in PATH: install Node.js with npm"));
    }
    let from = run::root().join("examples/secure-rest-api");
    let service = run::target().join("tmp/framework");
    let failed = |cause: std::io::Error| format!("{}: {cause}", service.display());
    fs::create_dir_all(&service).map_err(failed)?;
    for name in ["serverless.yml", "handler.js"] {
        fs::copy(from.join(name), service.join(name)).map_err(failed)?;
    }
    let package = || {
        let mut command = run::command("npx");
        command.args(["--yes", "serverless@3", "package"]).current_dir(&service);
        command.env("SLS_TELEMETRY_DISABLED", "1").env("SLS_NOTIFICATIONS_MODE", "off");
        let begun = Instant::now();
        run::to_the_end(&mut command, DEADLINE).map(|()| begun.elapsed())
    };
    // The first round also fetches it.
    package()?;
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        rounds.push(package()?.as_millis());
    }
    rounds.sort_unstable();
    println!("npx serverless@3 package, ms: {rounds:?}");
    Ok(())
}
