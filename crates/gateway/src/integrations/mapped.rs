//! What MOCK and AWS share: a request template in front, integration responses behind.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use regex::Regex;

use crate::{
    definitions::{IntegrationDefinition, IntegrationResponse},
    payload::{
        context::Exchange,
        headers::append_outgoing,
        mapping::{IntegrationAnswer, Mapping, Sources},
    },
    phases::validate::media_type,
    responses::Refusal,
    vtl::{Surroundings, Template},
};

#[derive(Debug)]
pub struct MappedIntegration {
    templates: Vec<(String, Template)>,
    passthrough: Passthrough,
    answers: Vec<MappedAnswer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passthrough {
    WhenNoMatch,
    WhenNoTemplates,
    Never,
}

#[derive(Debug)]
struct MappedAnswer {
    status: StatusCode,
    selects: Option<Regex>,
    headers: Vec<(HeaderName, Mapping)>,
    templates: Vec<(String, Template)>,
}

/// What goes to the integration.
pub struct MappedRequest {
    pub body: String,
    pub overrides: BTreeMap<String, String>,
}

impl MappedIntegration {
    pub fn compile(definition: &IntegrationDefinition) -> Result<Self, String> {
        let passthrough =
            match definition.passthrough_behavior.as_deref().map(str::to_ascii_uppercase).as_deref() {
                None | Some("WHEN_NO_MATCH") => Passthrough::WhenNoMatch,
                Some("WHEN_NO_TEMPLATES") => Passthrough::WhenNoTemplates,
                Some("NEVER") => Passthrough::Never,
                Some(other) => return Err(format!("Invalid passthrough behavior specified: {other}")),
            };
        let answers =
            definition.integration_responses.iter().map(MappedAnswer::compile).collect::<Result<_, _>>()?;
        Ok(Self { templates: compile_templates(&definition.request_templates)?, passthrough, answers })
    }

    /// Map: the template for the request's content type, or the body as it is where that is allowed.
    pub fn map(&self, exchange: &Exchange<'_>) -> Result<MappedRequest, Refusal> {
        let body = String::from_utf8_lossy(&exchange.body);
        let wanted = media_type(exchange.content_type());
        let found = self.templates.iter().find(|(own, _)| own.eq_ignore_ascii_case(&wanted));
        let Some((_, template)) = found else {
            let passes = match self.passthrough {
                Passthrough::WhenNoMatch => true,
                Passthrough::WhenNoTemplates => self.templates.is_empty(),
                Passthrough::Never => false,
            };
            return if passes {
                Ok(MappedRequest { body: body.into_owned(), overrides: BTreeMap::new() })
            } else {
                Err(Refusal::unsupported_media_type())
            };
        };
        let rendered = template
            .render(&Surroundings { exchange, body: &body })
            .map_err(|cause| Refusal::misconfigured(format!("request template: {cause}")))?;
        Ok(MappedRequest { body: rendered.text, overrides: rendered.overrides })
    }

    /// Map back: the integration response that `selector` (a mock's status, a function's error) selects, or the default.
    pub fn map_back(
        &self,
        exchange: &Exchange<'_>,
        selector: Option<&str>,
        answer: &IntegrationAnswer,
        mut overrides: BTreeMap<String, String>,
    ) -> Result<Response<Bytes>, Refusal> {
        let selected = selector.and_then(|selector| {
            self.answers
                .iter()
                .find(|own| own.selects.as_ref().is_some_and(|pattern| pattern.is_match(selector)))
        });
        let default = || self.answers.iter().find(|own| own.selects.is_none());
        let own = selected.or_else(default).ok_or_else(|| {
            Refusal::misconfigured("No match for output mapping and no default output mapping configured")
        })?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = own.status;
        let chosen = own.templates.iter().find(|(content_type, _)| content_type == "application/json");
        let mut content_type = "application/json";
        let body = match chosen.or_else(|| own.templates.first()) {
            Some((own_type, template)) => {
                content_type = own_type;
                let rendered = template
                    .render(&Surroundings { exchange, body: &answer.body })
                    .map_err(|cause| Refusal::misconfigured(format!("response template: {cause}")))?;
                overrides.extend(rendered.overrides);
                rendered.text
            }
            None => answer.body.clone(),
        };
        *response.body_mut() = Bytes::from(body);

        let sources = Sources { exchange, integration: Some(answer) };
        let headers = response.headers_mut();
        for (name, mapping) in &own.headers {
            if let Some(value) = mapping.resolve(&sources).and_then(|text| HeaderValue::try_from(text).ok()) {
                append_outgoing(headers, name, value);
            }
        }
        for (target, value) in &overrides {
            let name = target.strip_prefix("responseOverride.header.").map(HeaderName::try_from);
            if let (Some(Ok(name)), Ok(value)) = (name, HeaderValue::try_from(value)) {
                headers.remove(&name);
                append_outgoing(headers, &name, value);
            }
        }
        if let Ok(value) = HeaderValue::try_from(content_type) {
            headers.entry(CONTENT_TYPE).or_insert(value);
        }
        if let Some(status) = overrides.get("responseOverride.status") {
            let status = status.parse::<u16>().ok().filter(|status| (200..600).contains(status));
            let status = status.and_then(|status| StatusCode::from_u16(status).ok());
            *response.status_mut() = status
                .ok_or_else(|| Refusal::misconfigured("responseOverride.status is not an HTTP status"))?;
        }
        Ok(response)
    }
}

impl MappedAnswer {
    fn compile(definition: &IntegrationResponse) -> Result<Self, String> {
        let status =
            definition.status_code.parse::<u16>().ok().and_then(|number| StatusCode::from_u16(number).ok());
        let status = status.ok_or_else(|| format!("Invalid status code: {}", definition.status_code))?;
        let pattern = definition.selection_pattern.as_deref().filter(|pattern| !pattern.is_empty());
        let selects = pattern.map(|pattern| {
            Regex::new(&format!("(?s)^(?:{pattern})$"))
                .map_err(|cause| format!("Invalid selection pattern '{pattern}': {cause}"))
        });
        let mut headers = Vec::new();
        for (target, source) in &definition.response_parameters {
            let name = target
                .strip_prefix("method.response.header.")
                .and_then(|name| HeaderName::try_from(name).ok());
            let name =
                name.ok_or_else(|| format!("Invalid mapping expression parameter specified: {target}"))?;
            headers.push((name, Mapping::parse(source)?));
        }
        Ok(Self {
            status,
            selects: selects.transpose()?,
            headers,
            templates: compile_templates(&definition.response_templates)?,
        })
    }
}

fn compile_templates(templates: &BTreeMap<String, String>) -> Result<Vec<(String, Template)>, String> {
    templates
        .iter()
        .map(|(content_type, text)| {
            let template = Template::parse(text)
                .map_err(|cause| format!("Invalid mapping template for {content_type}: {cause}"))?;
            Ok((content_type.clone(), template))
        })
        .collect()
}
