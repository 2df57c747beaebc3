//! Who signed a request, and what is answered to those who did not.
#![allow(clippy::unwrap_used, reason = "a test")]

mod house;

use base::AwsError;
use crypto::{
    digest::sha256_hex,
    sigv4::{self, EMPTY_SHA256, UNSIGNED_PAYLOAD},
};
use house::{House, Keys, sign, signer};
use http::{HeaderValue, request::Parts};
use iam::{BodyClaim, Payload, PrincipalKind, is_signed};
use ports::Clock;
use serde_json::json;

const BODY: &str = r#"{"MaxResults":1}"#;

async fn refused(house: &House, parts: &Parts, service: &str, body: &str) -> AwsError {
    house.iam.authenticate(parts, service, body.as_bytes()).await.unwrap_err()
}

fn set(parts: &mut Parts, name: &'static str, value: &'static str) {
    parts.headers.insert(name, HeaderValue::from_static(value));
}

fn add(parts: &mut Parts, name: &'static str, value: &'static str) {
    parts.headers.append(name, HeaderValue::from_static(value));
}

fn code(error: &AwsError) -> (u16, &str) {
    (error.status, error.code.as_str())
}

#[tokio::test]
async fn the_root_key_is_the_root_user() {
    let house = House::new().await;
    let parts = house.signed(&house.root, "cognito-idp", BODY);
    assert!(is_signed(&parts));
    let root = house.iam.authenticate(&parts, "cognito-idp", BODY.as_bytes()).await.unwrap();
    assert_eq!(root.kind, PrincipalKind::Root);
    assert_eq!(root.arn, "arn:aws:iam::000000000000:root");
    assert_eq!(root.user_id, "000000000000");
    assert_eq!(root.access_key_id, house.root.id);
}

#[tokio::test]
async fn no_signature() {
    let house = House::new().await;
    let parts = http::Request::post("/").header("host", "localhost").body(()).unwrap().into_parts().0;
    assert!(!is_signed(&parts));
    let expected = [
        ("cognito-idp", 400, "MissingAuthenticationTokenException"),
        ("lambda", 403, "MissingAuthenticationTokenException"),
        ("sts", 403, "MissingAuthenticationToken"),
        ("s3", 403, "AccessDenied"),
    ];
    for (service, status, name) in expected {
        assert_eq!(code(&refused(&house, &parts, service, "").await), (status, name));
    }
}

