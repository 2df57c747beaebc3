//! What someone would try who should not get in.

use serde_json::{Value, json};

use crate::test_support::{PASSWORD, World};

async fn respond(world: &World, answer: Value) -> String {
    world.refused("RespondToAuthChallenge", answer).await
}

#[tokio::test]
async fn a_proof_is_good_once() {
    let world = World::new().await;
    let (_, client) = world.plain().await;
    world.join(&client, "anna").await;
    let answer = world.srp_begin(&client, "anna", PASSWORD).await.unwrap();
    let (first, second) = tokio::join!(
        world.call("RespondToAuthChallenge", answer.clone()),
        world.call("RespondToAuthChallenge", answer.clone())
    );
    assert!(first.is_ok() != second.is_ok(), "one of two at once");
    assert_eq!(
        respond(&world, answer).await,
        "NotAuthorizedException: Invalid session for the user, session can only be used once."
    );
}

#[tokio::test]
async fn a_wrong_proof_uses_its_session_up() {
    let world = World::new().await;
    let (_, client) = world.plain().await;
    world.join(&client, "anna").await;
    let mut answer = world.srp_begin(&client, "anna", PASSWORD).await.unwrap();
    let right = answer["ChallengeResponses"]["PASSWORD_CLAIM_SIGNATURE"].clone();
    answer["ChallengeResponses"]["PASSWORD_CLAIM_SIGNATURE"] = json!("AAAA");
    assert_eq!(
        respond(&world, answer.clone()).await,
        "NotAuthorizedException: Incorrect username or password."
    );
    answer["ChallengeResponses"]["PASSWORD_CLAIM_SIGNATURE"] = right;
    assert!(respond(&world, answer).await.contains("only be used once"));
}

#[tokio::test]
async fn a_session_is_for_its_user_client_pool_and_time() {
    let world = World::new().await;
    let (pool, client) = world.plain().await;
    let (_, elsewhere) = world.plain().await;
    let other = world.client(&pool, |_| {}).await;
    world.join(&client, "anna").await;
    world.join(&client, "bert").await;
    let answer = world.srp_begin(&client, "anna", PASSWORD).await.unwrap();
    let invalid = "NotAuthorizedException: Invalid session for the user.";

    let mut as_bert = answer.clone();
    as_bert["ChallengeResponses"]["USERNAME"] = json!("bert");
    assert_eq!(respond(&world, as_bert).await, invalid);
    for stranger in [other, elsewhere] {
        let mut from_there = answer.clone();
        from_there["ClientId"] = json!(stranger);
        assert_eq!(respond(&world, from_there).await, invalid);
    }
    let mut made_up = answer.clone();
    made_up["ChallengeResponses"]["PASSWORD_CLAIM_SECRET_BLOCK"] = json!("bWFkZSB1cA==");
    assert_eq!(respond(&world, made_up).await, invalid);
    let mut another_step = answer.clone();
    another_step["ChallengeName"] = json!("NEW_PASSWORD_REQUIRED");
    another_step["Session"] = {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let block = answer["ChallengeResponses"]["PASSWORD_CLAIM_SECRET_BLOCK"].as_str().unwrap();
        json!(String::from_utf8(STANDARD.decode(block).unwrap()).unwrap())
    };
    another_step["ChallengeResponses"]["NEW_PASSWORD"] = json!("Battery-staple2");
    assert_eq!(respond(&world, another_step).await, invalid);
    world.clock.pass_seconds(180);
    assert_eq!(
        respond(&world, answer).await,
        "NotAuthorizedException: Invalid session for the user, session is expired."
    );
}

#[tokio::test]
async fn a_public_value_that_fixes_the_secret_is_refused() {
    let world = World::new().await;
    let (_, client) = world.plain().await;
    world.join(&client, "anna").await;
    let modulus = concat!(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74",
        "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437",
        "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05",
        "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB",
        "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
        "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718",
        "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33",
        "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
        "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864",
        "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2",
        "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
    );
    for a in ["0", "00", modulus, "not hex"] {
        let input = json!({
            "AuthFlow": "USER_SRP_AUTH", "ClientId": client,
            "AuthParameters": { "USERNAME": "anna", "SRP_A": a },
        });
        assert_eq!(
            world.refused("InitiateAuth", input).await,
            "InvalidParameterException: SRP_A is not a valid public value."
        );
    }
}

#[tokio::test]
async fn a_stranger_costs_and_hears_what_a_user_does() {
    let world = World::new().await;
    let pool = world
        .pool(|pool| {
            pool.username_attributes = Some(vec![String::from("email")]);
        })
        .await;
    let client = world.client(&pool, |_| {}).await;
    world.join(&client, "anna@example.com").await;
    let mut told = Vec::new();
    for name in ["anna@example.com", "nobody@example.com"] {
        let before = world.heavy_runs();
        let refused = world.password_auth(&client, name, "wrong").await.unwrap_err();
        let password_work = world.heavy_runs() - before;
        let answer = world.srp_begin(&client, name, "wrong").await.unwrap();
        let again = world.srp_begin(&client, name, "wrong").await.unwrap();
        let user_id = |answer: &Value| answer["ChallengeResponses"]["USERNAME"].clone();
        assert_eq!(user_id(&answer), user_id(&again), "the same name, the same id");
        assert_eq!(user_id(&answer).as_str().unwrap().len(), 36);
        let before = world.heavy_runs();
        let words = respond(&world, answer).await;
        told.push((refused.to_string(), password_work, words, world.heavy_runs() - before));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].1, 1);
    assert_eq!(told[0].0, "NotAuthorizedException: Incorrect username or password.");

    // And is locked out alike.
    for name in ["anna@example.com", "nobody@example.com"] {
        let mut words = Vec::new();
        for _ in 0..6 {
            words.push(world.password_auth(&client, name, "wrong").await.unwrap_err().message);
        }
        assert_eq!(words.last().unwrap(), "Password attempts exceeded", "{name}");
        told.push((words.join("|"), 0, String::new(), 0));
    }
    assert_eq!(told[2], told[3]);
}

