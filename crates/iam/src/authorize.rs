//! Whether a caller may.

use std::sync::Arc;

use base::AwsError;
use crypto::sigv4::format_amz_date;

use crate::{
    Context, Iam, Inner, Principal, PrincipalKind,
    cache::CachedHolder,
    failure::Failure,
    permission::{Permission, Subject, permission},
    policy::{Decision, Denial, Policies, Policy, decide},
    request::Dialect,
};

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Permissible<'a> {
    /// `s3:GetObject`
    pub action: &'a str,
    /// An ARN, or `*` for what is about no one thing.
    pub resource: &'a str,
    /// Keys beside those that every request has.
    pub context: &'a Context,
    /// The policy of the thing itself: a bucket's, a function's.
    pub resource_policy: Option<&'a Policy>,
}

impl Iam {
    /// `Ok` where the caller may; else AWS's `AccessDenied`, worded as the action's service words it. `context` has what
    /// the front door knows: `aws:SourceIp`, `aws:SecureTransport`, `aws:UserAgent`, …
    pub async fn authorize(
        &self,
        principal: &Principal,
        action: &str,
        resource: &str,
        context: &Context,
    ) -> Result<(), AwsError> {
        self.authorize_with(principal, Permissible { action, resource, context, resource_policy: None }).await
    }

    /// As [`Iam::authorize`], with a policy of the resource having its say.
    pub async fn authorize_with(
        &self,
        principal: &Principal,
        asked: Permissible<'_>,
    ) -> Result<(), AwsError> {
        let service = asked.action.split(':').next().unwrap_or_default();
        self.authorize_in(Dialect::of(service), principal, asked).await
    }

    async fn authorize_in(
        &self,
        dialect: Dialect,
        principal: &Principal,
        asked: Permissible<'_>,
    ) -> Result<(), AwsError> {
        match self.inner.decide(principal, asked).await? {
            Decision::Allowed => Ok(()),
            Decision::Denied(denial) => Err(denied(dialect, principal, asked, denial)),
        }
    }

    /// Everything that a call of an AWS operation asks for: the operation's own action on its resource, and
    /// `iam:PassRole` where it hands a role to a service. `input` has the members of the API model. AWS asks nothing for
    /// `GetCallerIdentity` and `GetSessionToken`, and for `AssumeRole` the role's trust policy too.
    pub async fn authorize_call(
        &self,
        principal: &Principal,
        service: &str,
        operation: &str,
        input: &serde_json::Value,
        context: &Context,
    ) -> Result<(), AwsError> {
        match (service, operation) {
            ("sts", "GetCallerIdentity") => return Ok(()),
            ("sts", "GetSessionToken") if principal.session_since.is_some() => {
                // A session that could renew itself would never end.
                let text = String::from("Cannot call GetSessionToken with session credentials");
                return Err(Dialect::Query.access_denied(text));
            }
            ("sts", "GetSessionToken") => return Ok(()),
            // Without a second factor, which sessions here never have, a user's session may not touch IAM
            // ("Permissions for GetSessionToken").
            ("iam", _) if principal.is_user_session() => {
                return Err(AwsError::with_status(
                    403,
                    "InvalidClientTokenId",
                    "The security token included in the request is invalid.",
                ));
            }
            ("sts", "AssumeRole") => {
                let input = facts::read::<facts::sts::AssumeRole>(input.clone()).map_err(Failure::Wire)?;
                return Ok(self.inner.may_assume(principal, &input, context).await.map(drop)?);
            }
            _ => {}
        }
        // What goes on after the call goes on without the session's policies: such a session may not begin it.
        if principal.is_narrowed() && outlives_its_call(service, operation) {
            let text = format!(
                "User: {} is not authorized to perform: {service}:{operation} with a session that was made with policies; \
                 assume the role without them",
                principal.arn
            );
            return Err(Dialect::of(service).access_denied(text));
        }
        for Permission { action, subject, keys } in permission(service, operation, input) {
            let resource = self.inner.resource(principal, &subject).await?;
            let context =
                keys.into_iter().fold(context.clone(), |context, (key, value)| context.and(&key, value));
            let asked = Permissible {
                action: &action,
                resource: &resource,
                context: &context,
                resource_policy: None,
            };
            self.authorize_in(Dialect::of(service), principal, asked).await?;
        }
        Ok(())
    }
}

impl Inner {
    pub(crate) async fn decide(
        &self,
        principal: &Principal,
        asked: Permissible<'_>,
    ) -> Result<Decision, Failure> {
        let holder = self.holder_of(principal).await?;
        let context = self.with_global_keys(principal, holder.as_deref(), asked.context);
        // A boundary that is gone allows nothing.
        let nothing = Policy::none();
        let boundary = holder.as_deref().and_then(|holder| holder.boundary.as_ref());
        let policies = Policies {
            root: principal.kind == PrincipalKind::Root,
            identity: holder.as_deref().map_or(&[], |holder| holder.policies.as_slice()),
            boundary: boundary.map(|boundary| boundary.as_deref().unwrap_or(&nothing)),
            session: &principal.session_policies,
            resource: asked.resource_policy,
        };
        Ok(decide(policies, principal.actor(), asked.action, asked.resource, &context))
    }

