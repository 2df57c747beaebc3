//! `poolhouse backup FILE`: everything, as it is at one moment, while the server serves. What is sealed stays sealed: the
//! master key is not in it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde_json::json;
use store::moving::{Moved, Records};

use super::{document, failed, house::House, words};
use crate::{cli, commands::Context, failure::Failure};

pub async fn run(args: &cli::Backup) -> Result<(), Failure> {
    let context = Context::new(args.house.json, args.house.verbose);
    let house = House::of_flags(args.house.data.as_deref(), args.house.database_url.as_deref());
    if args.file.exists() {
        return Err(Failure::wrong(format!("{} is there already", args.file.display()))
            .help("name a new file: a backup never overwrites another"));
    }
    let store = house.visit().await?;
    context.terminal.step(&format!("writing {house} to {}", args.file.display()));
    let records = store.engine().export().await.map_err(|cause| failed(&cause))?;
    let file = args.file.clone();
    let written = tokio::task::spawn_blocking(move || write(records, &file)).await;
    let moved = written.map_err(|error| Failure::tried(error.to_string()))??;
    store.engine().close().await.map_err(|cause| failed(&cause))?;
    context.terminal.say(&format!(
        "wrote {} of {house} to {}\nkeep the master key too, apart from it: without it the backup opens for nobody",
        words(moved),
        args.file.display()
    ));
    let mut told = document(moved);
    told["file"] = json!(args.file);
    context.terminal.document(&told);
    Ok(())
}

/// Beside, synced, and then in its place: a file of this name is a whole backup.
fn write(records: Records, path: &Path) -> Result<Moved, Failure> {
    let beside = beside(path);
    let told = |error: io::Error| Failure::tried(format!("cannot write {}: {error}", beside.display()));
    let file = private(&beside).map_err(told)?;
    let written = store::backup::write(records, BufWriter::new(&file)).map_err(|cause| failed(&cause));
    let placed = written.and_then(|moved| {
        (&file).flush().and_then(|()| file.sync_all()).map_err(told)?;
        fs::rename(&beside, path).map_err(told)?;
        Ok(moved)
    });
    if placed.is_err() {
        let _ = fs::remove_file(&beside);
    }
    placed
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".incoming");
    PathBuf::from(name)
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
