//! A token's claims as functions see them: every value as text, spelled as API Gateway spells it.

use base::Timestamp;
use serde_json::{Map, Value};
use userpool::tokens::VerifiedToken;

use crate::payload::{json::JsonWriter, times::claim_date};

#[derive(Debug, PartialEq, Eq)]
pub struct VerifiedClaims {
    claims: Vec<(String, String)>,
    /// The same, as a JSON object: built once for each token, not for each request.
    json: Vec<u8>,
    pub token_use: String,
    pub scopes: Vec<String>,
    /// The app client: `aud` of an ID token, `client_id` of an access token.
    pub client: String,
    /// From this instant on the token is no longer good.
    pub expires_at: Timestamp,
}

impl VerifiedClaims {
    pub fn of(token: VerifiedToken) -> Self {
        let VerifiedToken { claims: raw, token_use, scopes, .. } = token;
        let claims: Vec<(String, String)> =
            raw.iter().filter_map(|(name, value)| Some((name.clone(), spell(name, value)?))).collect();
        let mut json = JsonWriter::with_capacity(1024);
        json.begin_object();
        for (name, value) in &claims {
            json.member(name, value);
        }
        json.end_object();
        // Without an `exp` a token was never good.
        let expires_at = Timestamp::from_seconds(raw.get("exp").and_then(Value::as_i64).unwrap_or(0));
        let client = text(&raw, if token_use == "id" { "aud" } else { "client_id" });
        Self { claims, json: json.into_bytes(), token_use, scopes, client, expires_at }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.claims.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> &[u8] {
        &self.json
    }
}

fn text(claims: &Map<String, Value>, name: &str) -> String {
    claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `exp`, `iat` and `nbf` become dates, other numbers digits; lists lose their brackets; what is nested becomes JSON.
fn spell(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) if matches!(name, "exp" | "iat" | "nbf") => {
            Some(number.as_i64().map_or_else(|| number.to_string(), claim_date))
        }
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(|item| spell("", item)).collect();
            Some(items.join(","))
        }
        Value::Object(_) => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_claim_is_text() {
        let claims = json!({
            "sub": "940805d0-a810-42da-9515-a213e211bbd1", "email_verified": true, "auth_time": 1_513_492_092,
            "exp": 1_513_495_692, "iat": 1_513_492_092, "cognito:groups": ["admin", "staff"], "aud": "client",
            "identities": [{"providerName": "Google", "primary": "true"}], "custom:none": null, "token_use": "id"
        });
        let Value::Object(claims) = claims else { unreachable!() };
        let token = VerifiedToken { claims, token_use: "id".into(), scopes: vec![] };
        let claims = VerifiedClaims::of(token);
        assert_eq!(claims.get("email_verified"), Some("true"));
        assert_eq!(claims.get("auth_time"), Some("1513492092"));
        assert_eq!(claims.get("exp"), Some("Sun Dec 17 07:28:12 UTC 2017"));
        assert_eq!(claims.get("iat"), Some("Sun Dec 17 06:28:12 UTC 2017"));
        assert_eq!(claims.get("cognito:groups"), Some("admin,staff"));
        assert_eq!(claims.get("identities"), Some(r#"{"providerName":"Google","primary":"true"}"#));
        assert_eq!(claims.get("custom:none"), None);
        assert_eq!(claims.expires_at, Timestamp::from_seconds(1_513_495_692));
        assert_eq!(claims.client, "client");
        let json: Value = serde_json::from_slice(claims.json()).unwrap();
        assert!(json.as_object().unwrap().values().all(Value::is_string));
    }
}
