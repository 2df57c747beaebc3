//! The world outside, as `ports` asks for it: mail over SMTP, text messages over HTTP, an outbox for when neither is
//! configured, fetches behind an egress guard, the system's clock and randomness.

pub mod fetch;
mod message;
pub mod outbox;
pub mod sms_http;
pub mod smtp;
pub mod system;

pub use fetch::{Egress, GuardedFetch};
pub use outbox::Outbox;
pub use sms_http::HttpTextMessage;
pub use smtp::SmtpMail;
pub use system::{SystemClock, SystemRng};
