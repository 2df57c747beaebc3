//! A small signed client for the AWS APIs that the command line needs. It knows nothing of Poolhouse: whatever answers
//! at the endpoint is spoken to as AWS is.

mod client;
pub mod cloudformation;
pub mod cognito;
pub mod credentials;
mod error;
pub mod lambda;
pub mod logs;
pub mod s3;
pub mod sts;
pub mod xml;

pub use client::{Call, Client};
pub use credentials::Keys;
pub use error::AwsFailure;
