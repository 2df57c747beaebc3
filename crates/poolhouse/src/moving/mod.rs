//! Moving house: `backup`, `restore`, `copy` and `keys rotate`. These speak to the store itself and not to a server, which
//! may go on serving meanwhile.

pub mod backup;
pub mod copy;
mod house;
mod keyring;
pub mod restore;
pub mod rotate;

use serde_json::{Value, json};
use store::{StoreError, moving::Moved};

use crate::failure::Failure;

/// `1 row and 0 blobs`.
fn words(moved: Moved) -> String {
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let Moved { rows, blobs } = moved;
    format!("{rows} row{} and {blobs} blob{}", plural(rows), plural(blobs))
}

fn document(moved: Moved) -> Value {
    json!({ "rows": moved.rows, "blobs": moved.blobs })
}

fn failed(cause: &StoreError) -> Failure {
    match cause {
        StoreError::Invalid(text) => Failure::tried(text.clone()),
        other => Failure::tried(other.to_string()),
    }
}
