//! `/login`: username and password.

use axum::{body::Bytes, extract::State, response::Response};
use http::StatusCode;
use minijinja::context;

use super::authorize;
use crate::{
    Hosted,
    authorization_request::Parameters,
    engine,
    pages::{self, Notice, forms},
    visit::Errand,
};

pub async fn show(State(hosted): State<Hosted>, errand: Errand) -> Response {
    if errand.request.prompt.as_deref() != Some("login") {
        match authorize::remembered(&hosted, &errand).await {
            Ok(Some(answer)) | Err(answer) => return answer,
            Ok(None) => {}
        }
    }
    let hint = errand.request.login_hint.clone().unwrap_or_default();
    errand.keep(page(&errand, StatusCode::OK, &Notice::default(), &hint))
}

pub async fn submit(State(hosted): State<Hosted>, errand: Errand, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    if let Some(answer) = errand.refuse_form(&form) {
        return answer;
    }
    let username = form.get("username").unwrap_or_default().trim();
    let Some(password) = form.get("password").filter(|_| !username.is_empty()) else {
        let notice = Notice::error("Enter your username and your password.");
        return errand.keep(page(&errand, StatusCode::BAD_REQUEST, &notice, username));
    };
    match engine::sign_in(&hosted, &errand, username, password).await {
        Ok(outcome) => engine::follow(&hosted, &errand, username, outcome).await,
        Err(error) if error.code == "UserNotConfirmedException" => {
            engine::ask_for_confirmation(&hosted, &errand, username).await
        }
        Err(error) if error.code == "PasswordResetRequiredException" => {
            engine::ask_for_reset(&hosted, &errand, username).await
        }
        Err(error) => {
            let status = engine::page_status(&error);
            errand.keep(page(&errand, status, &Notice::error(engine::sentence(&error)), username))
        }
    }
}

pub fn page(errand: &Errand, status: StatusCode, notice: &Notice, username: &str) -> Response {
    let (label, kind) = forms::username_label(&errand.visit.pool);
    let values = context! {
        username_label => label,
        username_type => kind,
        username => username,
        can_sign_up => !errand.visit.pool.admin_creates_users_only(),
    };
    pages::render(status, &errand.frame(), "login.html", "Sign in", notice, values)
}
