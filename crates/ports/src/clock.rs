//! What time it is.

use base::Timestamp;

/// The wall clock. Tests hold one that moves only when told to.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}
