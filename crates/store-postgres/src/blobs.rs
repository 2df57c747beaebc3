//! Large bytes, in chunks: each is one statement, so that a package of any size keeps every statement short.

use base::Timestamp;
use bytes::{Bytes, BytesMut};
use store::StoreError;
use tokio_postgres::types::Type;

use crate::{call::Caller, rows::corrupt};

const CHUNK: usize = 1 << 20;
/// A blob that is deleted and put again while it is read is read again.
const ROUNDS: u32 = 3;

/// `upload` is a number that was never used before.
pub(crate) async fn put(
    caller: &Caller,
    sha256: &str,
    content: &Bytes,
    upload: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    check(sha256)?;
    let length = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let renewed = caller
        .ask(
            "SELECT poolhouse.renew_blob($1, $2, $3)",
            &[(&sha256, Type::TEXT), (&length, Type::INT8), (&now.millis(), Type::INT8)],
        )
        .await?;
    if renewed.first().map(|row| row.try_get(0)).transpose().map_err(corrupt)? == Some(true) {
        return Ok(());
    }
    let begin = "INSERT INTO poolhouse.blob_uploads (sha256, upload) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    caller.ask(begin, &[(&sha256, Type::TEXT), (&upload, Type::INT8)]).await?;
    let mut chunks = 0_i32;
    for bytes in content.chunks(CHUNK) {
        let insert =
            "INSERT INTO poolhouse.blob_chunks (sha256, upload, number, bytes) VALUES ($1, $2, $3, $4)
                      ON CONFLICT DO NOTHING";
        caller
            .ask(
                insert,
                &[(&sha256, Type::TEXT), (&upload, Type::INT8), (&chunks, Type::INT4), (&bytes, Type::BYTEA)],
            )
            .await?;
        chunks += 1;
    }
    caller
        .ask(
            "SELECT poolhouse.publish_blob($1, $2, $3, $4, $5)",
            &[
                (&sha256, Type::TEXT),
                (&upload, Type::INT8),
                (&length, Type::INT8),
                (&chunks, Type::INT4),
                (&now.millis(), Type::INT8),
            ],
        )
        .await?;
    Ok(())
}

pub(crate) async fn get(caller: &Caller, sha256: &str) -> Result<Option<Bytes>, StoreError> {
    check(sha256)?;
    for _ in 0..ROUNDS {
        let find = "SELECT upload, length, chunks FROM poolhouse.blobs WHERE sha256 = $1";
        let rows = caller.ask(find, &[(&sha256, Type::TEXT)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let upload: i64 = row.try_get(0).map_err(corrupt)?;
        let length: i64 = row.try_get(1).map_err(corrupt)?;
        let chunks: i32 = row.try_get(2).map_err(corrupt)?;
        let length = usize::try_from(length).unwrap_or(0);
        let mut content = BytesMut::with_capacity(length);
        for number in 0..chunks {
            let read =
                "SELECT bytes FROM poolhouse.blob_chunks WHERE sha256 = $1 AND upload = $2 AND number = $3";
            let parameters =
                [(&sha256 as _, Type::TEXT), (&upload as _, Type::INT8), (&number as _, Type::INT4)];
            match caller.ask(read, &parameters).await?.first() {
                Some(row) => content.extend_from_slice(row.try_get(0).map_err(corrupt)?),
                None => break,
            }
        }
        if content.len() == length {
            return Ok(Some(content.freeze()));
        }
    }
    Err(StoreError::Corrupt(format!("the blob {sha256} is not whole")))
}

/// Whether it is gone now. One that was put at or after `unless_put_since` stays.
pub(crate) async fn delete(
    caller: &Caller,
    sha256: &str,
    unless_put_since: Option<Timestamp>,
) -> Result<bool, StoreError> {
    check(sha256)?;
    let since = unless_put_since.map(Timestamp::millis);
    let delete = "SELECT poolhouse.delete_blob($1, $2)";
    let rows = caller.ask(delete, &[(&sha256, Type::TEXT), (&since, Type::INT8)]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose().map_err(corrupt)?.unwrap_or(false))
}

fn check(sha256: &str) -> Result<(), StoreError> {
    let fits = sha256.len() == 64
        && sha256.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if fits {
        Ok(())
    } else {
        Err(StoreError::Invalid(String::from("a blob's name is 64 lower-case hexadecimal digits")))
    }
}
