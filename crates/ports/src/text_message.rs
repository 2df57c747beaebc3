//! Text messages out.

use async_trait::async_trait;

use crate::mail::DeliveryError;

/// One SMS.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SmsMessage {
    /// Stable across retries.
    pub id: String,
    /// E.164, such as `+14155550123`.
    pub to: String,
    pub text: String,
    pub code: Option<String>,
}

#[async_trait]
pub trait TextMessage: Send + Sync + 'static {
    async fn deliver(&self, message: &SmsMessage) -> Result<(), DeliveryError>;
}
