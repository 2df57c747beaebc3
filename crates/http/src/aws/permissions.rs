//! What a policy must allow for an operation: IAM actions on the resources that the input names (Service Authorization
//! Reference, "Actions, resources, and condition keys").

use base::{AccountId, Region};
use facts::OperationShape;
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// `lambda:InvokeFunction`
    pub action: String,
    /// An ARN, or `*` where the operation is about no one thing.
    pub resource: String,
}

struct Scene<'a> {
    input: &'a Value,
    region: &'a Region,
    account: &'a AccountId,
}

/// All of them must be allowed.
pub fn needed(
    operation: &OperationShape,
    input: &Value,
    region: &Region,
    account: &AccountId,
) -> Vec<Permission> {
    let scene = Scene { input, region, account };
    let service = operation.service.name;
    let resource = match service {
        "cognito-idp" => scene.user_pool(),
        "lambda" => scene.function(),
        "cloudformation" => scene.stack(operation.name),
        "logs" => scene.log_group(),
        "iam" => scene.identity(),
        "sts" => scene.text("RoleArn").map(str::to_owned),
        _ => None,
    };
    let action = match (service, operation.name) {
        // Anyone with a key may ask who they are.
        ("sts", "GetCallerIdentity") => return Vec::new(),
        ("lambda", "Invoke" | "InvokeAsync" | "InvokeWithResponseStream") => "InvokeFunction",
        (_, name) => name,
    };
    let mut needed = vec![Permission {
        action: format!("{service}:{action}"),
        resource: resource.unwrap_or_else(|| String::from("*")),
    }];
    if let Some(role) = scene.passed_role(service, operation.name) {
        needed.push(Permission { action: String::from("iam:PassRole"), resource: role });
    }
    needed
}

impl<'a> Scene<'a> {
    fn text(&self, member: &str) -> Option<&'a str> {
        self.input.get(member)?.as_str().filter(|text| !text.is_empty())
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    fn user_pool(&self) -> Option<String> {
        let by_id = self.text("UserPoolId").map(|id| self.arn("cognito-idp", &format!("userpool/{id}")));
        by_id.or_else(|| self.text("ResourceArn").map(str::to_owned))
    }

