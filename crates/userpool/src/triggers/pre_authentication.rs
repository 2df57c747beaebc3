//! Before a password is looked at: the function may refuse.

use serde_json::json;

use super::{Event, TriggerFailed, call, user_attributes};
use crate::{flows::Attempt, rows::UserRow};

pub async fn ask(attempt: &Attempt<'_>, user: &UserRow) -> Result<(), TriggerFailed> {
    let config = attempt.pool.pool.lambda_config.as_ref();
    let Some(function) = config.and_then(|config| config.pre_authentication.as_deref()) else {
        return Ok(());
    };
    let event = Event {
        trigger: "PreAuthentication",
        function,
        source: "PreAuthentication_Authentication",
        version: "1",
        username: &user.username,
        client_id: attempt.client.id(),
        request: json!({
            "userAttributes": user_attributes(user),
            "validationData": attempt.door.client_metadata,
            "userNotFound": false,
        }),
        response: json!({}),
    };
    call(attempt.service, attempt.pool, event).await.map(drop)
}
