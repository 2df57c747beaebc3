//! Start-up, idle memory and a whole deploy, each several times from nothing.

use std::time::Instant;

use crate::{Outcome, api, server::Server};

pub async fn run(rounds: usize) -> Outcome<()> {
    let (mut starts, mut deploys, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut server = Server::start()?;
        starts.push(server.ready().await?.as_secs_f64() * 1e3);
        memory.push(server.resident_megabytes()?);
        let begun = Instant::now();
        api::deploy(&server)?;
        deploys.push(begun.elapsed().as_secs_f64() * 1e3);
        server.stop()?;
    }
    println!("\nfrom nothing, {rounds} rounds       minimum   median  maximum");
    line("start to ready, ms", starts);
    line("idle memory, MB", memory);
    line("deploy of the example, ms", deploys);
    println!("beside it, npx serverless@3 package: cargo xtask bench framework");
    Ok(())
}

fn line(name: &str, mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    if let (Some(least), Some(median), Some(most)) =
        (values.first(), values.get(values.len() / 2), values.last())
    {
        println!("{name:<28} {least:>8.1} {median:>8.1} {most:>8.1}");
    }
}
