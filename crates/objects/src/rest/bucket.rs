//! Operations on a bucket and on what is in it together.

use base::PageToken;
use bytes::Bytes;
use http::{Response, header};

use super::{
    Call, Payload,
    answer::{build, document, empty},
    headers::{iso_date, ok, quoted, refuse_acl, url_encoded},
    operation::Operation,
    xml::{Element, Xml},
};
use crate::{
    Bucket, ListOptions, Listing, Object, ObjectError, Objects, Settings, checksum::sha256_hex,
    conditions::Conditions, listing::PAGE,
};

/// "DeleteObjects": at most so many keys.
const MOST_DELETED: usize = 1000;

pub(super) async fn run(
    call: &Call<'_>,
    objects: &Objects,
    payload: Payload,
    account: &str,
) -> Result<Response<Bytes>, ObjectError> {
    match call.operation {
        Operation::ListBuckets => list_buckets(call, objects, account).await,
        Operation::CreateBucket => create(call, objects, payload, account).await,
        Operation::HeadBucket => {
            objects.head_bucket(call.bucket()).await?;
            build(ok().header("x-amz-bucket-region", &call.region), Bytes::new())
        }
        Operation::DeleteBucket => {
            objects.delete_bucket(call.bucket()).await?;
            empty(204)
        }
        Operation::GetBucketLocation => {
            objects.head_bucket(call.bucket()).await?;
            // us-east-1 is the one that has no name here.
            let region = if call.region == "us-east-1" { "" } else { &call.region };
            document(Xml::document("LocationConstraint").raw(region))
        }
        Operation::ListObjectsV2 => list_v2(call, objects).await,
        Operation::ListObjectVersions => list_versions(call, objects).await,
        Operation::DeleteObjects => delete_objects(call, objects, payload).await,
        _ => list_v1(call, objects).await,
    }
}

async fn list_buckets(
    call: &Call<'_>,
    objects: &Objects,
    account: &str,
) -> Result<Response<Bytes>, ObjectError> {
    let limit = call.number("max-buckets", 10_000, 10_000)?;
    let prefix = call.query("prefix").unwrap_or_default();
    let mut after = call.query("continuation-token").map(token).transpose()?;
    let mut found: Vec<Bucket> = Vec::new();
    while found.len() < limit {
        let (buckets, next) = objects.list_buckets(prefix, after, (limit - found.len()).min(PAGE)).await?;
        found.extend(buckets);
        after = next;
        if after.is_none() {
            break;
        }
    }
    let xml = Xml::document("ListAllMyBucketsResult").open("Owner").text("ID", owner_id(account)).close();
    let xml = xml.open("Buckets").each(&found, |xml, bucket| {
        xml.open("Bucket")
            .text("Name", &bucket.name)
            .text("CreationDate", iso_date(bucket.created_at))
            .text("BucketRegion", &call.region)
            .close()
    });
    let xml = xml.close().maybe("Prefix", call.query("prefix"));
    document(xml.maybe("ContinuationToken", after.map(|after| after.to_wire())))
}

async fn create(
    call: &Call<'_>,
    objects: &Objects,
    payload: Payload,
    account: &str,
) -> Result<Response<Bytes>, ObjectError> {
    refuse_acl(call)?;
    if call
        .header("x-amz-bucket-object-lock-enabled")
        .is_some_and(|enabled| enabled.eq_ignore_ascii_case("true"))
    {
        return Err(ObjectError::NotImplemented(String::from("Object Lock")));
    }
    let body = payload.document().await?;
    let mut settings = Settings::default();
    if !body.is_empty() {
        let wanted = Element::read(&body, "CreateBucketConfiguration")?;
        // Naming one's own region is refused by us-east-1 alone, where it has no name; that helps nobody.
        if let Some(place) = wanted.text_of("LocationConstraint").filter(|place| *place != call.region) {
            return Err(ObjectError::IllegalLocationConstraint(place.to_owned()));
        }
        if let Some(tags) = wanted.one("Tags") {
            settings.tags = super::settings::read_tags(tags)?;
        }
    }
    match objects.create_bucket(call.bucket(), account, settings).await {
        // Amazon S3 API Reference, "CreateBucket": in us-east-1 making one's own bucket again is fine.
        Err(ObjectError::BucketAlreadyOwnedByYou(_)) if call.region == "us-east-1" => {}
        outcome => outcome?,
    }
    build(ok().header(header::LOCATION, format!("/{}", call.bucket())), Bytes::new())
}

