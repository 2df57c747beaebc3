//! The canonical request: one spelling for every way to write the same request.

use std::borrow::Cow;

use super::{Request, key::Scope};
use crate::digest::sha256_hex;

/// The text whose hash is signed. `None` where a signed header is not there. The signature itself, in the query of a
/// presigned URL, is left out.
pub(super) fn canonical_request(
    request: &Request<'_>,
    scope: &Scope,
    signed_headers: &[impl AsRef<str>],
    payload_hash: &str,
) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(512);
    let line = |text: &mut Vec<u8>, part: &[u8]| {
        text.extend_from_slice(part);
        text.push(b'\n');
    };
    line(&mut text, request.method.as_bytes());
    line(&mut text, path(request.path, scope).as_bytes());
    line(&mut text, query(request.query).as_bytes());
    for name in signed_headers {
        let name = name.as_ref();
        text.extend_from_slice(name.as_bytes());
        for (index, value) in request.values(name).enumerate() {
            text.push(if index == 0 { b':' } else { b',' });
            text.extend_from_slice(&squeezed(value));
        }
        request.values(name).next()?;
        text.push(b'\n');
    }
    text.push(b'\n');
    let names: Vec<&str> = signed_headers.iter().map(AsRef::as_ref).collect();
    line(&mut text, names.join(";").as_bytes());
    text.extend_from_slice(payload_hash.as_bytes());
    Some(text)
}

pub(super) fn string_to_sign(amz_date: &str, scope: &Scope, canonical_request: &[u8]) -> String {
    format!("{}\n{amz_date}\n{scope}\n{}", super::ALGORITHM, sha256_hex(canonical_request))
}

/// S3 signs the path as it is, each segment encoded once. Every other service resolves `.`, `..` and empty segments
/// first and encodes what was sent once more.
fn path(sent: &str, scope: &Scope) -> String {
    let sent = if sent.is_empty() { "/" } else { sent };
    let segments: Vec<Cow<'_, str>> = if scope.service.starts_with("s3") {
        sent.split('/').map(|segment| Cow::Owned(encoded(&decoded(segment, false)))).collect()
    } else {
        resolved(sent).into_iter().map(|segment| Cow::Owned(encoded(segment.as_bytes()))).collect()
    };
    segments.join("/")
}

/// `/a/./b//../c/` → `["", "a", "c", ""]`.
fn resolved(path: &str) -> Vec<&str> {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            name => kept.push(name),
        }
    }
    let directory = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let mut segments = vec![""];
    segments.extend(&kept);
    if directory || kept.is_empty() {
        segments.push("");
    }
    segments
}

/// Parameters decoded and encoded again, sorted by name, then by value. A plus sign is a space, as it is to whoever
/// reads the query afterwards.
fn query(sent: &str) -> String {
    let mut parameters: Vec<(String, String)> = sent
        .split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
        .map(|(name, value)| (encoded(&decoded(name, true)), encoded(&decoded(value, true))))
        .filter(|(name, _)| name != "X-Amz-Signature")
        .collect();
    parameters.sort();
    let pairs: Vec<String> = parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
pub(super) fn encoded(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    text
}

/// `%XX` to bytes; a percent sign that begins no such thing stays.
pub(super) fn decoded(text: &str, plus_is_space: bool) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = (*byte == b'%').then(|| digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2)))).flatten();
        match pair.and_then(|(high, low)| u8::try_from(high << 4 | low).ok()) {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(if plus_is_space && *byte == b'+' { b' ' } else { *byte });
                at += 1;
            }
        }
    }
    out
}

/// Trimmed, and every run of spaces one space.
fn squeezed(value: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(value.len());
    for byte in value.trim_ascii() {
        if !(*byte == b' ' && out.last() == Some(&b' ')) {
            out.push(*byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(service: &str) -> Scope {
        Scope { date: "20240917".into(), region: "us-east-1".into(), service: service.into() }
    }

    #[test]
    fn paths_of_most_services_are_resolved_and_encoded_twice() {
        for (sent, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("/a/../b", "/b"),
            ("/a/..", "/"),
            ("/../../etc", "/etc"),
            ("//a//b/", "/a/b/"),
            ("/./a/./", "/a/"),
            ("/a%20b", "/a%2520b"),
            ("/a:b", "/a%3Ab"),
            ("/functions/hello/", "/functions/hello/"),
        ] {
            assert_eq!(path(sent, &scope("lambda")), canonical, "{sent}");
        }
    }

    #[test]
    fn paths_of_s3_are_left_alone() {
        for (sent, canonical) in [
            ("/", "/"),
            ("/bucket//a/../b", "/bucket//a/../b"),
            ("/bucket/a%20b", "/bucket/a%20b"),
            ("/bucket/a b", "/bucket/a%20b"),
            ("/bucket/a%2Fb", "/bucket/a%2Fb"),
            ("/bucket/%e2%82%ac", "/bucket/%E2%82%AC"),
            ("/bucket/a+b", "/bucket/a%2Bb"),
        ] {
            assert_eq!(path(sent, &scope("s3")), canonical, "{sent}");
        }
    }

    #[test]
    fn queries_are_sorted_as_encoded() {
        for (sent, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1", "a=1&a=2"),
            ("acl", "acl="),
            ("a=b=c", "a=b%3Dc"),
            ("a=x+y&b=x%2By", "a=x%20y&b=x%2By"),
            ("é=1", "%C3%A9=1"),
            ("a=%zz&&", "a=%25zz"),
            ("X-Amz-Signature=abc&X-Amz-Date=1", "X-Amz-Date=1"),
        ] {
            assert_eq!(query(sent), canonical, "{sent}");
        }
    }

    #[test]
    fn header_values_lose_superfluous_spaces() {
        assert_eq!(squeezed(b"  a   b \t"), b"a b");
        assert_eq!(squeezed(b"\"a   b\""), b"\"a b\"");
        assert_eq!(squeezed(b""), b"");
    }
}
