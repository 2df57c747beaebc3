//! The gateway as its callers meet it: real store, real tokens; functions run in the test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should stop where it stands"
)]

mod api_keys;
mod cognito;
mod control;
mod deployments;
mod events;
mod house;
mod iam_auth;
mod lambda_authorizers;
mod mock;
mod phases;
mod responses;
mod templates;
mod tricks;
