//! The types by name.

use std::{collections::BTreeMap, sync::Arc};

use super::ResourceType;

#[derive(Clone, Default)]
pub struct Registry {
    types: BTreeMap<&'static str, Arc<dyn ResourceType>>,
}

impl Registry {
    pub fn add(&mut self, resource_type: Arc<dyn ResourceType>) {
        self.types.insert(resource_type.name(), resource_type);
    }

    pub fn get(&self, name: &str) -> Option<&Arc<dyn ResourceType>> {
        self.types.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.types.keys().copied()
    }
}
