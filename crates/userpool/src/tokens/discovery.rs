//! What a pool tells about itself to whoever checks its tokens.

use serde_json::{Value, json};

use crate::{UserPools, raise::Raise};

impl UserPools {
    /// `/<poolId>/.well-known/jwks.json` (RFC 7517, section 5).
    pub async fn jwks(&self, pool_id: &str) -> Result<Value, base::AwsError> {
        let found: Result<Value, Raise<facts::WireError>> = async {
            self.service().directory.pool(pool_id).await?;
            Ok(self.service().keys.of(pool_id).await?.jwks.clone())
        }
        .await;
        found.map_err(Raise::into_aws)
    }

    /// `/<poolId>/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, section 3). The endpoints are those of
    /// the pool's domain; without one, only what needs none is there.
    pub async fn openid_configuration(&self, pool_id: &str) -> Result<Value, base::AwsError> {
        let service = self.service();
        let pool = service.directory.pool::<facts::WireError>(pool_id).await.map_err(Raise::into_aws)?;
        let base = &service.config.base_url;
        let mut document = json!({
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": service.config.issuer_of(pool_id),
            "jwks_uri": format!("{base}/{pool_id}/.well-known/jwks.json"),
            "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code", "implicit", "refresh_token"],
        });
        let domain = pool.pool.custom_domain.as_ref().or(pool.pool.domain.as_ref());
        if let (Some(domain), Some(fields)) = (domain, document.as_object_mut()) {
            for (name, path) in [
                ("authorization_endpoint", "oauth2/authorize"),
                ("end_session_endpoint", "logout"),
                ("revocation_endpoint", "oauth2/revoke"),
                ("token_endpoint", "oauth2/token"),
                ("userinfo_endpoint", "oauth2/userInfo"),
            ] {
                fields.insert(name.to_owned(), json!(format!("{base}/auth/{domain}/{path}")));
            }
        }
        Ok(document)
    }
}
