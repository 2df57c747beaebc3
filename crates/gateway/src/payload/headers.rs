//! Which headers pass, in and out (Amazon API Gateway Developer Guide, "Amazon API Gateway important notes", the table
//! of headers that are dropped, remapped or overwritten; the column for Lambda).

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};

/// What functions see: the request's headers as they may pass, and the forwarding headers that are ours to write.
#[derive(Debug)]
pub struct PassedHeaders<'a> {
    /// Names spelled as clients spell them over HTTP/1.1, each with its values in order.
    pub entries: Vec<(&'a str, Vec<Cow<'a, str>>)>,
}

/// About the connection a request came over.
#[derive(Clone, Copy, Debug)]
pub struct Forwarding<'a> {
    pub source_ip: &'a str,
    pub port: &'a str,
    pub proto: &'a str,
    pub trace_id: &'a str,
    /// The body was decompressed on the way: what said how it was packed no longer holds.
    pub unpacked: bool,
}

impl<'a> PassedHeaders<'a> {
    pub fn of(headers: &'a HeaderMap, forwarding: Forwarding<'a>) -> Self {
        let nominated = nominated(headers);
        let mut entries = Vec::with_capacity(headers.keys_len() + 4);
        for name in headers.keys() {
            let name_text = name.as_str();
            let stale = forwarding.unpacked && matches!(name_text, "content-encoding" | "content-length");
            if stale || !passes_in(name_text) || nominated.iter().any(|nominated| nominated == name_text) {
                continue;
            }
            let values: Vec<_> =
                headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
            entries.push((display_name(name_text), values));
        }
        let mut set = |name, value: Cow<'a, str>| {
            entries.push((name, vec![value]));
        };
        let chain = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let mut chain: String = chain.flat_map(|hop| [hop, ", "]).collect();
        chain.push_str(forwarding.source_ip);
        set("X-Forwarded-For", chain.into());
        set("X-Forwarded-Port", forwarding.port.into());
        set("X-Forwarded-Proto", forwarding.proto.into());
        set("X-Amzn-Trace-Id", forwarding.trace_id.into());
        Self { entries }
    }
}

/// Whether a request's header reaches a function. What we write ourselves is left out here and put in afterwards.
fn passes_in(name: &str) -> bool {
    !matches!(
        name,
        "connection"
            | "content-md5"
            | "expect"
            | "keep-alive"
            | "max-forwards"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "server"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "www-authenticate"
            | "x-amzn-trace-id"
            | "x-forwarded-for"
            | "x-forwarded-port"
            | "x-forwarded-proto"
    )
}

/// Headers that `Connection` names belong to this hop (RFC 9110, section 7.6.1). It cannot take away the well-known
/// ones: no caller has them removed between the authorizer and the function.
fn nominated(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(http::header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| display_name(name) == name && !name.is_empty()).collect()
}

/// What becomes of a header that a function answers with.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing {
    Passes,
    Dropped,
    /// Sent as `x-amzn-Remapped-…`.
    Remapped,
}

pub fn outgoing(name: &HeaderName) -> Outgoing {
    match name.as_str() {
        "authorization" | "connection" | "content-md5" | "date" | "max-forwards" | "server"
        | "user-agent" | "www-authenticate" => Outgoing::Remapped,
        // The body says its own length; a length that is wrong would let one response run into the next.
        "content-length" | "expect" | "host" | "keep-alive" | "proxy-authenticate" | "proxy-connection"
        | "te" | "trailer" | "transfer-encoding" | "upgrade" | "via" => Outgoing::Dropped,
        _ => Outgoing::Passes,
    }
}

/// Appends `value` under the name that it may leave with; says nothing where it may not.
pub fn append_outgoing(headers: &mut HeaderMap, name: &HeaderName, value: HeaderValue) {
    match outgoing(name) {
        Outgoing::Passes => {
            headers.append(name.clone(), value);
        }
        Outgoing::Remapped => {
            if let Ok(name) = HeaderName::try_from(format!("x-amzn-remapped-{}", name.as_str())) {
                headers.append(name, value);
            }
        }
        Outgoing::Dropped => {}
    }
}

