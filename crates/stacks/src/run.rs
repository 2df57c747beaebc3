//! One stack in the hands of its driver: its rows as read, and the commits that move it on.

use std::{collections::BTreeMap, sync::Arc};

use store::{Batch, Query, Versioned};

use crate::{
    engine::{Engine, Halt},
    events::EventClock,
    intrinsics::{Lookup, Resources},
    rows::{EventRow, Instance, Operation, ResourceRow, StackRow},
};

pub struct Run {
    pub engine: Arc<Engine>,
    pub stack: StackRow,
    pub rows: BTreeMap<String, ResourceRow>,
    pub clock: EventClock,
    stack_version: u64,
    /// 0: not in the store yet.
    row_versions: BTreeMap<String, u64>,
}

/// What one commit changes. The rows are put into [`Run`] once it has been acknowledged.
#[derive(Default)]
pub struct Step {
    pub stack: Option<StackRow>,
    pub rows: Vec<ResourceRow>,
    /// Logical ids whose rows go.
    pub gone: Vec<String>,
    pub events: Vec<EventRow>,
    pub also: Batch,
}

impl Run {
    pub async fn load(engine: &Arc<Engine>, id: &str) -> Result<Option<Self>, Halt> {
        let Some(stack) = engine.stack(id).await? else { return Ok(None) };
        let query = Query::<ResourceRow>::in_partition(&engine.home()).starts_with(format!("{id}/"));
        let mut rows = BTreeMap::new();
        let mut row_versions = BTreeMap::new();
        for read in engine.store.query_all(query).await? {
            let row = engine.vault().opened_resource(&read.value).map_err(Halt::Unreadable)?;
            row_versions.insert(row.logical_id.clone(), read.version);
            rows.insert(row.logical_id.clone(), row);
        }
        Ok(Some(Self {
            clock: EventClock::of(engine, id).await?,
            engine: Arc::clone(engine),
            stack_version: stack.version,
            stack: stack.value,
            rows,
            row_versions,
        }))
    }

    /// A stack that is not in the store yet.
    pub fn fresh(engine: &Arc<Engine>, stack: StackRow) -> Self {
        Self {
            engine: Arc::clone(engine),
            stack,
            rows: BTreeMap::new(),
            clock: EventClock::default(),
            stack_version: 0,
            row_versions: BTreeMap::new(),
        }
    }

    /// The operation under way.
    pub fn operation(&self) -> Result<&Operation, Halt> {
        self.stack
            .operation
            .as_ref()
            .ok_or_else(|| Halt::Unreadable(String::from("the stack is under way without an operation")))
    }

    /// Reads the stack's own row again, for what callers may have asked meanwhile.
    pub async fn listen(&mut self) -> Result<(), Halt> {
        if let Some(stack) = self.engine.stack(&self.stack.id).await? {
            self.stack = stack.value;
            self.stack_version = stack.version;
        }
        Ok(())
    }

    pub async fn commit(&mut self, step: Step) -> Result<(), Halt> {
        self.engine.checkpoint("before a commit")?;
        let vault = self.engine.vault();
        let mut batch = step.also;
        if let Some(stack) = &step.stack {
            let sealed = vault.sealed_stack(stack).map_err(Halt::Unreadable)?;
            batch = match self.stack_version {
                0 => batch.insert(&sealed),
                version => batch.replace(&Versioned { value: sealed.clone(), version }, &sealed),
            };
        }
        for row in &step.rows {
            let sealed = vault.sealed_resource(row).map_err(Halt::Unreadable)?;
            batch = match self.row_versions.get(&row.logical_id) {
                None => batch.insert(&sealed),
                Some(version) => {
                    batch.replace(&Versioned { value: sealed.clone(), version: *version }, &sealed)
                }
            };
        }
        for id in &step.gone {
            if let (Some(row), Some(version)) = (self.rows.get(id), self.row_versions.get(id)) {
                batch = batch.spend(&Versioned { value: row.clone(), version: *version });
            }
        }
        for event in &step.events {
            batch = batch.insert(event);
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.engine.store.commit(batch).await?;
        if let Some(stack) = step.stack {
            self.stack = stack;
            self.stack_version += 1;
        }
        for row in step.rows {
            *self.row_versions.entry(row.logical_id.clone()).or_insert(0) += 1;
            self.rows.insert(row.logical_id.clone(), row);
        }
        for id in step.gone {
            self.rows.remove(&id);
            self.row_versions.remove(&id);
        }
        self.engine.checkpoint("after a commit")
    }

    /// An event about the stack, written with the commit that changes it.
    pub fn stack_event(&mut self, stack: &StackRow) -> EventRow {
        self.clock.stack(&self.engine, stack)
    }

    pub fn resource_event(&mut self, row: &ResourceRow, instance: Option<&Instance>) -> EventRow {
        self.clock.resource(&self.engine, &self.stack, row, instance)
    }

    /// Whether it is not in the store yet.
    pub fn is_fresh(&self) -> bool {
        self.stack_version == 0
    }
}

impl Resources for Run {
    fn reference(&self, logical_id: &str) -> Lookup {
        match self
            .rows
            .get(logical_id)
            .and_then(|row| row.live.as_ref())
            .and_then(|live| live.physical_id.as_ref())
        {
            Some(id) => Lookup::Known(id.as_str().into()),
            None => Lookup::Missing(unresolved(logical_id)),
        }
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Lookup {
        match self.rows.get(logical_id).and_then(|row| row.live.as_ref()) {
            Some(live) => attribute_of(live, logical_id, attribute),
            None => Lookup::Missing(undefined(logical_id)),
        }
    }
}

pub fn attribute_of(instance: &Instance, logical_id: &str, attribute: &str) -> Lookup {
    match instance.attributes.get(attribute) {
        Some(found) if found.secret => Lookup::Secret(found.value.clone()),
        Some(found) => Lookup::Known(found.value.clone()),
        None => Lookup::Missing(format!(
            "Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
        )),
    }
}

pub fn unresolved(logical_id: &str) -> String {
    format!("Unresolved resource dependencies [{logical_id}] in the Resources block of the template")
}

pub fn undefined(logical_id: &str) -> String {
    format!("Template error: instance of Fn::GetAtt references undefined resource {logical_id}")
}
