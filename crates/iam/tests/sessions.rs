//! STS, functions' keys, and the root key.
#![allow(clippy::unwrap_used, reason = "a test")]

mod house;

use base::AwsError;
use house::{ACCOUNT, House, Keys, root_key};
use iam::{Context, PrincipalKind};
use ports::RoleCredentials;
use serde_json::{Value, json};

fn code(error: &AwsError) -> (u16, &str) {
    (error.status, error.code.as_str())
}

async fn assume(house: &House, keys: &Keys, role: &str, more: Value) -> Result<Value, AwsError> {
    let mut input = json!({"RoleArn": role, "RoleSessionName": "one"});
    input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    house.ask(keys, "sts", "AssumeRole", input).await
}

fn everything() -> Value {
    json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
}

#[tokio::test]
async fn who_am_i() {
    let house = House::new().await;
    let root = house.ask(&house.root, "sts", "GetCallerIdentity", json!({})).await.unwrap();
    assert_eq!(
        root,
        json!({"UserId": ACCOUNT, "Account": ACCOUNT, "Arn": format!("arn:aws:iam::{ACCOUNT}:root")})
    );
    // Nothing needs to allow it, and nothing can forbid it.
    let anna = house.user("anna", json!([{"Effect": "Deny", "Action": "*", "Resource": "*"}])).await;
    let answer = house.ask(&anna, "sts", "GetCallerIdentity", json!({})).await.unwrap();
    assert_eq!(answer["Arn"], format!("arn:aws:iam::{ACCOUNT}:user/anna"));
    assert!(answer["UserId"].as_str().unwrap().starts_with("AIDA"));
    let error = house.ask(&house.root, "sts", "AssumeRoot", json!({})).await.unwrap_err();
    assert_eq!(code(&error), (501, "NotImplemented"));
}

#[tokio::test]
async fn a_role_is_assumed_by_whom_it_trusts() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    let bob = house.user("bob", json!([])).await;
    let admin = house.user("admin", everything()).await;
    let by_name =
        house.role("by-name", json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/anna")}), json!([])).await;
    let by_account = house.role("by-account", json!({"AWS": ACCOUNT}), json!([])).await;
    let service = house.role("service", json!({"Service": "lambda.amazonaws.com"}), json!([])).await;

    assert!(assume(&house, &anna, &by_name, json!({})).await.is_ok());
    assert_eq!(code(&assume(&house, &bob, &by_name, json!({})).await.unwrap_err()), (403, "AccessDenied"));
    // The account is trusted: then a policy of the account must allow it, too.
    assert_eq!(
        code(&assume(&house, &anna, &by_account, json!({})).await.unwrap_err()),
        (403, "AccessDenied")
    );
    assert!(assume(&house, &admin, &by_account, json!({})).await.is_ok());
    // Being allowed everything is not being trusted.
    for role in [&service, &by_name] {
        let error = assume(&house, &admin, role, json!({})).await.unwrap_err();
        assert_eq!(
            error.message,
            format!(
                "User: arn:aws:iam::{ACCOUNT}:user/admin is not authorized to perform: sts:AssumeRole on resource: {role}"
            )
        );
    }
    let missing = format!("arn:aws:iam::{ACCOUNT}:role/missing");
    assert_eq!(code(&assume(&house, &admin, &missing, json!({})).await.unwrap_err()), (403, "AccessDenied"));
    let root = assume(&house, &house.root, &by_account, json!({})).await.unwrap_err();
    assert_eq!(root.message, "Roles may not be assumed by root accounts.");
}

