//! A world that resources are made in: it remembers everything, and fails where it is told to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock},
};

use async_trait::async_trait;
use base::AwsError;
use serde_json::{Map, Value, json};

use crate::{
    resources::{Capability, Context, Failure, Form, Made, Naming, Registry, ResourceType},
    schema::TypeSchema,
};

#[derive(Clone, Debug, PartialEq)]
pub struct Thing {
    pub resource_type: &'static str,
    pub logical_id: String,
    pub token: String,
    pub properties: Value,
    pub tags: BTreeMap<String, String>,
}

#[derive(Default)]
pub struct World {
    things: Mutex<BTreeMap<String, Thing>>,
    /// `create A`, `half-create A`, `update A`, `delete A`; `dawdle A` makes its creation slow.
    failing: Mutex<BTreeSet<String>>,
    held: Mutex<BTreeMap<String, String>>,
    log: Mutex<Vec<String>>,
    made: Mutex<u64>,
}

impl World {
    pub fn things(&self) -> BTreeMap<String, Thing> {
        self.things.lock().unwrap().clone()
    }

    /// Logical id → properties; panics where one is there twice.
    pub fn by_logical_id(&self) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        for thing in self.things().into_values() {
            let twice = found.insert(thing.logical_id.clone(), thing.properties);
            assert!(twice.is_none(), "{} is there twice", thing.logical_id);
        }
        found
    }

    pub fn fail(&self, what: &str) {
        self.failing.lock().unwrap().insert(what.to_owned());
    }

    pub fn heal(&self) {
        self.failing.lock().unwrap().clear();
    }

    pub fn hold(&self, logical_id: &str, what: &str) {
        self.held.lock().unwrap().insert(logical_id.to_owned(), what.to_owned());
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn fails(&self, what: &str, logical_id: &str) -> bool {
        self.failing.lock().unwrap().contains(&format!("{what} {logical_id}"))
    }

    fn note(&self, what: &str, logical_id: &str) {
        self.log.lock().unwrap().push(format!("{what} {logical_id}"));
    }
}

struct Kind {
    name: &'static str,
    world: Arc<World>,
    naming: Option<Naming>,
}

pub fn registry(world: &Arc<World>) -> Registry {
    let mut registry = Registry::default();
    let naming = Naming { property: Some("Name"), form: Form::Name { longest: 40, lower_case: true } };
    for (name, naming) in [("Test::Thing", None), ("Test::Named", Some(naming)), ("Test::Role", None)] {
        registry.add(Arc::new(Kind { name, world: Arc::clone(world), naming }));
    }
    registry
}

fn schema() -> &'static TypeSchema {
    static SCHEMA: OnceLock<TypeSchema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = json!({
            "properties": {
                "Size": {"type": ["integer"]}, "Fixed": {"type": ["string"]}, "Name": {"type": ["string"]},
                "Other": {}, "List": {"type": ["array"], "items": {"type": ["string"]}}, "Arn": {"type": ["string"]},
                "Secret": {"type": ["string"]}, "Nested": {"type": ["object"], "properties": {"Inner": {"type": ["boolean"]}}}
            },
            "definitions": {}, "required": [], "createOnly": ["Fixed", "Name"], "readOnly": ["Arn", "Secret"]
        });
        serde_json::from_value(text).unwrap()
    })
}

fn denied(what: &str) -> Failure {
    Failure::from_aws("Test", AwsError::client("InvalidRequest", format!("{what} refused")))
}

#[async_trait]
impl ResourceType for Kind {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schema(&self) -> Option<&'static TypeSchema> {
        Some(schema())
    }

    fn naming(&self) -> Option<Naming> {
        self.naming
    }

    fn capability(&self, properties: &Value) -> Option<Capability> {
        let named = properties.get("Name").is_some();
        (self.name == "Test::Role").then_some(if named { Capability::NamedIam } else { Capability::Iam })
    }

    fn takes_tags(&self) -> bool {
        self.name == "Test::Named"
    }

    fn secret_attributes(&self) -> &'static [&'static str] {
        &["Secret"]
    }

    async fn holds(&self, context: &Context, _physical_id: &str) -> Result<Option<String>, Failure> {
        Ok(self.world.held.lock().unwrap().get(&context.logical_id).cloned())
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        tokio::task::yield_now().await;
        let id = &context.logical_id;
        if self.world.fails("dawdle", id) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        if self.world.fails("create", id) {
            return Err(denied("create"));
        }
        let given = properties.get("Name").and_then(Value::as_str).or(context.name.as_deref());
        {
            let mut things = self.world.things.lock().unwrap();
            let known =
                things.iter().find(|(_, thing)| thing.token == context.token).map(|(id, _)| id.clone());
            if context.resumed
                && let Some(physical_id) = known
            {
                drop(things);
                return match self.world.fails("half-create", id) {
                    true => Err(denied("half-create").after_making(physical_id)),
                    false => Ok(made(physical_id)),
                };
            }
            let physical_id = match given.filter(|_| self.naming.is_some()) {
                Some(name) => name.to_owned(),
                None => {
                    let mut count = self.world.made.lock().unwrap();
                    *count += 1;
                    format!("thing-{count}")
                }
            };
            if things.contains_key(&physical_id) {
                return Err(Failure::from_aws(
                    "Test",
                    AwsError::client("AlreadyExists", format!("{physical_id} already exists")),
                ));
            }
            self.world.note("create", id);
            things.insert(
                physical_id.clone(),
                Thing {
                    resource_type: self.name,
                    logical_id: id.clone(),
                    token: context.token.clone(),
                    properties: properties.clone(),
                    tags: context.tags.clone(),
                },
            );
            drop(things);
            if self.world.fails("half-create", id) {
                return Err(denied("half-create").after_making(physical_id));
            }
            return Ok(made(physical_id));
        }
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        tokio::task::yield_now().await;
        if self.world.fails("update", &context.logical_id) {
            return Err(denied("update"));
        }
        self.world.note("update", &context.logical_id);
        match self.world.things.lock().unwrap().get_mut(physical_id) {
            Some(thing) => {
                thing.properties = new.clone();
                thing.tags = context.tags.clone();
            }
            None => return Err(denied("update of what is not there")),
        }
        Ok(made(physical_id.to_owned()))
    }

    async fn delete(&self, context: &Context, physical_id: &str, _properties: &Value) -> Result<(), Failure> {
        tokio::task::yield_now().await;
        if self.world.fails("delete", &context.logical_id) {
            return Err(denied("delete"));
        }
        self.world.note("delete", &context.logical_id);
        match self.world.things.lock().unwrap().remove(physical_id) {
            Some(_) => Ok(()),
            None => Err(Failure::from_aws("Test", AwsError::client("NotFound", "gone"))),
        }
    }
}

fn made(physical_id: String) -> Made {
    let mut attributes = Map::new();
    attributes.insert(String::from("Arn"), json!(format!("arn:{physical_id}")));
    attributes.insert(String::from("Secret"), json!("hush-hush"));
    Made { physical_id, attributes }
}
