//! What user pools keep in the store. Partitions are pool ids, but for the few collections whose key must be unique
//! among all pools.
//!
//! Secret fields hold `crypto::seal` text, bound to their row and field by the name that [`sealed`] gives.

mod alias;
mod attempts;
mod client;
mod code;
mod domain;
mod message;
mod refresh_family;
mod signing_key;
mod spent_session;
mod user;
mod user_pool;

pub use alias::{AliasKind, AliasRow};
pub use attempts::AttemptsRow;
pub use client::{CLIENT_IDS, ClientIdRow, ClientSecretRow, UserPoolClientRow};
pub use code::{CodePurpose, CodeRow};
pub use domain::{DOMAINS, DomainRow};
pub use message::{MessageRow, OUTBOX};
pub use refresh_family::RefreshFamilyRow;
pub use signing_key::{KeyUse, SigningKeyRow};
pub use spent_session::SpentSession;
pub use user::{MfaSettings, UserRow, UserStatus};
pub use user_pool::{PoolMfa, UserPoolRow};

/// What sealed text is bound to: opening it as anything else fails.
pub mod sealed {
    pub fn pool_secret(pool_id: &str) -> String {
        format!("user_pool/{pool_id}/secret")
    }

    pub fn client_secret(client_id: &str, secret_id: &str) -> String {
        format!("user_pool_client/{client_id}/{secret_id}")
    }

    pub fn verifier(pool_id: &str, sub: &str) -> String {
        format!("user_pool_user/{pool_id}/{sub}/verifier")
    }

    pub fn totp_seed(pool_id: &str, sub: &str) -> String {
        format!("user_pool_user/{pool_id}/{sub}/totp")
    }

    pub fn signing_key(pool_id: &str, kid: &str) -> String {
        format!("user_pool_signing_key/{pool_id}/{kid}")
    }

    pub fn session(pool_id: &str, client_id: &str) -> String {
        format!("session/{pool_id}/{client_id}")
    }

    pub fn refresh_token(pool_id: &str, client_id: &str) -> String {
        format!("refresh_token/{pool_id}/{client_id}")
    }

    pub fn message(id: &str) -> String {
        format!("user_pool_message/{id}")
    }
}
