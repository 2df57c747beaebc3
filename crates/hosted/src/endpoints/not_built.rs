//! Endpoints of Cognito's that are not built yet: they say so.

use axum::response::Response;
use http::StatusCode;

use crate::{
    pages::{self, Frame},
    visit::Visit,
};

/// Federation (`/oauth2/idpresponse`, `/saml2/…`) and passkeys.
pub async fn answer(visit: Visit) -> Response {
    let frame = Frame { domain: &visit.domain, brand: "Sign-in", query: "", csrf: "", redirect_uri: None };
    let text =
        "Signing in through other providers and with passkeys is not built yet in this version of Poolhouse.";
    pages::message(StatusCode::NOT_IMPLEMENTED, &frame, "Not built yet", text, None)
}
