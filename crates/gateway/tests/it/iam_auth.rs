//! AWS_IAM and resource policies.

use base::{Caller, Identity};
use bytes::Bytes;
use crypto::{
    digest::sha256_hex,
    sigv4::{self, Signer},
};
use gateway::definitions::{MethodDefinition, RestApiDefinition};
use http::{HeaderName, Request, Response};
use ports::Clock;
use serde_json::{Value, json};

use crate::house::{Api, House, POOL, body_json, guarded, header, proxy, text};

struct Keys {
    id: String,
    secret: String,
}

async fn root(house: &House) -> Keys {
    let key = house.iam.ensure_root_key(None).await.unwrap();
    Keys { id: key.access_key_id, secret: key.secret_access_key.expose().clone() }
}

async fn user(house: &House, name: &str, resource: &str) -> Keys {
    let caller = Caller {
        identity: Identity::Principal {
            account: "000000000000".into(),
            arn: "arn:aws:iam::000000000000:root".into(),
            user_id: "000000000000".into(),
        },
        source_ip: "127.0.0.1".into(),
        request_id: "r".into(),
    };
    let ask = |operation: &'static str, input: Value| house.iam.call_iam(operation, &caller, input);
    ask("CreateUser", json!({"UserName": name})).await.unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}]});
    let put = json!({"UserName": name, "PolicyName": "p", "PolicyDocument": policy.to_string()});
    ask("PutUserPolicy", put).await.unwrap();
    let made = ask("CreateAccessKey", json!({"UserName": name})).await.unwrap();
    let text = |member: &str| made["AccessKey"][member].as_str().unwrap().to_owned();
    Keys { id: text("AccessKeyId"), secret: text("SecretAccessKey") }
}

/// `sent` may differ from what was signed.
async fn signed(
    house: &House,
    api: &Api<'_>,
    keys: &Keys,
    service: &str,
    path: &str,
    sent: &str,
) -> Response<Bytes> {
    let host = format!("{}.execute-api.us-east-1.localhost:4747", api.id);
    let full = |path: &str| format!("/dev{path}");
    let (mut head, _) = Request::get(full(sent)).header("host", &host).body(()).unwrap().into_parts();
    let signing = sigv4::Request {
        method: "GET",
        path: &full(path),
        query: "",
        headers: vec![("host", host.as_bytes())],
    };
    let signer = Signer {
        access_key_id: &keys.id,
        secret_access_key: &keys.secret,
        session_token: None,
        region: "us-east-1",
        service,
    };
    for (name, value) in signer.sign(&signing, &sha256_hex(b""), house.clock.now()) {
        head.headers.append(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    api.send_raw(head, Bytes::new(), sent.to_owned()).await
}

fn with_iam(http_method: &str) -> MethodDefinition {
    MethodDefinition { authorization_type: Some("AWS_IAM".into()), ..proxy(http_method, "echo") }
}

#[tokio::test]
async fn a_signature_and_a_policy_open() {
    let house = House::open();
    let api = house.api().await;
    api.put("/a", with_iam("GET")).await;
    api.put("/b/{id}", with_iam("GET")).await;
    api.deploy().await;
    let keys = root(&house).await;
    let response = signed(&house, &api, &keys, "execute-api", "/a", "/a").await;
    assert_eq!(response.status(), 200, "{}", text(&response));
    let identity = &body_json(&response)["requestContext"]["identity"];
    assert_eq!(identity["userArn"], "arn:aws:iam::000000000000:root");
    assert_eq!((&identity["accountId"], &identity["accessKey"]), (&json!("000000000000"), &json!(keys.id)));

    let limited =
        user(&house, "anna", &format!("arn:aws:execute-api:us-east-1:000000000000:{}/dev/GET/a", api.id))
            .await;
    assert_eq!(signed(&house, &api, &limited, "execute-api", "/a", "/a").await.status(), 200);
    let response = signed(&house, &api, &limited, "execute-api", "/b/1", "/b/1").await;
    assert_eq!(response.status(), 403);
    assert_eq!(header(&response, "x-amzn-errortype"), "AccessDeniedException");
    assert!(text(&response).starts_with("{\"Message\":\"User: arn:aws:iam::000000000000:user/anna is not authorized to perform: execute-api:Invoke on resource: "), "{}", text(&response));
}

#[tokio::test]
async fn no_signature_no_entry() {
    let house = House::open();
    let api = house.api().await;
    api.put("/a", with_iam("GET")).await;
    api.put("/b", with_iam("GET")).await;
    api.deploy().await;
    let keys = root(&house).await;
    let response = api.get("/a").await;
    assert_eq!(
        (response.status().as_u16(), text(&response)),
        (403, "{\"message\":\"Missing Authentication Token\"}")
    );
    assert_eq!(api.get_with("/a", &house.pools.id_token(POOL)).await.status(), 403);
    let wrong = Keys { id: keys.id.clone(), secret: "wrong".into() };
    let stranger = Keys { id: "AKIAQQQQQQQQQQQQQQQQ".into(), secret: keys.secret.clone() };
    for (why, response) in [
        ("another path", signed(&house, &api, &keys, "execute-api", "/a", "/b").await),
        ("another service", signed(&house, &api, &keys, "lambda", "/a", "/a").await),
        ("a wrong secret", signed(&house, &api, &wrong, "execute-api", "/a", "/a").await),
        ("an unknown key", signed(&house, &api, &stranger, "execute-api", "/a", "/a").await),
    ] {
        assert_eq!(response.status(), 403, "{why}");
    }
    assert_eq!(house.functions.calls_of("echo"), 0);
}

#[tokio::test]
async fn an_api_s_own_policy_has_its_say() {
    let house = House::open();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/dev/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/dev/GET/closed"},
        {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/dev/GET/inside",
            "Condition": {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}}]});
    let definition =
        RestApiDefinition { name: "p".into(), policy: Some(policy), ..RestApiDefinition::default() };
    let api = house.api_with(definition).await;
    let authorizer = api.pool_authorizer(&[POOL]).await;
    api.put("/open", proxy("GET", "echo")).await;
    api.put("/closed", guarded("GET", "echo", &authorizer)).await;
    api.put("/inside", proxy("GET", "echo")).await;
    api.deploy().await;
    assert_eq!(api.get("/open").await.status(), 200);
    assert_eq!(api.get("/closed").await.status(), 401);
    for (path, response) in [
        ("closed", api.get_with("/closed", &house.pools.id_token(POOL)).await),
        ("inside", api.get("/inside").await),
        ("inside", api.get("//inside/").await),
    ] {
        let arn = format!("arn:aws:execute-api:us-east-1:********0000:{}/dev/GET/{path}", api.id);
        let words = format!(
            "{{\"Message\":\"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {arn} with an explicit deny\"}}"
        );
        assert_eq!((response.status().as_u16(), text(&response)), (403, words.as_str()));
    }

    let silent = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/*"}]});
    let definition =
        RestApiDefinition { name: "s".into(), policy: Some(silent), ..RestApiDefinition::default() };
    let api = house.api_with(definition).await;
    api.put("/", proxy("GET", "echo")).await;
    api.deploy().await;
    assert_eq!(api.get("/").await.status(), 403);
}
