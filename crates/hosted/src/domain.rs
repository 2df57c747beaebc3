//! Which domain a request came to, as the front door told it apart.

use crate::cookies::CookieScope;

/// Put into a request's extensions by the front door, for both forms: `http://<domain>.auth.<region>.<base>/…` and
/// `http://<base>/auth/<domain>/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedDomain {
    pub domain: String,
    /// What stands before `/login` in an address: empty in the host form, `/auth/<domain>` in the path form.
    pub base_path: String,
    /// Scheme, host and port as the browser sees them, such as `http://localhost:4747`.
    pub origin: String,
    /// Whether the browser speaks TLS to us, by the configured base URL.
    pub secure: bool,
}

impl HostedDomain {
    pub fn cookie_scope(&self) -> CookieScope {
        let path = if self.base_path.is_empty() { String::from("/") } else { self.base_path.clone() };
        CookieScope { path, secure: self.secure }
    }
}
