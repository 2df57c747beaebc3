//! The pages' door to the sign-in engine and to the operations that apps call themselves: no rule of a sign-in is
//! written in this room.

use std::collections::BTreeMap;

use axum::response::Response;
use base::{AwsError, Secret};
use http::StatusCode;
use serde_json::{Value, json};
use userpool::{
    Client,
    flows::{Answer, Challenge, Door, Opening, SignedIn, Step as SignInStep},
    rows::{UserRow, UserStatus},
};

use crate::{
    Hosted, browser_session,
    endpoints::{forgot_password, login},
    grants,
    pages::{self, Notice},
    rows::HostedSessionRow,
    steps::{self, Step},
    visit::{Errand, Visit, add_cookie},
};

pub async fn sign_in(
    hosted: &Hosted,
    errand: &Errand,
    username: &str,
    password: &str,
) -> Result<SignInStep, AwsError> {
    let opening =
        Opening::Password { username: username.to_owned(), password: Secret::new(password.to_owned()) };
    hosted.user_pools.sign_in(&door(errand), errand.client.id(), opening).await
}

pub async fn answer(
    hosted: &Hosted,
    errand: &Errand,
    challenge: &str,
    session: &str,
    username: &str,
    responses: Vec<(String, String)>,
) -> Result<SignInStep, AwsError> {
    let mut responses: BTreeMap<String, String> = responses.into_iter().collect();
    responses.insert(String::from("USERNAME"), username.to_owned());
    let answer = Answer { challenge: challenge.to_owned(), session: Some(session.to_owned()), responses };
    hosted.user_pools.answer_challenge(&door(errand), errand.client.id(), answer).await
}

/// One of the operations that AWS leaves unsigned, for this client.
pub async fn call(
    hosted: &Hosted,
    errand: &Errand,
    operation: &str,
    username: &str,
    input: Value,
) -> Result<Value, AwsError> {
    call_for(hosted, &errand.visit, &errand.client, operation, username, input).await
}

/// The same without an authorization request: what a link in a message leads to has none.
pub async fn call_for(
    hosted: &Hosted,
    visit: &Visit,
    client: &Client,
    operation: &str,
    username: &str,
    mut input: Value,
) -> Result<Value, AwsError> {
    input["ClientId"] = client.id().into();
    if let Some(hash) = client.secret_hash(username) {
        input["SecretHash"] = hash.into();
    }
    hosted.user_pools.call(operation, &visit.caller, input).await
}

/// Goes where the engine says: back to the app, or to the page that asks for what is missing.
pub async fn follow(hosted: &Hosted, errand: &Errand, username: &str, step: SignInStep) -> Response {
    match step {
        SignInStep::SignedIn(who) => welcome(hosted, errand, &who).await,
        SignInStep::Challenge(challenge) => pose(hosted, errand, username, challenge),
        // The pages' door ends in SignedIn.
        SignInStep::Tokens(_) => {
            pages::failure(&errand.visit.domain, "the engine handed tokens to the pages")
        }
    }
}

/// Remembers the browser and sends it back to the app.
async fn welcome(hosted: &Hosted, errand: &Errand, who: &SignedIn) -> Response {
    let visit = &errand.visit;
    let begun = browser_session::begin(
        &hosted.store,
        hosted.rng.as_ref(),
        &visit.domain,
        who.at,
        visit.pool.id(),
        &who.username_key,
        &who.sub,
    );
    let cookie = match begun.await {
        Ok(cookie) => cookie,
        Err(error) => return pages::failure(&visit.domain, &error.to_string()),
    };
    match grants::answer(hosted, errand, who).await {
        Ok(mut response) => {
            add_cookie(&mut response, cookie);
            add_cookie(&mut response, steps::clear(&visit.domain));
            response
        }
        Err(response) => response,
    }
}

fn pose(hosted: &Hosted, errand: &Errand, username: &str, challenge: Challenge) -> Response {
    let Challenge { name, session, parameters } = challenge;
    let username = username.to_owned();
    let session = session.unwrap_or_default();
    match name.as_str() {
        "NEW_PASSWORD_REQUIRED" => {
            let missing: Vec<String> = parameters
                .get("requiredAttributes")
                .and_then(|list| serde_json::from_str(list).ok())
                .unwrap_or_default();
            let attributes =
                missing.iter().map(|name| name.trim_start_matches("userAttributes.").to_owned()).collect();
            errand.go_on(hosted, "changePassword", Step::NewPassword { username, session, attributes })
        }
        "SOFTWARE_TOKEN_MFA" | "SMS_MFA" | "EMAIL_OTP" => {
            let sent = match parameters.get("CODE_DELIVERY_DESTINATION") {
                Some(destination) => format!("We sent a code to {destination}."),
                None => String::from("Enter the code that your authenticator app shows."),
            };
            errand.go_on(hosted, "mfa", Step::OneTimeCode { challenge: name, username, session, sent })
        }
        _ => pages::message(
            StatusCode::NOT_IMPLEMENTED,
            &errand.frame(),
            "Not built yet",
            "This account signs in with a step that these pages cannot ask for yet. The app's own sign-in may.",
            Some((&errand.to("login"), "Back to sign in")),
        ),
    }
}

