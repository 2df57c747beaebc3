//! A client, opened: its row, its secrets, and who it says it is.

use base::Secret;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto::{
    digest::{constant_time_eq, hmac_sha256},
    seal::{SealError, Sealer},
};
use store::Versioned;

use crate::{
    raise::NotAuthorizedException,
    rows::{UserPoolClientRow, sealed},
};

pub struct Client {
    pub row: Versioned<UserPoolClientRow>,
    secrets: Vec<Secret<Vec<u8>>>,
}

impl Client {
    pub fn open(row: Versioned<UserPoolClientRow>, sealer: &Sealer) -> Result<Self, SealError> {
        let id = &row.value.client_id;
        let secrets = row.value.secrets.iter();
        let secrets = secrets
            .map(|secret| sealer.open(&sealed::client_secret(id, &secret.id), &secret.sealed))
            .collect::<Result<_, _>>()?;
        Ok(Self { row, secrets })
    }

    pub fn id(&self) -> &str {
        &self.row.value.client_id
    }

    pub fn is_confidential(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// The secret as `DescribeUserPoolClient` shows it: the oldest one that is still there.
    pub fn first_secret(&self) -> Option<Secret<String>> {
        self.secrets.first().map(|secret| Secret::new(String::from_utf8_lossy(secret.expose()).into_owned()))
    }

    /// Whether a confidential client showed its secret. A public client has none to show.
    pub fn secret_is(&self, shown: &str) -> bool {
        // All are compared, so that time does not tell which one it was.
        self.secrets
            .iter()
            .fold(false, |found, secret| found | constant_time_eq(secret.expose(), shown.as_bytes()))
    }

    /// `SECRET_HASH`: base64 of HMAC-SHA256 of username and client id under the secret ("Computing secret hash values").
    pub fn secret_hash(&self, username: &str) -> Option<String> {
        let secret = self.secrets.first()?;
        Some(hash(secret, username, self.id()))
    }

    /// Checks `SECRET_HASH` over any of the names by which the caller may mean the user. A public client takes no notice
    /// of one.
    pub fn check_secret_hash(
        &self,
        shown: Option<&str>,
        usernames: &[&str],
    ) -> Result<(), NotAuthorizedException> {
        if self.secrets.is_empty() {
            return Ok(());
        }
        let id = self.id();
        let Some(shown) = shown.filter(|shown| !shown.is_empty()) else {
            let message = format!("Client {id} is configured with secret but SECRET_HASH was not received");
            return Err(NotAuthorizedException(message));
        };
        let fits = self.secrets.iter().fold(false, |found, secret| {
            usernames.iter().fold(found, |found, name| {
                found | constant_time_eq(hash(secret, name, id).as_bytes(), shown.as_bytes())
            })
        });
        if fits {
            Ok(())
        } else {
            Err(NotAuthorizedException(format!("Unable to verify secret hash for client {id}")))
        }
    }
}

fn hash(secret: &Secret<Vec<u8>>, username: &str, client_id: &str) -> String {
    STANDARD.encode(hmac_sha256(secret.expose(), &[username.as_bytes(), client_id.as_bytes()]))
}

impl std::ops::Deref for Client {
    type Target = UserPoolClientRow;

    fn deref(&self) -> &UserPoolClientRow {
        &self.row.value
    }
}
