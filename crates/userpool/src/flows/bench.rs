//! How much of the cryptography's ceiling the engine reaches, in one run on one machine, by the processor time that each
//! takes (a machine that is busy with other things spoils the clock on the wall):
//! `cargo test --release -p poolhouse-userpool -- --ignored --nocapture ceiling`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crypto::{jwk::SigningKey, jwt, srp::Verifier};
use serde_json::json;

use crate::test_support::{PASSWORD, World};

const CALLERS: usize = 64;
const FOR: Duration = Duration::from_secs(5);

/// Runs `work` from many callers for a while and says how many milliseconds of processor time each took.
async fn cost<F: Future<Output = ()> + Send + 'static>(work: impl Fn() -> F + Send + Sync + 'static) -> f64 {
    let work = Arc::new(work);
    let done = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let before = processor_seconds();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (work, done) = (Arc::clone(&work), Arc::clone(&done));
        callers.spawn(async move {
            while begun.elapsed() < FOR {
                work().await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    callers.join_all().await;
    1000.0 * (processor_seconds() - before) / done.load(Ordering::Relaxed) as f64
}

/// User and system time of this process: fields 14 and 15 of `/proc/self/stat`, in hundredths of a second.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, not a test"]
async fn ceiling() {
    let world = Arc::new(World::new().await);
    let (_, client) = world.plain().await;
    world.join(&client, "anna").await;
    let tokens = world.tokens(&client, "anna").await;
    let claims = crate::test_support::claims(&tokens["IdToken"]);
    let key = Arc::new(SigningKey::generate("k").unwrap());
    let verifier = Verifier::derive("p", "u", PASSWORD, [7; 16]);
    let workers = world.pools.service().workers.clone();

    let bare = {
        let (workers, key, claims, verifier) =
            (workers.clone(), Arc::clone(&key), claims.clone(), verifier.clone());
        cost(move || {
            let (workers, key, claims, verifier) =
                (workers.clone(), Arc::clone(&key), claims.clone(), verifier.clone());
            async move {
                let matched = workers.run(move || verifier.matches_password("p", "u", PASSWORD)).await;
                assert!(matched.unwrap());
                let signed = workers.run(move || {
                    jwt::sign(&key, &claims).unwrap();
                    jwt::sign(&key, &claims).unwrap();
                });
                signed.await.unwrap();
            }
        })
        .await
    };
    let sign_ins = {
        let (world, client) = (Arc::clone(&world), client.clone());
        cost(move || {
            let (world, client) = (Arc::clone(&world), client.clone());
            async move { drop(world.password_auth(&client, "anna", PASSWORD).await.unwrap()) }
        })
        .await
    };
    let signing = {
        let (workers, key) = (workers.clone(), Arc::clone(&key));
        cost(move || {
            let (workers, key, claims) = (workers.clone(), Arc::clone(&key), claims.clone());
            async move {
                let signed = workers.run(move || {
                    jwt::sign(&key, &claims).unwrap();
                    jwt::sign(&key, &claims).unwrap();
                });
                signed.await.unwrap();
            }
        })
        .await
    };
    let refreshes = {
        let world = Arc::clone(&world);
        cost(move || {
            let world = Arc::clone(&world);
            let input = json!({
                "AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": client,
                "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] },
            });
            async move { drop(world.ok("InitiateAuth", input).await) }
        })
        .await
    };
    println!(
        "password sign-in {sign_ins:.3} ms, its cryptography {bare:.3} ms: {:.0}%",
        100.0 * bare / sign_ins
    );
    println!(
        "refresh {refreshes:.3} ms, its cryptography {signing:.3} ms: {:.0}%",
        100.0 * signing / refreshes
    );
}
