//! The wire, request by request. `clients/objects` does the same with boto3 and the AWS CLI.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU8, Ordering},
};

use base::{Caller, Identity, Region, Timestamp};
use bytes::Bytes;
use http::{Request, Response};
use objects::{ObjectError, Objects, Parts, rest};
use store::{Store, blobs::BLOB_GRACE_MILLIS};
use store_sqlite::SqliteEngine;

const BASE: &str = "localhost:4747";

struct Held(AtomicI64);

impl ports::Clock for Held {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct Counting(AtomicU8);

impl ports::Rng for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill_with(|| self.0.fetch_add(7, Ordering::SeqCst));
    }
}

struct Room {
    objects: Objects,
    store: Store,
    clock: Arc<Held>,
}

fn room() -> Room {
    let clock = Arc::new(Held(AtomicI64::new(1_720_000_000_000)));
    let at = clock.clone();
    let engine = SqliteEngine::in_memory(Arc::new(move || ports::Clock::now(&*at))).unwrap();
    let store = Store::new(Arc::new(engine));
    let rng = Arc::new(Counting(AtomicU8::new(0)));
    let parts = Parts { store: store.clone(), clock: clock.clone(), rng, region: Region::default() };
    Room { objects: Objects::open(parts), store, clock }
}

impl Room {
    async fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        let identity = Identity::Principal {
            account: String::from("000000000000"),
            arn: String::from("arn:aws:iam::000000000000:root"),
            user_id: String::from("root"),
        };
        let caller = Caller { identity, source_ip: String::from("::1"), request_id: String::from("REQUEST") };
        let context = rest::Context { base_host: BASE, caller: &caller, chunk_signing: None };
        // As a server does it: the future must be Send.
        fn sendable<T: Send>(future: T) -> T {
            future
        }
        sendable(rest::handle(&self.objects, request, &context)).await
    }

    async fn call(&self, method: &str, target: &str, body: impl Into<Bytes>) -> (u16, String) {
        let response = self.send(request(method, target, &[], body)).await;
        (response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned())
    }

    async fn ok(&self, method: &str, target: &str, body: impl Into<Bytes>) -> String {
        let (status, text) = self.call(method, target, body).await;
        assert!((200..300).contains(&status), "{method} {target}: {status} {text}");
        text
    }

    async fn refused(&self, method: &str, target: &str, body: impl Into<Bytes>) -> (u16, String) {
        let (status, text) = self.call(method, target, body).await;
        (status, element(&text, "Code"))
    }
}

fn request(method: &str, target: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Request<Bytes> {
    let request = Request::builder().method(method).uri(target).header("host", BASE);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(body.into()).unwrap()
}

fn element(xml: &str, name: &str) -> String {
    elements(xml, name).into_iter().next().unwrap_or_default()
}

fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap_or_default().to_owned()).collect()
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_bucket_from_birth_to_death() {
    let room = room();
    assert_eq!(room.refused("GET", "/b-one?list-type=2", "").await, refusal(404, "NoSuchBucket"));
    room.ok("PUT", "/b-one", "").await;
    room.ok("PUT", "/b-one", "").await;
    room.ok("HEAD", "/b-one", "").await;
    let location = room.ok("GET", "/b-one?location", "").await;
    assert!(location.ends_with("/\"></LocationConstraint>"), "{location}");
    let all = room.ok("GET", "/", "").await;
    assert_eq!(elements(&all, "Name"), ["b-one"]);
    assert!(all.contains("<CreationDate>2024-07-03T09:46:40.000Z</CreationDate>"), "{all}");
    room.ok("PUT", "/b-one/key", "x").await;
    assert_eq!(room.refused("DELETE", "/b-one", "").await, refusal(409, "BucketNotEmpty"));
    // Found not empty, it takes things in again.
    room.ok("PUT", "/b-one/other", "x").await;
    room.ok("DELETE", "/b-one/key", "").await;
    room.ok("DELETE", "/b-one/other", "").await;
    room.ok("DELETE", "/b-one", "").await;
    assert_eq!(room.call("HEAD", "/b-one", "").await, (404, String::new()));
    assert_eq!(room.refused("PUT", "/Bad_Name", "").await, refusal(400, "InvalidBucketName"));
    let elsewhere = "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(
        room.refused("PUT", "/b-two", elsewhere).await,
        refusal(400, "IllegalLocationConstraintException")
    );
}

