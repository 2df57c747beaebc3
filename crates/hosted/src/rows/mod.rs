//! What the hosted pages keep in the store, in the partition of the pool they belong to.

mod authorization_code;
mod session;

pub use authorization_code::AuthorizationCodeRow;
pub use session::{HostedSessionRow, SESSION_SECONDS};
