//! Requests that botocore and AWS's own pages signed, checked; attacks on them, refused; and our own signatures.
#![allow(clippy::unwrap_used, reason = "a test")]

use base::Timestamp;
use crypto::{
    digest::sha256_hex,
    sigv4::{EMPTY_SHA256, Form, Presented, Refusal, Request, Signer, UNSIGNED_PAYLOAD, parse_amz_date},
};
use serde::Deserialize;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Made by `vectors/sigv4.py`.
#[derive(Clone, Deserialize)]
struct Sent {
    service: String,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
    token: Option<String>,
}

impl Sent {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("vectors/sigv4.json")).unwrap()
    }

    fn request(&self) -> Request<'_> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        Request { method: &self.method, path: &self.path, query: &self.query, headers }
    }

    fn payload_hash(&self, presented: &Presented) -> String {
        match (&presented.content_sha256, presented.form) {
            (Some(hash), _) => hash.clone(),
            (None, Form::Query { .. }) if self.service == "s3" => UNSIGNED_PAYLOAD.to_owned(),
            _ => sha256_hex(self.body.as_bytes()),
        }
    }

    fn verifies(&self) -> bool {
        let request = self.request();
        Presented::parse(&request)
            .is_ok_and(|presented| presented.verify(&request, SECRET, &self.payload_hash(&presented)))
    }

    fn header(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)).unwrap().1
    }
}

#[test]
fn what_botocore_signed_verifies() {
    let all = Sent::all();
    assert_eq!(all.len(), 20);
    for sent in all {
        let request = sent.request();
        let presented = Presented::parse(&request).unwrap();
        assert!(sent.verifies(), "{} {} {}?{}", sent.service, sent.method, sent.path, sent.query);
        assert_eq!(presented.access_key_id, "AKIDEXAMPLE");
        assert_eq!(presented.scope.service, sent.service);
        assert_eq!(presented.session_token, sent.token);
        assert_eq!(Some(presented.signed_at), parse_amz_date("20240917T083005Z"));
        assert!(!presented.verify(&request, "another secret", &sent.payload_hash(&presented)));
    }
}

