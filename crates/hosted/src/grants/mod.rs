//! What an app gets for a sign-in.

pub mod authorization_code;
pub mod implicit;
pub mod refresh_token;

use axum::response::Response;
use userpool::flows::SignedIn;

use crate::{
    Hosted,
    authorization_request::{ResponseType, with_answer},
    pages,
    visit::{Errand, redirect},
};

/// Sends the browser back to the app with what its request asked for (RFC 6749, sections 4.1.2 and 4.2.2).
pub async fn answer(hosted: &Hosted, errand: &Errand, who: &SignedIn) -> Result<Response, Response> {
    let in_fragment = errand.request.response_type == ResponseType::Token;
    let made = match errand.request.response_type {
        ResponseType::Code => authorization_code::make(hosted, errand, who).await,
        ResponseType::Token => implicit::make(hosted, errand, who).await,
    };
    let mut answer = made.map_err(|error| pages::failure(&errand.visit.domain, &error.to_string()))?;
    if let Some(state) = &errand.request.state {
        let state: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
        answer.push_str("&state=");
        answer.push_str(&state);
    }
    Ok(redirect(&with_answer(&errand.request.redirect_uri, &answer, in_fragment)))
}
