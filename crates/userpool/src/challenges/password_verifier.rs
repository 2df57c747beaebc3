//! `PASSWORD_VERIFIER`: the server's half of SRP, then the client's proof.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto::srp::{self, ServerChallenge};
use ports::RngExt;
use serde::{Deserialize, Serialize};
use store::Batch;
use time::{format_description::BorrowedFormatItem, macros::format_description};

use super::custom;
use crate::{
    flows::{
        Answer, Attempt, Challenge, Outcome, Person, Proof, Session, SignInError, Step, after_first_factor,
        lockout,
    },
    raise::{PasswordResetRequiredException, Raise, invalid},
    rows::UserStatus,
    triggers::auth_challenge::Round,
};

pub const NAME: &str = "PASSWORD_VERIFIER";

/// `Tue Sep 25 00:09:40 UTC 2018`, the day without a leading zero.
const TIMESTAMP: &[BorrowedFormatItem<'_>] = format_description!(
    "[weekday repr:short] [month repr:short] [day padding:none] [hour]:[minute]:[second] UTC [year]"
);

#[derive(Serialize, Deserialize)]
struct State {
    /// `SRP_A`
    a: String,
    /// `ServerChallenge`, base64.
    b: String,
    user_id: String,
    /// What came before, where functions decide what comes next.
    custom: Option<Vec<Round>>,
}

/// One power of g, whoever is asked for. The session is the `SECRET_BLOCK`.
pub async fn pose(
    attempt: &Attempt<'_>,
    person: &Person,
    given_name: &str,
    a: &str,
    custom: Option<Vec<Round>>,
) -> Outcome {
    if srp::public_a(a).is_none() {
        return Err(invalid("SRP_A is not a valid public value."));
    }
    let verifier = person.verifier(attempt.service, attempt.pool)?;
    let salt = verifier.salt_hex();
    let random = attempt.service.rng.bytes();
    let challenge = attempt.service.heavy(move || ServerChallenge::new(&verifier, random)).await?;
    let user_id = person.srp_user_id(attempt.pool);
    let b = STANDARD.encode(challenge.to_bytes());
    let state = State { a: a.to_owned(), b, user_id: user_id.clone(), custom };
    let state = serde_json::to_value(state).map_err(|cause| Raise::Internal(cause.to_string()))?;
    let session = Session::of(attempt, NAME, person.user(), given_name, state);
    let parameters = [
        ("SALT", salt),
        ("SECRET_BLOCK", STANDARD.encode(attempt.seal(&session)?)),
        ("SRP_B", challenge.public_b_hex()),
        ("USERNAME", user_id.clone()),
        ("USER_ID_FOR_SRP", user_id),
    ];
    let parameters: BTreeMap<String, String> =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Step::Challenge(Challenge { name: NAME.to_owned(), session: None, parameters }))
}

/// Two powers, whoever it is. Right or wrong, the secret block is used up.
pub async fn answer(attempt: &Attempt<'_>, answer: Answer) -> Outcome {
    let username = answer.required("USERNAME")?;
    let secret_block = answer.required("PASSWORD_CLAIM_SECRET_BLOCK")?;
    let timestamp = answer.required("TIMESTAMP")?;
    let signature = answer.required("PASSWORD_CLAIM_SIGNATURE")?;
    if time::PrimitiveDateTime::parse(timestamp, TIMESTAMP).is_err() {
        return Err(invalid("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."));
    }
    let session = STANDARD.decode(secret_block).ok().and_then(|text| String::from_utf8(text).ok());
    let session = session.ok_or_else(SignInError::invalid_session)?;
    let session = attempt.open(NAME, &session)?;
    let state: State =
        serde_json::from_value(session.state.clone()).map_err(|_| SignInError::invalid_session())?;
    let challenge = STANDARD.decode(&state.b).ok().and_then(|bytes| ServerChallenge::from_bytes(&bytes));
    let challenge = challenge.ok_or_else(SignInError::invalid_session)?;

    let (person, attempts) = attempt.person_of(&session).await?;
    if names_someone_else(attempt, &session, &person, &state, username) {
        return Err(SignInError::invalid_session());
    }
    attempt.check_secret_hash(&[username, &state.user_id, &session.given_name])?;
    Proof::check_lock(&attempts, attempt.now())?;

    let verifier = person.verifier(attempt.service, attempt.pool)?;
    let pool_name = attempt.pool.srp_name().to_owned();
    let (user_id, a, custom) = (state.user_id, state.a, state.custom);
    let (secret_block, timestamp, signature) =
        (secret_block.to_owned(), timestamp.to_owned(), signature.to_owned());
    let proven = move || {
        let proof = srp::Proof {
            a_hex: &a,
            secret_block: &secret_block,
            timestamp: &timestamp,
            signature: &signature,
        };
        srp::verify(&verifier, &challenge, &pool_name, &user_id, proof)
    };
    let proven = attempt.service.heavy(proven).await?;
    let spent = session.spent(attempt.pool);
    match person {
        Person::Known(user) if proven && user.value.verifier.is_some() => {
            let proof = Proof { user: *user, attempts: Some(attempts), spent: Some(spent) };
            match custom {
                None => after_first_factor(attempt, proof, &session.given_name).await,
                Some(rounds) => custom::after_password(attempt, proof, &session.given_name, rounds).await,
            }
        }
        person => Err(refuse(attempt, &person, &attempts.key, &Batch::new().put(&spent)).await?),
    }
}

/// Counts the failure and says what is told. Where the client lets it be known that someone exists, they are told that
/// their password must be reset before they can know the right one.
pub async fn refuse(
    attempt: &Attempt<'_>,
    person: &Person,
    key: &str,
    also: &Batch,
) -> Result<Raise<SignInError>, Raise<SignInError>> {
    if let Some(user) = person.user()
        && user.status == UserStatus::ResetRequired
        && (user.verifier.is_none() || !attempt.client.hides_users())
    {
        let message = String::from("Password reset required for the user");
        return Ok(PasswordResetRequiredException(message).into());
    }
    Ok(lockout::failed(attempt.service, attempt.pool, key, also).await?.sign_in())
}

/// Whether the answer names someone other than the session does.
fn names_someone_else(
    attempt: &Attempt<'_>,
    session: &Session,
    person: &Person,
    state: &State,
    username: &str,
) -> bool {
    attempt.pool.normalised(username) != attempt.pool.normalised(&state.user_id)
        && !session.is_for(attempt.pool, person.user(), username)
}
