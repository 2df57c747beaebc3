//! Mail and text messages that were delivered, kept for the test to read; or refused, where it says so.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ports::{
    Mail, TextMessage,
    mail::{DeliveryError, MailMessage},
    text_message::SmsMessage,
};
use tokio::{sync::Notify, time::timeout};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub to: String,
    /// Empty for a text message.
    pub subject: String,
    pub text: String,
    pub code: Option<String>,
}

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Post(Arc<Inner>);

#[derive(Default)]
struct Inner {
    sent: Mutex<Vec<Sent>>,
    away: AtomicBool,
    arrived: Notify,
}

impl Post {
    /// From now on nothing can be delivered, for the moment; or again it can.
    pub fn set_away(&self, away: bool) {
        self.0.away.store(away, Ordering::SeqCst);
    }

    /// What was delivered to an address, oldest first.
    pub fn to(&self, address: &str) -> Vec<Sent> {
        let sent = self.0.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.iter().filter(|sent| sent.to == address).cloned().collect()
    }

    /// The code of the newest message to an address, once there are `count` messages.
    pub async fn code(&self, address: &str, count: usize) -> String {
        let waiting = async {
            loop {
                let arrived = self.0.arrived.notified();
                let sent = self.to(address);
                if sent.len() >= count {
                    return sent.into_iter().next_back().and_then(|sent| sent.code);
                }
                arrived.await;
            }
        };
        let found = timeout(Duration::from_secs(20), waiting).await;
        found.ok().flatten().unwrap_or_else(|| panic!("no code for {address} among {count} messages"))
    }

    fn deliver(&self, sent: Sent) -> Result<(), DeliveryError> {
        if self.0.away.load(Ordering::SeqCst) {
            return Err(DeliveryError::Later(String::from("the test says that the post is away")));
        }
        self.0.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        self.0.arrived.notify_waiters();
        Ok(())
    }
}

#[async_trait]
impl Mail for Post {
    async fn deliver(&self, message: &MailMessage) -> Result<(), DeliveryError> {
        Self::deliver(
            self,
            Sent {
                to: message.to.clone(),
                subject: message.subject.clone(),
                text: message.text.clone(),
                code: message.code.clone(),
            },
        )
    }
}

#[async_trait]
impl TextMessage for Post {
    async fn deliver(&self, message: &SmsMessage) -> Result<(), DeliveryError> {
        Self::deliver(
            self,
            Sent {
                to: message.to.clone(),
                subject: String::new(),
                text: message.text.clone(),
                code: message.code.clone(),
            },
        )
    }
}
