//! Tokens for the OAuth endpoints: who signed in at the pages is known, what they may do was granted there.

use std::collections::BTreeMap;

use base::{AwsError, Boxed};
use ports::RngExt;
use serde_json::{Map, Value};
use store::Batch;

use super::{Grant, IssueRequest, Issued, Occasion, Refreshing, access, claims, prepare, refresh, revoke};
use crate::{
    UserPools,
    flows::SignInError,
    raise::{Raise, not_authorized},
    rows::UserRow,
};

impl UserPools {
    /// The tokens of a grant. Someone who was deleted or disabled, or signed out everywhere, since they signed in gets none.
    pub fn issue_tokens(&self, request: IssueRequest) -> Boxed<'_, Result<Issued, AwsError>> {
        Box::pin(async move { self.issue(request).await.map_err(Raise::into_aws) })
    }

    async fn issue(&self, request: IssueRequest) -> Result<Issued, Raise<SignInError>> {
        let service = self.service();
        let (pool, client) = service.directory.client(&request.client_id).await?;
        let user = service.store.get::<UserRow>(pool.id(), &request.username_key).await?;
        let user = user.filter(|user| {
            let user = &user.value;
            user.sub == request.sub && user.enabled && request.signed_in_at >= user.tokens_valid_after
        });
        let Some(user) = user else { return Err(not_authorized("User is disabled.")) };
        let grant = Grant {
            origin_jti: service.rng.uuid(),
            signed_in_at: request.signed_in_at,
            scopes: request.scopes,
            nonce: request.nonce,
            oauth: true,
            event_id: service.rng.uuid(),
        };
        let no_metadata = BTreeMap::new();
        let occasion = Occasion {
            pool: &pool,
            client: &client,
            user: &user.value,
            grant,
            trigger_source: "TokenGeneration_HostedAuth",
            client_metadata: &no_metadata,
            family: None,
            with_refresh_token: request.refresh_token,
        };
        let prepared = prepare(service, occasion).await?;
        let batch = Batch::new().insert(&prepared.family);
        let committed = async { service.store.commit(batch).await.map_err(Raise::from) };
        let ((), issued) = tokio::try_join!(committed, prepared.sign(service, &pool))?;
        Ok(issued)
    }

    /// The refresh grant (RFC 6749, section 6). The caller has authenticated the client.
    pub async fn refresh_tokens(&self, client_id: &str, refresh_token: &str) -> Result<Issued, AwsError> {
        let service = self.service();
        let refreshed = async {
            let (pool, client) = service.directory.client(client_id).await?;
            let refreshing = Refreshing {
                pool: &pool,
                client: &client,
                token: refresh_token,
                client_metadata: &BTreeMap::new(),
                check_user: &|_| Ok(()),
            };
            refresh(service, refreshing).await
        };
        refreshed.await.map_err(Raise::into_aws)
    }

    /// Whether it was a refresh token of this client; if so, its sign-in is over (RFC 7009). The caller has authenticated
    /// the client.
    pub async fn revoke_token(&self, client_id: &str, token: &str) -> Result<bool, AwsError> {
        let service = self.service();
        let revoked = async {
            let (pool, client) = service.directory.client::<SignInError>(client_id).await?;
            revoke(service, &pool, &client, token).await
        };
        revoked.await.map_err(Raise::into_aws)
    }

    /// What `/oauth2/userInfo` answers for an access token with `openid`; `NotAuthorizedException` for any other.
    pub async fn user_info(&self, access_token: &str) -> Result<Map<String, Value>, AwsError> {
        let told = async {
            let holder = access::holder::<SignInError>(self.service(), access_token).await?;
            let holder = holder.filter(|holder| holder.scopes.iter().any(|scope| scope == "openid"));
            let holder =
                holder.ok_or_else(|| not_authorized("Access Token does not have required scopes"))?;
            Ok(claims::user_info(&holder.client, &holder.user.value, &holder.scopes))
        };
        told.await.map_err(Raise::<SignInError>::into_aws)
    }

    /// What `iss` says in the pool's tokens.
    pub fn issuer(&self, pool_id: &str) -> String {
        self.service().config.issuer_of(pool_id)
    }
}
