//! `/resendcode`: the confirmation code once more.

use axum::{body::Bytes, extract::State, response::Response};
use http::StatusCode;
use serde_json::json;

use super::confirm_user;
use crate::{
    Hosted,
    authorization_request::Parameters,
    engine, pages,
    steps::Step,
    visit::{Errand, redirect},
};

pub async fn submit(State(hosted): State<Hosted>, errand: Errand, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    if let Some(answer) = errand.refuse_form(&form) {
        return answer;
    }
    let (held, _) = confirm_user::whose(&hosted, &errand);
    let Some(username) = held.clone().or_else(|| form.get("username").map(|name| name.trim().to_owned()))
    else {
        return redirect(&errand.to("confirmUser"));
    };
    match engine::call(&hosted, &errand, "ResendConfirmationCode", &username, json!({ "Username": username }))
        .await
    {
        Ok(answer) => {
            let page = "confirmUser";
            if held.is_some() {
                let sent = engine::where_sent(&answer);
                let mut response = errand.go_on(&hosted, page, Step::ConfirmSignUp { username, sent });
                let address = format!("{}&resent=1", errand.to(page));
                if let Ok(address) = http::HeaderValue::from_str(&address) {
                    response.headers_mut().insert(http::header::LOCATION, address);
                }
                return response;
            }
            redirect(&format!("{}&resent=1", errand.to(page)))
        }
        Err(error) => errand.keep(pages::message(
            match error.status {
                400 => StatusCode::BAD_REQUEST,
                _ => engine::page_status(&error),
            },
            &errand.frame(),
            "No code was sent",
            &engine::sentence(&error),
            Some((&errand.to("confirmUser"), "Back")),
        )),
    }
}
