//! The `cognitoUserPool` event: a function called by a pool of this stack.

use serde_json::{Map, Value as Json, json};

use super::{
    Work,
    functions::Target,
    naming,
    template::{absent, attribute},
};
use crate::{diagnostics::Diagnostic, node::Node, schema::EventKind, service::Function};

struct Trigger<'a> {
    function: &'a Function,
    pool: &'a str,
    source: &'a str,
    node: &'a Node,
}

impl Work<'_> {
    pub(super) fn cognito_user_pools(&mut self) {
        let triggers: Vec<Trigger<'_>> = self.service.functions.iter().flat_map(triggers).collect();
        let mut pools: Vec<&str> = Vec::new();
        for trigger in &triggers {
            if !pools.contains(&trigger.pool) {
                pools.push(trigger.pool);
            }
        }
        for pool in pools {
            let of_pool: Vec<&Trigger<'_>> = triggers.iter().filter(|trigger| trigger.pool == pool).collect();
            self.pool(pool, &of_pool);
        }
        for trigger in &triggers {
            let target = Target::of(trigger.function);
            let pool = format!("CognitoUserPool{}", naming::alphanumeric(trigger.pool));
            let id = format!(
                "{}LambdaPermissionCognitoUserPool{}TriggerSource{}",
                naming::normalized(&trigger.function.key),
                naming::alphanumeric(trigger.pool),
                naming::alphanumeric(trigger.source)
            );
            let permission = json!({
                "Type": "AWS::Lambda::Permission",
                "DependsOn": target.depends_on(),
                "Properties": {
                    "FunctionName": target.arn(),
                    "Action": "lambda:InvokeFunction",
                    "Principal": "cognito-idp.amazonaws.com",
                    "SourceArn": attribute(&pool, "Arn"),
                }
            });
            self.template.lay(id, trigger.function.place, permission);
        }
    }

    fn pool(&mut self, name: &str, triggers: &[&Trigger<'_>]) {
        let mut config = Map::new();
        let mut key: Option<Json> = None;
        for trigger in triggers {
            let arn = Target::of(trigger.function).arn();
            if !["CustomSMSSender", "CustomEmailSender"].contains(&trigger.source) {
                config.insert(trigger.source.to_owned(), arn);
                continue;
            }
            config.insert(trigger.source.to_owned(), json!({"LambdaArn": arn, "LambdaVersion": "V1_0"}));
            match (trigger.node.get("kmsKeyId").map(Node::to_json), &key) {
                (None, _) => {
                    let message = format!("the trigger {} needs a 'kmsKeyId'", trigger.source);
                    self.problems.push(Diagnostic::error(trigger.node.place, message));
                }
                (Some(own), Some(other)) if own != *other => {
                    let message = format!("the pool '{name}' can have one 'kmsKeyId' only");
                    self.problems.push(Diagnostic::error(trigger.node.place, message));
                }
                (own, _) => key = own,
            }
        }
        if let Some(key) = key {
            config.insert(String::from("KMSKeyID"), key);
        }
        let depends_on: Vec<Json> = triggers
            .iter()
            .map(|trigger| {
                let target = Target::of(trigger.function);
                json!(target.alias.map_or(target.lambda, |alias| alias.logical_id))
            })
            .collect();
        let place = triggers.first().map_or(self.service.root.place, |trigger| trigger.node.place);
        let depends_on = if depends_on.is_empty() { absent() } else { Json::Array(depends_on) };
        self.template.lay(
            format!("CognitoUserPool{}", naming::alphanumeric(name)),
            place,
            json!({
                "Type": "AWS::Cognito::UserPool",
                "Properties": {"UserPoolName": name, "LambdaConfig": config},
                "DependsOn": depends_on,
            }),
        );
    }
}

fn triggers(function: &Function) -> Vec<Trigger<'_>> {
    let events = function.events.iter().filter(|event| event.kind == EventKind::CognitoUserPool);
    events
        .filter_map(|event| {
            let text = |key: &str| event.node.get(key).and_then(Node::as_text);
            Some(Trigger { function, pool: text("pool")?, source: text("trigger")?, node: &event.node })
        })
        .collect()
}
