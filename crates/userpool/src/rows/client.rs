//! App clients.

use base::Timestamp;
use facts::cognito_idp::UserPoolClientType;
use serde::{Deserialize, Serialize};
use store::Collection;

/// The one partition of [`ClientIdRow`]: a client id is unique in the server.
pub const CLIENT_IDS: &str = "client_ids";

/// `client` is what `DescribeUserPoolClient` shows, but for the secret, which is never in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserPoolClientRow {
    pub user_pool_id: String,
    pub client_id: String,
    pub client: UserPoolClientType,
    /// None for a public client; more than one while secrets are rotated.
    pub secrets: Vec<ClientSecretRow>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientSecretRow {
    pub id: String,
    pub sealed: String,
    pub created_at: Timestamp,
}

impl Collection for UserPoolClientRow {
    const NAME: &'static str = "user_pool_client";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.client_id.clone()
    }
}

/// Which pool a client belongs to: requests name the client alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientIdRow {
    pub client_id: String,
    pub user_pool_id: String,
}

impl Collection for ClientIdRow {
    const NAME: &'static str = "user_pool_client_id";

    fn partition(&self) -> &str {
        CLIENT_IDS
    }

    fn key(&self) -> String {
        self.client_id.clone()
    }
}

impl UserPoolClientRow {
    /// An `ExplicitAuthFlows` entry, in its name of today: `ADMIN_NO_SRP_AUTH`, `USER_PASSWORD_AUTH` and
    /// `CUSTOM_AUTH_FLOW_ONLY` are the older spellings. A client that lists nothing has SRP, custom and refresh
    /// ("ExplicitAuthFlows", CreateUserPoolClient).
    pub fn allows(&self, flow: &str) -> bool {
        let flows = self.client.explicit_auth_flows.as_deref().unwrap_or_default();
        let named = |name: &str| flows.iter().any(|flow| flow == name);
        if flows.is_empty() {
            return matches!(flow, "ALLOW_USER_SRP_AUTH" | "ALLOW_CUSTOM_AUTH" | "ALLOW_REFRESH_TOKEN_AUTH");
        }
        let legacy = !flows.iter().any(|flow| flow.starts_with("ALLOW_"));
        named(flow)
            || match flow {
                "ALLOW_ADMIN_USER_PASSWORD_AUTH" => named("ADMIN_NO_SRP_AUTH"),
                "ALLOW_USER_PASSWORD_AUTH" => named("USER_PASSWORD_AUTH"),
                "ALLOW_USER_SRP_AUTH" => legacy && !named("CUSTOM_AUTH_FLOW_ONLY"),
                "ALLOW_CUSTOM_AUTH" | "ALLOW_REFRESH_TOKEN_AUTH" => legacy,
                _ => false,
            }
    }

    /// `PreventUserExistenceErrors: ENABLED`; a client that does not say is `LEGACY`.
    pub fn hides_users(&self) -> bool {
        self.client.prevent_user_existence_errors.as_deref() == Some("ENABLED")
    }

    /// Minutes that a sign-in may take from one step to the next.
    pub fn session_minutes(&self) -> i64 {
        self.client.auth_session_validity.unwrap_or(3)
    }

    pub fn revocation_enabled(&self) -> bool {
        self.client.enable_token_revocation.unwrap_or(true)
    }

    pub fn access_token_seconds(&self) -> i64 {
        let unit = self.client.token_validity_units.as_ref().and_then(|units| units.access_token.as_deref());
        seconds(self.client.access_token_validity, unit.unwrap_or("hours"), 3600)
    }

    pub fn id_token_seconds(&self) -> i64 {
        let unit = self.client.token_validity_units.as_ref().and_then(|units| units.id_token.as_deref());
        seconds(self.client.id_token_validity, unit.unwrap_or("hours"), 3600)
    }

    pub fn refresh_token_seconds(&self) -> i64 {
        let unit = self.client.token_validity_units.as_ref().and_then(|units| units.refresh_token.as_deref());
        seconds(self.client.refresh_token_validity, unit.unwrap_or("days"), 30 * 86_400)
    }

    /// Seconds for which a rotated refresh token is still good; `None` where tokens do not rotate.
    pub fn rotation_grace_seconds(&self) -> Option<i64> {
        let rotation = self.client.refresh_token_rotation.as_ref()?;
        (rotation.feature == "ENABLED").then(|| rotation.retry_grace_period_seconds.unwrap_or(0))
    }
}

fn seconds(amount: Option<i64>, unit: &str, default: i64) -> i64 {
    let scale = match unit {
        "seconds" => 1,
        "minutes" => 60,
        "hours" => 3600,
        _ => 86_400,
    };
    match amount {
        None | Some(0) => default,
        Some(amount) => amount.saturating_mul(scale),
    }
}
