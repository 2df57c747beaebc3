//! Which action on which resource an operation asks for ("Service Authorization Reference").

use serde_json::Value;

/// One thing that must be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// `lambda:InvokeFunction`
    pub action: String,
    pub subject: Subject,
    /// Condition keys that come of the input, such as `aws:RequestTag/team`.
    pub keys: Vec<(String, String)>,
}

/// What an action is about, as far as the input says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// No one thing: `*`.
    Nothing,
    Arn(String),
    /// In the account and region of the server.
    Regional {
        service: &'static str,
        resource: String,
    },
    Role {
        name: String,
        path: String,
    },
    /// `None` is the caller.
    User {
        name: Option<String>,
        path: String,
    },
    ManagedPolicy {
        name: String,
        path: String,
    },
}

/// What a call of `operation` with `input` asks for: its own action first.
pub fn permission(service: &str, operation: &str, input: &Value) -> Vec<Permission> {
    let subject = match service {
        "cognito-idp" => user_pool(input),
        "cloudformation" => stack(input),
        "lambda" => function(input),
        "logs" => log_group(input),
        "iam" => identity(operation, input),
        "sts" => text(input, "RoleArn").map_or(Subject::Nothing, Subject::Arn),
        _ => Subject::Nothing,
    };
    let own = Permission { action: action(service, operation), subject, keys: keys(service, input) };
    std::iter::once(own).chain(passed_role(service, operation, input)).collect()
}

fn action(service: &str, operation: &str) -> String {
    let name = match (service, operation) {
        ("lambda", "Invoke" | "InvokeAsync" | "InvokeWithResponseStream") => "InvokeFunction",
        ("lambda", "ListVersionsByFunction") => "ListVersionsByFunction",
        (_, operation) => operation,
    };
    format!("{service}:{name}")
}

/// A role handed to a service acts for it from then on, so its giver must be allowed to give it.
fn passed_role(service: &str, operation: &str, input: &Value) -> Option<Permission> {
    let (role, receiver) = match (service, operation) {
        ("lambda", "CreateFunction" | "UpdateFunctionConfiguration") => {
            (text(input, "Role")?, "lambda.amazonaws.com")
        }
        ("cloudformation", _) => (text(input, "RoleARN")?, "cloudformation.amazonaws.com"),
        _ => return None,
    };
    Some(Permission {
        action: String::from("iam:PassRole"),
        subject: Subject::Arn(role),
        keys: vec![(String::from("iam:PassedToService"), receiver.to_owned())],
    })
}

fn user_pool(input: &Value) -> Subject {
    match (text(input, "UserPoolId"), text(input, "ResourceArn")) {
        (Some(pool), _) => regional("cognito-idp", format!("userpool/{pool}")),
        (None, Some(arn)) => Subject::Arn(arn),
        (None, None) => Subject::Nothing,
    }
}

fn stack(input: &Value) -> Subject {
    match text(input, "StackName") {
        Some(arn) if arn.starts_with("arn:") => Subject::Arn(arn),
        Some(name) => regional("cloudformation", format!("stack/{name}/*")),
        None => Subject::Nothing,
    }
}

/// By name, by partial ARN (`<account>:function:<name>`) or by ARN, with a qualifier behind it or beside it.
fn function(input: &Value) -> Subject {
    let Some(given) = text(input, "FunctionName") else {
        let arn = text(input, "Resource").filter(|arn| arn.starts_with("arn:"));
        return arn.map_or(Subject::Nothing, Subject::Arn);
    };
    let name = given.rsplit_once("function:").map_or(given.as_str(), |(_, name)| name);
    let resource = match (name.contains(':'), text(input, "Qualifier")) {
        (false, Some(qualifier)) => format!("function:{name}:{qualifier}"),
        _ => format!("function:{name}"),
    };
    // A whole ARN keeps its account and region: what is not ours must not look like ours.
    match given.strip_prefix("arn:").and_then(|_| given.rsplit_once("function:")) {
        Some((head, _)) => Subject::Arn(format!("{head}{resource}")),
        None => regional("lambda", resource),
    }
}

/// Streams count as part of their group, and a group as its stream without a name: so that `log-group:name:*`, which is
/// how policies are written, covers both.
fn log_group(input: &Value) -> Subject {
    if let Some(arn) = text(input, "logGroupIdentifier").filter(|arn| arn.starts_with("arn:")) {
        return Subject::Arn(format!("{}:log-stream:", arn.trim_end_matches(":*")));
    }
    if let Some(arn) = text(input, "resourceArn").or_else(|| text(input, "ResourceArn")) {
        return Subject::Arn(arn);
    }
    let name = text(input, "logGroupName").or_else(|| text(input, "logGroupIdentifier"));
    let stream = text(input, "logStreamName").unwrap_or_default();
    regional("logs", format!("log-group:{}:log-stream:{stream}", name.unwrap_or_default()))
}

fn identity(operation: &str, input: &Value) -> Subject {
    let path = text(input, "Path").unwrap_or_else(|| String::from("/"));
    if let Some(name) = text(input, "RoleName") {
        return Subject::Role { name, path };
    }
    if operation == "CreatePolicy" {
        let name = text(input, "PolicyName").unwrap_or_default();
        return Subject::ManagedPolicy { name, path };
    }
    if let Some(name) = text(input, "UserName") {
        return Subject::User { name: Some(name), path };
    }
    if let Some(arn) = text(input, "PolicyArn") {
        return Subject::Arn(arn);
    }
    match operation {
        "ListRoles" | "ListUsers" | "ListPolicies" => Subject::Nothing,
        _ => Subject::User { name: None, path },
    }
}

