//! Validate: the parameters and the body that a method's request validator asks for
//! (Amazon API Gateway Developer Guide, "Request validation for REST APIs in API Gateway").

use crate::{
    payload::{context::Exchange, named},
    responses::Refusal,
    table::CompiledMethod,
};

pub fn run(exchange: &Exchange<'_>, method: &CompiledMethod) -> Result<(), Refusal> {
    let missing: Vec<&str> = method
        .required_parameters
        .iter()
        .filter(|parameter| !parameter.is_present(exchange))
        .map(|parameter| parameter.name())
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::missing_parameters(&missing));
    }
    let content_type = media_type(exchange.content_type());
    let models = &method.body_models;
    let model = models
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(&content_type))
        .or_else(|| models.iter().find(|(own, _)| own == "$default"));
    match model {
        Some((_, model)) => model.check(&exchange.body).map_err(Refusal::invalid_body),
        None => Ok(()),
    }
}

/// A parameter that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequiredParameter {
    Header(String),
    Query(String),
    Path(String),
}

impl RequiredParameter {
    /// `method.request.querystring.page`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let kinds: &[named::Kind<Self>] = &[
            ("method.request.header.", Self::Header),
            ("method.request.multivalueheader.", Self::Header),
            ("method.request.querystring.", Self::Query),
            ("method.request.multivaluequerystring.", Self::Query),
            ("method.request.path.", Self::Path),
        ];
        let found = named::read(text, kinds);
        found.ok_or_else(|| format!("Invalid mapping expression specified: {text}"))
    }

    fn name(&self) -> &str {
        match self {
            Self::Header(name) | Self::Query(name) | Self::Path(name) => name,
        }
    }

    /// There and not empty.
    fn is_present(&self, exchange: &Exchange<'_>) -> bool {
        let value = match self {
            Self::Header(name) => exchange.header(name),
            Self::Query(name) => exchange.query.get(name),
            Self::Path(name) => exchange.parameter(name),
        };
        value.is_some_and(|value| !value.trim().is_empty())
    }
}

/// A header's value without its parameters; a body without a type is taken for JSON, as on AWS.
pub fn media_type(content_type: Option<&str>) -> String {
    let first =
        content_type.and_then(|value| value.split(';').next()).map(str::trim).filter(|name| !name.is_empty());
    first.unwrap_or("application/json").to_ascii_lowercase()
}
