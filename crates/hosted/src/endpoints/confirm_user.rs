//! `/confirmUser`: the code that shows that an address is one's own.

use axum::{body::Bytes, extract::State, response::Response};
use http::StatusCode;
use minijinja::context;
use serde_json::json;

use super::{confirm_link, login};
use crate::{
    Hosted,
    authorization_request::Parameters,
    engine,
    pages::{self, Notice, forms},
    steps::Step,
    visit::{Errand, Visit},
};

pub async fn show(State(hosted): State<Hosted>, visit: Visit) -> Response {
    if confirm_link::is_link(&visit) {
        return confirm_link::show(&visit);
    }
    let errand = match visit.errand(&hosted).await {
        Ok(errand) => errand,
        Err(answer) => return answer,
    };
    let notice = match errand.visit.parameters.get("resent") {
        Some(_) => Notice::information("A new code is on its way."),
        None => Notice::default(),
    };
    let (username, sent) = whose(&hosted, &errand);
    let ask = username.is_none();
    errand.keep(page(&errand, StatusCode::OK, &notice, &username.unwrap_or_default(), &sent, ask))
}

pub async fn submit(State(hosted): State<Hosted>, visit: Visit, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    if confirm_link::is_link(&visit) {
        return confirm_link::submit(&hosted, &visit, &form).await;
    }
    let errand = match visit.errand(&hosted).await {
        Ok(errand) => errand,
        Err(answer) => return answer,
    };
    if let Some(answer) = errand.refuse_form(&form) {
        return answer;
    }
    let (held, sent) = whose(&hosted, &errand);
    // Someone who comes back later, or with another browser, says who they are, and signs in after it.
    let username =
        held.clone().or_else(|| form.get("username").map(|name| name.trim().to_owned())).unwrap_or_default();
    let Some(code) = form.get("code").filter(|_| !username.is_empty()) else {
        let notice = Notice::error("Enter the code from the message.");
        return errand.keep(page(
            &errand,
            StatusCode::BAD_REQUEST,
            &notice,
            &username,
            &sent,
            held.is_none(),
        ));
    };
    let input = json!({ "Username": username, "ConfirmationCode": code.trim() });
    match engine::call(&hosted, &errand, "ConfirmSignUp", &username, input).await {
        Ok(_) if held.is_some() => engine::finish_sign_up(&hosted, &errand, &username).await,
        Ok(_) => {
            let notice = Notice::information("Your account is confirmed. Sign in to go on.");
            errand.keep(login::page(&errand, StatusCode::OK, &notice, &username))
        }
        Err(error) => {
            let notice = Notice::error(engine::sentence(&error));
            errand.keep(page(&errand, engine::page_status(&error), &notice, &username, &sent, held.is_none()))
        }
    }
}

/// Who signed up in this browser, and where the code went.
pub fn whose(hosted: &Hosted, errand: &Errand) -> (Option<String>, String) {
    match errand.step(hosted) {
        Some(Step::ConfirmSignUp { username, sent }) => (Some(username), sent),
        _ => (None, String::from("Enter the code from the message that we sent you.")),
    }
}

fn page(
    errand: &Errand,
    status: StatusCode,
    notice: &Notice,
    username: &str,
    sent: &str,
    ask: bool,
) -> Response {
    let (label, kind) = forms::username_label(&errand.visit.pool);
    let values = context! {
        sent => sent,
        username => username,
        username_label => label,
        username_type => kind,
        ask_username => ask,
    };
    pages::render(status, &errand.frame(), "confirm_user.html", "Confirm your account", notice, values)
}
