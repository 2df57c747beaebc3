//! What a pool knows about a person: which attributes there are, who may read and write them, what their values may be
//! ("Working with user attributes").

pub mod format;
mod permissions;
pub mod standard;
mod write;

use std::collections::BTreeMap;

use facts::cognito_idp::AttributeType;

use crate::{
    directory::{Client, Pool},
    raise::InvalidParameterException,
    rows::UserRow,
};

pub use permissions::{is_readable, is_writable};
pub use write::{remove_by_admin, remove_by_client, write_by_admin, write_by_client};

/// `UserAttributes` of a request, by name. Of a name that comes twice the last one counts.
pub fn given(list: Option<&[AttributeType]>) -> BTreeMap<String, String> {
    let list = list.unwrap_or_default().iter();
    list.map(|attribute| (attribute.name.clone(), attribute.value.clone().unwrap_or_default())).collect()
}

/// All of a user's attributes, `sub` first, as admins see them.
pub fn shown(user: &UserRow) -> Vec<AttributeType> {
    let sub = AttributeType { name: String::from("sub"), value: Some(user.sub.clone()) };
    let rest = user.attributes.iter();
    let rest = rest.map(|(name, value)| AttributeType { name: name.clone(), value: Some(value.clone()) });
    std::iter::once(sub).chain(rest).collect()
}

/// What the client may read of them.
pub fn shown_to_client(client: &Client, user: &UserRow) -> Vec<AttributeType> {
    let mut shown = shown(user);
    shown.retain(|attribute| attribute.name == "sub" || is_readable(client, &attribute.name));
    shown
}

/// Required attributes that are not there.
pub fn missing<'a>(pool: &'a Pool, attributes: &BTreeMap<String, String>) -> Vec<&'a str> {
    let required = pool.schema().iter().filter(|attribute| attribute.required.unwrap_or(false));
    let names = required.filter_map(|attribute| attribute.name.as_deref());
    names
        .filter(|name| *name != "sub" && attributes.get(*name).is_none_or(|value| value.is_empty()))
        .collect()
}

pub fn require_all(
    pool: &Pool,
    attributes: &BTreeMap<String, String>,
) -> Result<(), InvalidParameterException> {
    let missing = missing(pool, attributes);
    if missing.is_empty() {
        return Ok(());
    }
    let complaints: String =
        missing.iter().map(|name| format!("{name}: The attribute is required\n")).collect();
    Err(InvalidParameterException(format!("Attributes did not conform to the schema: {complaints}")))
}
