//! A line between engine and server that a test can cut at the worst moment.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Passes everything on, until told to cut.
pub struct Proxy {
    pub address: SocketAddr,
    cuts: Arc<AtomicU32>,
}

/// What a message to the server holds when it is a commit.
const COMMIT: &[u8] = b"poolhouse.commit_batch";

impl Proxy {
    pub async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cuts = Arc::new(AtomicU32::new(0));
        let cutting = cuts.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let cutting = cutting.clone();
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await {
                        pass(client, server, &cutting).await;
                    }
                });
            }
        });
        Self { address, cuts }
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}?sslmode=disable", self.address)
    }

    /// The next so many commits reach the server, and their answers do not reach the client.
    pub fn cut_after_the_next_commits(&self, count: u32) {
        self.cuts.store(count, Ordering::SeqCst);
    }
}

/// Until either end closes, or an answer is to be lost.
async fn pass(mut client: TcpStream, mut server: TcpStream, cuts: &AtomicU32) {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    let mut answer_is_lost = false;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let sent = &up[..count];
                if sent.windows(COMMIT.len()).any(|window| window == COMMIT)
                    && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
                {
                    answer_is_lost = true;
                }
                if server.write_all(sent).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                // It has answered, so it is done; nobody hears of it.
                if answer_is_lost || client.write_all(&down[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
