//! The master key, tried at the data keys before anything is written.

use std::path::{Path, PathBuf};

use crypto::seal::{MasterKey, Sealer};
use store::{
    Query, Store, Versioned,
    keyring::{KEYRING, WrappedDataKeyRow},
};

use super::{failed, house::House};
use crate::failure::Failure;

/// From the file that was given, or the house's own.
pub fn read(given: Option<&Path>, house: &House) -> Result<(MasterKey, PathBuf), Failure> {
    let Some(path) = given.map(Path::to_owned).or_else(|| house.own_key_file()) else {
        return Err(Failure::wrong("the master key is needed: what is sealed in the store belongs to it")
            .help("name its file with --master-key-file"));
    };
    read_file(&path).map(|key| (key, path))
}

pub fn read_file(path: &Path) -> Result<MasterKey, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::wrong(format!("cannot read the master key file {}: {error}", path.display()))
            .help("name the file with --master-key-file")
    })?;
    MasterKey::from_base64(&text).map_err(|error| {
        Failure::wrong(format!("{} does not hold a master key: {error}", path.display()))
            .help("it is 32 bytes in base64, as 'head -c 32 /dev/urandom | base64' makes them")
    })
}

/// The data keys of a store.
pub async fn rows(store: &Store) -> Result<Vec<Versioned<WrappedDataKeyRow>>, Failure> {
    let query = Query::<WrappedDataKeyRow>::in_partition(KEYRING);
    store.query_all(query).await.map_err(|cause| failed(&cause))
}

/// Whether `key` opens every data key.
pub fn check<'a>(
    key: &MasterKey,
    rows: impl IntoIterator<Item = &'a WrappedDataKeyRow>,
) -> Result<(), Failure> {
    let rows: Vec<_> =
        rows.into_iter().map(|row| (row.id.as_str(), row.wrapped.as_str(), row.current)).collect();
    if rows.is_empty() {
        return Err(Failure::wrong("there are no data keys: nothing was ever kept here"));
    }
    Sealer::new(key, rows).map(|_| ()).map_err(|error| {
        Failure::wrong(format!("this is not its master key: {error}; nothing was written"))
            .help("name the right file with --master-key-file")
    })
}
