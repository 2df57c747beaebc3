//! Putting policies and a request together ("Policy evaluation logic"): an explicit deny anywhere wins; then something
//! must allow; then a permissions boundary and a session's policies, where there are any, must allow as well.

use std::sync::Arc;

use super::{Actor, Context, Effect, Match, Policy};

/// Every policy that has a say.
#[derive(Clone, Copy, Default)]
pub struct Policies<'a> {
    /// The account's root user: everything is allowed that nothing denies.
    pub root: bool,
    /// Of the user or role: inline and attached.
    pub identity: &'a [Arc<Policy>],
    pub boundary: Option<&'a Policy>,
    /// Passed when the session was made; an empty list is none.
    pub session: &'a [Arc<Policy>],
    /// Of the thing that is asked for.
    pub resource: Option<&'a Policy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    Denied(Denial),
}

/// Which kind of policy said no, or failed to say yes; words as AWS's messages have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    Explicit(&'static str),
    Missing(&'static str),
}

const IDENTITY: &str = "identity-based policy";
const BOUNDARY: &str = "permissions boundary";
const SESSION: &str = "session policy";
const RESOURCE: &str = "resource-based policy";

pub fn decide(
    policies: Policies<'_>,
    actor: Actor<'_>,
    action: &str,
    resource: &str,
    context: &Context,
) -> Decision {
    let of = |policies: &[Arc<Policy>]| {
        policies.iter().fold(Verdict::default(), |verdict, policy| {
            verdict.and(policy.verdict(None, action, resource, context))
        })
    };
    let identity = of(policies.identity);
    let session = of(policies.session);
    let boundary = policies.boundary.map(|policy| policy.verdict(None, action, resource, context));
    let about = policies
        .resource
        .map(|policy| policy.verdict(Some(actor), action, resource, context))
        .unwrap_or_default();

    for (verdict, kind) in
        [(Some(identity), IDENTITY), (Some(about), RESOURCE), (boundary, BOUNDARY), (Some(session), SESSION)]
    {
        if verdict.is_some_and(|verdict| verdict.denied) {
            return Decision::Denied(Denial::Explicit(kind));
        }
    }
    // A resource's policy that names the caller is enough; one that names the account leaves it to the account.
    if !(policies.root || identity.allowed > Match::No || about.allowed == Match::Named) {
        return Decision::Denied(Denial::Missing(IDENTITY));
    }
    if boundary.is_some_and(|verdict| verdict.allowed == Match::No) {
        return Decision::Denied(Denial::Missing(BOUNDARY));
    }
    if !policies.session.is_empty() && session.allowed == Match::No {
        return Decision::Denied(Denial::Missing(SESSION));
    }
    Decision::Allowed
}

#[derive(Clone, Copy)]
struct Verdict {
    denied: bool,
    allowed: Match,
}

impl Default for Verdict {
    fn default() -> Self {
        Self { denied: false, allowed: Match::No }
    }
}

impl Verdict {
    fn and(self, other: Self) -> Self {
        Self { denied: self.denied || other.denied, allowed: self.allowed.max(other.allowed) }
    }
}

impl Policy {
    /// How closely the policy's allowing statements name the actor, as a trust policy is asked. A deny is [`Match::No`].
    pub fn trusts(&self, actor: Actor<'_>, action: &str, context: &Context) -> Match {
        let verdict = self.verdict(Some(actor), action, "*", context);
        if verdict.denied { Match::No } else { verdict.allowed }
    }

