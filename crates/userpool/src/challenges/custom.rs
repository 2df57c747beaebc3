//! `CUSTOM_CHALLENGE`: the pool's own functions say what is asked, ask it, and judge the answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Batch;

use super::password_verifier;
use crate::{
    flows::{
        Answer, Attempt, Challenge, Outcome, Person, Proof, Session, SignInError, Step, finish, lockout,
    },
    raise::{InvalidLambdaResponseException, Raise, UserNotConfirmedException, invalid, not_authorized},
    rows::{SpentSession, UserRow, UserStatus},
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

/// `CUSTOM_AUTH`. With `SRP_A` the functions are told so, and may ask for the password first.
pub async fn begin(attempt: &Attempt<'_>, person: Person, given_name: &str, a: Option<String>) -> Outcome {
    let rounds = match a {
        Some(_) => vec![round("SRP_A", true, None)],
        None => Vec::new(),
    };
    next(attempt, person, given_name, rounds, None, a.as_deref()).await
}

/// The password was right: what comes next is the functions' to say.
pub async fn after_password(
    attempt: &Attempt<'_>,
    proof: Proof,
    given_name: &str,
    mut rounds: Vec<Round>,
) -> Outcome {
    let user = proof.settle(attempt, &Batch::new()).await?;
    rounds.push(round(password_verifier::NAME, true, None));
    next(attempt, Person::Known(Box::new(user)), given_name, rounds, None, None).await
}

/// Someone who does not exist is asked like someone who does; the functions are told which it is.
pub async fn answer(attempt: &Attempt<'_>, answer: Answer) -> Outcome {
    let Some(text) = &answer.session else { return Err(invalid("Missing required parameter Session")) };
    let session = attempt.open(NAME, text)?;
    let username = answer.required("USERNAME")?;
    let given = answer.required("ANSWER")?;
    let (person, _) = attempt.person_of(&session).await?;
    let is_stranger = person.user().is_none() && username == person.srp_user_id(attempt.pool);
    if !is_stranger && !session.is_for(attempt.pool, person.user(), username) {
        return Err(SignInError::invalid_session());
    }
    attempt.check_secret_hash(&[username, person.name(), &session.given_name])?;
    let state: State =
        serde_json::from_value(session.state.clone()).map_err(|_| SignInError::invalid_session())?;
    let correct =
        auth_challenge::verify(attempt, person.name(), person.user(), &state.private, given).await?;
    let mut rounds = state.rounds;
    rounds.push(round(NAME, correct, state.metadata));
    let spent = session.spent(attempt.pool);
    next(attempt, person, &session.given_name, rounds, Some(spent), None).await
}

fn round(name: &str, result: bool, metadata: Option<String>) -> Round {
    Round { challenge_name: name.to_owned(), challenge_result: result, challenge_metadata: metadata }
}

async fn next(
    attempt: &Attempt<'_>,
    person: Person,
    given_name: &str,
    rounds: Vec<Round>,
    spent: Option<SpentSession>,
    a: Option<&str>,
) -> Outcome {
    let attempts =
        lockout::read(&attempt.service.store, attempt.pool, person.lockout_key(attempt.pool)).await?;
    Proof::check_lock(&attempts, attempt.now())?;
    let next = auth_challenge::define(attempt, person.name(), person.user(), &rounds).await?;
    let person = match person {
        Person::Known(user) if next.issue_tokens && !next.fail => {
            admit(&user.value)?;
            return finish(attempt, Proof { user: *user, attempts: Some(attempts), spent }).await;
        }
        person => person,
    };
    if next.fail || next.issue_tokens || rounds.len() >= ROUNDS {
        let also = spent.iter().fold(Batch::new(), |batch, spent| batch.put(spent));
        return Err(password_verifier::refuse(attempt, &person, &attempts.key, &also).await?);
    }
    let step = match (next.challenge.as_deref(), a) {
        (Some(password_verifier::NAME), Some(a)) => {
            return password_verifier::pose(attempt, &person, given_name, a, Some(rounds)).await;
        }
        (Some(NAME), _) => pose(attempt, &person, given_name, rounds).await?,
        _ => {
            let message = String::from("Unrecognizable lambda output");
            return Err(InvalidLambdaResponseException(message).into());
        }
    };
    match (person, spent) {
        (_, None) => {}
        (Person::Known(user), spent) => {
            Proof { user: *user, attempts: None, spent }.settle(attempt, &Batch::new()).await?;
        }
        (Person::Unknown(_), Some(spent)) => {
            let spent = attempt.service.store.commit(Batch::new().insert(&spent)).await;
            spent.map_err(|_| -> Raise<SignInError> {
                not_authorized("Invalid session for the user, session can only be used once.")
            })?;
        }
    }
    Ok(step)
}

async fn pose(
    attempt: &Attempt<'_>,
    person: &Person,
    given_name: &str,
    rounds: Vec<Round>,
) -> Result<Step, Raise<SignInError>> {
    let posed = auth_challenge::create(attempt, person.name(), person.user(), NAME, &rounds).await?;
    let state = State { rounds, private: posed.private, metadata: posed.metadata };
    let state = serde_json::to_value(state).map_err(|cause| Raise::Internal(cause.to_string()))?;
    let session = attempt.seal(&Session::of(attempt, NAME, person.user(), given_name, state))?;
    let mut parameters: BTreeMap<String, String> = posed
        .public
        .into_iter()
        .map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    parameters.insert(String::from("USERNAME"), person.srp_user_id(attempt.pool));
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
