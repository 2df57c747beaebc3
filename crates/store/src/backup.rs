//! A backup's file: gzip'd JSON lines, so that `zcat` and `jq` read it.
//!
//! ```text
//! {"poolhouse_backup":1}
//! {"row":{"collection":…,"partition":…,"key":…,"version":…,"expires_at":…,"indexes":[[…,…]],"body":…}}
//! {"blob":{"sha256":…,"part":"<base64>","last":false}}
//! {"end":{"rows":2,"blobs":1,"sha256":"<of every byte before this line>"}}
//! ```

use std::io::{self, BufRead, BufReader, Read, Write};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    StoreError,
    moving::{Moved, MovedRow, Record, RecordSender, Records, cut_off},
};

/// Grows when a file of before can not be read as one of now.
pub const FORMAT: u32 = 1;
const PART: usize = 1 << 20;
/// The longest line that is read: far past any row, and no more than memory has.
const LONGEST_LINE: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    PoolhouseBackup(u32),
    Row(MovedRow),
    Blob(Part),
    End(End),
}

#[derive(Serialize, Deserialize)]
struct Part {
    sha256: String,
    /// Base64.
    part: String,
    last: bool,
}

#[derive(Serialize, Deserialize)]
struct End {
    rows: u64,
    blobs: u64,
    sha256: String,
}

/// Writes what `records` hold. Blocks: for a thread of its own.
pub fn write(mut records: Records, file: impl Write) -> Result<Moved, StoreError> {
    let mut out = Hashed { inner: GzEncoder::new(file, Compression::default()), hash: Sha256::new() };
    out.line(&Line::PoolhouseBackup(FORMAT))?;
    let mut moved = Moved::default();
    while let Some(record) = records.blocking_recv() {
        let record = record?;
        moved.count(&record);
        match record {
            Record::Row(row) => out.line(&Line::Row(row))?,
            Record::Blob { sha256, content } => {
                let parts = content.len().div_ceil(PART).max(1);
                for number in 0..parts {
                    let bytes = &content[number * PART..content.len().min((number + 1) * PART)];
                    let last = number + 1 == parts;
                    out.line(&Line::Blob(Part {
                        sha256: sha256.clone(),
                        part: STANDARD.encode(bytes),
                        last,
                    }))?;
                }
            }
            Record::End(told) => {
                let Moved { rows, blobs } = moved.check(told)?;
                let sha256 = hexadecimal(&out.hash.clone().finalize());
                out.line(&Line::End(End { rows, blobs, sha256 }))?;
                out.inner.finish().and_then(|mut file| file.flush()).map_err(not_written)?;
                return Ok(moved);
            }
        }
    }
    Err(cut_off())
}

/// Reads a file into `records`; what is wrong with it comes as the last of them. Blocks: for a thread of its own.
pub fn read(file: impl Read, records: &RecordSender) {
    if let Err(cause) = read_lines(file, records) {
        // Nobody who listens wants to know.
        let _ = records.blocking_send(Err(cause));
    }
}

fn read_lines(file: impl Read, records: &RecordSender) -> Result<(), StoreError> {
    let mut lines = BufReader::new(MultiGzDecoder::new(file));
    let mut hash = Sha256::new();
    let mut text = Vec::new();
    let mut moved = Moved::default();
    let mut parts: Option<(String, BytesMut)> = None;
    let mut begun = false;
    loop {
        text.clear();
        let length = lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text).map_err(not_read)?;
        if length == 0 || text.last() != Some(&b'\n') {
            return Err(cut_off());
        }
        let line: Line = serde_json::from_slice(&text)
            .map_err(|cause| StoreError::Invalid(format!("this is not a backup of Poolhouse: {cause}")))?;
        let record = match line {
            Line::PoolhouseBackup(FORMAT) if !begun => {
                begun = true;
                hash.update(&text);
                continue;
            }
            Line::PoolhouseBackup(format) => {
                return Err(StoreError::Invalid(format!(
                    "the backup has format {format}; this Poolhouse reads {FORMAT}"
                )));
            }
            _ if !begun => return Err(StoreError::Invalid(String::from("the backup has no beginning"))),
            Line::Row(row) => Record::Row(row),
            Line::Blob(part) => match whole(&mut parts, part)? {
                Some(blob) => blob,
                None => {
                    hash.update(&text);
                    continue;
                }
            },
            Line::End(End { rows, blobs, sha256 }) => {
                if hexadecimal(&hash.clone().finalize()) != sha256 || parts.is_some() {
                    return Err(StoreError::Invalid(String::from(
                        "the backup is damaged: its SHA-256 differs",
                    )));
                }
                // Reads the file's own end too, and its checksum.
                if lines.read(&mut [0]).map_err(not_read)? != 0 {
                    return Err(StoreError::Invalid(String::from(
                        "something stands behind the backup's end",
                    )));
                }
                Record::End(moved.check(Moved { rows, blobs })?)
            }
        };
        hash.update(&text);
        moved.count(&record);
        let is_end = matches!(record, Record::End(_));
        if records.blocking_send(Ok(record)).is_err() || is_end {
            return Ok(());
        }
    }
}