/// Someone just confirmed, in the browser in which they chose their password a moment ago: they are signed in, unless
/// the pool wants a second factor, which the login page asks for.
pub async fn finish_sign_up(hosted: &Hosted, errand: &Errand, username: &str) -> Response {
    match signed_up(hosted, errand, username).await {
        Ok(Some(who)) => welcome(hosted, errand, &who).await,
        Ok(None) => {
            let notice = Notice::information("Your account is confirmed. Sign in to go on.");
            let mut response = login::page(errand, StatusCode::OK, &notice, username);
            add_cookie(&mut response, steps::clear(&errand.visit.domain));
            errand.keep(response)
        }
        Err(error) => pages::failure(&errand.visit.domain, &error.to_string()),
    }
}

async fn signed_up(hosted: &Hosted, errand: &Errand, username: &str) -> Result<Option<SignedIn>, AwsError> {
    if errand.visit.pool.mfa_configuration() != "OFF" {
        return Ok(None);
    }
    let user = hosted.user_pools.find_user(errand.visit.pool.id(), username).await?;
    Ok(user.filter(may_go_on).map(|user| signed_in(errand, user)))
}

/// Who a remembered browser is, where they may still come in: not disabled, not deleted, not signed out everywhere since.
pub async fn remember(
    hosted: &Hosted,
    errand: &Errand,
    session: &HostedSessionRow,
) -> Result<Option<SignedIn>, AwsError> {
    let found = hosted.store.get::<UserRow>(errand.visit.pool.id(), &session.username_key).await;
    let user = found.map_err(|error| AwsError::with_status(503, "ServiceUnavailable", error.to_string()))?;
    let user = user.map(|row| row.value).filter(|user| {
        user.sub == session.sub && may_go_on(user) && session.signed_in_at >= user.tokens_valid_after
    });
    Ok(user.map(|user| SignedIn { at: session.signed_in_at, ..signed_in(errand, user) }))
}

fn may_go_on(user: &UserRow) -> bool {
    user.enabled && matches!(user.status, UserStatus::Confirmed | UserStatus::ExternalProvider)
}

fn signed_in(errand: &Errand, user: UserRow) -> SignedIn {
    SignedIn {
        user_pool_id: user.user_pool_id,
        username: user.username,
        username_key: user.username_key,
        sub: user.sub,
        at: errand.visit.now,
    }
}

/// Someone with the right password who never confirmed: a fresh code, and the page that takes it.
pub async fn ask_for_confirmation(hosted: &Hosted, errand: &Errand, username: &str) -> Response {
    let sent = match call(hosted, errand, "ResendConfirmationCode", username, json!({ "Username": username }))
        .await
    {
        Ok(answer) => where_sent(&answer),
        // The code of before may still be good.
        Err(_) => String::from("Enter the code from the message that we sent you."),
    };
    errand.go_on(hosted, "confirmUser", Step::ConfirmSignUp { username: username.to_owned(), sent })
}

/// A code to set a new password with. Where the client hides who exists, everybody sees the next page.
pub async fn ask_for_reset(hosted: &Hosted, errand: &Errand, username: &str) -> Response {
    match call(hosted, errand, "ForgotPassword", username, json!({ "Username": username })).await {
        Ok(answer) => {
            let step = Step::ResetPassword { username: username.to_owned(), sent: where_sent(&answer) };
            errand.go_on(hosted, "confirmForgotPassword", step)
        }
        Err(error) => {
            let notice = Notice::error(sentence(&error));
            errand.keep(forgot_password::page(errand, page_status(&error), &notice, username))
        }
    }
}

/// Where a code went, as far as the person may be told.
pub fn where_sent(answer: &Value) -> String {
    match answer["CodeDeliveryDetails"]["Destination"].as_str() {
        Some(destination) => format!("We sent a code to {destination}. Enter it here."),
        None => String::from("Enter the code from the message that we sent you."),
    }
}

/// An error in words for the person in front of the page: ours where AWS's name a rule of the API, AWS's otherwise.
pub fn sentence(error: &AwsError) -> String {
    match error.code.as_str() {
        "CodeMismatchException" => String::from("That code is not right. Check it and try again."),
        "ExpiredCodeException" => {
            String::from("That code is too old or was used already. Ask for a new one.")
        }
        "LimitExceededException" | "TooManyFailedAttemptsException" => {
            String::from("Too many attempts. Please wait a while and try again.")
        }
        "TooManyRequestsException" => {
            String::from("Many people are signing in right now. Try again in a moment.")
        }
        "UsernameExistsException" | "AliasExistsException" => {
            String::from("There is an account with these details already. Sign in instead.")
        }
        // "Password did not conform with policy: Password not long enough": the half that a person can use.
        "InvalidPasswordException" => match error.message.split_once(": ") {
            Some((_, complaint)) => format!("{}.", complaint.trim_end_matches('.')),
            None => error.message.clone(),
        },
        _ if error.status >= 500 => String::from("Something went wrong on our side. Try again in a moment."),
        _ => error.message.clone(),
    }
}

pub fn page_status(error: &AwsError) -> StatusCode {
    match error.code.as_str() {
        "TooManyRequestsException" => StatusCode::TOO_MANY_REQUESTS,
        "NotAuthorizedException" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST),
    }
}

fn door(errand: &Errand) -> Door {
    Door::hosted(errand.visit.caller.source_ip.clone())
}
