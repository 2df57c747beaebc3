//! A version's name is a digest of its code and its settings: where neither changes, no new version is made. The digest
//! is the Serverless Framework's, so that a service that moves here keeps its versions.

use std::cmp::Ordering;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::{
    Work,
    functions::Target,
    naming,
    template::{absent, attribute, reference},
};
use crate::{diagnostics::Diagnostic, service::Function};

impl Work<'_> {
    /// The version, the output that names it, and the alias that points to it where the function has one.
    pub(super) fn version(
        &mut self,
        function: &Function,
        properties: &Map<String, Json>,
        code: &str,
        versioned: bool,
        target: &Target,
    ) {
        let lambda = naming::lambda(&function.key);
        let id = naming::lambda_version(&function.key, &digest(properties, code));
        let description = properties.get("Description").cloned().unwrap_or_else(absent);
        let policy = if versioned || target.alias.is_none() { json!("Retain") } else { absent() };
        self.template.set(
            id.clone(),
            function.place,
            json!({
                "Type": "AWS::Lambda::Version",
                "DeletionPolicy": policy,
                "Properties": {"FunctionName": reference(&lambda), "CodeSha256": code, "Description": description}
            }),
        );
        self.template.output(
            format!("{lambda}QualifiedArn"),
            json!({"Description": "Current Lambda function version", "Value": reference(&id)}),
        );
        let Some(alias) = &target.alias else { return };
        let provisioned = function.node.get("provisionedConcurrency").filter(|node| node.is_truthy());
        if let (Some(node), Some(_)) =
            (provisioned, function.node.get("snapStart").filter(|node| node.is_truthy()))
        {
            let message = format!(
                "the function '{}' has snapStart and provisionedConcurrency: only one can be",
                function.key
            );
            self.problems.push(Diagnostic::error(node.place, message));
        }
        let provisioned = provisioned
            .map_or_else(absent, |node| json!({"ProvisionedConcurrentExecutions": node.to_json()}));
        self.template.set(
            alias.logical_id.clone(),
            function.place,
            json!({
                "Type": "AWS::Lambda::Alias",
                "Properties": {
                    "FunctionName": reference(&lambda),
                    "FunctionVersion": attribute(&id, "Version"),
                    "Name": alias.name,
                    "ProvisionedConcurrencyConfig": provisioned,
                },
                "DependsOn": lambda,
            }),
        );
    }
}

/// `properties` are the function's, `code` its package's SHA-256 in base64.
pub fn digest(properties: &Map<String, Json>, code: &str) -> String {
    let mut properties = properties.clone();
    // These are of the function as a whole, or (the code) are there as a digest already.
    for key in ["Code", "ReservedConcurrentExecutions", "Tags"] {
        properties.remove(key);
    }
    properties.insert(String::from("layerConfigurations"), json!([]));
    let text = sorted(Json::Object(properties)).to_string();
    STANDARD.encode(Sha256::new().chain_update(code).chain_update(text).finalize())
}

/// Keys in the order of JavaScript's `localeCompare`.
pub fn sorted(value: Json) -> Json {
    match value {
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> =
                members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            members.sort_by(|(a, _), (b, _)| locale_compare(a, b));
            // Keys that are whole numbers come first in a JavaScript object, in their order.
            let index = |key: &str| key.parse::<u32>().ok().filter(|number| number.to_string() == key);
            members.sort_by_key(|(key, _)| index(key).map_or((1, 0), |number| (0, number)));
            Json::Object(members.into_iter().collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The root collation of Unicode (UTS #10) for ASCII: punctuation, then digits, then letters whatever their case; small
/// before capital where all else is the same. Other characters follow in the order of their code points.
fn locale_compare(a: &str, b: &str) -> Ordering {
    let primary = |text: &str| text.chars().map(weight).collect::<Vec<_>>();
    let case = |text: &str| text.chars().map(|c| u8::from(c.is_uppercase())).collect::<Vec<_>>();
    primary(a).cmp(&primary(b)).then_with(|| case(a).cmp(&case(b))).then_with(|| a.cmp(b))
}

fn weight(character: char) -> u32 {
    const PUNCTUATION: &str = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
    let folded = character.to_ascii_lowercase();
    match PUNCTUATION.chars().position(|known| known == folded) {
        Some(at) => u32::try_from(at).unwrap_or_default(),
        None if folded.is_ascii_digit() => 100 + u32::from(folded) - u32::from('0'),
        None if folded.is_ascii_lowercase() => 200 + u32::from(folded) - u32::from('a'),
        None => 1000 + u32::from(folded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_order_of_javascript() {
        let mut words = ["b", "A_B", "a", "B", "AB", "10", "9", "a-b", "A", "_x"];
        words.sort_by(|a, b| locale_compare(a, b));
        assert_eq!(words, ["_x", "10", "9", "a", "A", "A_B", "a-b", "AB", "b", "B"]);
        let sorted = sorted(json!({"b": 1, "10": 2, "9": {"z": 1, "y": 2}}));
        assert_eq!(sorted.to_string(), r#"{"9":{"y":2,"z":1},"10":2,"b":1}"#);
    }
}
