//! Cookies in and out (RFC 6265).

use http::{HeaderMap, HeaderValue, header};

/// Where the cookies of one domain live, and whether only over TLS.
#[derive(Clone, Debug)]
pub struct CookieScope {
    /// `/` in the host form, `/auth/<domain>` in the path form: one domain never sees another's.
    pub path: String,
    pub secure: bool,
}

/// A cookie's value in a request. The first wins where there are several, as browsers send the most specific path first.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// A `Set-Cookie` line: `HttpOnly`, `SameSite=Lax` (a sign-in begins with a link from another site), gone with the
/// browser's session where `max_age_seconds` is `None`, gone at once where it is 0.
pub fn write(
    scope: &CookieScope,
    name: &str,
    value: &str,
    max_age_seconds: Option<u32>,
) -> Option<HeaderValue> {
    let mut line = format!("{name}={value}; Path={}; HttpOnly; SameSite=Lax", scope.path);
    if let Some(seconds) = max_age_seconds {
        line.push_str(&format!("; Max-Age={seconds}"));
    }
    if scope.secure {
        line.push_str("; Secure");
    }
    HeaderValue::from_str(&line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_is_read() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; XSRF-TOKEN=t; a=2"));
        assert_eq!(read(&headers, "a"), Some("1"));
        assert_eq!(read(&headers, "XSRF-TOKEN"), Some("t"));
        assert_eq!(read(&headers, "b"), None);
    }

    #[test]
    fn a_cookie_is_never_open_to_scripts() {
        let scope = CookieScope { path: String::from("/auth/shop"), secure: true };
        let line = write(&scope, "cognito", "v", Some(3600)).expect("a header");
        assert_eq!(line, "cognito=v; Path=/auth/shop; HttpOnly; SameSite=Lax; Max-Age=3600; Secure");
    }
}
