//! A name for a version, or for two with a share of the traffic each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::Collection;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AliasRow {
    pub function: String,
    pub name: String,
    pub version: String,
    pub description: String,
    /// `RoutingConfig.AdditionalVersionWeights`: version → share, 0 to 1.
    pub weights: BTreeMap<String, f64>,
    pub revision_id: String,
}

impl Collection for AliasRow {
    const NAME: &'static str = "lambda_alias";

    fn partition(&self) -> &str {
        &self.function
    }

    fn key(&self) -> String {
        self.name.clone()
    }
}