#[tokio::test]
async fn a_deny_keeps_even_the_trusted_out() {
    let house = House::new().await;
    let anna = house.user("anna", json!([{"Effect": "Deny", "Action": "sts:*", "Resource": "*"}])).await;
    let role =
        house.role("by-name", json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/anna")}), json!([])).await;
    assert!(assume(&house, &anna, &role, json!({})).await.is_err());
}

#[tokio::test]
async fn an_external_id_is_a_condition() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:user/anna")},
        "Condition": {"StringEquals": {"sts:ExternalId": "forty-two"}}}]});
    let made = json!({"RoleName": "partner", "AssumeRolePolicyDocument": trust.to_string()});
    let role = house.as_root("CreateRole", made).await.unwrap()["Role"]["Arn"].as_str().unwrap().to_owned();
    assert!(assume(&house, &anna, &role, json!({})).await.is_err());
    assert!(assume(&house, &anna, &role, json!({"ExternalId": "forty-one"})).await.is_err());
    assert!(assume(&house, &anna, &role, json!({"ExternalId": "forty-two"})).await.is_ok());
}

#[tokio::test]
async fn a_session_acts_as_its_role_and_ends() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    let trusted = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/anna")});
    let reads = json!([{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]);
    let role = house.role("reader", trusted, reads).await;
    let answer = assume(&house, &anna, &role, json!({"DurationSeconds": 900})).await.unwrap();
    let keys = Keys::of(&answer["Credentials"]);
    assert!(keys.id.starts_with("ASIA"));
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/reader/one");
    assert_eq!(answer["AssumedRoleUser"]["Arn"], arn);
    let who = house.who(&keys).await.unwrap();
    assert_eq!(who.arn, arn);
    assert_eq!(who.user_id, answer["AssumedRoleUser"]["AssumedRoleId"]);
    assert!(matches!(&who.kind, PrincipalKind::AssumedRole { role, .. } if role == "reader"));
    assert!(house.may(&keys, "s3:GetObject", "arn:aws:s3:::b/k").await.is_ok());
    let denied = house.may(&keys, "s3:PutObject", "arn:aws:s3:::b/k").await.unwrap_err();
    assert_eq!(
        denied.message,
        format!(
            "User: {arn} is not authorized to perform: \"s3:PutObject\" on resource: \"arn:aws:s3:::b/k\" because no \
             identity-based policy allows the s3:PutObject action"
        )
    );

    // The token is needed, is this key's, and cannot be changed.
    let other = Keys::of(&assume(&house, &anna, &role, json!({})).await.unwrap()["Credentials"]);
    for wrong in [
        Keys { token: None, ..keys.clone() },
        Keys { token: other.token.clone(), ..keys.clone() },
        Keys { token: Some(String::from("made up")), ..keys.clone() },
        Keys { token: keys.token.as_ref().map(|token| token[..token.len() - 1].to_owned()), ..keys.clone() },
        Keys { token: keys.token.clone(), ..anna.clone() },
    ] {
        assert_eq!(code(&house.who(&wrong).await.unwrap_err()), (403, "InvalidClientTokenId"));
    }
    let stolen = Keys { secret: other.secret.clone(), ..keys.clone() };
    assert_eq!(code(&house.who(&stolen).await.unwrap_err()), (403, "SignatureDoesNotMatch"));

    house.pass(899);
    assert!(house.who(&keys).await.is_ok());
    house.pass(1);
    let over = house.who(&keys).await.unwrap_err();
    assert_eq!(code(&over), (403, "ExpiredToken"));
    let parts = house.signed(&keys, "cognito-idp", "{}");
    let over = house.iam.authenticate(&parts, "cognito-idp", b"{}").await.unwrap_err();
    assert_eq!(code(&over), (400, "ExpiredTokenException"));
}

#[tokio::test]
async fn a_session_ends_with_its_role() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    let trusted = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/anna")});
    let role = house.role("short", trusted.clone(), json!([])).await;
    let keys = Keys::of(&assume(&house, &anna, &role, json!({})).await.unwrap()["Credentials"]);
    house.as_root("DeleteRole", json!({"RoleName": "short"})).await.unwrap();
    assert!(house.who(&keys).await.is_err());
    // A new role of that name is another role.
    house.role("short", trusted, everything()).await;
    assert!(house.who(&keys).await.is_err());
}

