//! Coming up: many nodes at once, a newer database, TLS, several hosts, a pooler's rules.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

mod support;

use std::{process::Command, sync::Arc, time::Instant};

use store::{
    Batch, Store,
    contract::{HeldClock, Thing},
};
use store_postgres::{OpenError, PostgresEngine};
use test_postgres::{Server, Settings};
use tokio::task::JoinSet;

async fn works(url: &str) {
    let store = Store::new(Arc::new(support::engine(url, HeldClock::new()).await));
    store.commit(Batch::new().put(&Thing::new("p", "k"))).await.unwrap();
    store.engine().ready().await.unwrap();
    store.engine().close().await.unwrap();
}

async fn refusal(url: &str) -> OpenError {
    PostgresEngine::connect(url, support::options(HeldClock::new())).await.err().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_bring_the_tables_up_once() {
    let url = support::database();
    let mut nodes = JoinSet::new();
    for _ in 0..12 {
        let url = url.clone();
        nodes.spawn(async move { works(&url).await });
    }
    nodes.join_all().await;
    let name = url.rsplit('/').next().unwrap();
    assert_eq!(support::server().sql(name, "SELECT count(*), max(version) FROM poolhouse.migrations"), "1|1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_database_is_refused() {
    let url = support::database();
    works(&url).await;
    let name = url.rsplit('/').next().unwrap();
    support::server().sql(name, "INSERT INTO poolhouse.migrations (version) VALUES (7)");
    let refused = refusal(&url).await.to_string();
    assert!(refused.contains("data version 7") && refused.contains("up to 1"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_told_without_the_password() {
    let server = support::server();
    server.sql("postgres", "CREATE DATABASE latin ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
    server.sql("postgres", "CREATE ROLE guest LOGIN PASSWORD 'hunter2'");
    let at = |words: &str| format!("postgres://guest:hunter2@127.0.0.1:{}/{words}", server.port());
    server.database("guests");
    for (url, words) in [
        (at("latin"), "SQL_ASCII"),
        (at("nothing"), "\"nothing\" does not exist"),
        (at("guests"), "permission denied"),
        (String::from("postgres://guest:hunter2@127.0.0.1:1/db"), "127.0.0.1:1"),
    ] {
        let refused = refusal(&url).await.to_string();
        assert!(refused.contains(words), "{words}: {refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}

/// The first host accepts and says nothing, the second is not there: the third is found all the same, and soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_that_writes_is_found_among_those_that_do_not_answer() {
    let server = support::server();
    server.database("hosts");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let hosts =
        format!("127.0.0.1:{},127.0.0.1:1,127.0.0.1:{}", silent.local_addr().unwrap().port(), server.port());
    let since = Instant::now();
    works(&format!("postgres://postgres@{hosts}/hosts")).await;
    // Of every new connection the host that answered last is asked first.
    assert!(since.elapsed().as_secs_f64() < 1.5, "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_as_strict_as_it_is_told() {
    let keys = tempfile::tempdir().unwrap();
    let at = |name: &str| keys.path().join(name).display().to_string();
    let openssl = |words: &[&str]| {
        let told = Command::new("openssl").args(words).output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    };
    let (ca, key, crt, csr) = (at("ca.crt"), at("server.key"), at("server.crt"), at("server.csr"));
    let (ca_key, names) = (at("ca.key"), at("names"));
    let new = ["req", "-new", "-newkey", "rsa:2048", "-nodes"];
    openssl(
        &[&new[..], &["-x509", "-days", "2", "-subj", "/CN=test CA", "-keyout", &ca_key, "-out", &ca]]
            .concat(),
    );
    openssl(&[&new[..], &["-subj", "/CN=db.example", "-keyout", &key, "-out", &csr]].concat());
    std::fs::write(&names, "subjectAltName=DNS:db.example,DNS:localhost").unwrap();
    let sign = ["x509", "-req", "-days", "2", "-CAcreateserial", "-CA", &ca, "-CAkey", &ca_key];
    openssl(&[&sign[..], &["-in", &csr, "-out", &crt, "-extfile", &names]].concat());
    let server = Server::start_with(&Settings::default());
    let data = server.folder().join("data");
    for (from, to) in [(&key, "server.key"), (&crt, "server.crt")] {
        std::fs::copy(from, data.join(to)).unwrap();
    }
    let own = |name: &str| {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
        let (owner, file) = (std::fs::metadata(&data).unwrap(), data.join(name));
        chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    own("server.key");
    own("server.crt");
    server.sql("postgres", "ALTER SYSTEM SET ssl = on");
    server.kill();
    server.start_again();
    server.database("tls");
    let url = |host: &str, words: &str| format!("postgres://postgres@{host}:{}/tls?{words}", server.port());
    let trusted = format!("sslrootcert={ca}");
    works(&url("127.0.0.1", "sslmode=require")).await;
    works(&url("127.0.0.1", &format!("sslmode=verify-ca&{trusted}"))).await;
    works(&url("localhost", &format!("sslmode=verify-full&{trusted}"))).await;
    works(&url("localhost", "sslmode=disable")).await;
    let encrypted = "SELECT count(*) > 0 FROM pg_stat_ssl WHERE ssl AND pid <> pg_backend_pid()";
    let _open = support::engine(&url("localhost", "sslmode=prefer"), HeldClock::new()).await;
    assert_eq!(server.sql("tls", encrypted), "t");
    for (host, words) in [
        // Not its name; not its authority.
        ("127.0.0.1", format!("sslmode=verify-full&{trusted}")),
        ("localhost", format!("sslmode=verify-full&sslrootcert={crt}")),
        ("localhost", String::from("sslmode=verify-ca&sslrootcert=system")),
        ("localhost", String::from("sslmode=verify-full&sslrootcert=/nowhere")),
    ] {
        let refused = refusal(&url(host, &words)).await;
        assert!(matches!(refused, OpenError::Away(_) | OpenError::Tls(_)), "{words}: {refused}");
    }
}
