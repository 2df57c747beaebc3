//! Reading a policy document ("Grammar of the IAM JSON policy language").

use serde_json::{Map, Value};

use super::{Effect, Listed, Pattern, Policy, Statement, condition::Condition, principals::Principals};

/// What a document is for, which decides what must be in it and what must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What its holder may do: no `Principal`.
    Identity,
    /// Who may assume a role: no `Resource`.
    Trust,
    /// Who may do what with the thing it hangs on: both.
    Resource,
}

/// `MalformedPolicyDocument`, with what is wrong in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl Malformed {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl Policy {
    pub fn parse(document: &str, kind: Kind) -> Result<Self, Malformed> {
        let value = serde_json::from_str(document)
            .map_err(|_| Malformed::new("This policy contains invalid Json"))?;
        Self::from_json(&value, kind)
    }

    /// No statement: it allows nothing.
    pub(crate) const fn none() -> Self {
        Self { statements: Vec::new() }
    }

    pub fn from_json(document: &Value, kind: Kind) -> Result<Self, Malformed> {
        let document = document.as_object().ok_or_else(syntax)?;
        only(document, &["Version", "Id", "Statement"])?;
        // Variables came with the second version of the language.
        let variables = match document.get("Version").map(Value::as_str) {
            Some(Some("2012-10-17")) => true,
            None | Some(Some("2008-10-17")) => false,
            Some(_) => return Err(Malformed::new("The policy must contain a valid version string")),
        };
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.as_slice(),
            Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
            _ => return Err(syntax()),
        };
        let statements = statements.iter().map(|value| statement(value, kind, variables));
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }
}

fn statement(value: &Value, kind: Kind, variables: bool) -> Result<Statement, Malformed> {
    let value = value.as_object().ok_or_else(syntax)?;
    only(
        value,
        &[
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ],
    )?;
    if value.get("Sid").is_some_and(|sid| !sid.is_string()) {
        return Err(syntax());
    }
    let effect = match value.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(syntax()),
    };
    Ok(Statement {
        effect,
        principals: principals(value, kind)?,
        actions: actions(value)?,
        resources: resources(value, kind, variables)?,
        conditions: conditions(value.get("Condition"), variables)?,
    })
}

fn principals(statement: &Map<String, Value>, kind: Kind) -> Result<Option<Principals>, Malformed> {
    match one_of(statement, "Principal", "NotPrincipal")? {
        Some(_) if kind == Kind::Identity => {
            Err(Malformed::new("Policy document should not specify a principal."))
        }
        None if kind == Kind::Identity => Ok(None),
        None => Err(Malformed::new("Missing required field Principal")),
        Some((value, inverted)) => Principals::parse(value, inverted).map(Some),
    }
}

fn actions(statement: &Map<String, Value>) -> Result<Listed, Malformed> {
    let missing = || Malformed::new("Policy statement must contain actions.");
    let (value, inverted) = one_of(statement, "Action", "NotAction")?.ok_or_else(missing)?;
    let names = texts(value).ok_or_else(syntax)?;
    if names.is_empty() {
        return Err(missing());
    }
    let vendor =
        |name: &str| name == "*" || name.split_once(':').is_some_and(|(vendor, _)| is_vendor(vendor));
    if let Some(bare) = names.iter().find(|name| !vendor(name)) {
        return Err(Malformed::new(format!(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. Found: {bare}"
        )));
    }
    Ok(Listed { inverted, patterns: names.iter().map(|name| Pattern::name(name)).collect() })
}

fn is_vendor(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn resources(
    statement: &Map<String, Value>,
    kind: Kind,
    variables: bool,
) -> Result<Option<Listed>, Malformed> {
    let given = one_of(statement, "Resource", "NotResource")?;
    if kind == Kind::Trust {
        let none = given.is_none().then_some(None);
        return none.ok_or_else(|| Malformed::new("Has prohibited field Resource"));
    }
    let missing = || Malformed::new("Policy statement must contain resources.");
    let (value, inverted) = given.ok_or_else(missing)?;
    let names = texts(value).ok_or_else(syntax)?;
    if names.is_empty() {
        return Err(missing());
    }
    if let Some(other) = names.iter().find(|name| *name != "*" && !name.starts_with("arn:")) {
        return Err(Malformed::new(format!("Resource {other} must be in ARN format or \"*\".")));
    }
    let patterns = names.iter().map(|name| Pattern::arn(name, variables)).collect();
    Ok(Some(Listed { inverted, patterns }))
}

fn conditions(block: Option<&Value>, variables: bool) -> Result<Vec<Condition>, Malformed> {
    let Some(block) = block else { return Ok(Vec::new()) };
    let mut conditions = Vec::new();
    for (operator, keys) in block.as_object().ok_or_else(syntax)? {
        for (key, values) in keys.as_object().ok_or_else(syntax)? {
            let values = operands(values).filter(|values| !values.is_empty()).ok_or_else(syntax)?;
            conditions.push(Condition::parse(operator, key, &values, variables)?);
        }
    }
    Ok(conditions)
}

/// One of two members that exclude each other; `true` for the second.
fn one_of<'a>(
    statement: &'a Map<String, Value>,
    plain: &str,
    inverted: &str,
) -> Result<Option<(&'a Value, bool)>, Malformed> {
    match (statement.get(plain), statement.get(inverted)) {
        (Some(_), Some(_)) => Err(syntax()),
        (Some(value), None) => Ok(Some((value, false))),
        (None, Some(value)) => Ok(Some((value, true))),
        (None, None) => Ok(None),
    }
}

