//! Whom a trust or resource policy is about ("AWS JSON policy elements: Principal").

use serde_json::Value;

use super::parse::{Malformed, texts};

/// Who asks, as a policy may name them.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// A signed caller. For a session of a role, `role` is the role's own ARN.
    Caller { account: &'a str, arn: &'a str, role: Option<&'a str> },
    /// `lambda.amazonaws.com`
    Service(&'a str),
    /// No signature.
    Anonymous,
}

/// How closely a policy names an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    No,
    /// Through their account: the account must let them, too.
    Account,
    /// By themselves, or with everyone.
    Named,
}

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Debug)]
pub(super) struct Principals {
    inverted: bool,
    names: Vec<Name>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Everyone,
    /// Twelve digits.
    Account(String),
    Arn(String),
    Service(String),
    /// Federated and canonical users: read, and never matched, since nobody here is one.
    Other,
}

impl Principals {
    pub(super) fn parse(value: &Value, inverted: bool) -> Result<Self, Malformed> {
        let mut names = Vec::new();
        match value {
            Value::String(star) if star == "*" => names.push(Name::Everyone),
            Value::Object(kinds) if !kinds.is_empty() => {
                for (kind, value) in kinds {
                    for text in texts(value).ok_or_else(invalid)? {
                        names.push(name(kind, &text).ok_or_else(invalid)?);
                    }
                }
            }
            _ => return Err(invalid()),
        }
        Ok(Self { inverted, names })
    }

    pub(super) fn matches(&self, actor: Actor<'_>) -> Match {
        let found = self.names.iter().map(|name| name.matches(actor)).max().unwrap_or(Match::No);
        match (self.inverted, found) {
            (false, found) => found,
            (true, Match::No) => Match::Named,
            (true, _) => Match::No,
        }
    }
}

fn invalid() -> Malformed {
    Malformed::new("Invalid principal in policy.")
}

fn name(kind: &str, text: &str) -> Option<Name> {
    match kind {
        "AWS" if text == "*" => Some(Name::Everyone),
        "AWS" if is_account(text) => Some(Name::Account(text.to_owned())),
        "AWS" => {
            let arn: base::Arn = text.parse().ok()?;
            if arn.resource == "root" && arn.service == "iam" && is_account(&arn.account) {
                Some(Name::Account(arn.account))
            } else {
                // Wildcards are not allowed in a principal's ARN.
                (!text.contains(['*', '?'])).then(|| Name::Arn(text.to_owned()))
            }
        }
        "Service" if !text.contains('*') => Some(Name::Service(text.to_owned())),
        "Federated" | "CanonicalUser" => Some(Name::Other),
        _ => None,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Name {
    fn matches(&self, actor: Actor<'_>) -> Match {
        match (self, actor) {
            (Self::Everyone, _) => Match::Named,
            (Self::Account(named), Actor::Caller { account, .. }) if named == account => Match::Account,
            (Self::Arn(named), Actor::Caller { arn, role, .. })
                if named == arn || Some(named.as_str()) == role =>
            {
                Match::Named
            }
            (Self::Service(named), Actor::Service(service)) if named == service => Match::Named,
            _ => Match::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ANNA: Actor<'_> =
        Actor::Caller { account: "000000000000", arn: "arn:aws:iam::000000000000:user/anna", role: None };
    const SESSION: Actor<'_> = Actor::Caller {
        account: "000000000000",
        arn: "arn:aws:sts::000000000000:assumed-role/worker/one",
        role: Some("arn:aws:iam::000000000000:role/worker"),
    };

    fn matched(principal: Value, actor: Actor<'_>) -> Match {
        Principals::parse(&principal, false).unwrap().matches(actor)
    }

    #[test]
    fn by_name_by_account_or_not_at_all() {
        for principal in
            [json!("*"), json!({"AWS": "*"}), json!({"AWS": ["arn:aws:iam::000000000000:user/anna"]})]
        {
            assert_eq!(matched(principal, ANNA), Match::Named);
        }
        for principal in [json!({"AWS": "000000000000"}), json!({"AWS": "arn:aws:iam::000000000000:root"})] {
            assert_eq!(matched(principal.clone(), ANNA), Match::Account);
            assert_eq!(matched(principal.clone(), Actor::Anonymous), Match::No);
            assert_eq!(matched(principal, Actor::Service("lambda.amazonaws.com")), Match::No);
        }
        for principal in [
            json!({"AWS": "111111111111"}),
            json!({"AWS": "arn:aws:iam::000000000000:user/bob"}),
            json!({"Service": "lambda.amazonaws.com"}),
            json!({"Federated": "cognito-identity.amazonaws.com"}),
        ] {
            assert_eq!(matched(principal, ANNA), Match::No);
        }
        assert_eq!(matched(json!({"AWS": "arn:aws:iam::000000000000:role/worker"}), SESSION), Match::Named);
        let service = json!({"Service": ["edgelambda.amazonaws.com", "lambda.amazonaws.com"]});
        assert_eq!(matched(service, Actor::Service("lambda.amazonaws.com")), Match::Named);
    }

    #[test]
    fn not_principal_turns_it_round() {
        let not = Principals::parse(&json!({"AWS": "arn:aws:iam::000000000000:user/anna"}), true).unwrap();
        assert_eq!(not.matches(ANNA), Match::No);
        assert_eq!(not.matches(SESSION), Match::Named);
    }

    #[test]
    fn what_is_no_principal() {
        for principal in [
            json!("someone"),
            json!({}),
            json!([]),
            json!({"AWS": "anna"}),
            json!({"AWS": "arn:aws:iam::000000000000:user/*"}),
            json!({"AWS": 1}),
            json!({"Service": "*"}),
            json!({"Robot": "x"}),
        ] {
            assert!(Principals::parse(&principal, false).is_err(), "{principal}");
        }
    }
}
