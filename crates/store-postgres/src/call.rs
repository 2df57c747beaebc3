//! One call to the database: within a deadline, tried again where that may help.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use store::StoreError;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{
    error::{Failed, of_postgres, unavailable},
    pool::{Pool, Without},
};

/// How often a call is tried, at most.
const ATTEMPTS: u32 = 16;
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

pub(crate) type Parameters<'a> = [(&'a (dyn ToSql + Sync), Type)];

/// A statement, as it is asked first and as it is asked when an earlier attempt may have been done.
///
/// Each is one message with the parameters' types in it (Parse, Bind, Execute, Sync): one round trip, and nothing left
/// in the session that the next one would need, so that any pooler may stand between.
pub(crate) struct Question {
    pub first: &'static str,
    pub again: &'static str,
}

impl Question {
    pub const fn of(sql: &'static str) -> Self {
        Self { first: sql, again: sql }
    }
}

/// A call that failed.
pub(crate) struct Unanswered {
    pub error: StoreError,
    /// It may have been done all the same.
    pub perhaps_done: bool,
}

pub(crate) struct Caller {
    pub pool: Pool,
    /// For a whole call.
    pub deadline: Duration,
    /// For one attempt.
    pub statement: Duration,
}

impl Caller {
    pub async fn ask(&self, sql: &'static str, parameters: &Parameters<'_>) -> Result<Vec<Row>, StoreError> {
        self.call(&Question::of(sql), parameters).await.map_err(|unanswered| unanswered.error)
    }

    pub async fn call(
        &self,
        question: &Question,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, Unanswered> {
        let give_up = Instant::now() + self.deadline;
        let mut asked = false;
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let sql = if asked { question.again } else { question.first };
            let text = match self.attempt(sql, parameters, give_up, &mut asked).await {
                Ok(rows) => return Ok(rows),
                Err(Failed::Refused(error)) => {
                    return Err(Unanswered { error, perhaps_done: false });
                }
                Err(Failed::GaveWay(text)) => text,
                Err(Failed::Lost(text)) if asked && self.pool.connector.is_long_away() => {
                    return Err(Unanswered { error: unavailable(text), perhaps_done: asked });
                }
                Err(Failed::Lost(text)) => text,
            };
            pause = (pause * 2).min(LONGEST_PAUSE);
            let next = Instant::now() + jittered(pause);
            if attempt >= ATTEMPTS || next >= give_up || self.pool.connector.is_long_away() {
                return Err(Unanswered { error: unavailable(text), perhaps_done: asked });
            }
            tracing::debug!(attempt, cause = text, "asking the database again");
            sleep(next - Instant::now()).await;
        }
        Err(Unanswered { error: unavailable("no attempt was made"), perhaps_done: false })
    }

    async fn attempt(
        &self,
        sql: &str,
        parameters: &Parameters<'_>,
        give_up: Instant,
        asked: &mut bool,
    ) -> Result<Vec<Row>, Failed> {
        let taken = self.pool.take(give_up).await.map_err(|without| match without {
            Without::Refused(text) => Failed::Refused(unavailable(text)),
            Without::Away(text) => Failed::Lost(text),
        })?;
        let Some(connection) = taken.connection() else {
            return Err(Failed::Lost(String::from("the connection is gone")));
        };
        *asked = true;
        let until = give_up.min(Instant::now() + self.statement);
        match timeout_at(until, connection.client.query_typed(sql, parameters)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(cause)) => {
                let failed = of_postgres(&cause);
                if matches!(failed, Failed::Lost(_)) {
                    taken.abandon();
                }
                Err(failed)
            }
            // Whoever froze holds no more than this one call up, and the rest goes to whom else there is.
            Err(_) => {
                taken.abandon();
                Err(Failed::Lost(format!(
                    "no answer within {} ms; whether it was done is not known",
                    self.statement.as_millis()
                )))
            }
        }
    }
}

/// Between half of it and all of it, so that those who collided do not collide again.
fn jittered(pause: Duration) -> Duration {
    // Seeded anew by the standard library for each.
    let random = RandomState::new().hash_one(0_u8) % 1024;
    pause / 2 + (pause / 2) * u32::try_from(random).unwrap_or(0) / 1024
}