    /// `context` with the keys that are properties of the caller and the moment.
    pub(crate) async fn complete(
        &self,
        principal: &Principal,
        context: &Context,
    ) -> Result<Context, Failure> {
        let holder = self.holder_of(principal).await?;
        Ok(self.with_global_keys(principal, holder.as_deref(), context))
    }

    /// Whose policies count; none for the root user, and for a user or role that is gone.
    async fn holder_of(&self, principal: &Principal) -> Result<Option<Arc<CachedHolder>>, Failure> {
        let (holder, id) = match &principal.kind {
            PrincipalKind::Root => return Ok(None),
            PrincipalKind::User { name } => (self.user(name).await?, principal.user_id.as_str()),
            PrincipalKind::AssumedRole { role, .. } => {
                let id = principal.user_id.split(':').next().unwrap_or_default();
                (self.role(role).await?, id)
            }
        };
        Ok(holder.filter(|holder| holder.id == id))
    }

    /// "AWS global condition context keys", those that are properties of the caller and the moment.
    fn with_global_keys(
        &self,
        principal: &Principal,
        holder: Option<&CachedHolder>,
        context: &Context,
    ) -> Context {
        let now = self.clock.now();
        // The role, for a session: policies name roles, not their sessions.
        let (arn, kind) = match &principal.kind {
            PrincipalKind::Root => (&principal.arn, "Account"),
            PrincipalKind::User { .. } => (&principal.arn, "User"),
            PrincipalKind::AssumedRole { role_arn, .. } => (role_arn, "AssumedRole"),
        };
        let mut context = context
            .clone()
            .with("aws:PrincipalArn", arn)
            .with("aws:PrincipalAccount", &principal.account)
            .with("aws:PrincipalType", kind)
            .with("aws:userid", &principal.user_id)
            .with("aws:CurrentTime", iso(now))
            .with("aws:EpochTime", now.seconds().to_string())
            .with("aws:RequestedRegion", self.config.region.as_str())
            .with("aws:PrincipalIsAWSService", "false")
            .with("aws:ViaAWSService", "false");
        if let PrincipalKind::User { name } = &principal.kind {
            context = context.with("aws:username", name);
        }
        if let Some(since) = principal.session_since {
            context =
                context.with("aws:TokenIssueTime", iso(since)).with("aws:MultiFactorAuthPresent", "false");
        }
        for (key, value) in holder.map(|holder| holder.tags.as_slice()).unwrap_or_default() {
            context = context.with(&format!("aws:PrincipalTag/{key}"), value);
        }
        context
    }

    /// The ARN of what an operation is about.
    async fn resource(&self, principal: &Principal, subject: &Subject) -> Result<String, Failure> {
        let (account, region) = (self.account(), self.config.region.as_str());
        Ok(match subject {
            Subject::Nothing => String::from("*"),
            Subject::Arn(arn) => arn.clone(),
            Subject::Regional { service, resource } => {
                format!("arn:aws:{service}:{region}:{account}:{resource}")
            }
            Subject::Role { name, path } => match self.role(name).await? {
                Some(role) => role.arn.clone(),
                None => format!("arn:aws:iam::{account}:role{path}{name}"),
            },
            Subject::User { name: Some(name), path } => match self.user(name).await? {
                Some(user) => user.arn.clone(),
                None => format!("arn:aws:iam::{account}:user{path}{name}"),
            },
            Subject::User { name: None, .. } => principal.arn.clone(),
            Subject::ManagedPolicy { name, path } => format!("arn:aws:iam::{account}:policy{path}{name}"),
        })
    }
}

/// Stacks are worked on by the engine, with the rights of who asked ([`Iam::recall`]).
fn outlives_its_call(service: &str, operation: &str) -> bool {
    let reads = ["Describe", "Get", "List", "Validate", "Estimate", "Detect"];
    service == "cloudformation" && !reads.iter().any(|prefix| operation.starts_with(prefix))
}

/// `2024-09-17T08:30:05Z`
fn iso(at: base::Timestamp) -> String {
    let basic = format_amz_date(at);
    let part = |range: std::ops::Range<usize>| basic.get(range).unwrap_or_default().to_owned();
    format!("{}-{}-{}T{}:{}:{}Z", part(0..4), part(4..6), part(6..8), part(9..11), part(11..13), part(13..15))
}

fn denied(dialect: Dialect, principal: &Principal, asked: Permissible<'_>, denial: Denial) -> AwsError {
    let Permissible { action, resource, .. } = asked;
    let quote = if dialect == Dialect::S3 { "\"" } else { "" };
    let because = match denial {
        Denial::Explicit(kind) => format!("with an explicit deny in {} {kind}", article(kind)),
        Denial::Missing(kind) => format!("because no {kind} allows the {action} action"),
    };
    dialect.access_denied(format!(
        "User: {} is not authorized to perform: {quote}{action}{quote} on resource: {quote}{resource}{quote} {because}",
        principal.arn
    ))
}

fn article(kind: &str) -> &'static str {
    if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