#[tokio::test]
async fn session_policies_narrow() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    let trusted = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/anna")});
    let role = house.role("wide", trusted, everything()).await;
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}});
    let passed = json!({"Policy": policy.to_string()});
    let keys = Keys::of(&assume(&house, &anna, &role, passed).await.unwrap()["Credentials"]);
    assert!(house.may(&keys, "s3:GetObject", "arn:aws:s3:::b/k").await.is_ok());
    let denied = house.may(&keys, "s3:PutObject", "arn:aws:s3:::b/k").await.unwrap_err();
    assert!(denied.message.ends_with("because no session policy allows the s3:PutObject action"), "{denied}");
    let arns = json!({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}]});
    let keys = Keys::of(&assume(&house, &anna, &role, arns).await.unwrap()["Credentials"]);
    assert!(house.may(&keys, "s3:ListBucket", "arn:aws:s3:::b").await.is_ok());
    assert!(house.may(&keys, "iam:CreateUser", "*").await.is_err());
    // Nor does the engine of CloudFormation, which goes on after the call, lead out of it.
    let everything = json!({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}]});
    let keys = Keys::of(&assume(&house, &anna, &role, everything).await.unwrap()["Credentials"]);
    let stack = json!({"StackName": "x"});
    assert!(house.ask(&keys, "cloudformation", "DescribeStacks", stack.clone()).await.is_ok());
    for operation in ["CreateStack", "UpdateStack", "ExecuteChangeSet", "DeleteStack"] {
        let error = house.ask(&keys, "cloudformation", operation, stack.clone()).await.unwrap_err();
        assert_eq!(code(&error), (403, "AccessDenied"), "{operation}");
    }
    let whole = Keys::of(&assume(&house, &anna, &role, json!({})).await.unwrap()["Credentials"]);
    assert!(house.ask(&whole, "cloudformation", "CreateStack", stack).await.is_ok());
    for (more, expected) in [
        (json!({"Policy": "{"}), (400, "MalformedPolicyDocument")),
        (
            json!({"Policy": policy.to_string().replace("s3:GetObject", &"s3:Get*".repeat(700))}),
            (400, "PackedPolicyTooLarge"),
        ),
        (json!({"DurationSeconds": 7200}), (400, "ValidationError")),
        (json!({"DurationSeconds": 60}), (400, "ValidationError")),
        (json!({"Tags": [{"Key": "a", "Value": "b"}]}), (501, "NotImplemented")),
    ] {
        let error = assume(&house, &anna, &role, more.clone()).await.unwrap_err();
        assert_eq!(code(&error), expected, "{more} {error}");
    }
}

#[tokio::test]
async fn session_tokens_of_users() {
    let house = House::new().await;
    let anna =
        house.user("anna", json!([{"Effect": "Allow", "Action": ["s3:*", "iam:*"], "Resource": "*"}])).await;
    let answer = house.ask(&anna, "sts", "GetSessionToken", json!({})).await.unwrap();
    let keys = Keys::of(&answer["Credentials"]);
    assert_eq!(house.who(&keys).await.unwrap().kind, PrincipalKind::User { name: "anna".into() });
    assert!(house.may(&keys, "s3:GetObject", "*").await.is_ok());
    // It cannot renew itself, nor change what its user may do.
    let again = house.ask(&keys, "sts", "GetSessionToken", json!({})).await.unwrap_err();
    assert_eq!(again.message, "Cannot call GetSessionToken with session credentials");
    let error = house.ask(&keys, "iam", "ListUsers", json!({})).await.unwrap_err();
    assert_eq!(code(&error), (403, "InvalidClientTokenId"));
    house.pass(12 * 3600);
    assert_eq!(code(&house.who(&keys).await.unwrap_err()), (403, "ExpiredToken"));
    let root =
        house.ask(&house.root, "sts", "GetSessionToken", json!({"DurationSeconds": 36_000})).await.unwrap();
    let root = Keys::of(&root["Credentials"]);
    assert_eq!(house.who(&root).await.unwrap().kind, PrincipalKind::Root);
    house.pass(3600);
    assert!(house.who(&root).await.is_err());
}

