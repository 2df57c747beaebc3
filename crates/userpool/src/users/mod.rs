//! People, found by their names, and who owns which name.

pub mod aliases;
mod delete;
mod factors;
mod find;
mod name;

pub use delete::delete;
pub use factors::factors;
pub use find::{Named, find, find_for_admin, look_up};
pub use name::{name, stranger_id};
