//! Bringing the tables up to date, by whichever node comes first.
//!
//! No advisory lock: the migrations table is the lock. Whoever inserts a version's row does the step in the same
//! transaction; others wait at that row's key, find it taken, and look again.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, error::SqlState};

use crate::{OpenError, error::told};

/// Grows with each step.
pub(crate) const VERSION: i32 = 1;

/// What brings a database from version `n` to `n + 1` stands at `n`. Never edited once released; added to.
const STEPS: [&[&str]; 1] = [&[
    include_str!("sql/0001_tables.sql"),
    include_str!("sql/0001_commit.sql"),
    include_str!("sql/0001_reads.sql"),
    include_str!("sql/0001_blobs.sql"),
]];

const FOUNDATION: &str = "CREATE SCHEMA IF NOT EXISTS poolhouse;
    CREATE TABLE IF NOT EXISTS poolhouse.migrations (
        version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())";

const ROUNDS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) async fn bring_up(client: &Client) -> Result<(), OpenError> {
    match timeout(PATIENCE, step_by_step(client)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(OpenError::Migration(format!("not done within {} s", PATIENCE.as_secs()))),
    }
}

async fn step_by_step(client: &Client) -> Result<(), OpenError> {
    refuse_unfit(client).await?;
    let mut last = String::new();
    for _ in 0..ROUNDS {
        let found = version(client).await?;
        let outcome = match found {
            Some(found) if found > VERSION => return Err(OpenError::Newer { found, supported: VERSION }),
            Some(VERSION) => return Ok(()),
            Some(found) => take_step(client, found).await,
            None => client.batch_execute(FOUNDATION).await,
        };
        match outcome {
            Ok(()) => {}
            // Another node was there first, or is there now.
            Err(cause) if is_a_race(&cause) => {
                last = told(&cause);
                sleep(PAUSE).await;
            }
            Err(cause) => return Err(OpenError::Migration(told(&cause))),
        }
    }
    Err(OpenError::Migration(last))
}

/// One message, one transaction.
async fn take_step(client: &Client, from: i32) -> Result<(), tokio_postgres::Error> {
    let step = STEPS[usize::try_from(from).unwrap_or(0).min(STEPS.len() - 1)].join("\n");
    let text = format!(
        "BEGIN; SET LOCAL statement_timeout = 0; INSERT INTO poolhouse.migrations (version) VALUES ({}); {step}; COMMIT",
        from + 1
    );
    let outcome = client.batch_execute(&text).await;
    if outcome.is_err() {
        // What went wrong is in the first error; a broken connection has nothing to roll back.
        let _ = client.batch_execute("ROLLBACK").await;
    } else {
        tracing::info!(version = from + 1, "the database's tables are up to date");
    }
    outcome
}

/// `None` before anything was made.
async fn version(client: &Client) -> Result<Option<i32>, OpenError> {
    let wrong = |cause: tokio_postgres::Error| OpenError::Migration(told(&cause));
    let there = client
        .query_typed_one("SELECT to_regclass('poolhouse.migrations') IS NOT NULL", &[])
        .await
        .and_then(|row| row.try_get::<_, bool>(0))
        .map_err(wrong)?;
    if !there {
        return Ok(None);
    }
    client
        .query_typed_one("SELECT coalesce(max(version), 0) FROM poolhouse.migrations", &[])
        .await
        .and_then(|row| row.try_get::<_, i32>(0))
        .map(Some)
        .map_err(wrong)
}

async fn refuse_unfit(client: &Client) -> Result<(), OpenError> {
    let row = client
        .query_typed_one(
            "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding')",
            &[],
        )
        .await
        .map_err(|cause| OpenError::Away(told(&cause)))?;
    let read = || Ok::<_, tokio_postgres::Error>((row.try_get::<_, i32>(0)?, row.try_get::<_, String>(1)?));
    let (version, encoding) = read().map_err(|cause| OpenError::Unfit(told(&cause)))?;
    if version < 130_000 {
        return Err(OpenError::Unfit(format!(
            "it is PostgreSQL {}; 13 is the oldest that will do",
            version / 10_000
        )));
    }
    if encoding != "UTF8" {
        return Err(OpenError::Unfit(format!("its encoding is {encoding}; create it with ENCODING 'UTF8'")));
    }
    Ok(())
}

/// `IF NOT EXISTS` does not keep two sessions apart that create the same thing at the same time.
fn is_a_race(cause: &tokio_postgres::Error) -> bool {
    cause.code().is_some_and(|code| {
        [
            SqlState::UNIQUE_VIOLATION,
            SqlState::DUPLICATE_SCHEMA,
            SqlState::DUPLICATE_TABLE,
            SqlState::DUPLICATE_OBJECT,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ]
        .contains(code)
    })
}
