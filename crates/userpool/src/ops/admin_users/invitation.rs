//! The message that invites someone, and the password in it.

use std::collections::BTreeMap;

use facts::cognito_idp::PasswordPolicyType;
use ports::{Rng, RngExt};

use crate::{
    messages::{self, Channel},
    rows::UserRow,
};

/// Letters and digits that are not mistaken for one another when someone types them from a message.
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijkmnopqrstuvwxyz";
const DIGITS: &[u8] = b"23456789";
const SYMBOLS: &[u8] = b"!@#%*?-_";

/// A temporary password that any policy accepts: of every kind one, the rest of all kinds, in random order.
pub fn temporary_password(policy: &PasswordPolicyType, rng: &dyn Rng) -> String {
    let length = usize::try_from(policy.minimum_length.unwrap_or(8)).unwrap_or(8).clamp(10, 99);
    let mut letters: Vec<u8> =
        [UPPER, LOWER, DIGITS, SYMBOLS].iter().flat_map(|kind| rng.string(kind, 1).into_bytes()).collect();
    let every: Vec<u8> = [UPPER, LOWER, DIGITS, SYMBOLS].concat();
    letters.extend(rng.string(&every, length - letters.len()).into_bytes());
    // Fisher and Yates, with a draw of 32 bits for each place: the bias is below one in ten million.
    for place in (1..letters.len()).rev() {
        let draw = u32::from_be_bytes(rng.bytes::<4>());
        letters.swap(place, usize::try_from(draw).unwrap_or(0) % (place + 1));
    }
    letters.into_iter().map(char::from).collect()
}

/// Where the invitation goes. Without a wish it is the phone number where there is one, the e-mail address otherwise.
pub fn channels(user: &UserRow, wished: Option<&[String]>) -> Vec<Channel> {
    let wished: Vec<&str> = match wished {
        Some(wished) if !wished.is_empty() => wished.iter().map(String::as_str).collect(),
        _ => vec![if messages::channel_for(user, "phone_number").is_some() { "SMS" } else { "EMAIL" }],
    };
    let attributes = BTreeMap::from([("SMS", "phone_number"), ("EMAIL", "email")]);
    wished
        .into_iter()
        .filter_map(|medium| attributes.get(medium))
        .filter_map(|attribute| messages::channel_for(user, attribute))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    struct Counting(AtomicU8);

    impl Rng for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(37, Ordering::Relaxed));
        }
    }

    #[test]
    fn a_temporary_password_fits_the_strictest_policy() {
        let policy = PasswordPolicyType {
            minimum_length: Some(20),
            require_uppercase: Some(true),
            require_lowercase: Some(true),
            require_numbers: Some(true),
            require_symbols: Some(true),
            ..PasswordPolicyType::default()
        };
        for start in 0..50 {
            let password = temporary_password(&policy, &Counting(AtomicU8::new(start)));
            assert_eq!(crate::passwords::complaint(&policy, &password), None, "{password}");
        }
    }
}
