//! JSON Web Tokens (RFC 7519) signed with RS256, and no other algorithm: `alg` is checked against what the key is for,
//! never obeyed (RFC 8725, section 3.1).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::jwk::{KeyError, PublicKey, SigningKey};

/// Characters of the longest token that is looked at.
pub const LONGEST: usize = 32 * 1024;

pub type Claims = Map<String, Value>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    #[error("not a JSON Web Token")]
    Malformed,
    #[error("the token is not signed with RS256")]
    Algorithm,
    /// `crit` names extensions that must be understood (RFC 7515, section 4.1.11); none are.
    #[error("the token has critical extensions")]
    Critical,
    #[error("the token names another key")]
    OtherKey,
    #[error("the token's signature is wrong")]
    Signature,
}

/// `header.claims.signature`; 0.7 ms of one core. The header is `{"kid":…,"alg":"RS256"}`, as Cognito's.
pub fn sign(key: &SigningKey, claims: &impl Serialize) -> Result<String, KeyError> {
    let claims = serde_json::to_vec(claims).map_err(|_| KeyError::Sign)?;
    let mut token = String::with_capacity(key.header().len() + claims.len() * 4 / 3 + 360);
    token.push_str(key.header());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// The claims of a token whose signature, algorithm and key are right. Whether it is meant for us and still valid
/// (`iss`, `aud`, `exp`, `token_use`) is the caller's to check.
pub fn verify(token: &str, key: &PublicKey) -> Result<Claims, JwtError> {
    Token::parse(token)?.verify(key)
}

/// A token taken apart, of which nothing is proven: enough to find the key by `kid` and the pool by `iss`.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    header: Claims,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Three parts of strict base64url, the first two JSON objects.
    pub fn parse(text: &'a str) -> Result<Self, JwtError> {
        if text.len() > LONGEST {
            return Err(JwtError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwtError::Malformed)?;
        Ok(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| JwtError::Malformed)?,
        })
    }

    /// The key the token says it was signed with.
    pub fn unverified_kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    pub const fn unverified_header(&self) -> &Claims {
        &self.header
    }

    pub const fn unverified_claims(&self) -> &Claims {
        &self.claims
    }

    /// As [`verify`]. A token that names no key is tried with the one given.
    pub fn verify(self, key: &PublicKey) -> Result<Claims, JwtError> {
        if self.header.get("alg").and_then(Value::as_str) != Some("RS256") {
            return Err(JwtError::Algorithm);
        }
        if self.header.contains_key("crit") {
            return Err(JwtError::Critical);
        }
        match (self.header.get("kid"), key.kid()) {
            (Some(named), Some(kid)) if named.as_str() != Some(kid) => return Err(JwtError::OtherKey),
            _ => {}
        }
        if key.verifies(self.signed.as_bytes(), &self.signature) {
            Ok(self.claims)
        } else {
            Err(JwtError::Signature)
        }
    }
}

