//! Requests as botocore makes them, and answers as it reads them: see `vectors/record.py`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it cannot go on")]

use std::{env, fs, path::Path};

use base::AwsError;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use front_door::protocols;
use http::Request;
use serde_json::{Value, json};

fn vectors(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

fn recorded(name: &str) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(vectors(name)).unwrap()).unwrap()
}

#[test]
fn what_botocore_sends_is_what_the_room_gets() {
    for sample in recorded("requests.json") {
        let text = |name: &str| sample[name].as_str().unwrap().to_owned();
        let operation = facts::find(&text("service"), &text("operation")).unwrap();
        let mut request = Request::builder().method(text("method").as_str()).uri(text("path"));
        for (name, value) in sample["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let body = Bytes::from(STANDARD.decode(text("body")).unwrap());
        if operation.service.protocol == facts::Protocol::RestJson {
            let found = protocols::find_rest(
                operation.service,
                parts.method.as_str(),
                parts.uri.path(),
                parts.uri.query().unwrap_or_default(),
            )
            .unwrap();
            assert_eq!(found.name, operation.name);
        }
        let input = protocols::decode(operation, &parts, &body).unwrap();
        assert_eq!(input, sample["input"], "{}", operation.name);
        facts::validate(operation, &input).unwrap_or_else(|error| panic!("{}: {error}", operation.name));
    }
}

/// Service, operation, members of the output.
fn outputs() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        (
            "cognito-idp",
            "SignUp",
            json!({"UserConfirmed": false, "UserSub": "u", "CodeDeliveryDetails": {
            "Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}}),
        ),
        ("cognito-idp", "DeleteUserPool", json!({})),
        (
            "cognito-idp",
            "AdminGetUser",
            json!({"Username": "ü😀", "UserCreateDate": 1_700_000_000.25, "Enabled": true}),
        ),
        (
            "logs",
            "FilterLogEvents",
            json!({"events": [{"timestamp": 1_700_000_000_000_i64, "message": "a\nb"}]}),
        ),
        (
            "cloudformation",
            "DescribeStacks",
            json!({"Stacks": [{
            "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/s/1", "StackName": "s",
            "Description": " a < b & \"c\"\r\n\t]]> ünï😀", "CreationTime": 1_700_000_000.123, "DisableRollback": false,
            "StackStatus": "CREATE_COMPLETE", "TimeoutInMinutes": 5, "Capabilities": ["CAPABILITY_IAM"],
            "Outputs": [{"OutputKey": "k", "OutputValue": "v"}], "Tags": []}]}),
        ),
        (
            "cloudformation",
            "ListResourceScanResources",
            json!({"Resources": [
            {"ResourceType": "AWS::S3::Bucket", "ResourceIdentifier": {"BucketName": "b", "x": "y"}}]}),
        ),
        ("cloudformation", "DeleteStack", json!({})),
        (
            "sts",
            "GetCallerIdentity",
            json!({"UserId": "A", "Account": "000000000000", "Arn": "arn:aws:iam::0:root"}),
        ),
        (
            "sts",
            "AssumeRole",
            json!({"Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t/+=",
            "Expiration": 1_700_000_000.0}, "PackedPolicySize": 6}),
        ),
        ("iam", "ListRoles", json!({"Roles": [], "IsTruncated": false})),
        (
            "lambda",
            "CreateFunction",
            json!({"FunctionName": "hello", "Timeout": 6, "Environment": {"Variables": {"A": "1"}}}),
        ),
        (
            "lambda",
            "Invoke",
            json!({"StatusCode": 200, "FunctionError": "Unhandled", "ExecutedVersion": "$LATEST",
            "LogResult": "bG9n", "Payload": STANDARD.encode("{\"a\": \"ü\"}")}),
        ),
        ("lambda", "DeleteFunctionConcurrency", json!({})),
        ("lambda", "ListTags", json!({"Tags": {"a": "b"}})),
    ]
}

fn refusals() -> Vec<(&'static str, &'static str, AwsError)> {
    vec![
        ("cognito-idp", "SignUp", AwsError::client("UsernameExistsException", "User already exists")),
        (
            "logs",
            "FilterLogEvents",
            AwsError::client("ResourceNotFoundException", "The specified log group does not exist."),
        ),
        (
            "cloudformation",
            "DescribeStacks",
            AwsError::client("ValidationError", "Stack with id <x> & y does not exist"),
        ),
        ("sts", "AssumeRole", AwsError::with_status(403, "AccessDenied", "no")),
        (
            "lambda",
            "GetFunction",
            AwsError::with_status(404, "ResourceNotFoundException", "Function not found: f"),
        ),
        ("lambda", "CreateFunction", AwsError::client("InvalidParameterValueException", "no")),
    ]
}

/// `UPDATE=1` writes the file anew; `record.py answers` then says whether botocore reads it as it was meant.
#[test]
fn what_the_front_door_writes_is_what_botocore_reads() {
    let mut found = Vec::new();
    let mut add = |service: &str, operation: &str, key: &str, of: Value, response: http::Response<Bytes>| {
        let headers: serde_json::Map<String, Value> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), Value::from(value.to_str().unwrap())))
            .collect();
        found.push(json!({
            "service": service, "operation": operation, key: of, "status": response.status().as_u16(),
            "headers": headers, "body": STANDARD.encode(response.body()),
        }));
    };
    for (service, name, output) in outputs() {
        let operation = facts::find(service, name).unwrap();
        let response = protocols::encode(operation, "the-request-id", &output).unwrap();
        add(service, name, "output", output, response);
    }
    for (service, name, error) in refusals() {
        let operation = facts::find(service, name).unwrap();
        let response = protocols::refuse(Some(operation.service), "the-request-id", &error);
        add(service, name, "error", json!({"Code": error.code, "Message": error.message}), response);
    }
    #[allow(clippy::disallowed_methods, reason = "a test is asked by the environment to record anew")]
    let update = env::var_os("UPDATE").is_some();
    if update {
        let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
        fs::write(vectors("answers.json"), text).unwrap();
    }
    assert_eq!(found, recorded("answers.json"));
}

