//! The data folder: its rights, its lock, its version, a full disk.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use base::Timestamp;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use store::{Batch, Collection, CommitError, Store, StoreError};
use store_sqlite::{OpenError, Options, SqliteEngine};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    id: String,
    text: String,
}

impl Collection for Note {
    const NAME: &'static str = "note";

    fn partition(&self) -> &str {
        "notes"
    }

    fn key(&self) -> String {
        self.id.clone()
    }
}

fn note(id: &str, text: &str) -> Note {
    Note { id: id.to_owned(), text: text.to_owned() }
}

fn options() -> Options {
    Options::new(Arc::new(|| Timestamp::from_seconds(1_000_000)))
}

fn open(path: &Path) -> Store {
    Store::new(Arc::new(SqliteEngine::open(path, options()).unwrap()))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.commit(Batch::new().insert(&note("a", "first"))).await.unwrap();
    store.engine().close().await.unwrap();
    assert!(!folder.path().join("poolhouse.db-wal").exists(), "closing takes the log into the database");
    let refused = store.get::<Note>("notes", "a").await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    drop(store);
    let read = open(folder.path()).get::<Note>("notes", "a").await.unwrap().unwrap();
    assert_eq!((read.value, read.version), (note("a", "first"), 1));
}

#[tokio::test]
async fn nobody_else_can_read_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let store = open(&path);
    store.commit(Batch::new().insert(&note("a", "first"))).await.unwrap();
    store.put_blob(&"ab".repeat(32), Bytes::from_static(b"bytes")).await.unwrap();
    let mut files = 0;
    let mut folders = vec![path];
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                assert_eq!(mode(&path), 0o600, "{}", path.display());
            }
        }
    }
    assert!(files >= 4, "database, log, lock and blob at least, found {files}");
}

#[tokio::test]
async fn a_second_server_is_told_who_has_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let refused = SqliteEngine::open(folder.path(), options()).err().unwrap();
    assert!(matches!(refused, OpenError::InUse { .. }));
    let text = refused.to_string();
    assert!(text.contains(&folder.path().display().to_string()), "{text}");
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    drop(first);
    open(folder.path());
}

#[tokio::test]
async fn a_newer_folder_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let database = folder.path().join("poolhouse.db");
    let shell = rusqlite::Connection::open(&database).unwrap();
    shell.pragma_update(None, "user_version", 7).unwrap();
    drop(shell);
    let before = fs::read(&database).unwrap();
    let refused = SqliteEngine::open(folder.path(), options()).err().unwrap().to_string();
    assert!(refused.contains("data version 7") && refused.contains("up to 1"), "{refused}");
    assert_eq!(fs::read(&database).unwrap(), before);
    assert!(!folder.path().join("poolhouse.db-wal").exists());
}

/// A crash right after the newer one's migration: the version stands in the log only.
#[tokio::test]
async fn a_newer_version_that_only_the_log_knows_of_is_refused_too() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(open(folder.path()));
    let shell = rusqlite::Connection::open(folder.path().join("poolhouse.db")).unwrap();
    shell.pragma_update(None, "user_version", 7).unwrap();
    for file in ["poolhouse.db", "poolhouse.db-wal"] {
        fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
    }
    let refused = SqliteEngine::open(copy.path(), options()).err().unwrap();
    assert!(matches!(refused, OpenError::Newer { found: 7, supported: 1, .. }), "{refused}");
}

#[tokio::test]
async fn another_programs_database_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("poolhouse.db");
    fs::write(&database, "x".repeat(200)).unwrap();
    assert!(matches!(SqliteEngine::open(folder.path(), options()), Err(OpenError::Foreign { .. })));
    fs::remove_file(&database).unwrap();
    let shell = rusqlite::Connection::open(&database).unwrap();
    shell.execute_batch("CREATE TABLE theirs (id); PRAGMA user_version = 1").unwrap();
    drop(shell);
    assert!(matches!(SqliteEngine::open(folder.path(), options()), Err(OpenError::Foreign { .. })));
}

#[tokio::test]
async fn a_full_disk_fails_what_does_not_fit_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let full = Options { page_limit: Some(64), ..options() };
    let store = Store::new(Arc::new(SqliteEngine::open(folder.path(), full).unwrap()));
    store.commit(Batch::new().insert(&note("small", "fits"))).await.unwrap();
    let large = "x".repeat(300_000);
    let too_much = store.commit(Batch::new().insert(&note("first", "fits")).insert(&note("large", &large)));
    assert!(matches!(too_much.await, Err(CommitError::Store(StoreError::Full(_)))));
    assert_eq!(store.get::<Note>("notes", "first").await.unwrap(), None, "half of the batch is there");
    // Side by side in one group: the small ones stand.
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (store, large) = (store.clone(), large.clone());
            tokio::spawn(async move {
                let text = if number == 7 { large.as_str() } else { "fits" };
                store.commit(Batch::new().insert(&note(&format!("n{number}"), text))).await
            })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        let outcome = task.await.unwrap();
        if number == 7 {
            assert!(matches!(outcome, Err(CommitError::Store(StoreError::Full(_)))), "{outcome:?}");
        } else {
            outcome.unwrap();
        }
    }
    store.engine().ready().await.unwrap();
}

