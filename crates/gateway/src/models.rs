//! Models: JSON schemas, draft 4, that bodies are held to. `boon` checks them: `jsonschema` is better known, but its build
//! costs more than that of the whole room.
//! (Amazon API Gateway Developer Guide, "Data models for REST APIs").

use boon::{Compiler, Draft, SchemaIndex, Schemas, SchemeUrlLoader};
use serde_json::Value;

use crate::rows::ModelRow;

/// A model that is ready to check bodies.
pub struct BodyModel {
    schemas: Schemas,
    own: SchemaIndex,
}

impl std::fmt::Debug for BodyModel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BodyModel")
    }
}

/// Where an API's models find each other: `{"$ref": "https://apigateway.amazonaws.com/restapis/<api>/models/<name>"}`.
fn address(api_id: &str, name: &str) -> String {
    format!("https://apigateway.amazonaws.com/restapis/{api_id}/models/{name}")
}

impl BodyModel {
    /// `all` are the API's models; `name` is one of them. Nothing outside them is read, not from the disk and not from
    /// the network.
    pub fn compile(api_id: &str, name: &str, all: &[ModelRow]) -> Result<Self, String> {
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V4);
        compiler.use_loader(Box::new(SchemeUrlLoader::new()));
        for model in all {
            let schema =
                model.definition.schema.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            compiler
                .add_resource(&address(api_id, &model.name), schema)
                .map_err(|cause| format!("Invalid model schema of {}: {cause}", model.name))?;
        }
        let mut schemas = Schemas::new();
        let own = compiler
            .compile(&address(api_id, name), &mut schemas)
            .map_err(|cause| format!("Invalid model specified: {name}: {cause:#}"))?;
        Ok(Self { schemas, own })
    }

    /// What is wrong with `body`, as `$context.error.validationErrorString` tells it.
    pub fn check(&self, body: &[u8]) -> Result<(), String> {
        let body: Value =
            serde_json::from_slice(body).map_err(|cause| format!("[request body is not JSON: {cause}]"))?;
        self.schemas.validate(&body, self.own).map_err(|error| {
            let leaves: Vec<String> = leaves(&error);
            format!("[{}]", leaves.join(", "))
        })
    }
}

/// The innermost complaints; those around them only say that something inside is wrong.
fn leaves(error: &boon::ValidationError<'_, '_>) -> Vec<String> {
    if error.causes.is_empty() {
        return vec![format!("{}: {}", error.instance_location, error.kind)];
    }
    error.causes.iter().take(32).flat_map(leaves).take(32).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::definitions::ModelDefinition;

    fn model(name: &str, schema: Value) -> ModelRow {
        let definition = ModelDefinition { schema: Some(schema), ..ModelDefinition::default() };
        ModelRow { rest_api_id: "a1".into(), id: "m".into(), name: name.into(), definition }
    }

    #[test]
    fn bodies_are_held_to_the_schema() {
        let models = [
            model("Name", json!({"type": "string", "minLength": 1})),
            model(
                "Person",
                json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["name"],
                    "properties": {"name": {"$ref": "https://apigateway.amazonaws.com/restapis/a1/models/Name"},
                    "age": {"type": "integer", "minimum": 0, "exclusiveMinimum": true}}}),
            ),
        ];
        let person = BodyModel::compile("a1", "Person", &models).unwrap();
        assert_eq!(person.check(br#"{"name":"Ada","age":3}"#), Ok(()));
        for body in ["", "{", "{}", "[]", r#"{"name":""}"#, r#"{"name":"Ada","age":0}"#] {
            assert!(person.check(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_schema_reaches_for_nothing_outside() {
        for target in [
            "file:///etc/passwd",
            "http://127.0.0.1/x",
            "https://apigateway.amazonaws.com/restapis/b/models/X",
        ] {
            let models = [model("M", json!({"$ref": target}))];
            assert!(BodyModel::compile("a1", "M", &models).is_err(), "{target}");
        }
        assert!(BodyModel::compile("a1", "M", &[model("M", json!({"type": 7}))]).is_err());
    }
}
