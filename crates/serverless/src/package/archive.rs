//! The zip itself: the same files make the same bytes, whatever day it is and wherever they lie.

use std::{
    fs::File,
    io::{Cursor, Read, Write},
    path::Path,
};

use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::walk::Found;

/// The largest archive taken as it is (AWS Lambda Developer Guide, "Lambda quotas": 250 MB unzipped).
const LARGEST_ARCHIVE: u64 = 262_144_000;

pub fn zip(folder: &Path, files: &[Found]) -> Result<Vec<u8>, String> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut content = Vec::new();
    for file in files {
        content.clear();
        File::open(folder.join(&file.path))
            .and_then(|open| open.take(LARGEST_ARCHIVE).read_to_end(&mut content))
            .map_err(|error| format!("cannot read {}: {error}", file.path))?;
        // The earliest day a zip can say; who wrote the file and when is nobody's business.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .unix_permissions(if file.executable { 0o755 } else { 0o644 });
        writer
            .start_file(file.path.as_str(), options)
            .and_then(|()| writer.write_all(&content).map_err(Into::into))
            .map_err(|error| format!("{}: {error}", file.path))?;
    }
    writer.finish().map(Cursor::into_inner).map_err(|error| error.to_string())
}

/// A zip that someone else made.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|open| open.take(LARGEST_ARCHIVE + 1).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST_ARCHIVE {
        return Err(format!("it is larger than {} MB", LARGEST_ARCHIVE / 1_048_576));
    }
    zip::ZipArchive::new(Cursor::new(bytes.as_slice()))
        .map_err(|error| format!("it is not a zip: {error}"))?;
    Ok(bytes)
}