/// The spelling that clients use over HTTP/1.1 and AWS hands on as it came. Hyper keeps names in lower case only, so
/// well-known names get their usual capitals back; others stay as they are.
pub fn display_name(lower: &str) -> &str {
    match lower {
        "accept" => "Accept",
        "accept-charset" => "Accept-Charset",
        "accept-encoding" => "Accept-Encoding",
        "accept-language" => "Accept-Language",
        "access-control-request-headers" => "Access-Control-Request-Headers",
        "access-control-request-method" => "Access-Control-Request-Method",
        "authorization" => "Authorization",
        "cache-control" => "Cache-Control",
        "content-disposition" => "Content-Disposition",
        "content-encoding" => "Content-Encoding",
        "content-language" => "Content-Language",
        "content-length" => "Content-Length",
        "content-type" => "Content-Type",
        "cookie" => "Cookie",
        "date" => "Date",
        "dnt" => "DNT",
        "forwarded" => "Forwarded",
        "from" => "From",
        "host" => "Host",
        "if-match" => "If-Match",
        "if-modified-since" => "If-Modified-Since",
        "if-none-match" => "If-None-Match",
        "if-range" => "If-Range",
        "if-unmodified-since" => "If-Unmodified-Since",
        "origin" => "Origin",
        "pragma" => "Pragma",
        "range" => "Range",
        "referer" => "Referer",
        "sec-fetch-dest" => "Sec-Fetch-Dest",
        "sec-fetch-mode" => "Sec-Fetch-Mode",
        "sec-fetch-site" => "Sec-Fetch-Site",
        "sec-fetch-user" => "Sec-Fetch-User",
        "upgrade-insecure-requests" => "Upgrade-Insecure-Requests",
        "user-agent" => "User-Agent",
        "via" => "Via",
        "warn" => "Warn",
        "x-amz-content-sha256" => "X-Amz-Content-Sha256",
        "x-amz-date" => "X-Amz-Date",
        "x-amz-security-token" => "X-Amz-Security-Token",
        "x-amzn-trace-id" => "X-Amzn-Trace-Id",
        "x-forwarded-for" => "X-Forwarded-For",
        "x-forwarded-host" => "X-Forwarded-Host",
        "x-forwarded-port" => "X-Forwarded-Port",
        "x-forwarded-proto" => "X-Forwarded-Proto",
        "x-requested-with" => "X-Requested-With",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORWARDING: Forwarding<'static> = Forwarding {
        source_ip: "203.0.113.9",
        port: "443",
        proto: "https",
        trace_id: "Root=1-a-b",
        unpacked: false,
    };

    #[test]
    fn hop_by_hop_headers_stay_behind() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-secret, authorization"),
            ("x-secret", "1"),
            ("authorization", "t"),
            ("te", "trailers"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-proto", "gopher"),
            ("x-custom", "a"),
            ("x-custom", "b"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let passed = PassedHeaders::of(&headers, FORWARDING);
        let find = |name: &str| passed.entries.iter().find(|(own, _)| *own == name).map(|(_, values)| values);
        assert_eq!(find("Authorization").map(Vec::len), Some(1));
        assert_eq!(find("x-custom").map(Vec::len), Some(2));
        assert_eq!(find("x-secret"), None);
        assert_eq!(find("te"), None);
        assert_eq!(find("X-Forwarded-For").unwrap(), &["10.0.0.1, 203.0.113.9"]);
        assert_eq!(find("X-Forwarded-Proto").unwrap(), &["https"]);
        assert_eq!(passed.entries.iter().filter(|(name, _)| *name == "X-Forwarded-Proto").count(), 1);
    }

    #[test]
    fn answers_are_remapped_as_aws_does() {
        let mut headers = HeaderMap::new();
        for name in ["www-authenticate", "server", "via", "content-length", "set-cookie"] {
            append_outgoing(&mut headers, &HeaderName::from_static(name), HeaderValue::from_static("v"));
        }
        let names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x-amzn-remapped-www-authenticate", "x-amzn-remapped-server", "set-cookie"]);
    }
}
