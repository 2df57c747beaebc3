//! Where a person is between two pages: sealed into a cookie, so that no step can be skipped, made up, moved to another
//! browser or kept for later.

use base::Timestamp;
use crypto::seal::Sealer;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::{cookies, domain::HostedDomain};

pub const COOKIE: &str = "step";
/// A step is good for a quarter of an hour; the sign-in engine's own sessions end earlier.
pub const STEP_SECONDS: i64 = 900;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at")]
pub enum Step {
    /// Signed up; the code is on its way. Confirming it in this browser signs in.
    ConfirmSignUp { username: String, sent: String },
    /// Asked for a code to set a new password.
    ResetPassword { username: String, sent: String },
    /// Showed a password that must be changed (`NEW_PASSWORD_REQUIRED`).
    NewPassword { username: String, session: String, attributes: Vec<String> },
    /// Showed a password and must show a code (`SOFTWARE_TOKEN_MFA`, `SMS_MFA`, `EMAIL_OTP`).
    OneTimeCode { challenge: String, username: String, session: String, sent: String },
}

/// What is sealed: the step, whose it is, and until when.
#[derive(Serialize, Deserialize)]
struct Ticket {
    step: Step,
    client_id: String,
    /// The browser it was given to, by its form token.
    csrf: String,
    until: Timestamp,
}

/// Whose step it is.
pub struct Holder<'a> {
    pub domain: &'a HostedDomain,
    pub pool_id: &'a str,
    pub client_id: &'a str,
    pub csrf: &'a str,
}

impl Holder<'_> {
    fn aad(&self) -> String {
        format!("hosted_step/{}/{}", self.pool_id, self.domain.domain)
    }
}

pub fn set(sealer: &Sealer, holder: &Holder<'_>, now: Timestamp, step: Step) -> Option<HeaderValue> {
    let ticket = Ticket {
        step,
        client_id: holder.client_id.to_owned(),
        csrf: holder.csrf.to_owned(),
        until: now.plus_seconds(STEP_SECONDS),
    };
    let text = serde_json::to_vec(&ticket).ok()?;
    let sealed = sealer.seal(&holder.aad(), &text).ok()?;
    cookies::write(&holder.domain.cookie_scope(), COOKIE, &sealed, Some(STEP_SECONDS as u32))
}

pub fn clear(domain: &HostedDomain) -> Option<HeaderValue> {
    cookies::write(&domain.cookie_scope(), COOKIE, "", Some(0))
}

/// The step this browser is at; `None` where there is none, or it is another client's, another browser's or too old.
pub fn current(sealer: &Sealer, holder: &Holder<'_>, now: Timestamp, headers: &HeaderMap) -> Option<Step> {
    let sealed = cookies::read(headers, COOKIE)?;
    let text = sealer.open(&holder.aad(), sealed).ok()?;
    let ticket: Ticket = serde_json::from_slice(text.expose()).ok()?;
    let fits = ticket.until > now && ticket.client_id == holder.client_id && ticket.csrf == holder.csrf;
    fits.then_some(ticket.step)
}
