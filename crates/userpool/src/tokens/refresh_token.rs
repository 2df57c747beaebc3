//! The refresh token: opaque, sealed, bound to its pool and client.
//!
//! It looks like the five-part JWE that Cognito hands out, which some clients count on; the parts are a header, the data
//! key's id, and `crypto::seal` text cut where a JWE has its seams.

use crypto::seal::{SealError, Sealer};
use serde::{Deserialize, Serialize};

use crate::rows::sealed;

/// `{"cty":"JWT","enc":"A256GCM","alg":"dir"}`
const HEADER: &str = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0";
/// Twelve bytes of nonce, sixteen of tag, in base64url.
const NONCE: usize = 16;
const TAG: usize = 22;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// Its family.
    #[serde(rename = "o")]
    pub origin_jti: String,
    /// Which of its family's tokens: one more at each rotation.
    #[serde(rename = "g")]
    pub generation: u32,
    /// Seconds since the epoch.
    #[serde(rename = "e")]
    pub expires: i64,
}

impl RefreshToken {
    pub fn seal(&self, sealer: &Sealer, pool_id: &str, client_id: &str) -> Result<String, SealError> {
        let Self { origin_jti, generation, expires } = self;
        let plain = format!("{{\"o\":\"{origin_jti}\",\"g\":{generation},\"e\":{expires}}}");
        let text = sealer.seal(&sealed::refresh_token(pool_id, client_id), plain.as_bytes())?;
        Ok(match text.splitn(3, '.').collect::<Vec<_>>().as_slice() {
            [version, key, data] if data.is_ascii() && data.len() > NONCE + TAG => {
                let (nonce, rest) = data.split_at(NONCE);
                let (body, tag) = rest.split_at(rest.len() - TAG);
                format!("{HEADER}.{version}-{key}.{nonce}.{body}.{tag}")
            }
            _ => text,
        })
    }

    /// `None` where it is not a token of this pool and client.
    pub fn open(token: &str, sealer: &Sealer, pool_id: &str, client_id: &str) -> Option<Self> {
        let parts: Vec<&str> = token.split('.').collect();
        let [HEADER, key, nonce, body, tag] = parts.as_slice() else { return None };
        let (version, key) = key.split_once('-')?;
        let text = format!("{version}.{key}.{nonce}{body}{tag}");
        let plain = sealer.open(&sealed::refresh_token(pool_id, client_id), &text).ok()?;
        serde_json::from_slice(plain.expose()).ok()
    }
}
