//! CloudFormation: templates become stacks of resources.
//!
//! An operation *starts* by one commit that says what is to be done ([`start`]); a *driver* then moves the stack from
//! state to state ([`driver`]): forward ([`apply`]), back ([`rollback`]) and away with what is not wanted ([`discard`]).
//! Each step is written before it is taken, so that a server killed anywhere goes on from there when it is back.
//! Everything that can be known beforehand is ([`plan`]): a template is refused with all of its problems at once.

mod apply;
mod attempt;
mod change_sets;
mod check;
mod condemned;
mod desired;
mod discard;
mod driver;
pub mod engine;
mod events;
mod exports;
mod graph;
mod inline_code;
mod intrinsics;
mod lookup;
mod operations;
mod parameters;
mod plan;
pub mod resources;
mod rollback;
mod rooms;
mod rows;
mod run;
mod schema;
mod stack_policy;
mod stacks;
mod start;
mod stored;
mod take_up;
mod template;
pub mod templates;
#[cfg(test)]
mod testing;
mod transition;
pub mod vault;

pub use desired::REPLACE_TAG;
pub use engine::{Config, Halt};
pub use operations::UNSUPPORTED;
pub use rows::Principal;
pub use stacks::{Parts, Stacks};
