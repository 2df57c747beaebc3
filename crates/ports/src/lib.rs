//! What the domain asks of the world, one trait a file. The binary wires the real thing, the testkit one you hold.

pub mod clock;
pub mod credentials;
pub mod fetch;
pub mod invoke;
pub mod mail;
pub mod rng;
pub mod text_message;

pub use clock::Clock;
pub use credentials::RoleCredentials;
pub use fetch::Fetch;
pub use invoke::Invoke;
pub use mail::Mail;
pub use rng::{Rng, RngExt};
pub use text_message::TextMessage;
