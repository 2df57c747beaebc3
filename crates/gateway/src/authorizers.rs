//! Who calls, and whether they may: user pools' tokens, functions that decide, IAM, API keys.

pub mod api_keys;
pub mod claims;
pub mod cognito;
pub mod iam_auth;
pub mod identity_source;
pub mod lambda;
pub mod policy;
pub mod verdict;

use std::sync::Arc;

use crate::payload::json::JsonWriter;

pub use claims::VerifiedClaims;
pub use iam_auth::IamCaller;
pub use verdict::Verdict;

/// What the authorize phase found out. Only it writes this, and only from what it verified.
#[derive(Clone, Debug, Default)]
pub enum Authorized {
    /// Nobody was asked.
    #[default]
    Open,
    Claims(Arc<VerifiedClaims>),
    Verdict(Arc<Verdict>),
    Caller(Arc<IamCaller>),
}

impl Authorized {
    pub fn caller(&self) -> Option<&IamCaller> {
        match self {
            Self::Caller(caller) => Some(caller),
            _ => None,
        }
    }

    /// `$context.authorizer.<name>`.
    pub fn variable(&self, name: &str) -> Option<String> {
        match self {
            Self::Claims(claims) => claims.get(name.strip_prefix("claims.")?).map(str::to_owned),
            Self::Verdict(verdict) => verdict.variable(name).map(str::to_owned),
            Self::Open | Self::Caller(_) => None,
        }
    }

    /// `"authorizer":{…}` of `requestContext`, or nothing.
    pub fn write(&self, json: &mut JsonWriter, latency_millis: Option<i64>) {
        match self {
            Self::Open | Self::Caller(_) => {}
            Self::Claims(claims) => {
                json.name("authorizer");
                json.begin_object();
                json.name("claims");
                json.raw(claims.json());
                json.end_object();
            }
            Self::Verdict(verdict) => {
                json.name("authorizer");
                verdict.write(json, latency_millis.unwrap_or(0));
            }
        }
    }
}
