//! Headers in and out: what describes an object, what it must hold, when it was made.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base::Timestamp;
use http::{Response, response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::{OffsetDateTime, macros::format_description};

use super::Call;
use crate::{Object, ObjectError, conditions::Conditions, content::Description};

const METADATA: &str = "x-amz-meta-";
/// What `encoding-type=url` leaves as it is: RFC 3986's unreserved characters, and the slash.
const URL: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// What the client says of the object it sends. `aws-chunked` is how it was sent, not what it is.
pub(super) fn description(call: &Call<'_>) -> Result<Description, ObjectError> {
    refuse_what_is_not_here(call)?;
    let text = |name: &str| call.header(name).map(str::to_owned);
    let coding = call.header("content-encoding").map(|coding| {
        let kept = coding.split(',').map(str::trim).filter(|one| !one.is_empty() && *one != "aws-chunked");
        kept.collect::<Vec<_>>().join(", ")
    });
    let mut metadata = BTreeMap::new();
    for (name, value) in call.request.headers() {
        if let Some(name) = name.as_str().strip_prefix(METADATA) {
            let value = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
            metadata
                .entry(name.to_owned())
                .and_modify(|all: &mut String| *all = format!("{all},{value}"))
                .or_insert(value);
        }
    }
    Ok(Description {
        content_type: text("content-type"),
        cache_control: text("cache-control"),
        content_disposition: text("content-disposition"),
        content_encoding: coding.filter(|coding| !coding.is_empty()),
        content_language: text("content-language"),
        expires: text("expires"),
        website_redirect_location: text("x-amz-website-redirect-location"),
        server_side_encryption: text("x-amz-server-side-encryption"),
        metadata,
    })
}

/// What would be a lie to accept.
fn refuse_what_is_not_here(call: &Call<'_>) -> Result<(), ObjectError> {
    for name in [
        "x-amz-server-side-encryption-customer-algorithm",
        "x-amz-copy-source-server-side-encryption-customer-algorithm",
        "x-amz-object-lock-mode",
        "x-amz-object-lock-legal-hold",
        "x-amz-write-offset-bytes",
    ] {
        if call.header(name).is_some() {
            return Err(ObjectError::NotImplemented(name.to_owned()));
        }
    }
    refuse_acl(call)
}

/// Buckets here are `BucketOwnerEnforced`, as new ones are on AWS: only what gives nobody else anything is taken.
pub(super) fn refuse_acl(call: &Call<'_>) -> Result<(), ObjectError> {
    let grants = call.request.headers().keys().any(|name| name.as_str().starts_with("x-amz-grant-"));
    match call.header("x-amz-acl") {
        None | Some("private" | "bucket-owner-full-control") if !grants => Ok(()),
        _ => Err(ObjectError::AccessControlListNotSupported),
    }
}

/// `x-amz-tagging`: written as a query.
pub(super) fn tags(call: &Call<'_>) -> Result<BTreeMap<String, String>, ObjectError> {
    let mut tags = BTreeMap::new();
    for (key, value) in form_urlencoded::parse(call.header("x-amz-tagging").unwrap_or_default().as_bytes()) {
        if tags.insert(key.into_owned(), value.into_owned()).is_some() {
            return Err(ObjectError::InvalidTag(String::from(
                "Cannot provide multiple Tags with the same key",
            )));
        }
    }
    Ok(tags)
}

/// `If-Match` and its kin, or with `x-amz-copy-source-` before them.
pub(super) fn conditions(call: &Call<'_>, before: &str) -> Conditions {
    let text = |name: &str| call.header(&format!("{before}{name}"));
    let tag = |name: &str| text(name).map(|tag| tag.trim().to_owned());
    // A date that cannot be read is as if it were not there (RFC 9110, section 13.1.3).
    let date = |name: &str| text(name).and_then(|date| httpdate::parse_http_date(date).ok()).map(timestamp);
    Conditions {
        if_match: tag("if-match"),
        if_none_match: tag("if-none-match"),
        if_modified_since: date("if-modified-since"),
        if_unmodified_since: date("if-unmodified-since"),
    }
}

/// Puts on the answer what is known of the object.
pub(super) fn describe(
    mut response: response::Builder,
    object: &Object,
    call: &Call<'_>,
) -> response::Builder {
    let Description {
        content_type,
        cache_control,
        content_disposition,
        content_encoding,
        content_language,
        expires,
        website_redirect_location,
        server_side_encryption,
        metadata,
    } = &object.description;
    let content_type = content_type.clone().unwrap_or_else(|| String::from("binary/octet-stream"));
    let asked = |name: &str| call.query(name).map(str::to_owned);
    let headers = [
        ("content-type", asked("response-content-type").or(Some(content_type))),
        ("cache-control", asked("response-cache-control").or_else(|| cache_control.clone())),
        (
            "content-disposition",
            asked("response-content-disposition").or_else(|| content_disposition.clone()),
        ),
        ("content-encoding", asked("response-content-encoding").or_else(|| content_encoding.clone())),
        ("content-language", asked("response-content-language").or_else(|| content_language.clone())),
        ("expires", asked("response-expires").or_else(|| expires.clone())),
        ("x-amz-website-redirect-location", website_redirect_location.clone()),
        ("x-amz-server-side-encryption", server_side_encryption.clone()),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            response = response.header(name, value);
        }
    }
    for (name, value) in metadata {
        response = response.header(format!("{METADATA}{name}"), value);
    }
    if !object.tags.is_empty() {
        response = response.header("x-amz-tagging-count", object.tags.len());
    }
    response
        .header("etag", quoted(&object.etag))
        .header("last-modified", http_date(object.modified_at))
        .header("accept-ranges", "bytes")
}

/// `x-amz-checksum-…` of a whole object.
pub(super) fn checksums(
    mut response: response::Builder,
    checksums: &BTreeMap<String, String>,
) -> response::Builder {
    for (algorithm, sum) in checksums {
        response = response.header(format!("x-amz-checksum-{}", algorithm.to_ascii_lowercase()), sum);
    }
    if !checksums.is_empty() {
        response = response.header("x-amz-checksum-type", "FULL_OBJECT");
    }
    response
}

pub(super) fn ok() -> response::Builder {
    Response::builder().status(200)
}

pub(super) fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

pub(super) fn http_date(at: Timestamp) -> String {
    let since = Duration::from_secs(at.seconds().max(0).unsigned_abs());
    // Past the year 9999 there is no such date.
    httpdate::fmt_http_date(UNIX_EPOCH + since.min(Duration::from_secs(253_402_300_799)))
}

/// `2009-10-12T17:50:30.000Z`.
pub(super) fn iso_date(at: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.millis()) * 1_000_000)
        .ok()
        .and_then(|date| date.format(&format).ok())
        .unwrap_or_default()
}

pub(super) fn url_encoded(text: &str) -> String {
    utf8_percent_encode(text, &URL).to_string()
}

fn timestamp(date: SystemTime) -> Timestamp {
    let since = date.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Timestamp::from_seconds(i64::try_from(since).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let at = Timestamp(1_255_369_830_007);
        assert_eq!(iso_date(at), "2009-10-12T17:50:30.007Z");
        assert_eq!(http_date(at), "Mon, 12 Oct 2009 17:50:30 GMT");
        assert_eq!(http_date(Timestamp(i64::MAX)), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn keys_in_urls() {
        assert_eq!(url_encoded("a b/ü+&~-_.*"), "a%20b/%C3%BC%2B%26~-_.%2A");
    }
}
