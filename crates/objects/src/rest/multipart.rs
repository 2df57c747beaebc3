//! Uploads in parts.

use base::PageToken;
use bytes::Bytes;
use http::{Response, header};

use super::{
    Call, Payload,
    answer::{build, document, empty},
    bucket::owner_id,
    headers::{self, conditions, description, iso_date, ok, quoted, tags, url_encoded},
    operation::Operation,
    xml::{Element, Xml},
};
use crate::{ObjectError, Objects, conditions::ByteRange, multipart::WantedPart};

const PAGE: usize = 1000;

pub(super) async fn run(
    call: &Call<'_>,
    objects: &Objects,
    payload: Payload,
) -> Result<Response<Bytes>, ObjectError> {
    let (bucket, key) = (call.bucket(), call.key());
    let upload = call.query("uploadId").unwrap_or_default();
    match call.operation {
        Operation::CreateMultipartUpload => {
            let id = objects.create_upload(bucket, key, description(call)?, tags(call)?).await?;
            document(
                Xml::document("InitiateMultipartUploadResult")
                    .text("Bucket", bucket)
                    .text("Key", key)
                    .text("UploadId", id),
            )
        }
        Operation::UploadPart => {
            let number = part_number(call)?;
            let part = objects.put_part(bucket, key, upload, number, payload.content, payload.claims).await?;
            let response = ok().header(header::ETAG, quoted(&part.etag));
            build(headers::checksums(response, &part.checksums), Bytes::new())
        }
        Operation::UploadPartCopy => copy_part(call, objects, upload).await,
        Operation::CompleteMultipartUpload => complete(call, objects, payload, upload).await,
        Operation::AbortMultipartUpload => {
            objects.abort_upload(bucket, key, upload).await?;
            empty(204)
        }
        Operation::ListParts => list_parts(call, objects, upload).await,
        _ => list_uploads(call, objects).await,
    }
}

async fn copy_part(call: &Call<'_>, objects: &Objects, upload: &str) -> Result<Response<Bytes>, ObjectError> {
    let (bucket, key) = call.copy_source()?.ok_or(ObjectError::MethodNotAllowed)?;
    let source = objects.head(&bucket, &key).await?;
    match conditions(call, "x-amz-copy-source-").check_read(&source.etag, source.modified_at) {
        Err(ObjectError::NotModified { .. }) => return Err(ObjectError::PreconditionFailed),
        outcome => outcome?,
    }
    let range = match call.header("x-amz-copy-source-range") {
        None => None,
        Some(text) => Some(ByteRange::parse(text).ok_or_else(|| {
            ObjectError::InvalidArgument(String::from(
                "The x-amz-copy-source-range value must be of the form bytes=first-last",
            ))
        })?),
    };
    let target = (call.bucket(), call.key(), upload);
    let part = objects.copy_part((&bucket, &key), range, target, part_number(call)?).await?;
    document(
        Xml::document("CopyPartResult")
            .text("ETag", quoted(&part.etag))
            .text("LastModified", iso_date(part.modified_at)),
    )
}

async fn complete(
    call: &Call<'_>,
    objects: &Objects,
    payload: Payload,
    upload: &str,
) -> Result<Response<Bytes>, ObjectError> {
    // A checksum in these headers is the whole object's, not this document's.
    let document_claims = crate::checksum::Claims { checksums: Default::default(), ..payload.claims };
    let body = Payload { content: payload.content, claims: document_claims }.document().await?;
    let wanted = Element::read(&body, "CompleteMultipartUpload")?;
    let parts = wanted
        .all("Part")
        .map(|part| {
            let number =
                part.required("PartNumber")?.trim().parse().map_err(|_| ObjectError::MalformedXml)?;
            Ok(WantedPart { number, etag: part.required("ETag")?.trim_matches('"').to_owned() })
        })
        .collect::<Result<Vec<_>, ObjectError>>()?;
    let object =
        objects.complete_upload(call.bucket(), call.key(), upload, &parts, &conditions(call, "")).await?;
    document(
        Xml::document("CompleteMultipartUploadResult")
            .text("Location", format!("/{}/{}", call.bucket(), url_encoded(call.key())))
            .text("Bucket", call.bucket())
            .text("Key", call.key())
            .text("ETag", quoted(&object.etag)),
    )
}

