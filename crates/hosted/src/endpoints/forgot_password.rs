//! `/forgotPassword`: asks for a code to set a new password with.

use axum::{body::Bytes, extract::State, response::Response};
use http::StatusCode;
use minijinja::context;

use crate::{
    Hosted,
    authorization_request::Parameters,
    engine,
    pages::{self, Notice, forms},
    visit::Errand,
};

pub async fn show(errand: Errand) -> Response {
    errand.keep(page(&errand, StatusCode::OK, &Notice::default(), ""))
}

pub async fn submit(State(hosted): State<Hosted>, errand: Errand, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    if let Some(answer) = errand.refuse_form(&form) {
        return answer;
    }
    let username = form.get("username").unwrap_or_default().trim();
    if username.is_empty() {
        return errand.keep(page(
            &errand,
            StatusCode::BAD_REQUEST,
            &Notice::error("Say who you are."),
            username,
        ));
    }
    engine::ask_for_reset(&hosted, &errand, username).await
}

pub fn page(errand: &Errand, status: StatusCode, notice: &Notice, username: &str) -> Response {
    let (label, kind) = forms::username_label(&errand.visit.pool);
    let values = context! { username_label => label, username_type => kind, username => username };
    pages::render(status, &errand.frame(), "forgot_password.html", "Forgot your password?", notice, values)
}
