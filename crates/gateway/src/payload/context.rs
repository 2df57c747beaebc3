//! One request on its way through the phases, and everything that may be asked of it: `$context` in templates and logs,
//! `requestContext` in events.

use base::Timestamp;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use ports::{Rng, RngExt};

use super::{
    headers::{Forwarding, PassedHeaders},
    json::JsonWriter,
    query::Query,
    times::common_log_format,
};
use crate::{
    authorizers::Authorized,
    path::CanonicalPath,
    request::ApiRequest,
    responses::{Refusal, render::error_variables},
    table::{CompiledMethod, CompiledStage},
};

/// Filled as the phases go by; each phase reads only what those before it wrote.
pub struct Exchange<'a> {
    pub request: &'a ApiRequest,
    pub stage: &'a CompiledStage,
    pub path: &'a CanonicalPath,
    pub ids: RequestIds,
    pub received_at: Timestamp,
    /// The request's body, decompressed where its client compressed it and the API takes that.
    pub body: Bytes,
    /// Whether it was compressed: functions then get neither its `Content-Encoding` nor its old length.
    pub unpacked: bool,
    pub query: Query,
    /// Set by match.
    pub method: Option<&'a CompiledMethod>,
    pub parameters: Vec<(&'a str, &'a str)>,
    /// Set by authorize.
    pub authorized: Authorized,
    pub authorizer_latency_millis: Option<i64>,
    pub api_key: Option<PresentedKey>,
    /// Set by integrate.
    pub integration_status: Option<u16>,
    pub integration_latency_millis: Option<i64>,
    /// Set when a phase refuses.
    pub refusal: Option<Refusal>,
    /// Set at the end, for the log.
    pub status: Option<u16>,
    pub response_length: Option<usize>,
    pub response_latency_millis: Option<i64>,
    pub(crate) forwarded: ForwardedAs,
}

/// An API key that was known and in a plan of this stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedKey {
    pub id: String,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestIds {
    /// A UUID.
    pub request: String,
    /// 16 characters of base64, as API Gateway's own.
    pub extended: String,
    /// `Root=1-<8 hex digits of the time>-<24 hex digits>`.
    pub trace: String,
}

/// How the client reached us, as text that headers can borrow.
pub(crate) struct ForwardedAs {
    pub port: String,
    pub proto: &'static str,
    /// The `Host` without its port.
    pub domain: String,
}

impl RequestIds {
    /// One draw for all of them. A trace that the client began goes on; anything else in its header is not believed.
    pub fn draw(rng: &dyn Rng, now: Timestamp, request: &ApiRequest) -> Self {
        let random = rng.bytes::<39>();
        let (uuid, rest) = random.split_at(16);
        let (extended, trace) = rest.split_at(11);
        let incoming = request.head.headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok());
        let trace = incoming.filter(|trace| is_trace(trace)).map_or_else(
            || format!("Root=1-{:08x}-{}", now.seconds() & 0xffff_ffff, crypto::digest::hex(trace)),
            str::to_owned,
        );
        Self { request: uuid_of(uuid), extended: STANDARD.encode(extended), trace }
    }
}

