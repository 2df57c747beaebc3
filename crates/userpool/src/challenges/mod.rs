//! What may be asked of someone on their way in: one challenge, one file, with how it is posed and what an answer does.

pub mod custom;
pub mod mfa;
pub mod new_password;
pub mod password_verifier;
mod sent_code;
mod software_token;
#[cfg(test)]
mod tests;

use crate::{
    flows::{Outcome, Turn},
    raise::invalid,
};

/// Everything but `PASSWORD_VERIFIER` and `CUSTOM_CHALLENGE`, which someone who does not exist is posed too.
pub async fn answer(name: &str, turn: Turn<'_>) -> Outcome {
    match name {
        new_password::NAME => new_password::answer(turn).await,
        software_token::NAME => software_token::answer(turn).await,
        sent_code::SMS_MFA | sent_code::EMAIL_OTP => sent_code::answer(turn).await,
        mfa::SELECT => mfa::answer_selection(turn).await,
        mfa::SETUP => mfa::answer_setup(turn).await,
        _ => Err(invalid(format!("{name} is not a challenge that this user pool poses."))),
    }
}
