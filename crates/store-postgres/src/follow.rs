//! Hearing of what other nodes commit.
//!
//! Every commit leaves a row in `poolhouse.commits`; what became visible since the last look is what is new. A look is
//! taken when a notification says so, and every half a second in case one was lost. The notification is sent beside
//! commits and not in them: PostgreSQL lets transactions that notify commit only one after the other (async.c, "we also
//! hold ... the database lock"), which would cost the fsyncs that commits share.
//!
//! A look that could have missed something (a new connection, another server, too much to read) says so: everything
//! held in memory is to be dropped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use store::Change;
use tokio::{
    sync::{Notify, broadcast},
    time::{Instant, sleep, timeout},
};
use tokio_postgres::types::Type;

use crate::{
    connect::{Connection, Connector},
    error::told,
};

/// More than this at once is not read row by row.
const MOST: usize = 20_000;
/// Notifications that come thick and fast share a look, and commits a notification.
const BREATH: Duration = Duration::from_millis(20);
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// So many looks from one time that we say we are there to the next.
const LOOKS: u32 = 10;
/// Says that we are there, and how many others have said so not long ago.
const PRESENCE: &str = "WITH here AS (
        INSERT INTO poolhouse.probes (node) VALUES ($1) ON CONFLICT (node) DO UPDATE SET at = now()
    ), gone AS (DELETE FROM poolhouse.probes WHERE at < now() - interval '1 day')
    SELECT count(*) + 1 FROM poolhouse.probes WHERE node <> $1 AND at > now() - interval '15 seconds'";
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const TRIM: i32 = 2000;

pub(crate) struct Follower {
    pub connector: Arc<Connector>,
    pub changes: broadcast::Sender<Change>,
    /// Whose commits are told here already, without the database.
    pub origin: Arc<AtomicI64>,
    pub node: i64,
    /// How many servers there are, this one among them.
    pub nodes: Arc<AtomicUsize>,
    /// Something was committed here: others should look.
    pub hint: Arc<Notify>,
    pub every: Duration,
    pub patience: Duration,
}

/// What had become visible when the last look was taken, and on which server.
struct Seen {
    snapshot: String,
    server: String,
}

impl Follower {
    /// Connected, and knowing from where on to look: whatever is committed after this is heard of.
    pub async fn start(self) -> Result<tokio::task::JoinHandle<()>, String> {
        let begun = self.begin().await?;
        Ok(tokio::spawn(self.run(begun)))
    }