    fn verdict(&self, actor: Option<Actor<'_>>, action: &str, resource: &str, context: &Context) -> Verdict {
        let mut verdict = Verdict::default();
        for statement in &self.statements {
            let named = match (&statement.principals, actor) {
                (Some(principals), Some(actor)) => principals.matches(actor),
                _ => Match::Named,
            };
            if named > Match::No && statement.applies(action, resource, context) {
                match statement.effect {
                    Effect::Deny => verdict.denied = true,
                    Effect::Allow => verdict.allowed = verdict.allowed.max(named),
                }
            }
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::Kind;

    const ANNA: Actor<'_> =
        Actor::Caller { account: "000000000000", arn: "arn:aws:iam::000000000000:user/anna", role: None };
    const OBJECT: &str = "arn:aws:s3:::bucket/key";

    fn policy(kind: Kind, statement: Value) -> Arc<Policy> {
        let document = json!({"Version": "2012-10-17", "Statement": statement});
        Arc::new(Policy::from_json(&document, kind).unwrap())
    }

    fn allow(action: &str, resource: &str) -> Arc<Policy> {
        policy(Kind::Identity, json!({"Effect": "Allow", "Action": action, "Resource": resource}))
    }

    fn deny(action: &str, resource: &str) -> Arc<Policy> {
        policy(Kind::Identity, json!({"Effect": "Deny", "Action": action, "Resource": resource}))
    }

    fn asked(policies: Policies<'_>, action: &str) -> Decision {
        decide(policies, ANNA, action, OBJECT, &Context::default().with("aws:username", "anna"))
    }

    #[test]
    fn nothing_allows_unless_something_does() {
        assert_eq!(asked(Policies::default(), "s3:GetObject"), Decision::Denied(Denial::Missing(IDENTITY)));
        assert_eq!(asked(Policies { root: true, ..Policies::default() }, "s3:GetObject"), Decision::Allowed);
        for (action, resource, expected) in [
            ("s3:GetObject", OBJECT, true),
            ("S3:getobject", "arn:aws:s3:::bucket/*", true),
            ("s3:*", "*", true),
            ("*", "*", true),
            ("s3:Get*", "arn:aws:s3:::other/*", false),
            ("s3:Put*", "*", false),
            ("s3:GetObject", "arn:aws:s3:::Bucket/*", false),
        ] {
            let identity = [allow(action, resource)];
            let decision = asked(Policies { identity: &identity, ..Policies::default() }, "s3:GetObject");
            assert_eq!(decision == Decision::Allowed, expected, "{action} {resource}");
        }
    }

    #[test]
    fn a_deny_wins_wherever_it_stands() {
        let everything = [allow("*", "*")];
        let never = deny("s3:GetObject", "*");
        let both = [allow("*", "*"), Arc::clone(&never)];
        let denied = |kind| Decision::Denied(Denial::Explicit(kind));
        let base = Policies { identity: &everything, ..Policies::default() };
        assert_eq!(asked(base, "s3:GetObject"), Decision::Allowed);
        assert_eq!(asked(Policies { identity: &both, ..base }, "s3:GetObject"), denied(IDENTITY));
        assert_eq!(asked(Policies { identity: &both, ..base }, "s3:PutObject"), Decision::Allowed);
        assert_eq!(asked(Policies { boundary: Some(&never), ..base }, "s3:GetObject"), denied(BOUNDARY));
        assert_eq!(asked(Policies { session: &both[1..], ..base }, "s3:GetObject"), denied(SESSION));
        let resource = policy(
            Kind::Resource,
            json!({"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}),
        );
        assert_eq!(asked(Policies { resource: Some(&resource), ..base }, "s3:GetObject"), denied(RESOURCE));
        let root = Policies { root: true, resource: Some(&resource), ..Policies::default() };
        assert_eq!(asked(root, "s3:GetObject"), denied(RESOURCE));
    }

    #[test]
    fn boundaries_and_sessions_only_narrow() {
        let everything = [allow("*", "*")];
        let reads = [allow("s3:Get*", "*")];
        let base = Policies { identity: &everything, ..Policies::default() };
        assert_eq!(asked(Policies { boundary: Some(&reads[0]), ..base }, "s3:GetObject"), Decision::Allowed);
        assert_eq!(
            asked(Policies { boundary: Some(&reads[0]), ..base }, "s3:PutObject"),
            Decision::Denied(Denial::Missing(BOUNDARY))
        );
        assert_eq!(
            asked(Policies { session: &reads, ..base }, "s3:PutObject"),
            Decision::Denied(Denial::Missing(SESSION))
        );
        let only = Policies { boundary: Some(&everything[0]), session: &everything, ..Policies::default() };
        assert_eq!(asked(only, "s3:GetObject"), Decision::Denied(Denial::Missing(IDENTITY)));
    }

    #[test]
    fn a_resource_policy_names_the_caller_or_leaves_it_to_the_account() {
        let to = |principal: &str| {
            policy(
                Kind::Resource,
                json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:GetObject", "Resource": OBJECT}),
            )
        };
        let asked = |resource: &Policy| {
            asked(Policies { resource: Some(resource), ..Policies::default() }, "s3:GetObject")
                == Decision::Allowed
        };
        assert!(asked(&to("arn:aws:iam::000000000000:user/anna")));
        assert!(asked(&to("*")));
        assert!(!asked(&to("000000000000")));
        assert!(!asked(&to("arn:aws:iam::000000000000:user/bob")));
    }

    #[test]
    fn not_action_and_not_resource_cover_the_rest() {
        let but_iam = [policy(
            Kind::Identity,
            json!({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}),
        )];
        let policies = Policies { identity: &but_iam, ..Policies::default() };
        assert_eq!(asked(policies, "s3:GetObject"), Decision::Allowed);
        assert_ne!(asked(policies, "iam:CreateUser"), Decision::Allowed);
        let secret = decide(policies, ANNA, "s3:GetObject", "arn:aws:s3:::secret/x", &Context::default());
        assert_ne!(secret, Decision::Allowed);
    }

    #[test]
    fn trust_is_by_name_or_by_account() {
        let trust = |principal: Value| {
            policy(
                Kind::Trust,
                json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "42"}}}),
            )
        };
        let right = Context::default().with("sts:ExternalId", "42");
        let account = trust(json!({"AWS": "000000000000"}));
        assert_eq!(account.trusts(ANNA, "sts:AssumeRole", &right), Match::Account);
        assert_eq!(account.trusts(ANNA, "sts:AssumeRole", &Context::default()), Match::No);
        assert_eq!(account.trusts(ANNA, "sts:TagSession", &right), Match::No);
        let service = trust(json!({"Service": "lambda.amazonaws.com"}));
        assert_eq!(
            service.trusts(Actor::Service("lambda.amazonaws.com"), "sts:AssumeRole", &right),
            Match::Named
        );
        assert_eq!(service.trusts(ANNA, "sts:AssumeRole", &right), Match::No);
    }
}
