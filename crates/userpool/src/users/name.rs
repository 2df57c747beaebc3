//! What a new user is called.

use std::collections::BTreeMap;

use base::Timestamp;
use ports::{Rng, RngExt};

use crate::{
    attributes::format,
    directory::Pool,
    raise::InvalidParameterException,
    rows::{MfaSettings, UserRow, UserStatus},
};

/// A name that fits the pool. Whether it is still free is known when it is committed.
pub struct Naming {
    /// In a pool with `UsernameAttributes`, the `sub`; elsewhere what was given.
    pub username: String,
    pub username_key: String,
    pub sub: String,
    /// The attribute that the name given is, in a pool where people sign in by it.
    pub implied: Option<(&'static str, String)>,
}

/// "Customizing sign-in attributes": a username that could be mistaken for an alias is refused, and where addresses are
/// usernames, anything else is.
pub fn name(pool: &Pool, rng: &dyn Rng, given: &str) -> Result<Naming, InvalidParameterException> {
    let refuse = |message: &str| Err(InvalidParameterException(message.to_owned()));
    let is_email = format::is_email(given);
    let is_phone = format::is_phone_number(given);
    let sub = rng.uuid();
    let (by_email, by_phone) =
        (pool.is_username_attribute("email"), pool.is_username_attribute("phone_number"));
    if by_email || by_phone {
        let implied = match (by_email && is_email, by_phone && is_phone) {
            (true, _) => ("email", given.to_owned()),
            (false, true) => ("phone_number", given.to_owned()),
            (false, false) if by_email && by_phone => {
                return refuse("Username should be either an email or a phone number.");
            }
            (false, false) if by_email => return refuse("Username should be an email."),
            (false, false) => return refuse("Username should be a phone number."),
        };
        return Ok(Naming { username: sub.clone(), username_key: sub.clone(), sub, implied: Some(implied) });
    }
    if pool.is_alias("email") && is_email {
        return refuse("Username cannot be of email format, since user pool is configured for email alias.");
    }
    if pool.is_alias("phone_number") && is_phone {
        return refuse(
            "Username cannot be of phone number format, since user pool is configured for phone number alias.",
        );
    }
    Ok(Naming { username: given.to_owned(), username_key: pool.normalised(given), sub, implied: None })
}

/// What stands in the place of a `sub` for someone who does not exist: the same for the same name, and nobody's.
pub fn stranger_id(pool: &Pool, name: &str) -> String {
    let hex = pool.keyed_hex(&["stranger", &pool.normalised(name)]);
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

impl Naming {
    /// Someone with this name and nothing else yet.
    pub fn into_user(self, pool: &Pool, now: Timestamp) -> UserRow {
        UserRow {
            user_pool_id: pool.id().to_owned(),
            username: self.username,
            username_key: self.username_key,
            sub: self.sub,
            status: UserStatus::Unconfirmed,
            enabled: true,
            attributes: self
                .implied
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<BTreeMap<_, _>>(),
            verifier: None,
            password_history: Vec::new(),
            password_changed_at: None,
            mfa: MfaSettings::default(),
            created_at: now,
            modified_at: now,
            tokens_valid_after: Timestamp::default(),
            groups: Vec::new(),
        }
    }
}