async fn list_v2(call: &Call<'_>, objects: &Objects) -> Result<Response<Bytes>, ObjectError> {
    let limit = call.number("max-keys", PAGE, PAGE)?;
    let continued = call.query("continuation-token");
    let after = match continued {
        Some(text) => Some(token(text)?.0),
        None => call.query("start-after").filter(|after| !after.is_empty()).map(str::to_owned),
    };
    let listing = list(call, objects, after, limit).await?;
    let count = listing.objects.len() + listing.common_prefixes.len();
    let xml = list_head(call, limit, listing.next.is_some())
        .text("KeyCount", count.to_string())
        .maybe("StartAfter", call.query("start-after").map(|after| encoded(call, after)))
        .maybe("ContinuationToken", continued)
        .maybe("NextContinuationToken", listing.next.clone().map(|next| PageToken(next).to_wire()));
    let mut owner = None;
    if call.query("fetch-owner") == Some("true") {
        owner = Some(owner_id(&objects.head_bucket(call.bucket()).await?.owner));
    }
    document(entries(call, xml, &listing, owner.as_deref()))
}

async fn list_v1(call: &Call<'_>, objects: &Objects) -> Result<Response<Bytes>, ObjectError> {
    let limit = call.number("max-keys", PAGE, PAGE)?;
    let marker = call.query("marker").unwrap_or_default();
    let after = (!marker.is_empty()).then(|| marker.to_owned());
    let listing = list(call, objects, after, limit).await?;
    let owner = owner_id(&objects.head_bucket(call.bucket()).await?.owner);
    let xml = list_head(call, limit, listing.next.is_some())
        .text("Marker", encoded(call, marker))
        .maybe("NextMarker", listing.next.as_ref().map(|next| encoded(call, next)));
    document(entries(call, xml, &listing, Some(&owner)))
}

/// Each object has one version, the latest.
async fn list_versions(call: &Call<'_>, objects: &Objects) -> Result<Response<Bytes>, ObjectError> {
    let limit = call.number("max-keys", PAGE, PAGE)?;
    let marker = call.query("key-marker").unwrap_or_default();
    let after = (!marker.is_empty()).then(|| marker.to_owned());
    let listing = list(call, objects, after, limit).await?;
    let owner = owner_id(&objects.head_bucket(call.bucket()).await?.owner);
    let next = listing.next.as_ref();
    let xml = Xml::document("ListVersionsResult")
        .text("Name", call.bucket())
        .text("Prefix", encoded(call, call.query("prefix").unwrap_or_default()))
        .text("KeyMarker", encoded(call, marker))
        .text("VersionIdMarker", call.query("version-id-marker").unwrap_or_default())
        .text("MaxKeys", limit.to_string())
        .maybe("Delimiter", call.query("delimiter").map(|delimiter| encoded(call, delimiter)))
        .maybe("EncodingType", call.query("encoding-type"))
        .text("IsTruncated", next.is_some().to_string())
        .maybe("NextKeyMarker", next.map(|next| encoded(call, next)))
        .maybe("NextVersionIdMarker", next.map(|_| "null"));
    let xml = xml.each(&listing.objects, |xml, object| {
        let xml = xml.open("Version");
        entry(call, xml, object, Some(&owner)).text("VersionId", "null").text("IsLatest", "true").close()
    });
    document(common_prefixes(call, xml, &listing))
}

async fn list(
    call: &Call<'_>,
    objects: &Objects,
    after: Option<String>,
    limit: usize,
) -> Result<Listing, ObjectError> {
    if call.query("encoding-type").is_some_and(|coding| coding != "url") {
        return Err(ObjectError::InvalidArgument(String::from(
            "Invalid Encoding Method specified in Request",
        )));
    }
    let options = ListOptions {
        prefix: call.query("prefix").unwrap_or_default().to_owned(),
        delimiter: call.query("delimiter").map(str::to_owned),
        after,
        limit,
    };
    objects.list(call.bucket(), &options).await
}

fn list_head(call: &Call<'_>, limit: usize, is_truncated: bool) -> Xml {
    Xml::document("ListBucketResult")
        .text("Name", call.bucket())
        .text("Prefix", encoded(call, call.query("prefix").unwrap_or_default()))
        .maybe("Delimiter", call.query("delimiter").map(|delimiter| encoded(call, delimiter)))
        .text("MaxKeys", limit.to_string())
        .maybe("EncodingType", call.query("encoding-type"))
        .text("IsTruncated", is_truncated.to_string())
}

