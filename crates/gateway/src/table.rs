//! A deployed stage, compiled: what requests read, without a lock and without the store.

pub mod compile;
pub mod method;
pub mod router;
pub mod stage;
pub mod tables;

pub use method::{Authorization, CompiledMethod, Integration};
pub use router::{Route, Router};
pub use stage::CompiledStage;
pub use tables::Tables;
