//! From a refusal to a response: the API's own gateway response where it has one, its `DEFAULT_4XX` or `DEFAULT_5XX`,
//! or AWS's.
//!
//! Templates here are not VTL: only variables are put in (Developer Guide, "Gateway responses in API Gateway").

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};

use super::{Refusal, ResponseKind, refusal::Spelling};
use crate::{
    definitions::GatewayResponseDefinition,
    payload::{
        mapping::{Mapping, Sources},
        template::ContextTemplate,
    },
};

/// What an API's owner changed, by type.
#[derive(Debug, Default)]
pub struct GatewayResponses {
    customised: HashMap<ResponseKind, Customised>,
}

#[derive(Debug)]
struct Customised {
    status: Option<StatusCode>,
    headers: Vec<(HeaderName, Mapping)>,
    templates: Vec<(String, ContextTemplate)>,
}

impl GatewayResponses {
    /// Refuses what could never be rendered, with the words for the control side.
    pub fn add(&mut self, definition: &GatewayResponseDefinition) -> Result<(), String> {
        let kind = ResponseKind::from_name(&definition.response_type)
            .ok_or_else(|| format!("Invalid response type: {}", definition.response_type))?;
        let status = definition.status_code.as_deref().map(read_status).transpose()?;
        let mut headers = Vec::new();
        for (target, source) in &definition.response_parameters {
            let name = target
                .strip_prefix("gatewayresponse.header.")
                .and_then(|name| HeaderName::try_from(name).ok())
                .ok_or_else(|| format!("Invalid mapping expression parameter specified: {target}"))?;
            headers.push((name, Mapping::parse(source)?));
        }
        let templates = definition
            .response_templates
            .iter()
            .map(|(content_type, template)| (content_type.clone(), ContextTemplate::parse(template)))
            .collect();
        self.customised.insert(kind, Customised { status, headers, templates });
        Ok(())
    }

    /// `sources` are what mappings and templates of customised responses may ask.
    pub fn render(&self, refusal: &Refusal, accept: Option<&str>, sources: &Sources<'_>) -> Response<Bytes> {
        let status = refusal.status.unwrap_or_else(|| refusal.kind.default_status());
        let fallback =
            if status.is_client_error() { ResponseKind::Default4xx } else { ResponseKind::Default5xx };
        let own = self.customised.get(&refusal.kind);
        let default = self.customised.get(&fallback);
        let chosen = own.or(default);
        let status = own
            .and_then(|own| own.status)
            .or_else(|| default.and_then(|default| default.status))
            .unwrap_or(status);

        let template = chosen.and_then(|chosen| choose(&chosen.templates, accept));
        let (content_type, body) = match template {
            Some((content_type, template)) => (content_type.as_str(), template.render(sources, "")),
            None => ("application/json", plain_body(refusal)),
        };
        let mut response = respond(refusal, status, content_type, body);
        let headers = response.headers_mut();
        for (name, mapping) in chosen.map_or(&[][..], |chosen| &chosen.headers) {
            if let Some(value) = mapping.resolve(sources).and_then(|text| HeaderValue::try_from(text).ok()) {
                headers.insert(name.clone(), value);
            }
        }
        response
    }
}

/// As AWS answers where nobody customised anything.
pub fn plain(refusal: &Refusal) -> Response<Bytes> {
    let status = refusal.status.unwrap_or_else(|| refusal.kind.default_status());
    respond(refusal, status, "application/json", plain_body(refusal))
}

fn respond(refusal: &Refusal, status: StatusCode, content_type: &str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(content_type) {
        headers.insert(CONTENT_TYPE, value);
    }
    headers.insert("x-amzn-errortype", HeaderValue::from_static(refusal.error_type));
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn read_status(text: &str) -> Result<StatusCode, String> {
    let status = text.parse::<u16>().ok().and_then(|number| StatusCode::from_u16(number).ok());
    status
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or_else(|| format!("Invalid status code: {text}"))
}

fn choose<'t>(
    templates: &'t [(String, ContextTemplate)],
    accept: Option<&str>,
) -> Option<&'t (String, ContextTemplate)> {
    let wanted = accept.and_then(|accept| {
        let first = accept.split([',', ';']).next()?.trim();
        templates.iter().find(|(content_type, _)| content_type.eq_ignore_ascii_case(first))
    });
    wanted
        .or_else(|| templates.iter().find(|(content_type, _)| content_type == "application/json"))
        .or_else(|| templates.first())
}

fn plain_body(refusal: &Refusal) -> String {
    let message = json_string_or_null(refusal.message.as_deref());
    match refusal.spelling {
        Spelling::Tight => format!("{{\"message\":{message}}}"),
        Spelling::Spaced => format!("{{\"message\": {message}}}"),
        Spelling::Capital => format!("{{\"Message\":{message}}}"),
    }
}

/// `$context.error.…` of a refusal, for templates and access logs.
pub fn error_variables(refusal: &Refusal) -> BTreeMap<&'static str, String> {
    let mut variables = BTreeMap::from([
        ("error.message", refusal.message.clone().unwrap_or_default()),
        ("error.messageString", json_string_or_null(refusal.message.as_deref())),
        ("error.responseType", refusal.kind.name().to_owned()),
    ]);
    if let Some(details) = &refusal.validation_error {
        variables.insert("error.validationErrorString", details.clone());
    }
    variables
}

fn json_string_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| String::from("null"), |text| serde_json::Value::from(text).to_string())
}
