//! The master key: 32 bytes in base64, in a file outside the database. Without it nothing sealed can be read.

use std::{io, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use front_door::MasterKey;
use ports::{Rng, RngExt};

use super::files::{is_open_to_others, write_private};
use crate::failure::Failure;

/// Its name in the data folder, where no other file is given.
const NAME: &str = "master.key";
/// The embedded engine's database: where it is, the data folder was used before.
const DATABASE: &str = "poolhouse.db";

pub fn open(data: &Path, given: Option<&Path>, rng: &dyn Rng) -> Result<MasterKey, Failure> {
    let own = data.join(NAME);
    let path = given.unwrap_or(&own);
    match std::fs::read_to_string(path) {
        Ok(text) => {
            if is_open_to_others(path) {
                tracing::warn!(path = %path.display(), "the master key can be read by others; chmod 600 mends that");
            }
            MasterKey::from_base64(text.trim()).map_err(|error| {
                Failure::wrong(format!("{} does not hold a master key: {error}", path.display()))
                    .help("it is 32 bytes in base64, as 'head -c 32 /dev/urandom | base64' makes them")
            })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && given.is_none() => make(data, &own, rng),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Failure::wrong(format!("there is no master key file {}", path.display())).help(format!(
                "to make a new one, for a new data folder: head -c 32 /dev/urandom | base64 > {}",
                path.display()
            )))
        }
        Err(error) => {
            Err(Failure::wrong(format!("cannot read the master key file {}: {error}", path.display())))
        }
    }
}

/// At the first start only: data that is there already was sealed with another key, and a new one would open none of it.
fn make(data: &Path, path: &Path, rng: &dyn Rng) -> Result<MasterKey, Failure> {
    if data.join(DATABASE).exists() {
        return Err(Failure::wrong(format!(
            "the data folder {} has no {NAME}: what is sealed in it cannot be opened",
            data.display()
        ))
        .help("put the file back from your backup, or name it with --master-key-file"));
    }
    let text = STANDARD.encode(rng.bytes::<32>());
    let key = MasterKey::from_base64(&text).map_err(|error| Failure::tried(error.to_string()))?;
    write_private(path, &format!("{text}\n"))
        .map_err(|error| Failure::tried(format!("cannot write {}: {error}", path.display())))?;
    tracing::info!(path = %path.display(), "made a master key; keep a copy of it apart from the data");
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Fixed;

    impl Rng for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    fn message(outcome: Result<MasterKey, Failure>) -> String {
        match outcome {
            Ok(key) => key.id(),
            Err(failure) => failure.message,
        }
    }

    #[test]
    fn it_is_made_once_and_found_again() {
        let data = tempfile::tempdir().unwrap();
        let made = message(open(data.path(), None, &Fixed));
        let path = data.path().join(NAME);
        assert!(!is_open_to_others(&path));
        fs::write(data.path().join(DATABASE), "").unwrap();
        assert_eq!(message(open(data.path(), None, &Fixed)), made);
        fs::remove_file(path).unwrap();
        assert!(message(open(data.path(), None, &Fixed)).contains("has no master.key"));
    }

    #[test]
    fn one_that_is_given_must_be_there_and_whole() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("key");
        assert!(message(open(data.path(), Some(&path), &Fixed)).contains("there is no master key file"));
        fs::write(&path, "c2hvcnQ=").unwrap();
        assert!(message(open(data.path(), Some(&path), &Fixed)).contains("does not hold a master key"));
        assert!(!data.path().join(NAME).exists());
    }
}
