//! What user pools are told and given when they open.

use std::sync::Arc;

use base::{AccountId, Region};
use crypto::{seal::Sealer, workers::Workers};
use ports::{Clock, Invoke, Mail, Rng, TextMessage};
use store::Store;

#[derive(Clone, Debug)]
pub struct Config {
    pub region: Region,
    pub account: AccountId,
    /// Scheme, host and port that tokens and links say, without a slash at the end: `http://localhost:4747`.
    pub base_url: String,
    pub issuer: IssuerStyle,
}

/// What `iss` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IssuerStyle {
    /// `<base-url>/<poolId>`.
    #[default]
    BaseUrl,
    /// `https://cognito-idp.<region>.amazonaws.com/<poolId>`.
    Aws,
}

impl Config {
    pub fn issuer_of(&self, pool_id: &str) -> String {
        match self.issuer {
            IssuerStyle::BaseUrl => format!("{}/{pool_id}", self.base_url),
            IssuerStyle::Aws => {
                let region = base::ids::pool_region(pool_id).unwrap_or(self.region.as_str());
                format!("https://cognito-idp.{region}.amazonaws.com/{pool_id}")
            }
        }
    }
}

/// What [`UserPools::open`](crate::UserPools::open) stands on.
#[derive(Clone)]
pub struct Parts {
    pub config: Config,
    pub store: Store,
    pub sealer: Sealer,
    pub workers: Workers,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub invoke: Arc<dyn Invoke>,
    pub mail: Arc<dyn Mail>,
    pub text_message: Arc<dyn TextMessage>,
}
