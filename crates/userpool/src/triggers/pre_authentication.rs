//! Before a password is looked at: the function may refuse.

use serde_json::json;

use super::{Event, TriggerFailed, call, user_attributes};
use crate::flows::{Attempt, Person};

/// Asked about someone who does not exist too, where the client hides that: `userNotFound` says so.
pub async fn ask(attempt: &Attempt<'_>, person: &Person) -> Result<(), TriggerFailed> {
    let config = attempt.pool.pool.lambda_config.as_ref();
    let Some(function) = config.and_then(|config| config.pre_authentication.as_deref()) else {
        return Ok(());
    };
    let event = Event {
        trigger: "PreAuthentication",
        function,
        source: "PreAuthentication_Authentication",
        version: "1",
        username: person.name(),
        client_id: attempt.client.id(),
        request: json!({
            "userAttributes": person.user().map_or_else(|| json!({}), user_attributes),
            "validationData": attempt.door.client_metadata,
            "userNotFound": person.user().is_none(),
        }),
        response: json!({}),
    };
    call(attempt.service, attempt.pool, event).await.map(drop)
}