async fn list_parts(
    call: &Call<'_>,
    objects: &Objects,
    upload: &str,
) -> Result<Response<Bytes>, ObjectError> {
    let limit = call.number("max-parts", PAGE, PAGE)?;
    let after = call.number("part-number-marker", 0, usize::MAX)?;
    let marker = u32::try_from(after).unwrap_or(u32::MAX);
    let (parts, is_truncated) = objects.list_parts(call.bucket(), call.key(), upload, marker, limit).await?;
    let owner = owner_id(&objects.head_bucket(call.bucket()).await?.owner);
    let next = parts.last().filter(|_| is_truncated).map(|part| part.number.to_string());
    let xml = Xml::document("ListPartsResult")
        .text("Bucket", call.bucket())
        .text("Key", call.key())
        .text("UploadId", upload)
        .open("Initiator")
        .text("ID", &owner)
        .close()
        .open("Owner")
        .text("ID", &owner)
        .close()
        .text("StorageClass", "STANDARD")
        .text("PartNumberMarker", marker.to_string())
        .maybe("NextPartNumberMarker", next)
        .text("MaxParts", limit.to_string())
        .text("IsTruncated", is_truncated.to_string());
    document(xml.each(&parts, |xml, part| {
        xml.open("Part")
            .text("PartNumber", part.number.to_string())
            .text("LastModified", iso_date(part.modified_at))
            .text("ETag", quoted(&part.etag))
            .each(&part.checksums, |xml, (algorithm, sum)| xml.text(&format!("Checksum{algorithm}"), sum))
            .text("Size", part.size.to_string())
            .close()
    }))
}

/// In the order of their ids, not of their keys; the marker is the upload's id.
async fn list_uploads(call: &Call<'_>, objects: &Objects) -> Result<Response<Bytes>, ObjectError> {
    let limit = call.number("max-uploads", PAGE, PAGE)?;
    let prefix = call.query("prefix").unwrap_or_default();
    let marker = call.query("upload-id-marker").unwrap_or_default();
    let after = (!marker.is_empty()).then(|| PageToken(marker.to_owned()));
    let (uploads, next) = objects.list_uploads(call.bucket(), prefix, after, limit).await?;
    let is_encoded = call.query("encoding-type") == Some("url");
    let key = |key: &str| if is_encoded { url_encoded(key) } else { key.to_owned() };
    let last = uploads.last().filter(|_| next.is_some());
    let xml = Xml::document("ListMultipartUploadsResult")
        .text("Bucket", call.bucket())
        .text("KeyMarker", call.query("key-marker").unwrap_or_default())
        .text("UploadIdMarker", marker)
        .maybe("NextKeyMarker", last.map(|upload| key(&upload.key)))
        .maybe("NextUploadIdMarker", next.map(|next| next.0))
        .text("Prefix", key(prefix))
        .text("MaxUploads", limit.to_string())
        .maybe("EncodingType", call.query("encoding-type"));
    let is_truncated = last.is_some();
    let xml = xml.text("IsTruncated", is_truncated.to_string());
    document(xml.each(&uploads, |xml, upload| {
        xml.open("Upload")
            .text("Key", key(&upload.key))
            .text("UploadId", &upload.id)
            .text("StorageClass", "STANDARD")
            .text("Initiated", iso_date(upload.begun_at))
            .close()
    }))
}

fn part_number(call: &Call<'_>) -> Result<u32, ObjectError> {
    let wrong = "Part number must be an integer between 1 and 10000, inclusive";
    let number = call.query("partNumber").and_then(|number| number.parse().ok());
    number.ok_or_else(|| ObjectError::InvalidArgument(String::from(wrong)))
}
