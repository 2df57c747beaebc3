//! Making, sealing and opening secret access keys.

use base::{Secret, ids};
use crypto::seal::SealError;
use ports::RngExt;

use crate::{Inner, failure::Failure, rows::AccessKeyRow};

impl Inner {
    pub(crate) fn new_access_key_id(&self) -> String {
        format!("AKIA{}", self.rng.string(ids::UPPER_BASE32, 16))
    }

    /// 40 letters and digits: 238 bits, and nothing that a shell or an INI file would misread.
    pub(crate) fn new_secret(&self) -> Secret<String> {
        Secret::new(self.rng.string(ids::ALPHANUMERIC, 40))
    }

    /// `AIDA…` for users, `AROA…` for roles, `ANPA…` for policies.
    pub(crate) fn new_id(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.rng.string(ids::UPPER_BASE32, 17))
    }

    pub(crate) fn seal_secret(
        &self,
        access_key_id: &str,
        secret: &Secret<String>,
    ) -> Result<String, SealError> {
        self.sealer.seal(&AccessKeyRow::seal_place(access_key_id), secret.expose().as_bytes())
    }

    pub(crate) fn open_secret(&self, row: &AccessKeyRow) -> Result<Secret<String>, Failure> {
        let opened = self.sealer.open(&AccessKeyRow::seal_place(&row.access_key_id), &row.sealed_secret)?;
        let text = std::str::from_utf8(opened.expose())
            .map_err(|_| Failure::Internal(String::from("a secret access key is not text")))?;
        Ok(Secret::new(text.to_owned()))
    }
}
