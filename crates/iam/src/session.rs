//! Sessions: temporary keys with a token that carries all there is to know of them, sealed. No row is written, any node
//! can check them, and they end with their role, their user, or their time.

use base::{Secret, Timestamp};
use ports::RngExt;
use serde::{Deserialize, Serialize};

use crate::{Inner, rows::KeyOwner};

/// What a token's sealing is bound to.
const PLACE: &str = "iam_session";

/// The inside of a session token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub access_key_id: String,
    /// The secret access key: the token is sealed.
    secret: String,
    pub holder: SessionHolder,
    pub since: Timestamp,
    pub expires_at: Timestamp,
    /// Documents of the policies passed, inline and by ARN.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum SessionHolder {
    /// `GetSessionToken`: the user, or the root user, through the long-term key that asked.
    Owner { owner: KeyOwner },
    /// `AssumeRole`: the role's name, and the id that tells it from a later role of that name.
    Role { name: String, id: String, session: String },
}

/// The keys as they are handed out.
#[derive(Clone, Debug)]
pub(crate) struct SessionKeys {
    pub access_key_id: String,
    pub secret_access_key: Secret<String>,
    pub token: Secret<String>,
    pub expires_at: Timestamp,
}

/// No token of ours, of another key, or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotASession;

impl Session {
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Moved into a `Secret`, which wipes it.
        drop(Secret::new(std::mem::take(&mut self.secret)));
    }
}

impl Inner {
    /// New keys for `seconds`.
    pub(crate) fn new_session(
        &self,
        holder: SessionHolder,
        seconds: i64,
        policies: Vec<String>,
    ) -> Result<SessionKeys, crypto::seal::SealError> {
        let now = self.clock.now();
        let session = Session {
            access_key_id: format!("ASIA{}", self.rng.string(base::ids::UPPER_BASE32, 16)),
            secret: self.rng.string(base::ids::ALPHANUMERIC, 40),
            holder,
            since: now,
            expires_at: now.plus_seconds(seconds),
            policies,
        };
        let inside = Secret::new(serde_json::to_vec(&session).unwrap_or_default());
        Ok(SessionKeys {
            access_key_id: session.access_key_id.clone(),
            secret_access_key: Secret::new(session.secret.clone()),
            token: Secret::new(self.sealer.seal(PLACE, inside.expose())?),
            expires_at: session.expires_at,
        })
    }

    /// The session behind a token that came with this access key. Whether it is over is the caller's to check.
    pub(crate) fn open_session(&self, access_key_id: &str, token: &str) -> Result<Session, NotASession> {
        let inside = self.sealer.open(PLACE, token).map_err(|_| NotASession)?;
        let session: Session = serde_json::from_slice(inside.expose()).map_err(|_| NotASession)?;
        if session.access_key_id == access_key_id { Ok(session) } else { Err(NotASession) }
    }
}