/// The blob, when its last part has come.
fn whole(parts: &mut Option<(String, BytesMut)>, part: Part) -> Result<Option<Record>, StoreError> {
    let damaged =
        || StoreError::Invalid(String::from("the backup is damaged: a blob is not what its name says"));
    let (name, mut content) = parts.take().unwrap_or_else(|| (part.sha256.clone(), BytesMut::new()));
    if name != part.sha256 {
        return Err(damaged());
    }
    content.extend_from_slice(&STANDARD.decode(part.part).map_err(|_| damaged())?);
    if !part.last {
        *parts = Some((name, content));
        return Ok(None);
    }
    if hexadecimal(&Sha256::digest(&content)) != name {
        return Err(damaged());
    }
    Ok(Some(Record::Blob { sha256: name, content: Bytes::from(content) }))
}

/// Writes lines and hashes them.
struct Hashed<W: Write> {
    inner: GzEncoder<W>,
    hash: Sha256,
}

impl<W: Write> Hashed<W> {
    fn line(&mut self, line: &Line) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(line).map_err(|cause| StoreError::Invalid(cause.to_string()))?;
        text.push(b'\n');
        self.hash.update(&text);
        self.inner.write_all(&text).map_err(not_written)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn not_written(cause: io::Error) -> StoreError {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Full(format!("the backup could not be written: {cause}"))
        }
        _ => StoreError::Unavailable(format!("the backup could not be written: {cause}")),
    }
}

fn not_read(cause: io::Error) -> StoreError {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => cut_off(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            StoreError::Invalid(format!("this is not a backup of Poolhouse, or a damaged one: {cause}"))
        }
        _ => StoreError::Unavailable(format!("the backup could not be read: {cause}")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    fn records() -> Vec<Record> {
        let row = |key: &str| {
            Record::Row(MovedRow {
                collection: String::from("thing"),
                partition: String::from("p"),
                key: key.to_owned(),
                version: 7,
                expires_at: None,
                indexes: vec![(String::from("by_tag"), String::from("é"))],
                body: String::from("{\"text\":\"\\u0000\"}"),
            })
        };
        let blob = |length: usize| {
            let content = Bytes::from(vec![b'x'; length]);
            Record::Blob { sha256: hexadecimal(&Sha256::digest(&content)), content }
        };
        let (rows, blobs) = (2, 3);
        vec![row("a"), blob(0), blob(5), row("b"), blob(2 * PART + 1), Record::End(Moved { rows, blobs })]
    }

    fn written() -> Vec<u8> {
        let (sender, receiver) = mpsc::channel(16);
        for record in records() {
            sender.try_send(Ok(record)).unwrap();
        }
        let mut file = Vec::new();
        write(receiver, &mut file).unwrap();
        file
    }

    fn read_back(file: &[u8]) -> Result<Vec<Record>, StoreError> {
        let (sender, mut receiver) = mpsc::channel(16);
        read(file, &sender);
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv()).collect()
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(read_back(&written()).unwrap(), records());
    }

    #[test]
    fn a_file_that_was_cut_or_changed_is_refused() {
        let file = written();
        for length in [0, 1, 20, file.len() / 2, file.len() - 9, file.len() - 1] {
            assert!(read_back(&file[..length]).is_err(), "cut after {length} of {}", file.len());
        }
        let mut text = Vec::new();
        MultiGzDecoder::new(&*file).read_to_end(&mut text).unwrap();
        let again = |text: &[u8]| {
            let mut out = GzEncoder::new(Vec::new(), Compression::fast());
            out.write_all(text).unwrap();
            out.finish().unwrap()
        };
        assert_eq!(read_back(&again(&text)).unwrap(), records());
        let changed = String::from_utf8(text.clone()).unwrap().replacen("\"version\":7", "\"version\":8", 1);
        assert!(read_back(&again(changed.as_bytes())).unwrap_err().to_string().contains("SHA-256"));
        let newer = String::from_utf8(text).unwrap().replacen("backup\":1", "backup\":2", 1);
        assert!(read_back(&again(newer.as_bytes())).unwrap_err().to_string().contains("format 2"));
        assert!(read_back(b"something else").is_err());
    }
}
