//! Sign-ups and sign-ins.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crypto::srp::ClientSession;
use serde_json::{Value, json};

use crate::{
    Outcome,
    ceiling::{Ceiling, Needs},
    client::Client,
    server::Server,
};

const CONNECTIONS: usize = 16;
/// For this long before and after, the cryptography alone.
const CEILING: Duration = Duration::from_millis(400);
const PASSWORD: &str = "Passw0rd";

/// What every worker needs to know.
struct Place {
    client_id: String,
    pool_name: String,
}

pub async fn run(server: &Server, ceiling: &Ceiling, count: usize) -> Outcome<()> {
    let key = server.credentials()?;
    let mut admin = Client::connect(server.port).await?;
    let pool = admin.call_signed("CreateUserPool", &json!({ "PoolName": "bench", "UsernameAttributes": ["email"], "Policies": { "PasswordPolicy": { "MinimumLength": 6 } } }), &key).await?;
    let pool_id = text(&pool["UserPool"]["Id"])?;
    let flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
    let client = admin.call_signed("CreateUserPoolClient", &json!({ "UserPoolId": pool_id, "ClientName": "bench", "ExplicitAuthFlows": flows, "PreventUserExistenceErrors": "ENABLED" }), &key).await?;
    let place = Arc::new(Place {
        client_id: text(&client["UserPoolClient"]["ClientId"])?,
        pool_name: pool_id.split_once('_').ok_or("not a pool id")?.1.to_owned(),
    });
    println!(
        "\n                                      per core-second                microseconds of one operation"
    );
    println!("operation          operations        reached  ceiling   share  ceiling   crypto  store   rest");
    let people = count.min(400);
    measure(server, &place, "sign-up", people, (ceiling, Needs::Verifier), async |client, place, number| {
        sign_up(client, place, number).await
    })
    .await?;
    for number in 0..people {
        admin
            .call_signed(
                "AdminConfirmSignUp",
                &json!({ "UserPoolId": pool_id, "Username": email(number) }),
                &key,
            )
            .await?;
    }
    measure(
        server,
        &place,
        "password sign-in",
        count,
        (ceiling, Needs::PasswordAndTokens),
        async move |client, place, number| password_sign_in(client, place, number % people).await.map(drop),
    )
    .await?;
    measure(
        server,
        &place,
        "SRP sign-in",
        count,
        (ceiling, Needs::SrpAndTokens),
        async move |client, place, number| srp_sign_in(client, place, number % people).await,
    )
    .await?;
    let mut tokens = Vec::new();
    for number in 0..people.min(64) {
        tokens.push(password_sign_in(&mut admin, &place, number).await?);
    }
    let tokens = Arc::new(tokens);
    measure(server, &place, "refresh", count, (ceiling, Needs::Tokens), async move |client, place, number| {
        let token = &tokens[number % tokens.len()];
        let input = json!({ "ClientId": place.client_id, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": { "REFRESH_TOKEN": token } });
        client.call("InitiateAuth", &input).await.map(drop)
    })
    .await
}

/// Runs `work` `count` times over a few connections and prints what the server's processor time made of it.
async fn measure<W>(
    server: &Server,
    place: &Arc<Place>,
    name: &str,
    count: usize,
    (ceiling, needs): (&Ceiling, Needs),
    work: W,
) -> Outcome<()>
where
    W: AsyncFn(&mut Client, &Place, usize) -> Outcome<()> + Clone + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let ceiling_before = ceiling.seconds(needs, CEILING)?;
    let before = server.cpu_seconds_by_room()?;
    let local = tokio::task::LocalSet::new();
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        let (next, place, work, port) = (Arc::clone(&next), Arc::clone(place), work.clone(), server.port);
        workers.push(local.spawn_local(async move {
            let mut client = Client::connect(port).await?;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<(), Box<dyn std::error::Error + Send + Sync>>(());
                }
                work(&mut client, &place, number).await?;
            }
        }));
    }
    local
        .run_until(async {
            for worker in workers {
                worker.await??;
            }
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        })
        .await?;
    let after = server.cpu_seconds_by_room()?;
    let ceiling = f64::midpoint(ceiling_before, ceiling.seconds(needs, CEILING)?);
    let rooms: [f64; 3] = std::array::from_fn(|room| (after[room] - before[room]) / count as f64);
    let whole: f64 = rooms.iter().sum();
    let [crypto, store, rest] = rooms.map(|seconds| seconds * 1e6);
    println!(
        "{name:<18} {count:>10} {:>15.0} {:>8.0} {:>7.0}% {:>8.0} {crypto:>8.0} {store:>6.0} {rest:>6.0}",
        1.0 / whole,
        1.0 / ceiling,
        ceiling / whole * 100.0,
        ceiling * 1e6,
    );
    Ok(())
}

async fn sign_up(client: &mut Client, place: &Place, number: usize) -> Outcome<()> {
    let input = json!({ "ClientId": place.client_id, "Username": email(number), "Password": PASSWORD, "UserAttributes": [{ "Name": "email", "Value": email(number) }] });
    client.call("SignUp", &input).await.map(drop)
}

/// Answers the refresh token.
async fn password_sign_in(client: &mut Client, place: &Place, number: usize) -> Outcome<String> {
    let input = json!({ "ClientId": place.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": { "USERNAME": email(number), "PASSWORD": PASSWORD } });
    let answer = client.call("InitiateAuth", &input).await?;
    text(&answer["AuthenticationResult"]["RefreshToken"])
}

async fn srp_sign_in(client: &mut Client, place: &Place, number: usize) -> Outcome<()> {
    let mut random = [11; 32];
    random[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let session = ClientSession::new(random);
    let input = json!({ "ClientId": place.client_id, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": { "USERNAME": email(number), "SRP_A": session.public_a_hex() } });
    let posed = client.call("InitiateAuth", &input).await?;
    let asked = &posed["ChallengeParameters"];
    let (user_id, block) = (text(&asked["USER_ID_FOR_SRP"])?, text(&asked["SECRET_BLOCK"])?);
    let when = when()?;
    let signature = session
        .signature(
            &place.pool_name,
            &user_id,
            PASSWORD,
            &text(&asked["SALT"])?,
            &text(&asked["SRP_B"])?,
            &block,
            &when,
        )
        .ok_or("not a challenge")?;
    let input = json!({ "ClientId": place.client_id, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": { "USERNAME": user_id, "PASSWORD_CLAIM_SECRET_BLOCK": block, "PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": when } });
    let answer = client.call("RespondToAuthChallenge", &input).await?;
    text(&answer["AuthenticationResult"]["IdToken"]).map(drop)
}

/// `Sat Nov 21 21:00:00 UTC 2026`, as SRP's `TIMESTAMP` is written.
#[allow(clippy::disallowed_methods, reason = "the server compares it with the real time")]
fn when() -> Outcome<String> {
    let now = time::OffsetDateTime::from(std::time::SystemTime::now());
    let format = time::macros::format_description!(
        "[weekday repr:short] [month repr:short] [day padding:none] [hour]:[minute]:[second] UTC [year]"
    );
    Ok(now.format(format)?)
}

fn email(number: usize) -> String {
    format!("person{number}@example.com")
}

fn text(value: &Value) -> Outcome<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("expected text, found {value}").into())
}
