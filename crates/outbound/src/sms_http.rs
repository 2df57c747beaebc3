//! Text messages over HTTP: a JSON document, posted to an address that the operator names. What is behind it, a gateway
//! or a few lines in front of one, is the operator's.

use std::sync::Arc;

use async_trait::async_trait;
use base::Secret;
use bytes::Bytes;
use http::{Request, Uri, header};
use ports::{Fetch, TextMessage, mail::DeliveryError, text_message::SmsMessage};
use serde_json::json;

const DEADLINE_MILLIS: u64 = 15_000;
const ANSWER_BYTES: usize = 64 * 1024;

/// `POST` of `{"id","to","text"}` with `Idempotency-Key: <id>`; any 2xx is taken for done.
pub struct HttpTextMessage {
    url: Uri,
    authorization: Option<Secret<String>>,
    fetch: Arc<dyn Fetch>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not an address to post text messages to; write https://HOST/PATH")]
pub struct InvalidGateway(String);

impl HttpTextMessage {
    /// `authorization` is the whole header: `Bearer …`.
    pub fn new(
        url: &str,
        authorization: Option<Secret<String>>,
        fetch: Arc<dyn Fetch>,
    ) -> Result<Self, InvalidGateway> {
        let invalid = || InvalidGateway(url.split('?').next().unwrap_or_default().to_owned());
        let parsed: Uri = url.parse().map_err(|_| invalid())?;
        match (parsed.scheme_str(), parsed.host()) {
            (Some("http" | "https"), Some(_)) => Ok(Self { url: parsed, authorization, fetch }),
            _ => Err(invalid()),
        }
    }
}

#[async_trait]
impl TextMessage for HttpTextMessage {
    async fn deliver(&self, message: &SmsMessage) -> Result<(), DeliveryError> {
        let SmsMessage { id, to, text, .. } = message;
        let body = json!({"id": id, "to": to, "text": text}).to_string();
        let mut request = Request::post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", id);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization.expose());
        }
        let request =
            request.body(Bytes::from(body)).map_err(|cause| DeliveryError::Refused(cause.to_string()))?;
        let answer = self.fetch.fetch(request, ANSWER_BYTES, DEADLINE_MILLIS).await;
        let status = answer.map_err(|cause| DeliveryError::Later(cause.to_string()))?.status();
        match status.as_u16() {
            200..=299 => Ok(()),
            // What is wrong with this one message, and will be tomorrow.
            400 | 404 | 410 | 413 | 415 | 422 => {
                Err(DeliveryError::Refused(format!("the gateway answered {status}")))
            }
            _ => Err(DeliveryError::Later(format!("the gateway answered {status}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use http::Response;
    use ports::fetch::FetchError;

    use super::*;

    struct Gateway(u16, Mutex<Vec<Request<Bytes>>>);

    #[async_trait]
    impl Fetch for Gateway {
        async fn fetch(
            &self,
            request: Request<Bytes>,
            _: usize,
            _: u64,
        ) -> Result<Response<Bytes>, FetchError> {
            self.1.lock().unwrap().push(request);
            if self.0 == 0 {
                return Err(FetchError::Deadline(1));
            }
            Ok(Response::builder().status(self.0).body(Bytes::new()).unwrap())
        }
    }

    async fn deliver(status: u16) -> (Result<(), DeliveryError>, Arc<Gateway>) {
        let gateway = Arc::new(Gateway(status, Mutex::default()));
        let token = Some(Secret::new(String::from("Bearer t")));
        let sms = HttpTextMessage::new("https://sms.example.com/send", token, gateway.clone()).unwrap();
        let message = SmsMessage {
            id: String::from("1"),
            to: String::from("+14155550123"),
            text: String::from("Your code is \"1\""),
            code: Some(String::from("1")),
        };
        (sms.deliver(&message).await, gateway)
    }

    #[tokio::test]
    async fn a_message_is_posted() {
        let (outcome, gateway) = deliver(202).await;
        outcome.unwrap();
        let requests = gateway.1.lock().unwrap();
        assert_eq!(requests[0].headers()["authorization"], "Bearer t");
        assert_eq!(requests[0].headers()["idempotency-key"], "1");
        assert_eq!(requests[0].body(), r#"{"id":"1","to":"+14155550123","text":"Your code is \"1\""}"#);
    }

    #[tokio::test]
    async fn what_can_wait_waits() {
        for (status, refused) in
            [(0, false), (301, false), (401, false), (429, false), (503, false), (400, true), (422, true)]
        {
            let error = deliver(status).await.0.unwrap_err();
            assert_eq!(matches!(error, DeliveryError::Refused(_)), refused, "{status}: {error}");
        }
    }
}
