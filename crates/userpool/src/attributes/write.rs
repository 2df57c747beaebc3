//! Puts attributes on a user, or says why not. Nothing is written here: the caller commits the user.

use std::collections::BTreeMap;

use facts::cognito_idp::SchemaAttributeType;

use super::{format, is_writable};
use crate::{
    directory::{Client, Pool},
    raise::{InvalidParameterException, NotAuthorizedException, Raise, invalid, not_authorized},
    rows::UserRow,
};

/// What someone writes about themselves. An address that changes is unverified from then on.
pub fn write_by_client<E>(
    pool: &Pool,
    client: &Client,
    user: &mut UserRow,
    given: &BTreeMap<String, String>,
) -> Result<(), Raise<E>>
where
    E: From<InvalidParameterException> + From<NotAuthorizedException>,
{
    for name in given.keys() {
        known(pool, name)?;
        if !is_writable(client, name) {
            return Err(not_authorized("A client attempted to write unauthorized attribute"));
        }
    }
    write(pool, user, given)
}

/// What an administrator writes: also what is verified, and what is for developers alone.
pub fn write_by_admin<E: From<InvalidParameterException>>(
    pool: &Pool,
    user: &mut UserRow,
    given: &BTreeMap<String, String>,
) -> Result<(), Raise<E>> {
    for name in given.keys() {
        known(pool, name)?;
        if matches!(name.as_str(), "sub" | "identities") {
            return Err(invalid(format!("Cannot modify the non-mutable attribute {name}")));
        }
    }
    write(pool, user, given)
}

fn write<E: From<InvalidParameterException>>(
    pool: &Pool,
    user: &mut UserRow,
    given: &BTreeMap<String, String>,
) -> Result<(), Raise<E>> {
    for (name, value) in given {
        let schema = known(pool, name)?;
        let changed = user.attribute(name) != Some(value.as_str());
        if changed && user.attributes.contains_key(name) && !schema.mutable.unwrap_or(true) {
            return Err(invalid(format!("user.{name}: Attribute cannot be updated.\n")));
        }
        check_value(schema, name, value)?;
        if changed && matches!(name.as_str(), "email" | "phone_number") {
            user.attributes.insert(format!("{name}_verified"), String::from("false"));
        }
        if value.is_empty() && !matches!(name.as_str(), "email" | "phone_number") {
            user.attributes.remove(name);
        } else {
            user.attributes.insert(name.clone(), value.clone());
        }
    }
    // After the addresses: an administrator may bring an address and say that it is verified.
    for flag in ["email_verified", "phone_number_verified"] {
        if let Some(value) = given.get(flag) {
            let verified = value.eq_ignore_ascii_case("true");
            let address = flag.trim_end_matches("_verified");
            if verified && user.attribute(address).is_none_or(str::is_empty) {
                let label = if address == "email" { "Email" } else { "Phone number" };
                return Err(invalid(format!("{label} is required to verify/un-verify")));
            }
            user.attributes.insert(flag.to_owned(), verified.to_string());
        }
    }
    Ok(())
}

/// Takes attributes away, as their owner.
pub fn remove_by_client<E>(
    pool: &Pool,
    client: &Client,
    user: &mut UserRow,
    names: &[String],
) -> Result<(), Raise<E>>
where
    E: From<InvalidParameterException> + From<NotAuthorizedException>,
{
    for name in names {
        if !is_writable(client, name) {
            return Err(not_authorized("A client attempted to write unauthorized attribute"));
        }
    }
    remove_by_admin(pool, user, names)
}

/// Takes attributes away. A required one stays, and so does what someone signs in by.
pub fn remove_by_admin<E: From<InvalidParameterException>>(
    pool: &Pool,
    user: &mut UserRow,
    names: &[String],
) -> Result<(), Raise<E>> {
    for name in names {
        let schema = known(pool, name)?;
        if schema.required.unwrap_or(false) {
            return Err(invalid(format!("user.{name}: Required attributes cannot be deleted.\n")));
        }
        if !schema.mutable.unwrap_or(true) {
            return Err(invalid(format!("user.{name}: Attribute cannot be updated.\n")));
        }
        if pool.is_username_attribute(name) && !has_other_name(pool, user, name) {
            return Err(invalid(format!(
                "user.{name}: Attribute cannot be deleted, the user signs in by it.\n"
            )));
        }
        user.attributes.remove(name);
        if matches!(name.as_str(), "email" | "phone_number") {
            user.attributes.remove(&format!("{name}_verified"));
        }
    }
    Ok(())
}

fn has_other_name(pool: &Pool, user: &UserRow, name: &str) -> bool {
    ["email", "phone_number"].into_iter().any(|other| {
        other != name && pool.is_username_attribute(other) && user.attributes.contains_key(other)
    })
}

