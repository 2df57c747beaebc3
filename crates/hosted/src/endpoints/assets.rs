//! The style sheet, under a name that changes with its content.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use crate::pages;

pub async fn stylesheet(Path(name): Path<String>) -> Response {
    if name != pages::stylesheet_name() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, pages::STYLESHEET).into_response()
}
