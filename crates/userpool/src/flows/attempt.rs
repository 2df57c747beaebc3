//! A sign-in under way: at which door, of which pool and client, and for whom.

use std::sync::Arc;

use base::Timestamp;
use crypto::srp::Verifier;
use store::{StoreError, Versioned};

use super::{Door, Session, SignInError, lockout};
use crate::{
    directory::{Client, Pool},
    passwords,
    raise::{NotAuthorizedException, Raise},
    rows::UserRow,
    service::Service,
    users,
};

pub struct Attempt<'a> {
    pub service: &'a Service,
    pub door: &'a Door,
    pub pool: &'a Arc<Pool>,
    pub client: &'a Arc<Client>,
}

/// Who it is said to be. Someone who does not exist goes the same way as someone who does, up to the answer.
pub enum Person {
    Known(Box<Versioned<UserRow>>),
    /// The name that was given.
    Unknown(String),
}

impl Attempt<'_> {
    pub fn now(&self) -> Timestamp {
        self.service.clock.now()
    }

    pub async fn find(&self, name: &str) -> Result<Person, StoreError> {
        let found = users::find(&self.service.store, self.pool, name).await?;
        Ok(found.map_or_else(|| Person::Unknown(name.to_owned()), |user| Person::Known(Box::new(user))))
    }

    pub fn seal(&self, session: &Session) -> Result<String, Raise<SignInError>> {
        session.seal(self.service, self.pool, self.client)
    }

    pub fn open(&self, challenge: &str, text: &str) -> Result<Session, Raise<SignInError>> {
        Session::open(self.service, self.pool, self.client, challenge, text)
    }

    /// The session's person, if they are still the same one.
    pub async fn person_of(&self, session: &Session) -> Result<Person, StoreError> {
        let stranger = || Person::Unknown(session.given_name.clone());
        let Some(sub) = &session.sub else { return Ok(stranger()) };
        let user = self.service.store.get::<UserRow>(self.pool.id(), &session.username_key).await?;
        let user = user.filter(|user| user.value.sub == *sub);
        Ok(user.map_or_else(stranger, |user| Person::Known(Box::new(user))))
    }

    /// `SECRET_HASH` over the name as it was given, or another name of the same person. The pages show none.
    pub fn check_secret_hash(&self, names: &[&str]) -> Result<(), NotAuthorizedException> {
        match self.door.kind {
            super::DoorKind::Hosted => Ok(()),
            _ => self.client.check_secret_hash(self.door.secret_hash.as_deref(), names),
        }
    }
}

impl Person {
    pub fn user(&self) -> Option<&UserRow> {
        match self {
            Self::Known(user) => Some(&user.value),
            Self::Unknown(_) => None,
        }
    }

    /// As triggers are told it.
    pub fn name(&self) -> &str {
        match self {
            Self::Known(user) => &user.value.username,
            Self::Unknown(name) => name,
        }
    }

    /// What wrong passwords are counted under.
    pub fn lockout_key(&self, pool: &Pool) -> String {
        match self {
            Self::Known(user) => lockout::key(pool, &user.value.username_key),
            Self::Unknown(name) => lockout::key(pool, &pool.normalised(name)),
        }
    }

    /// `USER_ID_FOR_SRP`. In a pool where people sign in by e-mail or phone the username is a random id, so a stranger
    /// gets one too, always the same for the same name.
    pub fn srp_user_id(&self, pool: &Pool) -> String {
        match self {
            Self::Known(user) => user.value.username.clone(),
            Self::Unknown(name) if pool.has_username_attributes() => users::stranger_id(pool, name),
            Self::Unknown(name) => name.clone(),
        }
    }

    /// The person's verifier; for someone without a password, and for no one, one that nobody knows a password for.
    pub fn verifier(&self, service: &Service, pool: &Pool) -> Result<Verifier, Raise<SignInError>> {
        if let Some(user) = self.user()
            && let Some(verifier) = passwords::open_verifier(service, user)?
        {
            return Ok(verifier);
        }
        let key = pool.keyed_hash(&["decoy"]);
        Ok(Verifier::decoy(&key, pool.srp_name(), &self.srp_user_id(pool)))
    }
}
