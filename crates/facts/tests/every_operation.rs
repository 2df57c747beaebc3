//! The tables hold what the models hold.

use facts::{Operation, cognito_idp, find};
use serde_json::json;

#[test]
fn all_of_cognito_is_there() {
    assert_eq!(cognito_idp::SERVICE.operations.len(), 141);
    let unsigned = cognito_idp::SERVICE.operations.iter().filter(|operation| !operation.signed).count();
    assert_eq!(unsigned, 34);
    assert_eq!(cognito_idp::SERVICE.target_prefix, "AWSCognitoIdentityProviderService");
}

#[test]
fn every_operation_of_the_tables_is_found_by_name() {
    for service in facts::services() {
        assert!(!service.operations.is_empty());
        for operation in service.operations {
            assert!(std::ptr::eq(find(service.name, operation.name).unwrap(), *operation));
        }
    }
    assert!(find("cognito-idp", "Nope").is_none());
    let counts: Vec<(&str, usize)> =
        facts::services().iter().map(|service| (service.name, service.operations.len())).collect();
    assert_eq!(
        counts,
        [
            ("cloudformation", 92),
            ("cognito-idp", 141),
            ("iam", 42),
            ("lambda", 91),
            ("logs", 118),
            ("sts", 11)
        ]
    );
}

#[test]
fn a_type_and_its_table_agree() {
    const { assert!(!cognito_idp::SignUp::SIGNED) };
    assert_eq!(cognito_idp::SignUp::descriptor().name, cognito_idp::SignUp::NAME);
    let input = facts::read::<cognito_idp::CreateUserPool>(json!({
        "PoolName": "people",
        "Policies": {"PasswordPolicy": {"MinimumLength": 8}},
        "AliasAttributes": null,
        "Unknown": {"is": "passed over"},
    }))
    .unwrap();
    assert_eq!(input.policies.as_ref().unwrap().password_policy.as_ref().unwrap().minimum_length, Some(8));
    assert_eq!(input.alias_attributes, None);
    let written = serde_json::to_value(&input).unwrap();
    assert_eq!(written, json!({"PoolName": "people", "Policies": {"PasswordPolicy": {"MinimumLength": 8}}}));
    let read: cognito_idp::CreateUserPoolRequest = serde_json::from_value(written).unwrap();
    assert_eq!(read, input);
}

#[test]
fn an_operation_raises_what_it_lists() {
    use cognito_idp::{SignUpError, errors};
    let error: SignUpError = errors::UsernameExistsException(String::from("User already exists")).into();
    let wire: facts::WireError = error.into();
    assert_eq!((wire.status, wire.code.as_str()), (400, "UsernameExistsException"));
    let wire: facts::WireError = SignUpError::InternalErrorException(String::new()).into();
    assert_eq!(wire.status, 500);
    let wire: facts::WireError = facts::iam::GetRoleError::NoSuchEntityException(String::new()).into();
    assert_eq!((wire.status, wire.code.as_str()), (404, "NoSuchEntity"));
}
