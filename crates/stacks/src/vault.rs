//! Secrets in rows: what came from a `NoEcho` parameter or a secret attribute is sealed on its way into the store.

#[cfg(test)]
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    parameters::ParameterValue,
    rows::{Instance, Properties, ResourceRow, Revision, StackRow, Undo, Work},
};

const SEALED: &str = "Poolhouse::Sealed";

/// Binds a secret to its place. The message of an error is for the log.
pub trait Seal: Send + Sync + 'static {
    fn seal(&self, aad: &str, plaintext: &[u8]) -> Result<String, String>;
    fn open(&self, aad: &str, sealed: &str) -> Result<Vec<u8>, String>;
}

/// Which way: rows are sealed when written, opened when read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Seal,
    Open,
}

pub struct Vault<'a>(pub &'a dyn Seal);

impl Vault<'_> {
    pub fn sealed_resource(&self, row: &ResourceRow) -> Result<ResourceRow, String> {
        self.resource(row, Way::Seal)
    }

    pub fn opened_resource(&self, row: &ResourceRow) -> Result<ResourceRow, String> {
        self.resource(row, Way::Open)
    }

    pub fn sealed_stack(&self, row: &StackRow) -> Result<StackRow, String> {
        self.stack(row, Way::Seal)
    }

    pub fn opened_stack(&self, row: &StackRow) -> Result<StackRow, String> {
        self.stack(row, Way::Open)
    }

    pub fn sealed_revision(&self, stack: &str, revision: &Revision) -> Result<Revision, String> {
        self.revision(stack, revision, Way::Seal)
    }

    pub fn opened_revision(&self, stack: &str, revision: &Revision) -> Result<Revision, String> {
        self.revision(stack, revision, Way::Open)
    }

    fn stack(&self, row: &StackRow, way: Way) -> Result<StackRow, String> {
        let mut row = row.clone();
        row.revision = self.revision(&row.id, &row.revision, way)?;
        row.previous =
            row.previous.as_ref().map(|revision| self.revision(&row.id, revision, way)).transpose()?;
        Ok(row)
    }

    fn revision(&self, stack: &str, revision: &Revision, way: Way) -> Result<Revision, String> {
        let mut revision = revision.clone();
        for parameter in revision.parameters.iter_mut().filter(|parameter| parameter.no_echo) {
            let aad = format!("stack/{stack}/parameter/{}", parameter.name);
            parameter.value = self.text(&aad, &parameter.value, way)?;
        }
        Ok(revision)
    }

    fn resource(&self, row: &ResourceRow, way: Way) -> Result<ResourceRow, String> {
        let mut row = row.clone();
        let place = format!("stack_resource/{}/{}", row.stack, row.logical_id);
        for instance in row.live.iter_mut().chain(row.former.iter_mut()).chain(row.doomed.iter_mut()) {
            self.instance(&place, instance, way)?;
        }
        if let Some(mark) = &mut row.mark {
            match &mut mark.work {
                Some(Work::Create { instance, .. }) => self.instance(&place, instance, way)?,
                Some(Work::Update { to, .. }) => self.properties(&format!("{place}/to"), to, way)?,
                Some(Work::Discard) | None => {}
            }
            if let Some(Undo::Revert { to, .. } | Undo::Swap { revert: Some((to, _)) }) = &mut mark.undo {
                self.properties(&format!("{place}/undo"), to, way)?;
            }
        }
        Ok(row)
    }

    fn instance(&self, place: &str, instance: &mut Instance, way: Way) -> Result<(), String> {
        let place = format!("{place}/{}", instance.token);
        self.properties(&place, &mut instance.properties, way)?;
        for (name, attribute) in instance.attributes.iter_mut().filter(|(_, attribute)| attribute.secret) {
            self.leaf(&format!("{place}/attribute/{name}"), &mut attribute.value, way)?;
        }
        Ok(())
    }

    fn properties(&self, place: &str, properties: &mut Properties, way: Way) -> Result<(), String> {
        for pointer in properties.secrets.clone() {
            if let Some(leaf) = properties.value.pointer_mut(&pointer) {
                self.leaf(&format!("{place}{pointer}"), leaf, way)?;
            }
        }
        Ok(())
    }

    fn leaf(&self, aad: &str, leaf: &mut Value, way: Way) -> Result<(), String> {
        *leaf = match way {
            Way::Seal => json!({ SEALED: self.0.seal(aad, leaf.to_string().as_bytes())? }),
            Way::Open => match leaf.get(SEALED).and_then(Value::as_str) {
                Some(sealed) => {
                    serde_json::from_slice(&self.0.open(aad, sealed)?).map_err(|cause| cause.to_string())?
                }
                None => return Ok(()),
            },
        };
        Ok(())
    }

    fn text(&self, aad: &str, text: &str, way: Way) -> Result<String, String> {
        match way {
            Way::Seal => self.0.seal(aad, text.as_bytes()),
            Way::Open => String::from_utf8(self.0.open(aad, text)?).map_err(|cause| cause.to_string()),
        }
    }
}

impl Properties {
    /// As a person may see them.
    pub fn starred(&self) -> Value {
        let mut value = self.value.clone();
        for pointer in &self.secrets {
            if let Some(leaf) = value.pointer_mut(pointer) {
                *leaf = Value::from("****");
            }
        }
        value
    }
}

impl ParameterValue {
    /// As a person may see it.
    pub fn starred(&self) -> &str {
        if self.no_echo { "****" } else { &self.value }
    }
}

/// Binds but does not hide: for tests.
#[cfg(test)]
pub struct Unsealed;

#[cfg(test)]
impl Seal for Unsealed {
    fn seal(&self, aad: &str, plaintext: &[u8]) -> Result<String, String> {
        Ok(STANDARD.encode([aad.as_bytes(), b"\0", plaintext].concat()))
    }

    fn open(&self, aad: &str, sealed: &str) -> Result<Vec<u8>, String> {
        let bytes = STANDARD.decode(sealed).map_err(|cause| cause.to_string())?;
        match bytes.strip_prefix([aad.as_bytes(), b"\0"].concat().as_slice()) {
            Some(plaintext) => Ok(plaintext.to_vec()),
            None => Err(format!("not sealed for {aad}")),
        }
    }
}
