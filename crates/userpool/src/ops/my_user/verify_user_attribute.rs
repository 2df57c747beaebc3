//! VerifyUserAttribute: the code that was sent to an address comes back, so the address is its owner's.

use base::Caller;
use facts::cognito_idp::{VerifyUserAttributeError, VerifyUserAttributeRequest, VerifyUserAttributeResponse};
use store::Batch;

use crate::{
    codes::{self, Unfit},
    raise::{
        CodeMismatchException, ExpiredCodeException, LimitExceededException, Raise, UserNotFoundException,
        invalid,
    },
    rows::{CodePurpose, CodeRow, UserRow},
    service::Service,
    tokens::access,
    users::aliases,
};

type Failure = Raise<VerifyUserAttributeError>;

pub async fn verify_user_attribute(
    service: &Service,
    _caller: &Caller,
    input: VerifyUserAttributeRequest,
) -> Result<VerifyUserAttributeResponse, Failure> {
    let holder = access::authorize(service, &input.access_token).await?;
    let pool = &holder.pool;
    let attribute = input.attribute_name.as_str();
    let Some(purpose) = purpose_of(attribute) else {
        return Err(invalid("Attribute cannot be verified, only email and phone_number can."));
    };
    let before = &holder.user.value;
    let decided: Result<(), Failure> = service
        .store
        .decide(async || {
            let user = service.store.get::<UserRow>(pool.id(), &before.username_key).await?;
            let Some(user) = user.filter(|user| user.value.sub == before.sub) else {
                return Err(UserNotFoundException(String::from("User does not exist.")).into());
            };
            let row = service.store.get::<CodeRow>(pool.id(), &purpose.key(&before.sub)).await?;
            let Some(row) = row else { return Ok((Batch::new(), Err(refusal(Unfit::Expired)))) };
            let (tried, outcome) = codes::check(&row.value, pool, &input.code, service.clock.now());
            if let Err(unfit) = outcome {
                return Ok((Batch::new().replace(&row, &tried), Err(refusal(unfit))));
            }
            let sent_to = &row.value.destination;
            let is_current = user.value.attribute(attribute) == Some(sent_to.as_str());
            if !is_current && !pool.verifies_before_update(attribute) {
                // The address was changed since: the code was for the one before.
                return Ok((Batch::new(), Err(refusal(Unfit::Expired))));
            }
            let mut after = user.value.clone();
            after.attributes.insert(attribute.to_owned(), sent_to.clone());
            after.attributes.insert(format!("{attribute}_verified"), String::from("true"));
            after.modified_at = service.clock.now();
            let change = aliases::change(pool, Some(&user.value), Some(&after));
            if let Some(taken) = change.taken(&service.store).await? {
                return Ok((Batch::new(), Err(taken.exception().into())));
            }
            let batch = Batch::new().spend(&row).replace(&user, &after);
            Ok::<_, Failure>((change.write(batch), Ok(())))
        })
        .await?;
    decided?;
    Ok(VerifyUserAttributeResponse::default())
}

pub(super) fn purpose_of(attribute: &str) -> Option<CodePurpose> {
    match attribute {
        "email" => Some(CodePurpose::VerifyEmail),
        "phone_number" => Some(CodePurpose::VerifyPhoneNumber),
        _ => None,
    }
}

fn refusal(unfit: Unfit) -> Failure {
    match unfit {
        Unfit::Wrong => {
            CodeMismatchException(String::from("Invalid verification code provided, please try again."))
                .into()
        }
        Unfit::Expired => {
            ExpiredCodeException(String::from("Invalid code provided, please request a code again.")).into()
        }
        Unfit::TooManyTries => {
            LimitExceededException(String::from("Attempt limit exceeded, please try after some time.")).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_support::World;

    fn verify(token: &Value, attribute: &str, code: &str) -> Value {
        json!({ "AccessToken": token, "AttributeName": attribute, "Code": code })
    }

    #[tokio::test]
    async fn a_code_is_for_the_address_it_went_to() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        world.join(&client, "anna").await;
        let token = world.tokens(&client, "anna").await["AccessToken"].clone();
        let change = |address: &str| json!({ "AccessToken": token, "UserAttributes": [{ "Name": "email", "Value": address }] });
        world.ok("UpdateUserAttributes", change("mine@example.com")).await;
        let mine = world.code("mine@example.com").await;
        // The address is changed to someone else's before the code of one's own is shown.
        let victims = |user: &mut crate::rows::UserRow| {
            user.attributes.insert(String::from("email"), String::from("victim@example.com"));
        };
        world.change_user(&pool, "anna", victims).await;
        assert_eq!(
            world.refused("VerifyUserAttribute", verify(&token, "email", &mine)).await,
            "ExpiredCodeException: Invalid code provided, please request a code again."
        );
        assert!(!world.user(&pool, "anna").await.value.is_verified("email"));
    }

    #[tokio::test]
    async fn a_code_is_for_its_user_and_good_once() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        for name in ["anna", "bert"] {
            world.join(&client, name).await;
        }
        let anna = world.tokens(&client, "anna").await["AccessToken"].clone();
        let bert = world.tokens(&client, "bert").await["AccessToken"].clone();
        for token in [&anna, &bert] {
            let input = json!({ "AccessToken": token, "AttributeName": "email" });
            world.ok("GetUserAttributeVerificationCode", input).await;
        }
        let annas = world.code("anna@example.com").await;
        assert_eq!(
            world.refused("VerifyUserAttribute", verify(&bert, "email", &annas)).await,
            "CodeMismatchException: Invalid verification code provided, please try again."
        );
        assert!(
            world
                .refused("VerifyUserAttribute", verify(&anna, "phone_number", &annas))
                .await
                .starts_with("ExpiredCodeException")
        );
        world.ok("VerifyUserAttribute", verify(&anna, "email", &annas)).await;
        assert!(
            world
                .refused("VerifyUserAttribute", verify(&anna, "email", &annas))
                .await
                .starts_with("ExpiredCodeException")
        );
        assert!(world.user(&pool, "anna").await.value.is_verified("email"));
    }
}
