//! GlobalSignOut: every sign-in of one's own ends, everywhere.

use base::Caller;
use facts::cognito_idp::{GlobalSignOutError, GlobalSignOutRequest, GlobalSignOutResponse};

use crate::{
    raise::Raise,
    service::Service,
    tokens::{self, access},
};

pub async fn global_sign_out(
    service: &Service,
    _caller: &Caller,
    input: GlobalSignOutRequest,
) -> Result<GlobalSignOutResponse, Raise<GlobalSignOutError>> {
    let holder = access::authorize_or_gone(service, &input.access_token).await?;
    tokens::revoke_all(service, &holder.user).await?;
    Ok(GlobalSignOutResponse::default())
}
