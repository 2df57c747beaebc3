//! Tokens of a pool: made, checked, taken back.

mod pool_tokens;

pub use pool_tokens::{PoolTokens, TokenRejected, VerifiedToken, VerifyTokens};
