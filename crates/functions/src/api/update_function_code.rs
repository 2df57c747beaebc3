//! `UpdateFunctionCode`.

use std::sync::Arc;

use base::AwsError;
use serde::Deserialize;
use serde_json::Value;
use store::Batch;

use super::{
    create_function::{FunctionCode, holder},
    errors::{Trouble, stale_revision},
};
use crate::{functions::Inner, invoke::uuid, reference::LATEST, rows::FunctionRow};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateFunctionCode {
    function_name: String,
    #[serde(flatten)]
    code: FunctionCode,
    #[serde(default)]
    publish: bool,
    #[serde(default)]
    dry_run: bool,
    revision_id: Option<String>,
    architectures: Option<Vec<String>>,
}

impl Inner {
    pub async fn update_function_code(
        self: &Arc<Self>,
        input: UpdateFunctionCode,
    ) -> Result<Value, AwsError> {
        let name = self.unqualified(&input.function_name)?;
        let before = self.function(&name).await?;
        if input.revision_id.as_ref().is_some_and(|revision| *revision != before.value.revision_id) {
            return Err(stale_revision());
        }
        let architecture = input.architectures.and_then(|asked| asked.into_iter().next());
        let generation = uuid(&*self.rng);
        let code = self.admit(holder(&name, LATEST, &generation), input.code).await?;
        let now = self.clock.now();
        if input.dry_run {
            let unused = Batch::new().release_blob(&code.sha256, &code.holder, now);
            self.store.commit(unused).await.map_err(Trouble::from)?;
            return self.shown(&FunctionRow { code, ..before.value }, false);
        }
        let decided: Result<FunctionRow, Trouble> = self
            .store
            .decide(async || {
                let read = self.function(&name).await?;
                if input.revision_id.as_ref().is_some_and(|revision| *revision != read.value.revision_id) {
                    return Err(Trouble::Says(stale_revision()));
                }
                let mut row = read.value.clone();
                let mut batch = Batch::new();
                // The same bytes again: no worker has to go.
                if row.code.sha256 != code.sha256 {
                    batch = batch
                        .release_blob(&row.code.sha256, &row.code.holder, now)
                        .hold_blob(&code.sha256, &code.holder);
                    row.generation = generation.clone();
                    row.code = code.clone();
                }
                row.revision_id = uuid(&*self.rng);
                row.last_modified = now;
                if let Some(architecture) = &architecture {
                    row.settings.architecture = architecture.clone();
                }
                Ok((batch.replace(&read, &row), row))
            })
            .await;
        let row = decided?;
        self.catalog.follow_up(&name).await.map_err(Trouble::from)?;
        if input.publish {
            self.publish(&name, None, None, None, false).await
        } else {
            self.shown(&row, false)
        }
    }
}
