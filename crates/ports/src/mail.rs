//! Mail out.

use async_trait::async_trait;

/// One message to one person. `text` is always there; `html` where the sender made one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MailMessage {
    /// Stable across retries: the outbox names its file by it and the `Message-ID` header carries it.
    pub id: String,
    /// `From`, as `Name <address>` or a bare address; the configured default where a pool sets none.
    pub from: Option<String>,
    pub reply_to: Option<String>,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// The one-time code in the text, so that the development outbox can show it by itself.
    pub code: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Worth trying again: the server was away, busy or asked to wait.
    #[error("could not deliver now: {0}")]
    Later(String),
    /// Never going to work: the address or the message was refused for good.
    #[error("refused: {0}")]
    Refused(String),
}

#[async_trait]
pub trait Mail: Send + Sync + 'static {
    async fn deliver(&self, message: &MailMessage) -> Result<(), DeliveryError>;
}
