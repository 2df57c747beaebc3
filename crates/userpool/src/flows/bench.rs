//! How much of the cryptography's ceiling the engine reaches, in one run on one machine:
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

/// Runs `work` from many callers for a while and says how many went through a second.
async fn rate<F: Future<Output = ()> + Send + 'static>(work: impl Fn() -> F + Send + Sync + 'static) -> f64 {
    let work = Arc::new(work);
    let done = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
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
    done.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64()
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
        rate(move || {
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
        rate(move || {
            let (world, client) = (Arc::clone(&world), client.clone());
            async move { drop(world.password_auth(&client, "anna", PASSWORD).await.unwrap()) }
        })
        .await
    };
    let signing = {
        let (workers, key) = (workers.clone(), Arc::clone(&key));
        rate(move || {
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
        rate(move || {
            let world = Arc::clone(&world);
            let input = json!({
                "AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": client,
                "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] },
            });
            async move { drop(world.ok("InitiateAuth", input).await) }
        })
        .await
    };
    println!("password sign-ins {sign_ins:.0}/s of {bare:.0}/s: {:.0}%", 100.0 * sign_ins / bare);
    println!("refreshes {refreshes:.0}/s of {signing:.0}/s: {:.0}%", 100.0 * refreshes / signing);
}
