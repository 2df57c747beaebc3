//! One-time codes: six digits that are sent to someone, good once, for a while, and for a few wrong tries.

use base::Timestamp;
use crypto::digest::constant_time_eq;
use store::{Batch, Versioned};

use crate::{
    directory::Pool,
    messages,
    raise::{LimitExceededException, Raise},
    rows::{CodePurpose, CodeRow},
    service::Service,
    users,
};

/// Wrong tries within a window, whatever number of codes was sent in it.
const FAILURES: u32 = 5;
/// Codes sent within a window; second factors are sent with each sign-in.
const SENT: u32 = 5;
const SECOND_FACTORS_SENT: u32 = 60;
const WINDOW_SECONDS: i64 = 3600;

/// Too many were asked for: `LimitExceededException`.
#[derive(Debug)]
pub struct TooManySent;

impl<E: From<LimitExceededException>> From<TooManySent> for Raise<E> {
    fn from(_: TooManySent) -> Self {
        LimitExceededException(String::from("Attempt limit exceeded, please try after some time.")).into()
    }
}

/// Why a code is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    Wrong,
    /// Never sent, used up, or too old.
    Expired,
    /// Too many wrong tries; the code may have been right.
    TooManyTries,
}

impl CodePurpose {
    fn is_second_factor(self) -> bool {
        matches!(self, Self::SmsMfa | Self::EmailMfa)
    }

    fn most_sent(self) -> u32 {
        if self.is_second_factor() { SECOND_FACTORS_SENT } else { SENT }
    }

    /// "Quotas in Amazon Cognito": sign-up codes and attribute codes live a day, reset codes an hour, MFA codes as long as
    /// a session by default.
    pub fn lifetime_seconds(self) -> i64 {
        match self {
            Self::SignUp | Self::VerifyEmail | Self::VerifyPhoneNumber => 86_400,
            Self::ForgotPassword => 3600,
            Self::SmsMfa | Self::EmailMfa => 180,
        }
    }
}

/// The row that a fresh code is kept in, in the place of `before`.
pub fn sent(
    before: Option<&CodeRow>,
    pool: &Pool,
    sub: &str,
    purpose: CodePurpose,
    destination: &str,
    code: &str,
    now: Timestamp,
) -> Result<CodeRow, TooManySent> {
    let window = before.filter(|row| row.window_ends > now);
    let sent = window.map_or(0, |row| row.sent);
    if sent >= purpose.most_sent() {
        return Err(TooManySent);
    }
    Ok(CodeRow {
        user_pool_id: pool.id().to_owned(),
        sub: sub.to_owned(),
        purpose,
        hash: hash(pool, sub, purpose, code),
        destination: destination.to_owned(),
        valid_until: now.plus_seconds(purpose.lifetime_seconds()),
        // Who guesses at second factors is locked out like who guesses at passwords.
        failures: window.filter(|_| !purpose.is_second_factor()).map_or(0, |row| row.failures),
        sent: sent + 1,
        window_ends: window.map_or(now.plus_seconds(WINDOW_SECONDS), |row| row.window_ends),
    })
}

/// What a try leaves in the row's place: used up where it was right, one failure more where it was wrong. Both are to be
/// committed with the version that was read, so that tries made at once count one by one.
pub fn check(row: &CodeRow, pool: &Pool, code: &str, now: Timestamp) -> (CodeRow, Result<(), Unfit>) {
    let mut after = row.clone();
    if row.window_ends <= now {
        after.failures = 0;
        after.sent = 0;
        after.window_ends = now.plus_seconds(WINDOW_SECONDS);
    }
    if after.failures >= FAILURES {
        return (after, Err(Unfit::TooManyTries));
    }
    if row.hash.is_empty() || row.valid_until <= now {
        return (after, Err(Unfit::Expired));
    }
    let shown = hash(pool, &row.sub, row.purpose, code);
    if !constant_time_eq(shown.as_bytes(), row.hash.as_bytes()) {
        after.failures += 1;
        return (after, Err(Unfit::Wrong));
    }
    after.hash = String::new();
    after.failures = 0;
    (after, Ok(()))
}

fn hash(pool: &Pool, sub: &str, purpose: CodePurpose, code: &str) -> String {
    pool.keyed_hex(&["code", sub, purpose.as_str(), code])
}

/// Puts a fresh code in the place of what was read.
pub fn write(before: Option<&Versioned<CodeRow>>, sent: &CodeRow) -> Batch {
    match before {
        Some(before) => Batch::new().replace(before, sent),
        None => Batch::new().insert(sent),
    }
}

/// For someone who does not exist, where the client hides that: a code that nobody is sent, with the same limits and the
/// same work as one that somebody is.
pub async fn pretend<E: From<LimitExceededException>>(
    service: &Service,
    pool: &Pool,
    name: &str,
    purpose: CodePurpose,
) -> Result<(), Raise<E>> {
    let sub = users::stranger_id(pool, name);
    let code = messages::fresh_code(service);
    service
        .store
        .decide(async || {
            let before = service.store.get::<CodeRow>(pool.id(), &purpose.key(&sub)).await?;
            let row = before.as_ref().map(|row| &row.value);
            let sent = sent(row, pool, &sub, purpose, "", &code, service.clock.now())?;
            Ok((write(before.as_ref(), &sent), ()))
        })
        .await
}

/// A try at such a code: it counts, and is never right.
pub async fn try_pretended<E>(
    service: &Service,
    pool: &Pool,
    name: &str,
    purpose: CodePurpose,
    code: &str,
) -> Result<(Batch, Unfit), Raise<E>> {
    let key = purpose.key(&users::stranger_id(pool, name));
    let Some(row) = service.store.get::<CodeRow>(pool.id(), &key).await? else {
        return Ok((Batch::new(), Unfit::Expired));
    };
    let (after, tried) = check(&row.value, pool, code, service.clock.now());
    Ok((Batch::new().replace(&row, &after), tried.err().unwrap_or(Unfit::Wrong)))
}
