//! What a passed step must still hold when it is committed.

use base::Timestamp;
use store::{Batch, Collection, CommitError, Versioned};

use super::{Attempt, SignInError, lockout, lockout::Attempts};
use crate::{
    raise::{Raise, not_authorized},
    rows::{SpentSession, UserRow},
};

/// Tries before a user whom everybody writes to is given up.
const TRIES: usize = 16;

/// A step that was passed: what was looked at to pass it, and the session that it used up.
pub struct Proof {
    pub user: Versioned<UserRow>,
    /// The counter before the password was looked at; `None` where no secret was guessed at.
    pub attempts: Option<Attempts>,
    pub spent: Option<SpentSession>,
}

impl Proof {
    /// Commits `more` together with what the proof rests on: the session is unspent, nobody guessed wrong meanwhile, and
    /// the user is as they were. Where a row moved but still says the same, it tries again.
    pub async fn settle(
        mut self,
        attempt: &Attempt<'_>,
        more: &Batch,
    ) -> Result<Versioned<UserRow>, Raise<SignInError>> {
        let store = &attempt.service.store;
        for _ in 0..TRIES {
            let mut batch = Batch::new().expect(&self.user).and(more.clone());
            if let Some(attempts) = &self.attempts {
                batch = attempts.cleared(batch);
            }
            if let Some(spent) = &self.spent {
                batch = batch.insert(spent);
            }
            match store.commit(batch).await {
                Ok(()) => return Ok(self.user),
                Err(CommitError::Conflict(row)) if row.collection == SpentSession::NAME => {
                    return Err(not_authorized(
                        "Invalid session for the user, session can only be used once.",
                    ));
                }
                Err(CommitError::Conflict(_)) => self.read_again(attempt).await?,
                Err(other) => return Err(other.into()),
            }
        }
        Err(Raise::Busy)
    }

    async fn read_again(&mut self, attempt: &Attempt<'_>) -> Result<(), Raise<SignInError>> {
        let service = attempt.service;
        let before = &self.user.value;
        let user = service.store.get::<UserRow>(&before.user_pool_id, &before.username_key).await?;
        let user =
            user.filter(|user| is_unchanged(before, &user.value)).ok_or_else(SignInError::wrong_password)?;
        self.user = user;
        if let Some(attempts) = self.attempts.take() {
            let attempts = lockout::read(&service.store, attempt.pool, attempts.key).await?;
            if attempts.is_locked(attempt.now()) {
                return Err(lockout::exceeded());
            }
            self.attempts = Some(attempts);
        }
        Ok(())
    }

    /// Whether the counter says that nobody may try now.
    pub fn check_lock(attempts: &Attempts, now: Timestamp) -> Result<(), Raise<SignInError>> {
        if attempts.is_locked(now) { Err(lockout::exceeded()) } else { Ok(()) }
    }
}

/// Whether what a sign-in rests on is still the same.
fn is_unchanged(before: &UserRow, now: &UserRow) -> bool {
    before.sub == now.sub
        && before.verifier == now.verifier
        && before.status == now.status
        && before.enabled == now.enabled
        && before.mfa.totp_seed == now.mfa.totp_seed
        && before.mfa.totp_last_step == now.mfa.totp_last_step
}