#[tokio::test]
async fn an_object_and_what_is_said_of_it() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    let headers = [
        ("content-type", "text/plain"),
        ("content-encoding", "gzip,aws-chunked"),
        ("cache-control", "no-cache"),
        ("x-amz-meta-colour", "grün"),
        ("x-amz-tagging", "a=1&b=x%20y"),
    ];
    let put = room.send(request("PUT", "/bucket/a%20b/%C3%A9?x-id=PutObject", &headers, "hello world")).await;
    assert_eq!(put.status(), 200);
    assert_eq!(put.headers()["etag"], "\"5eb63bbbe01eeed093cb22bb8f5acdc3\"");
    let got = room.send(request("GET", "/bucket/a%20b/%C3%A9", &[], "")).await;
    assert_eq!(got.body(), "hello world");
    let header = |name: &str| String::from_utf8_lossy(got.headers()[name].as_bytes()).into_owned();
    assert_eq!(header("content-type"), "text/plain");
    assert_eq!(header("content-encoding"), "gzip");
    assert_eq!(header("cache-control"), "no-cache");
    assert_eq!(header("x-amz-meta-colour"), "grün");
    assert_eq!(header("x-amz-tagging-count"), "2");
    assert_eq!(header("last-modified"), "Wed, 03 Jul 2024 09:46:40 GMT");
    assert_eq!(header("x-amz-request-id"), "REQUEST");
    let head = room.send(request("HEAD", "/bucket/a%20b/%C3%A9", &[], "")).await;
    assert!(head.body().is_empty());
    assert_eq!(head.headers()["content-length"], "11");
    let tags = room.ok("GET", "/bucket/a%20b/%C3%A9?tagging", "").await;
    assert_eq!(
        (elements(&tags, "Key"), elements(&tags, "Value")),
        (vec!["a".into(), "b".into()], vec!["1".into(), "x y".into()])
    );
    let (status, text) = room.call("GET", "/bucket/none%3Cscript%3E", "").await;
    assert_eq!((status, element(&text, "Key")), (404, String::from("none&lt;script&gt;")));
    // By host, S3's other way to name a bucket.
    for host in ["bucket.localhost:4747", "bucket.s3.us-east-1.localhost:4747"] {
        let mut by_host = request("GET", "/a%20b/%C3%A9", &[], "");
        by_host.headers_mut().insert("host", host.parse().unwrap());
        assert_eq!(room.send(by_host).await.body(), "hello world");
    }
}

#[tokio::test]
async fn ranges_and_conditions() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    room.ok("PUT", "/bucket/k", "0123456789").await;
    let get = async |headers: &[(&str, &str)]| {
        let response = room.send(request("GET", "/bucket/k", headers, "")).await;
        (response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned(), response)
    };
    let (status, body, response) = get(&[("range", "bytes=2-4")]).await;
    assert_eq!(
        (status, &*body, &response.headers()["content-range"]),
        (206, "234", &"bytes 2-4/10".parse().unwrap())
    );
    assert_eq!(get(&[("range", "bytes=-3")]).await.1, "789");
    assert_eq!(get(&[("range", "bytes=20-")]).await.0, 416);
    let etag = "\"781e5e245d69b566979b86e28d23f2c7\"";
    let (status, body, response) = get(&[("if-none-match", etag)]).await;
    assert_eq!((status, &*body, &response.headers()["etag"]), (304, "", &etag.parse().unwrap()));
    assert_eq!(get(&[("if-match", "\"other\"")]).await.0, 412);
    assert_eq!(get(&[("if-modified-since", "Wed, 03 Jul 2024 09:46:40 GMT")]).await.0, 304);
    assert_eq!(get(&[("if-unmodified-since", "Wed, 03 Jul 2024 09:46:39 GMT")]).await.0, 412);
    // Written once only.
    let once = room.send(request("PUT", "/bucket/k", &[("if-none-match", "*")], "x")).await;
    assert_eq!(once.status(), 412);
    assert_eq!(room.ok("GET", "/bucket/k", "").await, "0123456789");
}

