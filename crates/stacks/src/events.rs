//! Writing down what happens, each event a millisecond of its own.

use base::Timestamp;
use ports::RngExt;
use serde_json::Value;
use store::Query;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    engine::{Engine, Halt},
    rows::{EventRow, Instance, ResourceRow, ResourceStatus, StackRow},
};

/// The newest event's time; the next one is later, whatever the clock says.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventClock {
    last: i64,
}

impl EventClock {
    pub async fn of(engine: &Engine, stack: &str) -> Result<Self, Halt> {
        let newest =
            Query::<EventRow>::in_partition(&engine.home()).starts_with(format!("{stack}/")).limit(1);
        let page = engine.store.query(newest).await?;
        Ok(Self { last: page.rows.first().map_or(0, |row| row.value.at.millis()) })
    }

    pub fn next(&mut self, engine: &Engine) -> Timestamp {
        self.last = engine.clock.now().millis().max(self.last + 1);
        Timestamp::from_millis(self.last)
    }

    /// The stack's state as it stands in `stack`.
    pub fn stack(&mut self, engine: &Engine, stack: &StackRow) -> EventRow {
        let at = self.next(engine);
        EventRow {
            logical_id: stack.name.clone(),
            physical_id: Some(stack.arn.clone()),
            resource_type: String::from("AWS::CloudFormation::Stack"),
            status: stack.status.name().to_owned(),
            reason: stack.reason.clone(),
            properties: None,
            event_id: engine.rng.uuid(),
            ..blank(stack, at)
        }
    }

    /// A resource's state as it stands in `row`, about `instance`.
    pub fn resource(
        &mut self,
        engine: &Engine,
        stack: &StackRow,
        row: &ResourceRow,
        instance: Option<&Instance>,
    ) -> EventRow {
        self.told(engine, stack, row, instance, row.status, row.reason.clone())
    }

    pub fn told(
        &mut self,
        engine: &Engine,
        stack: &StackRow,
        row: &ResourceRow,
        instance: Option<&Instance>,
        status: ResourceStatus,
        reason: Option<String>,
    ) -> EventRow {
        let at = self.next(engine);
        EventRow {
            logical_id: row.logical_id.clone(),
            physical_id: instance.and_then(|instance| instance.physical_id.clone()),
            resource_type: instance
                .map_or_else(|| row.resource_type.clone(), |instance| instance.resource_type.clone()),
            status: status.name().to_owned(),
            reason,
            properties: instance
                .map(|instance| instance.properties.starred())
                .filter(Value::is_object)
                .map(|value| value.to_string()),
            event_id: format!("{}-{}-{}", row.logical_id, status.name(), iso(at)),
            ..blank(stack, at)
        }
    }
}

fn blank(stack: &StackRow, at: Timestamp) -> EventRow {
    EventRow {
        home: stack.home.clone(),
        stack: stack.id.clone(),
        at,
        event_id: String::new(),
        stack_arn: stack.arn.clone(),
        stack_name: stack.name.clone(),
        logical_id: String::new(),
        physical_id: None,
        resource_type: String::new(),
        status: String::new(),
        reason: None,
        properties: None,
        client_token: stack.operation.as_ref().and_then(|operation| operation.client_token.clone()),
    }
}

/// `2026-11-01T10:00:00.123Z`
fn iso(at: Timestamp) -> String {
    let nanos = i128::from(at.millis()) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}
