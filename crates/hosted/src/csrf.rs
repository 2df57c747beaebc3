//! No form is taken that our own page did not show to this very browser.
//!
//! Two locks: a random token in a cookie must come back in the form (OWASP's "double submit"), and a browser that says
//! where the request comes from (`Origin`, `Sec-Fetch-Site`) must name this site.

use crypto::digest::constant_time_eq;
use http::{HeaderMap, header};
use ports::{Rng, RngExt};

use crate::cookies;

pub const COOKIE: &str = "XSRF-TOKEN";
pub const FIELD: &str = "_csrf";
const LENGTH: usize = 43;

/// The browser's token, or a new one for it.
pub fn token(headers: &HeaderMap, rng: &dyn Rng) -> (String, bool) {
    match cookies::read(headers, COOKIE).filter(|token| is_token(token)) {
        Some(token) => (token.to_owned(), false),
        None => (rng.string(base::ids::ALPHANUMERIC, LENGTH), true),
    }
}

/// Whether a posted form came from our own page in this browser. `own_origin` is what the address bar shows.
pub fn is_ours(headers: &HeaderMap, field: Option<&str>, own_origin: &str) -> bool {
    let cookie = cookies::read(headers, COOKIE).filter(|token| is_token(token));
    let (Some(cookie), Some(field)) = (cookie, field) else { return false };
    let same_origin = match headers.get(header::ORIGIN).map(|origin| origin.to_str()) {
        // "null" comes from pages that hide their origin (`Referrer-Policy: no-referrer` is ours); then the browser's own
        // word on the site decides below.
        Some(Ok("null")) | None => true,
        Some(Ok(origin)) => origin.eq_ignore_ascii_case(own_origin),
        Some(Err(_)) => false,
    };
    let same_site = match headers.get("sec-fetch-site").map(|site| site.to_str()) {
        Some(Ok("same-origin" | "none")) | None => true,
        Some(_) => false,
    };
    same_origin && same_site && constant_time_eq(cookie.as_bytes(), field.as_bytes())
}

fn is_token(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const TOKEN: &str = "0123456789012345678901234567890123456789abc";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                ((*name).parse().expect("a name"), HeaderValue::from_str(value).expect("a value"))
            })
            .collect()
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let own = "http://localhost:4747";
        let cookie = format!("XSRF-TOKEN={TOKEN}");
        assert!(is_ours(&headers(&[("cookie", &cookie), ("origin", own)]), Some(TOKEN), own));
        assert!(!is_ours(
            &headers(&[("cookie", &cookie), ("origin", "https://evil.example")]),
            Some(TOKEN),
            own
        ));
        assert!(!is_ours(
            &headers(&[("cookie", &cookie), ("sec-fetch-site", "cross-site")]),
            Some(TOKEN),
            own
        ));
        assert!(!is_ours(&headers(&[("cookie", &cookie)]), Some("x"), own));
        assert!(!is_ours(&headers(&[("cookie", &cookie)]), None, own));
        assert!(!is_ours(&headers(&[("cookie", "XSRF-TOKEN=")]), Some(""), own));
        assert!(!is_ours(&headers(&[]), Some(TOKEN), own));
    }
}
