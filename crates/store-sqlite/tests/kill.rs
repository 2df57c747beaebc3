//! `kill -9` at any moment loses nothing that was acknowledged, and leaves no batch half done.
//!
//! A child (this very test binary) commits from many tasks and prints each commit after its answer. It is killed at
//! random moments; then the folder is opened here and compared with what was printed.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that starts itself as a process")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime},
};

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Batch, Collection, CommitError, IndexEntry, Query, Store};
use store_sqlite::{Options, SqliteEngine};

const FOLDER: &str = "POOLHOUSE_TEST_KILL_FOLDER";
const TASKS: u64 = 12;
/// Each task keeps its last so many entries.
const KEPT: u64 = 10;
const ROUNDS: u32 = 12;

/// A task's partition holds a `head` that counts its commits, and an entry for each of the last ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    task: String,
    key: String,
    number: u64,
    padding: String,
}

impl Collection for Entry {
    const NAME: &'static str = "entry";

    fn partition(&self) -> &str {
        &self.task
    }

    fn key(&self) -> String {
        self.key.clone()
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![IndexEntry::new("by_number", format!("{:020}", self.number))]
    }
}

fn open(path: &Path) -> Store {
    let options = Options::new(Arc::new(|| Timestamp::from_seconds(1_000_000)));
    Store::new(Arc::new(SqliteEngine::open(path, options).unwrap()))
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: BTreeMap<String, u64> = BTreeMap::new();
    let (mut total, mut beyond) = (0, 0);
    for round in 0..ROUNDS {
        let patience = Duration::from_millis(20 + u64::from(dice() % 300));
        let printed = run_and_kill(folder.path(), patience);
        total += printed.len();
        for (task, number) in printed {
            acknowledged.insert(task, number);
        }
        let store = open(folder.path());
        for (task, acknowledged) in &mut acknowledged {
            let head = store.get::<Entry>(task, "head").await.unwrap().map_or(0, |row| row.value.number);
            assert!(
                head >= *acknowledged,
                "round {round}: task {task} lost {acknowledged}, its head is {head}"
            );
            beyond += head - *acknowledged;
            *acknowledged = head;
            let expected: Vec<u64> = (head.saturating_sub(KEPT - 1).max(1)..=head).collect();
            let entries =
                store.query_all(Query::<Entry>::in_partition(task).starts_with("entry-")).await.unwrap();
            let numbers: Vec<u64> = entries.iter().map(|row| row.value.number).collect();
            assert_eq!(numbers, expected, "round {round}: task {task} is half done");
            let found = store.query_all(Query::<Entry>::in_partition(task).index("by_number")).await.unwrap();
            assert_eq!(
                found.len(),
                expected.len() + usize::from(head > 0),
                "round {round}: an index is half done"
            );
        }
        store.engine().close().await.unwrap();
    }
    println!(
        "{total} commits were acknowledged over {ROUNDS} kills; {beyond} more were there unacknowledged"
    );
    assert!(total > 100, "too few commits to say anything: {total}");
}

/// What the child printed before it was killed: task and number, in order.
fn run_and_kill(folder: &Path, patience: Duration) -> Vec<(String, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "child"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Killing it before it has begun would show nothing.
    let begun = lines.by_ref().map_while(Result::ok).any(|line| line.ends_with("begun"));
    assert!(begun, "the child did not come up");
    let killer = std::thread::spawn(move || kill_after(child, patience));
    let printed = lines
        .map_while(Result::ok)
        .filter_map(|line| {
            let (task, number) = line.strip_prefix("ack ")?.strip_suffix('.')?.split_once(' ')?;
            Some((task.to_owned(), number.parse().unwrap()))
        })
        .collect();
    killer.join().unwrap();
    printed
}

fn kill_after(mut child: Child, patience: Duration) {
    std::thread::sleep(patience);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that is killed; the other test starts it"]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = open(Path::new(&folder));
    say("begun");
    let tasks: Vec<_> =
        (0..TASKS).map(|task| tokio::spawn(write(store.clone(), format!("task-{task}")))).collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

async fn write(store: Store, task: String) -> Result<(), CommitError> {
    loop {
        let head = store.get::<Entry>(&task, "head").await?;
        let number = head.as_ref().map_or(1, |row| row.value.number + 1);
        let entry = |key: String, number| Entry { task: task.clone(), key, number, padding: "x".repeat(700) };
        let next = entry(String::from("head"), number);
        let batch = match &head {
            Some(read) => Batch::new().replace(read, &next),
            None => Batch::new().insert(&next),
        };
        let batch = batch
            .insert(&entry(format!("entry-{number:020}"), number))
            .delete::<Entry>(&task, &format!("entry-{:020}", number.saturating_sub(KEPT)));
        store.commit(batch).await?;
        say(&format!("ack {task} {number}."));
    }
}

/// Straight into the pipe: what is buffered when the process dies was not said.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn dice() -> u32 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().subsec_micros()
}
