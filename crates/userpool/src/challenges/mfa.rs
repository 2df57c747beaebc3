//! The second factor: which one, and what someone is asked who has to choose or set one up.

use serde_json::{Value, json};
use store::Versioned;

use super::{sent_code, software_token};
use crate::{
    directory::Pool,
    flows::{Attempt, Challenge, Outcome, Proof, Session, Step, Turn, finish},
    raise::{Raise, invalid, not_authorized},
    rows::UserRow,
};

pub const SELECT: &str = "SELECT_MFA_TYPE";
pub const SETUP: &str = "MFA_SETUP";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    SoftwareToken,
    Sms,
    Email,
}

/// What is asked after the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    One(Factor),
    Choice(Vec<Factor>),
    /// The pool insists and the person has none yet.
    Setup,
}

impl Factor {
    pub fn challenge(self) -> &'static str {
        match self {
            Self::SoftwareToken => software_token::NAME,
            Self::Sms => sent_code::SMS_MFA,
            Self::Email => sent_code::EMAIL_OTP,
        }
    }
}

/// `OFF`: nothing. `OPTIONAL`: whoever has a factor. `ON`: everyone; a phone number that was verified is a factor then,
/// even where its owner never chose it ("Adding MFA to a user pool").
pub fn wanted(pool: &Pool, user: &UserRow) -> Option<Wanted> {
    let required = match pool.mfa_configuration() {
        "ON" => true,
        "OPTIONAL" => false,
        _ => return None,
    };
    let mfa = &user.mfa;
    let mut factors = Vec::new();
    if mfa.totp_seed.is_some() && mfa.totp_verified && mfa.totp_enabled {
        factors.push(Factor::SoftwareToken);
    }
    let only_phone = required && factors.is_empty() && !mfa.email_enabled && pool.offers_sms();
    if user.is_verified("phone_number") && (mfa.sms_enabled || only_phone) {
        factors.push(Factor::Sms);
    }
    if user.is_verified("email") && mfa.email_enabled {
        factors.push(Factor::Email);
    }
    let preferred = factors.iter().find(|factor| mfa.preferred.as_deref() == Some(factor.challenge()));
    match (factors.as_slice(), preferred) {
        (_, Some(factor)) => Some(Wanted::One(*factor)),
        ([], None) => required.then_some(Wanted::Setup),
        ([only], None) => Some(Wanted::One(*only)),
        (_, None) => Some(Wanted::Choice(factors)),
    }
}

pub async fn pose(
    attempt: &Attempt<'_>,
    user: &Versioned<UserRow>,
    given_name: &str,
    wanted: Wanted,
) -> Outcome {
    match wanted {
        Wanted::One(factor) => pose_factor(attempt, user, given_name, factor).await,
        Wanted::Choice(factors) => {
            let names: Vec<&str> = factors.into_iter().map(Factor::challenge).collect();
            plain(attempt, &user.value, given_name, SELECT, "MFAS_CAN_CHOOSE", &json!(names))
        }
        Wanted::Setup => {
            let mut names = Vec::new();
            if attempt.pool.offers_sms() {
                names.push(Factor::Sms.challenge());
            }
            if attempt.pool.offers_software_token() {
                names.push(Factor::SoftwareToken.challenge());
            }
            if names.is_empty() {
                return Err(not_authorized("User is not allowed to sign in without a second factor."));
            }
            plain(attempt, &user.value, given_name, SETUP, "MFAS_CAN_SETUP", &json!(names))
        }
    }
}

async fn pose_factor(
    attempt: &Attempt<'_>,
    user: &Versioned<UserRow>,
    given_name: &str,
    factor: Factor,
) -> Outcome {
    match factor {
        Factor::SoftwareToken => software_token::pose(attempt, &user.value, given_name),
        Factor::Sms | Factor::Email => sent_code::pose(attempt, user, given_name, factor).await,
    }
}

fn plain(
    attempt: &Attempt<'_>,
    user: &UserRow,
    given_name: &str,
    name: &str,
    parameter: &str,
    value: &Value,
) -> Outcome {
    let session = Session::new(attempt, name, user, given_name, value.clone());
    let parameters =
        [(parameter.to_owned(), value.to_string()), (String::from("USER_ID_FOR_SRP"), user.username.clone())];
    Ok(Step::Challenge(Challenge {
        name: name.to_owned(),
        session: Some(attempt.seal(&session)?),
        parameters: parameters.into_iter().collect(),
    }))
}

/// `ANSWER` names one of the factors that were offered.
pub async fn answer_selection(turn: Turn<'_>) -> Outcome {
    let chosen = turn.required("ANSWER")?;
    let offered = turn.session.state.as_array().into_iter().flatten().any(|name| name == chosen);
    let factor = [Factor::SoftwareToken, Factor::Sms, Factor::Email]
        .into_iter()
        .find(|factor| offered && factor.challenge() == chosen);
    let Some(factor) = factor else { return Err(invalid("The MFA type that was chosen was not offered.")) };
    let Turn { attempt, session, user, .. } = turn;
    let given_name = session.given_name.clone();
    let proof = Proof { user, attempts: None, spent: Some(session.spent(attempt.pool)) };
    let user = proof.settle(attempt, &store::Batch::new()).await?;
    pose_factor(attempt, &user, &given_name, factor).await
}

/// What `VerifySoftwareToken` leaves in a session that it was satisfied with.
pub const SET_UP: &str = "SET_UP";

/// After `AssociateSoftwareToken` and `VerifySoftwareToken` with this session.
pub async fn answer_setup(turn: Turn<'_>) -> Outcome {
    let Turn { attempt, session, user, .. } = turn;
    if session.state != json!(SET_UP) {
        return Err(invalid("The second factor is not set up yet."));
    }
    let spent = session.spent(attempt.pool);
    finish(attempt, Proof { user, attempts: None, spent: Some(spent) }).await
}

/// Counts a wrong code like a wrong password: guessing at the second factor locks out too.
pub async fn refuse_code(attempt: &Attempt<'_>, user: &UserRow) -> Raise<crate::flows::SignInError> {
    let key = crate::flows::lockout::key(attempt.pool, &user.username_key);
    match crate::flows::lockout::failed(attempt.service, attempt.pool, &key, &store::Batch::new()).await {
        Ok(_) => {
            crate::raise::CodeMismatchException(String::from("Invalid code or auth state for the user."))
                .into()
        }
        Err(other) => other,
    }
}
