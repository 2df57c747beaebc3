//! Operations on one object.

use bytes::Bytes;
use http::{Response, header};

use super::{
    Call, Payload,
    answer::{build, document, empty},
    bucket::owner_id,
    headers::{self, conditions, describe, description, ok, quoted, tags},
    operation::Operation,
    settings,
    xml::Xml,
};
use crate::{
    Object, ObjectError, Objects,
    conditions::ByteRange,
    content::{CopyOptions, PutOptions},
};

pub(super) async fn run(
    call: &Call<'_>,
    objects: &Objects,
    payload: Payload,
) -> Result<Response<Bytes>, ObjectError> {
    let (bucket, key) = (call.bucket(), call.key());
    match call.operation {
        Operation::GetObject | Operation::HeadObject => get(call, objects).await,
        Operation::PutObject => put(call, objects, payload).await,
        Operation::CopyObject => copy(call, objects).await,
        Operation::DeleteObject => {
            objects.delete(bucket, key, &conditions(call, "")).await?;
            empty(204)
        }
        Operation::GetObjectTagging => {
            let object = objects.head(bucket, key).await?;
            document(settings::tagging(&object.tags))
        }
        Operation::PutObjectTagging => {
            let body = payload.document().await?;
            objects.set_object_tags(bucket, key, settings::read_tagging(&body)?).await?;
            empty(200)
        }
        Operation::DeleteObjectTagging => {
            objects.set_object_tags(bucket, key, Default::default()).await?;
            empty(204)
        }
        Operation::GetObjectAttributes => attributes(call, objects).await,
        _ => {
            objects.head(bucket, key).await?;
            document(settings::owners_acl(&owner_id(&objects.head_bucket(bucket).await?.owner)))
        }
    }
}

async fn get(call: &Call<'_>, objects: &Objects) -> Result<Response<Bytes>, ObjectError> {
    let object = objects.head(call.bucket(), call.key()).await?;
    conditions(call, "").check_read(&object.etag, object.modified_at)?;
    let mut range = call.header("range").and_then(ByteRange::parse);
    let mut response = describe(ok(), &object, call);
    if let Some(number) = call.query("partNumber") {
        let number = number.parse().map_err(|_| ObjectError::InvalidArgument(String::from("partNumber")))?;
        // An object that was put at once is its own first part.
        range = (object.parts().is_some() || number != 1).then(|| object.part(number)).transpose()?;
        if let Some(parts) = object.parts() {
            response = response.header("x-amz-mp-parts-count", parts);
        }
    }
    let span = range.map(|range| range.within(object.size)).transpose()?;
    if let Some((from, to)) = span {
        let range = format!("bytes {from}-{}/{}", to - 1, object.size);
        response = response.status(206).header(header::CONTENT_RANGE, range);
    } else if call.header("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("enabled")) {
        response = headers::checksums(response, &object.checksums);
    }
    if call.operation == Operation::HeadObject {
        let (from, to) = span.unwrap_or((0, object.size));
        return build(response.header(header::CONTENT_LENGTH, to - from), Bytes::new());
    }
    let content = objects.read(&object, range).await?;
    build(response, content)
}

async fn put(call: &Call<'_>, objects: &Objects, payload: Payload) -> Result<Response<Bytes>, ObjectError> {
    let options = PutOptions {
        description: description(call)?,
        tags: tags(call)?,
        claims: payload.claims,
        conditions: conditions(call, ""),
    };
    let object = objects.put(call.bucket(), call.key(), payload.content, options).await?;
    let response = headers::checksums(ok().header(header::ETAG, quoted(&object.etag)), &object.checksums);
    build(encryption(response, &object), Bytes::new())
}

async fn copy(call: &Call<'_>, objects: &Objects) -> Result<Response<Bytes>, ObjectError> {
    let (bucket, key) = call.copy_source()?.ok_or(ObjectError::MethodNotAllowed)?;
    let replaces = |name: &str| call.header(name).is_some_and(|directive| directive == "REPLACE");
    let given = description(call)?;
    let options = CopyOptions {
        description: replaces("x-amz-metadata-directive").then_some(given),
        tags: replaces("x-amz-tagging-directive").then(|| tags(call)).transpose()?,
        source: conditions(call, "x-amz-copy-source-"),
        conditions: conditions(call, ""),
    };
    let object = objects.copy((&bucket, &key), (call.bucket(), call.key()), options).await?;
    let xml = Xml::document("CopyObjectResult")
        .text("ETag", quoted(&object.etag))
        .text("LastModified", headers::iso_date(object.modified_at))
        .each(&object.checksums, |xml, (algorithm, sum)| xml.text(&format!("Checksum{algorithm}"), sum));
    let mut response = document(xml)?;
    if let Some(name) = object.description.server_side_encryption.and_then(|name| name.parse().ok()) {
        response.headers_mut().insert("x-amz-server-side-encryption", name);
    }
    Ok(response)
}

/// "GetObjectAttributes": those that `x-amz-object-attributes` names.
async fn attributes(call: &Call<'_>, objects: &Objects) -> Result<Response<Bytes>, ObjectError> {
    let object = objects.head(call.bucket(), call.key()).await?;
    let named = call.header("x-amz-object-attributes").unwrap_or_default();
    let wants = |name: &str| named.split(',').any(|one| one.trim() == name);
    let mut xml = Xml::document("GetObjectAttributesResponse");
    if wants("ETag") {
        xml = xml.text("ETag", &object.etag);
    }
    if wants("Checksum") && !object.checksums.is_empty() {
        xml = xml
            .open("Checksum")
            .each(&object.checksums, |xml, (algorithm, sum)| xml.text(&format!("Checksum{algorithm}"), sum));
        xml = xml.close();
    }
    if let Some(parts) = object.parts().filter(|_| wants("ObjectParts")) {
        xml = xml.open("ObjectParts").text("PartsCount", parts.to_string()).close();
    }
    if wants("StorageClass") {
        xml = xml.text("StorageClass", "STANDARD");
    }
    if wants("ObjectSize") {
        xml = xml.text("ObjectSize", object.size.to_string());
    }
    let mut response = document(xml)?;
    if let Ok(date) = headers::http_date(object.modified_at).parse() {
        response.headers_mut().insert(header::LAST_MODIFIED, date);
    }
    Ok(response)
}

fn encryption(response: http::response::Builder, object: &Object) -> http::response::Builder {
    match &object.description.server_side_encryption {
        Some(name) => response.header("x-amz-server-side-encryption", name),
        None => response,
    }
}
