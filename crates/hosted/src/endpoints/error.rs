//! Addresses that have no page.

use axum::response::Response;
use http::StatusCode;

use crate::{
    pages::{self, Frame},
    visit::Visit,
};

/// `/error`: where Cognito sends a browser whose request it could not use. What the address says is not repeated.
pub async fn show(visit: Visit) -> Response {
    plain(
        &visit,
        StatusCode::BAD_REQUEST,
        "Something is wrong with this link",
        "Go back to the app and sign in from there.",
    )
}

pub async fn nothing_here(visit: Visit) -> Response {
    plain(&visit, StatusCode::NOT_FOUND, "Nothing here", "There is no page at this address.")
}

fn plain(visit: &Visit, status: StatusCode, title: &str, text: &str) -> Response {
    let frame = Frame { domain: &visit.domain, brand: "Sign-in", query: "", csrf: "", redirect_uri: None };
    pages::message(status, &frame, title, text, None)
}
