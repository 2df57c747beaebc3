//! What tokens say.

use base::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    attributes,
    directory::{Client, Pool},
    rows::UserRow,
};

/// The scope of tokens that the sign-in API hands out: it lets the holder act on their own user.
pub const USER_ADMIN_SCOPE: &str = "aws.cognito.signin.user.admin";

/// A sign-in, as tokens tell of it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Shared by every token of one sign-in.
    pub origin_jti: String,
    pub signed_in_at: Timestamp,
    pub scopes: Vec<String>,
    /// OpenID Connect Core 1.0, section 2: handed through from the authorization request.
    pub nonce: Option<String>,
    /// Whether the OAuth endpoints ask: their access tokens say `"version": 2`.
    pub oauth: bool,
    /// The authentication event's id.
    pub event_id: String,
}

impl Grant {
    /// Whether an ID token belongs to it: always for the sign-in API, with `openid` for OAuth.
    pub fn has_id_token(&self) -> bool {
        !self.oauth || self.scopes.iter().any(|scope| scope == "openid")
    }
}

/// "Understanding the identity (ID) token".
pub fn id_claims(
    issuer: &str,
    client: &Client,
    user: &UserRow,
    grant: &Grant,
    jti: String,
    now: Timestamp,
) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(user.sub));
    groups(&mut claims, user);
    for (name, value) in &user.attributes {
        if name != "sub"
            && attributes::is_readable(client, name)
            && in_scope(&grant.scopes, grant.oauth, name)
        {
            claims.insert(name.clone(), claim_value(name, value));
        }
    }
    claims.insert("iss".into(), json!(issuer));
    claims.insert("cognito:username".into(), json!(user.username));
    origin(&mut claims, client, grant);
    claims.insert("aud".into(), json!(client.id()));
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".into(), json!(nonce));
    }
    claims.insert("event_id".into(), json!(grant.event_id));
    claims.insert("token_use".into(), json!("id"));
    claims.insert("auth_time".into(), json!(grant.signed_in_at.seconds()));
    claims.insert("exp".into(), json!(now.seconds() + client.id_token_seconds()));
    claims.insert("iat".into(), json!(now.seconds()));
    claims.insert("jti".into(), json!(jti));
    claims
}

/// "Understanding the access token".
pub fn access_claims(
    issuer: &str,
    client: &Client,
    user: &UserRow,
    grant: &Grant,
    jti: String,
    now: Timestamp,
) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(user.sub));
    groups(&mut claims, user);
    claims.insert("iss".into(), json!(issuer));
    if grant.oauth {
        claims.insert("version".into(), json!(2));
    }
    claims.insert("client_id".into(), json!(client.id()));
    origin(&mut claims, client, grant);
    claims.insert("event_id".into(), json!(grant.event_id));
    claims.insert("token_use".into(), json!("access"));
    claims.insert("scope".into(), json!(grant.scopes.join(" ")));
    claims.insert("auth_time".into(), json!(grant.signed_in_at.seconds()));
    claims.insert("exp".into(), json!(now.seconds() + client.access_token_seconds()));
    claims.insert("iat".into(), json!(now.seconds()));
    claims.insert("jti".into(), json!(jti));
    claims.insert("username".into(), json!(user.username));
    claims
}

/// What userInfo answers: the attributes an access token's scopes open, as strings, and the username
/// ("userInfo endpoint": `email_verified` is text there).
pub fn user_info(client: &Client, user: &UserRow, scopes: &[String]) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(user.sub));
    for (name, value) in &user.attributes {
        if name != "sub" && attributes::is_readable(client, name) && in_scope(scopes, true, name) {
            claims.insert(name.clone(), json!(value));
        }
    }
    claims.insert("username".into(), json!(user.username));
    claims
}

fn groups(claims: &mut Map<String, Value>, user: &UserRow) {
    if !user.groups.is_empty() {
        claims.insert("cognito:groups".into(), json!(user.groups));
    }
}

/// Only clients that can revoke tokens have the claim that revocation goes by.
fn origin(claims: &mut Map<String, Value>, client: &Client, grant: &Grant) {
    if client.revocation_enabled() {
        claims.insert("origin_jti".into(), json!(grant.origin_jti));
    }
}

/// `openid` alone opens every attribute; beside `profile`, `email` or `phone` it opens what these name
/// ("Scopes, M2M, and resource servers").
fn in_scope(scopes: &[String], oauth: bool, attribute: &str) -> bool {
    let has = |scope: &str| scopes.iter().any(|granted| granted == scope);
    if !oauth || has("profile") || (!has("email") && !has("phone")) {
        return true;
    }
    match attribute {
        "email" | "email_verified" => has("email"),
        "phone_number" | "phone_number_verified" => has("phone"),
        _ => false,
    }
}

fn claim_value(name: &str, value: &str) -> Value {
    match name {
        "email_verified" | "phone_number_verified" => json!(value == "true"),
        "address" => json!({ "formatted": value }),
        "identities" => serde_json::from_str(value).unwrap_or_else(|_| json!(value)),
        _ => json!(value),
    }
}

/// Kept here so that the two kinds of token name their issuer alike.
pub fn issuer(config: &crate::Config, pool: &Pool) -> String {
    config.issuer_of(pool.id())
}
