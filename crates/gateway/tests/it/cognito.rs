//! COGNITO_USER_POOLS: who gets in and who does not.

use std::sync::atomic::Ordering;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use gateway::definitions::{AuthorizerDefinition, MethodDefinition};
use serde_json::json;

use crate::house::{Api, House, OTHER_POOL, POOL, body_json, guarded, header, pool_arn, text};

async fn with_guarded_api(house: &House) -> Api<'_> {
    let api = house.api().await;
    let one = api.pool_authorizer(&[POOL]).await;
    let both = api.pool_authorizer(&[POOL, OTHER_POOL]).await;
    api.put("/me", guarded("GET", "me", &one)).await;
    api.put("/either", guarded("GET", "either", &both)).await;
    let scopes = vec![String::from("shop/write"), String::from("shop/read")];
    api.put("/shop", MethodDefinition { authorization_scopes: scopes, ..guarded("GET", "shop", &one) }).await;
    let other = vec![String::from("shop/delete")];
    api.put("/admin", MethodDefinition { authorization_scopes: other, ..guarded("GET", "admin", &one) })
        .await;
    api.deploy().await;
    api
}

async fn refused(api: &Api<'_>, path: &str, authorization: Option<&str>, why: &str) {
    let response = match authorization {
        Some(value) => api.get_with(path, value).await,
        None => api.get(path).await,
    };
    assert_eq!(response.status(), 401, "{why}: {}", text(&response));
    assert_eq!(text(&response), "{\"message\":\"Unauthorized\"}", "{why}");
    assert_eq!(header(&response, "x-amzn-errortype"), "UnauthorizedException", "{why}");
}

#[tokio::test]
async fn a_token_of_the_pool_opens_bare_and_with_bearer() {
    let house = House::open();
    let api = with_guarded_api(&house).await;
    let token = house.pools.id_token(POOL);
    for value in [token.clone(), format!("Bearer {token}"), format!("bearer {token}")] {
        let response = api.get_with("/me", &value).await;
        assert_eq!(response.status(), 200, "{}", text(&response));
        let event = body_json(&response);
        let claims = &event["requestContext"]["authorizer"]["claims"];
        assert_eq!(claims["sub"], "940805d0-a810-42da-9515-a213e211bbd1");
        assert_eq!(claims["cognito:groups"], "admin,staff");
        assert_eq!(claims["email_verified"], "true");
        assert_eq!(claims["auth_time"], "1795292007");
        assert_eq!(claims["iat"], "Sat Nov 21 20:13:27 UTC 2026");
        assert_eq!(claims["exp"], "Sat Nov 21 21:13:27 UTC 2026");
    }
    let mut claims = house.pools.claims(POOL, "id");
    claims["aud"] = json!("another-client");
    let response = api.get_with("/me", &house.pools.sign(POOL, &claims)).await;
    assert_eq!(response.status(), 200, "any client of the pool will do");
}