#[tokio::test]
async fn a_session_ends_with_its_user() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    let answer = house.ask(&anna, "sts", "GetSessionToken", json!({})).await.unwrap();
    let keys = Keys::of(&answer["Credentials"]);
    let conflict = house.as_root("DeleteUser", json!({"UserName": "anna"})).await.unwrap_err();
    assert_eq!(code(&conflict), (409, "DeleteConflict"));
    assert!(house.who(&keys).await.is_ok());
    house.as_root("DeleteAccessKey", json!({"UserName": "anna", "AccessKeyId": anna.id})).await.unwrap();
    house.as_root("DeleteUser", json!({"UserName": "anna"})).await.unwrap();
    assert_eq!(code(&house.who(&keys).await.unwrap_err()), (403, "InvalidClientTokenId"));
    // A new user of that name is another user.
    house.user("anna", json!([])).await;
    assert!(house.who(&keys).await.is_err());
}

#[tokio::test]
async fn functions_get_keys_of_their_role() {
    let house = House::new().await;
    let logs = json!([{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]);
    let role = house.role("worker", json!({"Service": "lambda.amazonaws.com"}), logs).await;
    let given = house.iam.assume(&role, "hello").await.unwrap();
    let keys = Keys {
        id: given.access_key_id.clone(),
        secret: given.secret_access_key.expose().clone(),
        token: Some(given.session_token.expose().clone()),
    };
    assert_eq!(
        house.who(&keys).await.unwrap().arn,
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/worker/hello")
    );
    assert!(house.may(&keys, "logs:PutLogEvents", "*").await.is_ok());
    assert!(house.may(&keys, "s3:GetObject", "*").await.is_err());
    assert_eq!(house.iam.assume(&role, "hello").await.unwrap().access_key_id, given.access_key_id);
    assert_ne!(house.iam.assume(&role, "other").await.unwrap().access_key_id, given.access_key_id);
    house.pass(6 * 3600);
    assert!(house.who(&keys).await.is_ok());
    assert_ne!(house.iam.assume(&role, "hello").await.unwrap().access_key_id, given.access_key_id);
    house.pass(6 * 3600);
    assert!(house.who(&keys).await.is_err());

    let people = house.role("people", json!({"AWS": ACCOUNT}), json!([])).await;
    assert_eq!(
        house.iam.assume(&people, "hello").await.unwrap_err(),
        "The role defined for the function cannot be assumed by Lambda."
    );
    assert!(house.iam.assume("arn:aws:iam::000000000000:role/missing", "hello").await.is_err());
    assert!(house.iam.assume("arn:aws:iam::111111111111:role/worker", "hello").await.is_err());
}

#[tokio::test]
async fn there_is_one_root_key() {
    let house = House::new().await;
    let second = house.second_node();
    let same = second.ensure_root_key(None).await.unwrap();
    assert_eq!(same.access_key_id, house.root.id);
    assert_eq!(*same.secret_access_key.expose(), house.root.secret);

    let given = root_key("AKIAGIVENGIVENGIVEN1", "a-secret-of-forty-characters-or-so-12345");
    house.iam.ensure_root_key(Some(given.clone())).await.unwrap();
    let keys = Keys {
        id: given.access_key_id.clone(),
        secret: given.secret_access_key.expose().clone(),
        token: None,
    };
    assert_eq!(house.who(&keys).await.unwrap().kind, PrincipalKind::Root);
    assert!(house.who(&house.root).await.is_err());
    // The same id with another secret replaces it, and a start without one keeps it.
    house
        .iam
        .ensure_root_key(Some(root_key(&given.access_key_id, "another-secret-of-forty-characters-12345")))
        .await
        .unwrap();
    assert!(house.who(&keys).await.is_err());
    let kept = house.iam.ensure_root_key(None).await.unwrap();
    assert_eq!(kept.secret_access_key.expose(), "another-secret-of-forty-characters-12345");
    for (id, secret) in [
        ("short", "a-secret-of-forty-characters-or-so-12345"),
        ("AKIAGIVENGIVENGIVEN1", "short"),
        ("ASIAGIVENGIVENGIVEN1", "a-secret-of-forty-characters-or-so-12345"),
    ] {
        assert!(house.iam.ensure_root_key(Some(root_key(id, secret))).await.is_err());
    }
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_root_key() {
    let house = House::new().await;
    let account = house.iam.account().to_string();
    let emptied = store::Batch::new()
        .delete::<iam::rows::RootRow>(&account, "root")
        .delete::<iam::rows::AccessKeyRow>(&account, &house.root.id);
    house.store.commit(emptied).await.unwrap();
    let second = house.second_node();
    let (one, two) = tokio::join!(house.iam.ensure_root_key(None), second.ensure_root_key(None));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.access_key_id, two.access_key_id);
    assert_ne!(one.access_key_id, house.root.id);
    assert_eq!(one.secret_access_key.expose(), two.secret_access_key.expose());
}

#[tokio::test]
async fn whose_key_is_it() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    let asked = |id: &str| {
        let input = json!({"AccessKeyId": id});
        let house = &house;
        async move { house.ask(&house.root, "sts", "GetAccessKeyInfo", input).await }
    };
    assert_eq!(asked(&anna.id).await.unwrap()["Account"], ACCOUNT);
    assert_eq!(code(&asked("AKIAAAAAAAAAAAAAAAAA").await.unwrap_err()), (400, "ValidationError"));
    let used = house.as_root("GetAccessKeyLastUsed", json!({"AccessKeyId": anna.id})).await.unwrap();
    assert_eq!(
        (&used["UserName"], &used["AccessKeyLastUsed"]["ServiceName"]),
        (&json!("anna"), &json!("N/A"))
    );
}

