//! Which address a message goes to, and how much of it is shown to whoever asked for it.

use facts::cognito_idp::CodeDeliveryDetailsType;

use crate::{attributes::format, directory::Pool, rows::UserRow};

/// An attribute that messages reach someone by, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// `email` or `phone_number`
    pub attribute: &'static str,
    pub to: String,
}

/// Where a sign-up code goes: of the addresses that the pool verifies by itself, the phone number first ("Configuring
/// email or phone verification").
pub fn verification_channel(pool: &Pool, user: &UserRow) -> Option<Channel> {
    ["phone_number", "email"]
        .into_iter()
        .filter(|attribute| pool.is_auto_verified(attribute))
        .find_map(|attribute| channel_for(user, attribute))
}

/// `None` where the user has no such address.
pub fn channel_for(user: &UserRow, attribute: &str) -> Option<Channel> {
    let attribute = match attribute {
        "email" => "email",
        "phone_number" => "phone_number",
        _ => return None,
    };
    let to = user.attribute(attribute).filter(|value| !value.is_empty())?;
    Some(Channel { attribute, to: to.to_owned() })
}

/// Where a reset code goes: the first of `RecoveryMechanisms` whose address is verified; where the pool names none, the
/// phone number, then the e-mail address ("AccountRecoverySetting"). `Err` where only an administrator may help.
pub fn recovery_channel(pool: &Pool, user: &UserRow) -> Result<Option<Channel>, AdminOnly> {
    let mut mechanisms = pool
        .pool
        .account_recovery_setting
        .as_ref()
        .and_then(|setting| setting.recovery_mechanisms.clone())
        .unwrap_or_default();
    mechanisms.sort_by_key(|mechanism| mechanism.priority);
    let names: Vec<&str> = match mechanisms.as_slice() {
        [] => vec!["verified_phone_number", "verified_email"],
        named => named.iter().map(|mechanism| mechanism.name.as_str()).collect(),
    };
    if names == ["admin_only"] {
        return Err(AdminOnly);
    }
    Ok(names.into_iter().find_map(|name| {
        let attribute = name.strip_prefix("verified_")?;
        user.is_verified(attribute).then(|| channel_for(user, attribute))?
    }))
}

pub struct AdminOnly;

pub fn details(channel: &Channel) -> CodeDeliveryDetailsType {
    CodeDeliveryDetailsType {
        attribute_name: Some(channel.attribute.to_owned()),
        delivery_medium: Some(String::from(if channel.attribute == "email" { "EMAIL" } else { "SMS" })),
        destination: Some(masked(&channel.to)),
    }
}

/// What someone who does not exist is told, where the client hides that: the same each time, and like what someone who
/// does exist would be told.
pub fn pretended(pool: &Pool, name: &str) -> CodeDeliveryDetailsType {
    if format::is_email(name) || format::is_phone_number(name) {
        let attribute = if name.contains('@') { "email" } else { "phone_number" };
        return details(&Channel { attribute, to: name.to_owned() });
    }
    let seed = pool.keyed_hash(&["pretended", &pool.normalised(name)]);
    let letter = |at: usize| char::from(b'a' + seed[at] % 26);
    details(&Channel { attribute: "email", to: format!("{}@{}", letter(0), letter(1)) })
}

/// `anna@example.com` → `a***@e***`, `+14155550123` → `+*******0123`.
pub fn masked(to: &str) -> String {
    match to.rsplit_once('@') {
        Some((local, domain)) => {
            let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
            format!("{}***@{}***", first(local), first(domain))
        }
        None => {
            let last: Vec<char> = to.chars().rev().take(4).collect();
            format!("+*******{}", last.into_iter().rev().collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn shows_little() {
        assert_eq!(masked("anna@example.com"), "a***@e***");
        assert_eq!(masked("+14155550123"), "+*******0123");
        assert_eq!(masked(""), "+*******");
    }
}
