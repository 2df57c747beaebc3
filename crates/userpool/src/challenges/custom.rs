//! `CUSTOM_CHALLENGE`: the pool's own functions ask, and judge the answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Batch, Versioned};

use super::password_verifier;
use crate::{
    flows::{Attempt, Challenge, Outcome, Person, Proof, Session, SignInError, Step, Turn, finish, lockout},
    raise::{InvalidLambdaResponseException, Raise, UserNotConfirmedException, not_authorized},
    rows::{UserRow, UserStatus},
    triggers::auth_challenge::{self, Round},
};

pub const NAME: &str = "CUSTOM_CHALLENGE";
/// Rounds after which it has gone on long enough: the session would outgrow its limit.
const ROUNDS: usize = 10;

#[derive(Serialize, Deserialize)]
struct State {
    rounds: Vec<Round>,
    private: Value,
    metadata: Option<String>,
}

/// `CUSTOM_AUTH`. Where `CHALLENGE_NAME` is `SRP_A`, the password comes first, and the functions see that it did.
pub async fn begin(attempt: &Attempt<'_>, person: Person, given_name: &str, a: Option<String>) -> Outcome {
    if a.is_some() {
        let message = "CUSTOM_AUTH that begins with SRP_A is not supported yet.";
        return Err(crate::raise::NotImplemented(message.to_owned()).into());
    }
    let Person::Known(user) = person else {
        // A stranger's challenge could not be told from a real one without asking the functions about no one.
        return Err(SignInError::wrong_password());
    };
    next(attempt, *user, given_name, Vec::new(), None).await
}

pub async fn answer(turn: Turn<'_>) -> Outcome {
    let answer = turn.required("ANSWER")?.to_owned();
    let Turn { attempt, session, user, .. } = turn;
    let state: State =
        serde_json::from_value(session.state.clone()).map_err(|_| SignInError::invalid_session())?;
    let correct =
        auth_challenge::verify(attempt, &user.value.username, Some(&user.value), &state.private, &answer)
            .await?;
    let mut rounds = state.rounds;
    rounds.push(Round {
        challenge_name: NAME.to_owned(),
        challenge_result: correct,
        challenge_metadata: state.metadata,
    });
    let given_name = session.given_name.clone();
    next(attempt, user, &given_name, rounds, Some(session)).await
}

async fn next(
    attempt: &Attempt<'_>,
    user: Versioned<UserRow>,
    given_name: &str,
    rounds: Vec<Round>,
    used: Option<Session>,
) -> Outcome {
    let key = lockout::key(attempt.pool, &user.value.username_key);
    let attempts = lockout::read(&attempt.service.store, attempt.pool, key).await?;
    Proof::check_lock(&attempts, attempt.now())?;
    let username = user.value.username.clone();
    let next = auth_challenge::define(attempt, &username, Some(&user.value), &rounds).await?;
    let spent = used.map(|session| session.spent(attempt.pool));
    if next.fail || rounds.len() >= ROUNDS {
        let also = spent.iter().fold(Batch::new(), |batch, spent| batch.put(spent));
        let person = Person::Known(Box::new(user));
        return Err(password_verifier::refuse(attempt, &person, &attempts.key, &also).await?);
    }
    if next.issue_tokens {
        admit(&user.value)?;
        return finish(attempt, Proof { user, attempts: Some(attempts), spent }).await;
    }
    if next.challenge.as_deref() != Some(NAME) {
        let message = String::from("Unrecognizable lambda output");
        return Err(InvalidLambdaResponseException(message).into());
    }
    let posed = auth_challenge::create(attempt, &username, Some(&user.value), NAME, &rounds).await?;
    let state = State { rounds, private: posed.private, metadata: posed.metadata };
    let state = serde_json::to_value(state).map_err(|cause| Raise::Internal(cause.to_string()))?;
    let session = attempt.seal(&Session::new(attempt, NAME, &user.value, given_name, state))?;
    let mut parameters: BTreeMap<String, String> = posed
        .public
        .into_iter()
        .map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    parameters.insert(String::from("USERNAME"), username);
    if let Some(spent) = spent {
        Proof { user, attempts: None, spent: Some(spent) }.settle(attempt, &Batch::new()).await?;
    }
    Ok(Step::Challenge(Challenge { name: NAME.to_owned(), session: Some(session), parameters }))
}

fn admit(user: &UserRow) -> Result<(), Raise<SignInError>> {
    match user.status {
        _ if !user.enabled => Err(not_authorized("User is disabled.")),
        UserStatus::Unconfirmed => {
            Err(UserNotConfirmedException(String::from("User is not confirmed.")).into())
        }
        UserStatus::Archived | UserStatus::Compromised | UserStatus::Unknown => {
            Err(not_authorized("User is disabled."))
        }
        _ => Ok(()),
    }
}
