//! The first request of a sign-in.

use base::Secret;
use store::Batch;

use super::{
    Attempt, DoorKind, Outcome, Person, Proof, SignInError, after_first_factor,
    lockout::{self, Attempts},
};
use crate::{
    challenges::{custom, password_verifier},
    raise::{InvalidParameterException, Raise, UserNotFoundException, invalid},
    triggers::{
        pre_authentication,
        user_migration::{self, Migration},
    },
};

/// How someone begins.
pub enum Opening {
    /// `USER_SRP_AUTH`: `SRP_A`, in hexadecimal.
    Srp { username: String, a: String },
    /// `USER_PASSWORD_AUTH`, `ADMIN_USER_PASSWORD_AUTH`, and the pages' form.
    Password { username: String, password: Secret<String> },
    /// `CUSTOM_AUTH`, with `SRP_A` where the password is asked for first.
    Custom { username: String, a: Option<String> },
}

impl Opening {
    fn username(&self) -> &str {
        match self {
            Self::Srp { username, .. } | Self::Password { username, .. } | Self::Custom { username, .. } => {
                username
            }
        }
    }
}

/// `UsernameType` of the API model.
const LONGEST_NAME: usize = 128;

pub async fn start(attempt: &Attempt<'_>, opening: Opening) -> Outcome {
    require(attempt, &opening)?;
    if opening.username().chars().count() > LONGEST_NAME {
        return Err(invalid("USERNAME must have length less than or equal to 128"));
    }
    attempt.check_secret_hash(&[opening.username()])?;
    let (person, attempts) = match attempt.find(opening.username()).await? {
        (Person::Unknown(name), attempts) => stranger(attempt, name, attempts, &opening).await?,
        known => known,
    };
    Proof::check_lock(&attempts, attempt.now())?;
    pre_authentication::ask(attempt, &person).await?;
    match opening {
        Opening::Srp { username, a } => password_verifier::pose(attempt, &person, &username, &a, None).await,
        Opening::Custom { username, a } => custom::begin(attempt, person, &username, a).await,
        Opening::Password { username, password } => {
            let verifier = person.verifier(attempt.service, attempt.pool)?;
            let (pool_name, user_id) = (attempt.pool.srp_name().to_owned(), person.srp_user_id(attempt.pool));
            let matches = move || verifier.matches_password(&pool_name, &user_id, password.expose());
            let matches = attempt.service.heavy(matches).await?;
            match person {
                Person::Known(user) if matches && user.value.verifier.is_some() => {
                    let proof = Proof { user: *user, attempts: Some(attempts), spent: None };
                    after_first_factor(attempt, proof, &username).await
                }
                person => {
                    Err(password_verifier::refuse(attempt, &person, &attempts.key, &Batch::new()).await?)
                }
            }
        }
    }
}

/// Whether the client's `ExplicitAuthFlows` have this way in. The pages are a way of their own.
fn require(attempt: &Attempt<'_>, opening: &Opening) -> Result<(), InvalidParameterException> {
    let client = attempt.client;
    let refused = |message: &str| Err(InvalidParameterException(message.to_owned()));
    match (attempt.door.kind, opening) {
        (DoorKind::Hosted, _) => Ok(()),
        (_, Opening::Srp { .. }) if !client.allows("ALLOW_USER_SRP_AUTH") => {
            refused("USER_SRP_AUTH is not enabled for the client.")
        }
        (_, Opening::Custom { .. }) if !client.allows("ALLOW_CUSTOM_AUTH") => {
            refused("CUSTOM_AUTH is not enabled for the client.")
        }
        (DoorKind::Api, Opening::Password { .. }) if !client.allows("ALLOW_USER_PASSWORD_AUTH") => {
            refused("USER_PASSWORD_AUTH flow not enabled for this client")
        }
        (DoorKind::Admin, Opening::Password { .. })
            if !client.allows("ALLOW_ADMIN_USER_PASSWORD_AUTH")
                && !client.allows("ALLOW_USER_PASSWORD_AUTH") =>
        {
            refused("Auth flow not enabled for this client")
        }
        _ => Ok(()),
    }
}

/// Someone who is not here: perhaps they are where the pool's migration trigger looks. Otherwise they go on as a
/// stranger, or are told so where the client lets that be known.
async fn stranger(
    attempt: &Attempt<'_>,
    name: String,
    attempts: Attempts,
    opening: &Opening,
) -> Result<(Person, Attempts), Raise<SignInError>> {
    if let Opening::Password { username, password } = opening {
        // Guessing through the trigger locks like guessing at the door.
        Proof::check_lock(&attempts, attempt.now())?;
        match user_migration::authenticate(attempt, username, password).await? {
            Migration::None => {}
            Migration::Done(user) => return Ok(attempt.with_attempts(Person::Known(user)).await?),
            Migration::Refused if attempt.client.hides_users() => {}
            Migration::Refused => {
                let key = &attempts.key;
                let _ = lockout::failed(attempt.service, attempt.pool, key, &Batch::new()).await?;
            }
        }
    }
    if attempt.client.hides_users() {
        Ok((Person::Unknown(name), attempts))
    } else {
        Err(UserNotFoundException(String::from("User does not exist.")).into())
    }
}
