//! One operation, one file. Each is a function of [`Service`](crate::service::Service), the caller and the operation's
//! input; it reads, decides, commits, and answers with the operation's output or an error that the operation lists.

pub mod admin_users;
pub mod clients;
pub mod domains;
pub mod mfa;
pub mod my_user;
pub mod passwords;
pub mod pools;
pub mod sign_in;
pub mod sign_up;
