//! Where an authorizer looks for the caller's identity
//! (Amazon API Gateway API Reference, "CreateAuthorizer", `identitySource`).

use std::borrow::Cow;

use crate::payload::{context::Exchange, named};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    Header(String),
    Query(String),
    StageVariable(String),
    Context(String),
}

impl IdentitySource {
    pub fn parse(text: &str) -> Result<Self, String> {
        let kinds: &[named::Kind<Self>] = &[
            ("method.request.header.", Self::Header),
            ("method.request.querystring.", Self::Query),
            ("stageVariables.", Self::StageVariable),
            ("context.", Self::Context),
        ];
        let found = named::read(text.trim(), kinds);
        let source = found.ok_or_else(|| format!("Invalid mapping expression specified: {text}"))?;
        match &source {
            Self::Header(name) if http::HeaderName::try_from(name.as_str()).is_err() => {
                Err(format!("Invalid mapping expression parameter specified: {text}"))
            }
            _ => Ok(source),
        }
    }

    /// Several, joined by commas.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        text.split(',').filter(|part| !part.trim().is_empty()).map(Self::parse).collect()
    }

    /// What stands there. A header or parameter that is given twice says two things, and is taken for none: the
    /// authorizer and the function could each believe another.
    pub fn value<'e>(&self, exchange: &'e Exchange<'_>) -> Option<Cow<'e, str>> {
        let value = match self {
            Self::Header(name) => {
                let mut values = exchange.request.head.headers.get_all(name.as_str()).iter();
                let only = values.next().filter(|_| values.next().is_none())?;
                Cow::Borrowed(only.to_str().ok()?)
            }
            Self::Query(name) => {
                let mut values = exchange.query.0.iter().filter(|(own, _)| own == name);
                let (_, only) = values.next().filter(|_| values.next().is_none())?;
                Cow::Borrowed(only.as_str())
            }
            Self::StageVariable(name) => Cow::Borrowed(exchange.stage.variables.get(name)?.as_str()),
            Self::Context(name) => Cow::Owned(exchange.variable(name)?),
        };
        (!value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_or_refused() {
        assert_eq!(
            IdentitySource::parse("method.request.header.Authorization"),
            Ok(IdentitySource::Header(String::from("Authorization")))
        );
        assert_eq!(
            IdentitySource::parse_list("method.request.querystring.t, context.identity.sourceIp")
                .unwrap()
                .len(),
            2
        );
        assert!(IdentitySource::parse("method.request.header.").is_err());
        assert!(IdentitySource::parse("method.request.header.a b").is_err());
        assert!(IdentitySource::parse("$request.header.Authorization").is_err());
    }
}
