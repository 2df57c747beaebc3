//! `/mfa`: the second factor, a code.

use axum::{body::Bytes, extract::State, response::Response};
use http::StatusCode;
use minijinja::context;

use super::login;
use crate::{
    Hosted,
    authorization_request::Parameters,
    engine,
    pages::{self, Notice},
    steps::Step,
    visit::{Errand, redirect},
};

pub async fn show(State(hosted): State<Hosted>, errand: Errand) -> Response {
    match errand.step(&hosted) {
        Some(Step::OneTimeCode { sent, .. }) => {
            errand.keep(page(&errand, StatusCode::OK, &Notice::default(), &sent))
        }
        _ => redirect(&errand.to("login")),
    }
}

pub async fn submit(State(hosted): State<Hosted>, errand: Errand, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    if let Some(answer) = errand.refuse_form(&form) {
        return answer;
    }
    let Some(Step::OneTimeCode { challenge, username, session, sent }) = errand.step(&hosted) else {
        return redirect(&errand.to("login"));
    };
    let Some(code) = form.get("code") else {
        return errand.keep(page(&errand, StatusCode::BAD_REQUEST, &Notice::error("Enter the code."), &sent));
    };
    let responses = vec![(format!("{challenge}_CODE"), code.trim().to_owned())];
    match engine::answer(&hosted, &errand, &challenge, &session, &username, responses).await {
        Ok(outcome) => engine::follow(&hosted, &errand, &username, outcome).await,
        Err(error) if error.code == "CodeMismatchException" => {
            let notice = Notice::error(engine::sentence(&error));
            errand.keep(page(&errand, StatusCode::BAD_REQUEST, &notice, &sent))
        }
        Err(error) => {
            let notice = Notice::error(engine::sentence(&error));
            errand.keep(login::page(&errand, engine::page_status(&error), &notice, &username))
        }
    }
}

fn page(errand: &Errand, status: StatusCode, notice: &Notice, sent: &str) -> Response {
    pages::render(
        status,
        &errand.frame(),
        "one_time_code.html",
        "One more step",
        notice,
        context! { sent => sent },
    )
}
