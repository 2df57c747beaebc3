//! What every page says to the browser about itself.

use http::{HeaderMap, HeaderValue, header};

/// Nothing may be loaded but our own style sheet, nothing may frame the page, no address leaks to the next site.
/// `form_target` is where a finished sign-in redirects to: browsers hold the redirect after a posted form to
/// `form-action` too (Content Security Policy Level 3, section 6.4.2).
pub fn apply(headers: &mut HeaderMap, form_target: Option<&str>, secure: bool) {
    let target = form_target.and_then(source_of).map(|source| format!(" {source}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'{target}; frame-ancestors 'none'; base-uri 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            header::HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// An address as a CSP source: its origin, or its scheme where it belongs to an app (`myapp://callback`).
fn source_of(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    match url.scheme() {
        "http" | "https" => Some(url.origin().ascii_serialization()),
        scheme => Some(format!("{scheme}:")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_may_lead_to_the_callback_and_nowhere_else() {
        let mut headers = HeaderMap::new();
        apply(&mut headers, Some("http://localhost:3000/cb;x?y='"), false);
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.contains("form-action 'self' http://localhost:3000;"), "{policy}");
        assert_eq!(source_of("myapp://callback").as_deref(), Some("myapp:"));
    }
}
