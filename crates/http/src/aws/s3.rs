//! S3: the signature and the policies here, the wire in the objects room.

use axum::body::Body;
use base::AwsError;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header, request::Parts};
use iam::{BodyClaim, Payload};
use objects::rest::{self, ChunkSigning, Context};

use super::{Call, content_length};
use crate::{body::BodyError, protocols::Xml};

impl Call<'_> {
    /// `sent` is as the client sent it: the signature is over that.
    pub(super) async fn s3(&self, sent: Parts, body: Body) -> Response<Bytes> {
        match self.try_s3(sent, body).await {
            Ok(response) => response,
            Err(error) => refuse(&self.request_id, &error),
        }
    }

    async fn try_s3(&self, parts: Parts, body: Body) -> Result<Response<Bytes>, AwsError> {
        let front = self.front;
        let declared = content_length(&parts);
        // Nobody without a key makes us take in a quarter of a gigabyte: the head is signed too.
        let (principal, _) = front.iam.authenticate_upload(&parts, "s3", Payload::ToCome).await?;
        let held = front
            .body_room
            .read(body, declared, objects::LARGEST_BODY)
            .await
            .map_err(|error| too_much(&error))?;
        let bytes = held.bytes.clone();
        let (_, claim) = front.iam.authenticate_upload(&parts, "s3", Payload::Bytes(&bytes)).await?;
        let request = Request::from_parts(parts, bytes);
        let base_host = front.site.authority();
        let context = self.context(request.headers());
        let needed = match rest::actions(&request, &base_host, &front.doors.objects) {
            Ok(needed) => needed,
            Err(error) => return Ok(rest::refuse(&request, &error, &self.request_id)),
        };
        for (action, resource) in needed {
            front.iam.authorize(&principal, action, &resource, &context).await?;
        }
        let caller = principal.to_caller(self.source_ip(), self.request_id.as_str());
        let objects = front.doors.objects.clone();
        // To its end, also where the client hangs up.
        let task = tokio::spawn(async move {
            let _held = held;
            match &claim {
                BodyClaim::SignedChunks { chain, .. } => {
                    let (seed, sign) = (chain.so_far(), |text: &str| chain.sign(text));
                    let chunk_signing = Some(ChunkSigning {
                        seed_signature: &seed,
                        amz_date: chain.amz_date(),
                        scope: chain.scope(),
                        sign: &sign,
                    });
                    let context = Context { base_host: &base_host, caller: &caller, chunk_signing };
                    rest::handle(&objects, request, &context).await
                }
                _ => {
                    let context = Context { base_host: &base_host, caller: &caller, chunk_signing: None };
                    rest::handle(&objects, request, &context).await
                }
            }
        });
        match tokio::time::timeout(front.limits.operation, task).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(cause)) => {
                tracing::error!(request_id = %self.request_id, %cause, "a request to S3 ended in a panic");
                Err(AwsError::with_status(
                    500,
                    "InternalError",
                    "We encountered an internal error. Please try again.",
                ))
            }
            Err(_) => {
                Err(AwsError::with_status(503, "ServiceUnavailable", "The request did not end in time."))
            }
        }
    }
}

fn too_much(error: &BodyError) -> AwsError {
    match error {
        BodyError::TooLarge(_) => {
            AwsError::client("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        }
        BodyError::TooSlow => AwsError::client(
            "RequestTimeout",
            "Your socket connection to the server was not read from or written to within the timeout period.",
        ),
        BodyError::Busy => AwsError::with_status(503, "SlowDown", "Please reduce your request rate."),
        BodyError::Broken(_) => AwsError::client(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        ),
    }
}

/// As S3 says it (Amazon S3 API Reference, "Error responses").
fn refuse(request_id: &str, error: &AwsError) -> Response<Bytes> {
    let mut xml = Xml::default();
    xml.open("Error");
    xml.element("Code", &error.code);
    xml.element("Message", &error.message);
    xml.element("RequestId", request_id);
    xml.close("Error");
    let mut response = Response::new(Bytes::from(xml.finish()));
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amz-request-id", id);
    }
    if error.status == 503 {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