/// On a disk that is really full: mount a few megabytes (`mount -t tmpfs -o size=6m tmpfs DIR`), name the place in
/// `POOLHOUSE_TEST_SMALL_DISK` and run with `--run-ignored all`.
#[tokio::test]
#[ignore = "needs a small file system"]
#[allow(clippy::disallowed_methods, reason = "where the file system is")]
async fn a_disk_that_is_really_full() {
    let place = std::env::var("POOLHOUSE_TEST_SMALL_DISK").unwrap();
    let folder = tempfile::tempdir_in(&place).unwrap();
    let ballast = Path::new(&place).join("ballast");
    fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let store = open(folder.path());
    let text = "x".repeat(100_000);
    let mut kept = 0;
    let refused = loop {
        match store.commit(Batch::new().insert(&note(&format!("n{kept}"), &text))).await {
            Ok(()) => kept += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, CommitError::Store(StoreError::Full(_))), "{refused}");
    let blob = store.put_blob(&"ab".repeat(32), vec![0; 8 << 20].into()).await;
    assert!(matches!(blob, Err(StoreError::Full(_))), "{blob:?}");
    assert_eq!(store.get_blob(&"ab".repeat(32)).await.unwrap(), None);
    // Reading goes on; what was acknowledged is there, what was refused is not, after opening again too.
    all_are_there(&store, kept).await;
    drop(store);
    let store = open(folder.path());
    all_are_there(&store, kept).await;
    // Room again, and no restart.
    fs::remove_file(ballast).unwrap();
    store.commit(Batch::new().insert(&note("room again", &text))).await.unwrap();
}

async fn all_are_there(store: &Store, kept: usize) {
    for number in 0..kept {
        assert!(
            store.get::<Note>("notes", &format!("n{number}")).await.unwrap().is_some(),
            "{number} is gone"
        );
    }
    assert_eq!(store.get::<Note>("notes", &format!("n{kept}")).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_queue_answers_at_once() {
    let options = Options { queue: 2, group: 1, ..options() };
    let store = Store::new(Arc::new(SqliteEngine::temporary(options).unwrap()));
    let tasks: Vec<_> = (0..256)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(Batch::new().put(&note(&number.to_string(), "x"))).await })
        })
        .collect();
    let mut refused = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => {}
            Err(CommitError::Store(StoreError::Unavailable(_))) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0);
    store.engine().ready().await.unwrap();
}

#[tokio::test]
async fn a_long_log_is_taken_in_while_serving() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let text = "x".repeat(1 << 20);
    for round in 0..60 {
        store.commit(Batch::new().put(&note(&(round % 4).to_string(), &text))).await.unwrap();
    }
    let log = fs::metadata(folder.path().join("poolhouse.db-wal")).unwrap().len();
    assert!(log < 32 << 20, "60 MB were written and the log has {log} bytes");
    assert_eq!(store.get::<Note>("notes", "3").await.unwrap().unwrap().version, 15);
}

/// While the server runs, with any SQLite shell.
#[tokio::test]
async fn an_operator_reads_it_with_plain_sql() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.commit(Batch::new().insert(&note("a", "first"))).await.unwrap();
    let shell = rusqlite::Connection::open(folder.path().join("poolhouse.db")).unwrap();
    let question = "SELECT collection, partition, key, version, body ->> 'text' FROM rows";
    let row = shell
        .query_row(question, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
    let expected = (String::from("note"), String::from("notes"), String::from("a"), 1, String::from("first"));
    assert_eq!(row.unwrap(), expected);
    // It holds nobody up.
    store.commit(Batch::new().put(&note("a", "second"))).await.unwrap();
}

#[tokio::test]
async fn a_temporary_engine_leaves_nothing_behind() {
    let engine = SqliteEngine::in_memory(Arc::new(|| Timestamp(0))).unwrap();
    let path = engine.path().to_owned();
    assert!(path.exists());
    drop(engine);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_visitor_reads_and_writes_beside_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = SqliteEngine::beside(folder.path(), options()).err().unwrap();
    assert!(matches!(nothing, OpenError::Folder { .. }), "{nothing}");
    assert!(!folder.path().join("poolhouse.db").exists(), "a visit makes nothing");
    let server = open(folder.path());
    server.commit(Batch::new().insert(&note("a", "first"))).await.unwrap();
    let visitor = Store::new(Arc::new(SqliteEngine::beside(folder.path(), options()).unwrap()));
    let read = visitor.get::<Note>("notes", "a").await.unwrap().unwrap();
    visitor.commit(Batch::new().replace(&read, &note("a", "second"))).await.unwrap();
    visitor.engine().close().await.unwrap();
    let read = server.get::<Note>("notes", "a").await.unwrap().unwrap();
    assert_eq!((read.value.text.as_str(), read.version), ("second", 2));
    server.commit(Batch::new().replace(&read, &note("a", "third"))).await.unwrap();
    server.engine().close().await.unwrap();
}
