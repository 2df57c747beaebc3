//! Wrong passwords cost time.
//!
//! "After five failed sign-in attempts, Amazon Cognito locks out your user for one second. The lockout duration then
//! doubles after each additional one failed attempt, up to a maximum of approximately 15 minutes. Attempts made during a
//! lockout period generate a Password attempts exceeded exception, and don't affect the duration of subsequent lockout
//! periods." ("Authentication with Amazon Cognito user pools", lockout behavior.)
//!
//! Many guesses made at once count one by one: each failure is a compare-and-set of the counter, and a success stands
//! only if the counter is still what it was before the password was looked at (see [`Proof`](super::Proof)).

use base::Timestamp;
use store::{Batch, Store, StoreError, Versioned};

use super::SignInError;
use crate::{
    directory::Pool,
    raise::{Raise, not_authorized},
    rows::AttemptsRow,
    service::Service,
};

const FREE_ATTEMPTS: u32 = 5;
const LONGEST_SECONDS: i64 = 900;
/// How long after a lockout a quiet counter starts anew.
const FORGET_SECONDS: i64 = 900;

/// The counter as it was read.
pub struct Attempts {
    pub pool_id: String,
    pub key: String,
    pub row: Option<Versioned<AttemptsRow>>,
}

/// Where a name's failures are counted.
pub fn key(pool: &Pool, name: &str) -> String {
    pool.keyed_hex(&["attempts", name])
}

pub async fn read(store: &Store, pool: &Pool, key: String) -> Result<Attempts, StoreError> {
    let row = store.get::<AttemptsRow>(pool.id(), &key).await?;
    Ok(Attempts { pool_id: pool.id().to_owned(), key, row })
}

impl Attempts {
    pub fn is_locked(&self, now: Timestamp) -> bool {
        self.row.as_ref().is_some_and(|row| row.value.locked_until > now)
    }

    /// What a success commits: nobody failed meanwhile, and the counter goes.
    #[must_use]
    pub fn cleared(&self, batch: Batch) -> Batch {
        match &self.row {
            Some(row) => batch.spend(row),
            None => batch.expect_absent::<AttemptsRow>(&self.pool_id, &self.key),
        }
    }
}

/// "Password attempts exceeded".
pub fn exceeded() -> Raise<SignInError> {
    not_authorized("Password attempts exceeded")
}

/// What someone who failed is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Wrong,
    /// The lock has fallen meanwhile: nothing about the password at all.
    Locked,
}

impl Told {
    pub fn sign_in(self) -> Raise<SignInError> {
        match self {
            Self::Wrong => SignInError::wrong_password(),
            Self::Locked => exceeded(),
        }
    }
}

/// Counts a failure, and commits `also` with it.
pub async fn failed<E>(service: &Service, pool: &Pool, key: &str, also: &Batch) -> Result<Told, Raise<E>> {
    service
        .store
        .decide(async || {
            let attempts = read(&service.store, pool, key.to_owned()).await?;
            let now = service.clock.now();
            if attempts.is_locked(now) {
                return Ok((Batch::new(), Told::Locked));
            }
            let after = after_failure(&attempts, now);
            let batch = match &attempts.row {
                Some(row) => Batch::new().replace(row, &after),
                None => Batch::new().insert(&after),
            };
            Ok((batch.and(also.clone()), Told::Wrong))
        })
        .await
}

fn after_failure(attempts: &Attempts, now: Timestamp) -> AttemptsRow {
    let failures = attempts.row.as_ref().map_or(0, |row| row.value.failures).saturating_add(1);
    let locked_until = match failures.checked_sub(FREE_ATTEMPTS) {
        None => now,
        Some(doublings) => now.plus_seconds((1 << doublings.min(10)).min(LONGEST_SECONDS)),
    };
    AttemptsRow {
        user_pool_id: attempts.pool_id.clone(),
        name_hash: attempts.key.clone(),
        failures,
        locked_until,
        expires_at: locked_until.plus_seconds(FORGET_SECONDS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_failure_locks_for_a_second_and_each_further_one_twice_as_long() {
        let now = Timestamp::from_seconds(1_000);
        let mut attempts = Attempts { pool_id: String::from("p"), key: String::from("k"), row: None };
        let mut seconds = Vec::new();
        for version in 1..=17 {
            let row = after_failure(&attempts, now);
            seconds.push(row.locked_until.millis_since(now) / 1000);
            attempts.row = Some(Versioned { value: row, version });
        }
        assert_eq!(seconds, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    }
}
