//! A sign-in under way: at which door, of which pool and client, and for whom.

use std::sync::Arc;

use base::Timestamp;
use crypto::srp::Verifier;
use store::{StoreError, Versioned};

use super::{
    Door, Session, SignInError,
    lockout::{self, Attempts},
};
use crate::{
    directory::{Client, Pool},
    passwords,
    raise::{NotAuthorizedException, Raise},
    rows::{AttemptsRow, UserRow},
    service::Service,
    users::{self, Named},
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

    /// Whose name it is, and what was tried with it: two reads, whoever it is.
    pub async fn find(&self, name: &str) -> Result<(Person, Attempts), StoreError> {
        match users::look_up(&self.service.store, self.pool, name).await? {
            Named::User(user) => self.with_attempts(Person::Known(user)).await,
            Named::Alias(alias) => self.user_with_attempts(&alias.username_key, &alias.sub, name).await,
            Named::Nobody => self.with_attempts(Person::Unknown(name.to_owned())).await,
        }
    }

    pub async fn with_attempts(&self, person: Person) -> Result<(Person, Attempts), StoreError> {
        let key = person.lockout_key(self.pool);
        let attempts = lockout::read(&self.service.store, self.pool, key).await?;
        Ok((person, attempts))
    }

    /// The user of that key, if it is still the one with that `sub`; else whoever gave the name is a stranger.
    async fn user_with_attempts(
        &self,
        username_key: &str,
        sub: &str,
        name: &str,
    ) -> Result<(Person, Attempts), StoreError> {
        let (pool_id, key) = (self.pool.id(), lockout::key(self.pool, username_key));
        let store = &self.service.store;
        let (user, row) =
            store.get_both::<UserRow, AttemptsRow>((pool_id, username_key), (pool_id, &key)).await?;
        match user.filter(|user| user.value.sub == sub) {
            Some(user) => {
                let attempts = Attempts { pool_id: pool_id.to_owned(), key, row };
                Ok((Person::Known(Box::new(user)), attempts))
            }
            None => self.with_attempts(Person::Unknown(name.to_owned())).await,
        }
    }

    pub fn seal(&self, session: &Session) -> Result<String, Raise<SignInError>> {
        session.seal(self.service, self.pool, self.client)
    }

    pub fn open(&self, challenge: &str, text: &str) -> Result<Session, Raise<SignInError>> {
        Session::open(self.service, self.pool, self.client, challenge, text)
    }

    /// The session's person, if they are still the same one, and what was tried with their name.
    pub async fn person_of(&self, session: &Session) -> Result<(Person, Attempts), StoreError> {
        match &session.sub {
            Some(sub) => self.user_with_attempts(&session.username_key, sub, &session.given_name).await,
            None => self.with_attempts(Person::Unknown(session.given_name.clone())).await,
        }
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
