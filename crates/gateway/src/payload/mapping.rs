//! Parameter mapping: where a header's or parameter's value comes from
//! (Amazon API Gateway Developer Guide, "Parameter mapping source reference for REST APIs").

use http::HeaderMap;
use serde_json::Value;

use super::{context::Exchange, named};
use crate::vtl::json_path::JsonPath;

/// What a mapping may look at.
pub struct Sources<'a> {
    pub exchange: &'a Exchange<'a>,
    pub integration: Option<&'a IntegrationAnswer>,
}

/// What a non-proxy integration answered, before it is mapped.
#[derive(Debug, Default)]
pub struct IntegrationAnswer {
    pub headers: HeaderMap,
    /// Text; JSON where it parses as such.
    pub body: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Mapping {
    Static(String),
    RequestHeader(String),
    RequestQuery(String),
    RequestPath(String),
    RequestBody(Option<JsonPath>),
    AnswerHeader(String),
    AnswerBody(Option<JsonPath>),
    Context(String),
    StageVariable(String),
}

impl Mapping {
    pub fn parse(source: &str) -> Result<Self, String> {
        let unknown = || format!("Invalid mapping expression specified: {source}");
        if let Some(rest) = source.strip_prefix('\'') {
            return rest.strip_suffix('\'').map(|text| Self::Static(text.to_owned())).ok_or_else(unknown);
        }
        let body = |rest: &str| match rest.strip_prefix('.') {
            None if rest.is_empty() => Ok(None),
            Some(path) => JsonPath::parse(&format!("$.{path}")).map(Some),
            None => Err(unknown()),
        };
        if let Some(rest) = source.strip_prefix("method.request.body") {
            return body(rest).map(Self::RequestBody);
        }
        if let Some(rest) = source.strip_prefix("integration.response.body") {
            return body(rest).map(Self::AnswerBody);
        }
        let kinds: &[named::Kind<Self>] = &[
            ("method.request.header.", Self::RequestHeader),
            ("method.request.multivalueheader.", Self::RequestHeader),
            ("method.request.querystring.", Self::RequestQuery),
            ("method.request.multivaluequerystring.", Self::RequestQuery),
            ("method.request.path.", Self::RequestPath),
            ("integration.response.header.", Self::AnswerHeader),
            ("integration.response.multivalueheader.", Self::AnswerHeader),
            ("context.", Self::Context),
            ("$context.", Self::Context),
            ("stageVariables.", Self::StageVariable),
        ];
        let found = named::read(source, kinds);
        found.ok_or_else(unknown)
    }

    pub fn resolve(&self, sources: &Sources<'_>) -> Option<String> {
        let exchange = sources.exchange;
        match self {
            Self::Static(text) => Some(text.clone()),
            Self::RequestHeader(name) => exchange.header(name).map(str::to_owned),
            Self::RequestQuery(name) => exchange.query.get(name).map(str::to_owned),
            Self::RequestPath(name) => exchange.parameter(name).map(str::to_owned),
            Self::RequestBody(path) => body_part(&String::from_utf8_lossy(&exchange.body), path.as_ref()),
            Self::AnswerHeader(name) => {
                let value = sources.integration?.headers.get(name.as_str())?;
                value.to_str().ok().map(str::to_owned)
            }
            Self::AnswerBody(path) => body_part(&sources.integration?.body, path.as_ref()),
            Self::Context(name) => exchange.variable(name),
            Self::StageVariable(name) => exchange.stage.variables.get(name).cloned(),
        }
    }
}

fn body_part(body: &str, path: Option<&JsonPath>) -> Option<String> {
    let Some(path) = path else { return Some(body.to_owned()) };
    let document: Value = serde_json::from_str(body).ok()?;
    match path.find(&document)? {
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart() {
        assert_eq!(Mapping::parse("'*'"), Ok(Mapping::Static(String::from("*"))));
        assert_eq!(
            Mapping::parse("method.request.header.Origin"),
            Ok(Mapping::RequestHeader(String::from("Origin")))
        );
        assert_eq!(Mapping::parse("context.requestId"), Ok(Mapping::Context(String::from("requestId"))));
        assert!(matches!(
            Mapping::parse("integration.response.body.a[0].b"),
            Ok(Mapping::AnswerBody(Some(_)))
        ));
        assert!(Mapping::parse("'open").is_err());
        assert!(Mapping::parse("method.request.cookie.a").is_err());
    }
}
