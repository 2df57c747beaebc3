//! Joining a pool by oneself.

pub mod confirm_sign_up;
pub mod resend_confirmation_code;
#[allow(clippy::module_inception, reason = "an operation's file has the operation's name")]
pub mod sign_up;
