//! A pool, opened: its row and its secret.

use base::Secret;
use crypto::{
    digest::hmac_sha256,
    seal::{SealError, Sealer},
};
use store::Versioned;

use crate::rows::{UserPoolRow, sealed};

pub struct Pool {
    pub row: Versioned<UserPoolRow>,
    secret: Secret<Vec<u8>>,
}

impl Pool {
    pub fn open(row: Versioned<UserPoolRow>, sealer: &Sealer) -> Result<Self, SealError> {
        let secret = sealer.open(&sealed::pool_secret(&row.value.id), &row.value.secret)?;
        Ok(Self { row, secret })
    }

    pub fn id(&self) -> &str {
        &self.row.value.id
    }

    /// A value that only this pool could have made of these words: the same words, the same value. Each word counts by
    /// itself (`ab`, `c` is not `a`, `bc`).
    pub fn keyed_hash(&self, words: &[&str]) -> [u8; 32] {
        let lengths: Vec<[u8; 8]> = words.iter().map(|word| (word.len() as u64).to_be_bytes()).collect();
        let mut parts: Vec<&[u8]> = Vec::with_capacity(words.len() * 2);
        for (word, length) in words.iter().zip(&lengths) {
            parts.push(length);
            parts.push(word.as_bytes());
        }
        hmac_sha256(self.secret.expose(), &parts)
    }

    pub fn keyed_hex(&self, words: &[&str]) -> String {
        self.keyed_hash(words).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::ops::Deref for Pool {
    type Target = UserPoolRow;

    fn deref(&self) -> &UserPoolRow {
        &self.row.value
    }
}
