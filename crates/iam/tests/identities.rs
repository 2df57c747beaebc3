//! Users, roles, policies: IAM's own operations, and what they come to.
#![allow(clippy::unwrap_used, reason = "a test")]

mod house;

use std::collections::BTreeMap;

use base::AwsError;
use house::{ACCOUNT, House};
use iam::RoleSpec;
use serde_json::{Value, json};

const BASIC: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

fn code(error: &AwsError) -> (u16, &str) {
    (error.status, error.code.as_str())
}

fn document(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
        .to_string()
}

fn lambda() -> Value {
    json!({"Service": "lambda.amazonaws.com"})
}

/// As every SDK reads a policy document.
fn decoded(text: &Value) -> Value {
    let text = percent_encoding::percent_decode_str(text.as_str().unwrap()).decode_utf8().unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_role_from_beginning_to_end() {
    let house = House::new().await;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": lambda(), "Action": "sts:AssumeRole"}]});
    let made = json!({"RoleName": "Worker", "Path": "/service/", "AssumeRolePolicyDocument": trust.to_string(),
        "Description": "works", "MaxSessionDuration": 7200, "Tags": [{"Key": "team", "Value": "a"}]});
    let role = house.as_root("CreateRole", made.clone()).await.unwrap()["Role"].clone();
    assert_eq!(role["Arn"], format!("arn:aws:iam::{ACCOUNT}:role/service/Worker"));
    assert_eq!(role["RoleId"].as_str().unwrap().len(), 21);
    assert_eq!(decoded(&role["AssumeRolePolicyDocument"]), trust);
    assert_eq!(role["CreateDate"], house::START as f64);
    let again = house.as_root("CreateRole", made).await.unwrap_err();
    assert_eq!(
        (code(&again), again.message.as_str()),
        ((409, "EntityAlreadyExists"), "Role with name Worker already exists.")
    );
    // Names are unique in any case, and found in any case.
    let cased = json!({"RoleName": "WORKER", "AssumeRolePolicyDocument": trust.to_string()});
    assert!(house.as_root("CreateRole", cased).await.is_err());
    assert_eq!(
        house.as_root("GetRole", json!({"RoleName": "worker"})).await.unwrap()["Role"]["RoleId"],
        role["RoleId"]
    );

    let name = json!({"RoleName": "Worker"});
    let with = |more: Value| {
        let mut input = name.clone();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    house
        .as_root("PutRolePolicy", with(json!({"PolicyName": "logs", "PolicyDocument": document("logs:*")})))
        .await
        .unwrap();
    house.as_root("AttachRolePolicy", with(json!({"PolicyArn": BASIC}))).await.unwrap();
    let inline = house.as_root("GetRolePolicy", with(json!({"PolicyName": "logs"}))).await.unwrap();
    assert_eq!(decoded(&inline["PolicyDocument"])["Statement"][0]["Action"], "logs:*");
    assert_eq!(
        house.as_root("ListRolePolicies", name.clone()).await.unwrap()["PolicyNames"],
        json!(["logs"])
    );
    let attached = house.as_root("ListAttachedRolePolicies", name.clone()).await.unwrap();
    assert_eq!(
        attached["AttachedPolicies"],
        json!([{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}])
    );
    house.as_root("UpdateRole", with(json!({"MaxSessionDuration": 3600}))).await.unwrap();
    house.as_root("TagRole", with(json!({"Tags": [{"Key": "stage", "Value": "dev"}]}))).await.unwrap();
    house.as_root("UntagRole", with(json!({"TagKeys": ["team"]}))).await.unwrap();
    let tags = house.as_root("ListRoleTags", name.clone()).await.unwrap();
    assert_eq!(tags["Tags"], json!([{"Key": "stage", "Value": "dev"}]));
    let shown = house.as_root("GetRole", name.clone()).await.unwrap()["Role"].clone();
    assert_eq!((&shown["MaxSessionDuration"], &shown["Description"]), (&json!(3600), &json!("works")));

    let conflict = house.as_root("DeleteRole", name.clone()).await.unwrap_err();
    assert_eq!(code(&conflict), (409, "DeleteConflict"));
    house.as_root("DetachRolePolicy", with(json!({"PolicyArn": BASIC}))).await.unwrap();
    assert_eq!(
        code(&house.as_root("DetachRolePolicy", with(json!({"PolicyArn": BASIC}))).await.unwrap_err()),
        (404, "NoSuchEntity")
    );
    assert!(house.as_root("DeleteRole", name.clone()).await.is_err());
    house.as_root("DeleteRolePolicy", with(json!({"PolicyName": "logs"}))).await.unwrap();
    house.as_root("DeleteRole", name.clone()).await.unwrap();
    let gone = house.as_root("GetRole", name).await.unwrap_err();
    assert_eq!(
        (code(&gone), gone.message.as_str()),
        ((404, "NoSuchEntity"), "The role with name Worker cannot be found.")
    );
}

#[tokio::test]
async fn what_is_wrong_is_refused_in_aws_words() {
    let house = House::new().await;
    house.role("worker", lambda(), json!([])).await;
    for (operation, input, expected) in [
        (
            "CreateRole",
            json!({"RoleName": "x", "AssumeRolePolicyDocument": "{"}),
            (400, "MalformedPolicyDocument"),
        ),
        (
            "CreateRole",
            json!({"RoleName": "x", "AssumeRolePolicyDocument": document("s3:*")}),
            (400, "MalformedPolicyDocument"),
        ),
        (
            "CreateRole",
            json!({"RoleName": "a b", "AssumeRolePolicyDocument": "{}"}),
            (400, "ValidationError"),
        ),
        ("CreateRole", json!({"AssumeRolePolicyDocument": "{}"}), (400, "ValidationError")),
        (
            "PutRolePolicy",
            json!({"RoleName": "worker", "PolicyName": "p", "PolicyDocument": "no"}),
            (400, "MalformedPolicyDocument"),
        ),
        (
            "PutRolePolicy",
            json!({"RoleName": "none", "PolicyName": "p", "PolicyDocument": document("s3:*")}),
            (404, "NoSuchEntity"),
        ),
        (
            "PutRolePolicy",
            json!({"RoleName": "worker", "PolicyName": "p", "PolicyDocument": document(&format!("s3:{}", "a".repeat(10_300)))}),
            (409, "LimitExceeded"),
        ),
        (
            "AttachRolePolicy",
            json!({"RoleName": "worker", "PolicyArn": "arn:aws:iam::aws:policy/Imagined"}),
            (404, "NoSuchEntity"),
        ),
        ("GetRolePolicy", json!({"RoleName": "worker", "PolicyName": "p"}), (404, "NoSuchEntity")),
        ("GetUser", json!({"UserName": "nobody"}), (404, "NoSuchEntity")),
        ("CreateAccessKey", json!({}), (400, "ValidationError")),
        ("ListRoles", json!({"Marker": "made up"}), (400, "ValidationError")),
        ("ListRoles", json!({"MaxItems": 0}), (400, "ValidationError")),
        ("CreateGroup", json!({"GroupName": "g"}), (501, "NotImplemented")),
    ] {
        let error = house.as_root(operation, input.clone()).await.unwrap_err();
        assert_eq!(code(&error), expected, "{operation} {input}: {error}");
    }
}

#[tokio::test]
async fn managed_policies_and_their_versions() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    let made = json!({"PolicyName": "reads", "PolicyDocument": document("s3:Get*")});
    let policy = house.as_root("CreatePolicy", made.clone()).await.unwrap()["Policy"].clone();
    let arn = policy["Arn"].as_str().unwrap().to_owned();
    assert_eq!(arn, format!("arn:aws:iam::{ACCOUNT}:policy/reads"));
    assert_eq!(code(&house.as_root("CreatePolicy", made).await.unwrap_err()), (409, "EntityAlreadyExists"));
    house.as_root("AttachUserPolicy", json!({"UserName": "anna", "PolicyArn": arn})).await.unwrap();
    assert!(house.may(&anna, "s3:GetObject", "*").await.is_ok());
    assert!(house.may(&anna, "s3:PutObject", "*").await.is_err());

    // A new version counts from the moment it is the default.
    let second = |default: bool| json!({"PolicyArn": arn, "PolicyDocument": document("s3:Put*"), "SetAsDefault": default});
    let version = house.as_root("CreatePolicyVersion", second(false)).await.unwrap();
    assert_eq!(version["PolicyVersion"]["VersionId"], "v2");
    assert!(house.may(&anna, "s3:PutObject", "*").await.is_err());
    house.as_root("CreatePolicyVersion", second(true)).await.unwrap();
    assert!(house.may(&anna, "s3:PutObject", "*").await.is_ok());
    assert!(house.may(&anna, "s3:GetObject", "*").await.is_err());
    let shown = house.as_root("GetPolicy", json!({"PolicyArn": arn})).await.unwrap()["Policy"].clone();
    assert_eq!((&shown["DefaultVersionId"], &shown["AttachmentCount"]), (&json!("v3"), &json!(1)));
    let got = house.as_root("GetPolicyVersion", json!({"PolicyArn": arn, "VersionId": "v1"})).await.unwrap();
    assert_eq!(decoded(&got["PolicyVersion"]["Document"])["Statement"][0]["Action"], "s3:Get*");
    for version in ["v4", "v5"] {
        let made = house.as_root("CreatePolicyVersion", second(false)).await.unwrap();
        assert_eq!(made["PolicyVersion"]["VersionId"], version);
    }
    assert_eq!(
        code(&house.as_root("CreatePolicyVersion", second(false)).await.unwrap_err()),
        (409, "LimitExceeded")
    );

    let drop_version = |id: &str| json!({"PolicyArn": arn, "VersionId": id});
    assert_eq!(
        code(&house.as_root("DeletePolicyVersion", drop_version("v3")).await.unwrap_err()),
        (409, "DeleteConflict")
    );
    assert_eq!(
        code(&house.as_root("DeletePolicyVersion", drop_version("v9")).await.unwrap_err()),
        (404, "NoSuchEntity")
    );
    let this = json!({"PolicyArn": arn});
    assert_eq!(
        code(&house.as_root("DeletePolicy", this.clone()).await.unwrap_err()),
        (409, "DeleteConflict")
    );
    house.as_root("DetachUserPolicy", json!({"UserName": "anna", "PolicyArn": arn})).await.unwrap();
    assert!(house.as_root("DeletePolicy", this.clone()).await.is_err());
    for version in ["v1", "v2", "v4", "v5"] {
        house.as_root("DeletePolicyVersion", drop_version(version)).await.unwrap();
    }
    house.as_root("DeletePolicy", this.clone()).await.unwrap();
    assert_eq!(code(&house.as_root("GetPolicy", this).await.unwrap_err()), (404, "NoSuchEntity"));

    let aws = house.as_root("GetPolicy", json!({"PolicyArn": BASIC})).await.unwrap();
    assert_eq!(aws["Policy"]["PolicyName"], "AWSLambdaBasicExecutionRole");
    let listed = house.as_root("ListPolicies", json!({"Scope": "AWS", "MaxItems": 2})).await.unwrap();
    assert_eq!(listed["Policies"].as_array().unwrap().len(), 2);
    assert_eq!(listed["IsTruncated"], true);
    assert_eq!(
        house.as_root("ListPolicies", json!({"Scope": "Local"})).await.unwrap()["Policies"],
        json!([])
    );
}

#[tokio::test]
async fn boundaries_hold_even_when_their_policy_is_gone() {
    let house = House::new().await;
    let everything = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
    let role = house.role("wide", lambda(), everything).await;
    let made = json!({"PolicyName": "bound", "PolicyDocument": document("s3:Get*")});
    let arn =
        house.as_root("CreatePolicy", made).await.unwrap()["Policy"]["Arn"].as_str().unwrap().to_owned();
    let bound = json!({"RoleName": "wide", "PermissionsBoundary": arn});
    house.as_root("PutRolePermissionsBoundary", bound).await.unwrap();
    let given = ports::RoleCredentials::assume(&house.iam, &role, "f").await.unwrap();
    let keys = house::Keys {
        id: given.access_key_id,
        secret: given.secret_access_key.expose().clone(),
        token: Some(given.session_token.expose().clone()),
    };
    assert!(house.may(&keys, "s3:GetObject", "*").await.is_ok());
    let denied = house.may(&keys, "s3:PutObject", "*").await.unwrap_err();
    assert!(
        denied.message.ends_with("because no permissions boundary allows the s3:PutObject action"),
        "{denied}"
    );
    // It cannot be deleted through the API; were its row lost, nothing would be allowed, not everything.
    assert!(house.as_root("DeletePolicy", json!({"PolicyArn": arn})).await.is_err());
    let lost = store::Batch::new().delete::<iam::rows::ManagedPolicyRow>(ACCOUNT, "bound");
    house.store.commit(lost).await.unwrap();
    let second = house.second_node();
    let principal = house.who(&keys).await.unwrap();
    assert!(second.authorize(&principal, "s3:GetObject", "*", &iam::Context::default()).await.is_err());
    house.as_root("DeleteRolePermissionsBoundary", json!({"RoleName": "wide"})).await.unwrap();
    assert!(house.may(&keys, "s3:PutObject", "*").await.is_ok());
}

#[tokio::test]
async fn users_keep_to_their_own() {
    let house = House::new().await;
    let own = json!([{"Effect": "Allow", "Action": ["iam:*AccessKey*", "iam:GetUser"],
        "Resource": "arn:aws:iam::*:user/${aws:username}"}]);
    let anna = house.user("anna", own).await;
    house.user("bob", json!([])).await;
    let me = house.ask(&anna, "iam", "GetUser", json!({})).await.unwrap();
    assert_eq!(me["User"]["UserName"], "anna");
    let second = house.ask(&anna, "iam", "CreateAccessKey", json!({})).await.unwrap();
    assert_eq!(second["AccessKey"]["UserName"], "anna");
    let third = house.ask(&anna, "iam", "CreateAccessKey", json!({})).await.unwrap_err();
    assert_eq!(code(&third), (409, "LimitExceeded"));
    let keys = house.ask(&anna, "iam", "ListAccessKeys", json!({})).await.unwrap();
    assert_eq!(keys["AccessKeyMetadata"].as_array().unwrap().len(), 2);
    for (operation, input) in [
        ("CreateAccessKey", json!({"UserName": "bob"})),
        ("GetUser", json!({"UserName": "bob"})),
        ("ListAccessKeys", json!({"UserName": "bob"})),
        ("PutUserPolicy", json!({"UserName": "anna", "PolicyName": "p", "PolicyDocument": document("*")})),
        ("CreateUser", json!({"UserName": "eve"})),
        ("ListUsers", json!({})),
    ] {
        let error = house.ask(&anna, "iam", operation, input).await.unwrap_err();
        assert_eq!(code(&error), (403, "AccessDenied"), "{operation}");
    }
    // Somebody else's key is not found among one's own.
    let bobs = house.as_root("ListAccessKeys", json!({"UserName": "bob"})).await.unwrap();
    let id = bobs["AccessKeyMetadata"][0]["AccessKeyId"].clone();
    let taken =
        house.ask(&anna, "iam", "DeleteAccessKey", json!({"UserName": "anna", "AccessKeyId": id})).await;
    assert_eq!(code(&taken.unwrap_err()), (404, "NoSuchEntity"));
}

#[tokio::test]
async fn handing_on_a_role_must_be_allowed() {
    let house = House::new().await;
    let role =
        house.role("admin", lambda(), json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])).await;
    let input = json!({"FunctionName": "hello", "Role": role});
    let only_lambda =
        house.user("only-lambda", json!([{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}])).await;
    let error = house.ask(&only_lambda, "lambda", "CreateFunction", input.clone()).await.unwrap_err();
    assert_eq!(code(&error), (403, "AccessDeniedException"));
    assert!(
        error.message.contains("iam:PassRole on resource: arn:aws:iam::000000000000:role/admin"),
        "{error}"
    );
    let passes = json!([{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role,
            "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}]);
    let passer = house.user("passer", passes).await;
    assert!(house.ask(&passer, "lambda", "CreateFunction", input).await.is_ok());
    let stack = json!({"StackName": "x", "RoleARN": role});
    assert!(house.ask(&passer, "cloudformation", "CreateStack", stack).await.is_err());
}

#[tokio::test]
async fn policies_as_the_serverless_framework_writes_them() {
    let house = House::new().await;
    let group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/svc-dev*";
    let statements = json!([
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"], "Resource": [format!("{group}:*")]},
        {"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": [format!("{group}:*:*")]}]);
    let anna = house.user("worker", statements).await;
    for (operation, input, allowed) in [
        ("CreateLogGroup", json!({"logGroupName": "/aws/lambda/svc-dev-hello"}), true),
        (
            "CreateLogStream",
            json!({"logGroupName": "/aws/lambda/svc-dev-hello", "logStreamName": "2024/09/17/[1]a"}),
            true,
        ),
        (
            "PutLogEvents",
            json!({"logGroupName": "/aws/lambda/svc-dev-hello", "logStreamName": "2024/09/17/[1]a"}),
            true,
        ),
        ("PutLogEvents", json!({"logGroupName": "/aws/lambda/other", "logStreamName": "s"}), false),
        ("DeleteLogGroup", json!({"logGroupName": "/aws/lambda/svc-dev-hello"}), false),
    ] {
        assert_eq!(house.ask(&anna, "logs", operation, input).await.is_ok(), allowed, "{operation}");
    }
}

#[tokio::test]
async fn roles_as_cloudformation_makes_them() {
    let house = House::new().await;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": ["sts:AssumeRole"]}]});
    let policy = |action: &str| serde_json::from_str(&document(action)).unwrap();
    let mut spec = RoleSpec {
        name: "svc-dev-us-east-1-lambdaRole".into(),
        path: "/".into(),
        trust,
        managed_policy_arns: vec![BASIC.into()],
        inline: BTreeMap::from([("svc-dev-lambda".to_owned(), policy("s3:Get*"))]),
        ..RoleSpec::default()
    };
    let made = house.iam.create_role(&spec).await.unwrap();
    assert_eq!(made.arn, format!("arn:aws:iam::{ACCOUNT}:role/svc-dev-us-east-1-lambdaRole"));
    assert_eq!(house.iam.create_role(&spec).await.unwrap_err().code, "EntityAlreadyExists");
    spec.inline = BTreeMap::from([("svc-dev-lambda".to_owned(), policy("s3:Put*"))]);
    spec.managed_policy_arns.clear();
    assert_eq!(house.iam.update_role(&spec).await.unwrap(), made);
    let shown = house
        .as_root("GetRolePolicy", json!({"RoleName": spec.name, "PolicyName": "svc-dev-lambda"}))
        .await
        .unwrap();
    assert_eq!(decoded(&shown["PolicyDocument"])["Statement"][0]["Action"], "s3:Put*");
    spec.managed_policy_arns = vec!["arn:aws:iam::aws:policy/Imagined".into()];
    let error = house.iam.update_role(&spec).await.unwrap_err();
    assert_eq!(error.message, "Policy arn:aws:iam::aws:policy/Imagined does not exist or is not attachable.");
    assert_eq!(house.iam.role(&spec.name).await.unwrap(), Some(made));
    house.iam.delete_role(&spec.name).await.unwrap();
    house.iam.delete_role(&spec.name).await.unwrap();
    assert_eq!(house.iam.role(&spec.name).await.unwrap(), None);
    spec.trust = json!({"Statement": []});
    assert_eq!(house.iam.create_role(&spec).await.unwrap_err().code, "MalformedPolicyDocument");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let house = House::new().await;
    for number in 0..5 {
        house.role(&format!("role-{number}"), lambda(), json!([])).await;
    }
    let (mut names, mut marker) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({"MaxItems": 2});
        if !marker.is_null() {
            input["Marker"] = marker;
        }
        let page = house.as_root("ListRoles", input).await.unwrap();
        names.extend(page["Roles"].as_array().unwrap().iter().map(|role| role["RoleName"].clone()));
        assert_eq!(page["IsTruncated"].as_bool(), Some(page.get("Marker").is_some()));
        match page.get("Marker") {
            Some(next) => marker = next.clone(),
            None => break,
        }
    }
    assert_eq!(names, ["role-0", "role-1", "role-2", "role-3", "role-4"]);
    let none = house.as_root("ListRoles", json!({"PathPrefix": "/service/"})).await.unwrap();
    assert_eq!(none["Roles"], json!([]));
}
