//! The one canonical form of a request's path. It is made once, before the match; the router, the authorizer, the
//! policy and the function all see this form and no other, so that no spelling of a path means one thing to the guard
//! and another to what it guards.
//!
//! What is done (RFC 3986, section 6.2.2): escapes of unreserved characters are decoded, other escapes get upper-case
//! digits, characters that a path may not hold are escaped, empty segments are dropped. An encoded slash stays encoded:
//! it is part of its segment, as on AWS, where a REST API hands paths on without decoding them. A trailing slash stays
//! too, but does not count in the match, as on AWS.
//!
//! What is refused: escapes that are not two hexadecimal digits, bytes that are not UTF-8 once decoded (overlong forms
//! among them), control characters, backslashes, and `.` or `..` as a segment in any spelling, with or without
//! `;parameters` behind it. AWS leaves dot segments alone, and so leaves them to whatever the function makes of them;
//! here nothing that could climb gets past.

use std::ops::Range;

/// A path that is safe to match and to hand on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalPath {
    text: String,
    /// Where the segments are in `text`, without their slashes.
    segments: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedPath {
    #[error("an escape in the path is not '%' and two hexadecimal digits")]
    Escape,
    #[error("the path is not UTF-8")]
    Encoding,
    #[error("the path holds a control character or a backslash")]
    Character,
    #[error("the path holds a '.' or '..' segment")]
    DotSegment,
    #[error("the path is longer than {MAX_LENGTH} bytes")]
    Length,
}

/// AWS takes request lines and headers of 10,240 bytes in all; a path alone cannot be longer.
pub const MAX_LENGTH: usize = 10_240;

impl Default for CanonicalPath {
    /// The root.
    fn default() -> Self {
        Self { text: String::from("/"), segments: Vec::new() }
    }
}

impl CanonicalPath {
    /// `raw` is what follows the stage, as it was sent, without the query: empty, or with a slash in front.
    pub fn parse(raw: &str) -> Result<Self, RefusedPath> {
        if raw.len() > MAX_LENGTH {
            return Err(RefusedPath::Length);
        }
        let mut text = String::with_capacity(raw.len() + 1);
        let mut segments = Vec::with_capacity(8);
        for raw_segment in raw.split('/').filter(|segment| !segment.is_empty()) {
            text.push('/');
            let start = text.len();
            push_segment(&mut text, raw_segment)?;
            refuse_dots(&text[start..])?;
            segments.push(start..text.len());
        }
        if text.is_empty() || raw.ends_with('/') {
            text.push('/');
        }
        Ok(Self { text, segments })
    }

    /// `/users/a%20b/`; never empty, always with a slash in front.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path without a trailing slash, and without the slash in front: the end of a method's ARN.
    pub fn for_arn(&self) -> &str {
        match self.segments.last() {
            Some(last) => &self.text[1..last.end],
            None => "",
        }
    }

    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    pub fn segment(&self, index: usize) -> &str {
        self.segments.get(index).map_or("", |range| &self.text[range.clone()])
    }

    /// From segment `index` to the last, with the slashes between: what a greedy parameter takes.
    pub fn rest(&self, index: usize) -> &str {
        match (self.segments.get(index), self.segments.last()) {
            (Some(first), Some(last)) => &self.text[first.start..last.end],
            _ => "",
        }
    }
}

fn push_segment(text: &mut String, raw: &str) -> Result<(), RefusedPath> {
    let bytes = raw.as_bytes();
    // Nearly every segment is plain already.
    if bytes.iter().all(|byte| is_plain(*byte)) {
        text.push_str(raw);
        return Ok(());
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (byte, escaped) = match bytes[at] {
            b'%' => {
                let byte = unescape(bytes.get(at + 1), bytes.get(at + 2)).ok_or(RefusedPath::Escape)?;
                at += 3;
                (byte, true)
            }
            byte => {
                at += 1;
                (byte, false)
            }
        };
        // A raw backslash is no path character; an escaped one reads as a slash to some, so both are refused.
        if byte < 0x20 || byte == 0x7f || byte == b'\\' {
            return Err(RefusedPath::Character);
        }
        decoded.push(byte);
        if is_unreserved(byte) || (!escaped && is_plain(byte)) {
            text.push(char::from(byte));
        } else {
            push_escape(text, byte);
        }
    }
    std::str::from_utf8(&decoded).map(|_| ()).map_err(|_| RefusedPath::Encoding)
}

