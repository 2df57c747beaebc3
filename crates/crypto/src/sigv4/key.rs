//! What a signature is made with, and for where.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::TERMINATOR;
use crate::digest::hmac_sha256;

/// A day, a region and a service: a signature is worth nothing outside of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// `YYYYMMDD`.
    pub date: String,
    pub region: String,
    pub service: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { date, region, service } = self;
        write!(formatter, "{date}/{region}/{service}/{TERMINATOR}")
    }
}

/// A key derived from a secret access key for one scope.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    pub fn derive(secret_access_key: &str, scope: &Scope) -> Self {
        let mut key = Zeroizing::new([b"AWS4", secret_access_key.as_bytes()].concat());
        for part in [&scope.date, &scope.region, &scope.service, TERMINATOR] {
            *key = hmac_sha256(&key, &[part.as_bytes()]).to_vec();
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&key);
        Self(bytes)
    }

    pub(super) fn sign(&self, text: &str) -> [u8; 32] {
        hmac_sha256(&self.0, &[text.as_bytes()])
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(***)")
    }
}