fn object(part: &str) -> Result<Claims, JwtError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| JwtError::Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{digest::hmac_sha256, jwk::tests::KEY};

    fn encode(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    /// Any header and claims, with a right signature over them.
    fn signed(header: &Value, claims: &str) -> String {
        let signed = format!("{}.{claims}", encode(header));
        let signature = URL_SAFE_NO_PAD.encode(KEY.sign(signed.as_bytes()).unwrap());
        format!("{signed}.{signature}")
    }

    fn check(token: &str) -> Result<Claims, JwtError> {
        verify(token, &KEY.public_key().unwrap())
    }

    fn good() -> String {
        sign(&KEY, &json!({"sub": "me", "exp": 1})).unwrap()
    }

    #[test]
    fn reads_what_it_signs() {
        let token = good();
        assert!(token.starts_with(&format!("{}.", encode(&json!({"kid": "one", "alg": "RS256"})))));
        assert_eq!(check(&token).unwrap()["sub"], "me");
        let parsed = Token::parse(&token).unwrap();
        assert_eq!(parsed.unverified_kid(), Some("one"));
        assert_eq!(parsed.unverified_claims()["exp"], 1);
        // A provider's token may name no key.
        assert!(check(&signed(&json!({"alg": "RS256"}), &encode(&json!({})))).is_ok());
    }

    #[test]
    fn no_other_algorithm() {
        let claims = encode(&json!({"sub": "admin"}));
        for alg in [
            json!("none"),
            json!("None"),
            json!("HS256"),
            json!("RS384"),
            json!("PS256"),
            json!("rs256"),
            json!(null),
        ] {
            let header = json!({"alg": alg, "kid": "one"});
            assert_eq!(check(&signed(&header, &claims)), Err(JwtError::Algorithm), "{alg}");
            assert_eq!(check(&format!("{}.{claims}.", encode(&header))), Err(JwtError::Algorithm), "{alg}");
        }
        assert_eq!(check(&signed(&json!({"kid": "one"}), &claims)), Err(JwtError::Algorithm));
    }

    #[test]
    fn the_public_key_is_no_hmac_secret() {
        let jwk = KEY.jwk();
        for header in [json!({"alg": "HS256", "kid": "one"}), json!({"alg": "RS256", "kid": "one"})] {
            for secret in [jwk.n.clone(), serde_json::to_string(&jwk).unwrap()] {
                let signed = format!("{}.{}", encode(&header), encode(&json!({"sub": "admin"})));
                let tag = URL_SAFE_NO_PAD.encode(hmac_sha256(secret.as_bytes(), &[signed.as_bytes()]));
                assert!(check(&format!("{signed}.{tag}")).is_err());
            }
        }
    }

    #[test]
    fn a_changed_token_is_refused() {
        let token = good();
        let parts: Vec<&str> = token.split('.').collect();
        let forged = format!("{}.{}.{}", parts[0], encode(&json!({"sub": "admin"})), parts[2]);
        assert_eq!(check(&forged), Err(JwtError::Signature));
        assert_eq!(check(&format!("{}.{}.", parts[0], parts[1])), Err(JwtError::Signature));
        assert_eq!(check(&format!("{}.{}.AAAA", parts[0], parts[1])), Err(JwtError::Signature));
        let other = SigningKey::generate("one").unwrap();
        assert_eq!(check(&sign(&other, &json!({"sub": "me"})).unwrap()), Err(JwtError::Signature));
    }

    #[test]
    fn the_key_it_names_must_be_ours() {
        let claims = encode(&json!({}));
        assert_eq!(check(&signed(&json!({"alg": "RS256", "kid": "two"}), &claims)), Err(JwtError::OtherKey));
        assert_eq!(check(&signed(&json!({"alg": "RS256", "kid": 1}), &claims)), Err(JwtError::OtherKey));
    }

    #[test]
    fn critical_extensions_are_refused() {
        let claims = encode(&json!({}));
        for crit in [json!(["b64"]), json!([]), json!(null)] {
            let header = json!({"alg": "RS256", "kid": "one", "b64": false, "crit": crit});
            assert_eq!(check(&signed(&header, &claims)), Err(JwtError::Critical));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_noise_verifies(text in "[A-Za-z0-9_.=-]{0,200}") {
            assert!(check(&text).is_err());
        }

        #[test]
        fn no_changed_letter_verifies(at in 0_usize..600, letter in "[A-Za-z0-9_.-]") {
            static TOKEN: std::sync::LazyLock<String> = std::sync::LazyLock::new(good);
            let at = at % TOKEN.len();
            let changed = format!("{}{letter}{}", &TOKEN[..at], &TOKEN[at + 1..]);
            assert_eq!(check(&changed).is_ok(), changed == *TOKEN);
        }
    }

    #[test]
    fn noise_is_malformed() {
        let token = good();
        let parts: Vec<&str> = token.split('.').collect();
        let (header, claims, signature) = (parts[0], parts[1], parts[2]);
        for noise in [
            String::new(),
            "a.b".into(),
            "a.b.c".into(),
            format!("{token}."),
            format!("{token}.{signature}"),
            format!(".{token}"),
            format!("{token} "),
            format!(" {token}"),
            format!("{token}\n"),
            format!("{token}="),
            format!("{header}=.{claims}.{signature}"),
            format!("{header}.{claims}"),
            format!("{header}.{claims}.{}", signature.replace(['-', '_'], "+")) + "+/",
            format!("{}.{claims}.{signature}", encode(&json!("RS256"))),
            format!("{header}.{}.{signature}", encode(&json!([1]))),
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("{\"a\":1} trailing")),
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(b"{\"a\":\"\xff\"}")),
            format!("{header}.{}.{signature}", "A".repeat(LONGEST)),
        ] {
            assert_eq!(check(&noise), Err(JwtError::Malformed), "{noise}");
        }
    }
}
