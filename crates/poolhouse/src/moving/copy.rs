//! `poolhouse copy --from … --to …`: from one engine to another, without a file between.

use super::{document, failed, house::House, keyring, restore::not_taken, words};
use crate::{cli, commands::Context, failure::Failure};

pub async fn run(args: &cli::Copy) -> Result<(), Failure> {
    let context = Context::new(args.json, args.verbose);
    let (from, to) = (House::named(&args.from), House::named(&args.to));
    if from == to {
        return Err(Failure::wrong("--from and --to are the same"));
    }
    let (key, key_file) = keyring::read(args.master_key_file.as_deref(), &from)?;
    let source = from.visit().await?;
    keyring::check(&key, keyring::rows(&source).await?.iter().map(|row| &row.value))?;
    let goal = to.take().await?;
    context.terminal.step(&format!("copying {from} to {to}"));
    let records = source.engine().export().await.map_err(|cause| failed(&cause))?;
    let moved = goal.engine().import(records).await.map_err(|cause| not_taken(&cause, &to))?;
    for store in [&source, &goal] {
        store.engine().close().await.map_err(|cause| failed(&cause))?;
    }
    context.terminal.say(&format!(
        "copied {} from {from} to {to}, as they were when it began\nstart it with: poolhouse serve {} --master-key-file {}",
        words(moved),
        to.flag(),
        key_file.display()
    ));
    context.terminal.document(&document(moved));
    Ok(())
}
