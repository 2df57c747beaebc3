//! `SMS_MFA` and `EMAIL_OTP`: a code that was sent to a verified address.

use std::collections::BTreeMap;

use serde_json::Value;
use store::{Batch, Versioned};

use super::mfa::{self, Factor};
use crate::{
    codes::{self, Unfit},
    flows::{Attempt, Challenge, Outcome, Proof, Session, SignInError, Step, Turn, finish, lockout},
    messages::{self, Occasion},
    raise::{ExpiredCodeException, Raise, TooManyRequestsException, not_authorized},
    rows::{CodePurpose, CodeRow, UserRow},
};

pub const SMS_MFA: &str = "SMS_MFA";
pub const EMAIL_OTP: &str = "EMAIL_OTP";

pub async fn pose(
    attempt: &Attempt<'_>,
    user: &Versioned<UserRow>,
    given_name: &str,
    factor: Factor,
) -> Outcome {
    let (purpose, attribute, medium) = match factor {
        Factor::Email => (CodePurpose::EmailMfa, "email", "EMAIL"),
        _ => (CodePurpose::SmsMfa, "phone_number", "SMS"),
    };
    let (service, pool) = (attempt.service, attempt.pool);
    let row = &user.value;
    let to = row.attribute(attribute).unwrap_or_default().to_owned();
    let code = messages::fresh_code(service);
    let occasion = Occasion::mfa(attribute, &attempt.door.client_metadata);
    let message = messages::compose(service, pool, Some(attempt.client), row, &to, &code, occasion).await?;
    service
        .store
        .decide(async || {
            let before = service.store.get::<CodeRow>(pool.id(), &purpose.key(&row.sub)).await?;
            let sent = codes::sent(
                before.as_ref().map(|row| &row.value),
                pool,
                &row.sub,
                purpose,
                &to,
                &code,
                attempt.now(),
            );
            let sent = sent.map_err(|_| TooManyRequestsException(String::from("Rate exceeded")))?;
            Ok::<_, Raise<SignInError>>((message.write(codes::write(before.as_ref(), &sent)), ()))
        })
        .await?;
    service.outbox.hurry();
    let session = Session::new(attempt, factor.challenge(), row, given_name, Value::Null);
    let parameters = BTreeMap::from([
        (String::from("CODE_DELIVERY_DELIVERY_MEDIUM"), medium.to_owned()),
        (String::from("CODE_DELIVERY_DESTINATION"), messages::masked(&to)),
        (String::from("USER_ID_FOR_SRP"), row.username.clone()),
    ]);
    Ok(Step::Challenge(Challenge {
        name: factor.challenge().to_owned(),
        session: Some(attempt.seal(&session)?),
        parameters,
    }))
}

/// A wrong code leaves the session good for another try, and counts towards lockout and for the code itself.
pub async fn answer(turn: Turn<'_>) -> Outcome {
    let (purpose, parameter) = match turn.session.challenge.as_str() {
        EMAIL_OTP => (CodePurpose::EmailMfa, "EMAIL_OTP_CODE"),
        _ => (CodePurpose::SmsMfa, "SMS_MFA_CODE"),
    };
    let code = turn.required(parameter)?.to_owned();
    let Turn { attempt, session, user, .. } = turn;
    let (service, pool) = (attempt.service, attempt.pool);
    let key = lockout::key(pool, &user.value.username_key);
    let attempts = lockout::read(&service.store, pool, key).await?;
    Proof::check_lock(&attempts, attempt.now())?;
    let spent = session.spent(pool);
    let tried: Result<(), Unfit> = service
        .store
        .decide(async || {
            let row = service.store.get::<CodeRow>(pool.id(), &purpose.key(&user.value.sub)).await?;
            let Some(row) = row else { return Ok((Batch::new(), Err(Unfit::Expired))) };
            let (after, tried) = codes::check(&row.value, pool, &code, attempt.now());
            Ok::<_, Raise<SignInError>>((Batch::new().replace(&row, &after), tried))
        })
        .await?;
    match tried {
        Ok(()) => finish(attempt, Proof { user, attempts: Some(attempts), spent: Some(spent) }).await,
        Err(Unfit::Wrong) => Err(mfa::refuse_code(attempt, &user.value).await),
        Err(Unfit::Expired) => {
            Err(ExpiredCodeException(String::from("Invalid code provided, please request a code again."))
                .into())
        }
        Err(Unfit::TooManyTries) => Err(not_authorized("Invalid session for the user.")),
    }
}
