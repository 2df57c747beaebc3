//! Checking who signed a request.

mod authenticate;
mod payload;
mod refusal;

pub use authenticate::is_signed;
pub use payload::{BodyClaim, Payload};

pub(crate) use refusal::Dialect;
