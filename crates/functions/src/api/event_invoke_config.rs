//! How asynchronous invocations are retried: `PutFunctionEventInvokeConfig` and its like.

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, Query, Versioned};

use super::{
    errors::{Trouble, not_found, unsupported},
    input::{marker, page_size},
};
use crate::{
    functions::Inner,
    reference::{LATEST, Reference},
    rows::EventInvokeConfigRow,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventInvokeConfig {
    function_name: String,
    qualifier: Option<String>,
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_in_seconds: Option<u32>,
    destination_config: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Place {
    function_name: String,
    qualifier: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct List {
    function_name: String,
    marker: Option<String>,
    max_items: Option<usize>,
}

impl Inner {
    pub async fn put_event_invoke_config(&self, input: EventInvokeConfig) -> Result<Value, AwsError> {
        self.write_event_invoke_config(input, false).await
    }

    pub async fn update_event_invoke_config(&self, input: EventInvokeConfig) -> Result<Value, AwsError> {
        self.write_event_invoke_config(input, true).await
    }

    /// `merge` keeps what is not said anew.
    async fn write_event_invoke_config(
        &self,
        input: EventInvokeConfig,
        merge: bool,
    ) -> Result<Value, AwsError> {
        let named = self.named(&input.function_name, input.qualifier.as_deref())?;
        self.function(&named.name).await?;
        if input.destination_config.as_ref().is_some_and(has_destination) {
            return Err(unsupported("DestinationConfig"));
        }
        let (retries, age) = (input.maximum_retry_attempts, input.maximum_event_age_in_seconds);
        let before = if merge { Some(self.event_invoke_config(&named).await?.value) } else { None };
        let row = EventInvokeConfigRow {
            qualifier: key(&named),
            function: named.name,
            maximum_retry_attempts: retries.or(before.as_ref().and_then(|row| row.maximum_retry_attempts)),
            maximum_event_age_seconds: age.or(before.as_ref().and_then(|row| row.maximum_event_age_seconds)),
            last_modified: self.clock.now(),
        };
        self.store.commit(Batch::new().put(&row)).await.map_err(Trouble::from)?;
        Ok(self.shown_event_invoke_config(&row))
    }

    pub async fn get_event_invoke_config(&self, input: Place) -> Result<Value, AwsError> {
        let named = self.named(&input.function_name, input.qualifier.as_deref())?;
        Ok(self.shown_event_invoke_config(&self.event_invoke_config(&named).await?.value))
    }

    pub async fn delete_event_invoke_config(&self, input: Place) -> Result<Value, AwsError> {
        let named = self.named(&input.function_name, input.qualifier.as_deref())?;
        let read = self.event_invoke_config(&named).await?;
        self.store.commit(Batch::new().spend(&read)).await.map_err(Trouble::from)?;
        Ok(json!({}))
    }

    pub async fn list_event_invoke_configs(&self, input: List) -> Result<Value, AwsError> {
        let name = self.unqualified(&input.function_name)?;
        let query = Query::<EventInvokeConfigRow>::in_partition(&name)
            .limit(page_size(input.max_items, 50))
            .after(marker(input.marker.as_deref())?);
        let page = self.store.query(query).await.map_err(Trouble::from)?;
        let configs: Vec<Value> =
            page.rows.iter().map(|read| self.shown_event_invoke_config(&read.value)).collect();
        let mut answer = json!({ "FunctionEventInvokeConfigs": configs });
        if let Some(next) = page.next {
            answer["NextMarker"] = json!(next.to_wire());
        }
        Ok(answer)
    }

    async fn event_invoke_config(
        &self,
        named: &Reference,
    ) -> Result<Versioned<EventInvokeConfigRow>, AwsError> {
        let read = self.store.get::<EventInvokeConfigRow>(&named.name, &key(named)).await;
        read.map_err(Trouble::from)?.ok_or_else(|| {
            not_found(format!(
                "The function {} doesn't have an EventInvokeConfig",
                self.arn_of(&named.name, Some(&key(named)))
            ))
        })
    }

    fn shown_event_invoke_config(&self, row: &EventInvokeConfigRow) -> Value {
        let mut shown = json!({
            "LastModified": row.last_modified.epoch_seconds(),
            "FunctionArn": self.arn_of(&row.function, Some(&row.qualifier)),
            "DestinationConfig": { "OnSuccess": {}, "OnFailure": {} },
        });
        if let Some(retries) = row.maximum_retry_attempts {
            shown["MaximumRetryAttempts"] = json!(retries);
        }
        if let Some(age) = row.maximum_event_age_seconds {
            shown["MaximumEventAgeInSeconds"] = json!(age);
        }
        shown
    }
}

fn key(named: &Reference) -> String {
    named.qualifier.clone().unwrap_or_else(|| LATEST.to_owned())
}

fn has_destination(config: &Value) -> bool {
    ["OnSuccess", "OnFailure"].iter().any(|on| {
        config
            .get(on)
            .and_then(|on| on.get("Destination"))
            .and_then(Value::as_str)
            .is_some_and(|arn| !arn.is_empty())
    })
}
