//! Tags of roles.

use base::Caller;
use facts::iam::{self, errors};
use store::Versioned;

use super::{Answer, DONE, paging::page, views};
use crate::{Inner, failure::refused, rows::RoleRow};

const QUOTA: usize = 50;

pub(super) async fn tag(inner: &Inner, _: &Caller, input: iam::TagRoleRequest) -> Answer<iam::TagRole> {
    let tags = views::read_tags(Some(input.tags));
    let change = |row: &mut RoleRow| {
        row.tags.extend(tags.clone());
        if row.tags.len() > QUOTA {
            let text = format!("The number of tags has reached the maximum limit of {QUOTA}.");
            return Err(refused(errors::LimitExceededException(text)));
        }
        Ok(())
    };
    inner.change_holder(&input.role_name, change).await?;
    Ok(DONE)
}

pub(super) async fn untag(inner: &Inner, _: &Caller, input: iam::UntagRoleRequest) -> Answer<iam::UntagRole> {
    let change = |row: &mut RoleRow| {
        row.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    };
    inner.change_holder(&input.role_name, change).await?;
    Ok(DONE)
}

pub(super) async fn list(
    inner: &Inner,
    _: &Caller,
    input: iam::ListRoleTagsRequest,
) -> Answer<iam::ListRoleTags> {
    let row: Versioned<RoleRow> = inner.read_holder(&input.role_name).await?;
    let tags = views::tags(&row.value.tags);
    let page = page(tags, |tag| tag.key.clone(), input.marker.as_deref(), input.max_items)?;
    Ok(iam::ListRoleTagsResponse { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
}
