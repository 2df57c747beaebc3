//! The pages: templates rendered with what a step knows. Everything a person typed is escaped by the template engine.

use std::sync::OnceLock;

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use minijinja::{Environment, Value, context};

use crate::{domain::HostedDomain, oauth_error::OauthError, security_headers};

pub mod forms;

/// The style sheet, under a name that changes with its content so that browsers may keep it for ever.
pub const STYLESHEET: &str = include_str!("../../assets/hosted.css");

/// What every page shows, whatever it is for.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    pub domain: &'a HostedDomain,
    /// The product's name, over the title.
    pub brand: &'a str,
    /// The authorization request as a query, for links and forms.
    pub query: &'a str,
    pub csrf: &'a str,
    /// Where a finished sign-in goes, for the content security policy.
    pub redirect_uri: Option<&'a str>,
}

/// A notice over the form.
#[derive(Clone, Debug, Default)]
pub struct Notice {
    pub error: Option<String>,
    pub information: Option<String>,
}

impl Notice {
    pub fn error(text: impl Into<String>) -> Self {
        Self { error: Some(text.into()), information: None }
    }

    pub fn information(text: impl Into<String>) -> Self {
        Self { error: None, information: Some(text.into()) }
    }
}

/// An input of a form that the pool's configuration asks for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Field {
    pub id: String,
    pub name: String,
    pub label: String,
    pub r#type: &'static str,
    pub autocomplete: &'static str,
    pub value: String,
    pub hint: Option<String>,
}

pub fn stylesheet_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("hosted-{}.css", &crypto::digest::sha256_hex(STYLESHEET.as_bytes())[..12]))
}

/// Renders `template` with its own `values` in `frame`.
pub fn render(
    status: StatusCode,
    frame: &Frame<'_>,
    template: &str,
    title: &str,
    notice: &Notice,
    values: Value,
) -> Response {
    let outer = context! {
        title => title,
        brand => frame.brand,
        base => frame.domain.base_path,
        query => frame.query,
        csrf => frame.csrf,
        stylesheet => stylesheet_name(),
        error => notice.error,
        information => notice.information,
        ..values
    };
    let (status, html) = match templates().get_template(template).and_then(|page| page.render(outer)) {
        Ok(html) => (status, html),
        Err(cause) => {
            tracing::error!(template, %cause, "a page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, String::from("This page cannot be shown now."))
        }
    };
    let mut response = Response::new(axum::body::Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    security_headers::apply(headers, frame.redirect_uri, frame.domain.secure);
    response
}

/// A page with a sentence and, where there is a way on, a link.
pub fn message(
    status: StatusCode,
    frame: &Frame<'_>,
    title: &str,
    text: &str,
    link: Option<(&str, &str)>,
) -> Response {
    let values =
        context! { message => text, link => link.map(|(to, _)| to), link_text => link.map(|(_, text)| text) };
    render(status, frame, "message.html", title, &Notice::default(), values)
}

pub fn not_our_form(frame: &Frame<'_>, link: Option<(&str, &str)>) -> Response {
    let text = "This form was not sent from our own page, or cookies are turned off in this browser.";
    message(StatusCode::FORBIDDEN, frame, "Please try again", text, link)
}

/// The authorization request cannot be trusted with a redirect: the developer reads why, here.
pub fn refused(domain: &HostedDomain, error: &OauthError) -> Response {
    let values = context! { message => error.description, detail => format!("error={}", error.code) };
    let frame = bare(domain);
    render(
        StatusCode::BAD_REQUEST,
        &frame,
        "message.html",
        "This sign-in link does not work",
        &Notice::default(),
        values,
    )
}

pub fn no_such_domain(domain: &HostedDomain) -> Response {
    let text = "There are no sign-in pages at this address.";
    message(StatusCode::NOT_FOUND, &bare(domain), "Nothing here", text, None)
}

/// Ours to mend: the cause goes to the log, the person gets a sentence.
pub fn failure(domain: &HostedDomain, cause: &str) -> Response {
    tracing::error!(%cause, "a hosted page failed");
    let text = "Something went wrong on our side. Please try again in a moment.";
    let mut response =
        message(StatusCode::SERVICE_UNAVAILABLE, &bare(domain), "Please try again", text, None);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn bare(domain: &HostedDomain) -> Frame<'_> {
    Frame { domain, brand: "Sign-in", query: "", csrf: "", redirect_uri: None }
}

fn templates() -> &'static Environment<'static> {
    static TEMPLATES: OnceLock<Environment<'static>> = OnceLock::new();
    TEMPLATES.get_or_init(|| {
        let mut templates = Environment::new();
        for (name, source) in [
            ("layout.html", include_str!("../../templates/layout.html")),
            ("login.html", include_str!("../../templates/login.html")),
            ("signup.html", include_str!("../../templates/signup.html")),
            ("confirm_user.html", include_str!("../../templates/confirm_user.html")),
            ("forgot_password.html", include_str!("../../templates/forgot_password.html")),
            ("confirm_forgot_password.html", include_str!("../../templates/confirm_forgot_password.html")),
            ("new_password.html", include_str!("../../templates/new_password.html")),
            ("one_time_code.html", include_str!("../../templates/one_time_code.html")),
            ("confirm_link.html", include_str!("../../templates/confirm_link.html")),
            ("message.html", include_str!("../../templates/message.html")),
        ] {
            if let Err(cause) = templates.add_template(name, source) {
                tracing::error!(name, %cause, "a template does not parse");
            }
        }
        templates
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        assert_eq!(templates().templates().count(), 10);
    }

    #[test]
    fn what_was_typed_is_never_markup() {
        let script = "\"><script>alert(1)</script>";
        let html = templates()
            .get_template("login.html")
            .expect("there")
            .render(context! {
                title => "Sign in", brand => script, base => "", query => "a=1&b=2", csrf => script, username => script,
                username_label => script, username_type => "text", error => script, information => script, can_sign_up => true
            })
            .expect("rendered");
        assert!(!html.contains("<script"), "{html}");
    }
}
