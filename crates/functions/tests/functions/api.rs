//! Lambda's API: what it answers, and how it says no.

use base::AwsError;
use ports::{
    Invoke,
    invoke::{InvokeError, ServicePrincipal},
};
use serde_json::{Value, json};

use crate::house::{House, ROLE, encoded, invocation};

const HELLO: &[(&str, &str)] = &[("index.js", "exports.handler = async () => 'hello'")];

fn code(error: &AwsError) -> (u16, &str) {
    (error.status, error.code.as_str())
}

fn input(more: Value) -> Value {
    let mut input = json!({
        "FunctionName": "hello", "Runtime": "nodejs20.x", "Handler": "index.handler", "Role": ROLE,
        "Code": { "ZipFile": encoded(HELLO) },
    });
    for (member, value) in more.as_object().unwrap() {
        if value.is_null() {
            input.as_object_mut().unwrap().remove(member);
        } else {
            input[member] = value.clone();
        }
    }
    input
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_made_shown_changed_and_deleted() {
    let house = House::open();
    let made = house
        .call("CreateFunction", input(json!({ "Description": "d", "Tags": { "a": "b" } })))
        .await
        .unwrap();
    assert_eq!(made["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:hello");
    assert_eq!((&made["Timeout"], &made["MemorySize"]), (&json!(3), &json!(128)));
    assert_eq!((&made["State"], &made["LastUpdateStatus"]), (&json!("Active"), &json!("Successful")));
    assert_eq!(made["CodeSha256"].as_str().unwrap().len(), 44);
    assert!(made["LastModified"].as_str().unwrap().ends_with("+0000"));

    let got = house.call("GetFunction", json!({ "FunctionName": "hello" })).await.unwrap();
    assert_eq!(got["Configuration"], made);
    assert_eq!(got["Tags"], json!({ "a": "b" }));
    let by_arn = json!({ "FunctionName": made["FunctionArn"] });
    assert_eq!(house.call("GetFunctionConfiguration", by_arn).await.unwrap(), made);

    let changed = house
        .call(
            "UpdateFunctionConfiguration",
            json!({ "FunctionName": "hello", "Timeout": 7, "Environment": { "Variables": { "MODE": "1" } } }),
        )
        .await
        .unwrap();
    assert_eq!((&changed["Timeout"], &changed["Handler"]), (&json!(7), &json!("index.handler")));
    assert_eq!(changed["Environment"]["Variables"], json!({ "MODE": "1" }));
    assert_ne!(changed["RevisionId"], made["RevisionId"]);
    let stale = json!({ "FunctionName": "hello", "Timeout": 8, "RevisionId": made["RevisionId"] });
    assert_eq!(
        code(&house.call("UpdateFunctionConfiguration", stale).await.unwrap_err()),
        (412, "PreconditionFailedException")
    );

    let listed = house.call("ListFunctions", json!({})).await.unwrap();
    assert_eq!(listed["Functions"].as_array().unwrap().len(), 1);
    assert_eq!(house.answer("hello", json!({})).await, "hello");
    house.call("DeleteFunction", json!({ "FunctionName": "hello" })).await.unwrap();
    let gone = house.call("GetFunction", json!({ "FunctionName": "hello" })).await.unwrap_err();
    assert_eq!(code(&gone), (404, "ResourceNotFoundException"));
    assert_eq!(gone.message, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:hello");
    assert!(matches!(house.invoke("hello", json!({})).await, Err(InvokeError::NotFound(_))));
    assert_eq!(
        code(&house.call("DeleteFunction", json!({ "FunctionName": "hello" })).await.unwrap_err()).0,
        404
    );
    house.call("CreateFunction", input(json!({}))).await.unwrap();
    assert_eq!(house.answer("hello", json!({})).await, "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_in_lambdas_words() {
    let house = House::open();
    let wrong: &[(Value, &str, &str)] = &[
        (
            json!({ "Runtime": "nodejs99.x" }),
            "InvalidParameterValueException",
            "Value nodejs99.x at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [",
        ),
        (
            json!({ "Runtime": "java21" }),
            "InvalidParameterValueException",
            "The runtime java21 cannot run on this server.",
        ),
        (
            json!({ "Runtime": null }),
            "InvalidParameterValueException",
            "Runtime and Handler are mandatory parameters",
        ),
        (
            json!({ "Role": "arn:aws:iam::000000000000:role/nobody" }),
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        (
            json!({ "Role": "me" }),
            "",
            "1 validation error detected: Value 'me' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern",
        ),
        (
            json!({ "Timeout": 0 }),
            "",
            "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            json!({ "MemorySize": 64 }),
            "",
            "1 validation error detected: Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
        ),
        (
            json!({ "FunctionName": "a b" }),
            "",
            "1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint",
        ),
        (
            json!({ "Code": {} }),
            "InvalidParameterValueException",
            "Please provide a source for function code.",
        ),
        (
            json!({ "Code": { "ZipFile": "aGVsbG8=" } }),
            "InvalidParameterValueException",
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            json!({ "Code": { "S3Bucket": "bucket", "S3Key": "none.zip" } }),
            "InvalidParameterValueException",
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.",
        ),
        (
            json!({ "Environment": { "Variables": { "AWS_REGION": "x" } } }),
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because",
        ),
        (
            json!({ "Environment": { "Variables": { "BIG": "x".repeat(5000) } } }),
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.",
        ),
        (
            json!({ "Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:a:1"] }),
            "InvalidParameterValueException",
            "Layers is not supported by Poolhouse.",
        ),
        (
            json!({ "VpcConfig": { "SubnetIds": ["subnet-1"] } }),
            "InvalidParameterValueException",
            "VpcConfig is not supported by Poolhouse.",
        ),
    ];
    for (more, kind, message) in wrong {
        let error = house.call("CreateFunction", input(more.clone())).await.unwrap_err();
        assert!(error.status == 400 && (kind.is_empty() || error.code == *kind), "{more}: {error}");
        assert!(error.message.starts_with(message), "{more}: {error}");
    }
    assert_eq!(house.call("ListFunctions", json!({})).await.unwrap()["Functions"], json!([]));
    house.call("CreateFunction", input(json!({}))).await.unwrap();
    let twice = house.call("CreateFunction", input(json!({}))).await.unwrap_err();
    assert_eq!(
        (code(&twice), twice.message.as_str()),
        ((409, "ResourceConflictException"), "Function already exist: hello")
    );
    let unknown =
        house.call("PublishLayerVersion", json!({ "LayerName": "x", "Content": {} })).await.unwrap_err();
    assert_eq!(unknown.status, 501);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_interpreter_is_named_before_anything_is_made() {
    let house = House::with(|config| config.search_path = String::from("/nowhere"));
    let error = house.call("CreateFunction", input(json!({}))).await.unwrap_err();
    assert_eq!(error.code, "InvalidParameterValueException");
    assert!(error.message.contains("needs Node.js") && error.message.contains("Install Node.js"), "{error}");
    assert_eq!(house.call("ListFunctions", json!({})).await.unwrap()["Functions"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_runtimes_run_on_the_installed_node() {
    let house = House::open();
    let made = house.call("CreateFunction", input(json!({ "Runtime": "nodejs8.10" }))).await.unwrap();
    assert_eq!(made["Runtime"], "nodejs8.10");
    assert_eq!(house.answer("hello", json!({})).await, "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_comes_out_of_a_bucket() {
    let house = House::open();
    let from_bucket = json!({ "Code": { "S3Bucket": "bucket", "S3Key": "hello.zip" } });
    house.call("CreateFunction", input(from_bucket)).await.unwrap();
    assert_eq!(house.answer("hello", json!({})).await, "from the bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_frozen_and_aliases_point_at_them() {
    let house = House::open();
    let source = |text: &str| encoded(&[("index.js", &format!("exports.handler = async () => '{text}'"))]);
    let first = house
        .call("CreateFunction", input(json!({ "Code": { "ZipFile": source("one") }, "Publish": true })))
        .await
        .unwrap();
    assert_eq!(first["Version"], "1");
    // Nothing has changed: the same version is the answer.
    let again = house.call("PublishVersion", json!({ "FunctionName": "hello" })).await.unwrap();
    assert_eq!(again["Version"], "1");
    assert_eq!(again["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:hello:1");
    let update = json!({ "FunctionName": "hello", "ZipFile": source("two"), "Publish": true });
    assert_eq!(house.call("UpdateFunctionCode", update).await.unwrap()["Version"], "2");
    assert_eq!(house.answer("hello", json!({})).await, "two");
    assert_eq!(house.answer("hello:1", json!({})).await, "one");

    let alias = json!({ "FunctionName": "hello", "Name": "live", "FunctionVersion": "1" });
    house.call("CreateAlias", alias.clone()).await.unwrap();
    assert_eq!(code(&house.call("CreateAlias", alias).await.unwrap_err()).0, 409);
    assert_eq!(house.answer("hello:live", json!({})).await, "one");
    let invoked = house.invoke("hello:live", json!({})).await.unwrap();
    assert_eq!(invoked.executed_version, "1");
    let held =
        house.call("DeleteFunction", json!({ "FunctionName": "hello", "Qualifier": "1" })).await.unwrap_err();
    assert_eq!(code(&held), (409, "ResourceConflictException"));
    let moved = json!({ "FunctionName": "hello", "Name": "live", "FunctionVersion": "2" });
    house.call("UpdateAlias", moved).await.unwrap();
    assert_eq!(house.answer("hello:live", json!({})).await, "two");

    let shared = json!({ "FunctionName": "hello", "Name": "live", "RoutingConfig": { "AdditionalVersionWeights": { "1": 0.5 } } });
    house.call("UpdateAlias", shared).await.unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        seen.insert(house.answer("hello:live", json!({})).await.as_str().unwrap().to_owned());
    }
    assert_eq!(seen.len(), 2);
    let whole = json!({ "FunctionName": "hello", "Name": "live", "RoutingConfig": { "AdditionalVersionWeights": {} } });
    house.call("UpdateAlias", whole).await.unwrap();
    house.call("DeleteFunction", json!({ "FunctionName": "hello", "Qualifier": "1" })).await.unwrap();
    assert!(matches!(house.invoke("hello:1", json!({})).await, Err(InvokeError::NotFound(_))));
    let versions = house.call("ListVersionsByFunction", json!({ "FunctionName": "hello" })).await.unwrap();
    let versions: Vec<_> =
        versions["Versions"].as_array().unwrap().iter().map(|v| v["Version"].clone()).collect();
    assert_eq!(versions, [json!("$LATEST"), json!("2")]);
    // The last of its bytes stay while a version needs them, and the name can be used anew.
    house.call("DeleteFunction", json!({ "FunctionName": "hello" })).await.unwrap();
    let anew = house.call("CreateFunction", input(json!({ "Publish": true }))).await.unwrap();
    assert_eq!(anew["Version"], "1");
    assert!(matches!(house.invoke("hello:live", json!({})).await, Err(InvokeError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_the_policy_names_may_invoke_on_behalf_of_a_resource() {
    let house = House::open();
    house.call("CreateFunction", input(json!({}))).await.unwrap();
    let arn = "arn:aws:execute-api:us-east-1:000000000000:abc123/beta/GET/hello";
    let mut asked = invocation("hello", &json!({}));
    asked.on_behalf_of = Some(ServicePrincipal {
        service: String::from("apigateway.amazonaws.com"),
        source_arn: arn.to_owned(),
        source_account: String::from("000000000000"),
    });
    assert!(matches!(house.functions.invoke(asked.clone()).await, Err(InvokeError::Forbidden(_))));
    let permission = json!({
        "FunctionName": "hello", "StatementId": "api", "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com", "SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc123/*/*",
    });
    let added = house.call("AddPermission", permission.clone()).await.unwrap();
    let statement: Value = serde_json::from_str(added["Statement"].as_str().unwrap()).unwrap();
    assert_eq!(statement["Principal"], json!({ "Service": "apigateway.amazonaws.com" }));
    assert_eq!(statement["Condition"]["ArnLike"]["AWS:SourceArn"], permission["SourceArn"]);
    house.functions.invoke(asked.clone()).await.unwrap();
    let mut other = asked.clone();
    if let Some(principal) = &mut other.on_behalf_of {
        principal.source_arn = arn.replace("abc123", "evil00");
    }
    assert!(matches!(house.functions.invoke(other).await, Err(InvokeError::Forbidden(_))));
    assert_eq!(code(&house.call("AddPermission", permission).await.unwrap_err()).0, 409);
    let policy = house.call("GetPolicy", json!({ "FunctionName": "hello" })).await.unwrap();
    assert!(policy["Policy"].as_str().unwrap().contains("\"Sid\":\"api\""));
    house.call("RemovePermission", json!({ "FunctionName": "hello", "StatementId": "api" })).await.unwrap();
    assert!(matches!(house.functions.invoke(asked).await, Err(InvokeError::Forbidden(_))));
    assert_eq!(code(&house.call("GetPolicy", json!({ "FunctionName": "hello" })).await.unwrap_err()).0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn invoke_speaks_the_wires_words() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let house = House::open();
    let source = "exports.handler = async (event) => { console.log('seen', event.n); if (event.fail) throw new Error('no'); return event.n }";
    house.deploy("hello", source).await;
    let payload = |value: Value| STANDARD.encode(value.to_string());
    let decoded = |answer: &Value, member: &str| {
        String::from_utf8(STANDARD.decode(answer[member].as_str().unwrap()).unwrap()).unwrap()
    };
    let answer = house
        .call(
            "Invoke",
            json!({ "FunctionName": "hello", "Payload": payload(json!({ "n": 5 })), "LogType": "Tail" }),
        )
        .await
        .unwrap();
    assert_eq!(answer["StatusCode"], 200);
    assert_eq!(answer["ExecutedVersion"], "$LATEST");
    assert_eq!(decoded(&answer, "Payload"), "5");
    let tail = decoded(&answer, "LogResult");
    assert!(
        tail.starts_with("START RequestId: ")
            && tail.contains("\tINFO\tseen 5\n")
            && tail.contains("REPORT RequestId: "),
        "{tail}"
    );
    let failed = json!({ "FunctionName": "hello", "Payload": payload(json!({ "fail": true })) });
    assert_eq!(house.call("Invoke", failed).await.unwrap()["FunctionError"], "Unhandled");
    let dry = json!({ "FunctionName": "hello", "InvocationType": "DryRun" });
    assert_eq!(house.call("Invoke", dry).await.unwrap(), json!({ "StatusCode": 204 }));
    let event = json!({ "FunctionName": "hello", "InvocationType": "Event", "Payload": payload(json!({})) });
    assert_eq!(house.call("Invoke", event).await.unwrap(), json!({ "StatusCode": 202 }));
    let broken = json!({ "FunctionName": "hello", "Payload": STANDARD.encode("{") });
    let error = house.call("Invoke", broken).await.unwrap_err();
    assert_eq!(code(&error), (400, "InvalidRequestContentException"));
    let missing = house.call("Invoke", json!({ "FunctionName": "nobody" })).await.unwrap_err();
    assert_eq!(code(&missing), (404, "ResourceNotFoundException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages() {
    let house = House::open();
    for n in 0..5 {
        house.call("CreateFunction", input(json!({ "FunctionName": format!("fn-{n}") }))).await.unwrap();
    }
    let mut names = Vec::new();
    let mut marker = Value::Null;
    loop {
        let mut asked = json!({ "MaxItems": 2 });
        if !marker.is_null() {
            asked["Marker"] = marker;
        }
        let page = house.call("ListFunctions", asked).await.unwrap();
        names.extend(
            page["Functions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| f["FunctionName"].as_str().unwrap().to_owned()),
        );
        marker = page["NextMarker"].clone();
        if marker.is_null() {
            break;
        }
    }
    assert_eq!(names, ["fn-0", "fn-1", "fn-2", "fn-3", "fn-4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_either_here_or_named_as_missing() {
    let house = House::open();
    for (service, missing) in [("lambda", functions::UNSUPPORTED), ("logs", functions::UNSUPPORTED_LOGS)] {
        let table = facts::services().iter().find(|table| table.name == service).unwrap();
        for operation in table.operations {
            let answer = match service {
                "lambda" => house.call(operation.name, json!({})).await,
                _ => house.logs(operation.name, json!({})).await,
            };
            let not_here = matches!(&answer, Err(error) if error.status == 501);
            let said = missing.contains(&operation.name);
            assert!(said || !not_here, "{service} {} is in neither place", operation.name);
        }
    }
}
