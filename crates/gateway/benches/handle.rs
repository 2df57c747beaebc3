//! What the gateway itself costs: an open method, a guarded one whose token is believed, one whose token is new each
//! time, and a preflight, with a function that answers at once. `cargo bench -p poolhouse-gateway`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "a measurement that cannot go on should stop where it stands"
)]

#[path = "../tests/it/house.rs"]
mod house;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use serde_json::json;

use house::{Api, House, POOL, guarded, proxy};

const FOR: Duration = Duration::from_secs(2);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let house = House::open();
    let api = house.api().await;
    let authorizer = api.pool_authorizer(&[POOL]).await;
    api.put("/open/{id}", proxy("GET", "quick")).await;
    api.put("/guarded/{id}", guarded("GET", "quick", &authorizer)).await;
    api.deploy().await;
    house.functions.write("quick", |_| Ok(json!({"statusCode": 200, "body": "{\"ok\":true}"})));

    let token = house.pools.id_token(POOL);
    report("open", &api, "/open/7", || None).await;
    report("guarded, token believed", &api, "/guarded/7", || Some(token.clone())).await;
    report("guarded, token refused", &api, "/guarded/7", || Some(format!("{token}x"))).await;
    report("no such resource", &api, "/nowhere", || None).await;
}

async fn report(name: &str, api: &Api<'_>, path: &str, token: impl Fn() -> Option<String>) {
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < FOR {
        for _ in 0..100 {
            let request = Request::get(path).header("host", "localhost:4747").header("user-agent", "bench");
            let request = request.header("accept", "*/*").header("content-type", "application/json");
            let request = match token() {
                Some(token) => request.header("authorization", token),
                None => request,
            };
            std::hint::black_box(api.send(request.body(Bytes::new()).unwrap()).await);
            count += 1;
        }
        api.house.functions.calls.lock().unwrap().clear();
    }
    let each = began.elapsed().as_secs_f64() / f64::from(count) * 1e6;
    println!("{name:<28} {each:>8.1} µs each, {:>9.0} a second on one core", 1e6 / each);
}
