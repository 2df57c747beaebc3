//! People, found by their names, and who owns which name.

pub mod aliases;
mod delete;
mod factors;
mod find;
mod name;

pub use delete::delete;
pub use factors::factors;
pub use find::{find, find_for_admin};
pub use name::{name, stranger_id};
