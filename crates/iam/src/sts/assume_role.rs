//! AssumeRole: temporary keys that act as a role.

use std::sync::Arc;

use base::Caller;
use facts::sts::{self, errors};

use super::{access_denied, credentials};
use crate::{
    Context, Inner, Permissible, Principal, PrincipalKind,
    cache::CachedHolder,
    failure::{Failure, refused},
    policy::{Decision, Kind, Match, Policy, managed},
    session::SessionHolder,
};

const DEFAULT_SECONDS: i64 = 3600;
/// For a role assumed by a role's session.
const CHAINED_LONGEST: i64 = 3600;
/// Characters of all session policies together, white space aside: they ride in a header with every request.
const POLICIES_LONGEST: usize = 4096;

impl Inner {
    pub(super) async fn assume_role(
        &self,
        caller: &Caller,
        input: sts::AssumeRoleRequest,
    ) -> Result<sts::AssumeRoleResponse, Failure> {
        not_there_yet(&input)?;
        let principal = self.principal_of(&caller.identity).await?;
        let role = self.may_assume(&principal, &input, &Context::default()).await?;
        let seconds = seconds(&principal, &role, input.duration_seconds)?;
        let policies = self.session_policies(&input).await?;
        let packed: usize = policies.iter().map(|document| crate::holders::without_spaces(document)).sum();
        if packed > POLICIES_LONGEST {
            let text =
                String::from("Packed size of session policies consumes more than 100% of allotted space.");
            return Err(refused(errors::PackedPolicyTooLargeException(text)));
        }
        let session = input.role_session_name;
        let arn = format!("arn:aws:sts::{}:assumed-role/{}/{session}", self.account(), role.name);
        let assumed = sts::AssumedRoleUser { assumed_role_id: format!("{}:{session}", role.id), arn };
        let holder = SessionHolder::Role { name: role.name.clone(), id: role.id.clone(), session };
        let percent = i64::try_from(packed * 100 / POLICIES_LONGEST).unwrap_or(100);
        let packed_policy_size = (!policies.is_empty()).then_some(percent);
        let keys = self.new_session(holder, seconds, policies)?;
        Ok(sts::AssumeRoleResponse {
            credentials: Some(credentials(&keys)),
            assumed_role_user: Some(assumed),
            packed_policy_size,
            ..sts::AssumeRoleResponse::default()
        })
    }

    /// The role, where its trust policy lets the caller in: by name, or through the account, whose own policies must
    /// then allow it, too.
    pub(crate) async fn may_assume(
        &self,
        principal: &Principal,
        input: &sts::AssumeRoleRequest,
        context: &Context,
    ) -> Result<Arc<CachedHolder>, Failure> {
        if principal.kind == PrincipalKind::Root {
            return Err(access_denied(String::from("Roles may not be assumed by root accounts.")));
        }
        let refusal = || {
            access_denied(format!(
                "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
                principal.arn, input.role_arn
            ))
        };
        let name = input.role_arn.rsplit('/').next().unwrap_or_default();
        let role = self.role(name).await?.filter(|role| role.arn == input.role_arn).ok_or_else(refusal)?;
        let trust = role.trust.clone().ok_or_else(refusal)?;
        let mut context = context.clone().with("sts:RoleSessionName", &input.role_session_name);
        if let Some(external_id) = &input.external_id {
            context = context.with("sts:ExternalId", external_id);
        }
        let context = self.complete(principal, &context).await?;
        let asked = Permissible {
            action: "sts:AssumeRole",
            resource: &role.arn,
            context: &context,
            resource_policy: Some(&trust),
        };
        let trusted = trust.trusts(principal.actor(), "sts:AssumeRole", &context) > Match::No;
        match self.decide(principal, asked).await? {
            Decision::Allowed if trusted => Ok(role),
            _ => Err(refusal()),
        }
    }

    async fn session_policies(&self, input: &sts::AssumeRoleRequest) -> Result<Vec<String>, Failure> {
        let mut documents = Vec::new();
        if let Some(document) = &input.policy {
            Policy::parse(document, Kind::Identity)
                .map_err(|cause| refused(errors::MalformedPolicyDocumentException(cause.to_string())))?;
            documents.push(document.clone());
        }
        for given in input.policy_arns.iter().flatten() {
            let arn = given.arn.as_deref().unwrap_or_default();
            let document = match managed(arn) {
                Some((policy, _)) => Some(policy.document.to_owned()),
                None => self.find_managed(arn).await?.and_then(|row| row.value.document().map(str::to_owned)),
            };
            documents.push(document.ok_or_else(|| {
                refused(errors::ValidationError(format!("Policy {arn} does not exist or is not attachable.")))
            })?);
        }
        Ok(documents)
    }
}

fn seconds(principal: &Principal, role: &CachedHolder, asked: Option<i64>) -> Result<i64, Failure> {
    let seconds = asked.unwrap_or(DEFAULT_SECONDS);
    let chained = matches!(principal.kind, PrincipalKind::AssumedRole { .. });
    let text = if seconds > role.max_session_duration {
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    } else if chained && seconds > CHAINED_LONGEST {
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    } else {
        return Ok(seconds);
    };
    Err(refused(errors::ValidationError(String::from(text))))
}

/// What would change what the session may do must not be passed over.
fn not_there_yet(input: &sts::AssumeRoleRequest) -> Result<(), Failure> {
    for (member, given) in [
        ("Tags", input.tags.is_some()),
        ("TransitiveTagKeys", input.transitive_tag_keys.is_some()),
        ("SerialNumber", input.serial_number.is_some()),
        ("TokenCode", input.token_code.is_some()),
        ("SourceIdentity", input.source_identity.is_some()),
        ("ProvidedContexts", input.provided_contexts.is_some()),
    ] {
        if given {
            return Err(refused(errors::NotImplemented(format!(
                "AssumeRole with {member} is not there yet."
            ))));
        }
    }
    Ok(())
}
