//! Whose second factor is being set up.

use std::sync::Arc;

use facts::cognito_idp::errors::Common;
use serde_json::json;
use store::Versioned;

use crate::{
    challenges::mfa,
    directory::{Client, Pool},
    flows::Session,
    raise::{NotAuthorizedException, Raise, ResourceNotFoundException, invalid, not_authorized},
    rows::UserRow,
    service::Service,
    tokens::access,
};

pub struct Owner {
    pub pool: Arc<Pool>,
    pub user: Versioned<UserRow>,
    /// Where a sign-in waits for it.
    pub session: Option<Waiting>,
}

/// The session of an `MFA_SETUP` challenge, on its way through the two operations.
pub struct Waiting {
    pool: Arc<Pool>,
    client: Arc<Client>,
    session: Session,
}

/// By access token, or by the session of an `MFA_SETUP` challenge. AWS takes one of the two.
pub async fn owner<E>(
    service: &Service,
    access_token: Option<&str>,
    session: Option<&str>,
) -> Result<Owner, Raise<E>>
where
    E: Common + From<NotAuthorizedException> + From<ResourceNotFoundException>,
{
    match (access_token, session) {
        (Some(token), None) => {
            let holder = access::authorize_or_gone(service, token).await?;
            Ok(Owner { pool: holder.pool, user: holder.user, session: None })
        }
        (None, Some(text)) => by_session(service, text).await,
        _ => Err(invalid("Exactly one of AccessToken and Session is required.")),
    }
}

async fn by_session<E>(service: &Service, text: &str) -> Result<Owner, Raise<E>>
where
    E: Common + From<NotAuthorizedException> + From<ResourceNotFoundException>,
{
    let (pool, client) = service.directory.client(Session::client_id(text)).await?;
    let session = Session::open(service, &pool, &client, mfa::SETUP, text)?;
    let user = service.store.get::<UserRow>(pool.id(), &session.username_key).await?;
    // Once a factor is set up, an older session does not set up another in its place.
    let user = user.filter(|user| {
        session.sub.as_deref() == Some(user.value.sub.as_str())
            && user.value.enabled
            && mfa::wanted(&pool, &user.value) == Some(mfa::Wanted::Setup)
    });
    let user = user.ok_or_else(|| not_authorized("Invalid session for the user."))?;
    let session = Some(Waiting { pool: Arc::clone(&pool), client, session });
    Ok(Owner { pool, user, session })
}

impl Waiting {
    /// For the next of the two operations.
    pub fn again<E>(&self, service: &Service) -> Result<String, Raise<E>> {
        self.session.seal(service, &self.pool, &self.client)
    }

    /// For the answer to the challenge.
    pub fn satisfied<E>(mut self, service: &Service) -> Result<String, Raise<E>> {
        self.session.state = json!(mfa::SET_UP);
        self.session.seal(service, &self.pool, &self.client)
    }
}
