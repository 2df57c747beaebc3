//! Sends what waits. A message is committed with the change it tells of, so it is never lost and never speaks of what did
//! not happen; a mail server that is down holds nobody up: the message is tried again, later and later, and the log says
//! so.

use std::{sync::Arc, time::Duration};

use base::Timestamp;
use crypto::seal::Sealer;
use ports::{Clock, Mail, TextMessage, mail::DeliveryError};
use store::{Batch, CommitError, Query, Store, StoreError, Versioned};
use tokio::{sync::Notify, task::JoinSet};

use super::Outgoing;
use crate::rows::{MessageRow, OUTBOX, sealed};

/// Messages on their way at once.
const TOGETHER: usize = 16;
/// How long one delivery may take, and how long a message belongs to whoever took it.
const DELIVERY: Duration = Duration::from_secs(30);
const LEASE_SECONDS: i64 = 60;
/// How often to look, when nobody says that there is something.
const LOOK: Duration = Duration::from_secs(5);
const FIRST_RETRY_SECONDS: i64 = 5;
const LONGEST_RETRY_SECONDS: i64 = 900;

#[derive(Clone)]
pub struct Outbox {
    store: Store,
    sealer: Sealer,
    clock: Arc<dyn Clock>,
    mail: Arc<dyn Mail>,
    text_message: Arc<dyn TextMessage>,
    wake: Arc<Notify>,
}

impl Outbox {
    pub fn new(
        store: Store,
        sealer: Sealer,
        clock: Arc<dyn Clock>,
        mail: Arc<dyn Mail>,
        text_message: Arc<dyn TextMessage>,
    ) -> Self {
        Self { store, sealer, clock, mail, text_message, wake: Arc::new(Notify::new()) }
    }

    /// Something was committed: do not wait for the next look.
    pub fn hurry(&self) {
        self.wake.notify_one();
    }

