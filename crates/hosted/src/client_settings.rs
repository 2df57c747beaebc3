//! What an app client's configuration says about OAuth, as the endpoints read it.

/// The OAuth half of an app client (Amazon Cognito API Reference, "UserPoolClientType").
#[derive(Clone, Debug, Default)]
pub struct ClientSettings {
    pub client_id: String,
    pub client_name: String,
    pub has_secret: bool,
    /// `AllowedOAuthFlowsUserPoolClient`: without it, no OAuth endpoint answers for this client.
    pub oauth_enabled: bool,
    /// `code`, `implicit`, `client_credentials`.
    pub flows: Vec<String>,
    pub scopes: Vec<String>,
    pub callback_urls: Vec<String>,
    pub logout_urls: Vec<String>,
    pub default_redirect_uri: Option<String>,
    /// `COGNITO`, and the names of others.
    pub identity_providers: Vec<String>,
}

impl ClientSettings {
    pub fn allows_flow(&self, flow: &str) -> bool {
        self.oauth_enabled && self.flows.iter().any(|allowed| allowed == flow)
    }

    pub fn signs_in_here(&self) -> bool {
        self.identity_providers.iter().any(|provider| provider == "COGNITO")
    }

    /// Exact comparison, character by character (RFC 9700, section 2.1): no prefix, no pattern, no normalisation. A port
    /// that differs, a trailing slash or a letter's case is another address.
    pub fn is_callback(&self, redirect_uri: &str) -> bool {
        self.callback_urls.iter().any(|registered| registered == redirect_uri)
    }

    pub fn is_logout_target(&self, logout_uri: &str) -> bool {
        self.logout_urls.iter().any(|registered| registered == logout_uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_of_a_callback_are_refused() {
        let client = ClientSettings {
            callback_urls: vec![String::from("https://app.example.com/cb")],
            ..ClientSettings::default()
        };
        assert!(client.is_callback("https://app.example.com/cb"));
        for near in [
            "https://app.example.com/cb/",
            "https://app.example.com/cb?x=1",
            "https://app.example.com/cb#f",
            "https://app.example.com/CB",
            "https://APP.example.com/cb",
            "http://app.example.com/cb",
            "https://app.example.com:443/cb",
            "https://app.example.com.evil.example/cb",
            "https://app.example.com@evil.example/cb",
            "https://app.example.com/cb/../cb",
            "https://app.example.com/%63b",
            "https://app.example.com\\@evil.example/cb",
            " https://app.example.com/cb",
            "https://app.example.com/cb\n",
            "",
        ] {
            assert!(!client.is_callback(near), "{near:?}");
        }
    }
}
