//! Who calls: nobody in particular, a person with tokens, or the holder of an access key.

use bytes::Bytes;
use front_door::{
    RootKey,
    base::Timestamp,
    sigv4::{Request as Signable, Signer, payload_hash},
};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::wire::Wire;

/// A call that was turned down, in the words of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    pub code: String,
    pub message: String,
}

/// Sends without a signature.
#[derive(Clone)]
pub struct Anonymous {
    pub(crate) wire: Wire,
    pub(crate) host: String,
}

/// Sends with the tokens of a person who signed in.
#[derive(Clone)]
pub struct SignedIn {
    pub(crate) anonymous: Anonymous,
    pub id_token: String,
    pub access_token: String,
    pub refresh_token: Option<String>,
}

/// Signs with an access key.
#[derive(Clone)]
pub struct Admin {
    pub(crate) anonymous: Anonymous,
    pub(crate) key: RootKey,
    pub(crate) session_token: Option<String>,
    pub(crate) region: String,
    pub(crate) now: std::sync::Arc<crate::HeldClock>,
}

impl Anonymous {
    /// Any request at all; `Host` is the server's own where the request names none.
    pub async fn send(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        if !request.headers().contains_key(header::HOST) {
            let host = HeaderValue::from_str(&self.host).expect("a host is ASCII");
            request.headers_mut().insert(header::HOST, host);
        }
        self.wire.send(request).await
    }

    pub async fn get(&self, path: &str) -> Response<Bytes> {
        self.send(Request::get(path).body(Bytes::new()).expect("a path")).await
    }

    /// An operation of `cognito-idp` that needs no signature.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, Refused> {
        read(&self.send(json_request("AWSCognitoIdentityProviderService", operation, &input)).await)
    }

    /// Signs a person in with their password (`USER_PASSWORD_AUTH`).
    pub async fn sign_in(
        &self,
        client_id: &str,
        username: &str,
        password: &str,
    ) -> Result<SignedIn, Refused> {
        let input = json!({
            "ClientId": client_id,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": username, "PASSWORD": password},
        });
        let answer = self.call("InitiateAuth", input).await?;
        let tokens = &answer["AuthenticationResult"];
        let token = |name: &str| tokens[name].as_str().map(str::to_owned);
        match (token("IdToken"), token("AccessToken")) {
            (Some(id_token), Some(access_token)) => Ok(SignedIn {
                anonymous: self.clone(),
                id_token,
                access_token,
                refresh_token: token("RefreshToken"),
            }),
            _ => panic!("{username} was asked for more: {answer}"),
        }
    }
}

impl SignedIn {
    /// An operation of `cognito-idp` that takes an access token; it is put in.
    pub async fn call(&self, operation: &str, mut input: Value) -> Result<Value, Refused> {
        input["AccessToken"] = Value::from(self.access_token.clone());
        self.anonymous.call(operation, input).await
    }

    /// A request with the ID token in `Authorization`.
    pub async fn get(&self, path: &str) -> Response<Bytes> {
        let request = Request::get(path).header(header::AUTHORIZATION, &self.id_token);
        self.anonymous.send(request.body(Bytes::new()).expect("a path")).await
    }
}

impl Admin {
    pub fn key_id(&self) -> &str {
        &self.key.access_key_id
    }

    /// The same key, for a role's or user's session or for a user's own key.
    #[must_use]
    pub fn with_key(&self, access_key_id: &str, secret: &str, session_token: Option<&str>) -> Self {
        Self {
            key: RootKey {
                access_key_id: access_key_id.to_owned(),
                secret_access_key: secret.to_owned().into(),
            },
            session_token: session_token.map(str::to_owned),
            ..self.clone()
        }
    }

    /// An operation of a JSON service: `cognito-idp` or `logs`.
    pub async fn call(&self, service: &str, operation: &str, input: Value) -> Result<Value, Refused> {
        let target = match service {
            "cognito-idp" => "AWSCognitoIdentityProviderService",
            "logs" => "Logs_20140328",
            other => panic!("{other} does not speak AWS JSON"),
        };
        read(&self.send(service, json_request(target, operation, &input)).await)
    }

    /// An operation of a query service, with its parameters as they stand in the form; the answer is XML.
    pub async fn form(
        &self,
        service: &str,
        operation: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, Refused> {
        let version = match service {
            "cloudformation" => "2010-05-15",
            "sts" => "2011-06-15",
            "iam" => "2010-05-08",
            other => panic!("{other} does not speak AWS query"),
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", operation).append_pair("Version", version);
        form.extend_pairs(parameters);
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
            .body(Bytes::from(form.finish()))
            .expect("a form");
        let response = self.send(service, request).await;
        let text = String::from_utf8_lossy(response.body()).into_owned();
        if response.status().is_success() {
            return Ok(text);
        }
        let between = |name: &str| {
            let rest = text.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
            rest.and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
        };
        Err(Refused {
            status: response.status().as_u16(),
            code: between("Code"),
            message: between("Message"),
        })
    }

    /// A REST-JSON request, for `lambda`.
    pub async fn rest(&self, method: Method, path: &str, input: Option<Value>) -> Result<Value, Refused> {
        let body = input.map_or_else(Bytes::new, |input| Bytes::from(input.to_string()));
        let request = Request::builder().method(method).uri(path).body(body).expect("a path");
        read(&self.send("lambda", request).await)
    }

    /// Any request, signed for `service`.
    pub async fn send(&self, service: &str, request: Request<Bytes>) -> Response<Bytes> {
        self.anonymous.send(self.sign(service, request)).await
    }

    /// The request with its signature, for whoever wants to bend it before it is sent.
    pub fn sign(&self, service: &str, mut request: Request<Bytes>) -> Request<Bytes> {
        let host = HeaderValue::from_str(&self.anonymous.host).expect("a host is ASCII");
        request.headers_mut().entry(header::HOST).or_insert(host);
        let signer = Signer {
            access_key_id: &self.key.access_key_id,
            secret_access_key: self.key.secret_access_key.expose(),
            session_token: self.session_token.as_deref(),
            region: &self.region,
            service,
        };
        let signable = Signable {
            method: request.method().as_str(),
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            headers: request
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes()))
                .collect(),
        };
        let added = signer.sign(&signable, &payload_hash(request.body()), self.now());
        for (name, value) in added {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            request.headers_mut().insert(name, HeaderValue::from_str(&value).expect("a header's value"));
        }
        request
    }

    fn now(&self) -> Timestamp {
        ports::Clock::now(self.now.as_ref())
    }
}

fn json_request(target: &str, operation: &str, input: &Value) -> Request<Bytes> {
    Request::post("/")
        .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
        .header("x-amz-target", format!("{target}.{operation}"))
        .body(Bytes::from(input.to_string()))
        .expect("a request")
}

/// An answer of a JSON service.
pub fn read(response: &Response<Bytes>) -> Result<Value, Refused> {
    let body = response.body();
    let value = if body.is_empty() { json!({}) } else { serde_json::from_slice(body).unwrap_or(Value::Null) };
    if response.status().is_success() && response.status() != StatusCode::NO_CONTENT {
        return Ok(value);
    }
    if response.status() == StatusCode::NO_CONTENT {
        return Ok(json!({}));
    }
    let text =
        |names: [&str; 2]| names.iter().find_map(|name| value[*name].as_str()).unwrap_or_default().to_owned();
    let header = response.headers().get("x-amzn-errortype").and_then(|kind| kind.to_str().ok());
    let code = header.map_or_else(|| text(["__type", "code"]), str::to_owned);
    Err(Refused { status: response.status().as_u16(), code, message: text(["message", "Message"]) })
}
