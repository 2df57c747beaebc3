//! `/confirmForgotPassword`: the code and a new password.

use axum::{body::Bytes, extract::State, response::Response};
use http::StatusCode;
use minijinja::context;
use serde_json::json;

use super::login;
use crate::{
    Hosted,
    authorization_request::Parameters,
    engine,
    pages::{self, Notice, forms},
    steps::{self, Step},
    visit::{Errand, add_cookie, redirect},
};

pub async fn show(State(hosted): State<Hosted>, errand: Errand) -> Response {
    match errand.step(&hosted) {
        Some(Step::ResetPassword { sent, .. }) => {
            errand.keep(page(&errand, StatusCode::OK, &Notice::default(), &sent))
        }
        _ => redirect(&errand.to("forgotPassword")),
    }
}

pub async fn submit(State(hosted): State<Hosted>, errand: Errand, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    if let Some(answer) = errand.refuse_form(&form) {
        return answer;
    }
    let Some(Step::ResetPassword { username, sent }) = errand.step(&hosted) else {
        return redirect(&errand.to("forgotPassword"));
    };
    let (Some(code), Some(password)) = (form.get("code"), form.get("password")) else {
        let notice = Notice::error("Enter the code and a new password.");
        return errand.keep(page(&errand, StatusCode::BAD_REQUEST, &notice, &sent));
    };
    let input = json!({ "Username": username, "ConfirmationCode": code.trim(), "Password": password });
    match engine::call(&hosted, &errand, "ConfirmForgotPassword", &username, input).await {
        Ok(_) => {
            let notice = Notice::information("Your password is changed. Sign in with the new one.");
            let mut response = login::page(&errand, StatusCode::OK, &notice, &username);
            add_cookie(&mut response, steps::clear(&errand.visit.domain));
            errand.keep(response)
        }
        Err(error) => {
            let notice = Notice::error(engine::sentence(&error));
            errand.keep(page(&errand, engine::page_status(&error), &notice, &sent))
        }
    }
}

fn page(errand: &Errand, status: StatusCode, notice: &Notice, sent: &str) -> Response {
    let (password_minimum, password_rules) = forms::password_rules(&errand.visit.pool);
    let values =
        context! { sent => sent, password_minimum => password_minimum, password_rules => password_rules };
    pages::render(
        status,
        &errand.frame(),
        "confirm_forgot_password.html",
        "Set a new password",
        notice,
        values,
    )
}
