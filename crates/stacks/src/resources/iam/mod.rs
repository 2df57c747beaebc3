//! AWS Identity and Access Management, on the `iam` room.

mod role;

use std::sync::Arc;

use iam::Iam;

use super::Registry;

pub const SERVICE: &str = "Iam";

pub fn register(registry: &mut Registry, iam: &Iam) {
    registry.add(Arc::new(role::Role { iam: iam.clone() }));
}
