//! `/oauth2/authorize`: the door for apps. A browser that signed in within the hour goes straight back with its answer;
//! any other sees the login page ("Authorize endpoint"; OpenID Connect Core 1.0, section 3.1.2.1 for `prompt`).

use axum::{extract::State, response::Response};

use crate::{
    Hosted,
    authorization_request::{Refusal, ResponseType},
    browser_session, engine, grants,
    oauth_error::OauthError,
    pages,
    visit::{Errand, redirect},
};

pub async fn visit(State(hosted): State<Hosted>, errand: Errand) -> Response {
    let prompt = errand.request.prompt.as_deref().unwrap_or_default();
    if prompt != "login" {
        match remembered(&hosted, &errand).await {
            Ok(Some(answer)) => return answer,
            Ok(None) => {}
            Err(answer) => return answer,
        }
    }
    if prompt == "none" {
        let refusal = Refusal::Back {
            redirect_uri: errand.request.redirect_uri.clone(),
            in_fragment: errand.request.response_type == ResponseType::Token,
            state: errand.request.state.clone(),
            error: OauthError::new("login_required", "Nobody is signed in."),
        };
        return redirect(&refusal.location().unwrap_or_else(|| errand.to("login")));
    }
    let hint = errand.request.login_hint.as_deref().map(|hint| {
        form_urlencoded::Serializer::new(String::from("&")).append_pair("login_hint", hint).finish()
    });
    errand.keep(redirect(&format!("{}{}", errand.to("login"), hint.unwrap_or_default())))
}

/// The answer for a browser that is still signed in.
pub async fn remembered(hosted: &Hosted, errand: &Errand) -> Result<Option<Response>, Response> {
    let failed = |cause: String| pages::failure(&errand.visit.domain, &cause);
    let session = browser_session::current(&hosted.store, errand.visit.pool.id(), &errand.visit.headers)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let Some(session) = session else { return Ok(None) };
    match engine::remember(hosted, errand, &session).await {
        Ok(Some(who)) => grants::answer(hosted, errand, &who).await.map(Some),
        Ok(None) => Ok(None),
        Err(error) => Err(failed(error.to_string())),
    }
}
