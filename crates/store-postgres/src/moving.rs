//! Everything out, from one snapshot; everything in, in one transaction. Each on a connection of its own, so that nobody
//! waits for it.

use std::time::Duration;

use base::Timestamp;
use bytes::Bytes;
use store::{
    StoreError,
    moving::{Moved, MovedRow, RECORDS_AHEAD, Record, RecordSender, Records, cut_off, not_empty},
};
use tokio::{sync::mpsc, time::timeout};
use tokio_postgres::types::{ToSql, Type};

use crate::{
    blobs,
    call::Caller,
    connect::Connection,
    error::{Failed, of_postgres, unavailable},
    rows::corrupt,
};

/// Rows that are read or written with one statement, and bytes of bodies after which fewer are.
const ROWS: usize = 200;
const BYTES: usize = 4 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// A session in a transaction; dropped without an end, the database rolls it back.
struct Session {
    connection: Connection,
}

type Parameters<'a> = [(&'a (dyn ToSql + Sync), Type)];

impl Session {
    async fn begin(caller: &Caller, words: &str) -> Result<Self, StoreError> {
        let connection = caller.pool.connector.connect().await.map_err(unavailable)?;
        let session = Self { connection };
        // As slow as the other end is.
        let begin = format!(
            "BEGIN {words}; SET LOCAL statement_timeout = 60000; SET LOCAL enable_seqscan = off; \
             SET LOCAL idle_in_transaction_session_timeout = 0"
        );
        session.simple(&begin).await?;
        Ok(session)
    }

    async fn simple(&self, sql: &str) -> Result<(), StoreError> {
        in_time(self.connection.client.batch_execute(sql)).await
    }

    async fn ask(
        &self,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        in_time(self.connection.client.query_typed(sql, parameters)).await
    }
}

