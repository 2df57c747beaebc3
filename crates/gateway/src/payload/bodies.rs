//! Text or bytes: what `BinaryMediaTypes` decides.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// An API's binary media types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinaryMediaTypes(Vec<String>);

impl BinaryMediaTypes {
    /// CloudFormation spells `/` as `~1`.
    pub fn new(types: &[String]) -> Self {
        Self(types.iter().map(|name| name.replace("~1", "/").to_ascii_lowercase()).collect())
    }

    /// Whether `content_type` (a header's value, parameters and all) is one of them.
    pub fn contains(&self, content_type: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let own = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        self.0.iter().any(|pattern| {
            pattern == "*/*"
                || *pattern == own
                || pattern
                    .strip_suffix("/*")
                    .is_some_and(|kind| own.split('/').next().is_some_and(|own_kind| own_kind == kind))
        })
    }

    /// Whether a request's body is handed to its function as base64.
    pub fn takes_request(&self, content_type: Option<&str>) -> bool {
        // Without a type AWS takes a body for JSON.
        self.contains(content_type.unwrap_or("application/json"))
    }

    /// Whether a base64 answer is sent as bytes: the first type the client accepts decides, or the answer's own where
    /// the client accepts anything.
    pub fn takes_answer(&self, accept: Option<&str>, content_type: Option<&str>) -> bool {
        let first = accept
            .and_then(|accept| accept.split(',').next())
            .map(|first| first.split(';').next().unwrap_or_default().trim());
        match first {
            Some(first) if !first.is_empty() && first != "*/*" => self.contains(first),
            _ => self.contains(content_type.unwrap_or("application/json")) || self.contains("*/*"),
        }
    }
}

/// A body as the event carries it; the flag is `isBase64Encoded`. Text that is not UTF-8 is mended with replacement
/// characters, as AWS does to binary bodies that nobody declared.
pub fn event_body(body: &[u8], binary: bool) -> Option<(Cow<'_, str>, bool)> {
    if body.is_empty() {
        None
    } else if binary {
        Some((STANDARD.encode(body).into(), true))
    } else {
        Some((String::from_utf8_lossy(body), false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(list: &[&str]) -> BinaryMediaTypes {
        BinaryMediaTypes::new(&list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn patterns_match_as_they_say() {
        let images = types(&["image/*", "application~1pdf"]);
        assert!(images.contains("image/png"));
        assert!(images.contains("Application/PDF; version=1"));
        assert!(!images.contains("text/plain"));
        assert!(types(&["*/*"]).takes_request(None));
        assert!(!types(&[]).takes_request(Some("image/png")));
    }

    #[test]
    fn the_client_decides_about_the_answer() {
        let images = types(&["image/png"]);
        assert!(images.takes_answer(Some("image/png, */*"), None));
        assert!(!images.takes_answer(Some("text/html, image/png"), Some("image/png")));
        assert!(images.takes_answer(Some("*/*"), Some("image/png")));
        assert!(images.takes_answer(None, Some("image/png")));
        assert!(types(&["*/*"]).takes_answer(Some("text/html"), Some("text/plain")));
    }
}
