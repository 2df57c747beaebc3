//! The words every room shares: identifiers, ARNs, instants, secrets and page tokens.
//!
//! Nothing here does I/O, reads a clock or draws a random number; values come in, values go out.

pub mod arn;
pub mod aws;
pub mod ids;
pub mod page_token;
pub mod secret;
pub mod timestamp;

pub use arn::Arn;
pub use aws::{AwsError, Boxed, Caller, Identity};
pub use ids::{AccountId, Region};
pub use page_token::PageToken;
pub use secret::Secret;
pub use timestamp::Timestamp;
