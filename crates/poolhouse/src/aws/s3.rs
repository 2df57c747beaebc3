//! Amazon S3, by REST and XML; buckets in the path.

use bytes::Bytes;
use http::Method;

use super::{
    AwsFailure, Call, Client,
    client::{encoded, query},
    xml::Element,
};

/// The base64 SHA-256 of an object's content, kept with it as the Serverless Framework keeps it.
const HASH: &str = "x-amz-meta-filesha256";

fn path(bucket: &str, key: &str) -> String {
    let key = key.split('/').map(encoded).collect::<Vec<_>>().join("/");
    format!("/{}/{key}", encoded(bucket))
}

fn xml(client: &Client, body: &Bytes) -> Result<Element, AwsFailure> {
    let text = std::str::from_utf8(body).map_err(|error| client.unreadable(&error.to_string()))?;
    Element::parse(text).map_err(|why| client.unreadable(&why))
}

pub async fn put(
    client: &Client,
    bucket: &str,
    key: &str,
    content_type: &str,
    hash: &str,
    body: Bytes,
) -> Result<(), AwsFailure> {
    let mut call = Call::new("s3", Method::PUT, path(bucket, key));
    call.headers.push(("content-type", content_type.to_owned()));
    call.headers.push((HASH, hash.to_owned()));
    call.body = body;
    call.deadline = std::time::Duration::from_secs(600);
    client.send(&call).await.map(|_| ())
}

/// The hash an object was put with; `None` where there is no such object or it has none.
pub async fn hash(client: &Client, bucket: &str, key: &str) -> Result<Option<String>, AwsFailure> {
    let call = Call::new("s3", Method::HEAD, path(bucket, key));
    match client.send(&call).await {
        Ok(answer) => Ok(answer.headers.get(HASH).and_then(|value| value.to_str().ok()).map(str::to_owned)),
        Err(failure) if failure.status() == 404 => Ok(None),
        Err(failure) => Err(failure),
    }
}

pub async fn bucket_exists(client: &Client, bucket: &str) -> Result<bool, AwsFailure> {
    let call = Call::new("s3", Method::HEAD, format!("/{}", encoded(bucket)));
    match client.send(&call).await {
        Ok(_) => Ok(true),
        Err(failure) if failure.status() == 404 => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// All keys that begin with `prefix`.
pub async fn keys(client: &Client, bucket: &str, prefix: &str) -> Result<Vec<String>, AwsFailure> {
    const MOST_PAGES: usize = 1000;
    let mut keys = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut pairs = vec![("list-type", String::from("2")), ("prefix", prefix.to_owned())];
        if let Some(token) = next.take() {
            pairs.insert(0, ("continuation-token", token));
        }
        let mut call = Call::new("s3", Method::GET, format!("/{}", encoded(bucket)));
        call.query = query(&pairs);
        let result = xml(client, &client.send(&call).await?.body)?;
        let contents = result.children.iter().filter(|child| child.name == "Contents");
        keys.extend(
            contents.map(|object| object.child("Key").map(|key| key.text.clone()).unwrap_or_default()),
        );
        match result.text_of("NextContinuationToken") {
            "" => break,
            token => next = Some(token.to_owned()),
        }
    }
    Ok(keys)
}

/// Deletes all of `keys`, a thousand at a time. What could not be deleted is in the error.
pub async fn delete(client: &Client, bucket: &str, keys: &[String]) -> Result<(), AwsFailure> {
    for some in keys.chunks(1000) {
        let objects: String = some
            .iter()
            .map(|key| format!("<Object><Key>{}</Key></Object>", quick_xml::escape::escape(key)))
            .collect();
        let body = format!(
            "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>{objects}</Delete>"
        );
        let mut call = Call::new("s3", Method::POST, format!("/{}", encoded(bucket)));
        call.query = String::from("delete=");
        let sum = crypto::digest::sha256(body.as_bytes());
        call.headers.push((
            "x-amz-checksum-sha256",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sum),
        ));
        call.headers.push(("content-type", String::from("application/xml")));
        call.body = body.into();
        let result = xml(client, &client.send(&call).await?.body)?;
        if let Some(error) = result.child("Error") {
            return Err(AwsFailure::Refused {
                status: 200,
                code: error.text_of("Code").to_owned(),
                message: format!("{}: {}", error.text_of("Key"), error.text_of("Message")),
            });
        }
    }
    Ok(())
}
