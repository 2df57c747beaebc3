//! The AWS APIs: which operation a request means, who asks, whether they may, and the room's answer.
//!
//! In this order: tell the operation ([`recognize`]) → read the body, within the operation's limit → check the signature
//! and read the input → ask the policies ([`permissions`]) → call the room ([`rooms`]) → write the answer. An operation
//! that AWS leaves unsigned skips signature and policies; nothing else does.

pub mod cors;
pub mod gate;
pub mod permissions;
mod recognize;
pub mod rooms;
mod s3;

use std::{net::SocketAddr, time::Instant};

use axum::body::Body;
use base::{AwsError, Caller, Identity};
use bytes::Bytes;
use facts::{OperationShape, Service};
use http::{Request, Response, header, request::Parts};

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
        let from_a_page = parts.headers.contains_key(header::ORIGIN);
        let (route, mut response) = match hint(&parts) {
            Hint::S3 => (Route::S3, self.s3(parts, body).await),
            hint => self.operation(hint, parts, body).await,
        };
        if from_a_page && matches!(route, Route::Operation(operation) if operation.service.name == "cognito-idp") {
            cors::allow(&mut response);
        }
        self.front.metrics.answered(&route, response.status(), began.elapsed());
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
        let caller = |identity| Caller {
            identity,
            source_ip: self.peer.ip().to_string(),
            request_id: self.request_id.clone(),
        };
        let (caller, input) = if operation.signed {
            let gate = &self.front.gate;
            let signer = gate.authenticate(parts, body, operation.service).await?;
            let input = protocols::decode(operation, parts, body)?;
            let asked = permissions::needed(operation, &input, self.front.site.region(), &self.front.account);
            for permission in asked {
                gate.authorize(&signer, &permission, self.peer.ip(), operation.service).await?;
            }
            (caller(signer.identity()), input)
        } else {
            (caller(Identity::Anonymous), protocols::decode(operation, parts, body)?)
        };
        drop(held);
        let output = self.front.rooms.call(operation, caller, input, &self.front.limits).await?;
        protocols::encode(operation, &self.request_id, &output)
    }

    async fn read(&self, parts: &Parts, body: Body, limit: usize) -> Result<Held, BodyError> {
        self.front.body_room.read(body, content_length(parts), limit).await
    }
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
