//! A pool's Lambda triggers: what they are told, and what their answers change
//! ("Customizing user pool workflows with Lambda triggers").

pub mod auth_challenge;
pub mod custom_message;
mod event;
pub mod post_authentication;
pub mod post_confirmation;
pub mod pre_authentication;
pub mod pre_sign_up;
pub mod pre_token_generation;
pub mod user_migration;

pub use event::{Event, TriggerFailed, call, user_attributes};
