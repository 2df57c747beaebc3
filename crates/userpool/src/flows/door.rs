//! By which way someone comes in.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Door {
    pub kind: DoorKind,
    /// The caller's address, for logs and triggers.
    pub source_ip: String,
    /// `ClientMetadata`: handed to triggers as it is.
    pub client_metadata: BTreeMap<String, String>,
    /// `SECRET_HASH`. The pages have none: they act for the client.
    pub secret_hash: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoorKind {
    /// `InitiateAuth`, `RespondToAuthChallenge`.
    Api,
    /// `AdminInitiateAuth`, `AdminRespondToAuthChallenge`: a signed call.
    Admin,
    /// The hosted pages: ends in [`SignedIn`](super::SignedIn), and `ExplicitAuthFlows` says nothing about it.
    Hosted,
}

impl Door {
    /// The pages' door, for a request from `source_ip`.
    pub fn hosted(source_ip: impl Into<String>) -> Self {
        Self {
            kind: DoorKind::Hosted,
            source_ip: source_ip.into(),
            client_metadata: BTreeMap::new(),
            secret_hash: None,
        }
    }
}
