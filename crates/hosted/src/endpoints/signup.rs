//! `/signup`: a new account.

use axum::{body::Bytes, extract::State, response::Response};
use http::StatusCode;
use minijinja::context;
use serde_json::{Value, json};

use crate::{
    Hosted,
    authorization_request::Parameters,
    engine,
    pages::{self, Notice, forms},
    steps::Step,
    visit::{Errand, redirect},
};

pub async fn show(errand: Errand) -> Response {
    if errand.visit.pool.admin_creates_users_only() {
        return redirect(&errand.to("login"));
    }
    errand.keep(page(&errand, StatusCode::OK, &Notice::default(), &Parameters::default()))
}

pub async fn submit(State(hosted): State<Hosted>, errand: Errand, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    if let Some(answer) = errand.refuse_form(&form) {
        return answer;
    }
    let username = form.get("username").unwrap_or_default().trim();
    let password = form.get("password").unwrap_or_default();
    if username.is_empty() || password.is_empty() {
        let notice = Notice::error("Fill in every field.");
        return errand.keep(page(&errand, StatusCode::BAD_REQUEST, &notice, &form));
    }
    let input = json!({ "Username": username, "Password": password, "UserAttributes": attributes(&errand, &form, username) });
    match engine::call(&hosted, &errand, "SignUp", username, input).await {
        Ok(answer) if answer.get("UserConfirmed") == Some(&Value::Bool(true)) => {
            match engine::sign_in(&hosted, &errand, username, password).await {
                Ok(outcome) => engine::follow(&hosted, &errand, username, outcome).await,
                Err(_) => redirect(&errand.to("login")),
            }
        }
        Ok(answer) => {
            let sent = engine::where_sent(&answer);
            errand.go_on(&hosted, "confirmUser", Step::ConfirmSignUp { username: username.to_owned(), sent })
        }
        Err(error) => {
            let notice = Notice::error(engine::sentence(&error));
            errand.keep(page(&errand, engine::page_status(&error), &notice, &form))
        }
    }
}

/// What the form gave, and only what the form asks for: a posted field of another name is nobody's attribute.
fn attributes(errand: &Errand, form: &Parameters, username: &str) -> Vec<Value> {
    let pool = &errand.visit.pool;
    let mut attributes: Vec<Value> = forms::attribute_names(pool)
        .into_iter()
        .filter_map(|name| {
            let (_, value) = form.bracketed("requiredAttributes").find(|(given, _)| *given == name)?;
            Some(json!({ "Name": name, "Value": value.trim() }))
        })
        .collect();
    if pool.is_username_attribute("email") && username.contains('@') {
        attributes.push(json!({ "Name": "email", "Value": username }));
    } else if pool.is_username_attribute("phone_number") && username.starts_with('+') {
        attributes.push(json!({ "Name": "phone_number", "Value": username }));
    }
    attributes
}

fn page(errand: &Errand, status: StatusCode, notice: &Notice, form: &Parameters) -> Response {
    let (password_minimum, password_rules) = forms::password_rules(&errand.visit.pool);
    let values = context! {
        fields => forms::sign_up_fields(&errand.visit.pool, form),
        password_minimum => password_minimum,
        password_rules => password_rules,
    };
    pages::render(status, &errand.frame(), "signup.html", "Create your account", notice, values)
}
