//! `/confirmUser?client_id=…&user_name=…&confirmation_code=…`: where the link of a confirmation message leads.
//!
//! Opening it shows a button, and the button confirms: mail scanners open links, and none of them owns the address.

use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use serde_json::json;

use crate::{
    Hosted,
    authorization_request::Parameters,
    engine,
    oauth_error::OauthError,
    pages::{self, Frame, Notice},
    visit::Visit,
};

pub fn is_link(visit: &Visit) -> bool {
    visit.parameters.get("confirmation_code").is_some()
}

pub fn show(visit: &Visit) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["client_id", "user_name", "confirmation_code"] {
        query.append_pair(name, visit.parameters.get(name).unwrap_or_default());
    }
    let query = query.finish();
    let frame = frame(visit, &query);
    let page = pages::render(
        StatusCode::OK,
        &frame,
        "confirm_link.html",
        "Confirm your account",
        &Notice::default(),
        context! {},
    );
    visit.keep(page)
}

pub async fn submit(hosted: &Hosted, visit: &Visit, form: &Parameters) -> Response {
    if !visit.sent_from_here(form) {
        return visit.keep(pages::not_our_form(&frame(visit, ""), None));
    }
    let parameter = |name: &str| visit.parameters.get(name).unwrap_or_default().to_owned();
    let client = match visit.client(hosted, &parameter("client_id")).await {
        Ok(Some(client)) => client,
        Ok(None) => return pages::refused(&visit.domain, &OauthError::invalid_client()),
        Err(answer) => return answer,
    };
    let username = parameter("user_name");
    let input = json!({ "Username": username, "ConfirmationCode": parameter("confirmation_code") });
    match engine::call_for(hosted, visit, &client, "ConfirmSignUp", &username, input).await {
        Ok(_) => {
            let text = "Your account is confirmed. Go back to the app and sign in.";
            pages::message(StatusCode::OK, &frame(visit, ""), "Thank you", text, None)
        }
        Err(error) => pages::message(
            engine::page_status(&error),
            &frame(visit, ""),
            "This link does not work",
            &engine::sentence(&error),
            None,
        ),
    }
}

fn frame<'a>(visit: &'a Visit, query: &'a str) -> Frame<'a> {
    Frame { domain: &visit.domain, brand: "Sign-in", query, csrf: &visit.csrf, redirect_uri: None }
}