#[test]
fn any_change_to_what_is_signed_is_noticed() {
    for good in Sent::all() {
        let mut changed: Vec<(&str, Sent)> = Vec::new();
        let mut with = |what, change: &dyn Fn(&mut Sent)| {
            let mut sent = good.clone();
            change(&mut sent);
            changed.push((what, sent));
        };
        with("method", &|sent| sent.method = String::from("DELETE"));
        with("path", &|sent| sent.path.push('x'));
        with("query added", &|sent| sent.query.push_str("&extra=1"));
        with("host", &|sent| *sent.header("host") = String::from("evil.example"));
        with("second host", &|sent| sent.headers.push(("Host".into(), "evil.example".into())));
        with("unsigned x-amz header", &|sent| sent.headers.push(("X-Amz-Acl".into(), "public-read".into())));
        with("second X-Amz-Date", &|sent| {
            sent.headers.push(("X-Amz-Date".into(), "20240917T083005Z".into()))
        });
        if good.service != "s3" {
            with("body", &|sent| sent.body.push('x'));
        }
        if good.query.contains("X-Amz-Signature") {
            with("expiry", &|sent| {
                sent.query = sent.query.replace("X-Amz-Expires=3600", "X-Amz-Expires=604800")
            });
            with("date", &|sent| sent.query = sent.query.replace("083005Z", "083006Z"));
            with("service", &|sent| {
                sent.query = sent.query.replace(&format!("%2F{}%2F", good.service), "%2Fother%2F")
            });
            with("signature twice", &|sent| sent.query.push_str("&X-Amz-Signature=00"));
            with("a header too", &|sent| {
                sent.headers.push(("Authorization".into(), "AWS4-HMAC-SHA256 x".into()))
            });
        } else {
            with("date", &|sent| *sent.header("x-amz-date") = String::from("20240917T083006Z"));
            with("region", &|sent| {
                *sent.header("authorization") = sent.header("authorization").replace("us-east-1", "eu-west-1")
            });
            with("service", &|sent| {
                *sent.header("authorization") =
                    sent.header("authorization").replace(&format!("/{}/", good.service), "/other/")
            });
            with("host not signed", &|sent| {
                *sent.header("authorization") = sent.header("authorization").replace("host;", "")
            });
            with("another header signed", &|sent| {
                *sent.header("authorization") = sent.header("authorization").replace("host;", "host;range;");
                sent.headers.push(("Range".into(), "bytes=0-1".into()));
            });
            with("two signatures", &|sent| {
                let second = sent.header("authorization").clone();
                sent.headers.push(("Authorization".into(), second));
            });
            with("signature twice in one", &|sent| sent.header("authorization").push_str(", Signature=00"));
            with("in the query too", &|sent| sent.query.push_str("&X-Amz-Signature=00"));
        }
        for (what, sent) in changed {
            assert!(
                !sent.verifies(),
                "{what}: {} {} {}?{}",
                sent.service,
                sent.method,
                sent.path,
                sent.query
            );
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let good = Sent::all().remove(0);
    let refused = |change: &dyn Fn(&mut Sent)| {
        let mut sent = good.clone();
        change(&mut sent);
        Presented::parse(&sent.request()).unwrap_err()
    };
    let authorization = |from: &'static str, to: &'static str| {
        refused(&move |sent| *sent.header("authorization") = sent.header("authorization").replace(from, to))
    };
    let text = |refusal: Refusal| match refusal {
        Refusal::Incomplete(text) => text,
        other => other.to_string(),
    };
    let no_header = refused(&|sent| sent.headers.retain(|(name, _)| name != "Authorization"));
    assert_eq!(no_header, Refusal::Missing);
    assert!(text(authorization(", Signature=", ", Sig=")).contains("unknown parameter"));
    assert!(
        text(authorization("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512")).contains("Unsupported AWS 'algorithm'")
    );
    assert!(text(authorization("/aws4_request", "")).contains("exactly 5 slash-delimited elements"));
    assert!(text(authorization("/aws4_request", "/aws5_request")).contains("valid terminator"));
    assert!(
        text(authorization("/20240917/", "/20240918/")).contains("Date in Credential scope does not match")
    );
    assert!(text(authorization("/20240917/", "/2024/")).contains("Date in Credential scope does not match"));
    assert!(text(authorization("host;", "")).contains("must be a 'SignedHeader'"));
    assert!(text(authorization("content-type;host", "host;content-type")).contains("SignedHeaders must be"));
    assert!(
        text(authorization("content-type;", "content-type;content-type;")).contains("SignedHeaders must be")
    );
    let unsigned = refused(&|sent| sent.headers.push(("X-Amz-Acl".into(), "private".into())));
    assert_eq!(unsigned, Refusal::UnsignedHeaders(vec![String::from("x-amz-acl")]));
    let no_date = refused(&|sent| sent.headers.retain(|(name, _)| name != "X-Amz-Date"));
    assert!(text(no_date).contains("requires existence of either a 'X-Amz-Date' or a 'Date' header"));
    let empty = refused(&|sent| *sent.header("authorization") = String::from("AWS4-HMAC-SHA256"));
    let empty = text(empty);
    for name in ["Credential", "Signature", "SignedHeaders"] {
        assert!(empty.contains(&format!("requires '{name}' parameter")), "{empty}");
    }
    let noise = refused(&|sent| *sent.header("authorization") = String::from("Basic dXNlcjpwYXNz"));
    assert!(text(noise).contains("Unsupported AWS 'algorithm'"));
}

#[test]
fn presigned_urls_must_be_complete() {
    let good = Sent::all().into_iter().find(|sent| sent.query.contains("X-Amz-Expires")).unwrap();
    let refused = |from: &str, to: &str| {
        let mut sent = good.clone();
        sent.query = sent.query.replace(from, to);
        assert_ne!(sent.query, good.query);
        Presented::parse(&sent.request()).unwrap_err()
    };
    for parameter in ["Algorithm", "Credential", "Date", "SignedHeaders", "Signature"] {
        assert!(matches!(refused(&format!("X-Amz-{parameter}="), "other="), Refusal::Incomplete(_)));
    }
    for seconds in ["0", "-1", "604801", "x", ""] {
        assert_eq!(refused("X-Amz-Expires=3600", &format!("X-Amz-Expires={seconds}")), Refusal::Expires);
    }
    assert!(matches!(refused("X-Amz-Date=2024", "X-Amz-Date=x024"), Refusal::Incomplete(_)));
}

#[test]
fn what_we_sign_verifies() {
    let at = Timestamp::from_seconds(1_726_561_805);
    for (service, token) in [("s3", None), ("lambda", Some("a/token=="))] {
        let signer = Signer {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: SECRET,
            session_token: token,
            region: "eu-west-1",
            service,
        };
        let plain = Request {
            method: "PUT",
            path: "/a%20b/c",
            query: "x=1&a=%2B",
            headers: vec![
                ("Host", b"localhost:4747"),
                ("content-type", b"text/plain"),
                ("User-Agent", b"ours"),
            ],
        };
        let added = signer.sign(&plain, &sha256_hex(b"body"), at);
        let mut signed = plain.clone();
        signed.headers.extend(added.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let presented = Presented::parse(&signed).unwrap();
        assert!(presented.verify(&signed, SECRET, &sha256_hex(b"body")));
        assert!(!presented.verify(&signed, SECRET, &sha256_hex(b"bodies")));
        assert_eq!(presented.session_token.as_deref(), token);
        assert_eq!(presented.signed_at, at);
        assert!(presented.signs_header("content-type") && !presented.signs_header("user-agent"));

        let query = signer.presign(&plain, UNSIGNED_PAYLOAD, at, 60);
        let linked = Request { query: &query, ..plain.clone() };
        let presented = Presented::parse(&linked).unwrap();
        assert_eq!(presented.form, Form::Query { expires: Some(60) });
        assert!(presented.verify(&linked, SECRET, UNSIGNED_PAYLOAD));
    }
}

/// `aws-sig-v4-test-suite`: the key, date and scope of all its cases.
fn suite_signature(path: &str, query: &str, extra: &[(&str, &str)], method: &str, body: &[u8]) -> String {
    let signer = Signer {
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: SECRET,
        session_token: None,
        region: "us-east-1",
        service: "service",
    };
    let mut headers: Vec<(&str, &[u8])> = vec![("Host", b"example.amazonaws.com")];
    headers.extend(extra.iter().map(|(name, value)| (*name, value.as_bytes())));
    let at = parse_amz_date("20150830T123600Z").unwrap();
    let added = signer.sign(&Request { method, path, query, headers }, &sha256_hex(body), at);
    added.last().unwrap().1.rsplit_once('=').unwrap().1.to_owned()
}

#[test]
fn aws_test_suite() {
    let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    assert_eq!(suite_signature("/", "", &[], "GET", b""), vanilla);
    for same in ["", "//", "/./", "/foo/..", "/foo/bar/../.."] {
        assert_eq!(suite_signature(same, "", &[], "GET", b""), vanilla, "{same}");
    }
    assert_eq!(
        suite_signature("/", "Param2=value2&Param1=value1", &[], "GET", b""),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    );
    assert_eq!(
        suite_signature("/", "", &[], "POST", b""),
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    );
    assert_eq!(
        suite_signature("/ሴ", "", &[], "GET", b""),
        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"
    );
    assert_eq!(
        suite_signature("/", "", &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")], "GET", b""),
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
    );
    assert_eq!(
        suite_signature(
            "/",
            "",
            &[("Content-Type", "application/x-www-form-urlencoded")],
            "POST",
            b"Param1=value1"
        ),
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
    );
}

const S3_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

#[test]
fn examples_of_the_s3_reference() {
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
        SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
        Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    let get = Request {
        method: "GET",
        path: "/test.txt",
        query: "",
        headers: vec![
            ("Host", b"examplebucket.s3.amazonaws.com"),
            ("Authorization", authorization.as_bytes()),
            ("Range", b"bytes=0-9"),
            ("x-amz-content-sha256", EMPTY_SHA256.as_bytes()),
            ("x-amz-date", b"20130524T000000Z"),
        ],
    };
    assert!(Presented::parse(&get).unwrap().verify(&get, S3_SECRET, EMPTY_SHA256));

    let linked = Request {
        method: "GET",
        path: "/test.txt",
        query: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F\
            aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=\
            aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        headers: vec![("Host", b"examplebucket.s3.amazonaws.com")],
    };
    let presented = Presented::parse(&linked).unwrap();
    assert_eq!(presented.form, Form::Query { expires: Some(86_400) });
    assert!(presented.verify(&linked, S3_SECRET, UNSIGNED_PAYLOAD));
}

#[test]
fn signed_chunks_of_the_s3_reference() {
    let streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
        SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;\
        x-amz-decoded-content-length;x-amz-storage-class,\
        Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    let put = Request {
        method: "PUT",
        path: "/examplebucket/chunkObject.txt",
        query: "",
        headers: vec![
            ("Host", b"s3.amazonaws.com"),
            ("x-amz-date", b"20130524T000000Z"),
            ("x-amz-storage-class", b"REDUCED_REDUNDANCY"),
            ("Authorization", authorization.as_bytes()),
            ("x-amz-content-sha256", streaming.as_bytes()),
            ("Content-Encoding", b"aws-chunked"),
            ("x-amz-decoded-content-length", b"66560"),
            ("Content-Length", b"66824"),
        ],
    };
    let presented = Presented::parse(&put).unwrap();
    assert!(presented.verify(&put, S3_SECRET, streaming));

    let chunks = [
        (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ];
    let mut chain = presented.chunk_chain(S3_SECRET);
    for (length, signature) in chunks {
        assert!(chain.verify(&vec![b'a'; length], signature));
    }
    // Out of order, changed, or left out.
    let mut chain = presented.chunk_chain(S3_SECRET);
    assert!(!chain.verify(&[b'a'; 1024], chunks[1].1));
    let mut chain = presented.chunk_chain(S3_SECRET);
    assert!(!chain.verify(&[b'b'; 65_536], chunks[0].1));
    let mut chain = presented.chunk_chain("another");
    assert!(!chain.verify(&[b'a'; 65_536], chunks[0].1));
}

proptest::proptest! {
    #[test]
    fn noise_is_refused_and_nothing_worse(
        authorization in "(AWS4-HMAC-SHA256 )?[A-Za-z0-9=,;/ -]{0,80}",
        date in "[0-9TZ]{0,18}",
        path in "/[%a-f0-9./+]{0,20}",
        query in "(X-Amz-Signature=)?[%a-zA-Z0-9=&+-]{0,60}",
    ) {
        let request = Request {
            method: "GET",
            path: &path,
            query: &query,
            headers: vec![
                ("host", b"localhost"),
                ("authorization", authorization.as_bytes()),
                ("x-amz-date", date.as_bytes()),
            ],
        };
        assert!(!Presented::parse(&request).is_ok_and(|presented| presented.verify(&request, SECRET, EMPTY_SHA256)));
    }

    #[test]
    fn whatever_is_asked_our_signature_verifies(
        path in "/[a-zA-Z0-9%./ +:é-]{0,30}",
        query in "[a-z0-9%=&+é-]{0,30}",
        value in "[ -~]{0,20}",
        s3 in proptest::bool::ANY,
    ) {
        let signer = Signer {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: SECRET,
            session_token: None,
            region: "us-east-1",
            service: if s3 { "s3" } else { "lambda" },
        };
        let mut request = Request {
            method: "POST",
            path: &path,
            query: &query,
            headers: vec![("host", b"localhost"), ("x-amz-meta-a", value.as_bytes())],
        };
        let added = signer.sign(&request, EMPTY_SHA256, Timestamp::from_seconds(1_726_561_805));
        request.headers.extend(added.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        assert!(Presented::parse(&request).unwrap().verify(&request, SECRET, EMPTY_SHA256));
    }
}
