//! After someone was confirmed, or has a new password after forgetting the old one.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Event, TriggerFailed, call, user_attributes};
use crate::{directory::Pool, rows::UserRow, service::Service};

/// `source` is `PostConfirmation_ConfirmSignUp` or `PostConfirmation_ConfirmForgotPassword`. The change stands, whatever
/// the function says: it was committed before; the caller is told of the failure all the same, as on AWS.
pub async fn tell(
    service: &Service,
    pool: &Pool,
    client_id: &str,
    user: &UserRow,
    source: &'static str,
    client_metadata: &BTreeMap<String, String>,
) -> Result<(), TriggerFailed> {
    let config = pool.pool.lambda_config.as_ref();
    let Some(function) = config.and_then(|config| config.post_confirmation.as_deref()) else { return Ok(()) };
    let event = Event {
        trigger: "PostConfirmation",
        function,
        source,
        version: "1",
        username: &user.username,
        client_id,
        request: json!({ "userAttributes": user_attributes(user), "clientMetadata": client_metadata }),
        response: json!({}),
    };
    call(service, pool, event).await.map(drop)
}
