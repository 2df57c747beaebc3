//! ChangePassword: a new password by someone who is signed in and knows the old one.

use base::Caller;
use facts::cognito_idp::{ChangePasswordError, ChangePasswordRequest, ChangePasswordResponse};
use store::Batch;

use crate::{
    flows::lockout::{self, Told},
    passwords,
    raise::{InvalidPasswordException, LimitExceededException, Raise, not_authorized},
    service::Service,
    tokens::access,
};

pub async fn change_password(
    service: &Service,
    _caller: &Caller,
    input: ChangePasswordRequest,
) -> Result<ChangePasswordResponse, Raise<ChangePasswordError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    let (pool, user) = (&holder.pool, &holder.user);
    // Whoever found an unlocked screen guesses here as they would at the door.
    let key = lockout::key(pool, &user.value.username_key);
    let attempts = lockout::read(&service.store, pool, key).await?;
    let exceeded =
        || LimitExceededException(String::from("Attempt limit exceeded, please try after some time."));
    if attempts.is_locked(service.clock.now()) {
        return Err(exceeded().into());
    }
    if user.value.verifier.is_some() {
        let previous = input.previous_password.unwrap_or_default();
        if !passwords::matches(service, pool, &user.value, &previous).await? {
            return Err(match lockout::failed(service, pool, &attempts.key, &Batch::new()).await? {
                Told::Wrong => not_authorized("Incorrect username or password."),
                Told::Locked => exceeded().into(),
            });
        }
    }
    if let Some(complaint) = passwords::complaint(&pool.password_policy(), &input.proposed_password) {
        let message = format!("Password does not conform to policy: {complaint}");
        return Err(InvalidPasswordException(message).into());
    }
    passwords::was_used(service, pool, &user.value, &input.proposed_password).await?;
    let kept =
        passwords::keep(service, pool, &user.value.username, &user.value.sub, &input.proposed_password)
            .await?;
    let mut after = user.value.clone();
    passwords::set(service, pool, &mut after, kept);
    after.modified_at = service.clock.now();
    service.store.commit(attempts.cleared(Batch::new().replace(user, &after))).await?;
    Ok(ChangePasswordResponse::default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{PASSWORD, World};

    const NEW: &str = "Battery-staple2";

    #[tokio::test]
    async fn the_old_password_must_be_known() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        let token = world.tokens(&client, "anna").await["AccessToken"].clone();
        let input = |previous: &str, proposed: &str| json!({ "AccessToken": token, "PreviousPassword": previous, "ProposedPassword": proposed });
        assert_eq!(
            world.refused("ChangePassword", input("wrong", NEW)).await,
            "NotAuthorizedException: Incorrect username or password."
        );
        assert_eq!(
            world.refused("ChangePassword", input(PASSWORD, "short")).await,
            "InvalidPasswordException: Password does not conform to policy: Password not long enough"
        );
        world.ok("ChangePassword", input(PASSWORD, NEW)).await;
        assert!(world.password_auth(&client, "anna", PASSWORD).await.is_err());
        world.srp(&client, "anna", NEW).await.unwrap();
    }

    #[tokio::test]
    async fn guessing_here_locks_too() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        let token = world.tokens(&client, "anna").await["AccessToken"].clone();
        let input = json!({ "AccessToken": token, "PreviousPassword": "wrong", "ProposedPassword": NEW });
        for _ in 0..5 {
            world.refused("ChangePassword", input.clone()).await;
        }
        assert_eq!(
            world.refused("ChangePassword", input).await,
            "LimitExceededException: Attempt limit exceeded, please try after some time."
        );
        let refused = world.password_auth(&client, "anna", PASSWORD).await.unwrap_err();
        assert_eq!(refused.message, "Password attempts exceeded");
    }

    #[tokio::test]
    async fn a_password_that_is_remembered_is_refused() {
        let world = World::new().await;
        let pool = world
            .pool(|pool| {
                let policy = pool.policies.as_mut().unwrap().password_policy.as_mut().unwrap();
                policy.password_history_size = Some(2);
            })
            .await;
        let client = world.client(&pool, |_| {}).await;
        world.join(&client, "anna").await;
        let token = world.tokens(&client, "anna").await["AccessToken"].clone();
        let input = |previous: &str, proposed: &str| json!({ "AccessToken": token, "PreviousPassword": previous, "ProposedPassword": proposed });
        let used = "PasswordHistoryPolicyViolationException: Password has previously been used. Please choose a new \
                    password.";
        assert_eq!(world.refused("ChangePassword", input(PASSWORD, PASSWORD)).await, used);
        world.ok("ChangePassword", input(PASSWORD, NEW)).await;
        assert_eq!(world.refused("ChangePassword", input(NEW, PASSWORD)).await, used);
        world.ok("ChangePassword", input(NEW, "Third-password3")).await;
        world.ok("ChangePassword", input("Third-password3", PASSWORD)).await;
    }
}