    pub(crate) async fn run(self) {
        loop {
            match self.send_due().await {
                Ok(0) => {
                    tokio::select! {
                        () = self.wake.notified() => {}
                        () = tokio::time::sleep(LOOK) => {}
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "waiting messages cannot be read");
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }

    /// Sends what is due now and says how many messages it took.
    pub async fn send_due(&self) -> Result<usize, StoreError> {
        let until = MessageRow::due_index(self.clock.now().plus_millis(1));
        let due =
            Query::<MessageRow>::in_partition(OUTBOX).index("by_due").between("", until).limit(TOGETHER);
        let page = self.store.query(due).await?;
        let mut sending = JoinSet::new();
        for row in page.rows {
            let outbox = self.clone();
            sending.spawn(async move { outbox.take_and_send(row).await });
        }
        let mut taken = 0;
        while let Some(sent) = sending.join_next().await {
            taken += usize::from(matches!(sent, Ok(true)));
        }
        Ok(taken)
    }

    /// Takes the message for itself first: another node that saw it too does not send it again.
    async fn take_and_send(&self, row: Versioned<MessageRow>) -> bool {
        let mut taken = row.value.clone();
        taken.attempts += 1;
        taken.due = self.clock.now().plus_seconds(LEASE_SECONDS);
        if self.store.commit(Batch::new().replace(&row, &taken)).await.is_err() {
            return false;
        }
        let outcome = match self.open(&taken) {
            Ok(outgoing) => self.deliver(&outgoing).await,
            Err(cause) => Err(DeliveryError::Refused(cause)),
        };
        self.settle(&taken, outcome).await;
        true
    }

    fn open(&self, row: &MessageRow) -> Result<Outgoing, String> {
        let text = self.sealer.open(&sealed::message(&row.id), &row.sealed).map_err(|e| e.to_string())?;
        serde_json::from_slice(text.expose()).map_err(|cause| cause.to_string())
    }

    async fn deliver(&self, outgoing: &Outgoing) -> Result<(), DeliveryError> {
        let delivery = async {
            match outgoing {
                Outgoing::Mail(message) => self.mail.deliver(message).await,
                Outgoing::Sms(message) => self.text_message.deliver(message).await,
            }
        };
        match tokio::time::timeout(DELIVERY, delivery).await {
            Ok(outcome) => outcome,
            Err(_) => Err(DeliveryError::Later(format!("no answer within {} s", DELIVERY.as_secs()))),
        }
    }

    async fn settle(&self, row: &MessageRow, outcome: Result<(), DeliveryError>) {
        let (id, pool, attempts) = (&row.id, &row.user_pool_id, row.attempts);
        let gone = Batch::new().delete::<MessageRow>(OUTBOX, id);
        let batch = match outcome {
            Ok(()) => {
                tracing::info!(%id, %pool, attempts, "message sent");
                gone
            }
            Err(DeliveryError::Refused(cause)) => {
                tracing::error!(%id, %pool, attempts, %cause, "message refused for good, given up");
                gone
            }
            Err(DeliveryError::Later(cause)) => {
                let due = self.clock.now().plus_seconds(wait_seconds(attempts));
                if due >= row.expires_at {
                    tracing::error!(%id, %pool, attempts, %cause, "message given up: it is too old to be of use");
                    gone
                } else {
                    let wait = wait_seconds(attempts);
                    tracing::warn!(%id, %pool, attempts, %cause, "message not sent, next try in {wait} s");
                    Batch::new().put(&MessageRow { due, ..row.clone() })
                }
            }
        };
        if let Err(error) = self.store.commit(batch).await
            && !matches!(error, CommitError::Conflict(_))
        {
            tracing::error!(%id, %error, "a message's outcome could not be written: it will be sent again");
        }
    }

    /// When the next message is due, for tests that hold the clock.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = Query::<MessageRow>::in_partition(OUTBOX).index("by_due").limit(1);
        Ok(self.store.query(first).await?.rows.first().map(|row| row.value.due))
    }
}

/// Five seconds, doubling, to fifteen minutes.
fn wait_seconds(attempts: u32) -> i64 {
    let doublings = attempts.saturating_sub(1).min(16);
    (FIRST_RETRY_SECONDS << doublings).min(LONGEST_RETRY_SECONDS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::Query;

    use super::*;
    use crate::test_support::{PASSWORD, World};

    async fn sign_up(world: &World) {
        let (_, client) = world.plain().await;
        let input = json!({
            "ClientId": client, "Username": "anna", "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": "anna@example.com" }],
        });
        world.ok("SignUp", input).await;
    }

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let waits: Vec<i64> = (1..=10).map(wait_seconds).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    }

    #[tokio::test]
    async fn what_waits_is_sealed() {
        let world = World::new().await;
        *world.sent.down.lock().unwrap() = true;
        sign_up(&world).await;
        let waiting = world.store.query_all(Query::<MessageRow>::in_partition(OUTBOX)).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert!(!serde_json::to_string(&waiting[0].value).unwrap().contains("anna@example.com"));
    }

    #[tokio::test]
    async fn a_message_is_tried_until_it_is_of_no_more_use() {
        let world = World::new().await;
        *world.sent.down.lock().unwrap() = true;
        sign_up(&world).await;
        let outbox = &world.pools.service().outbox;
        let mut tries = 0;
        // A day, in steps of a minute.
        for _ in 0..1440 {
            tries += outbox.send_due().await.unwrap();
            world.clock.pass_seconds(60);
        }
        assert_eq!(outbox.next_due().await.unwrap(), None);
        // Nine while the wait grows, then four an hour; the room's own sender may have had the first.
        assert!((90..=110).contains(&tries), "{tries}");
        assert!(world.sent.mails.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn two_senders_send_once() {
        let world = World::new().await;
        *world.sent.down.lock().unwrap() = true;
        sign_up(&world).await;
        world.send_once_due().await;
        *world.sent.down.lock().unwrap() = false;
        world.clock.pass_seconds(61);
        let outbox = &world.pools.service().outbox;
        let (one, two) = tokio::join!(outbox.send_due(), outbox.send_due());
        one.and(two).unwrap();
        world.send().await;
        assert_eq!(world.sent.mails.lock().unwrap().len(), 1);
    }
}