/// `aws:RequestTag/…` and `aws:TagKeys` of tags given as a list or as a map, and IAM's keys for policies and boundaries.
fn keys(service: &str, input: &Value) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    let mut tag = |key: &str, value: &str| {
        keys.push((format!("aws:RequestTag/{key}"), value.to_owned()));
        keys.push((String::from("aws:TagKeys"), key.to_owned()));
    };
    for member in ["Tags", "tags", "UserPoolTags"] {
        match input.get(member) {
            Some(Value::Array(tags)) => {
                for given in tags {
                    if let (Some(key), Some(value)) = (text(given, "Key"), text(given, "Value")) {
                        tag(&key, &value);
                    }
                }
            }
            Some(Value::Object(tags)) => {
                for (key, value) in tags {
                    tag(key, value.as_str().unwrap_or_default());
                }
            }
            _ => {}
        }
    }
    if service == "iam" {
        let conditions = [("PolicyArn", "iam:PolicyARN"), ("PermissionsBoundary", "iam:PermissionsBoundary")];
        for (member, key) in conditions {
            keys.extend(text(input, member).map(|value| (key.to_owned(), value)));
        }
    }
    keys
}

fn regional(service: &'static str, resource: String) -> Subject {
    Subject::Regional { service, resource }
}

fn text(input: &Value, member: &str) -> Option<String> {
    input.get(member).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn first(service: &str, operation: &str, input: Value) -> (String, Subject) {
        let permission = permission(service, operation, &input).remove(0);
        (permission.action, permission.subject)
    }

    fn arn(text: &str) -> Subject {
        Subject::Arn(text.to_owned())
    }

    #[test]
    fn actions_and_what_they_are_about() {
        for (service, operation, input, action, subject) in [
            (
                "cognito-idp",
                "ListUserPools",
                json!({"MaxResults": 1}),
                "cognito-idp:ListUserPools",
                Subject::Nothing,
            ),
            (
                "cognito-idp",
                "AdminGetUser",
                json!({"UserPoolId": "us-east-1_Ab3dEf9hI"}),
                "cognito-idp:AdminGetUser",
                regional("cognito-idp", "userpool/us-east-1_Ab3dEf9hI".into()),
            ),
            (
                "cloudformation",
                "DescribeStacks",
                json!({"StackName": "svc-dev"}),
                "cloudformation:DescribeStacks",
                regional("cloudformation", "stack/svc-dev/*".into()),
            ),
            (
                "lambda",
                "Invoke",
                json!({"FunctionName": "hello", "Qualifier": "1"}),
                "lambda:InvokeFunction",
                regional("lambda", "function:hello:1".into()),
            ),
            (
                "lambda",
                "GetFunction",
                json!({"FunctionName": "000000000000:function:hello"}),
                "lambda:GetFunction",
                regional("lambda", "function:hello".into()),
            ),
            (
                "lambda",
                "GetFunction",
                json!({"FunctionName": "arn:aws:lambda:eu-west-1:111111111111:function:hello:live"}),
                "lambda:GetFunction",
                arn("arn:aws:lambda:eu-west-1:111111111111:function:hello:live"),
            ),
            (
                "logs",
                "PutLogEvents",
                json!({"logGroupName": "/aws/lambda/hello", "logStreamName": "s"}),
                "logs:PutLogEvents",
                regional("logs", "log-group:/aws/lambda/hello:log-stream:s".into()),
            ),
            (
                "iam",
                "CreatePolicy",
                json!({"PolicyName": "p", "Path": "/x/"}),
                "iam:CreatePolicy",
                Subject::ManagedPolicy { name: "p".into(), path: "/x/".into() },
            ),
            ("iam", "ListRoles", json!({}), "iam:ListRoles", Subject::Nothing),
            ("iam", "GetUser", json!({}), "iam:GetUser", Subject::User { name: None, path: "/".into() }),
        ] {
            assert_eq!(first(service, operation, input), (action.to_owned(), subject), "{operation}");
        }
    }

    #[test]
    fn giving_a_role_to_a_service_asks_for_more() {
        let role = "arn:aws:iam::000000000000:role/admin";
        let asked = permission("lambda", "CreateFunction", &json!({"FunctionName": "x", "Role": role}));
        assert_eq!(asked[1].action, "iam:PassRole");
        assert_eq!(asked[1].subject, arn(role));
        assert_eq!(asked[1].keys, [("iam:PassedToService".into(), "lambda.amazonaws.com".into())]);
        assert_eq!(
            permission("cloudformation", "CreateStack", &json!({"StackName": "x", "RoleARN": role})).len(),
            2
        );
        assert_eq!(permission("lambda", "GetFunction", &json!({"FunctionName": "x"})).len(), 1);
    }

    #[test]
    fn tags_are_condition_keys() {
        let list = json!({"StackName": "x", "Tags": [{"Key": "team", "Value": "a"}]});
        let map = json!({"FunctionName": "x", "Tags": {"team": "a"}});
        for asked in
            [permission("cloudformation", "CreateStack", &list), permission("lambda", "TagResource", &map)]
        {
            assert!(asked[0].keys.contains(&("aws:RequestTag/team".into(), "a".into())));
            assert!(asked[0].keys.contains(&("aws:TagKeys".into(), "team".into())));
        }
    }
}
