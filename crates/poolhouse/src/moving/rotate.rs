//! `poolhouse keys rotate`: the data keys under another master key, while servers serve. They hold the data keys open; the
//! master key is asked for at their next start.

use std::path::Path;

use crypto::seal::MasterKey;
use serde_json::json;
use store::{Batch, CommitError, keyring::WrappedDataKeyRow};

use super::{failed, house::House, keyring};
use crate::{cli, commands::Context, failure::Failure, server::files::write_private};

pub async fn run(args: &cli::Rotate) -> Result<(), Failure> {
    let context = Context::new(args.house.json, args.house.verbose);
    let house = House::of_flags(args.house.data.as_deref(), args.house.database_url.as_deref());
    let new = keyring::read_file(&args.new_master_key_file)?;
    let (old, old_file) = keyring::read(args.master_key_file.as_deref(), &house)?;
    if old.id() == new.id() {
        return Err(Failure::wrong("the new master key is the old one")
            .help("make one: head -c 32 /dev/urandom | base64 > new.key"));
    }
    let store = house.visit().await?;
    let rows = keyring::rows(&store).await?;
    keyring::check(&old, rows.iter().map(|row| &row.value))?;
    let mut batch = Batch::new();
    for row in &rows {
        let under = old.rewrap(&row.value.id, &row.value.wrapped, &new);
        let wrapped = under.map_err(|error| Failure::tried(error.to_string()))?.wrapped;
        batch = batch.replace(row, &WrappedDataKeyRow { wrapped, ..row.value.clone() });
    }
    store.commit(batch).await.map_err(not_committed)?;
    store.engine().close().await.map_err(|cause| failed(&cause))?;
    let next = if house.own_key_file().as_deref() == Some(old_file.as_path()) {
        put_in_place(&old_file, &new)?;
        format!("{} holds the new one: the next start takes it", old_file.display())
    } else {
        format!("from now on start every node with --master-key-file {}", args.new_master_key_file.display())
    };
    let said = format!(
        "{house}: {} data key{} now under master key {}, no more under {}\n{next}\nbackups of before still need the old one",
        rows.len(),
        if rows.len() == 1 { "" } else { "s" },
        new.id(),
        old.id()
    );
    context.terminal.say(&said);
    context.terminal.document(&json!({ "dataKeys": rows.len(), "from": old.id(), "to": new.id() }));
    Ok(())
}

fn not_committed(error: CommitError) -> Failure {
    match error {
        CommitError::Conflict(_) => {
            Failure::tried("someone else rotates the master key; nothing was changed")
        }
        other => Failure::tried(other.to_string()),
    }
}

/// The house's own key file. Where this fails the data is safe: it opens with the new file by name.
fn put_in_place(path: &Path, key: &MasterKey) -> Result<(), Failure> {
    write_private(path, &format!("{}\n", key.to_base64().expose())).map_err(|error| {
        Failure::tried(format!(
            "the data keys are under the new master key, but {} could not be written: {error}",
            path.display()
        ))
        .help("put the new key there, or start the server with --master-key-file")
    })
}