fn entries(call: &Call<'_>, xml: Xml, listing: &Listing, owner: Option<&str>) -> Xml {
    let xml =
        xml.each(&listing.objects, |xml, object| entry(call, xml.open("Contents"), object, owner).close());
    common_prefixes(call, xml, listing)
}

fn entry(call: &Call<'_>, xml: Xml, object: &Object, owner: Option<&str>) -> Xml {
    let xml = xml
        .text("Key", encoded(call, &object.key))
        .text("LastModified", iso_date(object.modified_at))
        .text("ETag", quoted(&object.etag))
        .each(object.checksums.keys(), |xml, algorithm| xml.text("ChecksumAlgorithm", algorithm))
        .text("Size", object.size.to_string())
        .text("StorageClass", "STANDARD");
    match owner {
        Some(owner) => xml.open("Owner").text("ID", owner).close(),
        None => xml,
    }
}

fn common_prefixes(call: &Call<'_>, xml: Xml, listing: &Listing) -> Xml {
    xml.each(&listing.common_prefixes, |xml, prefix| {
        xml.open("CommonPrefixes").text("Prefix", encoded(call, prefix)).close()
    })
}

async fn delete_objects(
    call: &Call<'_>,
    objects: &Objects,
    payload: Payload,
) -> Result<Response<Bytes>, ObjectError> {
    let body = payload.document().await?;
    let (keys, conditions, quiet) = read_deletions(&body)?;
    let mut failed: Vec<(usize, ObjectError)> = Vec::new();
    let is_plain = conditions.iter().all(|wanted| *wanted == Conditions::default());
    if is_plain {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        objects.delete_many(call.bucket(), &keys).await?;
    } else {
        objects.head_bucket(call.bucket()).await?;
        for (at, (key, wanted)) in keys.iter().zip(&conditions).enumerate() {
            if let Err(error) = objects.delete(call.bucket(), key, wanted).await {
                failed.push((at, error));
            }
        }
    }
    let failure = |at: usize| failed.iter().find(|(failed, _)| *failed == at).map(|(_, error)| error);
    let xml =
        Xml::document("DeleteResult").each(keys.iter().enumerate(), |xml, (at, key)| match failure(at) {
            Some(error) => xml
                .open("Error")
                .text("Key", key)
                .text("Code", error.code())
                .text("Message", error.to_string())
                .close(),
            None if quiet => xml,
            None => xml.open("Deleted").text("Key", key).close(),
        });
    document(xml)
}

/// For the policies: which keys a DeleteObjects names.
pub(super) fn keys_to_delete(body: &Bytes, call: &Call<'_>) -> Result<(Vec<String>, bool), ObjectError> {
    if call.header("x-amz-content-sha256").is_some_and(|declared| declared.starts_with("STREAMING-")) {
        return Err(ObjectError::NotImplemented(String::from("DeleteObjects in chunks")));
    }
    read_deletions(body).map(|(keys, _, quiet)| (keys, quiet))
}

fn read_deletions(body: &[u8]) -> Result<(Vec<String>, Vec<Conditions>, bool), ObjectError> {
    let wanted = Element::read(body, "Delete")?;
    let mut keys = Vec::new();
    let mut conditions = Vec::new();
    for object in wanted.all("Object") {
        super::operation::check_version(object.text_of("VersionId"))?;
        keys.push(object.required("Key")?.to_owned());
        let if_match = object.text_of("ETag").map(str::to_owned);
        conditions.push(Conditions { if_match, ..Conditions::default() });
    }
    if keys.is_empty() || keys.len() > MOST_DELETED || keys.iter().any(String::is_empty) {
        return Err(ObjectError::MalformedXml);
    }
    Ok((keys, conditions, wanted.text_of("Quiet") == Some("true")))
}

fn token(text: &str) -> Result<PageToken, ObjectError> {
    PageToken::from_wire(text).map_err(|_| {
        ObjectError::InvalidArgument(String::from("The continuation token provided is incorrect"))
    })
}

fn encoded(call: &Call<'_>, text: &str) -> String {
    if call.query("encoding-type") == Some("url") { url_encoded(text) } else { text.to_owned() }
}

/// A canonical user id is 64 hexadecimal digits; this one follows from the account.
pub(super) fn owner_id(account: &str) -> String {
    sha256_hex(account.as_bytes())
}
