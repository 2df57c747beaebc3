//! Calls to a deployed API: guarded beside unguarded, through the example.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use serde_json::{Value, json};

use crate::{
    Outcome,
    client::Client,
    server::{BINARY, Server},
};

const CONNECTIONS: usize = 8;
pub const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/secure-rest-api");

pub async fn run(server: &Server, count: usize) -> Outcome<()> {
    let begun = Instant::now();
    let deployed = deploy(server)?;
    println!("\ndeploy of the example, command line and all: {:.2} s", begun.elapsed().as_secs_f64());
    let token = id_token(server, &deployed).await?;
    println!(
        "\ncalls                  calls a second  server's share of a call  worker's share (microseconds)"
    );
    for (name, path, token) in [("unguarded", "/hiAll", None), ("guarded", "/hiUsers", Some(token.as_str()))]
    {
        let endpoints = deployed["endpoints"].as_array().ok_or("no endpoints")?;
        let url = endpoints
            .iter()
            .filter_map(|one| one["url"].as_str())
            .find(|url| url.ends_with(path))
            .ok_or("no such endpoint")?;
        let path = url.strip_prefix(&server.base).ok_or("not our address")?.to_owned();
        measure(server, &path, token, 50).await?;
        let before = server.cpu_seconds()?;
        let seconds = measure(server, &path, token, count).await?;
        let after = server.cpu_seconds()?;
        let share = |before: f64, after: f64| (after - before) / count as f64 * 1e6;
        println!(
            "{name:<22} {:>14.0} {:>25.0} {:>30.0}",
            count as f64 / seconds,
            share(before.0, after.0),
            share(before.1, after.1)
        );
    }
    println!("beside them, the bare worker: cargo xtask bench functions");
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "a benchmark runs the command line that it measures")]
pub fn deploy(server: &Server) -> Outcome<Value> {
    let (id, secret) = server.credentials()?;
    let done = Command::new(BINARY)
        .args(["deploy", EXAMPLE, "--stage", "bench", "--json"])
        .env("POOLHOUSE_ENDPOINT", &server.base)
        .env("AWS_ACCESS_KEY_ID", id)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .output()?;
    if !done.status.success() {
        return Err(format!("deploy failed: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

async fn id_token(server: &Server, deployed: &Value) -> Outcome<String> {
    let key = server.credentials()?;
    let pool = deployed["userPools"][0]["id"].as_str().ok_or("no pool")?;
    let mut client = Client::connect(server.port).await?;
    let flows = json!({ "UserPoolId": pool, "ClientName": "bench", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
    let app = client.call_signed("CreateUserPoolClient", &flows, &key).await?;
    let app = app["UserPoolClient"]["ClientId"].as_str().ok_or("no client")?.to_owned();
    let name = "bench@example.com";
    client.call_signed("AdminCreateUser", &json!({ "UserPoolId": pool, "Username": name, "MessageAction": "SUPPRESS", "UserAttributes": [{ "Name": "email", "Value": name }] }), &key).await?;
    client
        .call_signed(
            "AdminSetUserPassword",
            &json!({ "UserPoolId": pool, "Username": name, "Password": "Passw0rd", "Permanent": true }),
            &key,
        )
        .await?;
    let signed_in = client.call("InitiateAuth", &json!({ "ClientId": app, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": { "USERNAME": name, "PASSWORD": "Passw0rd" } })).await?;
    Ok(signed_in["AuthenticationResult"]["IdToken"].as_str().ok_or("no token")?.to_owned())
}

async fn measure(server: &Server, path: &str, token: Option<&str>, count: usize) -> Outcome<f64> {
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        let (next, port, path, token) =
            (Arc::clone(&next), server.port, path.to_owned(), token.map(str::to_owned));
        workers.push(tokio::spawn(async move {
            let mut client = Client::connect(port).await?;
            let headers: Vec<(&str, &str)> =
                token.iter().map(|token| ("authorization", token.as_str())).collect();
            while next.fetch_add(1, Ordering::Relaxed) < count {
                let answer = client.get(&path, &headers).await?;
                if answer.status != 200 {
                    return Err(format!(
                        "{path} answered {}: {}",
                        answer.status,
                        String::from_utf8_lossy(&answer.body)
                    )
                    .into());
                }
            }
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        }));
    }
    for worker in workers {
        worker.await??;
    }
    Ok(begun.elapsed().as_secs_f64())
}