#[tokio::test]
async fn listing_in_pages_and_folders() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    let keys = ["a/1", "a/2", "a/3", "b", "c/x/1", "c/x/2", "c/y", "d e", "é"];
    for key in keys {
        let encoded: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
        room.ok("PUT", &format!("/bucket/{encoded}"), "x").await;
    }
    let folded = ["a/", "b", "c/", "d e", "é"];
    for limit in 1..=6 {
        for (delimiter, expected) in [("", &keys[..]), ("&delimiter=%2F", &folded[..])] {
            let (mut joined, mut token) = (Vec::new(), String::new());
            loop {
                let page = room
                    .ok("GET", &format!("/bucket?list-type=2&max-keys={limit}{delimiter}{token}"), "")
                    .await;
                let mut entries = elements(&page, "Key");
                let prefixes = page.replace("<Prefix></Prefix>", "");
                entries.extend(elements(&prefixes, "Prefix"));
                assert_eq!(element(&page, "KeyCount"), entries.len().to_string());
                assert!(entries.len() <= limit);
                entries.sort();
                joined.extend(entries);
                let next = element(&page, "NextContinuationToken");
                assert_eq!(element(&page, "IsTruncated"), (!next.is_empty()).to_string());
                if next.is_empty() {
                    break;
                }
                token = format!("&continuation-token={next}");
            }
            assert_eq!(joined, expected, "pages of {limit}{delimiter}");
        }
    }
    let page = room.ok("GET", "/bucket?list-type=2&prefix=c/&delimiter=/&encoding-type=url", "").await;
    assert_eq!(
        (elements(&page, "Key"), elements(&page, "CommonPrefixes")),
        (vec!["c/y".into()], vec!["<Prefix>c/x/</Prefix>".into()])
    );
    let page = room.ok("GET", "/bucket?list-type=2&start-after=c/y&encoding-type=url", "").await;
    assert_eq!(elements(&page, "Key"), ["d%20e", "%C3%A9"]);
    // The first version goes on by a marker.
    let first = room.ok("GET", "/bucket?delimiter=/&max-keys=1", "").await;
    assert_eq!(element(&first, "NextMarker"), "a/");
    let second = room.ok("GET", "/bucket?delimiter=/&max-keys=1&marker=a/", "").await;
    assert_eq!(elements(&second, "Key"), ["b"]);
    let versions = room.ok("GET", "/bucket?versions&prefix=b", "").await;
    assert_eq!(
        (elements(&versions, "Key"), elements(&versions, "VersionId")),
        (vec!["b".into()], vec!["null".into()])
    );
    assert!(elements(&room.ok("GET", "/bucket?list-type=2&max-keys=0", "").await, "Key").is_empty());
    assert_eq!(
        room.refused("GET", "/bucket?list-type=2&max-keys=x", "").await,
        refusal(400, "InvalidArgument")
    );
    assert_eq!(
        room.refused("GET", "/bucket?list-type=2&continuation-token=zz", "").await,
        refusal(400, "InvalidArgument")
    );
}

#[tokio::test]
async fn a_folder_of_many_is_stepped_over() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    let blob = objects::PutOptions::default();
    for number in 0..2500 {
        let key = if number < 2300 { format!("many/{number:04}") } else { format!("more-{number}") };
        room.objects.put("bucket", &key, Bytes::from_static(b"x"), blob.clone()).await.unwrap();
    }
    let page = room.ok("GET", "/bucket?list-type=2&delimiter=/", "").await;
    assert_eq!(element(&page, "KeyCount"), "201");
    let page = room.ok("GET", "/bucket?list-type=2&prefix=many/", "").await;
    assert_eq!((element(&page, "KeyCount"), element(&page, "IsTruncated")), ("1000".into(), "true".into()));
}

