//! The AWS APIs: which operation a request means, who asks, whether they may, and the room's answer.
//!
//! In this order: tell the operation ([`recognize`]) → read the body, within the operation's limit → check the signature
//! and read the input → ask the policies → call the room ([`rooms`]) → write the answer. An operation that AWS leaves
//! unsigned skips signature and policies; nothing else does.

pub mod cors;
mod recognize;
pub mod rooms;
mod s3;

use std::{net::SocketAddr, time::Instant};

use axum::body::Body;
use base::{AwsError, Caller, Identity};
use bytes::Bytes;
use facts::{OperationShape, Service};
use http::{HeaderMap, Request, Response, header, request::Parts};

use crate::{
    body::{BodyError, Held},
    front::Front,
    limits::body_limit,
    metrics::Route,
    protocols,
};
use recognize::{Hint, hint, operation_of};

/// One request to an AWS API.
pub struct Call<'f> {
    pub front: &'f Front,
    pub peer: SocketAddr,
    pub request_id: String,
}

impl Call<'_> {
    pub async fn answer(self, request: Request<Body>) -> Response<Body> {
        let began = Instant::now();
        let (parts, body) = request.into_parts();
        if parts.method == http::Method::OPTIONS {
            return cors::preflight(&parts, &self.request_id);
        }
        if let Hint::S3 = hint(&parts) {
            return self.answer_s3(Request::from_parts(parts, body)).await;
        }
        let from_a_page = parts.headers.contains_key(header::ORIGIN);
        let (route, mut response) = self.operation(hint(&parts), parts, body).await;
        if from_a_page
            && matches!(route, Route::Operation(operation) if operation.service.name == "cognito-idp")
        {
            cors::allow(&mut response);
        }
        self.front.metrics.answered(&route, response.status(), began.elapsed());
        response.map(Body::from)
    }

    /// A request that its signature or its host say is for S3.
    pub async fn answer_s3(self, request: Request<Body>) -> Response<Body> {
        let began = Instant::now();
        let (parts, body) = request.into_parts();
        let response = self.s3(parts, body).await;
        self.front.metrics.answered(&Route::S3, response.status(), began.elapsed());
        response.map(Body::from)
    }

    async fn operation(&self, hint: Hint, parts: Parts, body: Body) -> (Route, Response<Bytes>) {
        let refuse = |service, error: &AwsError| protocols::refuse(service, &self.request_id, error);
        // A form names its operation in the body, which must be read first; everything else does so before.
        let early = match &hint {
            Hint::Form(_) => Ok(None),
            other => operation_of(other, &parts, &Bytes::new()).map(Some),
        };
        let limit = match &early {
            Ok(Some(operation)) => body_limit(operation.service.name, operation.name),
            _ => body_limit("cloudformation", ""),
        };
        let service_of_hint = hint.service();
        let (operation, held) = match early {
            Err(error) => return (Route::Unknown, refuse(service_of_hint, &error)),
            Ok(early) => {
                let service = early.map_or(service_of_hint, |operation| Some(operation.service));
                let held = match self.read(&parts, body, limit).await {
                    Ok(held) => held,
                    Err(error) => return (Route::Unknown, refuse(service, &too_much(service, &error))),
                };
                let operation = match early {
                    Some(operation) => Ok(operation),
                    None => operation_of(&hint, &parts, &held.bytes),
                };
                match operation {
                    Ok(operation) => (operation, held),
                    Err(error) => return (Route::Unknown, refuse(service, &error)),
                }
            }
        };
        let response = match self.run(operation, &parts, held).await {
            Ok(response) => response,
            Err(error) => refuse(Some(operation.service), &error),
        };
        (Route::Operation(operation), response)
    }

    async fn run(
        &self,
        operation: &'static OperationShape,
        parts: &Parts,
        held: Held,
    ) -> Result<Response<Bytes>, AwsError> {
        let body = &held.bytes;
        let service = operation.service.name;
        let iam = &self.front.iam;
        let (caller, input) = if operation.signed {
            let principal = iam.authenticate(parts, service, body).await?;
            let input = protocols::decode(operation, parts, body)?;
            let context = self.context(&parts.headers);
            iam.authorize_call(&principal, service, operation.name, &input, &context).await?;
            (principal.to_caller(self.source_ip(), self.request_id.as_str()), input)
        } else {
            let caller = Caller {
                identity: Identity::Anonymous,
                source_ip: self.source_ip(),
                request_id: self.request_id.clone(),
            };
            (caller, protocols::decode(operation, parts, body)?)
        };
        drop(held);
        let output = self.front.rooms.call(operation, caller, input, &self.front.limits).await?;
        protocols::encode(operation, &self.request_id, &output)
    }

    fn source_ip(&self) -> String {
        self.peer.ip().to_canonical().to_string()
    }

    /// What policies may ask of the request itself ("AWS global condition context keys").
    fn context(&self, headers: &HeaderMap) -> iam::Context {
        let context = iam::Context::default()
            .with("aws:SourceIp", self.source_ip())
            .with("aws:SecureTransport", self.front.site.secure().to_string());
        let header = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let context = match header(header::USER_AGENT) {
            Some(agent) => context.with("aws:UserAgent", agent),
            None => context,
        };
        match header(header::REFERER) {
            Some(referer) => context.with("aws:Referer", referer),
            None => context,
        }
    }

    async fn read(&self, parts: &Parts, body: Body, limit: usize) -> Result<Held, BodyError> {
        self.front.body_room.read(body, content_length(parts), limit).await
    }
}

/// Whether a request is signed for S3.
pub fn is_s3(parts: &Parts) -> bool {
    recognize::scope_service(parts).as_deref() == Some("s3")
}

pub fn content_length(parts: &Parts) -> Option<u64> {
    parts.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// As each protocol's services say that a request is too large, too slow or too many.
fn too_much(service: Option<&Service>, error: &BodyError) -> AwsError {
    let (status, code) = match error {
        BodyError::TooLarge(_) => match service.map(|service| service.name) {
            Some("lambda") => (413, "RequestTooLargeException"),
            Some("cognito-idp" | "logs") => (413, "RequestEntityTooLargeException"),
            _ => (413, "RequestEntityTooLarge"),
        },
        BodyError::TooSlow => (408, "RequestTimeout"),
        BodyError::Busy => (503, "ServiceUnavailable"),
        BodyError::Broken(_) => (400, "IncompleteBody"),
    };
    AwsError::with_status(status, code, error.to_string())
}
