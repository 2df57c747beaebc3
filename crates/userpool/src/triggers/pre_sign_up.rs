//! Before someone is signed up: the function may refuse, or spare them the confirmation.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Event, TriggerFailed, call};
use crate::{directory::Pool, service::Service};

#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    pub confirm: bool,
    pub verify_email: bool,
    pub verify_phone: bool,
}

pub struct Asked<'a> {
    /// `PreSignUp_SignUp`, `PreSignUp_AdminCreateUser`, `PreSignUp_ExternalProvider`
    pub source: &'static str,
    pub username: &'a str,
    pub client_id: &'a str,
    pub attributes: &'a BTreeMap<String, String>,
    pub validation_data: &'a BTreeMap<String, String>,
    pub client_metadata: &'a BTreeMap<String, String>,
}

pub async fn ask(service: &Service, pool: &Pool, asked: Asked<'_>) -> Result<Verdict, TriggerFailed> {
    let Some(function) = pool.pool.lambda_config.as_ref().and_then(|config| config.pre_sign_up.as_deref())
    else {
        return Ok(Verdict::default());
    };
    let event = Event {
        trigger: "PreSignUp",
        function,
        source: asked.source,
        version: "1",
        username: asked.username,
        client_id: asked.client_id,
        request: json!({
            "userAttributes": asked.attributes,
            "validationData": asked.validation_data,
            "clientMetadata": asked.client_metadata,
        }),
        response: json!({ "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false }),
    };
    let response = call(service, pool, event).await?;
    let says = |name: &str| response.get(name).and_then(Value::as_bool).unwrap_or(false);
    Ok(Verdict {
        confirm: says("autoConfirmUser"),
        verify_email: says("autoVerifyEmail"),
        verify_phone: says("autoVerifyPhone"),
    })
}