#[tokio::test]
async fn many_are_deleted_at_once() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    for key in ["a", "b%26%3C", "c"] {
        room.ok("PUT", &format!("/bucket/{key}"), "x").await;
    }
    let body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a</Key></Object>\
                <Object><Key>b&amp;&lt;</Key></Object><Object><Key>never</Key></Object></Delete>";
    let answer = room.ok("POST", "/bucket?delete", body).await;
    assert_eq!(elements(&answer, "Key"), ["a", "b&amp;&lt;", "never"]);
    assert_eq!(elements(&room.ok("GET", "/bucket", "").await, "Key"), ["c"]);
    for bad in ["", "x", "<Delete/>", "<Delete><Object/></Delete>", "<!DOCTYPE a><Delete/>"] {
        assert_eq!(room.refused("POST", "/bucket?delete", bad).await, refusal(400, "MalformedXML"), "{bad}");
    }
}

#[tokio::test]
async fn an_upload_in_parts() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    let begun = room.ok("POST", "/bucket/big?uploads", "").await;
    let id = element(&begun, "UploadId");
    let part = async |number: u32, content: Bytes| {
        let target = format!("/bucket/big?partNumber={number}&uploadId={id}");
        let response = room.send(request("PUT", &target, &[], content)).await;
        assert_eq!(response.status(), 200);
        response.headers()["etag"].to_str().unwrap().to_owned()
    };
    let large = Bytes::from(vec![b'a'; 5 << 20]);
    let first = part(1, large.clone()).await;
    let replaced = part(2, Bytes::from_static(b"old")).await;
    let second = part(2, Bytes::from_static(b"tail")).await;
    part(3, Bytes::from_static(b"not named")).await;
    let listed = room.ok("GET", &format!("/bucket/big?uploadId={id}&max-parts=2"), "").await;
    assert_eq!(
        (elements(&listed, "PartNumber"), element(&listed, "IsTruncated")),
        (vec!["1".into(), "2".into()], "true".into())
    );
    assert_eq!(elements(&room.ok("GET", "/bucket?uploads", "").await, "Key"), ["big"]);
    let complete = |parts: &[(u32, &str)]| {
        let parts: String = parts
            .iter()
            .map(|(number, etag)| {
                format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
            })
            .collect();
        format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
    };
    let target = format!("/bucket/big?uploadId={id}");
    let refused = async |parts: &[(u32, &str)]| room.refused("POST", &target, complete(parts)).await;
    assert_eq!(refused(&[(2, &second), (1, &first)]).await, refusal(400, "InvalidPartOrder"));
    assert_eq!(refused(&[(1, &first), (2, &replaced)]).await, refusal(400, "InvalidPart"));
    assert_eq!(refused(&[(2, &second), (3, "x")]).await, refusal(400, "InvalidPart"));
    let done = room.ok("POST", &target, complete(&[(1, &first), (2, &second)])).await;
    assert!(element(&done, "ETag").ends_with("-2&quot;"), "{done}");
    let (object, content) = room.objects.get("bucket", "big").await.unwrap();
    assert_eq!((object.size, content.len()), ((5 << 20) + 4, (5 << 20) + 4));
    assert!(content.ends_with(b"aatail"));
    let range = request("GET", "/bucket/big", &[("range", "bytes=5242878-5242881")], "");
    assert_eq!(room.send(range).await.body(), "aata");
    let second_part = room.send(request("GET", "/bucket/big?partNumber=2", &[], "")).await;
    assert_eq!(
        (second_part.body(), &second_part.headers()["x-amz-mp-parts-count"]),
        (&Bytes::from_static(b"tail"), &"2".parse().unwrap())
    );
    assert_eq!(room.refused("POST", &target, complete(&[(1, &first)])).await, refusal(404, "NoSuchUpload"));
    let again = room.ok("POST", &target, complete(&[(1, &first), (2, &second)])).await;
    assert_eq!(element(&again, "ETag"), element(&done, "ETag"), "an answer that was lost is given again");
    // One that is given up leaves nothing.
    let begun = room.ok("POST", "/bucket/never?uploads", "").await;
    let id = element(&begun, "UploadId");
    room.ok("PUT", &format!("/bucket/never?partNumber=1&uploadId={id}"), "x").await;
    assert_eq!(
        room.refused("PUT", &format!("/bucket/other?partNumber=1&uploadId={id}"), "x").await,
        refusal(404, "NoSuchUpload")
    );
    room.ok("DELETE", &format!("/bucket/never?uploadId={id}"), "").await;
    assert_eq!(
        room.refused("GET", &format!("/bucket/never?uploadId={id}"), "").await,
        refusal(404, "NoSuchUpload")
    );
    assert_eq!(
        room.refused("PUT", &format!("/bucket/k?partNumber=0&uploadId={id}"), "x").await,
        refusal(400, "InvalidArgument")
    );
}

