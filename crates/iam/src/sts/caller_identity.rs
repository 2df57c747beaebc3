//! GetCallerIdentity: whoever has a key may ask whose it is; no policy can forbid it.

use base::{Caller, Identity};
use facts::sts::{self, errors};

use crate::failure::{Failure, refused};

pub(super) fn answer(caller: &Caller) -> Result<sts::GetCallerIdentityResponse, Failure> {
    match &caller.identity {
        Identity::Principal { account, arn, user_id } => Ok(sts::GetCallerIdentityResponse {
            user_id: Some(user_id.clone()),
            account: Some(account.clone()),
            arn: Some(arn.clone()),
        }),
        Identity::Anonymous => {
            Err(refused(errors::ValidationError(String::from("Request is missing Authentication Token"))))
        }
    }
}
