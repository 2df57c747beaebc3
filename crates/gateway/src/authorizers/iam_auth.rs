//! `AWS_IAM`: a signed request, and a policy that allows `execute-api:Invoke` on the method.

use super::Authorized;
use crate::{gateway::Inner, payload::context::Exchange, responses::Refusal};

/// Whose signature it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IamCaller {
    pub account: String,
    pub arn: String,
    pub user_id: String,
    pub access_key: String,
}

pub async fn authorize(_inner: &Inner, _exchange: &Exchange<'_>) -> Result<Authorized, Refusal> {
    Err(Refusal::missing_authentication_token())
}