#[tokio::test]
async fn a_copy_shares_the_bytes() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    room.send(request("PUT", "/bucket/from", &[("x-amz-meta-a", "1")], "hello")).await;
    let copy =
        async |headers: &[(&str, &str)], target: &str| room.send(request("PUT", target, headers, "")).await;
    let done = copy(&[("x-amz-copy-source", "/bucket/fr%6Fm")], "/bucket/to").await;
    assert_eq!(done.status(), 200);
    let replaced = [
        ("x-amz-copy-source", "bucket/from"),
        ("x-amz-metadata-directive", "REPLACE"),
        ("x-amz-meta-b", "2"),
    ];
    assert_eq!(copy(&replaced, "/bucket/other").await.status(), 200);
    let head = room.send(request("HEAD", "/bucket/to", &[], "")).await;
    assert_eq!(head.headers()["x-amz-meta-a"], "1");
    let head = room.send(request("HEAD", "/bucket/other", &[], "")).await;
    assert!(!head.headers().contains_key("x-amz-meta-a") && head.headers()["x-amz-meta-b"] == "2");
    let itself = copy(&[("x-amz-copy-source", "bucket/from")], "/bucket/from").await;
    assert_eq!(itself.status(), 400);
    let none = copy(&[("x-amz-copy-source", "bucket/none")], "/bucket/to").await;
    assert_eq!(none.status(), 404);
    let unless = [("x-amz-copy-source", "bucket/from"), ("x-amz-copy-source-if-match", "other")];
    assert_eq!(copy(&unless, "/bucket/to").await.status(), 412);
    // The bytes go when the last that has them does, and not before.
    for key in ["from", "to"] {
        room.ok("DELETE", &format!("/bucket/{key}"), "").await;
    }
    room.clock.0.fetch_add(2 * BLOB_GRACE_MILLIS, Ordering::SeqCst);
    let now = ports::Clock::now(&*room.clock);
    assert_eq!(room.store.collect_blobs(now, 100).await.unwrap(), 0);
    assert_eq!(room.ok("GET", "/bucket/other", "").await, "hello");
    room.ok("DELETE", "/bucket/other", "").await;
    room.clock.0.fetch_add(2 * BLOB_GRACE_MILLIS, Ordering::SeqCst);
    let now = ports::Clock::now(&*room.clock);
    assert_eq!(room.store.collect_blobs(now, 100).await.unwrap(), 1);
}

