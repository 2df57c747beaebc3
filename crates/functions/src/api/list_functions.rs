//! `ListFunctions`: by name, a page at a time.

use base::{AwsError, PageToken};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Collection;

use super::{
    errors::Trouble,
    input::{marker, page_size},
};
use crate::{
    functions::Inner,
    rows::{FunctionRow, LATEST_KEY},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListFunctions {
    marker: Option<String>,
    max_items: Option<usize>,
    function_version: Option<String>,
}

impl Inner {
    /// Each function is a partition of its own, and those are listed by the store.
    pub async fn list_functions(&self, input: ListFunctions) -> Result<Value, AwsError> {
        let size = page_size(input.max_items, 50);
        let after = marker(input.marker.as_deref())?.map(|token| token.0);
        let names =
            self.store.engine().partitions(FunctionRow::NAME, after, size).await.map_err(Trouble::from)?;
        let keys: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), LATEST_KEY)).collect();
        let rows = self.store.get_many::<FunctionRow>(&keys).await.map_err(Trouble::from)?;
        let all_versions = input.function_version.as_deref() == Some("ALL");
        let mut functions = Vec::new();
        for read in rows.into_iter().flatten() {
            functions.push(self.shown(&read.value, all_versions)?);
            if all_versions {
                for version in self.versions(&read.value.name).await? {
                    functions.push(self.shown_version(&version)?);
                }
            }
        }
        let mut answer = json!({ "Functions": functions });
        if names.len() == size
            && let Some(last) = names.into_iter().next_back()
        {
            answer["NextMarker"] = json!(PageToken(last).to_wire());
        }
        Ok(answer)
    }
}
