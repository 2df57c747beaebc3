use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// Answers every request with `answer`, and counts who connected.
async fn server(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, connected) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let count = connected.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while socket.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    if socket.write_all(answer.as_bytes()).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (port, connected)
}

fn at_home() -> GuardedFetch {
    GuardedFetch::new(Egress::allowing(vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]))
}

async fn get(
    fetch: &GuardedFetch,
    url: &str,
    limit: usize,
    deadline: u64,
) -> Result<Response<Bytes>, FetchError> {
    fetch.fetch(Request::get(url).body(Bytes::new()).unwrap(), limit, deadline).await
}

#[tokio::test]
async fn what_is_allowed_is_fetched_and_the_connection_kept() {
    let (port, connected) = server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await;
    let fetch = at_home();
    for _ in 0..3 {
        let answer = get(&fetch, &format!("http://localhost:{port}/path"), 100, 5000).await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"hello"[..]));
    }
    assert_eq!(connected.load(Ordering::SeqCst), 1);
}

/// Every way to write or to name this machine: nobody connects.
#[tokio::test]
async fn nothing_reaches_this_machine_unless_allowed() {
    let (port, connected) = server("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await;
    let fetch = GuardedFetch::new(Egress::public());
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "LOCALHOST",
        "localhost.",
    ] {
        let outcome = get(&fetch, &format!("http://{host}:{port}/"), 100, 5000).await;
        // A form that this machine's resolver does not know fails; none succeeds.
        assert!(
            matches!(outcome, Err(FetchError::Forbidden(_) | FetchError::Failed(_))),
            "{host}: {outcome:?}"
        );
    }
    for host in
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "[fd00:ec2::254]"]
    {
        let outcome = get(&fetch, &format!("http://{host}:{port}/"), 100, 5000).await;
        assert!(matches!(outcome, Err(FetchError::Forbidden(_))), "{host}: {outcome:?}");
    }
    for url in ["http://1.1.1.1@localhost/", "ftp://example.com/", "file:///etc/passwd", "/etc/passwd"] {
        let Ok(request) = Request::get(url).body(Bytes::new()) else { continue };
        let outcome = fetch.fetch(request, 100, 5000).await;
        assert!(matches!(outcome, Err(FetchError::Forbidden(_))), "{url}: {outcome:?}");
    }
    assert_eq!(connected.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_a_way() {
    let (inside, connected) = server("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await;
    let redirect =
        format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inside}/\r\nContent-Length: 0\r\n\r\n");
    let (port, _) = server(Box::leak(redirect.into_boxed_str())).await;
    let answer = get(&at_home(), &format!("http://127.0.0.1:{port}/"), 100, 5000).await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(connected.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_has_its_size_and_its_time() {
    let fetch = at_home();
    let (port, _) = server("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello").await;
    let large = get(&fetch, &format!("http://127.0.0.1:{port}/"), 100, 5000).await;
    assert!(matches!(large, Err(FetchError::TooLarge(100))), "{large:?}");
    let (port, _) = server(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n01234567890123456789012345678901\r\n",
    )
    .await;
    let large = get(&fetch, &format!("http://127.0.0.1:{port}/"), 10, 5000).await;
    assert!(matches!(large, Err(FetchError::TooLarge(10))), "{large:?}");
    let (port, _) = server("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nslow").await;
    let slow = get(&fetch, &format!("http://127.0.0.1:{port}/"), 100, 200).await;
    assert!(matches!(slow, Err(FetchError::Deadline(200))), "{slow:?}");
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let gone = get(&fetch, &format!("http://127.0.0.1:{gone}/"), 100, 5000).await;
    assert!(matches!(gone, Err(FetchError::Failed(_))), "{gone:?}");
}

#[tokio::test]
async fn https_makes_a_handshake_and_trusts_no_one_unknown() {
    let (port, connected) = server("no TLS at all\r\n").await;
    let outcome = get(&at_home(), &format!("https://localhost:{port}/"), 100, 5000).await;
    assert!(matches!(outcome, Err(FetchError::Failed(_))), "{outcome:?}");
    assert_eq!(connected.load(Ordering::SeqCst), 1);
}
