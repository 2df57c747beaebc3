//! API keys and the plans that count their use.

use serde_json::{Value as Json, json};

use super::Work;
use crate::{
    compile::{
        naming::upper_first,
        template::{absent, or_absent, reference},
    },
    diagnostics::Diagnostic,
    node::{Entry, Node},
};

impl Work<'_> {
    pub(super) fn api_keys(&mut self) {
        let keys: Vec<Node> =
            self.api_setting("apiKeys").and_then(Node::as_list).map(<[Node]>::to_vec).unwrap_or_default();
        let plans = self.api_setting("usagePlan").cloned();
        if keys.is_empty() && plans.is_none() {
            return;
        }
        let named = self.usage_plans(plans.as_ref());
        let mut number = 0;
        for key in &keys {
            let group = key.as_map().and_then(|map| map.entries.first());
            match group {
                Some(group) if named.contains(&group.key) => self.group(group),
                Some(group) if group.value.as_list().is_some() => {
                    let message = format!("the API keys '{}' have no usage plan of that name", group.key);
                    self.problems.push(Diagnostic::error(group.key_place, message));
                }
                _ => {
                    number += 1;
                    self.key(key, number, None);
                }
            }
        }
    }

    fn group(&mut self, group: &Entry) {
        for (index, key) in group.value.as_list().unwrap_or_default().iter().enumerate() {
            self.key(key, index + 1, Some(&group.key));
        }
    }

    fn deployment_id(&self) -> String {
        format!("ApiGatewayDeployment{}", self.service.now_millis)
    }

    fn key(&mut self, key: &Node, number: usize, plan: Option<&str>) {
        let text = |name: &str| or_absent(key.get(name).and_then(Node::as_text));
        let name = key.as_text().map_or_else(|| text("name"), |name| json!(name));
        let suffix = format!("{}{number}", plan.map(upper_first).unwrap_or_default());
        let id = format!("ApiGatewayApiKey{suffix}");
        let resource = json!({
            "Type": "AWS::ApiGateway::ApiKey",
            "Properties": {
                "Enabled": key.get("enabled").is_none_or(Node::is_truthy),
                "Name": name,
                "Value": text("value"),
                "Description": text("description"),
                "CustomerId": text("customerId"),
                "StageKeys": [{"RestApiId": self.api_id(), "StageName": self.service.stage}],
            },
            "DependsOn": self.deployment_id(),
        });
        self.template.lay(id.clone(), key.place, resource);
        let plan = format!("ApiGatewayUsagePlan{}", plan.map(upper_first).unwrap_or_default());
        let joined = json!({
            "Type": "AWS::ApiGateway::UsagePlanKey",
            "Properties": {"KeyId": reference(&id), "KeyType": "API_KEY", "UsagePlanId": reference(&plan)}
        });
        self.template.lay(format!("ApiGatewayUsagePlanKey{suffix}"), key.place, joined);
    }

    /// The names of the plans that have one.
    fn usage_plans(&mut self, written: Option<&Node>) -> Vec<String> {
        let Some(list) = written.and_then(Node::as_list) else {
            self.usage_plan(None, written);
            return Vec::new();
        };
        let mut names = Vec::new();
        for entry in list.iter().filter_map(|item| item.as_map()?.entries.first()) {
            self.usage_plan(Some(&entry.key), Some(&entry.value));
            names.push(entry.key.clone());
        }
        names
    }

    fn usage_plan(&mut self, name: Option<&str>, written: Option<&Node>) {
        let (service, stage) = (&self.service.name, &self.service.stage);
        let (plan, description) = match name {
            Some(name) => (
                format!("{service}-{name}-{stage}"),
                format!("Usage plan \"{name}\" for {service} {stage} stage"),
            ),
            None => (format!("{service}-{stage}"), format!("Usage plan for {service} {stage} stage")),
        };
        let part = |section: &str, members: &[(&str, &str)]| {
            let Some(node) = written.and_then(|node| node.get(section)) else { return absent() };
            let member = |(to, from): &(&str, &str)| Some(((*to).to_owned(), node.get(from)?.to_json()));
            Json::Object(members.iter().filter_map(member).collect())
        };
        let resource = json!({
            "Type": "AWS::ApiGateway::UsagePlan",
            "DependsOn": self.deployment_id(),
            "Properties": {
                "ApiStages": [{"ApiId": self.api_id(), "Stage": stage}],
                "Description": description,
                "UsagePlanName": plan,
                "Quota": part("quota", &[("Limit", "limit"), ("Offset", "offset"), ("Period", "period")]),
                "Throttle": part("throttle", &[("BurstLimit", "burstLimit"), ("RateLimit", "rateLimit")]),
            }
        });
        let place = written.map_or(self.service.root.place, |node| node.place);
        self.template.lay(
            format!("ApiGatewayUsagePlan{}", name.map(upper_first).unwrap_or_default()),
            place,
            resource,
        );
    }
}
