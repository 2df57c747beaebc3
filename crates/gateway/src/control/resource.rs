//! `AWS::ApiGateway::Resource`: one segment of a path.

use base::AwsError;
use store::{Batch, Query};

use super::errors::{Refused, bad_request, conflict, from_store, missing};
use crate::{
    Gateway,
    rows::{MethodRow, ResourcePlaceRow, ResourceRow, place_key},
};

impl Gateway {
    /// `path_part` is `users`, `{id}` or `{proxy+}`.
    pub async fn create_resource(
        &self,
        rest_api_id: &str,
        parent_id: &str,
        path_part: &str,
    ) -> Result<ResourceRow, AwsError> {
        self.create_resource_as(&self.inner.short_id(), rest_api_id, parent_id, path_part).await
    }

    /// Under an id that the caller decided on beforehand.
    pub async fn create_resource_as(
        &self,
        id: &str,
        rest_api_id: &str,
        parent_id: &str,
        path_part: &str,
    ) -> Result<ResourceRow, AwsError> {
        check_part(path_part)?;
        let place = place_of(path_part);
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let api = self.inner.rest_api(rest_api_id).await?;
            let parent = store.get::<ResourceRow>(rest_api_id, parent_id).await?;
            let parent = parent.ok_or_else(|| missing("Resource"))?;
            if parent.value.path_part.ends_with("+}") {
                return Err(bad_request(format!(
                    "Cannot create a child of a resource with a greedy path variable: {}",
                    parent.value.path
                ))
                .into());
            }
            let taken = store.get::<ResourcePlaceRow>(rest_api_id, &place_key(parent_id, place)).await?;
            if let Some(taken) = taken {
                return Err(taken_by(&taken.value, path_part).into());
            }
            let row = ResourceRow {
                rest_api_id: rest_api_id.to_owned(),
                id: id.to_owned(),
                parent_id: Some(parent_id.to_owned()),
                path_part: path_part.to_owned(),
                path: format!("{}/{path_part}", parent.value.path.trim_end_matches('/')),
            };
            let place = ResourcePlaceRow {
                rest_api_id: rest_api_id.to_owned(),
                parent_id: parent_id.to_owned(),
                place: place.to_owned(),
                resource_id: id.to_owned(),
                path_part: path_part.to_owned(),
            };
            Ok::<_, Refused>((Batch::new().expect(&api).expect(&parent).insert(&row).insert(&place), row))
        });
        decided.await.map_err(|refused| refused.0)
    }

    pub async fn get_resource(&self, rest_api_id: &str, id: &str) -> Result<ResourceRow, AwsError> {
        let row = self.inner.store.get::<ResourceRow>(rest_api_id, id).await.map_err(from_store)?;
        row.map(|row| row.value).ok_or_else(|| missing("Resource"))
    }

    /// Every resource of an API, the root among them.
    pub async fn resources(&self, rest_api_id: &str) -> Result<Vec<ResourceRow>, AwsError> {
        let rows = self.inner.store.query_all(Query::<ResourceRow>::in_partition(rest_api_id)).await;
        Ok(rows.map_err(from_store)?.into_iter().map(|row| row.value).collect())
    }

    /// Deletes a resource with everything under it, as AWS does. The root goes with its API only.
    pub async fn delete_resource(&self, rest_api_id: &str, id: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let all = store.query_all(Query::<ResourceRow>::in_partition(rest_api_id)).await?;
            let own = all.iter().find(|row| row.value.id == id).ok_or_else(|| missing("Resource"))?;
            if own.value.parent_id.is_none() {
                return Err(bad_request("Root resource cannot be deleted").into());
            }
            let mut going = vec![own];
            let mut at = 0;
            while let Some(parent) = going.get(at).copied() {
                going.extend(all.iter().filter(|row| row.value.parent_id.as_ref() == Some(&parent.value.id)));
                at += 1;
            }
            let mut batch = Batch::new();
            for row in going {
                let methods =
                    Query::<MethodRow>::in_partition(rest_api_id).starts_with(format!("{}/", row.value.id));
                for method in store.query_all(methods).await? {
                    batch = batch.spend(&method);
                }
                let parent = row.value.parent_id.as_deref().unwrap_or_default();
                let place = place_key(parent, place_of(&row.value.path_part));
                batch = batch.delete::<ResourcePlaceRow>(rest_api_id, &place).spend(row);
            }
            Ok::<_, Refused>((batch, ()))
        });
        decided.await.map_err(|refused| refused.0)
    }
}

fn taken_by(taken: &ResourcePlaceRow, path_part: &str) -> AwsError {
    if taken.path_part == path_part {
        return conflict(format!("Another resource with the same parent already has this name: {path_part}"));
    }
    bad_request(format!(
        "A sibling ({}) of this resource already has a variable path part -- only one is allowed",
        taken.path_part
    ))
}

/// Any parameter takes the same place, whatever its name.
fn place_of(path_part: &str) -> &str {
    if path_part.ends_with("+}") {
        "{+}"
    } else if path_part.starts_with('{') {
        "{}"
    } else {
        path_part
    }
}

fn check_part(part: &str) -> Result<(), AwsError> {
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:$~".contains(&byte))
    };
    let inside = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
    let fits = match inside {
        Some(name) => is_plain(name.strip_suffix('+').unwrap_or(name)),
        // A dot segment would never be reached: paths that hold one are refused.
        None => is_plain(part) && part != "." && part != "..",
    };
    if fits {
        return Ok(());
    }
    Err(bad_request(
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the \
         beginning and the end.",
    ))
}
