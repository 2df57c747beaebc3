//! The attributes that every pool has.

use facts::cognito_idp::{
    NumberAttributeConstraintsType, SchemaAttributeType, StringAttributeConstraintsType,
};

use crate::raise::InvalidParameterException;

/// Name, type, shortest and longest value; the claims of OpenID Connect Core 1.0, section 5.1, and Cognito's own.
const STANDARD: [(&str, &str, &str, &str); 21] = [
    ("profile", "String", "0", "2048"),
    ("address", "String", "0", "2048"),
    ("birthdate", "String", "10", "10"),
    ("gender", "String", "0", "2048"),
    ("preferred_username", "String", "0", "2048"),
    ("updated_at", "Number", "", ""),
    ("website", "String", "0", "2048"),
    ("picture", "String", "0", "2048"),
    ("identities", "String", "", ""),
    ("sub", "String", "1", "2048"),
    ("phone_number", "String", "0", "2048"),
    ("phone_number_verified", "Boolean", "", ""),
    ("zoneinfo", "String", "0", "2048"),
    ("locale", "String", "0", "2048"),
    ("email", "String", "0", "2048"),
    ("email_verified", "Boolean", "", ""),
    ("given_name", "String", "0", "2048"),
    ("family_name", "String", "0", "2048"),
    ("middle_name", "String", "0", "2048"),
    ("name", "String", "0", "2048"),
    ("nickname", "String", "0", "2048"),
];

pub fn is_standard(name: &str) -> bool {
    STANDARD.iter().any(|(standard, ..)| *standard == name)
}

/// A pool's `SchemaAttributes`: the standard ones, changed as `Schema` of the request asks, and the custom ones behind
/// them with `custom:` before their names.
pub fn schema(asked: &[SchemaAttributeType]) -> Result<Vec<SchemaAttributeType>, InvalidParameterException> {
    let mut schema: Vec<SchemaAttributeType> = STANDARD.iter().map(|row| standard(*row)).collect();
    for attribute in asked {
        let Some(name) = attribute.name.as_deref() else {
            return Err(InvalidParameterException(String::from("Schema attributes must have a name.")));
        };
        match schema.iter_mut().find(|known| known.name.as_deref() == Some(name)) {
            Some(known) => refine(known, attribute),
            None => {
                let attribute = custom(attribute)?;
                if schema.iter().any(|known| known.name == attribute.name) {
                    let message = format!("Duplicate attribute in the schema: {name}");
                    return Err(InvalidParameterException(message));
                }
                schema.push(attribute);
            }
        }
    }
    Ok(schema)
}

/// A custom attribute as the pool shows it.
pub fn custom(attribute: &SchemaAttributeType) -> Result<SchemaAttributeType, InvalidParameterException> {
    let name = attribute.name.clone().unwrap_or_default();
    if attribute.required.unwrap_or(false) {
        return Err(InvalidParameterException(String::from(
            "Required custom attributes are not supported currently.",
        )));
    }
    let mut attribute = attribute.clone();
    let developer = attribute.developer_only_attribute.unwrap_or(false);
    let bare = name.trim_start_matches("dev:").trim_start_matches("custom:");
    attribute.name = Some(format!("{}custom:{bare}", if developer { "dev:" } else { "" }));
    let kind = attribute.attribute_data_type.get_or_insert_with(|| String::from("String"));
    match kind.as_str() {
        "String" => drop(attribute.string_attribute_constraints.get_or_insert_default()),
        "Number" => drop(attribute.number_attribute_constraints.get_or_insert_default()),
        _ => {}
    }
    attribute.developer_only_attribute = Some(developer);
    attribute.mutable.get_or_insert(true);
    attribute.required = Some(false);
    Ok(attribute)
}

fn standard((name, kind, shortest, longest): (&str, &str, &str, &str)) -> SchemaAttributeType {
    let constrained = !shortest.is_empty();
    SchemaAttributeType {
        name: Some(name.to_owned()),
        attribute_data_type: Some(kind.to_owned()),
        developer_only_attribute: Some(false),
        mutable: Some(name != "sub"),
        required: Some(name == "sub"),
        string_attribute_constraints: (kind == "String").then(|| StringAttributeConstraintsType {
            min_length: constrained.then(|| shortest.to_owned()),
            max_length: constrained.then(|| longest.to_owned()),
        }),
        number_attribute_constraints: (kind == "Number")
            .then(|| NumberAttributeConstraintsType { min_value: Some(String::from("0")), max_value: None }),
    }
}

/// Of a standard attribute a pool chooses whether it is required and may change, and how long it may be.
fn refine(known: &mut SchemaAttributeType, asked: &SchemaAttributeType) {
    if known.name.as_deref() == Some("sub") {
        return;
    }
    known.required = asked.required.or(known.required);
    known.mutable = asked.mutable.or(known.mutable);
    if asked.string_attribute_constraints.is_some() && known.string_attribute_constraints.is_some() {
        known.string_attribute_constraints.clone_from(&asked.string_attribute_constraints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_attributes_stand_behind_the_standard_ones() {
        let asked = [
            SchemaAttributeType {
                name: Some(String::from("email")),
                required: Some(true),
                ..SchemaAttributeType::default()
            },
            SchemaAttributeType { name: Some(String::from("tenant")), ..SchemaAttributeType::default() },
        ];
        let schema = schema(&asked).unwrap();
        let email = schema.iter().find(|attribute| attribute.name.as_deref() == Some("email")).unwrap();
        assert_eq!((email.required, email.mutable), (Some(true), Some(true)));
        let tenant = schema.last().unwrap();
        assert_eq!(tenant.name.as_deref(), Some("custom:tenant"));
        assert_eq!(tenant.attribute_data_type.as_deref(), Some("String"));
    }
}