#[tokio::test]
async fn a_client_may_let_it_be_known_who_exists() {
    let world = World::new().await;
    let pool = world.pool(|_| {}).await;
    let client = world.client(&pool, |client| client.prevent_user_existence_errors = None).await;
    let refused = world.password_auth(&client, "nobody", PASSWORD).await.unwrap_err();
    assert_eq!(refused.to_string(), "UserNotFoundException: User does not exist.");
}

#[tokio::test]
async fn guesses_made_at_once_do_not_slip_past_the_lock() {
    let world = std::sync::Arc::new(World::new().await);
    let (_, client) = world.plain().await;
    world.join(&client, "anna").await;
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (world, client) = (std::sync::Arc::clone(&world), client.clone());
        guesses.spawn(async move {
            world.password_auth(&client, "anna", &format!("Guess-number{number}")).await.unwrap_err().message
        });
    }
    let told = guesses.join_all().await;
    let wrong = told.iter().filter(|words| *words == "Incorrect username or password.").count();
    assert_eq!(wrong, 5, "{told:?}");
    assert_eq!(
        world.password_auth(&client, "anna", PASSWORD).await.unwrap_err().message,
        "Password attempts exceeded"
    );
    world.clock.pass_seconds(1);
    world.password_auth(&client, "anna", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn the_state_of_a_user_is_told_to_who_knows_the_password() {
    use crate::rows::UserStatus;
    let world = World::new().await;
    let (pool, client) = world.plain().await;
    world.join(&client, "anna").await;
    for (change, words) in [
        (
            (|user: &mut crate::rows::UserRow| user.enabled = false) as fn(&mut crate::rows::UserRow),
            "NotAuthorizedException: User is disabled.",
        ),
        (
            |user| (user.enabled, user.status) = (true, UserStatus::Unconfirmed),
            "UserNotConfirmedException: User is not confirmed.",
        ),
        (
            |user| user.status = UserStatus::ResetRequired,
            "PasswordResetRequiredException: Password reset required for the user",
        ),
    ] {
        world.change_user(&pool, "anna", change).await;
        assert_eq!(world.password_auth(&client, "anna", PASSWORD).await.unwrap_err().to_string(), words);
        assert_eq!(world.srp(&client, "anna", PASSWORD).await.unwrap_err().to_string(), words);
        assert_eq!(
            world.password_auth(&client, "anna", "wrong").await.unwrap_err().to_string(),
            "NotAuthorizedException: Incorrect username or password."
        );
    }
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use crate::tokens::TokenRejected;
    let world = World::new().await;
    let (pool, client) = world.plain().await;
    let (other_pool, other_client) = world.plain().await;
    world.join(&client, "anna").await;
    world.join(&other_client, "anna").await;
    let tokens = world.pools.tokens();
    let token = world.tokens(&client, "anna").await["AccessToken"].as_str().unwrap().to_owned();
    let others = world.tokens(&other_client, "anna").await["AccessToken"].as_str().unwrap().to_owned();
    assert!(tokens.verify(&pool, &token).await.is_ok());
    assert_eq!(tokens.verify(&pool, &others).await, Err(TokenRejected::UnknownKey));
    assert_eq!(tokens.verify(&other_pool, &token).await, Err(TokenRejected::UnknownKey));
    assert_eq!(tokens.verify("us-east-1_nowhere00", &token).await, Err(TokenRejected::NoSuchPool));

    let parts: Vec<&str> = token.split('.').collect();
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    let none = URL_SAFE_NO_PAD.encode(json!({ "alg": "none", "kid": header["kid"] }).to_string());
    let symmetric = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "kid": header["kid"] }).to_string());
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["username"] = json!("bert");
    let changed = URL_SAFE_NO_PAD.encode(claims.to_string());
    for (forged, why) in [
        (format!("{}.{}.", unsigned, parts[1]), TokenRejected::UnknownKey),
        (format!("{}.{}.", none, parts[1]), TokenRejected::Signature),
        (format!("{}.{}.{}", symmetric, parts[1], parts[2]), TokenRejected::Signature),
        (format!("{}.{}.{}", parts[0], changed, parts[2]), TokenRejected::Signature),
        (String::from("not.a.token"), TokenRejected::Malformed),
    ] {
        assert_eq!(tokens.verify(&pool, &forged).await, Err(why));
        assert_eq!(
            world.refused("GetUser", json!({ "AccessToken": forged })).await,
            "NotAuthorizedException: Invalid Access Token"
        );
    }
    world.clock.pass_seconds(3600);
    assert_eq!(tokens.verify(&pool, &token).await, Err(TokenRejected::Expired));
    assert_eq!(
        world.refused("GetUser", json!({ "AccessToken": token })).await,
        "NotAuthorizedException: Access Token has expired"
    );
}