#[tokio::test]
async fn secrets_are_sealed_where_they_are_kept() {
    let house = House::new().await;
    let anna = house.user("anna", json!([])).await;
    let account = house.iam.account().to_string();
    for keys in [&anna, &house.root] {
        let row =
            house.store.get::<iam::rows::AccessKeyRow>(&account, &keys.id).await.unwrap().unwrap().value;
        assert!(!serde_json::to_string(&row).unwrap().contains(&keys.secret));
        // Moved to another key's row, a secret does not open.
        let moved = iam::rows::AccessKeyRow { access_key_id: String::from("AKIAMOVEDMOVEDMOVED1"), ..row };
        house.store.commit(store::Batch::new().put(&moved)).await.unwrap();
        let moved = Keys { id: moved.access_key_id, ..keys.clone() };
        assert_eq!(house.who(&moved).await.unwrap_err().status, 500);
    }
    let session = house.ask(&anna, "sts", "GetSessionToken", json!({})).await.unwrap();
    let keys = Keys::of(&session["Credentials"]);
    assert!(!keys.token.unwrap().contains(&keys.secret));
    assert!(!format!("{:?}", house.iam.ensure_root_key(None).await.unwrap()).contains(&house.root.secret));
}

#[tokio::test]
async fn conditions_see_the_request() {
    let house = House::new().await;
    let anna = house
        .user(
            "anna",
            json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*",
                "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                    "DateLessThan": {"aws:CurrentTime": "2024-09-17T09:00:00Z"}}}]),
        )
        .await;
    let principal = house.who(&anna).await.unwrap();
    let asked = |address: &str, resource: &'static str| {
        let context = Context::default().with("aws:SourceIp", address);
        let (iam, principal) = (house.iam.clone(), principal.clone());
        async move { iam.authorize(&principal, "s3:GetObject", resource, &context).await.is_ok() }
    };
    assert!(asked("203.0.113.9", "arn:aws:s3:::home/anna/x").await);
    assert!(!asked("203.0.114.9", "arn:aws:s3:::home/anna/x").await);
    assert!(!asked("203.0.113.9", "arn:aws:s3:::home/bob/x").await);
    house.pass(1800);
    assert!(!asked("203.0.113.9", "arn:aws:s3:::home/anna/x").await);
}
