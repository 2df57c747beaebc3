//! VerifySoftwareToken: a code of the fresh seed, so the app has it.

use base::Caller;
use crypto::totp;
use facts::cognito_idp::{VerifySoftwareTokenError, VerifySoftwareTokenRequest, VerifySoftwareTokenResponse};
use store::Batch;

use super::setup::{self, Owner};
use crate::{
    flows::lockout::{self, Told},
    raise::{
        CodeMismatchException, EnableSoftwareTokenMFAException, Raise, SoftwareTokenMFANotFoundException,
        not_authorized,
    },
    rows::sealed,
    service::Service,
};

/// Steps of 30 seconds that a clock may be off, either way.
const WINDOW: u8 = 1;

pub async fn verify_software_token(
    service: &Service,
    _caller: &Caller,
    input: VerifySoftwareTokenRequest,
) -> Result<VerifySoftwareTokenResponse, Raise<VerifySoftwareTokenError>> {
    let Owner { pool, user, session } =
        setup::owner(service, input.access_token.as_deref(), input.session.as_deref()).await?;
    let Some(pending) = &user.value.mfa.totp_pending_seed else {
        let message = String::from("Software token has not been associated with the user.");
        return Err(SoftwareTokenMFANotFoundException(message).into());
    };
    let key = lockout::key(&pool, &user.value.username_key);
    let attempts = lockout::read(&service.store, &pool, key).await?;
    let now = service.clock.now();
    if attempts.is_locked(now) {
        return Err(not_authorized("Password attempts exceeded"));
    }
    let seed = service.sealer.open(&sealed::totp_seed(pool.id(), &user.value.sub), pending)?;
    let Some(step) = totp::matched_step(seed.expose(), &input.user_code, now, WINDOW) else {
        return Err(match lockout::failed(service, &pool, &attempts.key, &Batch::new()).await? {
            Told::Wrong if input.session.is_some() => {
                EnableSoftwareTokenMFAException(String::from("Code mismatch")).into()
            }
            Told::Wrong => CodeMismatchException(String::from("Code mismatch")).into(),
            Told::Locked => not_authorized("Password attempts exceeded"),
        });
    };
    let mut after = user.value.clone();
    after.mfa.totp_seed = after.mfa.totp_pending_seed.take();
    after.mfa.totp_verified = true;
    // The code that proved it is spent.
    after.mfa.totp_last_step = i64::try_from(step).unwrap_or(i64::MAX);
    after.mfa.totp_device_name = input.friendly_device_name.filter(|name| !name.is_empty());
    if session.is_some() {
        // Whoever must have a factor to get in has this one from now on.
        after.mfa.totp_enabled = true;
        after.mfa.preferred.get_or_insert_with(|| String::from("SOFTWARE_TOKEN_MFA"));
    }
    after.modified_at = now;
    service.store.commit(attempts.cleared(Batch::new().replace(&user, &after))).await?;
    let session = match session {
        Some(session) => Some(session.satisfied(service)?),
        None => None,
    };
    Ok(VerifySoftwareTokenResponse { session, status: Some(String::from("SUCCESS")) })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_support::{PASSWORD, World};

    /// The code that an app with this secret shows.
    fn code(world: &World, secret: &Value) -> String {
        let seed = unbase32(secret.as_str().unwrap());
        let step = u64::try_from(ports::Clock::now(world.clock.as_ref()).seconds() / 30).unwrap();
        crypto::totp::code_at(&seed, step).unwrap()
    }

    fn unbase32(text: &str) -> Vec<u8> {
        let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
        for letter in text.bytes() {
            let value = base::ids::UPPER_BASE32.iter().position(|other| *other == letter).unwrap();
            bits = bits << 5 | u32::try_from(value).unwrap();
            held += 5;
            if held >= 8 {
                held -= 8;
                bytes.push((bits >> held & 0xff) as u8);
            }
        }
        bytes
    }

    fn respond(client: &str, challenge: &str, session: &Value, code: &str) -> Value {
        json!({
            "ClientId": client, "ChallengeName": challenge, "Session": session,
            "ChallengeResponses": { "USERNAME": "anna", "SOFTWARE_TOKEN_MFA_CODE": code },
        })
    }

    #[tokio::test]
    async fn someone_signed_in_sets_up_an_app_and_is_asked_for_it_next_time() {
        let world = World::new().await;
        let pool = world.pool(|pool| pool.mfa_configuration = Some(String::from("OPTIONAL"))).await;
        let client = world.client(&pool, |_| {}).await;
        world.join(&client, "anna").await;
        let token = world.tokens(&client, "anna").await["AccessToken"].clone();
        let prefer = json!({
            "AccessToken": token, "SoftwareTokenMfaSettings": { "Enabled": true, "PreferredMfa": true },
        });
        assert_eq!(
            world.refused("SetUserMFAPreference", prefer.clone()).await,
            "InvalidParameterException: User has not verified software token mfa"
        );
        let secret =
            world.ok("AssociateSoftwareToken", json!({ "AccessToken": token })).await["SecretCode"].clone();
        let verify = |code: &str| json!({ "AccessToken": token, "UserCode": code });
        assert_eq!(
            world.refused("VerifySoftwareToken", verify("000000")).await,
            "CodeMismatchException: Code mismatch"
        );
        let shown = code(&world, &secret);
        assert_eq!(world.ok("VerifySoftwareToken", verify(&shown)).await, json!({ "Status": "SUCCESS" }));
        world.ok("SetUserMFAPreference", prefer).await;

        let posed = world.srp(&client, "anna", PASSWORD).await.unwrap();
        assert_eq!(posed["ChallengeName"], "SOFTWARE_TOKEN_MFA");
        assert_eq!(posed.get("AuthenticationResult"), None);
        let session = &posed["Session"];
        // The code that proved the app is spent, and so is each one after it.
        assert!(
            world
                .refused("RespondToAuthChallenge", respond(&client, "SOFTWARE_TOKEN_MFA", session, &shown))
                .await
                .starts_with("ExpiredCodeException")
        );
        world.clock.pass_seconds(30);
        assert!(
            world
                .refused("RespondToAuthChallenge", respond(&client, "SOFTWARE_TOKEN_MFA", session, "000000"))
                .await
                .starts_with("CodeMismatchException")
        );
        let next = code(&world, &secret);
        let answer = respond(&client, "SOFTWARE_TOKEN_MFA", session, &next);
        assert!(world.ok("RespondToAuthChallenge", answer.clone()).await["AuthenticationResult"].is_object());
        world.refused("RespondToAuthChallenge", answer).await;
        let posed = world.srp(&client, "anna", PASSWORD).await.unwrap();
        let again = respond(&client, "SOFTWARE_TOKEN_MFA", &posed["Session"], &next);
        assert!(world.refused("RespondToAuthChallenge", again).await.starts_with("ExpiredCodeException"));
        let user = world.ok("GetUser", json!({ "AccessToken": token })).await;
        assert_eq!(user["UserMFASettingList"], json!(["SOFTWARE_TOKEN_MFA"]));
        assert_eq!(user["PreferredMfaSetting"], "SOFTWARE_TOKEN_MFA");
    }

    #[tokio::test]
    async fn where_the_pool_insists_the_app_is_set_up_on_the_way_in() {
        let world = World::new().await;
        let pool = world.pool(|pool| pool.mfa_configuration = Some(String::from("ON"))).await;
        let client = world.client(&pool, |_| {}).await;
        world.join(&client, "anna").await;
        let posed = world.password_auth(&client, "anna", PASSWORD).await.unwrap();
        assert_eq!(posed["ChallengeName"], "MFA_SETUP");
        assert_eq!(posed["ChallengeParameters"]["MFAS_CAN_SETUP"], r#"["SOFTWARE_TOKEN_MFA"]"#);
        // Not without setting it up.
        assert_eq!(
            world
                .refused("RespondToAuthChallenge", respond(&client, "MFA_SETUP", &posed["Session"], ""))
                .await,
            "InvalidParameterException: The second factor is not set up yet."
        );
        let associated = world.ok("AssociateSoftwareToken", json!({ "Session": posed["Session"] })).await;
        let verify = json!({
            "Session": associated["Session"], "UserCode": code(&world, &associated["SecretCode"]),
        });
        let verified = world.ok("VerifySoftwareToken", verify).await;
        let answer = respond(&client, "MFA_SETUP", &verified["Session"], "");
        assert!(world.ok("RespondToAuthChallenge", answer).await["AuthenticationResult"].is_object());
        let posed = world.password_auth(&client, "anna", PASSWORD).await.unwrap();
        assert_eq!(posed["ChallengeName"], "SOFTWARE_TOKEN_MFA");
    }

    #[tokio::test]
    async fn guessing_at_codes_locks_like_guessing_at_passwords() {
        let world = World::new().await;
        let pool = world.pool(|pool| pool.mfa_configuration = Some(String::from("ON"))).await;
        let client = world.client(&pool, |_| {}).await;
        world.join(&client, "anna").await;
        let posed = world.password_auth(&client, "anna", PASSWORD).await.unwrap();
        let associated = world.ok("AssociateSoftwareToken", json!({ "Session": posed["Session"] })).await;
        let verify = json!({
            "Session": associated["Session"], "UserCode": code(&world, &associated["SecretCode"]),
        });
        world.ok("VerifySoftwareToken", verify).await;
        let posed = world.password_auth(&client, "anna", PASSWORD).await.unwrap();
        let mut told = Vec::new();
        for _ in 0..6 {
            let guess = respond(&client, "SOFTWARE_TOKEN_MFA", &posed["Session"], "000000");
            told.push(world.refused("RespondToAuthChallenge", guess).await);
        }
        assert!(told[4].starts_with("CodeMismatchException"), "{told:?}");
        assert_eq!(told[5], "NotAuthorizedException: Password attempts exceeded");
    }
}
