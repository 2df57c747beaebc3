//! Tokens of a pool: made, checked, refreshed, taken back.
//!
//! "Understanding user pool JSON web tokens (JWTs)", Amazon Cognito Developer Guide.

pub(crate) mod access;
mod claims;
mod discovery;
mod issue;
mod keys;
mod oauth;
#[cfg(test)]
mod oauth_tests;
mod pool_tokens;
mod refresh;
mod refresh_token;
mod revoke;
mod verify;

pub(crate) use claims::Grant;
pub use claims::USER_ADMIN_SCOPE;
pub use issue::{IssueRequest, Issued};
pub(crate) use issue::{Occasion, prepare};
pub(crate) use keys::Keys;
pub use pool_tokens::{PoolTokens, TokenRejected, VerifiedToken, VerifyTokens};
pub(crate) use refresh::{Refreshing, refresh};
pub(crate) use revoke::{forget_families, revoke, revoke_all};
pub(crate) use verify::StoreVerifier;