/// A text or a list of texts.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(values) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Values of a condition: numbers and booleans too, as people write them.
fn operands(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        _ => None,
    };
    match value {
        Value::Array(values) => values.iter().map(one).collect(),
        single => one(single).map(|text| vec![text]),
    }
}

fn only(object: &Map<String, Value>, known: &[&str]) -> Result<(), Malformed> {
    if object.keys().all(|key| known.contains(&key.as_str())) { Ok(()) } else { Err(syntax()) }
}

fn syntax() -> Malformed {
    Malformed::new("Syntax errors in policy.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    proptest::proptest! {
        #[test]
        fn noise_is_refused_and_nothing_worse(text in r#"[{}\[\]":,*a-zA-Z0-9-]{0,60}"#) {
            for kind in [Kind::Identity, Kind::Trust, Kind::Resource] {
                let _ = Policy::parse(&text, kind);
                let inside = format!(r#"{{"Statement":{{"Effect":"Allow","Action":"{0}","Resource":"{0}"}}}}"#, text.replace('"', ""));
                let _ = Policy::parse(&inside, kind);
            }
        }
    }

    #[test]
    fn documents_people_write() {
        for document in [
            json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}),
            json!({"Statement": [{"Sid": "a", "Effect": "Deny", "NotAction": ["iam:*"], "NotResource": ["arn:aws:s3:::x"]}]}),
            json!({"Version": "2012-10-17", "Id": "x", "Statement": [{"Effect": "Allow", "Action": ["logs:CreateLogStream"],
                "Resource": ["*"], "Condition": {"Bool": {"aws:SecureTransport": true}, "NumericEquals": {"s3:max-keys": 5}}}]}),
        ] {
            assert!(Policy::from_json(&document, Kind::Identity).is_ok(), "{document}");
        }
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": ["sts:AssumeRole"]}]});
        assert!(Policy::from_json(&trust, Kind::Trust).is_ok());
        assert!(Policy::from_json(&trust, Kind::Identity).is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |kind, document: Value| Policy::from_json(&document, kind).unwrap_err().to_string();
        let identity =
            |statement: Value| said(Kind::Identity, json!({"Version": "2012-10-17", "Statement": statement}));
        let syntax = "Syntax errors in policy.";
        assert_eq!(
            Policy::parse("{", Kind::Identity).unwrap_err().to_string(),
            "This policy contains invalid Json"
        );
        assert_eq!(said(Kind::Identity, json!([])), syntax);
        assert_eq!(said(Kind::Identity, json!({"Version": "2012-10-17"})), syntax);
        assert_eq!(said(Kind::Identity, json!({"Statements": []})), syntax);
        assert_eq!(
            said(Kind::Identity, json!({"Version": "2020-01-01", "Statement": []})),
            "The policy must contain a valid version string"
        );
        assert_eq!(identity(json!([])), syntax);
        assert_eq!(identity(json!({"Effect": "allow", "Action": "*", "Resource": "*"})), syntax);
        assert_eq!(
            identity(json!({"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"})),
            syntax
        );
        assert_eq!(identity(json!({"Effect": "Allow", "Action": 1, "Resource": "*"})), syntax);
        assert_eq!(
            identity(json!({"Effect": "Allow", "Resource": "*"})),
            "Policy statement must contain actions."
        );
        assert_eq!(
            identity(json!({"Effect": "Allow", "Action": "*"})),
            "Policy statement must contain resources."
        );
        assert_eq!(
            identity(json!({"Effect": "Allow", "Action": "*", "Resource": "bucket"})),
            "Resource bucket must be in ARN format or \"*\"."
        );
        assert!(
            identity(json!({"Effect": "Allow", "Action": "GetObject", "Resource": "*"})).contains("vendor")
        );
        assert_eq!(
            identity(json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})),
            "Policy document should not specify a principal."
        );
        assert_eq!(
            identity(
                json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringIs": {"a": "b"}}})
            ),
            "Invalid Condition type : StringIs."
        );
        let trust = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}});
        assert_eq!(said(Kind::Trust, trust), "Has prohibited field Resource");
        let nobody = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}});
        assert_eq!(said(Kind::Trust, nobody), "Missing required field Principal");
    }
}
