//! Acting for a caller after the call: CloudFormation's engine goes on with the rights of whoever asked it to, or of the
//! role that was passed to it.

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
    /// Who made a call that is over, by what [`Principal::to_caller`] told of them. What they may do is decided by the
    /// policies of today; a user or role that is gone may do nothing.
    pub async fn recall(&self, account: &str, arn: &str, user_id: &str) -> Result<Principal, AwsError> {
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        let parts: Vec<&str> = resource.split('/').collect();
        let kind = match parts.as_slice() {
            ["root"] => PrincipalKind::Root,
            ["user", .., name] => PrincipalKind::User { name: (*name).to_owned() },
            ["assumed-role", role, session] => {
                let found = self.inner.role(role).await.map_err(AwsError::from)?;
                let role_arn = found.map(|found| found.arn.clone()).unwrap_or_default();
                PrincipalKind::AssumedRole {
                    role: (*role).to_owned(),
                    role_arn,
                    session: (*session).to_owned(),
                }
            }
            _ => return Err(AwsError::with_status(403, "AccessDenied", format!("{arn} is not a caller"))),
        };
        Ok(principal(account, arn, user_id, kind))
    }

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
        let arn = format!("arn:aws:sts::{account}:assumed-role/{}/{session}", role.name);
        let user_id = format!("{}:{session}", role.id);
        let kind = PrincipalKind::AssumedRole {
            role: role.name.clone(),
            role_arn: role_arn.to_owned(),
            session: session.to_owned(),
        };
        Ok(principal(&account, &arn, &user_id, kind))
    }
}

fn principal(account: &str, arn: &str, user_id: &str, kind: PrincipalKind) -> Principal {
    Principal {
        account: account.to_owned(),
        arn: arn.to_owned(),
        user_id: user_id.to_owned(),
        access_key_id: String::new(),
        kind,
        session_since: None,
        session_policies: Vec::new(),
    }
}
