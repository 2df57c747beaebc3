//! User pools, as Amazon Cognito keeps them: people, their passwords and tokens, and the operations of `cognito-idp`.
//!
//! - [`UserPools`] is the room's door: [`UserPools::call`] for the AWS API, [`UserPools::tokens`] for authorizers, and typed
//!   ways in for the hosted pages ([`UserPools::sign_in`], [`UserPools::issue_tokens`], …).
//! - `ops/<room>/<operation>.rs` is one operation each: what it reads, what it decides, what it writes, its errors, its tests.
//!   `dispatch.rs` names them all; what is not there stands in `unsupported.txt` with the reason.
//! - What operations share: `flows/` and `challenges/` (the one sign-in engine), `tokens/`, `attributes/`, `passwords/`,
//!   `codes/`, `users/` (who has which name), `triggers/`, `messages/`, `rows/` (what is stored), `directory/` (pools and
//!   clients in memory).

mod attributes;
mod challenges;
mod codes;
mod config;
mod directory;
mod dispatch;
pub mod flows;
mod messages;
mod ops;
mod passwords;
mod provisioned;
mod purge;
pub mod raise;
pub mod rows;
mod service;
pub mod tokens;
mod triggers;
mod users;

#[cfg(test)]
mod test_support;

pub use config::{Config, IssuerStyle, Parts};
pub use directory::{Client, Pool};
pub use dispatch::IMPLEMENTED;
pub use service::UserPools;
