//! What the forms ask for, worked out from the pool's configuration.

use userpool::Pool;

use super::Field;
use crate::authorization_request::Parameters;

/// What the first field of a sign-in is called, its input type, and whether it is an e-mail address by itself.
pub fn username_label(pool: &Pool) -> (&'static str, &'static str) {
    match (pool.is_username_attribute("email"), pool.is_username_attribute("phone_number")) {
        (true, true) => ("Email or phone number", "text"),
        (true, false) => ("Email", "email"),
        (false, true) => ("Phone number", "tel"),
        (false, false) if pool.is_alias("email") => ("Username or email", "text"),
        (false, false) => ("Username", "text"),
    }
}

/// The fields of a sign-up, but for the password: the username, then every attribute that the pool requires or verifies.
pub fn sign_up_fields(pool: &Pool, form: &Parameters) -> Vec<Field> {
    let (mut label, r#type) = username_label(pool);
    if label == "Username or email" {
        label = "Username";
    }
    let mut fields = vec![Field {
        id: String::from("username"),
        name: String::from("username"),
        label: label.to_owned(),
        r#type,
        autocomplete: if r#type == "email" { "email" } else { "username" },
        value: form.get("username").unwrap_or_default().to_owned(),
        hint: None,
    }];
    fields.extend(attribute_names(pool).into_iter().map(|name| {
        let given = form.bracketed("requiredAttributes").find(|(attribute, _)| *attribute == name);
        attribute_field(&name, given.map(|(_, value)| value).unwrap_or_default())
    }));
    fields
}

/// Attributes a sign-up form asks for beside the username.
pub fn attribute_names(pool: &Pool) -> Vec<String> {
    let by_username = |name: &str| pool.is_username_attribute(name);
    let only_one = !(by_username("email") && by_username("phone_number"));
    let mut names: Vec<String> = pool
        .schema()
        .iter()
        .filter(|attribute| attribute.required.unwrap_or(false))
        .filter_map(|attribute| attribute.name.clone())
        .chain(
            ["email", "phone_number"]
                .into_iter()
                .filter(|name| pool.is_auto_verified(name))
                .map(String::from),
        )
        .filter(|name| name != "sub" && !(only_one && by_username(name)))
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    if by_username("email") && by_username("phone_number") {
        names.retain(|name| name != "email" && name != "phone_number");
    }
    names
}

pub fn attribute_field(name: &str, value: &str) -> Field {
    let (label, r#type, autocomplete) = match name {
        "email" => ("Email", "email", "email"),
        "phone_number" => ("Phone number", "tel", "tel"),
        "name" => ("Name", "text", "name"),
        "given_name" => ("First name", "text", "given-name"),
        "family_name" => ("Last name", "text", "family-name"),
        "middle_name" => ("Middle name", "text", "additional-name"),
        "nickname" => ("Nickname", "text", "nickname"),
        "preferred_username" => ("Preferred username", "text", "off"),
        "birthdate" => ("Date of birth", "date", "bday"),
        "address" => ("Address", "text", "street-address"),
        "gender" => ("Gender", "text", "sex"),
        "website" => ("Website", "url", "url"),
        "picture" => ("Picture URL", "url", "photo"),
        "profile" => ("Profile URL", "url", "url"),
        "locale" => ("Locale", "text", "language"),
        "zoneinfo" => ("Time zone", "text", "off"),
        _ => ("", "text", "off"),
    };
    let label = if label.is_empty() {
        name.trim_start_matches("custom:").replace('_', " ")
    } else {
        label.to_owned()
    };
    Field {
        id: format!("attribute-{}", name.replace(':', "-")),
        name: format!("requiredAttributes[{name}]"),
        label,
        r#type,
        autocomplete,
        value: value.to_owned(),
        hint: (name == "phone_number").then(|| String::from("With country code, such as +14155550123.")),
    }
}

/// The pool's password policy in a sentence.
pub fn password_rules(pool: &Pool) -> (i64, String) {
    let policy = pool.password_policy();
    let minimum = policy.minimum_length.unwrap_or(8);
    let mut parts = Vec::new();
    for (required, words) in [
        (policy.require_uppercase, "an upper-case letter"),
        (policy.require_lowercase, "a lower-case letter"),
        (policy.require_numbers, "a number"),
        (policy.require_symbols, "a symbol"),
    ] {
        if required.unwrap_or(false) {
            parts.push(words);
        }
    }
    let with = match parts.split_last() {
        None => String::new(),
        Some((only, [])) => format!(", with {only}"),
        Some((last, others)) => format!(", with {} and {last}", others.join(", ")),
    };
    (minimum, format!("At least {minimum} characters{with}."))
}
