//! The front door: one listener, and the way from a request to the room that owns what it asks for.

pub mod body;
pub mod limits;
pub mod listener;
pub mod protocols;
pub mod site;
