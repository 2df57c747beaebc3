//! One signed HTTP request and its answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use crypto::{digest::sha256_hex, sigv4};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use ports::Clock;

use super::{AwsFailure, Keys, xml::Element};

/// Retried after a pause, this often, where the server is busy or away for a moment.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const USUAL_DEADLINE: Duration = Duration::from_secs(60);
/// The largest answer read, in bytes: a function's answer is at most 6 MB, a template 1 MB.
const LARGEST_ANSWER: usize = 32 << 20;

/// Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    /// Scheme, host and port.
    endpoint: String,
    authority: String,
    region: String,
    keys: Option<Keys>,
    clock: Arc<dyn Clock>,
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// What to send, but for the signature.
pub struct Call<'a> {
    /// The name in the signature's scope: `cloudformation`, `s3`, …
    pub service: &'a str,
    pub method: Method,
    /// Percent-encoded, with a slash at its beginning.
    pub path: String,
    /// Percent-encoded, without a question mark.
    pub query: String,
    pub headers: Vec<(&'a str, String)>,
    pub body: Bytes,
    pub deadline: Duration,
}

impl<'a> Call<'a> {
    pub fn new(service: &'a str, method: Method, path: impl Into<String>) -> Self {
        Self {
            service,
            method,
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            deadline: USUAL_DEADLINE,
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    pub fn new(
        endpoint: &str,
        region: &str,
        keys: Option<Keys>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let wrong =
            || format!("'{endpoint}' is not an endpoint: expected http://HOST[:PORT] or https://HOST[:PORT]");
        let uri: Uri = endpoint.trim_end_matches('/').parse().map_err(|_| wrong())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        if !matches!(scheme, "http" | "https") || !matches!(uri.path(), "" | "/") {
            return Err(wrong());
        }
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| format!("the system's certificates cannot be read: {error}"))?
            .https_or_http()
            .enable_http1()
            .build();
        let http = HttpClient::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        let (endpoint, authority) = (format!("{scheme}://{authority}"), authority.to_string());
        Ok(Self {
            inner: Arc::new(Inner { endpoint, authority, region: region.to_owned(), keys, clock, http }),
        })
    }

    /// Now, in milliseconds since the epoch, by the clock that its signatures go by.
    pub fn now_millis(&self) -> i64 {
        self.inner.clock.now().millis()
    }

    pub fn endpoint(&self) -> &str {
        &self.inner.endpoint
    }

    /// Sends until there is an answer that is not "later", or the attempts are used up.
    pub async fn send(&self, call: &Call<'_>) -> Result<Answer, AwsFailure> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let outcome = self.attempt(call).await;
            let later = match &outcome {
                Ok(answer) => matches!(answer.status, 429 | 503),
                Err(AwsFailure::Refused { status, code, .. }) => {
                    matches!(status, 429 | 503)
                        || code.contains("Throttling")
                        || code == "TooManyRequestsException"
                }
                Err(_) => false,
            };
            if !later || attempt >= ATTEMPTS {
                return outcome;
            }
            tokio::time::sleep(pause).await;
            pause *= 3;
        }
        Err(self.unreadable("no attempt was made"))
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Answer, AwsFailure> {
        let request = self.signed(call).map_err(|why| self.unreadable(&why))?;
        let exchange = async {
            let response =
                self.inner.http.request(request).await.map_err(|error| self.unreachable(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await;
            let body = body.map_err(|error| self.unreadable(&error.to_string()))?.to_bytes();
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
        };
        let answer = tokio::time::timeout(call.deadline, exchange).await.map_err(|_| {
            AwsFailure::Deadline { endpoint: self.inner.endpoint.clone(), seconds: call.deadline.as_secs() }
        })??;
        if answer.status < 300 { Ok(answer) } else { Err(self.refusal(&answer)) }
    }

    fn signed(&self, call: &Call<'_>) -> Result<Request<Full<Bytes>>, String> {
        let inner = &self.inner;
        let mut headers: Vec<(String, String)> = vec![(String::from("host"), inner.authority.clone())];
        headers.extend(call.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        if let Some(keys) = &inner.keys {
            let request = sigv4::Request {
                method: call.method.as_str(),
                path: &call.path,
                query: &call.query,
                headers: headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
            };
            let signer = sigv4::Signer {
                access_key_id: &keys.access_key_id,
                secret_access_key: keys.secret_access_key.expose(),
                session_token: keys.session_token.as_ref().map(|token| token.expose().as_str()),
                region: &inner.region,
                service: call.service,
            };
            let added = signer.sign(&request, &sha256_hex(&call.body), inner.clock.now());
            headers.extend(added);
        }
        let mut uri = format!("{}{}", inner.endpoint, call.path);
        if !call.query.is_empty() {
            uri = format!("{uri}?{}", call.query);
        }
        let mut request = Request::builder().method(call.method.clone()).uri(uri);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        request.body(Full::new(call.body.clone())).map_err(|error| error.to_string())
    }

    fn unreachable(&self, error: &dyn std::error::Error) -> AwsFailure {
        // The outermost words say "client error"; the innermost what happened.
        let mut cause = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        AwsFailure::Unreachable { endpoint: self.inner.endpoint.clone(), cause: cause.to_string() }
    }

    pub fn unreadable(&self, why: &str) -> AwsFailure {
        AwsFailure::NotUnderstood { endpoint: self.inner.endpoint.clone(), why: why.to_owned() }
    }

    /// XML, JSON or nothing at all: each protocol says no in its own way.
    fn refusal(&self, answer: &Answer) -> AwsFailure {
        let refused = |code: &str, message: &str| AwsFailure::Refused {
            status: answer.status,
            code: code.to_owned(),
            message: if message.is_empty() {
                format!("HTTP status {}", answer.status)
            } else {
                message.to_owned()
            },
        };
        let named = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(&answer.body) {
            let text = |keys: [&str; 2]| {
                keys.iter().find_map(|key| json.get(key)?.as_str()).unwrap_or_default().to_owned()
            };
            let code = named.map_or_else(|| text(["__type", "code"]), str::to_owned);
            let code =
                code.split(':').next().unwrap_or_default().rsplit('#').next().unwrap_or_default().to_owned();
            return refused(&code, &text(["message", "Message"]));
        }
        if let Some(root) = std::str::from_utf8(&answer.body).ok().and_then(|text| Element::parse(text).ok())
        {
            let error = root.find("Error").unwrap_or(&root);
            return refused(error.text_of("Code"), error.text_of("Message"));
        }
        match answer.status {
            404 => refused("NotFound", ""),
            403 => refused("AccessDenied", ""),
            _ => self.unreadable(&format!("HTTP status {}", answer.status)),
        }
    }
}

/// Percent-encodes all but what RFC 3986, section 2.3, leaves unreserved.
pub fn encoded(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}

pub fn query(pairs: &[(&str, String)]) -> String {
    let pair = |(name, value): &(&str, String)| format!("{}={}", encoded(name), encoded(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}