async fn in_time<T>(
    statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    match timeout(PATIENCE, statement).await {
        Ok(outcome) => outcome.map_err(|cause| match of_postgres(&cause) {
            Failed::Refused(error) => error,
            Failed::GaveWay(text) | Failed::Lost(text) => unavailable(text),
        }),
        Err(_) => Err(unavailable(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}

pub(crate) async fn export(caller: &Caller) -> Result<Records, StoreError> {
    let session = Session::begin(caller, "ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    // The first statement takes the snapshot.
    session.ask("SELECT 1", &[]).await?;
    let (sender, records) = mpsc::channel(RECORDS_AHEAD);
    tokio::spawn(async move {
        if let Err(cause) = tell_all(&session, &sender).await {
            let _ = sender.send(Err(cause)).await;
        }
    });
    Ok(records)
}

async fn tell_all(session: &Session, records: &RecordSender) -> Result<(), StoreError> {
    let mut moved = Moved::default();
    let mut last = (String::new(), String::new(), String::new());
    loop {
        let most = i64::try_from(ROWS).unwrap_or(i64::MAX);
        let page = session
            .ask(
                "SELECT partition, collection, key, version, expires_at, index_names, index_values, body
                 FROM poolhouse.rows WHERE (partition, collection, key) > ($1, $2, $3)
                 ORDER BY partition, collection, key LIMIT $4",
                &[(&last.0, Type::TEXT), (&last.1, Type::TEXT), (&last.2, Type::TEXT), (&most, Type::INT8)],
            )
            .await?;
        for row in &page {
            let row = read(row).map_err(corrupt)?;
            last = (row.partition.clone(), row.collection.clone(), row.key.clone());
            if !send(records, &mut moved, Record::Row(row)).await {
                return Ok(());
            }
        }
        if page.len() < ROWS {
            break;
        }
    }
    let mut after = String::new();
    while let Some(blob) = next_blob(session, &after).await? {
        after.clone_from(&blob.0);
        if !send(records, &mut moved, Record::Blob { sha256: blob.0, content: blob.1 }).await {
            return Ok(());
        }
    }
    let _ = records.send(Ok(Record::End(moved))).await;
    session.simple("COMMIT").await
}

/// Whoever does not listen any more has enough.
async fn send(records: &RecordSender, moved: &mut Moved, record: Record) -> bool {
    moved.count(&record);
    records.send(Ok(record)).await.is_ok()
}

fn read(row: &tokio_postgres::Row) -> Result<MovedRow, tokio_postgres::Error> {
    let (names, values): (Vec<String>, Vec<String>) = (row.try_get(5)?, row.try_get(6)?);
    Ok(MovedRow {
        partition: row.try_get(0)?,
        collection: row.try_get(1)?,
        key: row.try_get(2)?,
        version: row.try_get::<_, i64>(3)?.unsigned_abs(),
        expires_at: row.try_get::<_, Option<i64>>(4)?.map(Timestamp),
        indexes: names.into_iter().zip(values).collect(),
        body: row.try_get(7)?,
    })
}

async fn next_blob(session: &Session, after: &str) -> Result<Option<(String, Bytes)>, StoreError> {
    let find = "SELECT sha256, upload, chunks FROM poolhouse.blobs WHERE sha256 > $1 ORDER BY sha256 LIMIT 1";
    let found = session.ask(find, &[(&after, Type::TEXT)]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let sha256: String = row.try_get(0).map_err(corrupt)?;
    let (upload, chunks): (i64, i32) = (row.try_get(1).map_err(corrupt)?, row.try_get(2).map_err(corrupt)?);
    let mut content = Vec::new();
    for number in 0..chunks {
        let read =
            "SELECT bytes FROM poolhouse.blob_chunks WHERE sha256 = $1 AND upload = $2 AND number = $3";
        let parameters: [(&(dyn ToSql + Sync), Type); 3] =
            [(&sha256, Type::TEXT), (&upload, Type::INT8), (&number, Type::INT4)];
        let rows = session.ask(read, &parameters).await?;
        let row =
            rows.first().ok_or_else(|| StoreError::Corrupt(format!("the blob {sha256} is not whole")))?;
        content.extend_from_slice(row.try_get(0).map_err(corrupt)?);
    }
    Ok(Some((sha256, Bytes::from(content))))
}

pub(crate) async fn import(
    caller: &Caller,
    mut records: Records,
    now: Timestamp,
) -> Result<Moved, StoreError> {
    let session = Session::begin(caller, "").await?;
    let some = session.ask("SELECT 1 FROM poolhouse.rows LIMIT 1", &[]).await?;
    if !some.is_empty() {
        return Err(not_empty());
    }
    let mut moved = Moved::default();
    let mut waiting: Vec<MovedRow> = Vec::new();
    let mut bytes = 0;
    loop {
        let record = records.recv().await.ok_or_else(cut_off)??;
        moved.count(&record);
        match record {
            Record::Row(row) => {
                bytes += row.body.len();
                waiting.push(row);
                if waiting.len() >= ROWS || bytes >= BYTES {
                    insert(&session, &waiting).await?;
                    waiting.clear();
                    bytes = 0;
                }
            }
            Record::Blob { sha256, content } => {
                blobs::put(caller, &sha256, &content, crate::random()?, now).await?;
            }
            Record::End(told) => {
                insert(&session, &waiting).await?;
                moved.check(told)?;
                session.simple("COMMIT").await?;
                // The tables have just grown from nothing; plans should know. Autovacuum would do it in a minute.
                let _ = session.simple("ANALYZE poolhouse.rows, poolhouse.index_entries").await;
                return Ok(moved);
            }
        }
    }
}

async fn insert(session: &Session, rows: &[MovedRow]) -> Result<(), StoreError> {
    let names = |name: fn(&MovedRow) -> &str| rows.iter().map(name).collect::<Vec<&str>>();
    let versions: Vec<i64> = rows.iter().map(|row| i64::try_from(row.version).unwrap_or(i64::MAX)).collect();
    let expiries: Vec<Option<i64>> = rows.iter().map(|row| row.expires_at.map(Timestamp::millis)).collect();
    let (mut firsts, mut lasts, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        firsts.push(i32::try_from(entries.len() + 1).unwrap_or(i32::MAX));
        entries.extend(row.indexes.iter().map(|entry| (row, entry)));
        lasts.push(i32::try_from(entries.len()).unwrap_or(i32::MAX));
    }
    let of_entries = |text: fn(&MovedRow, &(String, String)) -> String| {
        entries.iter().map(|(row, entry)| text(row, entry)).collect::<Vec<String>>()
    };
    let entry_names = of_entries(|_, entry| entry.0.clone());
    let entry_values = of_entries(|_, entry| entry.1.clone());
    let parameters: [(&(dyn ToSql + Sync), Type); 10] = [
        (&names(|row| &row.partition), Type::TEXT_ARRAY),
        (&names(|row| &row.collection), Type::TEXT_ARRAY),
        (&names(|row| &row.key), Type::TEXT_ARRAY),
        (&versions, Type::INT8_ARRAY),
        (&expiries, Type::INT8_ARRAY),
        (&names(|row| &row.body), Type::TEXT_ARRAY),
        (&firsts, Type::INT4_ARRAY),
        (&lasts, Type::INT4_ARRAY),
        (&entry_names, Type::TEXT_ARRAY),
        (&entry_values, Type::TEXT_ARRAY),
    ];
    session
        .ask(
            "INSERT INTO poolhouse.rows
                 (partition, collection, key, version, expires_at, index_names, index_values, body)
             SELECT p, c, k, v, e, ($9::text[])[f:l], ($10::text[])[f:l], b
             FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS given (p, c, k, v, e, b, f, l)",
            &parameters,
        )
        .await?;
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&of_entries(|row, _| row.partition.clone()), Type::TEXT_ARRAY),
        (&of_entries(|row, _| row.collection.clone()), Type::TEXT_ARRAY),
        (&entry_names, Type::TEXT_ARRAY),
        (&entry_values, Type::TEXT_ARRAY),
        (&of_entries(|row, _| row.key.clone()), Type::TEXT_ARRAY),
    ];
    session
        .ask(
            "INSERT INTO poolhouse.index_entries (partition, collection, name, value, key)
             SELECT * FROM unnest($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            &parameters,
        )
        .await?;
    Ok(())
}