#[tokio::test]
async fn everyone_else_stays_outside() {
    let house = House::open();
    let api = with_guarded_api(&house).await;
    let pools = &house.pools;
    let good = pools.id_token(POOL);
    let parts: Vec<&str> = good.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"us-east-1_Ab3dEf9hI"}"#);
    let forged = URL_SAFE_NO_PAD.encode(pools.claims(POOL, "id").to_string().replace("ada@", "eve@"));
    let mut expired = pools.claims(POOL, "id");
    expired["exp"] = json!(crate::house::NOW - 1);
    let mut posing = pools.claims(POOL, "id");
    posing["iss"] = json!(format!("http://localhost:4747/{POOL}"));
    for (why, value) in [
        ("empty", String::new()),
        ("blank", String::from("  ")),
        ("a scheme alone", String::from("Bearer ")),
        ("another scheme", format!("Basic {good}")),
        ("not a token", String::from("hello")),
        ("alg none", format!("{none}.{}.", parts[1])),
        ("alg none with the old signature", format!("{none}.{}.{}", parts[1], parts[2])),
        ("other claims", format!("{}.{forged}.{}", parts[0], parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("cut", good[..good.len() - 2].to_owned()),
        ("expired", pools.sign(POOL, &expired)),
        ("another pool's", pools.id_token(OTHER_POOL)),
        ("another pool's key under this pool's name", pools.sign(OTHER_POOL, &posing)),
        ("an access token where no scopes are named", pools.access_token(POOL)),
        ("two tokens in one", format!("{good}, {good}")),
        ("endless", "a".repeat(20_000)),
    ] {
        refused(&api, "/me", Some(&value), why).await;
    }
    refused(&api, "/me", None, "nothing").await;
    assert_eq!(house.functions.calls_of("me"), 0);
}

/// Two headers would let the guard read one and the function the other.
#[tokio::test]
async fn two_authorization_headers_are_none() {
    let house = House::open();
    let api = with_guarded_api(&house).await;
    let token = house.pools.id_token(POOL);
    let request = http::Request::get("/me").header("authorization", &token).header("authorization", "x");
    let response = api.send(request.body(Bytes::new()).unwrap()).await;
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn scopes_want_an_access_token_that_has_one() {
    let house = House::open();
    let api = with_guarded_api(&house).await;
    let access = house.pools.access_token(POOL);
    assert_eq!(api.get_with("/shop", &access).await.status(), 200);
    refused(&api, "/admin", Some(&access), "a scope that the token has not").await;
    refused(&api, "/shop", Some(&house.pools.id_token(POOL)), "an ID token where scopes are named").await;
}

#[tokio::test]
async fn several_pools_each_with_its_own_keys() {
    let house = House::open();
    let api = with_guarded_api(&house).await;
    for pool in [POOL, OTHER_POOL] {
        assert_eq!(api.get_with("/either", &house.pools.id_token(pool)).await.status(), 200);
    }
    let mut foreign = house.pools.claims(POOL, "id");
    foreign["iss"] = json!("https://evil.example/us-east-1_Ab3dEf9hI");
    refused(&api, "/either", Some(&house.pools.sign(POOL, &foreign)), "another host's issuer").await;
    let mut crossed = house.pools.claims(OTHER_POOL, "id");
    crossed["iss"] = json!(format!("http://localhost:4747/{POOL}"));
    refused(&api, "/either", Some(&house.pools.sign(OTHER_POOL, &crossed)), "one pool's key, another's name")
        .await;
}

#[tokio::test]
async fn the_audience_may_be_asked_for() {
    let house = House::open();
    let api = house.api().await;
    let definition = AuthorizerDefinition {
        name: "one client".into(),
        provider_arns: vec![pool_arn(POOL)],
        identity_validation_expression: Some("client[0-9]".into()),
        ..AuthorizerDefinition::default()
    };
    let authorizer = api.authorizer(definition).await;
    api.put("/", guarded("GET", "echo", &authorizer)).await;
    api.deploy().await;
    assert_eq!(api.get_with("/", &house.pools.id_token(POOL)).await.status(), 200);
    let mut claims = house.pools.claims(POOL, "id");
    claims["aud"] = json!("client12");
    refused(&api, "/", Some(&house.pools.sign(POOL, &claims)), "another audience").await;
}

#[tokio::test]
async fn a_verified_token_is_believed_for_a_while_and_no_longer_than_it_lives() {
    let house = House::open();
    let api = with_guarded_api(&house).await;
    let mut short = house.pools.claims(POOL, "id");
    short["exp"] = json!(crate::house::NOW + 30);
    let token = house.pools.sign(POOL, &short);
    for _ in 0..5 {
        assert_eq!(api.get_with("/me", &token).await.status(), 200);
    }
    assert_eq!(house.pools.verifications.load(Ordering::SeqCst), 1);
    house.clock.advance_seconds(29);
    assert_eq!(api.get_with("/me", &token).await.status(), 200);
    house.clock.advance_seconds(1);
    refused(&api, "/me", Some(&token), "expired while it was believed").await;

    let token = house.pools.id_token(POOL);
    let before = house.pools.verifications.load(Ordering::SeqCst);
    assert_eq!(api.get_with("/me", &token).await.status(), 200);
    house.clock.advance_seconds(61);
    assert_eq!(api.get_with("/me", &token).await.status(), 200);
    assert_eq!(house.pools.verifications.load(Ordering::SeqCst), before + 2);
}