    async fn run(self, mut begun: (Connection, Seen)) {
        loop {
            let cause = self.follow(begun.0, begun.1).await;
            tracing::warn!(cause, "lost touch with other nodes' changes; connecting again");
            let mut pause = BREATH;
            begun = loop {
                match self.begin().await {
                    Ok(begun) => break begun,
                    Err(cause) => tracing::debug!(cause, "the database is still away"),
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
                sleep(pause).await;
            };
            self.drop_everything();
        }
    }

    async fn begin(&self) -> Result<(Connection, Seen), String> {
        let connection = self.connector.connect().await?;
        if !self.connector.pooled {
            within(self.patience, connection.client.batch_execute("LISTEN poolhouse")).await?;
        }
        let (seen, _) = self.look(&connection, None).await?;
        self.meet(&connection).await?;
        Ok((connection, seen))
    }

    /// Until the connection fails; the answer is why.
    async fn follow(&self, connection: Connection, mut seen: Seen) -> String {
        let mut tidy_at = Instant::now() + TIDY_EVERY;
        let mut meet_at = Instant::now() + self.every * LOOKS;
        let cause = loop {
            let hinted = tokio::select! {
                () = connection.heard.notified() => false,
                () = self.hint.notified() => true,
                () = sleep(self.every) => false,
            };
            let round = async {
                if hinted {
                    self.tell(&connection).await?;
                }
                let (now, missed) = self.look(&connection, Some(&seen)).await?;
                seen = now;
                if missed {
                    self.drop_everything();
                }
                if Instant::now() >= meet_at {
                    meet_at = Instant::now() + self.every * LOOKS;
                    self.meet(&connection).await?;
                }
                if Instant::now() >= tidy_at {
                    tidy_at = Instant::now() + self.tidy(&connection).await?;
                }
                Ok(())
            };
            if let Err(cause) = round.await {
                break cause;
            }
            sleep(BREATH).await;
        };
        connection.abandon();
        cause
    }

    async fn tell(&self, connection: &Connection) -> Result<(), String> {
        within(self.patience, connection.client.batch_execute("NOTIFY poolhouse")).await
    }

    /// What became visible since `before` is told; the second answer is whether something may have been missed.
    async fn look(&self, connection: &Connection, before: Option<&Seen>) -> Result<(Seen, bool), String> {
        // Of a first look, from nowhere, only the snapshot counts.
        let sql = "SELECT * FROM poolhouse.changes_since($1, $2, $3)";
        let from = before.map_or("", |before| &before.snapshot);
        let origin = self.origin.load(Ordering::SeqCst);
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
            [(&from, Type::TEXT), (&origin, Type::INT8), (&most, Type::INT8)];
        let rows = within(self.patience, connection.client.query_typed(sql, &parameters)).await?;
        let too_many = rows.len() > MOST;
        let mut seen = None;
        for row in &rows {
            let of: Option<i64> = row.try_get(0).map_err(|cause| told(&cause))?;
            let texts: Vec<String> = row.try_get(1).map_err(|cause| told(&cause))?;
            match (of, texts.as_slice()) {
                (None, [snapshot, server]) => {
                    seen = Some(Seen { snapshot: snapshot.clone(), server: server.clone() });
                }
                _ if too_many => {}
                _ => self.tell_here(&texts),
            }
        }
        let seen = seen.ok_or_else(|| String::from("a look had no answer"))?;
        let other_server = before.is_some_and(|before| before.server != seen.server);
        Ok((seen, too_many || other_server))
    }

    fn tell_here(&self, changed: &[String]) {
        for triple in changed.chunks_exact(3) {
            if let [partition, collection, key] = triple {
                // An error only says that nobody listens.
                let _ = self.changes.send(Change {
                    collection: collection.clone(),
                    partition: partition.clone(),
                    key: key.clone(),
                });
            }
        }
    }

    fn drop_everything(&self) {
        let _ = self.changes.send(Change::everything());
    }

    /// Tells the others that we are there, and counts them.
    async fn meet(&self, connection: &Connection) -> Result<(), String> {
        let rows =
            within(self.patience, connection.client.query_typed(PRESENCE, &[(&self.node, Type::INT8)]))
                .await?;
        let nodes = rows.first().map_or(1, |row| row.try_get::<_, i64>(0).unwrap_or(1));
        self.nodes.store(usize::try_from(nodes).unwrap_or(1).max(1), Ordering::Relaxed);
        Ok(())
    }

    /// Every node does this now and then; the rows that one holds the others leave alone. Says when to come again.
    async fn tidy(&self, connection: &Connection) -> Result<Duration, String> {
        let sql = "SELECT poolhouse.trim_commits($1), poolhouse.forget_uploads(10)";
        let rows = within(self.patience, connection.client.query_typed(sql, &[(&TRIM, Type::INT4)])).await?;
        let trimmed = rows.first().map_or(0, |row| row.try_get::<_, i64>(0).unwrap_or(0));
        Ok(if trimmed == i64::from(TRIM) { BREATH } else { TIDY_EVERY })
    }
}

async fn within<T>(
    patience: Duration,
    statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, String> {
    match timeout(patience, statement).await {
        Ok(outcome) => outcome.map_err(|cause| told(&cause)),
        Err(_) => Err(format!("no answer within {} ms", patience.as_millis())),
    }
}
