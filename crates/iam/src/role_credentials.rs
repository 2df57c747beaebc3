//! Keys of a role for a function that runs with it.

use async_trait::async_trait;
use ports::{RoleCredentials, credentials::TemporaryCredentials};

use crate::{
    Context, Iam,
    failure::Failure,
    policy::{Actor, Match},
    session::SessionHolder,
};

/// Who takes the role on: the trust policy must name it.
const LAMBDA: &str = "lambda.amazonaws.com";
/// Workers live shorter than this, so that their keys outlast them.
const SECONDS: i64 = 12 * 3600;
/// Keys are handed out again until this much of their time is left.
const RENEW_BEFORE_SECONDS: i64 = 6 * 3600;

#[async_trait]
impl RoleCredentials for Iam {
    async fn assume(&self, role_arn: &str, session_name: &str) -> Result<TemporaryCredentials, String> {
        self.assume_for_lambda(role_arn, session_name).await.map_err(|refusal| match refusal {
            Refusal::Says(text) => text,
            Refusal::Failure(failure) => base::AwsError::from(failure).message,
        })
    }
}

enum Refusal {
    Says(String),
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Refusal {
    fn from(failure: E) -> Self {
        Self::Failure(failure.into())
    }
}

impl Iam {
    async fn assume_for_lambda(
        &self,
        role_arn: &str,
        session_name: &str,
    ) -> Result<TemporaryCredentials, Refusal> {
        let inner = &self.inner;
        let name = role_arn.rsplit('/').next().unwrap_or_default();
        let role = inner.role(name).await?.filter(|role| role.arn == role_arn);
        let role = role.ok_or_else(|| Refusal::Says(format!("the role {role_arn} does not exist")))?;
        let trusted = role.trust.as_ref().map(|trust| {
            let context = Context::default().with("aws:SourceAccount", inner.account());
            trust.trusts(Actor::Service(LAMBDA), "sts:AssumeRole", &context)
        });
        if trusted != Some(Match::Named) {
            // As CreateFunction says it.
            return Err(Refusal::Says(String::from(
                "The role defined for the function cannot be assumed by Lambda.",
            )));
        }
        let remembered = (role.id.clone(), session_name.to_owned());
        let good_until = inner.clock.now().plus_seconds(RENEW_BEFORE_SECONDS);
        if let Some(keys) =
            inner.cache.function_keys.get(&remembered).filter(|keys| keys.expires_at > good_until)
        {
            return Ok(keys);
        }
        let holder = SessionHolder::Role {
            name: role.name.clone(),
            id: role.id.clone(),
            session: session_name.to_owned(),
        };
        let made = inner.new_session(holder, SECONDS, Vec::new())?;
        let keys = TemporaryCredentials {
            access_key_id: made.access_key_id,
            secret_access_key: made.secret_access_key,
            session_token: made.token,
            expires_at: made.expires_at,
        };
        inner.cache.function_keys.insert(remembered, keys.clone());
        Ok(keys)
    }
}
