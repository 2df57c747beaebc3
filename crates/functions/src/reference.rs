//! How a caller names a function: name, partial ARN or ARN, with or without a version or alias behind it
//! (AWS Lambda API Reference, "Invoke", `FunctionName`).

use base::{AccountId, Arn, Region};

pub const LATEST: &str = "$LATEST";

/// A function's name and what stood behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub name: String,
    pub qualifier: Option<String>,
}

/// Reads `hello`, `hello:1`, `000000000000:function:hello:1` or `arn:aws:lambda:us-east-1:000000000000:function:hello:1`.
/// `None` where it is none of these or names another account or region.
pub fn parse(text: &str, region: &Region, account: &AccountId) -> Option<Reference> {
    let parts: Vec<&str> = text.split(':').collect();
    let (name, qualifier) = match parts.as_slice() {
        [name] => (*name, None),
        [name, qualifier] => (*name, Some(*qualifier)),
        [their_account, "function", rest @ ..] if *their_account == account.as_str() => name_and_rest(rest)?,
        ["arn", "aws", "lambda", their_region, their_account, "function", rest @ ..]
            if *their_region == region.as_str() && *their_account == account.as_str() =>
        {
            name_and_rest(rest)?
        }
        _ => return None,
    };
    let fits = is_name(name) && qualifier.is_none_or(is_qualifier);
    fits.then(|| Reference { name: name.to_owned(), qualifier: qualifier.map(str::to_owned) })
}

fn name_and_rest<'a>(rest: &[&'a str]) -> Option<(&'a str, Option<&'a str>)> {
    match rest {
        [name] => Some((name, None)),
        [name, qualifier] => Some((name, Some(qualifier))),
        _ => None,
    }
}

/// Letters, digits, `-` and `_`, at most 64.
pub fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(is_word)
}

/// `$LATEST`, a version's number or an alias.
pub fn is_qualifier(qualifier: &str) -> bool {
    qualifier == LATEST || (!qualifier.is_empty() && qualifier.len() <= 128 && qualifier.bytes().all(is_word))
}

pub fn is_version(qualifier: &str) -> bool {
    !qualifier.is_empty() && qualifier.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// The function's ARN, with the qualifier where there is one.
pub fn arn(region: &Region, account: &AccountId, name: &str, qualifier: Option<&str>) -> String {
    let resource = match qualifier {
        Some(qualifier) => format!("function:{name}:{qualifier}"),
        None => format!("function:{name}"),
    };
    Arn::new("lambda", region, account, resource).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Option<String>)> {
        parse(text, &Region::default(), &AccountId::default()).map(|found| (found.name, found.qualifier))
    }

    #[test]
    fn reads_every_form() {
        let bare = Some((String::from("hello"), None));
        let first = Some((String::from("hello"), Some(String::from("1"))));
        assert_eq!(read("hello"), bare);
        assert_eq!(read("hello:1"), first);
        assert_eq!(read("000000000000:function:hello:1"), first);
        assert_eq!(read("arn:aws:lambda:us-east-1:000000000000:function:hello"), bare);
        assert_eq!(read("arn:aws:lambda:us-east-1:000000000000:function:hello:1"), first);
    }

    #[test]
    fn refuses_other_houses_and_other_characters() {
        assert_eq!(read("arn:aws:lambda:eu-west-1:000000000000:function:hello"), None);
        assert_eq!(read("arn:aws:lambda:us-east-1:111111111111:function:hello"), None);
        assert_eq!(read("../hello"), None);
        assert_eq!(read("hello:1:2:3"), None);
        assert_eq!(read(""), None);
    }
}