/// `canonical` has every escaped dot decoded already.
fn refuse_dots(canonical: &str) -> Result<(), RefusedPath> {
    let name = canonical.split(';').next().unwrap_or(canonical);
    let name = name.split("%3B").next().unwrap_or(name);
    if name == "." || name == ".." { Err(RefusedPath::DotSegment) } else { Ok(()) }
}

/// RFC 3986, section 2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What a segment may hold as it is: `pchar` without escapes (RFC 3986, section 3.3).
const fn is_plain(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
        )
}

fn unescape(high: Option<&u8>, low: Option<&u8>) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high?)? * 16 + digit(low?)?).ok()
}

fn push_escape(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(raw: &str) -> Result<String, RefusedPath> {
        CanonicalPath::parse(raw).map(|path| path.as_str().to_owned())
    }

    #[test]
    fn spellings_of_one_path_become_one() {
        for raw in ["/hiUsers", "//hiUsers", "/hi%55sers", "/%68iUsers", "///hiUsers"] {
            assert_eq!(canonical(raw).as_deref(), Ok("/hiUsers"), "{raw}");
        }
        assert_eq!(canonical("").as_deref(), Ok("/"));
        assert_eq!(canonical("/").as_deref(), Ok("/"));
        assert_eq!(canonical("//").as_deref(), Ok("/"));
        assert_eq!(canonical("/a/").as_deref(), Ok("/a/"));
        assert_eq!(canonical("/a%2fb").as_deref(), Ok("/a%2Fb"));
        assert_eq!(canonical("/ü").as_deref(), Ok("/%C3%BC"));
        assert_eq!(canonical("/%252e%252e").as_deref(), Ok("/%252e%252e"));
    }

    #[test]
    fn tricks_are_refused() {
        for (raw, why) in [
            ("/a/../b", RefusedPath::DotSegment),
            ("/a/%2e%2E/b", RefusedPath::DotSegment),
            ("/a/.%2e", RefusedPath::DotSegment),
            ("/./a", RefusedPath::DotSegment),
            ("/a/..;x=1/b", RefusedPath::DotSegment),
            ("/a/..%3bx/b", RefusedPath::DotSegment),
            ("/a%00", RefusedPath::Character),
            ("/a\0", RefusedPath::Character),
            ("/a%0d%0ab", RefusedPath::Character),
            ("/a\\b", RefusedPath::Character),
            ("/a%5cb", RefusedPath::Character),
            ("/a%c0%af", RefusedPath::Encoding),
            ("/%c0%ae%c0%ae/a", RefusedPath::Encoding),
            ("/%ff", RefusedPath::Encoding),
            ("/%", RefusedPath::Escape),
            ("/%2", RefusedPath::Escape),
            ("/%zz", RefusedPath::Escape),
            ("/%u002e", RefusedPath::Escape),
        ] {
            assert_eq!(canonical(raw), Err(why), "{raw}");
        }
        assert_eq!(canonical(&"/a".repeat(6000)), Err(RefusedPath::Length));
    }

    proptest! {
        #[test]
        fn a_canonical_path_is_its_own_canonical_form(raw in "[/a-c.%;\\\\ü0-9eEfF]{0,24}") {
            if let Ok(once) = CanonicalPath::parse(&raw) {
                prop_assert_eq!(CanonicalPath::parse(once.as_str()), Ok(once));
            }
        }

        #[test]
        fn nothing_that_climbs_gets_through(raw in "(/|%2e|%2E|\\.|;|a|%3b|%2f){0,16}") {
            if let Ok(path) = CanonicalPath::parse(&raw) {
                for at in 0..path.segment_count() {
                    prop_assert!(!path.segment(at).is_empty());
                    prop_assert!(!matches!(path.segment(at), "." | ".."));
                }
            }
        }
    }
}