#[tokio::test]
async fn settings_are_kept_and_each_missing_one_says_so() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    for (query, code) in [
        ("policy", "NoSuchBucketPolicy"),
        ("encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        ("tagging", "NoSuchTagSet"),
        ("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
        ("cors", "NoSuchCORSConfiguration"),
        ("lifecycle", "NoSuchLifecycleConfiguration"),
        ("website", "NoSuchWebsiteConfiguration"),
    ] {
        assert_eq!(room.refused("GET", &format!("/bucket?{query}"), "").await, refusal(404, code));
    }
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    room.ok("PUT", "/bucket?policy", policy).await;
    assert_eq!(room.ok("GET", "/bucket?policy", "").await, policy);
    assert_eq!(room.refused("PUT", "/bucket?policy", "{").await, refusal(400, "MalformedPolicy"));
    room.ok("DELETE", "/bucket?policy", "").await;
    assert_eq!(room.refused("GET", "/bucket?policy", "").await, refusal(404, "NoSuchBucketPolicy"));
    room.ok(
        "PUT",
        "/bucket?versioning",
        "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    )
    .await;
    assert_eq!(element(&room.ok("GET", "/bucket?versioning", "").await, "Status"), "Enabled");
    let encryption = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256\
                      </SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
    room.ok("PUT", "/bucket?encryption", encryption).await;
    assert_eq!(element(&room.ok("GET", "/bucket?encryption", "").await, "SSEAlgorithm"), "AES256");
    let put = room.send(request("PUT", "/bucket/k", &[], "x")).await;
    assert_eq!(put.headers()["x-amz-server-side-encryption"], "AES256");
    let kms = encryption.replace("AES256", "aws:kms");
    assert_eq!(room.refused("PUT", "/bucket?encryption", kms).await, refusal(501, "NotImplemented"));
    let tags = "<Tagging><TagSet><Tag><Key>STAGE</Key><Value>dev</Value></Tag></TagSet></Tagging>";
    room.ok("PUT", "/bucket?tagging", tags).await;
    assert!(room.ok("GET", "/bucket?tagging", "").await.contains("<Key>STAGE</Key><Value>dev</Value>"));
    let block = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>";
    room.ok("PUT", "/bucket?publicAccessBlock", block).await;
    let block = room.ok("GET", "/bucket?publicAccessBlock", "").await;
    assert_eq!(
        (element(&block, "BlockPublicAcls"), element(&block, "BlockPublicPolicy")),
        ("true".into(), "false".into())
    );
    // What would have to do something says that it does not.
    assert_eq!(
        room.refused("PUT", "/bucket?website", "<WebsiteConfiguration/>").await,
        refusal(501, "NotImplemented")
    );
    assert_eq!(room.refused("GET", "/bucket?inventory", "").await, refusal(501, "NotImplemented"));
    let public = room.send(request("PUT", "/bucket/k", &[("x-amz-acl", "public-read")], "x")).await;
    assert_eq!(element(&String::from_utf8_lossy(public.body()), "Code"), "AccessControlListNotSupported");
}

#[tokio::test]
async fn bodies_that_are_not_what_they_say() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    let put = async |headers: &[(&str, &str)], body: &'static str| {
        let response = room.send(request("PUT", "/bucket/k", headers, body)).await;
        let text = String::from_utf8_lossy(response.body()).into_owned();
        (response.status().as_u16(), element(&text, "Code"))
    };
    assert_eq!(put(&[("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")], "x").await, refusal(400, "BadDigest"));
    assert_eq!(put(&[("x-amz-checksum-crc32", "AAAAAA==")], "x").await, refusal(400, "BadDigest"));
    assert_eq!(
        put(&[("x-amz-content-sha256", &"0".repeat(64))], "x").await,
        refusal(400, "XAmzContentSHA256Mismatch")
    );
    let chunked = [
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-decoded-content-length", "1"),
    ];
    let body = "1;chunk-signature=0\r\nx\r\n0;chunk-signature=0\r\n\r\n";
    assert_eq!(put(&chunked, body).await, refusal(403, "SignatureDoesNotMatch"));
    let trailer = [
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-decoded-content-length", "5"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ];
    let body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
    assert_eq!(put(&trailer, body).await, refusal(400, "BadDigest"));
    assert_eq!(
        room.refused("GET", "/bucket/k", "").await,
        refusal(404, "NoSuchKey"),
        "nothing of it was kept"
    );
    let long = format!("/bucket/{}", "k".repeat(1025));
    assert_eq!(room.refused("PUT", &long, "x").await, refusal(400, "KeyTooLongError"));
    assert_eq!(room.refused("PUT", "/bucket/%00", "x").await, refusal(400, "InvalidArgument"));
    assert_eq!(room.refused("PUT", "/bucket/%FF", "x").await, refusal(400, "InvalidArgument"));
    let huge = Bytes::from(vec![0; objects::LARGEST_BODY + 1]);
    assert_eq!(room.refused("PUT", "/bucket/k", huge).await, refusal(400, "EntityTooLarge"));
    let heavy = "v".repeat(2100);
    assert_eq!(put(&[("x-amz-meta-heavy", &heavy)], "x").await, refusal(400, "MetadataTooLarge"));
}

#[tokio::test]
async fn keys_are_names_and_never_paths() {
    let room = room();
    room.ok("PUT", "/bucket", "").await;
    for key in ["..", "../../etc/passwd", "a/../b", "/leading", "a//b", "%2e%2e/x"] {
        room.ok("PUT", &format!("/bucket/{key}"), key.to_owned()).await;
        assert_eq!(room.ok("GET", &format!("/bucket/{key}"), "").await, key);
    }
    // The last one, decoded, is "../x": another key than any before.
    assert_eq!(
        elements(&room.ok("GET", "/bucket?prefix=..", "").await, "Key"),
        ["..", "../../etc/passwd", "../x"]
    );
}

#[tokio::test]
async fn a_request_says_what_it_must_be_allowed() {
    let room = room();
    let actions = |method: &str, target: &str, headers: &[(&str, &str)], body: &'static str| {
        rest::actions(&request(method, target, headers, body), BASE, &room.objects)
            .map(|all| all.into_iter().map(|(action, arn)| format!("{action} {arn}")).collect::<Vec<_>>())
            .unwrap_or_else(|error: ObjectError| vec![error.code().to_owned()])
    };
    assert_eq!(actions("GET", "/", &[], ""), ["s3:ListAllMyBuckets arn:aws:s3:::*"]);
    assert_eq!(actions("PUT", "/b/k%20/l", &[], ""), ["s3:PutObject arn:aws:s3:::b/k /l"]);
    let delete = "<Delete><Object><Key>x</Key></Object><Object><Key>y</Key></Object></Delete>";
    assert_eq!(
        actions("POST", "/b?delete", &[], delete),
        ["s3:DeleteObject arn:aws:s3:::b/x", "s3:DeleteObject arn:aws:s3:::b/y"]
    );
    let copy = [("x-amz-copy-source", "/from/%6B"), ("x-amz-tagging", "a=b")];
    assert_eq!(
        actions("PUT", "/b/k", &copy, ""),
        [
            "s3:PutObject arn:aws:s3:::b/k",
            "s3:GetObject arn:aws:s3:::from/k",
            "s3:PutObjectTagging arn:aws:s3:::b/k"
        ]
    );
    assert_eq!(actions("DELETE", "/b?policy", &[], ""), ["s3:DeleteBucketPolicy arn:aws:s3:::b"]);
    assert_eq!(actions("GET", "/b/k?versionId=7", &[], ""), ["InvalidArgument"]);
    assert_eq!(actions("PATCH", "/b/k", &[], ""), ["MethodNotAllowed"]);
}

