use aws_lc_rs::hmac;
use http::Request;

use super::*;
use crate::{
    checksum::hex,
    rest::{address::Address, operation::Operation},
};

/// The worked example of "Signature calculations … transferring payload in multiple chunks".
const SCOPE: &str = "20130524/us-east-1/s3/aws4_request";
const SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
const FIRST: &str = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648";
const SECOND: &str = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497";
const LAST: &str = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9";

fn sign(text: &str) -> String {
    let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let mut key = b"AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_vec();
    for part in SCOPE.split('/') {
        key = mac(&key, part).as_ref().to_vec();
    }
    hex(mac(&key, text).as_ref())
}

fn run(
    body: &[u8],
    declared: &str,
    headers: &[(&str, &str)],
    seed: Option<&str>,
) -> Result<(Bytes, Trailer), ObjectError> {
    let request =
        headers.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
    let request = request.body(Bytes::new()).unwrap();
    let call = Call {
        request: &request,
        address: Address { bucket: None, key: None },
        query: Vec::new(),
        operation: Operation::PutObject,
        region: String::from("us-east-1"),
    };
    let signing = seed.map(|seed_signature| ChunkSigning {
        seed_signature,
        amz_date: "20130524T000000Z",
        scope: SCOPE,
        sign: &sign,
    });
    decode(&Bytes::copy_from_slice(body), declared, &call, signing.as_ref())
}

fn example(first: &str, second: &str, last: &str) -> Vec<u8> {
    let mut body = format!("10000;chunk-signature={first}\r\n{}\r\n", "a".repeat(65536));
    body +=
        &format!("400;chunk-signature={second}\r\n{}\r\n0;chunk-signature={last}\r\n\r\n", "a".repeat(1024));
    body.into_bytes()
}

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const LENGTH: [(&str, &str); 1] = [("x-amz-decoded-content-length", "66560")];

#[test]
fn the_documented_example() {
    let (content, trailer) = run(&example(FIRST, SECOND, LAST), SIGNED, &LENGTH, Some(SEED)).unwrap();
    assert_eq!(content.len(), 66560);
    assert!(content.iter().all(|byte| *byte == b'a') && trailer.is_empty());
}

#[test]
fn a_broken_chain_is_refused() {
    let refused = |body: &[u8], seed| run(body, SIGNED, &LENGTH, seed).unwrap_err().code();
    let good = example(FIRST, SECOND, LAST);
    assert_eq!(refused(&good, None), "SignatureDoesNotMatch", "without a key nothing is believed");
    assert_eq!(refused(&good, Some(FIRST)), "SignatureDoesNotMatch");
    assert_eq!(refused(&example(SECOND, FIRST, LAST), Some(SEED)), "SignatureDoesNotMatch");
    assert_eq!(refused(&example(FIRST, SECOND, SECOND), Some(SEED)), "SignatureDoesNotMatch");
    let mut changed = good.clone();
    changed[200] = b'b';
    assert_eq!(refused(&changed, Some(SEED)), "SignatureDoesNotMatch");
    let unsigned = String::from_utf8(good).unwrap().replace(";chunk-signature=", ";x=");
    assert_eq!(refused(unsigned.as_bytes(), Some(SEED)), "SignatureDoesNotMatch");
}

#[test]
fn a_trailer_is_read_and_only_the_one_announced() {
    let body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    let headers = [("x-amz-decoded-content-length", "5"), ("x-amz-trailer", "x-amz-checksum-crc32")];
    let (content, trailer) = run(body, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", &headers, None).unwrap();
    assert_eq!(content, "hello");
    assert_eq!(trailer, [(String::from("x-amz-checksum-crc32"), String::from("NhCmhg=="))]);
    let other = [headers[0], ("x-amz-trailer", "x-amz-checksum-sha256")];
    assert!(run(body, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", &other, None).is_err());
}

#[test]
fn a_signed_trailer_is_checked() {
    let mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    let headers = [("x-amz-decoded-content-length", "0"), ("x-amz-trailer", "x-amz-checksum-crc32")];
    let empty = sha256_hex(b"");
    let last =
        sign(&format!("AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n{SCOPE}\n{SEED}\n{empty}\n{empty}"));
    let trailer = sha256_hex(b"x-amz-checksum-crc32:AAAAAA==\n");
    let signature = sign(&format!("AWS4-HMAC-SHA256-TRAILER\n20130524T000000Z\n{SCOPE}\n{last}\n{trailer}"));
    let body = |signature: &str| {
        format!(
            "0;chunk-signature={last}\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:{signature}\r\n\r\n"
        )
    };
    assert!(run(body(&signature).as_bytes(), mode, &headers, Some(SEED)).is_ok());
    let forged = run(body(&last).as_bytes(), mode, &headers, Some(SEED)).unwrap_err();
    assert_eq!(forged.code(), "SignatureDoesNotMatch");
}

#[test]
fn broken_frames_are_refused() {
    let headers = [("x-amz-decoded-content-length", "5")];
    for body in [
        "",
        "5",
        "5\r\nhell",
        "5\r\nhello",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "zz\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "4\r\nhell\r\n0\r\n\r\n",
        "6\r\nhello!\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nhello\r\n",
        "\r\n",
    ] {
        let refused = run(body.as_bytes(), "STREAMING-UNSIGNED-PAYLOAD-TRAILER", &headers, None);
        assert_eq!(refused.map_err(|error| error.code()), Err("IncompleteBody"), "{body:?}");
    }
    assert!(run(b"0\r\n\r\n", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", &[], None).is_err());
    assert_eq!(
        run(b"", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", &headers, None).unwrap_err().status(),
        501
    );
}