#[test]
fn what_is_not_a_request_is_refused_in_words() {
    let operation = facts::find("cognito-idp", "SignUp").unwrap();
    let (parts, ()) = Request::builder().body(()).unwrap().into_parts();
    let code = |body: &'static [u8]| {
        protocols::decode(operation, &parts, &Bytes::from_static(body)).map_err(|error| error.code)
    };
    for body in [&b"{"[..], b"[]", b"5", b"\xff\xfe", b"{\"a\":\"\xed\xa0\x80\"}", b"{} x"] {
        assert_eq!(code(body), Err(String::from("SerializationException")), "{body:?}");
    }
    assert_eq!(code(b" "), Ok(json!({})));
    let deep = "[".repeat(100_000);
    let deep = Bytes::from(deep);
    assert!(protocols::decode(operation, &parts, &deep).is_err());

    let create = facts::find("cloudformation", "CreateStack").unwrap();
    let refused = |body: &'static str| {
        protocols::decode(create, &parts, &Bytes::from(body)).map_err(|error| error.code)
    };
    assert_eq!(refused("TimeoutInMinutes=soon"), Err(String::from("MalformedInput")));
    assert_eq!(refused("Tags.member.x.Key=a"), Err(String::from("MalformedInput")));
    assert_eq!(refused("Tags.member.99999999999.Key=a"), Err(String::from("MalformedInput")));
    assert_eq!(
        refused("Tags.member.10.Key=b&Tags.member.9.Key=a&Capabilities="),
        Ok(json!({"Capabilities": [], "Tags": [{"Key": "a"}, {"Key": "b"}]}))
    );
}
