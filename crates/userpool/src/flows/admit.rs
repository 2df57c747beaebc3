//! What stands between a right password and being signed in.

use store::{Batch, Versioned};

use super::{Attempt, Outcome, Proof, finish};
use crate::{
    challenges::{mfa, new_password},
    raise::{PasswordResetRequiredException, Raise, UserNotConfirmedException, not_authorized},
    rows::{UserRow, UserStatus},
};

/// After the first factor: is this person allowed in, and what is still asked of them? Nothing of this is told to
/// someone who did not show the password.
pub async fn after_first_factor(attempt: &Attempt<'_>, proof: Proof, given_name: &str) -> Outcome {
    let user = &proof.user.value;
    if !user.enabled {
        return Err(not_authorized("User is disabled."));
    }
    match user.status {
        UserStatus::Unconfirmed => {
            Err(UserNotConfirmedException(String::from("User is not confirmed.")).into())
        }
        UserStatus::ResetRequired => {
            Err(PasswordResetRequiredException(String::from("Password reset required for the user")).into())
        }
        UserStatus::ForceChangePassword => {
            check_temporary_password(attempt, user)?;
            let user = proof.settle(attempt, &Batch::new()).await?;
            new_password::pose(attempt, &user.value, given_name)
        }
        UserStatus::Confirmed | UserStatus::ExternalProvider => {
            second_factor(attempt, proof, given_name).await
        }
        UserStatus::Archived | UserStatus::Compromised | UserStatus::Unknown => {
            Err(not_authorized("User is disabled."))
        }
    }
}

/// After a temporary password was replaced.
pub async fn after_new_password(
    attempt: &Attempt<'_>,
    user: Versioned<UserRow>,
    given_name: &str,
) -> Outcome {
    let proof = Proof { user, attempts: None, spent: None };
    second_factor(attempt, proof, given_name).await
}

async fn second_factor(attempt: &Attempt<'_>, proof: Proof, given_name: &str) -> Outcome {
    match mfa::wanted(attempt.pool, &proof.user.value) {
        None => finish(attempt, proof).await,
        Some(factor) => {
            let user = proof.settle(attempt, &Batch::new()).await?;
            mfa::pose(attempt, &user, given_name, factor).await
        }
    }
}

fn check_temporary_password<E>(attempt: &Attempt<'_>, user: &UserRow) -> Result<(), Raise<E>>
where
    E: From<crate::raise::NotAuthorizedException>,
{
    let days = attempt.pool.temporary_password_days();
    let since = user.password_changed_at.unwrap_or(user.created_at);
    if days > 0 && since.plus_seconds(days * 86_400) <= attempt.now() {
        return Err(not_authorized("Temporary password has expired and must be reset by an administrator."));
    }
    Ok(())
}
