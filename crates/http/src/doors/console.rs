//! `/console/`: says what is here. Looking into pools and APIs from it is not built yet, and it says so.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};

use crate::site::Site;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A browser at the root is shown the way.
pub fn from_the_root() -> Response<Body> {
    to("/console/")
}

pub fn page(path: &str, site: &Site) -> Response<Body> {
    match path {
        "/console/" => html(
            StatusCode::OK,
            &PAGE.replace("{origin}", site.origin()).replace("{region}", site.region().as_str()),
        ),
        "/console" => to("/console/"),
        _ => html(StatusCode::NOT_FOUND, "<!doctype html><title>Not found</title><p>There is no such page."),
    }
}

fn to(place: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(place));
    response
}

fn html(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The origin is a parsed URL's and the region a checked name: neither can hold markup.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Poolhouse</title>
<style>
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif }
body { max-width: 42rem; margin: 4rem auto; padding: 0 1.25rem }
h1 { font-size: 1.6rem; margin: 0 0 1rem }
code, pre { font: 0.9rem/1.5 ui-monospace, monospace }
pre { padding: 0.8rem 1rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 0.5rem; overflow-x: auto }
</style>
<main>
<h1>Poolhouse is running</h1>
<p>This server answers AWS APIs at <code>{origin}</code>, region <code>{region}</code>.</p>
<p>A console that shows pools, people, APIs and functions is not built yet. Until then the command line and the AWS CLI show them all; the keys are in the file <code>credentials</code> in the data folder.</p>
<pre>export AWS_ENDPOINT_URL={origin} AWS_REGION={region}
aws cognito-idp list-user-pools --max-results 60
aws cloudformation describe-stacks
aws lambda list-functions</pre>
</main>
"#;
