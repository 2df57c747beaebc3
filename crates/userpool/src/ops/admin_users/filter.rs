//! `Filter` of ListUsers: `attribute = "value"` or `attribute ^= "value"` ("Searching for users using the ListUsers API").

use store::Query;

use crate::{directory::Pool, raise::InvalidParameterException, rows::UserRow};

/// What one may search by, and the index that answers it.
const SEARCHABLE: [(&str, &str); 9] = [
    ("email", "by_email"),
    ("phone_number", "by_phone_number"),
    ("name", "by_name"),
    ("given_name", "by_given_name"),
    ("family_name", "by_family_name"),
    ("preferred_username", "by_preferred_username"),
    ("cognito:user_status", "by_user_status"),
    ("status", "by_status"),
    ("sub", "by_sub"),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub attribute: String,
    pub starts_with: bool,
    pub value: String,
}

impl Filter {
    /// `None` where there is nothing to filter by.
    pub fn parse(text: Option<&str>) -> Result<Option<Self>, InvalidParameterException> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
        let wrong = || InvalidParameterException(String::from("Error while parsing filter."));
        let at = text.find(['=', '^']).ok_or_else(wrong)?;
        let attribute = text[..at].trim().trim_matches('"');
        let rest = &text[at..];
        let (starts_with, rest) = match rest.strip_prefix("^=") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix('=').ok_or_else(wrong)?),
        };
        let quoted =
            rest.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(wrong)?;
        let value = unescape(quoted).ok_or_else(wrong)?;
        let known = attribute == "username" || SEARCHABLE.iter().any(|(name, _)| *name == attribute);
        if !known {
            return Err(InvalidParameterException(format!("Invalid search attribute: {attribute}")));
        }
        Ok(Some(Self { attribute: attribute.to_owned(), starts_with, value }))
    }

    pub fn apply(&self, query: Query<UserRow>, pool: &Pool) -> Query<UserRow> {
        let index = SEARCHABLE.iter().find(|(name, _)| *name == self.attribute).map(|(_, index)| *index);
        let value = match self.attribute.as_str() {
            "username" => pool.normalised(&self.value),
            "cognito:user_status" => self.value.to_uppercase(),
            _ => self.value.clone(),
        };
        let query = match index {
            Some(index) => query.index(index),
            None => query,
        };
        if self.starts_with { query.starts_with(value) } else { query.equals(value) }
    }
}

/// A backslash keeps the quote or backslash behind it; a quote that stands by itself ends the value too early.
fn unescape(text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => value.push(letters.next()?),
            '"' => return None,
            other => value.push(other),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_guide() {
        let parsed = |text: &str| Filter::parse(Some(text)).map_err(|error| error.0);
        let filter = |attribute: &str, starts_with, value: &str| {
            Ok(Some(Filter { attribute: attribute.into(), starts_with, value: value.into() }))
        };
        assert_eq!(parsed("family_name = \"Reddy\""), filter("family_name", false, "Reddy"));
        assert_eq!(parsed("given_name ^= \"Jon\""), filter("given_name", true, "Jon"));
        assert_eq!(parsed("email=\"a=b@example.com\""), filter("email", false, "a=b@example.com"));
        assert_eq!(parsed("name = \"A \\\"B\\\"\""), filter("name", false, "A \"B\""));
        assert_eq!(parsed(""), Ok(None));
        assert_eq!(parsed("nonsense ~ 3"), Err(String::from("Error while parsing filter.")));
        assert_eq!(parsed("email = unquoted"), Err(String::from("Error while parsing filter.")));
        assert_eq!(parsed("email = \"a\" or \"b\""), Err(String::from("Error while parsing filter.")));
        assert_eq!(parsed("custom:x = \"a\""), Err(String::from("Invalid search attribute: custom:x")));
    }
}
