//! `poolhouse restore FILE`: a backup into an empty house. The file is read twice: once to see that it is whole and that the
//! master key is its own, and only then to write.

use std::{fs::File, path::Path};

use crypto::seal::MasterKey;
use store::{
    Collection, StoreError,
    keyring::WrappedDataKeyRow,
    moving::{Moved, RECORDS_AHEAD, Record, Records, cut_off},
};
use tokio::sync::mpsc;

use super::{document, failed, house::House, keyring, words};
use crate::{cli, commands::Context, failure::Failure};

pub async fn run(args: &cli::Restore) -> Result<(), Failure> {
    let context = Context::new(args.house.json, args.house.verbose);
    let house = House::of_flags(args.house.data.as_deref(), args.house.database_url.as_deref());
    let (key, key_file) = keyring::read(args.master_key_file.as_deref(), &house)?;
    context.terminal.step(&format!("reading {}", args.file.display()));
    check(&args.file, &key).await?;
    context.terminal.step(&format!("writing {house}"));
    let store = house.take().await?;
    let moved = store.engine().import(open(&args.file)?).await.map_err(|cause| not_taken(&cause, &house))?;
    store.engine().close().await.map_err(|cause| failed(&cause))?;
    context.terminal.say(&format!(
        "restored {} to {house}\nstart it with: poolhouse serve {} --master-key-file {}",
        words(moved),
        house.flag(),
        key_file.display()
    ));
    context.terminal.document(&document(moved));
    Ok(())
}

pub fn not_taken(cause: &StoreError, house: &House) -> Failure {
    let failure = failed(cause);
    match cause {
        StoreError::Invalid(_) => failure.help(format!("{house} must be empty; nothing was written")),
        _ => failure,
    }
}

async fn check(path: &Path, key: &MasterKey) -> Result<Moved, Failure> {
    let mut records = open(path)?;
    let mut keys: Vec<WrappedDataKeyRow> = Vec::new();
    while let Some(record) = records.recv().await {
        match record.map_err(|cause| Failure::wrong(failed(&cause).message))? {
            Record::Row(row) if row.collection == WrappedDataKeyRow::NAME => {
                let row = serde_json::from_str(&row.body)
                    .map_err(|error| Failure::wrong(format!("the backup's data keys: {error}")))?;
                keys.push(row);
            }
            Record::End(moved) => {
                keyring::check(key, &keys)?;
                return Ok(moved);
            }
            Record::Row(_) | Record::Blob { .. } => {}
        }
    }
    Err(Failure::wrong(cut_off().to_string()))
}

fn open(path: &Path) -> Result<Records, Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::wrong(format!("cannot read {}: {error}", path.display())))?;
    let (sender, records) = mpsc::channel(RECORDS_AHEAD);
    tokio::task::spawn_blocking(move || store::backup::read(file, &sender));
    Ok(records)
}
