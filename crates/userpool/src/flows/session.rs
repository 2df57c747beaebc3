//! What is carried from one step to the next: sealed, bound, and good once.

use base::Timestamp;
use ports::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Attempt;
use crate::{
    directory::{Client, Pool},
    raise::{NotAuthorizedException, Raise, not_authorized},
    rows::{SpentSession, UserRow, sealed},
    service::Service,
};

/// Sealed for its pool and client; names its challenge and its user. Nothing of it is in the store until it is spent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    /// The challenge it was posed with, which is the only one that it answers.
    pub challenge: String,
    /// The user's `username_key`; for someone who does not exist, the name as it was given.
    pub username_key: String,
    /// None for someone who does not exist.
    pub sub: Option<String>,
    /// The name that was given at the start, which answers may use.
    pub given_name: String,
    pub expires_at: Timestamp,
    /// The challenge's own.
    pub state: Value,
}

impl Session {
    pub fn new(
        attempt: &Attempt<'_>,
        challenge: &str,
        user: &UserRow,
        given_name: &str,
        state: Value,
    ) -> Self {
        Self::of(attempt, challenge, Some(user), given_name, state)
    }

    /// `None` for someone who does not exist.
    pub fn of(
        attempt: &Attempt<'_>,
        challenge: &str,
        user: Option<&UserRow>,
        given_name: &str,
        state: Value,
    ) -> Self {
        Self {
            id: attempt.service.rng.uuid(),
            challenge: challenge.to_owned(),
            username_key: user.map_or_else(|| given_name.to_owned(), |user| user.username_key.clone()),
            sub: user.map(|user| user.sub.clone()),
            given_name: given_name.to_owned(),
            expires_at: attempt.now().plus_seconds(attempt.client.session_minutes() * 60),
            state,
        }
    }

    /// The client's id in the clear, for the operations that are given nothing else to find it by, and the sealed rest.
    pub fn seal<E>(&self, service: &Service, pool: &Pool, client: &Client) -> Result<String, Raise<E>> {
        let text = serde_json::to_vec(self).map_err(|cause| Raise::Internal(cause.to_string()))?;
        let sealed = service.sealer.seal(&sealed::session(pool.id(), client.id()), &text)?;
        Ok(format!("{}.{sealed}", client.id()))
    }

    /// Whose session it says it is. Nothing is believed yet.
    pub fn client_id(text: &str) -> &str {
        text.split_once('.').map_or("", |(client_id, _)| client_id)
    }

    /// A session of this pool and client, for this challenge, not expired. Whether it was spent is known when it is spent.
    pub fn open<E: From<NotAuthorizedException>>(
        service: &Service,
        pool: &Pool,
        client: &Client,
        challenge: &str,
        text: &str,
    ) -> Result<Self, Raise<E>> {
        let invalid = || not_authorized("Invalid session for the user.");
        let (client_id, text) = text.split_once('.').ok_or_else(invalid)?;
        let name = sealed::session(pool.id(), client.id());
        let opened = service.sealer.open(&name, text).map_err(|_| invalid())?;
        let session: Self = serde_json::from_slice(opened.expose()).map_err(|_| invalid())?;
        if session.challenge != challenge || client_id != client.id() {
            return Err(invalid());
        }
        if session.expires_at <= service.clock.now() {
            return Err(not_authorized("Invalid session for the user, session is expired."));
        }
        Ok(session)
    }

    /// Whether `name` means the person the session is for: the name they began with, their username, or an address of
    /// theirs.
    pub fn is_for(&self, pool: &Pool, user: Option<&UserRow>, name: &str) -> bool {
        let name = pool.normalised(name);
        let is = |other: &str| pool.normalised(other) == name;
        is(&self.given_name)
            || is(&self.username_key)
            || user.is_some_and(|user| {
                is(&user.username)
                    || ["email", "phone_number", "preferred_username"]
                        .iter()
                        .any(|attribute| user.attribute(attribute).is_some_and(is))
            })
    }

    /// Inserting this spends the session.
    pub fn spent(&self, pool: &Pool) -> SpentSession {
        SpentSession { user_pool_id: pool.id().to_owned(), id: self.id.clone(), expires_at: self.expires_at }
    }
}
