//! Where the outcome of an asynchronous invocation goes (`AWS::Lambda::EventInvokeConfig`).

use serde_json::{Map, Value as Json, json};

use super::{Work, functions, functions::Target, naming, template::reference};
use crate::{diagnostics::Diagnostic, node::Node, service::Function};

impl Work<'_> {
    pub(super) fn invoke_config(&mut self, function: &Function, target: &Target) {
        let destinations = function.node.get("destinations");
        let age = function.node.get("maximumEventAge").filter(|node| node.is_truthy());
        let retries = function.node.get("maximumRetryAttempts");
        if destinations.is_none() && age.is_none() && retries.is_none() {
            return;
        }
        let mut config = Map::new();
        for (key, name) in [("onSuccess", "OnSuccess"), ("onFailure", "OnFailure")] {
            let Some(node) = destinations.and_then(|node| node.get(key)).filter(|node| node.is_truthy())
            else {
                continue;
            };
            let Some(arn) = self.destination(node) else { continue };
            config.insert(name.to_owned(), json!({"Destination": arn}));
            if !functions::brings_own_role(self.service, function) {
                self.allow_destination(node);
            }
        }
        let mut properties = json!({
            "FunctionName": reference(&naming::lambda(&function.key)),
            "DestinationConfig": config,
            "Qualifier": target.alias.as_ref().map_or("$LATEST", |alias| alias.name),
        });
        if let Some(age) = age {
            properties["MaximumEventAgeInSeconds"] = age.to_json();
        }
        if let Some(retries) = retries {
            properties["MaximumRetryAttempts"] = retries.to_json();
        }
        self.template.set(
            format!("{}LambdaEvConf", naming::normalized(&function.key)),
            function.place,
            json!({
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": properties,
                "DependsOn": target.depends_on(),
            }),
        );
    }

    fn destination(&mut self, node: &Node) -> Option<Json> {
        let Some(text) = node.as_text() else { return node.get("arn").map(Node::to_json) };
        if text.starts_with("arn:") {
            return Some(json!(text));
        }
        match self.service.function(text) {
            Some(function) => Some(Target::of(function).arn()),
            None => {
                let message = format!("there is no function '{text}', and it is not an ARN");
                self.problems.push(Diagnostic::error(node.place, message));
                None
            }
        }
    }

    fn allow_destination(&mut self, node: &Node) {
        let (action, resource) = match node.as_text() {
            None => {
                let action = match node.get("type").and_then(Node::as_text) {
                    Some("sqs") => "sqs:SendMessage",
                    Some("sns") => "sns:Publish",
                    Some("eventBus") => "events:PutEvents",
                    _ => "lambda:InvokeFunction",
                };
                (action, node.get("arn").map_or(Json::Null, Node::to_json))
            }
            Some(text) if !text.starts_with("arn:") => {
                let name = self.service.function(text).map_or(text, |function| function.name.as_str());
                let arn = format!(
                    "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}"
                );
                ("lambda:InvokeFunction", json!({"Fn::Sub": arn}))
            }
            Some(arn) => {
                let kinds = [
                    (":function:", "lambda:InvokeFunction"),
                    (":sqs:", "sqs:SendMessage"),
                    (":sns:", "sns:Publish"),
                    (":event-bus/", "events:PutEvents"),
                ];
                let Some((_, action)) = kinds.iter().find(|(part, _)| arn.contains(part)) else {
                    let message = format!("'{arn}' is neither a function, a queue, a topic nor an event bus");
                    self.problems.push(Diagnostic::error(node.place, message));
                    return;
                };
                (*action, json!(arn))
            }
        };
        self.allow(json!({"Effect": "Allow", "Action": action, "Resource": resource}));
    }
}