/// Version 4 (RFC 9562, section 5.4), of 16 random bytes.
fn uuid_of(random: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    for (at, byte) in random.iter().enumerate() {
        let byte = match at {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

fn is_trace(text: &str) -> bool {
    text.len() <= 256
        && text.starts_with("Root=1-")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'=' | b';'))
}

impl<'a> Exchange<'a> {
    pub fn new(
        request: &'a ApiRequest,
        stage: &'a CompiledStage,
        path: &'a CanonicalPath,
        ids: RequestIds,
        received_at: Timestamp,
    ) -> Self {
        let (domain, port) = split_host(&request.host);
        let port = port.unwrap_or(if request.secure { "443" } else { "80" }).to_owned();
        let proto = if request.secure { "https" } else { "http" };
        Self {
            request,
            stage,
            path,
            ids,
            received_at,
            body: request.body.clone(),
            unpacked: false,
            query: Query::parse(request.head.uri.query()),
            method: None,
            parameters: Vec::new(),
            authorized: Authorized::Open,
            authorizer_latency_millis: None,
            api_key: None,
            integration_status: None,
            integration_latency_millis: None,
            refusal: None,
            status: None,
            response_length: None,
            response_latency_millis: None,
            forwarded: ForwardedAs { port, proto, domain: domain.to_owned() },
        }
    }

    /// A header of the request, whatever its spelling; the last where there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.head.headers.get_all(name).iter().next_back().and_then(|value| value.to_str().ok())
    }

    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// The request's headers as functions may see them.
    pub fn passed_headers(&self) -> PassedHeaders<'_> {
        let forwarding = Forwarding {
            source_ip: &self.request.source_ip,
            port: &self.forwarded.port,
            proto: self.forwarded.proto,
            trace_id: &self.ids.trace,
            unpacked: self.unpacked,
        };
        PassedHeaders::of(&self.request.head.headers, forwarding)
    }

    pub fn resource_path(&self) -> &str {
        self.method.map_or("", |method| &method.resource_path)
    }

    /// `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>`: what policies are asked about.
    pub fn method_arn(&self) -> String {
        format!("{}/{}/{}", self.stage.arn, self.request.head.method, self.path.for_arn())
    }

    /// `$context.<name>`, as text.
    pub fn variable(&self, name: &str) -> Option<String> {
        let request = self.request;
        if let Some(rest) = name.strip_prefix("authorizer.") {
            return match rest {
                "latency" | "integrationLatency" => {
                    self.authorizer_latency_millis.map(|millis| millis.to_string())
                }
                _ => self.authorized.variable(rest),
            };
        }
        if let Some(rest) = name.strip_prefix("identity.") {
            return self.identity_variable(rest);
        }
        if name.starts_with("error.") {
            return self.refusal.as_ref().and_then(|refusal| error_variables(refusal).remove(name));
        }
        Some(match name {
            "accountId" => self.stage.account.clone(),
            "apiId" => request.api_id.clone(),
            "stage" => request.stage.clone(),
            "deploymentId" => self.stage.deployment_id.clone(),
            "requestId" | "awsEndpointRequestId" => self.ids.request.clone(),
            "extendedRequestId" => self.ids.extended.clone(),
            "xrayTraceId" => self.ids.trace.clone(),
            "requestTime" => common_log_format(self.received_at),
            "requestTimeEpoch" => self.received_at.millis().to_string(),
            "httpMethod" => request.head.method.as_str().to_owned(),
            "path" => self.staged_path(),
            "protocol" => protocol(request.head.version).to_owned(),
            "domainName" => self.forwarded.domain.clone(),
            "domainPrefix" => self.domain_prefix().to_owned(),
            "resourceId" => self.method?.resource_id.clone(),
            "resourcePath" => self.method?.resource_path.clone(),
            "operationName" => self.method?.operation_name.clone()?,
            "status" => self.status?.to_string(),
            "responseLength" => self.response_length?.to_string(),
            "responseLatency" => self.response_latency_millis?.to_string(),
            "integrationStatus" | "integration.status" => self.integration_status?.to_string(),
            "integrationLatency" | "integration.latency" => self.integration_latency_millis?.to_string(),
            _ => return None,
        })
    }

    fn identity_variable(&self, name: &str) -> Option<String> {
        let caller = self.authorized.caller();
        match name {
            "sourceIp" => Some(self.request.source_ip.clone()),
            "userAgent" => self.header("user-agent").map(str::to_owned),
            "apiKey" => self.api_key.as_ref().map(|key| key.value.clone()),
            "apiKeyId" => self.api_key.as_ref().map(|key| key.id.clone()),
            "accountId" => caller.map(|caller| caller.account.clone()),
            "userArn" => caller.map(|caller| caller.arn.clone()),
            "caller" | "user" => caller.map(|caller| caller.user_id.clone()),
            "accessKey" => caller.map(|caller| caller.access_key.clone()),
            _ => None,
        }
    }

    fn staged_path(&self) -> String {
        format!("/{}{}", self.request.stage, self.path.as_str())
    }

    fn domain_prefix(&self) -> &str {
        self.forwarded.domain.split('.').next().unwrap_or_default()
    }

    /// `requestContext` of events to functions and authorizers. Every value comes from what the phases decided; none
    /// from a header that a caller could have written, but for the user agent.
    pub fn write_request_context(&self, json: &mut JsonWriter) {
        json.begin_object();
        if let Some(method) = self.method {
            json.member("resourceId", &method.resource_id);
        }
        self.authorized.write(json, self.authorizer_latency_millis);
        if let Some(method) = self.method {
            json.member("resourcePath", &method.resource_path);
            if let Some(name) = &method.operation_name {
                json.member("operationName", name);
            }
        }
        json.member("httpMethod", self.request.head.method.as_str());
        json.member("extendedRequestId", &self.ids.extended);
        json.member("requestTime", &common_log_format(self.received_at));
        json.member("path", &self.staged_path());
        json.member("accountId", &self.stage.account);
        json.member("protocol", protocol(self.request.head.version));
        json.member("stage", &self.request.stage);
        json.member("domainPrefix", self.domain_prefix());
        json.name("requestTimeEpoch");
        json.number(self.received_at.millis());
        json.member("requestId", &self.ids.request);
        json.name("identity");
        self.write_identity(json);
        json.member("domainName", &self.forwarded.domain);
        json.member("deploymentId", &self.stage.deployment_id);
        json.member("apiId", &self.request.api_id);
        json.end_object();
    }

    fn write_identity(&self, json: &mut JsonWriter) {
        let caller = self.authorized.caller();
        json.begin_object();
        json.name("cognitoIdentityPoolId");
        json.null();
        json.name("accountId");
        json.string_or_null(caller.map(|caller| caller.account.as_str()));
        json.name("cognitoIdentityId");
        json.null();
        json.name("caller");
        json.string_or_null(caller.map(|caller| caller.user_id.as_str()));
        json.member("sourceIp", &self.request.source_ip);
        json.name("principalOrgId");
        json.null();
        json.name("accessKey");
        json.string_or_null(caller.map(|caller| caller.access_key.as_str()));
        json.name("cognitoAuthenticationType");
        json.null();
        json.name("cognitoAuthenticationProvider");
        json.null();
        json.name("userArn");
        json.string_or_null(caller.map(|caller| caller.arn.as_str()));
        json.name("userAgent");
        json.string_or_null(self.header("user-agent"));
        json.name("user");
        json.string_or_null(caller.map(|caller| caller.user_id.as_str()));
        if let Some(key) = &self.api_key {
            json.member("apiKey", &key.value);
            json.member("apiKeyId", &key.id);
        }
        json.end_object();
    }
}

fn protocol(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_2 => "HTTP/2.0",
        http::Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

/// `[::1]:4747` and `localhost:4747` into name and port.
fn split_host(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (name, Some(port))
        }
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_uuid() {
        assert_eq!(uuid_of(&[0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn only_what_looks_like_a_trace_goes_on() {
        assert!(is_trace("Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1"));
        for text in ["", "Root=2-a", "Root=1-a\"b", &format!("Root=1-{}", "a".repeat(300))] {
            assert!(!is_trace(text), "{text}");
        }
    }

    #[test]
    fn a_host_may_have_a_port() {
        assert_eq!(split_host("a.localhost:4747"), ("a.localhost", Some("4747")));
        assert_eq!(split_host("[::1]:80"), ("[::1]", Some("80")));
        assert_eq!(split_host("[::1]"), ("[::1]", None));
        assert_eq!(split_host("api.example.com"), ("api.example.com", None));
    }
}
