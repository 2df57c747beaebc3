//! A log group for each function, and the role that all of them run as unless they bring their own.

use serde_json::{Value as Json, json};

use super::{Work, naming, template::absent};
use crate::{node::Node, service::Function};

pub const ROLE: &str = "IamRoleLambdaExecution";

impl Work<'_> {
    pub(super) fn logs_and_role(&mut self) {
        let service = self.service;
        for function in service.functions.iter().filter(|function| keeps_logs(function)) {
            let setting = |key: &str| {
                let own = function.node.get(key).filter(|node| node.is_truthy());
                own.or_else(|| service.provider.get(key).filter(|node| node.is_truthy()))
                    .map_or_else(absent, Node::to_json)
            };
            let group = json!({
                "Type": "AWS::Logs::LogGroup",
                "Properties": {
                    "LogGroupName": format!("/aws/lambda/{}", function.name),
                    "RetentionInDays": setting("logRetentionInDays"),
                    "DataProtectionPolicy": setting("logDataProtectionPolicy"),
                }
            });
            self.template.lay(naming::log_group(&function.key), function.place, group);
        }
        let brings_role =
            |function: &Function| function.node.as_map().is_some_and(|map| map.get("role").is_some());
        let no_role_needed = service.functions.is_empty()
            || existing_role(&service.provider).is_some()
            || service.provider.as_map().is_some_and(|map| map.get("role").is_some())
            || service.functions.iter().all(brings_role);
        if !no_role_needed {
            let role = self.role();
            self.template.lay(ROLE, service.provider.place, role);
        }
    }

    fn role(&self) -> Json {
        let (service, provider) = (self.service, &self.service.provider);
        let settings = provider.at("iam.role");
        let setting = |key: &str| settings.and_then(|node| node.get(key)).filter(|node| node.is_truthy());
        let name = setting("name").map_or_else(
            || json!({"Fn::Join": ["-", [service.name, service.stage, {"Ref": "AWS::Region"}, "lambdaRole"]]}),
            Node::to_json,
        );
        let mut properties = json!({
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": {"Service": ["lambda.amazonaws.com"]},
                    "Action": ["sts:AssumeRole"]
                }]
            },
            "Policies": [{
                "PolicyName": {"Fn::Join": ["-", [service.name, service.stage, "lambda"]]},
                "PolicyDocument": {"Version": "2012-10-17", "Statement": self.statements(settings)}
            }],
            "Path": setting("path").map_or_else(|| json!("/"), Node::to_json),
            "RoleName": name,
        });
        if let Some(Json::Object(members)) = setting("tags").map(Node::to_json) {
            properties["Tags"] = super::template::tags(&members);
        }
        let boundary = setting("permissionsBoundary")
            .or_else(|| setting("permissionBoundary"))
            .or_else(|| provider.get("rolePermissionsBoundary"));
        if let Some(boundary) = boundary {
            properties["PermissionsBoundary"] = boundary.to_json();
        }
        let managed = setting("managedPolicies").or_else(|| provider.get("iamManagedPolicies"));
        let mut managed: Vec<Json> =
            managed.and_then(Node::as_list).unwrap_or_default().iter().map(Node::to_json).collect();
        let in_vpc = |function: &Function| function.node.as_map().is_some_and(|map| map.get("vpc").is_some());
        if provider.get("vpc").is_some() || service.functions.iter().any(in_vpc) {
            managed.push(super::template::join(json!([
                "arn:",
                {"Ref": "AWS::Partition"},
                ":iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
            ])));
        }
        if !managed.is_empty() {
            properties["ManagedPolicyArns"] = Json::Array(managed);
        }
        json!({"Type": "AWS::IAM::Role", "Properties": properties})
    }

    fn statements(&self, settings: Option<&Node>) -> Vec<Json> {
        let service = self.service;
        let usual = format!("{}-{}", service.name, service.stage);
        let is_usual = |function: &&Function| function.name.starts_with(&usual);
        let arn = |group: &str, tail: &str| {
            let arn = format!(
                "arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:/aws/lambda/{group}{tail}"
            );
            json!({"Fn::Sub": arn})
        };
        let (mut groups, mut streams) = (Vec::new(), Vec::new());
        for function in
            service.functions.iter().filter(|function| !is_usual(function) && keeps_logs(function))
        {
            groups.push(arn(&function.name, ":*"));
            streams.push(arn(&function.name, ":*:*"));
        }
        let some_usual = service.functions.iter().filter(is_usual).any(keeps_logs);
        if some_usual {
            groups.push(arn(&usual, "*:*"));
            streams.push(arn(&usual, "*:*:*"));
        }
        let mut statements = vec![
            json!({
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"],
                "Resource": groups
            }),
            json!({"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": streams}),
        ];
        let silent: Vec<Json> = service
            .functions
            .iter()
            .filter(is_usual)
            .filter(|function| !keeps_logs(function))
            .map(|function| arn(&function.name, ":*"))
            .collect();
        if some_usual && !silent.is_empty() {
            statements.push(json!({"Effect": "Deny", "Action": "logs:PutLogEvents", "Resource": silent}));
        }
        let own = settings
            .and_then(|node| node.get("statements"))
            .or_else(|| service.provider.get("iamRoleStatements"));
        statements.extend(own.and_then(Node::as_list).unwrap_or_default().iter().map(Node::to_json));
        statements
    }

    /// The statements of the generated role's policy, where there is one.
    pub(super) fn role_statements(&mut self) -> Option<&mut Vec<Json>> {
        let role = self.template.resource(ROLE)?;
        role.pointer_mut("/Properties/Policies/0/PolicyDocument/Statement")?.as_array_mut()
    }

    /// Allows the generated role something more, once.
    pub(super) fn allow(&mut self, statement: Json) {
        if let Some(statements) = self.role_statements()
            && !statements.contains(&statement)
        {
            statements.push(statement);
        }
    }
}

pub fn keeps_logs(function: &Function) -> bool {
    !function.node.get("disableLogs").is_some_and(Node::is_truthy)
}

/// `provider.iam.role`, where it names a role instead of describing one.
pub fn existing_role(provider: &Node) -> Option<&Node> {
    let role = provider.at("iam.role")?;
    let names_one = role.as_map().is_some_and(|map| map.keys().any(|key| key.contains("::")));
    (role.as_text().is_some() || names_one).then_some(role)
}
