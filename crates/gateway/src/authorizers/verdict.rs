//! What a lambda authorizer's function decided
//! (Amazon API Gateway Developer Guide, "Output from an API Gateway Lambda authorizer").

use std::sync::Arc;

use iam::policy::Policy;
use serde_json::Value;

use super::policy::read_verdict;
use crate::payload::json::JsonWriter;

#[derive(Debug)]
pub struct Verdict {
    pub principal_id: String,
    pub policy: Arc<Policy>,
    /// Text, all of it: numbers and booleans are spelled out, as AWS does.
    context: Vec<(String, String)>,
    /// The caller's API key, where the API takes it from its authorizer.
    pub usage_identifier_key: Option<String>,
}

impl Verdict {
    pub fn read(payload: &[u8]) -> Result<Self, String> {
        let answer: Value = serde_json::from_slice(payload).map_err(|cause| format!("not JSON: {cause}"))?;
        let principal_id = match answer.get("principalId") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err(String::from("no principalId")),
        };
        let document = answer.get("policyDocument").filter(|document| document.is_object());
        let document = document.ok_or_else(|| String::from("no policyDocument"))?;
        let policy = read_verdict(document).map_err(|cause| format!("policyDocument: {cause}"))?;
        let mut context = Vec::new();
        match answer.get("context") {
            None | Some(Value::Null) => {}
            Some(Value::Object(entries)) => {
                for (name, value) in entries {
                    match value {
                        Value::String(text) => context.push((name.clone(), text.clone())),
                        Value::Number(_) | Value::Bool(_) => context.push((name.clone(), value.to_string())),
                        Value::Null => {}
                        _ => return Err(format!("context.{name} is neither text, number nor boolean")),
                    }
                }
            }
            Some(_) => return Err(String::from("context is not an object")),
        }
        let key = answer.get("usageIdentifierKey").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { principal_id, policy, context, usage_identifier_key: key })
    }

    pub fn variable(&self, name: &str) -> Option<&str> {
        if name == "principalId" {
            return Some(&self.principal_id);
        }
        self.context.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn write(&self, json: &mut JsonWriter, latency_millis: i64) {
        json.begin_object();
        for (name, value) in &self.context {
            if name != "principalId" && name != "integrationLatency" {
                json.member(name, value);
            }
        }
        json.member("principalId", &self.principal_id);
        json.name("integrationLatency");
        json.number(latency_millis);
        json.end_object();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_aws_documents() {
        let verdict = Verdict::read(
            br#"{"principalId":"u1","policyDocument":{"Version":"2012-10-17","Statement":[
                {"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}]},
                "context":{"a":"x","n":1,"b":true,"principalId":"forged"},"usageIdentifierKey":"k"}"#,
        )
        .unwrap();
        assert_eq!(verdict.variable("n"), Some("1"));
        assert_eq!(verdict.variable("principalId"), Some("u1"));
        let mut json = JsonWriter::with_capacity(64);
        verdict.write(&mut json, 7);
        let text = String::from_utf8(json.into_bytes()).unwrap();
        assert_eq!(text, r#"{"a":"x","n":"1","b":"true","principalId":"u1","integrationLatency":7}"#);
    }

    #[test]
    fn refuses_what_is_no_verdict() {
        for answer in [
            "null",
            "\"Allow\"",
            r#"{"policyDocument":{"Statement":[]}}"#,
            r#"{"principalId":"u"}"#,
            r#"{"principalId":"u","policyDocument":"x"}"#,
            r#"{"principalId":"u","policyDocument":{"Statement":[]},"context":{"a":{}}}"#,
        ] {
            assert!(Verdict::read(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
