//! Identifiers in the shapes AWS gives them. Random characters are drawn by `ports::Rng`; here they are only put in
//! shape and checked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Letters and digits: the alphabet of a pool id's second half.
pub const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Lower-case letters and digits: app client ids (26), API ids (10), resource ids (6).
pub const LOWER_ALPHANUMERIC: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Upper-case letters and digits, as in access key ids (`AKIA` and 16 of these).
pub const UPPER_BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Digits: verification codes (6).
pub const DIGITS: &[u8; 10] = b"0123456789";

pub const POOL_ID_SUFFIX_LENGTH: usize = 9;
pub const CLIENT_ID_LENGTH: usize = 26;
pub const API_ID_LENGTH: usize = 10;

/// An AWS region's name, such as `us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(String);

/// Twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidId {
    #[error(
        "'{0}' is not a region: expected words of lower-case letters and digits joined by '-', such as us-east-1"
    )]
    Region(String),
    #[error("'{0}' is not an account id: expected 12 digits")]
    Account(String),
}

impl Region {
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidId> {
        let name = name.into();
        let words = name.split('-');
        let fits = name.len() <= 32
            && words.clone().count() >= 3
            && words.clone().all(|word| {
                !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            });
        if fits { Ok(Self(name)) } else { Err(InvalidId::Region(name)) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Region {
    fn default() -> Self {
        Self(String::from("us-east-1"))
    }
}

impl AccountId {
    pub fn new(digits: impl Into<String>) -> Result<Self, InvalidId> {
        let digits = digits.into();
        if digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(InvalidId::Account(digits))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AccountId {
    fn default() -> Self {
        Self(String::from("000000000000"))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The region a pool id begins with: `us-east-1_Ab3dEf9hI` → `us-east-1`. `None` where it is not a pool id.
pub fn pool_region(pool_id: &str) -> Option<&str> {
    let (region, suffix) = pool_id.split_once('_')?;
    let fits = suffix.len() == POOL_ID_SUFFIX_LENGTH && suffix.bytes().all(|b| b.is_ascii_alphanumeric());
    (fits && Region::new(region).is_ok()).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_id_tells_its_region() {
        assert_eq!(pool_region("eu-west-1_Ab3dEf9hI"), Some("eu-west-1"));
        assert_eq!(pool_region("eu-west-1_short"), None);
        assert_eq!(pool_region("../x_Ab3dEf9hI"), None);
    }

    #[test]
    fn an_account_is_twelve_digits() {
        assert!(AccountId::new("000000000000").is_ok());
        assert!(AccountId::new("1234").is_err());
    }
}
