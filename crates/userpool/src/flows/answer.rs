//! The answer to a challenge.

use std::collections::BTreeMap;

use super::{Attempt, Outcome, Session, SignInError};
use crate::{
    challenges::{self, custom, password_verifier},
    raise::{Raise, invalid},
    rows::UserRow,
};

/// As `RespondToAuthChallenge` has it.
pub struct Answer {
    /// `ChallengeName`
    pub challenge: String,
    pub session: Option<String>,
    /// `ChallengeResponses`
    pub responses: BTreeMap<String, String>,
}

/// An answer whose session was opened and whose user was found.
pub struct Turn<'a> {
    pub attempt: &'a Attempt<'a>,
    pub session: Session,
    pub user: store::Versioned<UserRow>,
    pub responses: BTreeMap<String, String>,
}

impl Answer {
    pub fn required(&self, name: &str) -> Result<&str, Raise<SignInError>> {
        required(&self.responses, name)
    }
}

impl Turn<'_> {
    pub fn required(&self, name: &str) -> Result<&str, Raise<SignInError>> {
        required(&self.responses, name)
    }
}

fn required<'a>(responses: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Raise<SignInError>> {
    match responses.get(name).map(String::as_str) {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(invalid(format!("Missing required parameter {name}"))),
    }
}

pub async fn answer(attempt: &Attempt<'_>, answer: Answer) -> Outcome {
    // What someone who does not exist is posed too.
    match answer.challenge.as_str() {
        password_verifier::NAME => return password_verifier::answer(attempt, answer).await,
        custom::NAME => return custom::answer(attempt, answer).await,
        _ => {}
    }
    let Some(text) = &answer.session else { return Err(invalid("Missing required parameter Session")) };
    let session = attempt.open(&answer.challenge, text)?;
    let username = answer.required("USERNAME")?;
    let user = attempt.service.store.get::<UserRow>(attempt.pool.id(), &session.username_key).await?;
    let user = user.filter(|user| session.sub.as_deref() == Some(user.value.sub.as_str()));
    let Some(user) = user else { return Err(SignInError::invalid_session()) };
    if !session.is_for(attempt.pool, Some(&user.value), username) {
        return Err(SignInError::invalid_session());
    }
    attempt.check_secret_hash(&[username, &user.value.username])?;
    if !user.value.enabled {
        return Err(crate::raise::not_authorized("User is disabled."));
    }
    let name = answer.challenge;
    let turn = Turn { attempt, session, user, responses: answer.responses };
    challenges::answer(&name, turn).await
}
