//! A plain HTTP client on one kept connection: as little of the machine as it can take.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::Outcome;

pub struct Client {
    sender: http1::SendRequest<Full<Bytes>>,
    host: String,
}

pub struct Answer {
    pub status: u16,
    pub body: Bytes,
}

impl Client {
    pub async fn connect(port: u16) -> Outcome<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: format!("localhost:{port}") })
    }

    pub async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Outcome<Answer> {
        self.send("GET", path, headers, Bytes::new()).await
    }

    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Outcome<Answer> {
        let mut request = Request::builder().method(method).uri(path).header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.sender.ready().await?;
        let answer = self.sender.send_request(request.body(Full::new(body))?).await?;
        let status = answer.status().as_u16();
        Ok(Answer { status, body: answer.into_body().collect().await?.to_bytes() })
    }

    /// An operation of `cognito-idp`, unsigned.
    pub async fn call(&mut self, operation: &str, input: &Value) -> Outcome<Value> {
        let target = target_of(operation);
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        self.answer_of(operation, &headers, input).await
    }

    /// The same, signed.
    pub async fn call_signed(
        &mut self,
        operation: &str,
        input: &Value,
        key: &(String, String),
    ) -> Outcome<Value> {
        let target = target_of(operation);
        let body = input.to_string();
        let host = self.host.clone();
        let request = crypto::sigv4::Request {
            method: "POST",
            path: "/",
            query: "",
            headers: vec![("host", host.as_bytes()), ("x-amz-target", target.as_bytes())],
        };
        let signer = crypto::sigv4::Signer {
            access_key_id: &key.0,
            secret_access_key: &key.1,
            session_token: None,
            region: "us-east-1",
            service: "cognito-idp",
        };
        let signed = signer.sign(&request, &crypto::digest::sha256_hex(body.as_bytes()), now()?);
        let mut headers =
            vec![("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        headers.extend(signed.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        self.answer_of(operation, &headers, input).await
    }

    async fn answer_of(
        &mut self,
        operation: &str,
        headers: &[(&str, &str)],
        input: &Value,
    ) -> Outcome<Value> {
        let answer = self.send("POST", "/", headers, Bytes::from(input.to_string())).await?;
        if answer.status != 200 {
            return Err(format!(
                "{operation} answered {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            )
            .into());
        }
        Ok(if answer.body.is_empty() { Value::Null } else { serde_json::from_slice(&answer.body)? })
    }
}

fn target_of(operation: &str) -> String {
    format!("AWSCognitoIdentityProviderService.{operation}")
}

#[allow(clippy::disallowed_methods, reason = "a benchmark's requests carry the real time")]
fn now() -> Outcome<base::Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(base::Timestamp::from_millis(i64::try_from(since.as_millis())?))
}
