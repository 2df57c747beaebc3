//! Where the next page of a list begins, as text a client hands back untouched.

use std::fmt::Write;

/// The key of the last row a page showed. On the wire it is hexadecimal, so that it survives URLs, XML and JSON alike;
/// it grants nothing (the query it continues is still checked), so it is neither signed nor sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the page token was not one of ours")]
pub struct InvalidPageToken;

impl PageToken {
    pub fn to_wire(&self) -> String {
        self.0.bytes().fold(String::with_capacity(self.0.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    pub fn from_wire(text: &str) -> Result<Self, InvalidPageToken> {
        if !text.is_ascii() || !text.len().is_multiple_of(2) {
            return Err(InvalidPageToken);
        }
        let bytes = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| InvalidPageToken))
            .collect::<Result<Vec<u8>, _>>()?;
        String::from_utf8(bytes).map(Self).map_err(|_| InvalidPageToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_wire() {
        let token = PageToken(String::from("ünal@example.com\u{1f}7"));
        assert_eq!(PageToken::from_wire(&token.to_wire()), Ok(token));
        assert_eq!(PageToken::from_wire("zz"), Err(InvalidPageToken));
        assert_eq!(PageToken::from_wire("é"), Err(InvalidPageToken));
    }
}
