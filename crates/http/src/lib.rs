//! The front door: one listener, and the way from a request to the room that owns what it asks for.
//!
//! [`assemble`] opens every room on a store and gives a [`FrontDoor`]. A request comes in at [`listener`], is told apart
//! by host and path ([`site`]), and goes to an AWS API ([`aws`], which speaks the [`protocols`]) or one of the other
//! [`doors`]: hosted pages, deployed APIs, keys and discovery, health, metrics, the outbox.

mod adapters;
mod assemble;
mod aws;
mod background;
pub mod body;
mod doors;
mod front;
mod keyring;
pub mod limits;
pub mod listener;
mod metrics;
pub mod protocols;
mod proxies;
pub mod site;

pub use assemble::{AssembleError, Config, FrontDoor, OpenRooms, Parts, ServeError, Stop, assemble};
pub use crypto::seal::MasterKey;
pub use doors::outbox::Outbox;
pub use iam::RootKey;
pub use limits::Limits;
pub use proxies::{InvalidNetwork, Network};
pub use userpool::IssuerStyle;

// What whoever calls `assemble` must name, so that they need not lean on those rooms themselves.
pub use {base, store};

/// Signing requests: for clients of this server, tests among them.
pub mod sigv4 {
    pub use crypto::sigv4::{Request, Signer};

    /// What stands for a body in a signature.
    pub fn payload_hash(body: &[u8]) -> String {
        crypto::digest::sha256_hex(body)
    }
}
