//! Once everything that was asked is answered: the function may still refuse.

use serde_json::json;

use super::{Event, TriggerFailed, call, user_attributes};
use crate::{flows::Attempt, rows::UserRow};

pub async fn tell(attempt: &Attempt<'_>, user: &UserRow) -> Result<(), TriggerFailed> {
    let config = attempt.pool.pool.lambda_config.as_ref();
    let Some(function) = config.and_then(|config| config.post_authentication.as_deref()) else {
        return Ok(());
    };
    let event = Event {
        trigger: "PostAuthentication",
        function,
        source: "PostAuthentication_Authentication",
        version: "1",
        username: &user.username,
        client_id: attempt.client.id(),
        request: json!({
            "userAttributes": user_attributes(user),
            "newDeviceUsed": false,
            "clientMetadata": attempt.door.client_metadata,
        }),
        response: json!({}),
    };
    call(attempt.service, attempt.pool, event).await.map(drop)
}
