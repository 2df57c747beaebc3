//! The sign-in engine: one state machine, and three doors into it.
//!
//! ```text
//! start ──► first factor ──► allowed? ──► new password? ──► second factor ──► finish
//!              ▲   │             (admit)      (challenges/)     (challenges/)     │
//!              └───┘ a challenge, answered through `answer`                       ▼
//!                                                             tokens, or who signed in
//! ```
//!
//! `InitiateAuth`, `AdminInitiateAuth` and the hosted pages differ in how a request is written and in what they want at
//! the end; whatever may be refused on the way is refused here, for all of them. A challenge is a file in
//! `challenges/`: how it is posed, and what an answer to it does.

mod admit;
mod answer;
#[cfg(test)]
mod attacks;
mod attempt;
#[cfg(test)]
mod bench;
mod door;
mod error;
mod finish;
pub mod lockout;
mod proof;
mod session;
mod start;

pub use answer::Answer;
pub(crate) use answer::Turn;
pub use door::{Door, DoorKind};
pub use error::SignInError;
pub use start::Opening;

pub(crate) use admit::{after_first_factor, after_new_password};
pub(crate) use attempt::{Attempt, Person};
pub(crate) use finish::finish;
pub(crate) use proof::Proof;
pub(crate) use session::Session;

use std::{collections::BTreeMap, sync::Arc};

use base::{AwsError, Boxed, Timestamp};

use crate::{
    UserPools,
    directory::{Client, Pool},
    raise::Raise,
    service::Service,
    tokens::Issued,
};

/// Where a sign-in stands after a request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Something is asked of the person.
    Challenge(Challenge),
    /// Signed in at an API door: here are the tokens.
    Tokens(Issued),
    /// Signed in at the pages: who it was. Tokens come by [`UserPools::issue_tokens`].
    SignedIn(SignedIn),
}

#[derive(Clone, Debug)]
pub struct Challenge {
    /// `PASSWORD_VERIFIER`, `NEW_PASSWORD_REQUIRED`, `SMS_MFA`, …
    pub name: String,
    /// To be shown again with the answer. None for `PASSWORD_VERIFIER`, whose `SECRET_BLOCK` it is.
    pub session: Option<String>,
    pub parameters: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    pub user_pool_id: String,
    pub username: String,
    pub username_key: String,
    pub sub: String,
    pub at: Timestamp,
}

/// What a step may end in.
pub type Outcome = Result<Step, Raise<SignInError>>;

impl UserPools {
    /// The first request of a sign-in at the pages (or any door that has a typed form of it).
    pub fn sign_in<'a>(
        &'a self,
        door: &'a Door,
        client_id: &'a str,
        opening: Opening,
    ) -> Boxed<'a, Result<Step, AwsError>> {
        let service = self.service();
        let started = async move {
            let (pool, client) = service.directory.client(client_id).await?;
            service.start_sign_in(door, &pool, &client, opening).await
        };
        Box::pin(async move { started.await.map_err(Raise::into_aws) })
    }

    /// The answer to a challenge.
    pub fn answer_challenge<'a>(
        &'a self,
        door: &'a Door,
        client_id: &'a str,
        answer: Answer,
    ) -> Boxed<'a, Result<Step, AwsError>> {
        let service = self.service();
        let answered = async move {
            let (pool, client) = service.directory.client(client_id).await?;
            service.answer_challenge(door, &pool, &client, answer).await
        };
        Box::pin(async move { answered.await.map_err(Raise::into_aws) })
    }
}

impl Service {
    pub(crate) async fn start_sign_in(
        &self,
        door: &Door,
        pool: &Arc<Pool>,
        client: &Arc<Client>,
        opening: Opening,
    ) -> Outcome {
        start::start(&Attempt { service: self, door, pool, client }, opening).await
    }

    pub(crate) async fn answer_challenge(
        &self,
        door: &Door,
        pool: &Arc<Pool>,
        client: &Arc<Client>,
        answer: Answer,
    ) -> Outcome {
        answer::answer(&Attempt { service: self, door, pool, client }, answer).await
    }
}
