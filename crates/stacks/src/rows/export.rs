//! A name that a stack exports a value under, and who uses it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use store::Collection;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRow {
    pub home: String,
    pub name: String,
    pub value: String,
    /// Id, ARN and name of the stack that exports it.
    pub stack: String,
    pub stack_arn: String,
    pub stack_name: String,
    /// Names of stacks whose templates import it. Kept here, so that taking it away and beginning to use it meet in one
    /// row.
    pub importers: BTreeSet<String>,
}

impl Collection for ExportRow {
    const NAME: &'static str = "stack_export";

    fn partition(&self) -> &str {
        &self.home
    }

    fn key(&self) -> String {
        self.name.clone()
    }
}
