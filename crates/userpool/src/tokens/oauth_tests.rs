//! Tokens as the pages' endpoints get them.

use base::Secret;
use serde_json::json;

use super::IssueRequest;
use crate::{
    flows::{Door, Opening, SignedIn, Step},
    test_support::{PASSWORD, World, claims},
};

async fn signed_in(world: &World, client: &str) -> SignedIn {
    let opening =
        Opening::Password { username: String::from("anna"), password: Secret::new(PASSWORD.into()) };
    match world.pools.sign_in(&Door::hosted("192.0.2.1"), client, opening).await.unwrap() {
        Step::SignedIn(signed_in) => signed_in,
        other => panic!("{other:?}"),
    }
}

fn request(client: &str, who: &SignedIn, scopes: &[&str], refresh_token: bool) -> IssueRequest {
    IssueRequest {
        client_id: client.to_owned(),
        username_key: who.username_key.clone(),
        sub: who.sub.clone(),
        signed_in_at: who.at,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        nonce: Some(String::from("n-0S6_WzA2Mj")),
        refresh_token,
    }
}

#[tokio::test]
async fn the_pages_sign_in_whatever_the_clients_flows_say_and_grants_say_what_tokens_tell() {
    let world = World::new().await;
    let pool = world.pool(|_| {}).await;
    let api = world.client(&pool, |_| {}).await;
    world.join(&api, "anna").await;
    let client = world
        .client(&pool, |client| {
            client.explicit_auth_flows = Some(vec![String::from("ALLOW_REFRESH_TOKEN_AUTH")]);
        })
        .await;
    let who = signed_in(&world, &client).await;
    world.clock.pass_seconds(5);
    let issued = world.pools.issue_tokens(request(&client, &who, &["openid", "email"], true)).await.unwrap();
    let id = claims(&json!(issued.id_token));
    assert_eq!(id["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(id["email"], "anna@example.com");
    assert_eq!(id["auth_time"].as_i64().unwrap() + 5, id["iat"].as_i64().unwrap());
    let access = claims(&json!(issued.access_token));
    assert_eq!((&access["scope"], &access["version"]), (&json!("openid email"), &json!(2)));
    assert_eq!(
        json!(world.pools.user_info(&issued.access_token).await.unwrap()),
        json!({
            "sub": who.sub, "email": "anna@example.com", "email_verified": "true", "username": "anna",
        })
    );
    // It opens userInfo, and not one's user.
    assert_eq!(
        world.refused("GetUser", json!({ "AccessToken": issued.access_token })).await,
        "NotAuthorizedException: Access Token does not have required scopes"
    );
    let refreshed =
        world.pools.refresh_tokens(&client, issued.refresh_token.as_deref().unwrap()).await.unwrap();
    assert_eq!(claims(&json!(refreshed.access_token))["scope"], "openid email");
    let token = issued.refresh_token.unwrap();
    assert!(world.pools.revoke_token(&client, &token).await.unwrap());
    assert!(world.pools.refresh_tokens(&client, &token).await.is_err());
    assert!(world.pools.user_info(&issued.access_token).await.is_err());
}

#[tokio::test]
async fn without_openid_there_is_no_id_token_and_without_a_refresh_grant_no_refresh_token() {
    let world = World::new().await;
    let (_, client) = world.plain().await;
    world.join(&client, "anna").await;
    let who = signed_in(&world, &client).await;
    let issued = world.pools.issue_tokens(request(&client, &who, &["api/read"], false)).await.unwrap();
    assert!(issued.id_token.is_none() && issued.refresh_token.is_none());
    assert!(world.pools.user_info(&issued.access_token).await.is_err());
}

#[tokio::test]
async fn someone_who_is_gone_since_gets_none() {
    let world = World::new().await;
    let (pool, client) = world.plain().await;
    world.join(&client, "anna").await;
    let who = signed_in(&world, &client).await;
    world.change_user(&pool, "anna", |user| user.enabled = false).await;
    let refused = world.pools.issue_tokens(request(&client, &who, &["openid"], true)).await.unwrap_err();
    assert_eq!(refused.code, "NotAuthorizedException");
}

#[tokio::test]
async fn a_pool_tells_its_two_keys_and_where_things_are() {
    let world = World::new().await;
    let pool = world.pool(|pool| pool.domain = Some(String::from("my-app"))).await;
    let jwks = world.pools.jwks(&pool).await.unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0]["kid"], keys[1]["kid"]);
    assert_eq!(jwks, world.pools.jwks(&pool).await.unwrap());
    let discovered = world.pools.openid_configuration(&pool).await.unwrap();
    assert_eq!(discovered["issuer"], format!("http://localhost:4747/{pool}"));
    assert_eq!(discovered["token_endpoint"], "http://localhost:4747/auth/my-app/oauth2/token");
    assert_eq!(world.pools.jwks("us-east-1_nowhere00").await.unwrap_err().code, "ResourceNotFoundException");
}
