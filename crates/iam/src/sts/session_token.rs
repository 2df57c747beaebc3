//! GetSessionToken: temporary keys for the same user.

use base::Caller;
use facts::sts;

use super::{access_denied, credentials};
use crate::{Inner, PrincipalKind, failure::Failure, rows::KeyOwner, session::SessionHolder};

/// Seconds. The root user gets an hour at most.
const DEFAULT: i64 = 12 * 3600;
const ROOT_LONGEST: i64 = 3600;

impl Inner {
    pub(super) async fn session_token(
        &self,
        caller: &Caller,
        input: sts::GetSessionTokenRequest,
    ) -> Result<sts::GetSessionTokenResponse, Failure> {
        if input.serial_number.is_some() || input.token_code.is_some() {
            let text = "MultiFactorAuthentication failed, unable to validate MFA code.";
            return Err(access_denied(String::from(text)));
        }
        let principal = self.principal_of(&caller.identity).await?;
        let seconds = input.duration_seconds.unwrap_or(DEFAULT);
        let (owner, seconds) = match principal.kind {
            PrincipalKind::Root => (KeyOwner::Root, seconds.min(ROOT_LONGEST)),
            PrincipalKind::User { name } => (KeyOwner::User { name, id: principal.user_id }, seconds),
            PrincipalKind::AssumedRole { .. } => {
                return Err(access_denied(String::from(
                    "Cannot call GetSessionToken with session credentials",
                )));
            }
        };
        let keys = self.new_session(SessionHolder::Owner { owner }, seconds, Vec::new())?;
        Ok(sts::GetSessionTokenResponse {
            credentials: Some(credentials(&keys)),
            ..sts::GetSessionTokenResponse::default()
        })
    }
}
