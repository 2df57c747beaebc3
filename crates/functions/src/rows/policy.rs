//! A resource policy: who else may invoke the function (or one version or alias of it).

use serde::{Deserialize, Serialize};
use store::Collection;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyRow {
    pub function: String,
    /// Empty for the function itself; otherwise a version or an alias.
    pub qualifier: String,
    pub statements: Vec<Statement>,
    pub revision_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub sid: String,
    /// A service (`apigateway.amazonaws.com`), an account, an ARN or `*`.
    pub principal: String,
    pub action: String,
    pub source_arn: Option<String>,
    pub source_account: Option<String>,
    pub event_source_token: Option<String>,
    pub principal_org_id: Option<String>,
    pub function_url_auth_type: Option<String>,
}

impl Collection for PolicyRow {
    const NAME: &'static str = "lambda_policy";

    fn partition(&self) -> &str {
        &self.function
    }

    fn key(&self) -> String {
        if self.qualifier.is_empty() { String::from("-") } else { format!("={}", self.qualifier) }
    }
}

impl PolicyRow {
    /// The key of the policy of `qualifier`; `None` for the function's own.
    pub fn key_of(qualifier: Option<&str>) -> String {
        qualifier.map_or_else(|| String::from("-"), |qualifier| format!("={qualifier}"))
    }
}