    fn function(&self) -> Option<String> {
        if let Some(layer) = self.text("LayerName") {
            let version = self.input.get("VersionNumber").and_then(Value::as_i64);
            let version = version.map(|version| format!(":{version}")).unwrap_or_default();
            return Some(match layer.starts_with("arn:") {
                true => format!("{layer}{version}"),
                false => self.arn("lambda", &format!("layer:{layer}{version}")),
            });
        }
        if let Some(arn) = self.text("Resource").or_else(|| self.text("Arn")) {
            return Some(arn.to_owned());
        }
        if let Some(mapping) = self.text("UUID") {
            return Some(self.arn("lambda", &format!("event-source-mapping:{mapping}")));
        }
        let name = self.text("FunctionName")?;
        // A name, `account:function:name`, or an ARN; a qualifier may stand behind or beside it.
        let name = name.split_once("function:").map_or(name, |(_, name)| name);
        let (name, behind) = match name.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (name, None),
        };
        let qualifier = self.text("Qualifier").or(behind).map(|qualifier| format!(":{qualifier}"));
        Some(self.arn("lambda", &format!("function:{name}{}", qualifier.unwrap_or_default())))
    }

    /// A stack by name may be any stack of that name, past or present: `stack/<name>/*`.
    fn stack(&self, operation: &str) -> Option<String> {
        let name = match operation {
            "ListImports" => return None,
            _ => self.text("StackName").or_else(|| self.text("StackId"))?,
        };
        Some(if name.starts_with("arn:") {
            name.to_owned()
        } else {
            self.arn("cloudformation", &format!("stack/{name}/*"))
        })
    }

    fn log_group(&self) -> Option<String> {
        let arn = self.text("logGroupIdentifier").or_else(|| self.text("resourceArn"));
        if let Some(arn) = arn.filter(|arn| arn.starts_with("arn:")) {
            return Some(arn.to_owned());
        }
        let group = self.text("logGroupName").or_else(|| self.text("logGroupIdentifier"))?;
        let stream = self.text("logStreamName").map(|stream| format!("log-stream:{stream}"));
        let stream = stream.unwrap_or_else(|| String::from("*"));
        Some(self.arn("logs", &format!("log-group:{group}:{stream}")))
    }

    fn identity(&self) -> Option<String> {
        if let Some(arn) = self.text("PolicyArn").filter(|_| self.text("RoleName").is_none()) {
            return Some(arn.to_owned());
        }
        let account = self.account;
        let path = self.text("Path").unwrap_or("/");
        let role = self.text("RoleName").map(|name| format!("arn:aws:iam::{account}:role{path}{name}"));
        let user = || self.text("UserName").map(|name| format!("arn:aws:iam::{account}:user{path}{name}"));
        let policy = || self.text("PolicyName").map(|name| format!("arn:aws:iam::{account}:policy{path}{name}"));
        role.or_else(user).or_else(policy)
    }

    /// Whoever gives a role to a service must be allowed to (IAM User Guide, "Grant a user permissions to pass a role to an
    /// AWS service"); else making a function would be a way around every policy.
    fn passed_role(&self, service: &str, operation: &str) -> Option<String> {
        let member = match (service, operation) {
            ("lambda", "CreateFunction" | "UpdateFunctionConfiguration") => "Role",
            (
                "cloudformation",
                "CreateStack" | "UpdateStack" | "DeleteStack" | "CreateChangeSet" | "ContinueUpdateRollback",
            ) => "RoleARN",
            _ => return None,
        };
        self.text(member).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(service: &str, operation: &str, input: Value) -> Vec<(String, String)> {
        let operation = facts::find(service, operation).unwrap();
        needed(operation, &input, &Region::default(), &AccountId::default())
            .into_iter()
            .map(|permission| (permission.action, permission.resource))
            .collect()
    }

    fn one(service: &str, operation: &str, input: Value) -> (String, String) {
        let mut all = asked(service, operation, input);
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    fn pair(action: &str, resource: &str) -> (String, String) {
        (action.to_owned(), resource.to_owned())
    }

    #[test]
    fn names_the_thing_that_is_touched() {
        assert_eq!(
            one("cognito-idp", "AdminGetUser", json!({"UserPoolId": "us-east-1_a", "Username": "x"})),
            pair("cognito-idp:AdminGetUser", "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a")
        );
        assert_eq!(one("cognito-idp", "ListUserPools", json!({})), pair("cognito-idp:ListUserPools", "*"));
        for name in ["f", "000000000000:function:f", "arn:aws:lambda:us-east-1:000000000000:function:f"] {
            assert_eq!(
                one("lambda", "Invoke", json!({"FunctionName": name})),
                pair("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:f")
            );
        }
        for input in [json!({"FunctionName": "f:1"}), json!({"FunctionName": "f", "Qualifier": "1"})] {
            assert_eq!(
                one("lambda", "GetFunction", input).1,
                "arn:aws:lambda:us-east-1:000000000000:function:f:1"
            );
        }
        assert_eq!(
            one("cloudformation", "DescribeStacks", json!({"StackName": "s"})).1,
            "arn:aws:cloudformation:us-east-1:000000000000:stack/s/*"
        );
        assert_eq!(
            one("logs", "PutLogEvents", json!({"logGroupName": "/g", "logStreamName": "s"})).1,
            "arn:aws:logs:us-east-1:000000000000:log-group:/g:log-stream:s"
        );
        assert_eq!(
            one("logs", "FilterLogEvents", json!({"logGroupName": "/g"})).1,
            "arn:aws:logs:us-east-1:000000000000:log-group:/g:*"
        );
        assert_eq!(asked("sts", "GetCallerIdentity", json!({})), []);
    }

    #[test]
    fn giving_a_role_away_is_asked_for_too() {
        let role = "arn:aws:iam::000000000000:role/admin";
        let all = asked("lambda", "CreateFunction", json!({"FunctionName": "f", "Role": role}));
        assert_eq!(all[1], pair("iam:PassRole", role));
        let all = asked("cloudformation", "CreateStack", json!({"StackName": "s", "RoleARN": role}));
        assert_eq!(all[1], pair("iam:PassRole", role));
    }
}
