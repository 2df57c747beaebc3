//! Challenges whose sides are functions: custom authentication and migration; and codes that are sent.

use serde_json::{Value, json};

use crate::test_support::{PASSWORD, World};

fn custom_pool(world: &World) -> facts::cognito_idp::LambdaConfigType {
    let define = world.functions.add("define", |mut event| {
        let session = event["request"]["session"].as_array().unwrap().clone();
        let passed = session.last().is_some_and(|round| round["challengeResult"] == true);
        event["response"] = if passed {
            json!({ "issueTokens": true, "failAuthentication": false })
        } else if session.len() >= 2 {
            json!({ "issueTokens": false, "failAuthentication": true })
        } else {
            json!({ "challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false })
        };
        Ok(event)
    });
    let create = world.functions.add("create", |mut event| {
        event["response"] = json!({
            "publicChallengeParameters": { "question": "6 x 7" },
            "privateChallengeParameters": { "answer": "42" },
            "challengeMetadata": "SUM",
        });
        Ok(event)
    });
    let verify = world.functions.add("verify", |mut event| {
        let right =
            event["request"]["privateChallengeParameters"]["answer"] == event["request"]["challengeAnswer"];
        event["response"] = json!({ "answerCorrect": right });
        Ok(event)
    });
    facts::cognito_idp::LambdaConfigType {
        define_auth_challenge: Some(define),
        create_auth_challenge: Some(create),
        verify_auth_challenge_response: Some(verify),
        ..Default::default()
    }
}

fn begin(client: &str, username: &str) -> Value {
    json!({ "AuthFlow": "CUSTOM_AUTH", "ClientId": client, "AuthParameters": { "USERNAME": username } })
}

fn answer(client: &str, posed: &Value, answer: &str) -> Value {
    json!({
        "ClientId": client, "ChallengeName": "CUSTOM_CHALLENGE", "Session": posed["Session"],
        "ChallengeResponses": { "USERNAME": "anna", "ANSWER": answer },
    })
}

#[tokio::test]
async fn functions_ask_and_judge() {
    let world = World::new().await;
    let config = custom_pool(&world);
    let pool = world.pool(|pool| pool.lambda_config = Some(config)).await;
    let client = world.client(&pool, |_| {}).await;
    world.join(&client, "anna").await;
    let posed = world.ok("InitiateAuth", begin(&client, "anna")).await;
    assert_eq!(posed["ChallengeName"], "CUSTOM_CHALLENGE");
    assert_eq!(posed["ChallengeParameters"], json!({ "question": "6 x 7", "USERNAME": "anna" }));
    assert!(!posed.to_string().contains("42"));
    let again = world.ok("RespondToAuthChallenge", answer(&client, &posed, "41")).await;
    assert_eq!(again["ChallengeName"], "CUSTOM_CHALLENGE");
    // The first session was used; the second is for one more try.
    assert!(
        world
            .refused("RespondToAuthChallenge", answer(&client, &posed, "42"))
            .await
            .contains("only be used once")
    );
    let signed_in = world.ok("RespondToAuthChallenge", answer(&client, &again, "42")).await;
    assert!(signed_in["AuthenticationResult"]["IdToken"].is_string());

    let posed = world.ok("InitiateAuth", begin(&client, "anna")).await;
    let again = world.ok("RespondToAuthChallenge", answer(&client, &posed, "1")).await;
    assert_eq!(
        world.refused("RespondToAuthChallenge", answer(&client, &again, "2")).await,
        "NotAuthorizedException: Incorrect username or password."
    );
    // Someone who does not exist is asked too, and is wrong whatever they say.
    let posed = world.ok("InitiateAuth", begin(&client, "nobody")).await;
    assert_eq!(posed["ChallengeName"], "CUSTOM_CHALLENGE");
    let mut right = answer(&client, &posed, "42");
    right["ChallengeResponses"]["USERNAME"] = json!("nobody");
    assert_eq!(
        world.refused("RespondToAuthChallenge", right).await,
        "NotAuthorizedException: Incorrect username or password."
    );
}

#[tokio::test]
async fn the_password_may_come_before_the_functions_question() {
    let world = World::new().await;
    let mut config = custom_pool(&world);
    config.define_auth_challenge = Some(world.functions.add("define-srp", |mut event| {
        let names: Vec<String> = event["request"]["session"]
            .as_array()
            .unwrap()
            .iter()
            .map(|round| format!("{}:{}", round["challengeName"].as_str().unwrap(), round["challengeResult"]))
            .collect();
        event["response"] = match names.join(" ").as_str() {
            "SRP_A:true" => json!({ "challengeName": "PASSWORD_VERIFIER" }),
            "SRP_A:true PASSWORD_VERIFIER:true" => json!({ "challengeName": "CUSTOM_CHALLENGE" }),
            "SRP_A:true PASSWORD_VERIFIER:true CUSTOM_CHALLENGE:true" => json!({ "issueTokens": true }),
            _ => json!({ "failAuthentication": true }),
        };
        Ok(event)
    }));
    let pool = world.pool(|pool| pool.lambda_config = Some(config)).await;
    let client = world.client(&pool, |_| {}).await;
    world.join(&client, "anna").await;
    let proof = world.srp_begin_with(&client, "anna", PASSWORD, "CUSTOM_AUTH").await.unwrap();
    let posed = world.ok("RespondToAuthChallenge", proof).await;
    assert_eq!(posed["ChallengeName"], "CUSTOM_CHALLENGE");
    let signed_in = world.ok("RespondToAuthChallenge", answer(&client, &posed, "42")).await;
    assert!(signed_in["AuthenticationResult"]["IdToken"].is_string());
    let wrong = world.srp_begin_with(&client, "anna", "wrong", "CUSTOM_AUTH").await.unwrap();
    assert_eq!(
        world.refused("RespondToAuthChallenge", wrong).await,
        "NotAuthorizedException: Incorrect username or password."
    );
}

#[tokio::test]
async fn someone_comes_from_where_they_were_before() {
    let world = World::new().await;
    let arn = world.functions.add("migrate", |mut event| {
        if event["request"]["password"] != "Old-password1" {
            return Err(String::from("no"));
        }
        event["response"] = json!({
            "userAttributes": { "email": "anna@example.com", "email_verified": "true" },
            "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS",
        });
        Ok(event)
    });
    let pool = world
        .pool(|pool| {
            pool.lambda_config = Some(facts::cognito_idp::LambdaConfigType {
                user_migration: Some(arn),
                ..Default::default()
            });
        })
        .await;
    let client = world.client(&pool, |_| {}).await;
    assert!(world.password_auth(&client, "anna", "wrong").await.is_err());
    world.password_auth(&client, "anna", "Old-password1").await.unwrap();
    world.srp(&client, "anna", "Old-password1").await.unwrap();
    let calls = world.functions.events.lock().unwrap().len();
    assert_eq!(calls, 2, "once they are here, nobody is asked");
    assert!(world.user(&pool, "anna").await.value.is_verified("email"));
}

#[tokio::test]
async fn a_sent_code_is_a_second_factor() {
    let world = World::new().await;
    let pool = world
        .pool(|pool| {
            pool.mfa_configuration = Some(String::from("ON"));
            pool.sms_configuration = Some(facts::cognito_idp::SmsConfigurationType::default());
        })
        .await;
    let client = world.client(&pool, |_| {}).await;
    world.join(&client, "anna").await;
    world
        .change_user(&pool, "anna", |user| {
            user.attributes.insert(String::from("phone_number"), String::from("+14155550123"));
            user.attributes.insert(String::from("phone_number_verified"), String::from("true"));
        })
        .await;
    let posed = world.srp(&client, "anna", PASSWORD).await.unwrap();
    assert_eq!(posed["ChallengeName"], "SMS_MFA");
    assert_eq!(posed["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"], "+*******0123");
    let code = world.code("+14155550123").await;
    let answer = |code: &str| {
        json!({
            "ClientId": client, "ChallengeName": "SMS_MFA", "Session": posed["Session"],
            "ChallengeResponses": { "USERNAME": "anna", "SMS_MFA_CODE": code },
        })
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert!(
        world.refused("RespondToAuthChallenge", answer(wrong)).await.starts_with("CodeMismatchException")
    );
    assert!(world.ok("RespondToAuthChallenge", answer(&code)).await["AuthenticationResult"].is_object());
    assert!(world.refused("RespondToAuthChallenge", answer(&code)).await.starts_with("ExpiredCodeException"));
}