fn known<'a, E: From<InvalidParameterException>>(
    pool: &'a Pool,
    name: &str,
) -> Result<&'a SchemaAttributeType, Raise<E>> {
    let found = pool.schema().iter().find(|attribute| attribute.name.as_deref() == Some(name));
    found.ok_or_else(|| {
        invalid(format!(
            "Attributes did not conform to the schema: Type for attribute {{{name}}} could not be determined"
        ))
    })
}

fn check_value<E: From<InvalidParameterException>>(
    schema: &SchemaAttributeType,
    name: &str,
    value: &str,
) -> Result<(), Raise<E>> {
    match name {
        "email" if !value.is_empty() && !format::is_email(value) => {
            return Err(invalid("Invalid email address format."));
        }
        "phone_number" if !value.is_empty() && !format::is_phone_number(value) => {
            return Err(invalid("Invalid phone number format."));
        }
        _ => {}
    }
    if value.is_empty() {
        return Ok(());
    }
    if value.contains('\0') {
        return Err(invalid(format!("{name} must not contain the character U+0000")));
    }
    if name == "preferred_username" && value.chars().count() > 128 {
        return Err(invalid("preferred_username must have length less than or equal to 128"));
    }
    let complain =
        |what: &str| Err(invalid(format!("Attributes did not conform to the schema: {name}: {what}\n")));
    let bound = |text: Option<&String>| text.and_then(|text| text.trim().parse::<f64>().ok());
    match schema.attribute_data_type.as_deref() {
        Some("Number") => {
            let Ok(number) = value.parse::<f64>() else { return complain("The attribute must be a number") };
            let constraints = schema.number_attribute_constraints.as_ref();
            let least = constraints.and_then(|limits| bound(limits.min_value.as_ref()));
            let most = constraints.and_then(|limits| bound(limits.max_value.as_ref()));
            if least.is_some_and(|least| number < least) {
                return complain("Number must be no smaller than the minimum");
            }
            if most.is_some_and(|most| number > most) {
                return complain("Number must be no larger than the maximum");
            }
        }
        Some("Boolean") if !value.eq_ignore_ascii_case("true") && !value.eq_ignore_ascii_case("false") => {
            return complain("The attribute must be true or false");
        }
        Some("String") => {
            let length = value.chars().count() as f64;
            let constraints = schema.string_attribute_constraints.as_ref();
            let least = constraints.and_then(|limits| bound(limits.min_length.as_ref()));
            let most = constraints.and_then(|limits| bound(limits.max_length.as_ref()));
            if least.is_some_and(|least| length < least) {
                return complain("String must be longer than the minimum length");
            }
            if most.is_some_and(|most| length > most) {
                return complain("String must be no longer than the maximum length");
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{PASSWORD, World};

    #[tokio::test]
    async fn values_at_and_past_their_limits() {
        let world = World::new().await;
        let pool = world
            .pool(|pool| {
                let asked = [
                    json!({ "Name": "age", "AttributeDataType": "Number",
                            "NumberAttributeConstraints": { "MinValue": "18", "MaxValue": "120" } }),
                    json!({ "Name": "nick", "AttributeDataType": "String",
                            "StringAttributeConstraints": { "MinLength": "2", "MaxLength": "4" } }),
                    json!({ "Name": "fan", "AttributeDataType": "Boolean" }),
                ];
                let asked: Vec<_> =
                    asked.into_iter().map(|value| serde_json::from_value(value).unwrap()).collect();
                pool.schema_attributes = Some(crate::attributes::standard::schema(&asked).unwrap());
            })
            .await;
        let client = world.client(&pool, |_| {}).await;
        let input = |username: &str, name: &str, value: &str| {
            json!({
                "ClientId": client, "Username": username, "Password": PASSWORD,
                "UserAttributes": [{ "Name": name, "Value": value }],
            })
        };
        let long = "ü".repeat(2048);
        for (at, (name, value)) in [
            ("custom:age", "18"),
            ("custom:nick", "ünal"),
            ("custom:fan", "true"),
            ("name", long.as_str()),
            ("birthdate", "2000-01-01"),
        ]
        .into_iter()
        .enumerate()
        {
            world.ok("SignUp", input(&format!("user{at}"), name, value)).await;
        }
        for (name, value) in [
            ("custom:age", "17"),
            ("custom:age", "121"),
            ("custom:age", "old"),
            ("custom:nick", "x"),
            ("custom:nick", "xxxxx"),
            ("custom:fan", "yes"),
            ("birthdate", "2000-1-1"),
            ("name", "a\0b"),
            ("phone_number", "0171"),
        ] {
            let refused = world.refused("SignUp", input("anna", name, value)).await;
            assert!(refused.starts_with("InvalidParameterException"), "{name}={value}: {refused}");
        }
    }
}
