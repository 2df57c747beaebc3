//! Security Token Service.

mod access_key_info;
mod assume_role;
mod caller_identity;
mod session_token;

use base::{AwsError, Caller, Identity};
use facts::{Operation, sts, sts::errors};
use serde_json::Value;

use crate::{
    Iam, Inner, Principal, PrincipalKind,
    failure::{Failure, refused},
    session::SessionKeys,
};

impl Iam {
    /// Serves STS. The signature was checked, and [`Iam::authorize_call`] asked, before.
    pub async fn call(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let inner = &self.inner;
        let answer = match operation {
            "AssumeRole" => {
                write::<sts::AssumeRole>(inner.assume_role(caller, read::<sts::AssumeRole>(input)?).await)
            }
            "GetAccessKeyInfo" => write::<sts::GetAccessKeyInfo>(
                inner.access_key_info(&read::<sts::GetAccessKeyInfo>(input)?).await,
            ),
            "GetCallerIdentity" => write::<sts::GetCallerIdentity>(caller_identity::answer(caller)),
            "GetSessionToken" => write::<sts::GetSessionToken>(
                inner.session_token(caller, read::<sts::GetSessionToken>(input)?).await,
            ),
            other => Err(refused(errors::NotImplemented(format!("{other} is not there yet.")))),
        };
        answer.map_err(AwsError::from)
    }

    /// Who a caller is, from what rooms are told of them. Policies passed when a session was made do not travel that
    /// way: the principal that [`Iam::authenticate`] gave is the narrower one.
    pub async fn principal_of(&self, identity: &Identity) -> Result<Principal, AwsError> {
        self.inner.principal_of(identity).await.map_err(AwsError::from)
    }
}

pub(crate) fn read<O: Operation>(input: Value) -> Result<O::Input, Failure> {
    facts::read::<O>(input).map_err(Failure::Wire)
}

pub(crate) fn write<O: Operation>(output: Result<O::Output, Failure>) -> Result<Value, Failure> {
    output.map(|output| facts::write::<O>(&output))
}

impl Inner {
    pub(crate) async fn principal_of(&self, identity: &Identity) -> Result<Principal, Failure> {
        let gone = || access_denied(String::from("The security token included in the request is invalid."));
        let Identity::Principal { account, arn, user_id } = identity else { return Err(gone()) };
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        let kind = if let Some(rest) = resource.strip_prefix("assumed-role/") {
            let (role, session) = rest.split_once('/').ok_or_else(gone)?;
            let id = user_id.split(':').next().unwrap_or_default();
            let role = self.role(role).await?.filter(|role| role.id == id).ok_or_else(gone)?;
            PrincipalKind::AssumedRole {
                role: role.name.clone(),
                role_arn: role.arn.clone(),
                session: session.to_owned(),
            }
        } else if resource.starts_with("user/") {
            let name = resource.rsplit('/').next().unwrap_or_default();
            let user = self.user(name).await?.filter(|user| user.id == *user_id).ok_or_else(gone)?;
            PrincipalKind::User { name: user.name.clone() }
        } else if resource == "root" && account == self.account() {
            PrincipalKind::Root
        } else {
            return Err(gone());
        };
        Ok(Principal {
            account: account.clone(),
            arn: arn.clone(),
            user_id: user_id.clone(),
            access_key_id: String::new(),
            kind,
            session_since: None,
            session_policies: Vec::new(),
        })
    }
}

/// `AccessDenied`, which the model lists for no operation and every one may answer.
pub(crate) fn access_denied(message: String) -> Failure {
    Failure::Wire(facts::WireError::new(403, "AccessDenied", message))
}

fn credentials(keys: &SessionKeys) -> sts::Credentials {
    sts::Credentials {
        access_key_id: keys.access_key_id.clone(),
        secret_access_key: keys.secret_access_key.expose().clone(),
        session_token: keys.token.expose().clone(),
        expiration: keys.expires_at.epoch_seconds(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_operation_is_served_or_explained() {
        let served = ["AssumeRole", "GetAccessKeyInfo", "GetCallerIdentity", "GetSessionToken"];
        let unsupported = include_str!("../../unsupported.txt");
        assert_eq!(facts::coverage::check(&facts::sts::SERVICE, &served, unsupported), Ok(()));
    }
}
