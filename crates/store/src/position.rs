//! Where a page ended, as every engine writes it into a page token.

use base::PageToken;

use crate::StoreError;

/// The last row of a page, by what the page was ordered by. By key: the key, twice. By index the token is
/// `<bytes of value>:<value><key>`, since either may hold anything.
pub struct Position {
    pub value: String,
    pub key: String,
}

impl Position {
    pub fn write(self, by_index: bool) -> PageToken {
        let Self { value, key } = self;
        PageToken(if by_index { format!("{}:{value}{key}", value.len()) } else { key })
    }

    pub fn read(token: &PageToken, by_index: bool) -> Result<Self, StoreError> {
        let PageToken(text) = token;
        if !by_index {
            return Ok(Self { value: text.clone(), key: text.clone() });
        }
        let split = || {
            let (length, rest) = text.split_once(':')?;
            let (value, key) = rest.split_at_checked(length.parse().ok()?)?;
            Some(Self { value: value.to_owned(), key: key.to_owned() })
        };
        split().ok_or_else(|| StoreError::Invalid(String::from("the page token is not one of this query")))
    }
}
