//! Who may read and write what ("Attribute permissions and scopes").

use crate::directory::Client;

/// What the server alone writes, whatever a client's `WriteAttributes` say.
const OURS: [&str; 5] =
    ["sub", "email_verified", "phone_number_verified", "identities", "cognito:user_status"];

/// A client that lists no `ReadAttributes` reads everything but what is for developers alone.
pub fn is_readable(client: &Client, name: &str) -> bool {
    match client.client.read_attributes.as_deref() {
        Some(names) if !names.is_empty() => names.iter().any(|readable| readable == name),
        _ => !name.starts_with("dev:"),
    }
}

/// A client that lists no `WriteAttributes` writes everything but what is the server's or for developers alone.
pub fn is_writable(client: &Client, name: &str) -> bool {
    if OURS.contains(&name) || name.starts_with("dev:") {
        return false;
    }
    match client.client.write_attributes.as_deref() {
        Some(names) if !names.is_empty() => names.iter().any(|writable| writable == name),
        _ => true,
    }
}