#[tokio::test]
async fn someone_elses_bucket_is_not_mistaken_for_ones_own() {
    let room = room();
    room.objects.create_bucket("theirs", "111111111111", objects::Settings::default()).await.unwrap();
    assert_eq!(room.refused("PUT", "/theirs", "").await, refusal(409, "BucketAlreadyExists"));
    let owner = [("x-amz-expected-bucket-owner", "000000000000")];
    assert_eq!(room.send(request("PUT", "/theirs/k", &owner, "x")).await.status(), 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bucket_that_is_being_deleted_loses_nothing() {
    let room = Arc::new(room());
    for round in 0..20 {
        let bucket = format!("bucket-{round}");
        room.ok("PUT", &format!("/{bucket}"), "").await;
        let putting = tokio::spawn({
            let (room, target) = (room.clone(), format!("/{bucket}/k"));
            async move { room.call("PUT", &target, "x").await.0 }
        });
        let deleted = room.call("DELETE", &format!("/{bucket}"), "").await.0;
        let put = putting.await.unwrap();
        // Either it was put, and the bucket stands, or the bucket went, and whoever put was told.
        match (put, deleted) {
            (200, 409) => assert_eq!(room.ok("GET", &format!("/{bucket}/k"), "").await, "x"),
            (404 | 409, 204) => assert_eq!(room.call("HEAD", &format!("/{bucket}"), "").await.0, 404),
            (409, 409) => {}
            other => panic!("{other:?}"),
        }
    }
}
