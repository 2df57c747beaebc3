//! The three functions of custom authentication: what comes next, what is asked, and whether the answer is right
//! ("Custom authentication challenge Lambda triggers").

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Event, TriggerFailed, call, user_attributes};
use crate::{
    flows::{Attempt, SignInError},
    raise::{InvalidUserPoolConfigurationException, Raise},
    rows::UserRow,
};

/// One round that is over, as `request.session` shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    pub challenge_name: String,
    pub challenge_result: bool,
    pub challenge_metadata: Option<String>,
}

pub struct Next {
    pub challenge: Option<String>,
    pub issue_tokens: bool,
    pub fail: bool,
}

pub struct Posed {
    pub public: Map<String, Value>,
    pub private: Value,
    pub metadata: Option<String>,
}

/// `user` is `None` for someone who does not exist, where the client hides that.
pub async fn define(
    attempt: &Attempt<'_>,
    username: &str,
    user: Option<&UserRow>,
    rounds: &[Round],
) -> Result<Next, Raise<SignInError>> {
    let function = configured(attempt, |config| config.define_auth_challenge.as_deref())?;
    let event = Event {
        trigger: "DefineAuthChallenge",
        source: "DefineAuthChallenge_Authentication",
        response: json!({ "challengeName": null, "issueTokens": null, "failAuthentication": null }),
        ..event(attempt, function, username, user, json!({ "session": rounds }))
    };
    let response = call(attempt.service, attempt.pool, event).await?;
    let says = |name: &str| response.get(name).and_then(Value::as_bool).unwrap_or(false);
    Ok(Next {
        challenge: response.get("challengeName").and_then(Value::as_str).map(str::to_owned),
        issue_tokens: says("issueTokens"),
        fail: says("failAuthentication"),
    })
}

pub async fn create(
    attempt: &Attempt<'_>,
    username: &str,
    user: Option<&UserRow>,
    challenge: &str,
    rounds: &[Round],
) -> Result<Posed, Raise<SignInError>> {
    let function = configured(attempt, |config| config.create_auth_challenge.as_deref())?;
    let request = json!({ "challengeName": challenge, "session": rounds });
    let event = Event {
        trigger: "CreateAuthChallenge",
        source: "CreateAuthChallenge_Authentication",
        response: json!({
            "publicChallengeParameters": null,
            "privateChallengeParameters": null,
            "challengeMetadata": null,
        }),
        ..event(attempt, function, username, user, request)
    };
    let mut response = call(attempt.service, attempt.pool, event).await?;
    let public = match response.remove("publicChallengeParameters") {
        Some(Value::Object(public)) => public,
        _ => Map::new(),
    };
    Ok(Posed {
        public,
        private: response.remove("privateChallengeParameters").unwrap_or(Value::Null),
        metadata: response.get("challengeMetadata").and_then(Value::as_str).map(str::to_owned),
    })
}

pub async fn verify(
    attempt: &Attempt<'_>,
    username: &str,
    user: Option<&UserRow>,
    private: &Value,
    answer: &str,
) -> Result<bool, Raise<SignInError>> {
    let function = configured(attempt, |config| config.verify_auth_challenge_response.as_deref())?;
    let request = json!({ "privateChallengeParameters": private, "challengeAnswer": answer });
    let event = Event {
        trigger: "VerifyAuthChallengeResponse",
        source: "VerifyAuthChallengeResponse_Authentication",
        response: json!({ "answerCorrect": null }),
        ..event(attempt, function, username, user, request)
    };
    let response = call(attempt.service, attempt.pool, event).await.map_err(|failed| match failed {
        TriggerFailed::Refused(message) => TriggerFailed::Refused(message),
        other => other,
    })?;
    Ok(response.get("answerCorrect").and_then(Value::as_bool).unwrap_or(false))
}

fn configured<'a>(
    attempt: &'a Attempt<'_>,
    of: impl Fn(&'a facts::cognito_idp::LambdaConfigType) -> Option<&'a str>,
) -> Result<&'a str, InvalidUserPoolConfigurationException> {
    attempt.pool.pool.lambda_config.as_ref().and_then(of).ok_or_else(|| {
        InvalidUserPoolConfigurationException(String::from(
            "Custom auth lambda trigger is not configured for the user pool.",
        ))
    })
}

fn event<'a>(
    attempt: &'a Attempt<'_>,
    function: &'a str,
    username: &'a str,
    user: Option<&UserRow>,
    mut request: Value,
) -> Event<'a> {
    request["userAttributes"] = user.map_or_else(|| json!({}), user_attributes);
    request["userNotFound"] = json!(user.is_none());
    request["clientMetadata"] = json!(attempt.door.client_metadata);
    Event {
        trigger: "",
        function,
        source: "",
        version: "1",
        username,
        client_id: attempt.client.id(),
        request,
        response: Value::Null,
    }
}
