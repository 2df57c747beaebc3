//! `UpdateFunctionConfiguration`.

use std::sync::Arc;

use base::AwsError;
use serde::Deserialize;
use serde_json::Value;
use store::Batch;

use super::{
    errors::{Trouble, conflict, stale_revision},
    settings::Configuration,
};
use crate::{functions::Inner, invoke::uuid};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateFunctionConfiguration {
    function_name: String,
    revision_id: Option<String>,
    #[serde(flatten)]
    configuration: Configuration,
}

impl Inner {
    pub async fn update_function_configuration(
        self: &Arc<Self>,
        input: UpdateFunctionConfiguration,
    ) -> Result<Value, AwsError> {
        let name = self.unqualified(&input.function_name)?;
        let read = self.function(&name).await?;
        if input.revision_id.is_some_and(|revision| revision != read.value.revision_id) {
            return Err(stale_revision());
        }
        let mut row = read.value.clone();
        row.settings = self.configured(&name, row.settings, input.configuration).await?;
        if row.settings != read.value.settings {
            row.generation = uuid(&*self.rng);
        }
        row.revision_id = uuid(&*self.rng);
        row.last_modified = self.clock.now();
        self.store.commit(Batch::new().replace(&read, &row)).await.map_err(|cause| match cause {
            store::CommitError::Conflict(_) => conflict(format!(
                "The operation cannot be performed at this time. An update is in progress for resource: {}",
                self.arn_of(&name, None)
            )),
            other => Trouble::from(other).into(),
        })?;
        self.catalog.follow_up(&name).await.map_err(Trouble::from)?;
        self.shown(&row, false)
    }
}
