//! A whole server over its socket: each protocol, each door, and what is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it cannot go on")]

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use testkit::{Refused, Server};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn pool_and_client(server: &Server) -> (String, String) {
    let admin = server.admin();
    let input =
        json!({"PoolName": "people", "UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]});
    let pool = admin.call("cognito-idp", "CreateUserPool", input).await.unwrap();
    let pool = pool["UserPool"]["Id"].as_str().unwrap().to_owned();
    let input = json!({
        "UserPoolId": pool, "ClientName": "web",
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    });
    let client = admin.call("cognito-idp", "CreateUserPoolClient", input).await.unwrap();
    (pool, client["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned())
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

fn header<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_person_signs_up_confirms_and_signs_in() {
    let server = Server::start().await;
    let (pool, client) = pool_and_client(&server).await;
    let guest = server.anonymous();
    let address = "anna@example.com";
    let input = json!({"ClientId": client, "Username": address, "Password": "Passw0rd!",
        "UserAttributes": [{"Name": "email", "Value": address}]});
    let answer = guest.call("SignUp", input).await.unwrap();
    assert_eq!(answer["UserConfirmed"], json!(false));
    let code = server.post().code(address, 1).await;
    guest
        .call("ConfirmSignUp", json!({"ClientId": client, "Username": address, "ConfirmationCode": code}))
        .await
        .unwrap();
    let person = guest.sign_in(&client, address, "Passw0rd!").await.unwrap();
    let user = person.call("GetUser", json!({})).await.unwrap();
    assert!(user["UserAttributes"].as_array().unwrap().contains(&json!({"Name": "email", "Value": address})));

    let keys = guest.get(&format!("/{pool}/.well-known/jwks.json")).await;
    assert_eq!(keys.status(), StatusCode::OK);
    assert_eq!(header(&keys, "access-control-allow-origin"), "*");
    let keys: Value = serde_json::from_slice(keys.body()).unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    let discovery = guest.get(&format!("/{pool}/.well-known/openid-configuration")).await;
    let discovery: Value = serde_json::from_slice(discovery.body()).unwrap();
    assert_eq!(discovery["issuer"], json!(format!("{}/{pool}", server.base_url())));
    assert_eq!(guest.get("/us-east-1_Nobody123/.well-known/jwks.json").await.status(), StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn nothing_that_aws_signs_is_answered_without_a_good_signature() {
    let server = Server::start().await;
    let admin = server.admin();
    let target = |operation: &str| {
        Request::post("/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("AWSCognitoIdentityProviderService.{operation}"))
            .body(Bytes::from_static(b"{\"MaxResults\": 10}"))
            .unwrap()
    };
    let refused = |response: Response<Bytes>| {
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        (response.status().as_u16(), body["__type"].as_str().unwrap_or_default().to_owned())
    };
    // No signature.
    let response = server.anonymous().send(target("ListUserPools")).await;
    assert_eq!(refused(response), (400, String::from("MissingAuthenticationTokenException")));
    // Another body than the one that was signed.
    let mut bent = admin.sign("cognito-idp", target("ListUserPools"));
    *bent.body_mut() = Bytes::from_static(b"{\"MaxResults\": 11}");
    let response = server.anonymous().send(bent).await;
    assert_eq!(refused(response), (400, String::from("InvalidSignatureException")));
    // Another operation than the one that was signed.
    let mut bent = admin.sign("cognito-idp", target("ListUserPools"));
    bent.headers_mut()
        .insert("x-amz-target", "AWSCognitoIdentityProviderService.DeleteUserPool".parse().unwrap());
    assert_eq!(server.anonymous().send(bent).await.status(), 400);
    // Signed for another service.
    let response = server.anonymous().send(admin.sign("lambda", target("ListUserPools"))).await;
    assert_eq!(refused(response).0, 400);
    // Too old.
    let old = admin.sign("cognito-idp", target("ListUserPools"));
    server.clock().advance_seconds(16 * 60);
    let response = server.anonymous().send(old).await;
    assert_eq!(refused(response).0, 400);
    // A key that is not there, and a wrong secret.
    for (id, secret) in [("AKIAIOSFODNN7EXAMPLE", "x"), (key_id(&server).as_str(), "wrong")] {
        let stranger = admin.with_key(id, secret, None);
        let error =
            stranger.call("cognito-idp", "ListUserPools", json!({"MaxResults": 10})).await.unwrap_err();
        assert!(
            ["UnrecognizedClientException", "InvalidSignatureException"].contains(&error.code.as_str()),
            "{error:?}"
        );
    }
    assert!(admin.call("cognito-idp", "ListUserPools", json!({"MaxResults": 10})).await.is_ok());
    // The other protocols and S3, unsigned.
    let form = Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from_static(b"Action=DescribeStacks&Version=2010-05-15"))
        .unwrap();
    let response = server.anonymous().send(form).await;
    assert_eq!(response.status(), 403);
    assert!(text(&response).contains("<Code>MissingAuthenticationToken</Code>"), "{}", text(&response));
    assert_eq!(server.anonymous().get("/2015-03-31/functions").await.status(), 403);
    assert_ne!(server.anonymous().get("/bucket/key").await.status(), 200);
}

fn key_id(server: &Server) -> String {
    server.admin().key_id().to_owned()
}

#[tokio::test]
async fn each_protocol_reaches_its_room() {
    let server = Server::start().await;
    let admin = server.admin();
    let me = admin.form("sts", "GetCallerIdentity", &[]).await.unwrap();
    assert!(me.contains("<Arn>arn:aws:iam::000000000000:root</Arn>"), "{me}");
    let none = admin.form("cloudformation", "DescribeStacks", &[("StackName", "nope")]).await.unwrap_err();
    assert_eq!((none.status, none.code.as_str()), (400, "ValidationError"));
    let unknown = admin.form("cloudformation", "Nope", &[]).await.unwrap_err();
    assert_eq!(unknown.code, "InvalidAction");
    let functions = admin.rest(Method::GET, "/2015-03-31/functions", None).await.unwrap();
    assert_eq!(functions["Functions"], json!([]));
    let missing = admin.rest(Method::GET, "/2015-03-31/functions/nope", None).await.unwrap_err();
    assert_eq!((missing.status, missing.code.as_str()), (404, "ResourceNotFoundException"));
    let groups = admin.call("logs", "DescribeLogGroups", json!({})).await.unwrap();
    assert_eq!(groups["logGroups"], json!([]));
    let roles = admin.form("iam", "ListRoles", &[]).await.unwrap();
    assert!(roles.contains("<Roles></Roles>"), "{roles}");

    let put = |path: &str, body: &'static [u8]| Request::put(path).body(Bytes::from_static(body)).unwrap();
    let made = admin.send("s3", put("/deployments", b"")).await;
    assert_eq!(made.status(), 200, "{}", text(&made));
    let stored = admin.send("s3", put("/deployments/a/b.zip", b"zip")).await;
    assert_eq!(stored.status(), 200, "{}", text(&stored));
    let read = admin.send("s3", Request::get("/deployments/a/b.zip").body(Bytes::new()).unwrap()).await;
    assert_eq!(text(&read), "zip");
    let host = format!("deployments.localhost:{}", server.address().port());
    let by_host = Request::get("/a/b.zip").header("host", host).body(Bytes::new()).unwrap();
    assert_eq!(text(&admin.send("s3", by_host).await), "zip");
}

#[tokio::test]
async fn a_key_may_do_what_its_policy_allows_and_no_more() {
    let server = Server::start().await;
    let admin = server.admin();
    let (pool, _) = pool_and_client(&server).await;
    admin.form("iam", "CreateUser", &[("UserName", "reader")]).await.unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "cognito-idp:Describe*",
        "Resource": format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}")}]});
    let parameters =
        [("UserName", "reader"), ("PolicyName", "read"), ("PolicyDocument", &policy.to_string())];
    admin.form("iam", "PutUserPolicy", &parameters).await.unwrap();
    let key = admin.form("iam", "CreateAccessKey", &[("UserName", "reader")]).await.unwrap();
    let between =
        |name: &str| key.split_once(&format!("<{name}>")).unwrap().1.split('<').next().unwrap().to_owned();
    let reader = admin.with_key(&between("AccessKeyId"), &between("SecretAccessKey"), None);
    reader.call("cognito-idp", "DescribeUserPool", json!({"UserPoolId": pool})).await.unwrap();
    for (operation, input) in [
        ("DescribeUserPool", json!({"UserPoolId": "us-east-1_Another12"})),
        ("DeleteUserPool", json!({"UserPoolId": pool})),
        ("ListUserPools", json!({"MaxResults": 1})),
    ] {
        let error = reader.call("cognito-idp", operation, input).await.unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (400, "AccessDeniedException"), "{operation}");
    }
    assert_eq!(reader.rest(Method::GET, "/2015-03-31/functions", None).await.unwrap_err().status, 403);
    let stored = Request::put("/mine").body(Bytes::new()).unwrap();
    assert_eq!(reader.send("s3", stored).await.status(), 403);
    assert!(admin.call("cognito-idp", "DescribeUserPool", json!({"UserPoolId": pool})).await.is_ok());
}

#[tokio::test]
async fn bad_requests_get_one_clear_error() {
    let server = Server::start().await;
    let guest = server.anonymous();
    let send = async |body: Vec<u8>| -> (u16, String) {
        let request = Request::post("/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", "AWSCognitoIdentityProviderService.SignUp")
            .body(Bytes::from(body))
            .unwrap();
        let response = guest.send(request).await;
        assert_eq!(header(&response, "content-type"), "application/x-amz-json-1.1");
        assert_eq!(header(&response, "x-amzn-requestid").len(), 36);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        (response.status().as_u16(), body["__type"].as_str().unwrap().to_owned())
    };
    let serialization = (400, String::from("SerializationException"));
    assert_eq!(send(b"{".to_vec()).await, serialization);
    assert_eq!(send(b"\xff\xff".to_vec()).await, serialization);
    assert_eq!(send(b"[]".to_vec()).await, serialization);
    assert_eq!(send(b"{\"ClientId\": 5}".to_vec()).await, serialization);
    assert_eq!(send(b"{}".to_vec()).await, (400, String::from("InvalidParameterException")));
    assert_eq!(send(vec![b' '; 2 << 20]).await, (413, String::from("RequestEntityTooLargeException")));
    let error = guest.call("NoSuchThing", json!({})).await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "UnknownOperationException"));
    assert_eq!(guest.get("/no/such/path").await.status(), 404);
}

#[tokio::test]
async fn a_browser_page_may_call_user_pools() {
    let server = Server::start().await;
    let guest = server.anonymous();
    let preflight = Request::options("/")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-amz-target,x-amz-user-agent")
        .body(Bytes::new())
        .unwrap();
    let allowed = guest.send(preflight).await;
    assert_eq!(allowed.status(), 200);
    assert_eq!(header(&allowed, "access-control-allow-origin"), "*");
    assert!(header(&allowed, "access-control-allow-headers").contains("x-amz-target"));
    let call = Request::post("/")
        .header("origin", "https://app.example")
        .header("x-amz-target", "AWSCognitoIdentityProviderService.SignUp")
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    let answer = guest.send(call).await;
    assert_eq!(header(&answer, "access-control-allow-origin"), "*");
    assert!(header(&answer, "access-control-expose-headers").contains("x-amzn-ErrorType"));
}

#[tokio::test]
async fn the_other_doors_answer() {
    let server = Server::start().await;
    let guest = server.anonymous();
    assert_eq!(guest.get("/health/live").await.status(), 200);
    assert_eq!(guest.get("/health/ready").await.status(), 200);
    let console = guest.get("/console/").await;
    assert!(text(&console).contains(&server.base_url()));
    assert!(header(&console, "content-security-policy").contains("default-src 'none'"));
    assert_eq!(guest.get("/console/pools").await.status(), 404);
    assert_eq!(guest.get("/_poolhouse/outbox").await.status(), 404);
    assert_ne!(guest.get("/apis/abcde12345/dev/hello").await.status(), 200);

    let (pool, _) = pool_and_client(&server).await;
    let input = json!({"UserPoolId": pool, "Domain": "mine"});
    server.admin().call("cognito-idp", "CreateUserPoolDomain", input).await.unwrap();
    let by_path = guest.get("/auth/mine/login").await;
    let host = format!("mine.auth.us-east-1.localhost:{}", server.address().port());
    let by_host = Request::get("/login").header(header::HOST, host).body(Bytes::new()).unwrap();
    let by_host = guest.send(by_host).await;
    assert_eq!(by_path.status(), by_host.status());
    assert!(header(&by_path, "content-type").starts_with("text/html"), "{}", text(&by_path));

    let metrics = guest.get("/metrics").await;
    let metrics = text(&metrics);
    assert!(
        metrics.contains(
            "poolhouse_requests_total{route=\"cognito-idp\",operation=\"CreateUserPool\",status=\"200\"} 1"
        ),
        "{metrics}"
    );
    assert!(metrics.ends_with("# EOF\n"));
}

/// What HTTP libraries refuse to send.
async fn raw(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_request_has_one_host() {
    let server = Server::start().await;
    let two = "GET /health/live HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n";
    assert!(raw(&server, two).await.starts_with("HTTP/1.1 400"));
    let none = "GET /health/live HTTP/1.1\r\nconnection: close\r\n\r\n";
    assert!(raw(&server, none).await.starts_with("HTTP/1.1 400"));
    let other = "GET http://a/health/live HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n";
    assert!(raw(&server, other).await.starts_with("HTTP/1.1 400"));
    let plain = "GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert!(raw(&server, plain).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_before_they_are_read() {
    let server = Server::start().await;
    let announced = "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 104857600\r\n\
                     x-amz-target: AWSCognitoIdentityProviderService.SignUp\r\n\r\n{";
    assert!(raw(&server, announced).await.starts_with("HTTP/1.1 413"));
    let refused: Result<Value, Refused> =
        server.anonymous().call("SignUp", json!({"Username": "x".repeat(3 << 20)})).await;
    assert_eq!(refused.unwrap_err().status, 413);
}
