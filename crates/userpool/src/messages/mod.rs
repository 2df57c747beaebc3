//! What is sent to people: composed here, committed with the change it tells of, sent by the outbox.

mod compose;
mod delivery;
mod outbox;
mod words;

pub use compose::{Composed, Occasion, Outgoing, compose};
pub use delivery::{
    Channel, channel_for, details, masked, pretended, recovery_channel, verification_channel,
};
pub use outbox::Outbox;

use base::ids::DIGITS;
use ports::RngExt;

use crate::service::Service;

/// Six digits.
pub fn fresh_code(service: &Service) -> String {
    service.rng.string(DIGITS, 6)
}
