//! `AWS_IAM`: a signed request, and a policy that allows `execute-api:Invoke` on the method
//! (Amazon API Gateway Developer Guide, "Control access to a REST API with IAM permissions").

use std::sync::Arc;

use base::AwsError;
use iam::{Iam, Permissible};

use super::{
    Authorized,
    policy::{INVOKE, context, without_colons},
};
use crate::{payload::context::Exchange, responses::Refusal};

/// Whose signature it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IamCaller {
    pub account: String,
    pub arn: String,
    pub user_id: String,
    pub access_key: String,
}

/// The signature is over the request as it was sent; the policy is asked about the path as it was matched.
pub async fn authorize(iam: Option<&Iam>, exchange: &Exchange<'_>) -> Result<Authorized, Refusal> {
    let iam = iam.ok_or_else(|| Refusal::authorizer_misconfigured("there is nobody to check signatures"))?;
    let request = exchange.request;
    let principal = iam.authenticate(&request.head, "execute-api", &request.body).await.map_err(refusal)?;
    let resource_policy = exchange.stage.policy.as_ref();
    let context = context(exchange);
    for arn in [Some(exchange.method_arn()), without_colons(exchange)].into_iter().flatten() {
        let asked = Permissible { action: INVOKE, resource: &arn, context: &context, resource_policy };
        iam.authorize_with(&principal, asked).await.map_err(refusal)?;
    }
    Ok(Authorized::Caller(Arc::new(IamCaller {
        account: principal.account,
        arn: principal.arn,
        user_id: principal.user_id,
        access_key: principal.access_key_id,
    })))
}

fn refusal(error: AwsError) -> Refusal {
    match error.code.as_str() {
        _ if error.status >= 500 => Refusal::unavailable(error.message),
        "MissingAuthenticationTokenException" => Refusal::missing_authentication_token(),
        "ExpiredTokenException" => Refusal::expired_token(),
        "AccessDeniedException" => Refusal::access_denied(error.message),
        "IncompleteSignatureException" => {
            Refusal::invalid_signature("IncompleteSignatureException", error.message)
        }
        "UnrecognizedClientException" => {
            Refusal::invalid_signature("UnrecognizedClientException", error.message)
        }
        _ => Refusal::invalid_signature("InvalidSignatureException", error.message),
    }
}
