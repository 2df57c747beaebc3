//! Resource types: what CloudFormation can make here. One type, one file, below its service.

mod apigateway;
mod caller;
mod cognito;
mod failure;
mod iam;
mod lambda;
mod logs;
mod properties;
mod registry;
mod s3;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use serde_json::{Map, Value};

pub use failure::Failure;
pub use registry::Registry;

use crate::{
    rows::Principal,
    schema::{Complaint, TypeSchema},
};

/// What is known while a resource is made, changed or deleted.
#[derive(Clone, Debug)]
pub struct Context {
    pub account: String,
    pub region: String,
    /// The ARN.
    pub stack_id: String,
    pub stack_name: String,
    pub logical_id: String,
    /// The same at every attempt to make this one resource, and at no other.
    pub token: String,
    /// The generated name, where the template gives none and the type has names.
    pub name: Option<String>,
    /// The stack's tags.
    pub tags: BTreeMap<String, String>,
    pub principal: Principal,
    /// An earlier attempt may have come to its end, or anywhere before it: look before making.
    pub resumed: bool,
    /// What the update under way takes away once all else is done. Given where something is made.
    pub leaving: Arc<[Leaving]>,
}

/// A physical resource that is still there and is about to go.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaving {
    pub resource_type: String,
    pub physical_id: String,
    pub properties: Value,
}

/// A resource that is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    /// What `Ref` gives.
    pub physical_id: String,
    /// What `Fn::GetAtt` gives.
    pub attributes: Map<String, Value>,
}

/// How the name or id of a type's resources is drawn before they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Naming {
    /// The property that would give it instead.
    pub property: Option<&'static str>,
    pub form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `<stack>-<logical id>-<random>`, for names that callers see. No two resources of the type share one, so a
    /// resource with a given name cannot be replaced by another.
    Name { longest: usize, lower_case: bool },
    /// Drawn from an alphabet, as the service itself draws it.
    Id { alphabet: &'static [u8], length: usize },
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Create,
    Update,
    Delete,
}

/// An action of IAM and the resource it is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    pub action: String,
    pub resource: String,
}

impl Permit {
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into() }
    }
}

/// What a template needs to be acknowledged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    Iam,
    NamedIam,
}

/// Every type there is, on the rooms that serve them.
pub fn register(registry: &mut Registry, parts: &crate::Parts) {
    apigateway::register(registry, &parts.gateway);
    cognito::register(registry, &parts.userpools);
    iam::register(registry, &parts.iam);
    lambda::register(registry, &parts.functions);
    logs::register(registry, &parts.functions);
    s3::register(registry, &parts.objects);
}

/// Calls are repeatable: `create` with the same token, `update` to the same properties and `delete` of what is gone
/// each succeed a second time.
#[async_trait]
pub trait ResourceType: Send + Sync + 'static {
    /// `AWS::S3::Bucket`
    fn name(&self) -> &'static str;

    fn schema(&self) -> Option<&'static TypeSchema> {
        TypeSchema::of(self.name())
    }

    fn naming(&self) -> Option<Naming> {
        None
    }

    fn capability(&self, _properties: &Value) -> Option<Capability> {
        None
    }

    fn has_attribute(&self, attribute: &str) -> bool {
        self.schema().is_some_and(|schema| schema.has_attribute(attribute))
    }

    fn secret_attributes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Properties that AWS knows and this server does not act upon. They are refused where they stand, before anything is
    /// touched.
    fn refuses(&self, _properties: &Value) -> Vec<Complaint> {
        Vec::new()
    }

    /// What the caller must be allowed to do for it. `physical_id` is empty while there is none.
    fn permits(
        &self,
        _deed: Deed,
        _context: &Context,
        _physical_id: &str,
        _properties: &Value,
    ) -> Vec<Permit> {
        Vec::new()
    }

    /// Whether the stack's tags are put on it, so that a change of tags is a change of the resource.
    fn takes_tags(&self) -> bool {
        false
    }

    /// Properties that the facts call create-only and that can be changed here all the same.
    fn changes_in_place(&self) -> &'static [&'static str] {
        &[]
    }

    /// Properties, beyond those the facts call create-only, whose change needs a new resource.
    fn replaced_by(&self, _old: &Value, _new: &Value) -> Vec<String> {
        Vec::new()
    }

    /// What would be lost with the resource and cannot be made again ("12 users"), asked before anything is touched.
    async fn holds(&self, _context: &Context, _physical_id: &str) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure>;

    /// Brings an existing resource from `old` to `new`; only called where nothing needs a replacement.
    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        old: &Value,
        new: &Value,
    ) -> Result<Made, Failure>;

    async fn delete(&self, context: &Context, physical_id: &str, properties: &Value) -> Result<(), Failure>;
}

/// Why a change from `old` to `new` needs a new resource: the properties' paths. Empty: it can stay.
pub fn replacing_changes(resource_type: &dyn ResourceType, old: &Value, new: &Value) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    let create_only = resource_type.schema().map(|schema| schema.create_only.as_slice()).unwrap_or_default();
    for path in create_only.iter().filter(|path| !resource_type.changes_in_place().contains(&path.as_str())) {
        let pointer = format!("/{}", path.replace('.', "/"));
        if old.pointer(&pointer) != new.pointer(&pointer) {
            paths.push(path.clone());
        }
    }
    for path in resource_type.replaced_by(old, new) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// The words that refuse to replace a resource whose name the template gives and does not change.
pub fn name_stays(resource_type: &dyn ResourceType, old: &Value, new: &Value) -> Option<String> {
    let naming = resource_type.naming().filter(|naming| matches!(naming.form, Form::Name { .. }))?;
    let name = new.get(naming.property?)?.as_str()?;
    (old.get(naming.property?)?.as_str()? == name).then(|| {
        format!(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {name} and update the stack again."
        )
    })
}
