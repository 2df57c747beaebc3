//! Temporary keys for a role: what a function runs with.

use async_trait::async_trait;
use base::{Secret, Timestamp};

#[derive(Clone, Debug)]
pub struct TemporaryCredentials {
    pub access_key_id: String,
    pub secret_access_key: Secret<String>,
    pub session_token: Secret<String>,
    pub expires_at: Timestamp,
}

#[async_trait]
pub trait RoleCredentials: Send + Sync + 'static {
    /// Keys that act as `role_arn`, under `session_name`. The message says why not.
    async fn assume(&self, role_arn: &str, session_name: &str) -> Result<TemporaryCredentials, String>;
}
