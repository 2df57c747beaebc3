//! What runs beside the requests: expired rows and blobs that nobody holds go, a little at a time.

use std::{sync::Arc, time::Duration};

use ports::Clock;
use prometheus_client::metrics::counter::Counter;
use store::{Store, StoreError};
use tokio::{sync::watch, task::JoinHandle, time::sleep};

const PAUSE: Duration = Duration::from_secs(30);
/// Small enough that a sweep never stands in the way of a commit for long.
const ROWS: usize = 500;
const BLOBS: usize = 50;

pub fn sweep(
    store: Store,
    clock: Arc<dyn Clock>,
    swept: Counter,
    mut stop: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let pause = match once(&store, clock.as_ref()).await {
                Ok((rows, blobs)) => {
                    swept.inc_by(rows as u64);
                    // There is more where a whole batch went.
                    if rows == ROWS || blobs == BLOBS { Duration::from_millis(100) } else { PAUSE }
                }
                Err(cause) => {
                    tracing::warn!(%cause, "expired rows could not be swept");
                    PAUSE
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    })
}

async fn once(store: &Store, clock: &dyn Clock) -> Result<(usize, usize), StoreError> {
    let rows = store.engine().sweep(ROWS).await?;
    let blobs = store.collect_blobs(clock.now(), BLOBS).await?;
    Ok((rows, blobs))
}
