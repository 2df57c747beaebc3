//! Acting for a caller after the call: CloudFormation's engine goes on with the rights of whoever asked it to
//! ([`Iam::principal_of`]), or of the role that was passed to it.

use base::AwsError;

use crate::{
    Context, Iam, Principal, PrincipalKind,
    failure::Failure,
    policy::{Actor, Match},
};

impl Principal {
    /// Whether the session was made with policies that narrow it. Those are not remembered beyond a call, so a service that
    /// goes on after it must not act for such a caller.
    pub fn is_narrowed(&self) -> bool {
        !self.session_policies.is_empty()
    }
}

impl Iam {
    /// The role as a service takes it on that it was passed to; its trust policy must name the service. The message of an
    /// error says why not.
    pub async fn taken_on(&self, role_arn: &str, service: &str, session: &str) -> Result<Principal, String> {
        let name = role_arn.rsplit('/').next().unwrap_or_default();
        let role = self.inner.role(name).await.map_err(|failure: Failure| AwsError::from(failure).message)?;
        let role = role.filter(|role| role.arn == role_arn);
        let account = self.account().to_string();
        let trusted = role.as_ref().and_then(|role| role.trust.as_ref()).is_some_and(|trust| {
            let context = Context::default().with("aws:SourceAccount", account.as_str());
            trust.trusts(Actor::Service(service), "sts:AssumeRole", &context) == Match::Named
        });
        let Some(role) = role.filter(|_| trusted) else {
            return Err(format!("Role {role_arn} is invalid or cannot be assumed"));
        };
        Ok(Principal {
            arn: format!("arn:aws:sts::{account}:assumed-role/{}/{session}", role.name),
            user_id: format!("{}:{session}", role.id),
            access_key_id: String::new(),
            kind: PrincipalKind::AssumedRole {
                role: role.name.clone(),
                role_arn: role_arn.to_owned(),
                session: session.to_owned(),
            },
            session_since: None,
            session_policies: Vec::new(),
            account,
        })
    }
}
