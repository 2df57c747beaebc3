//! `/logout`: forgets the browser, then goes to a registered address or back to the login page ("Logout endpoint").

use axum::{extract::State, response::Response};

use crate::{
    Hosted, browser_session,
    oauth_error::OauthError,
    pages, steps,
    visit::{Visit, add_cookie, redirect, settings_of},
};

pub async fn visit(State(hosted): State<Hosted>, visit: Visit) -> Response {
    let settings = match visit.parameters.get("client_id") {
        Some(client_id) => match visit.client(&hosted, client_id).await {
            Ok(client) => client.map(|client| settings_of(&client)),
            Err(answer) => return answer,
        },
        None => {
            return pages::refused(
                &visit.domain,
                &OauthError::invalid_request("Required parameter 'client_id' is missing."),
            );
        }
    };
    let Some(settings) = settings else {
        return pages::refused(&visit.domain, &OauthError::invalid_client());
    };
    let target = match (visit.parameters.get("logout_uri"), visit.parameters.get("redirect_uri")) {
        (Some(logout_uri), _) if settings.is_logout_target(logout_uri) => {
            let mut target = logout_uri.to_owned();
            if let Some(state) = visit.parameters.get("state") {
                let state =
                    form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
                target = crate::authorization_request::with_answer(&target, &state, false);
            }
            target
        }
        // Sign out and in again: the login page checks the whole request by itself.
        (None, Some(redirect_uri)) if settings.is_callback(redirect_uri) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for name in [
                "client_id",
                "response_type",
                "redirect_uri",
                "state",
                "scope",
                "nonce",
                "code_challenge",
                "code_challenge_method",
            ] {
                if let Some(value) = visit.parameters.get(name) {
                    query.append_pair(name, value);
                }
            }
            format!("{}/login?{}", visit.domain.base_path, query.finish())
        }
        _ => {
            let error = OauthError::new(
                "redirect_mismatch",
                "The logout_uri is not one of the app client's sign-out URLs. They are compared character by character.",
            );
            return pages::refused(&visit.domain, &error);
        }
    };
    match browser_session::end(&hosted.store, &visit.domain, visit.pool.id(), &visit.headers).await {
        Ok(cookie) => {
            let mut response = redirect(&target);
            add_cookie(&mut response, cookie);
            add_cookie(&mut response, steps::clear(&visit.domain));
            response
        }
        Err(error) => pages::failure(&visit.domain, &error.to_string()),
    }
}
