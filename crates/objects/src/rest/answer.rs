//! Answers: documents, errors, and what every answer carries.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

use super::{headers, xml::Xml};
use crate::ObjectError;

pub(super) fn document(xml: Xml) -> Result<Response<Bytes>, ObjectError> {
    build(headers::ok().header(header::CONTENT_TYPE, "application/xml"), Bytes::from(xml.done()))
}

pub(super) fn empty(status: u16) -> Result<Response<Bytes>, ObjectError> {
    build(Response::builder().status(status), Bytes::new())
}

/// A header value that cannot be written is an odd description that a client gave: its to mend.
pub(super) fn build(response: http::response::Builder, body: Bytes) -> Result<Response<Bytes>, ObjectError> {
    response.body(body).map_err(|cause| ObjectError::InvalidArgument(cause.to_string()))
}

/// Amazon S3 API Reference, "REST error responses". Answers to HEAD have no body, so only the status tells.
pub(super) fn refuse(request: &Request<Bytes>, error: &ObjectError, request_id: &str) -> Response<Bytes> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    let mut add = |name: header::HeaderName, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    };
    match error {
        ObjectError::NotModified { etag, last_modified } => {
            add(header::ETAG, headers::quoted(etag));
            add(header::LAST_MODIFIED, headers::http_date(*last_modified));
            return response;
        }
        ObjectError::Unavailable(_) => add(header::RETRY_AFTER, String::from("1")),
        _ => {}
    }
    if request.method() != Method::HEAD {
        add(header::CONTENT_TYPE, String::from("application/xml"));
        let xml = Xml::plain("Error").text("Code", error.code()).text("Message", error.to_string());
        let xml = match error {
            ObjectError::NoSuchBucket(name)
            | ObjectError::BucketAlreadyOwnedByYou(name)
            | ObjectError::BucketAlreadyExists(name)
            | ObjectError::BucketNotEmpty(name)
            | ObjectError::InvalidBucketName(name) => xml.text("BucketName", name),
            ObjectError::NoSuchKey(key) => xml.text("Key", key),
            ObjectError::NoSuchUpload(upload) => xml.text("UploadId", upload),
            _ => xml,
        };
        let xml = xml
            .text("Resource", request.uri().path())
            .text("RequestId", request_id)
            .text("HostId", request_id);
        *response.body_mut() = Bytes::from(xml.done());
    }
    response
}

/// The request's id, and no body where there must be none.
pub(super) fn finish(
    mut response: Response<Bytes>,
    request: &Request<Bytes>,
    request_id: &str,
) -> Response<Bytes> {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amz-request-id", id.clone());
        response.headers_mut().insert("x-amz-id-2", id);
    }
    if request.method() == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    response
}
