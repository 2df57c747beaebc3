//! `/changePassword`: someone whom an administrator invited sets a password of their own (`NEW_PASSWORD_REQUIRED`).

use axum::{body::Bytes, extract::State, response::Response};
use http::StatusCode;
use minijinja::context;

use super::login;
use crate::{
    Hosted,
    authorization_request::Parameters,
    engine,
    pages::{self, Field, Notice, forms},
    steps::Step,
    visit::{Errand, redirect},
};

pub async fn show(State(hosted): State<Hosted>, errand: Errand) -> Response {
    match errand.step(&hosted) {
        Some(Step::NewPassword { attributes, .. }) => {
            let fields = fields(&attributes, &Parameters::default());
            errand.keep(page(&errand, StatusCode::OK, &Notice::default(), &fields))
        }
        _ => redirect(&errand.to("login")),
    }
}

pub async fn submit(State(hosted): State<Hosted>, errand: Errand, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    if let Some(answer) = errand.refuse_form(&form) {
        return answer;
    }
    let Some(Step::NewPassword { username, session, attributes }) = errand.step(&hosted) else {
        return redirect(&errand.to("login"));
    };
    let fields = fields(&attributes, &form);
    let Some(password) = form.get("password").filter(|_| fields.iter().all(|field| !field.value.is_empty()))
    else {
        return errand.keep(page(
            &errand,
            StatusCode::BAD_REQUEST,
            &Notice::error("Fill in every field."),
            &fields,
        ));
    };
    let mut responses = vec![(String::from("NEW_PASSWORD"), password.to_owned())];
    for (name, field) in attributes.iter().zip(&fields) {
        responses.push((format!("userAttributes.{name}"), field.value.clone()));
    }
    match engine::answer(&hosted, &errand, "NEW_PASSWORD_REQUIRED", &session, &username, responses).await {
        Ok(outcome) => engine::follow(&hosted, &errand, &username, outcome).await,
        Err(error) if error.code == "NotAuthorizedException" => {
            let notice = Notice::error("That took too long, or was done already. Sign in again.");
            errand.keep(login::page(&errand, StatusCode::BAD_REQUEST, &notice, &username))
        }
        Err(error) => {
            let notice = Notice::error(engine::sentence(&error));
            errand.keep(page(&errand, engine::page_status(&error), &notice, &fields))
        }
    }
}

fn fields(attributes: &[String], form: &Parameters) -> Vec<Field> {
    attributes
        .iter()
        .map(|name| {
            let given = form.bracketed("requiredAttributes").find(|(given, _)| given == name);
            forms::attribute_field(name, given.map(|(_, value)| value.trim()).unwrap_or_default())
        })
        .collect()
}

fn page(errand: &Errand, status: StatusCode, notice: &Notice, fields: &[Field]) -> Response {
    let (password_minimum, password_rules) = forms::password_rules(&errand.visit.pool);
    let values =
        context! { fields => fields, password_minimum => password_minimum, password_rules => password_rules };
    pages::render(status, &errand.frame(), "new_password.html", "Choose your password", notice, values)
}
