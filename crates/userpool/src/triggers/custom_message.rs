//! Before a message goes out: the function may put it in its own words.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Event, TriggerFailed, call, user_attributes};
use crate::{directory::Pool, rows::UserRow, service::Service};

/// What the function would rather say; `None` leaves the pool's words.
#[derive(Debug, Default)]
pub struct Words {
    pub sms: Option<String>,
    pub email: Option<String>,
    pub subject: Option<String>,
}

/// `source`: `CustomMessage_SignUp`, `…_ResendCode`, `…_ForgotPassword`, `…_UpdateUserAttribute`,
/// `…_VerifyUserAttribute`, `…_Authentication`, `…_AdminCreateUser`.
pub async fn ask(
    service: &Service,
    pool: &Pool,
    client_id: &str,
    user: &UserRow,
    source: &'static str,
    client_metadata: &BTreeMap<String, String>,
) -> Result<Words, TriggerFailed> {
    let config = pool.pool.lambda_config.as_ref();
    let Some(function) = config.and_then(|config| config.custom_message.as_deref()) else {
        return Ok(Words::default());
    };
    let invites = source == "CustomMessage_AdminCreateUser";
    let event = Event {
        trigger: "CustomMessage",
        function,
        source,
        version: "1",
        username: &user.username,
        client_id,
        request: json!({
            "userAttributes": user_attributes(user),
            "codeParameter": "{####}",
            "linkParameter": "{##Click Here##}",
            "usernameParameter": if invites { json!("{username}") } else { Value::Null },
            "clientMetadata": client_metadata,
        }),
        response: json!({ "smsMessage": null, "emailMessage": null, "emailSubject": null }),
    };
    let response = call(service, pool, event).await?;
    let text = |name: &str| {
        response.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Ok(Words { sms: text("smsMessage"), email: text("emailMessage"), subject: text("emailSubject") })
}
