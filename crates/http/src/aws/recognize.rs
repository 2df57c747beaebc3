//! Which operation a request means: by `X-Amz-Target`, by `Action`, or by method and path; the signature's credential
//! scope settles what these leave open.

use base::AwsError;
use bytes::Bytes;
use facts::{OperationShape, Protocol, Service, services};
use http::{Method, header, request::Parts};

use crate::protocols::{Form, find_rest};

/// What the head of a request says.
pub enum Hint {
    S3,
    /// The name behind the dot of `X-Amz-Target`.
    Target(&'static Service, String),
    /// A form, whose `Action` stands in the body or the address.
    Form(Option<&'static Service>),
    /// A path of a REST API.
    Rest(&'static Service),
    /// Nothing that we know.
    Unknown(Option<&'static Service>),
}

impl Hint {
    pub fn service(&self) -> Option<&'static Service> {
        match self {
            Self::Target(service, _) | Self::Rest(service) => Some(service),
            Self::Form(service) | Self::Unknown(service) => *service,
            Self::S3 => None,
        }
    }
}

pub fn hint(parts: &Parts) -> Hint {
    let scope = scope_service(parts);
    if scope.as_deref() == Some("s3") {
        return Hint::S3;
    }
    let known =
        scope.as_deref().and_then(|scope| services().iter().copied().find(|known| known.name == scope));
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    if let Some((prefix, name)) = target.and_then(|target| target.split_once('.')) {
        let named = services()
            .iter()
            .copied()
            .find(|service| service.protocol == Protocol::Json && service.target_prefix == prefix);
        return named.map_or(Hint::Unknown(known), |service| Hint::Target(service, name.to_owned()));
    }
    let path = parts.uri.path();
    if path == "/" || path.is_empty() {
        let is_form = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let in_address = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .any(|(name, _)| name == "Action");
        let known = known.filter(|service| service.protocol == Protocol::Query);
        if in_address || (is_form && parts.method == Method::POST) || known.is_some() {
            return Hint::Form(known);
        }
        return Hint::Unknown(None);
    }
    let rest = services().iter().copied().filter(|service| service.protocol == Protocol::RestJson);
    let query = parts.uri.query().unwrap_or_default();
    let mut candidates = rest.filter(|service| scope.as_deref().is_none_or(|scope| scope == service.name));
    match candidates.find(|service| find_rest(service, parts.method.as_str(), path, query).is_some()) {
        Some(service) => Hint::Rest(service),
        None => Hint::Unknown(known),
    }
}

pub fn operation_of(hint: &Hint, parts: &Parts, body: &Bytes) -> Result<&'static OperationShape, AwsError> {
    let unknown = |status| {
        AwsError::with_status(
            status,
            "UnknownOperationException",
            "The requested operation is not recognized by the service.",
        )
    };
    match hint {
        Hint::Target(service, name) => service.operation(name).ok_or_else(|| unknown(400)),
        Hint::Rest(service) => {
            let query = parts.uri.query().unwrap_or_default();
            find_rest(service, parts.method.as_str(), parts.uri.path(), query).ok_or_else(|| unknown(404))
        }
        Hint::Form(service) => by_form(*service, &Form::read(parts, body)?),
        Hint::S3 => Err(unknown(404)),
        Hint::Unknown(_) => Err(elsewhere(parts).unwrap_or_else(|| unknown(404))),
    }
}

/// A request for a service of AWS that is not here at all, by its signature's scope.
fn elsewhere(parts: &Parts) -> Option<AwsError> {
    let scope = scope_service(parts)?;
    if services().iter().any(|service| service.name == scope) {
        return None;
    }
    // `serverless remove` asks whether it pushed images for the service, and goes on where there are none.
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    if target.is_some_and(|target| target == "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories") {
        let message = "There are no container repositories on this server.";
        return Some(AwsError::client("RepositoryNotFoundException", message));
    }
    let named: String = scope.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    Some(AwsError::with_status(
        404,
        "UnknownOperationException",
        format!("There is no service '{named}' on this server, so that this operation is not there either."),
    ))
}

fn by_form(scoped: Option<&'static Service>, form: &Form) -> Result<&'static OperationShape, AwsError> {
    let Some(action) = form.get("Action") else {
        return Err(AwsError::client("MissingAction", "The request must contain the parameter Action."));
    };
    let version = form.get("Version");
    let mut candidates = services().iter().filter(|service| {
        service.protocol == Protocol::Query
            && scoped.is_none_or(|scoped| scoped.name == service.name)
            && version.is_none_or(|version| version == service.version)
    });
    candidates.find_map(|service| service.operation(action)).ok_or_else(|| {
        let version = version.map(|version| format!(" for version {version}")).unwrap_or_default();
        AwsError::client("InvalidAction", format!("Could not find operation {action}{version}"))
    })
}

/// The service's name in the credential scope, unproven: `AKID/20260101/us-east-1/cognito-idp/aws4_request`.
pub fn scope_service(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let in_header = header.filter(|value| value.starts_with("AWS4-")).and_then(|value| {
        let scope = value.split("Credential=").nth(1)?;
        scope.split([',', ' ']).next().map(str::to_owned)
    });
    let scope = in_header.or_else(|| {
        form_urlencoded::parse(parts.uri.query()?.as_bytes())
            .find(|(name, _)| name == "X-Amz-Credential")
            .map(|(_, scope)| scope.into_owned())
    })?;
    let mut words = scope.rsplit('/');
    words.next().filter(|last| *last == "aws4_request")?;
    words.next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn named(
        request: http::request::Builder,
        body: &'static str,
    ) -> Result<(&'static str, &'static str), String> {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        operation_of(&hint(&parts), &parts, &Bytes::from(body))
            .map(|operation| (operation.service.name, operation.name))
            .map_err(|error| error.code)
    }

    fn signed(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        )
    }

    #[test]
    fn each_protocol_names_its_operation() {
        let target = |target: &str| Request::post("/").header("x-amz-target", target);
        assert_eq!(
            named(target("AWSCognitoIdentityProviderService.SignUp"), ""),
            Ok(("cognito-idp", "SignUp"))
        );
        assert_eq!(named(target("Logs_20140328.FilterLogEvents"), ""), Ok(("logs", "FilterLogEvents")));
        assert_eq!(named(target("Logs_20140328.Nope"), ""), Err(String::from("UnknownOperationException")));
        assert_eq!(
            named(target("DynamoDB_20120810.GetItem"), ""),
            Err(String::from("UnknownOperationException"))
        );
        let form =
            || Request::post("/").header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        assert_eq!(
            named(form(), "Action=CreateStack&Version=2010-05-15"),
            Ok(("cloudformation", "CreateStack"))
        );
        assert_eq!(named(form(), "Action=AssumeRole&Version=2011-06-15"), Ok(("sts", "AssumeRole")));
        assert_eq!(named(form(), "Action=AssumeRole&Version=2010-05-15"), Err(String::from("InvalidAction")));
        assert_eq!(named(form(), "Version=2010-05-15"), Err(String::from("MissingAction")));
        let get = Request::get("/?Action=GetCallerIdentity&Version=2011-06-15");
        assert_eq!(named(get, ""), Ok(("sts", "GetCallerIdentity")));
        assert_eq!(named(Request::post("/2015-03-31/functions/f/invocations"), ""), Ok(("lambda", "Invoke")));
        assert_eq!(named(Request::get("/nothing"), ""), Err(String::from("UnknownOperationException")));
    }

    #[test]
    fn a_service_that_is_not_here_is_named() {
        let ask = |service: &str, target: &str| {
            let request =
                Request::post("/").header("x-amz-target", target).header("authorization", signed(service));
            let (parts, ()) = request.body(()).unwrap().into_parts();
            operation_of(&hint(&parts), &parts, &Bytes::new()).unwrap_err()
        };
        let error = ask("dynamodb", "DynamoDB_20120810.GetItem");
        assert_eq!(error.code, "UnknownOperationException");
        assert!(error.message.contains("no service 'dynamodb'"), "{error}");
        let error = ask("ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories");
        assert_eq!((error.status, error.code.as_str()), (400, "RepositoryNotFoundException"));
    }

    #[test]
    fn the_scope_decides_where_names_collide() {
        let form = |service: &str| {
            Request::post("/")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("authorization", signed(service))
        };
        assert_eq!(named(form("iam"), "Action=ListUsers"), Ok(("iam", "ListUsers")));
        assert_eq!(named(form("sts"), "Action=ListUsers"), Err(String::from("InvalidAction")));
        let (parts, ()) =
            Request::put("/auth/x").header("authorization", signed("s3")).body(()).unwrap().into_parts();
        assert!(matches!(hint(&parts), Hint::S3));
        let presigned = "/b/k?X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2Fs3%2Faws4_request";
        let (parts, ()) = Request::get(presigned).body(()).unwrap().into_parts();
        assert_eq!(scope_service(&parts).as_deref(), Some("s3"));
    }
}
