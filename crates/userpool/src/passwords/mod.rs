//! Passwords: what a pool asks of them, and what is kept in their place.

mod keep;
mod policy;

pub use keep::{keep, matches, open_verifier, set, was_used};
pub use policy::complaint;