#[tokio::test]
async fn a_wrong_secret_or_an_unknown_key() {
    let house = House::new().await;
    let wrong = Keys { secret: "x".repeat(40), ..house.root.clone() };
    let unknown = Keys { id: "AKIAAAAAAAAAAAAAAAAA".into(), ..house.root.clone() };
    let expected = [
        ("cognito-idp", 400, "InvalidSignatureException", "UnrecognizedClientException"),
        ("lambda", 403, "InvalidSignatureException", "UnrecognizedClientException"),
        ("cloudformation", 403, "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ("s3", 403, "SignatureDoesNotMatch", "InvalidAccessKeyId"),
    ];
    for (service, status, mismatch, no_key) in expected {
        let error = refused(&house, &house.signed(&wrong, service, BODY), service, BODY).await;
        assert_eq!(code(&error), (status, mismatch));
        assert!(error.message.starts_with("The request signature we calculated does not match"));
        let error = refused(&house, &house.signed(&unknown, service, BODY), service, BODY).await;
        assert_eq!(code(&error), (status, no_key));
    }
}

#[tokio::test]
async fn a_signature_is_good_for_one_service_and_one_region() {
    let house = House::new().await;
    let parts = house.signed(&house.root, "cognito-idp", BODY);
    let error = refused(&house, &parts, "lambda", BODY).await;
    assert_eq!(code(&error), (403, "InvalidSignatureException"));
    assert_eq!(error.message, "Credential should be scoped to correct service: 'lambda'.");
    let parts = house.signed_in(&house.root, "cognito-idp", "eu-west-1", BODY);
    let error = refused(&house, &parts, "cognito-idp", BODY).await;
    assert!(error.message.contains("valid region"), "{error}");
    // Rewriting the scope breaks the signature.
    let mut parts = house.signed(&house.root, "cognito-idp", BODY);
    let moved = parts.headers["authorization"].to_str().unwrap().replace("/cognito-idp/", "/lambda/");
    parts.headers.insert("authorization", moved.parse().unwrap());
    let error = refused(&house, &parts, "lambda", BODY).await;
    assert!(error.message.starts_with("The request signature we calculated"), "{error}");
}

#[tokio::test]
async fn every_change_is_noticed() {
    let house = House::new().await;
    let good = house.signed(&house.root, "cognito-idp", BODY);
    let changed = |change: &dyn Fn(&mut Parts)| {
        let mut parts = good.clone();
        change(&mut parts);
        parts
    };
    for parts in [
        changed(&|parts| parts.method = http::Method::PUT),
        changed(&|parts| parts.uri = "/other".parse().unwrap()),
        changed(&|parts| parts.uri = "/?a=b".parse().unwrap()),
        changed(&|parts| set(parts, "host", "evil.example")),
        changed(&|parts| add(parts, "host", "evil.example")),
        changed(&|parts| set(parts, "x-amz-target", "AWSCognitoIdentityProviderService.DeleteUserPool")),
        changed(&|parts| add(parts, "x-amz-target", "AWSCognitoIdentityProviderService.DeleteUserPool")),
        changed(&|parts| set(parts, "content-type", "text/plain")),
        changed(&|parts| set(parts, "x-amz-acl", "public-read")),
        changed(&|parts| add(parts, "x-amz-date", "20240917T083005Z")),
        changed(&|parts| set(parts, "x-amz-security-token", "made-up")),
        changed(&|parts| {
            let second = parts.headers["authorization"].clone();
            parts.headers.append("authorization", second);
        }),
        changed(&|parts| drop(parts.headers.remove("x-amz-date"))),
        changed(&|parts| drop(parts.headers.remove("host"))),
    ] {
        assert!(house.iam.authenticate(&parts, "cognito-idp", BODY.as_bytes()).await.is_err(), "{parts:?}");
    }
    for body in ["", "{}", r#"{"MaxResults":2}"#, "{\"MaxResults\":1} "] {
        assert_eq!(
            code(&refused(&house, &good, "cognito-idp", body).await),
            (400, "InvalidSignatureException")
        );
    }
    // What nobody signs may change on the way.
    let parts = changed(&|parts| set(parts, "user-agent", "proxy"));
    assert!(house.iam.authenticate(&parts, "cognito-idp", BODY.as_bytes()).await.is_ok());
}

#[tokio::test]
async fn unsigned_amazon_headers_are_named() {
    let house = House::new().await;
    let mut parts = house.signed(&house.root, "s3", "");
    parts.headers.insert("x-amz-acl", HeaderValue::from_static("public-read"));
    let error = refused(&house, &parts, "s3", "").await;
    assert_eq!(code(&error), (403, "AccessDenied"));
    assert!(error.message.contains("x-amz-acl"));
}

#[tokio::test]
async fn signatures_age() {
    let house = House::new().await;
    let parts = house.signed(&house.root, "cognito-idp", BODY);
    house.pass(300);
    assert!(house.iam.authenticate(&parts, "cognito-idp", BODY.as_bytes()).await.is_ok());
    house.pass(1);
    let error = refused(&house, &parts, "cognito-idp", BODY).await;
    assert_eq!(code(&error), (400, "InvalidSignatureException"));
    assert_eq!(
        error.message,
        "Signature expired: 20240917T083005Z is now earlier than 20240917T083006Z (20240917T083506Z - 5 min.)"
    );
    house.pass(-602);
    let error = refused(&house, &parts, "cognito-idp", BODY).await;
    assert_eq!(
        error.message,
        "Signature not yet current: 20240917T083005Z is still later than 20240917T083004Z (20240917T082504Z + 5 min.)"
    );
    // S3 gives a quarter of an hour.
    let upload = house.signed(&house.root, "s3", "");
    house.pass(900);
    assert!(house.iam.authenticate(&upload, "s3", b"").await.is_ok());
    house.pass(1);
    assert_eq!(code(&refused(&house, &upload, "s3", "").await), (403, "RequestTimeTooSkewed"));
}

#[tokio::test]
async fn presigned_urls_end() {
    let house = House::new().await;
    let link = |service: &str, hash: &str, expires: u32| {
        let request = sigv4::Request {
            method: "GET",
            path: "/bucket/key",
            query: "",
            headers: vec![("host", b"localhost:4747")],
        };
        let query =
            signer(&house.root, service, "us-east-1").presign(&request, hash, house.clock.now(), expires);
        let request = http::Request::get(format!("/bucket/key?{query}")).header("host", "localhost:4747");
        request.body(()).unwrap().into_parts().0
    };
    let s3 = link("s3", UNSIGNED_PAYLOAD, 3600);
    let call = link("execute-api", EMPTY_SHA256, 60);
    assert!(is_signed(&s3));
    assert!(house.iam.authenticate(&s3, "s3", b"").await.is_ok());
    assert!(house.iam.authenticate(&call, "execute-api", b"").await.is_ok());
    assert!(house.iam.authenticate(&call, "execute-api", b"body").await.is_err());
    house.pass(61);
    assert!(house.iam.authenticate(&s3, "s3", b"").await.is_ok());
    assert_eq!(code(&refused(&house, &call, "execute-api", "").await), (403, "InvalidSignatureException"));
    house.pass(3540);
    let error = refused(&house, &s3, "s3", "").await;
    assert_eq!((code(&error), error.message.as_str()), ((403, "AccessDenied"), "Request has expired"));
    // A URL that would begin in the future.
    let later = link("s3", UNSIGNED_PAYLOAD, 3600);
    house.pass(-901);
    assert_eq!(code(&refused(&house, &later, "s3", "").await), (403, "RequestTimeTooSkewed"));
    let mut longer = later;
    let stretched = longer.uri.to_string().replace("X-Amz-Expires=3600", "X-Amz-Expires=604800");
    longer.uri = stretched.parse().unwrap();
    house.pass(901);
    assert_eq!(code(&refused(&house, &longer, "s3", "").await), (403, "SignatureDoesNotMatch"));
}

#[tokio::test]
async fn bodies_of_uploads() {
    let house = House::new().await;
    let put = |hash: &str| {
        let request = http::Request::put("/bucket/key").header("host", "localhost:4747");
        let parts = request.body(()).unwrap().into_parts().0;
        let sigv4_request = sigv4::Request {
            method: "PUT",
            path: "/bucket/key",
            query: "",
            headers: vec![("host", b"localhost:4747")],
        };
        let added = signer(&house.root, "s3", "us-east-1").sign(&sigv4_request, hash, house.clock.now());
        let mut parts = parts;
        for (name, value) in added {
            parts.headers.insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        parts
    };
    let to_come = |parts| {
        let house = &house;
        async move {
            let checked = house.iam.authenticate_upload(&parts, "s3", Payload::ToCome).await;
            checked.map(|(_, claim)| claim)
        }
    };
    let hash = sha256_hex(b"hello");
    assert!(matches!(to_come(put(&hash)).await, Ok(BodyClaim::Sha256(claimed)) if claimed == hash));
    assert!(matches!(to_come(put(UNSIGNED_PAYLOAD)).await, Ok(BodyClaim::Settled)));
    assert!(matches!(
        to_come(put("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")).await,
        Ok(BodyClaim::SignedChunks { trailer: false, .. })
    ));
    assert!(matches!(
        to_come(put("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")).await,
        Ok(BodyClaim::SignedChunks { trailer: true, .. })
    ));
    assert!(matches!(
        to_come(put("STREAMING-UNSIGNED-PAYLOAD-TRAILER")).await,
        Ok(BodyClaim::UnsignedChunks)
    ));
    assert_eq!(code(&to_come(put("made up")).await.unwrap_err()), (400, "InvalidArgument"));
    let mismatch = house.iam.authenticate(&put(&hash), "s3", b"bye").await.unwrap_err();
    assert_eq!(code(&mismatch), (400, "XAmzContentSHA256Mismatch"));
    assert!(house.iam.authenticate(&put(&hash), "s3", b"hello").await.is_ok());
    // Only S3 leaves bodies unsigned.
    let parts = house.signed(&house.root, "lambda", UNSIGNED_PAYLOAD);
    assert!(house.iam.authenticate(&parts, "lambda", b"anything").await.is_err());
}

#[tokio::test]
async fn a_key_that_is_made_inactive_stops_at_once() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    assert_eq!(house.who(&anna).await.unwrap().arn, "arn:aws:iam::000000000000:user/anna");
    let second = house.second_node();
    let parts = house.signed(&anna, "sts", "{}");
    assert!(second.authenticate(&parts, "sts", b"{}").await.is_ok());
    let inactive = json!({"UserName": "anna", "AccessKeyId": anna.id, "Status": "Inactive"});
    house.as_root("UpdateAccessKey", inactive).await.unwrap();
    assert_eq!(code(&house.who(&anna).await.unwrap_err()), (403, "InvalidClientTokenId"));
    // The other node hears of it.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while second.authenticate(&parts, "sts", b"{}").await.is_ok() {
        assert!(std::time::Instant::now() < deadline, "the change did not reach the other node");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let active = json!({"UserName": "anna", "AccessKeyId": anna.id, "Status": "Active"});
    house.as_root("UpdateAccessKey", active).await.unwrap();
    assert!(house.who(&anna).await.is_ok());
    house.as_root("DeleteAccessKey", json!({"UserName": "anna", "AccessKeyId": anna.id})).await.unwrap();
    assert!(house.who(&anna).await.is_err());
}

#[tokio::test]
async fn a_date_header_will_do() {
    let house = House::new().await;
    let request = http::Request::get("/").header("host", "localhost:4747");
    let mut parts = request.body(()).unwrap().into_parts().0;
    parts = sign(parts, &house.root, "sts", "us-east-1", "", house.clock.now());
    // Signed as x-amz-date, sent as neither: there is no date left to check.
    parts.headers.remove("x-amz-date");
    assert_eq!(code(&refused(&house, &parts, "sts", "").await), (400, "IncompleteSignature"));
}

#[tokio::test]
async fn calls_can_be_spawned() {
    let house = House::new().await;
    let (iam, parts) = (house.iam.clone(), house.signed(&house.root, "sts", "{}"));
    let spawned = tokio::spawn(async move {
        let principal = iam.authenticate(&parts, "sts", b"{}").await?;
        let input = json!({});
        iam.authorize_call(&principal, "sts", "GetCallerIdentity", &input, &iam::Context::default()).await?;
        iam.call_iam("ListRoles", &principal.to_caller("", ""), input.clone()).await?;
        iam.call("GetCallerIdentity", &principal.to_caller("", ""), input).await
    });
    assert_eq!(spawned.await.unwrap().unwrap()["Account"], "000000000000");
}
