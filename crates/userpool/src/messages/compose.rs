//! Puts a message into words: the pool's, or its trigger's.

use std::collections::BTreeMap;

use base::Timestamp;
use ports::{RngExt, mail::MailMessage, text_message::SmsMessage};
use serde::{Deserialize, Serialize};
use store::Batch;

use super::words;
use crate::{
    directory::{Client, Pool},
    raise::{
        InvalidLambdaResponseException, Raise, UnexpectedLambdaException, UserLambdaValidationException,
    },
    rows::{MessageRow, UserRow, sealed},
    service::Service,
    triggers::custom_message,
};

/// How long a message is worth sending.
const WORTH_SECONDS: i64 = 86_400;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outgoing {
    Mail(MailMessage),
    Sms(SmsMessage),
}

/// Why a message is sent.
pub struct Occasion<'a> {
    kind: Kind,
    /// `email` or `phone_number`
    attribute: &'static str,
    trigger_source: &'static str,
    client_metadata: &'a BTreeMap<String, String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// May be a link, where the pool wants one.
    Confirm,
    Verify,
    Mfa,
    Invite,
}

impl<'a> Occasion<'a> {
    pub fn sign_up(attribute: &'static str, metadata: &'a BTreeMap<String, String>) -> Self {
        Self::new(Kind::Confirm, attribute, "CustomMessage_SignUp", metadata)
    }

    pub fn resend(attribute: &'static str, metadata: &'a BTreeMap<String, String>) -> Self {
        Self::new(Kind::Confirm, attribute, "CustomMessage_ResendCode", metadata)
    }

    pub fn forgot_password(attribute: &'static str, metadata: &'a BTreeMap<String, String>) -> Self {
        Self::new(Kind::Verify, attribute, "CustomMessage_ForgotPassword", metadata)
    }

    /// A code that an attribute's change asks for by itself.
    pub fn update_attribute(attribute: &'static str, metadata: &'a BTreeMap<String, String>) -> Self {
        Self::new(Kind::Verify, attribute, "CustomMessage_UpdateUserAttribute", metadata)
    }

    pub fn verify_attribute(attribute: &'static str, metadata: &'a BTreeMap<String, String>) -> Self {
        Self::new(Kind::Verify, attribute, "CustomMessage_VerifyUserAttribute", metadata)
    }

    pub fn mfa(attribute: &'static str, metadata: &'a BTreeMap<String, String>) -> Self {
        Self::new(Kind::Mfa, attribute, "CustomMessage_Authentication", metadata)
    }

    /// The code is the temporary password.
    pub fn invitation(attribute: &'static str, metadata: &'a BTreeMap<String, String>) -> Self {
        Self::new(Kind::Invite, attribute, "CustomMessage_AdminCreateUser", metadata)
    }

    fn new(
        kind: Kind,
        attribute: &'static str,
        trigger_source: &'static str,
        client_metadata: &'a BTreeMap<String, String>,
    ) -> Self {
        Self { kind, attribute, trigger_source, client_metadata }
    }
}

/// A message ready to be committed.
pub struct Composed {
    row: MessageRow,
}

impl Composed {
    #[must_use]
    pub fn write(&self, batch: Batch) -> Batch {
        batch.put(&self.row)
    }
}

pub async fn compose<E>(
    service: &Service,
    pool: &Pool,
    client: Option<&Client>,
    user: &UserRow,
    to: &str,
    code: &str,
    occasion: Occasion<'_>,
) -> Result<Composed, Raise<E>>
where
    E: From<UserLambdaValidationException>
        + From<UnexpectedLambdaException>
        + From<InvalidLambdaResponseException>,
{
    let client_id = client.map_or("CLIENT_ID_NOT_APPLICABLE", Client::id);
    let custom = custom_message::ask(
        service,
        pool,
        client_id,
        user,
        occasion.trigger_source,
        occasion.client_metadata,
    )
    .await?;
    let id = service.rng.uuid();
    let shown_name = shown_name(pool, user);
    let outgoing = if occasion.attribute == "email" {
        let (subject, template) = email_words(pool, occasion.kind, custom);
        let url = link(service, pool, client_id, user, code).filter(|_| occasion.kind == Kind::Confirm);
        let html = url.and_then(|url| words::fill_link(&template, &url)).unwrap_or(template);
        let html = words::fill(&html, &words::escape(code), &words::escape(&shown_name));
        let email = pool.pool.email_configuration.as_ref();
        Outgoing::Mail(MailMessage {
            id: id.clone(),
            from: email.and_then(|email| email.from.clone()),
            reply_to: email.and_then(|email| email.reply_to_email_address.clone()),
            to: to.to_owned(),
            subject: words::fill(&subject, code, &shown_name).replace(['\r', '\n'], " "),
            text: words::plain(&html),
            html: html.contains('<').then_some(html),
            code: Some(code.to_owned()),
        })
    } else {
        let template = sms_words(pool, occasion.kind, custom.sms);
        let text = words::fill(&template, code, &shown_name);
        Outgoing::Sms(SmsMessage { id: id.clone(), to: to.to_owned(), text, code: Some(code.to_owned()) })
    };
    let text = serde_json::to_vec(&outgoing).map_err(|cause| Raise::Internal(cause.to_string()))?;
    let now: Timestamp = service.clock.now();
    let sealed = service.sealer.seal(&sealed::message(&id), &text)?;
    Ok(Composed {
        row: MessageRow {
            id,
            user_pool_id: pool.id().to_owned(),
            sealed,
            attempts: 0,
            due: now,
            created_at: now,
            expires_at: now.plus_seconds(WORTH_SECONDS),
        },
    })
}

/// What the person knows themselves by: in a pool where addresses are usernames, the address.
fn shown_name(pool: &Pool, user: &UserRow) -> String {
    let by = ["email", "phone_number"].into_iter().filter(|name| pool.is_username_attribute(name));
    let address = by.filter_map(|name| user.attribute(name)).find(|value| !value.is_empty());
    address.unwrap_or(&user.username).to_owned()
}

fn email_words(pool: &Pool, kind: Kind, custom: custom_message::Words) -> (String, String) {
    let template = pool.pool.verification_message_template.as_ref();
    let invitation = pool
        .pool
        .admin_create_user_config
        .as_ref()
        .and_then(|config| config.invite_message_template.as_ref());
    let by_link = kind == Kind::Confirm
        && template.and_then(|template| template.default_email_option.as_deref())
            == Some("CONFIRM_WITH_LINK");
    let (subject, text) = match kind {
        Kind::Invite => (
            invitation
                .and_then(|words| words.email_subject.clone())
                .unwrap_or_else(|| words::INVITATION_SUBJECT.into()),
            invitation
                .and_then(|words| words.email_message.clone())
                .unwrap_or_else(|| words::INVITATION_TEXT.into()),
        ),
        Kind::Mfa => {
            let email = pool.mfa.email.as_ref();
            (
                email.and_then(|email| email.subject.clone()).unwrap_or_else(|| words::MFA_SUBJECT.into()),
                email.and_then(|email| email.message.clone()).unwrap_or_else(|| words::MFA_TEXT.into()),
            )
        }
        Kind::Confirm if by_link => (
            template
                .and_then(|words| words.email_subject_by_link.clone())
                .unwrap_or_else(|| words::EMAIL_LINK_SUBJECT.into()),
            template
                .and_then(|words| words.email_message_by_link.clone())
                .unwrap_or_else(|| words::EMAIL_LINK_TEXT.into()),
        ),
        Kind::Confirm | Kind::Verify => (
            template
                .and_then(|words| words.email_subject.clone())
                .or_else(|| pool.pool.email_verification_subject.clone())
                .unwrap_or_else(|| words::EMAIL_SUBJECT.into()),
            template
                .and_then(|words| words.email_message.clone())
                .or_else(|| pool.pool.email_verification_message.clone())
                .unwrap_or_else(|| words::EMAIL_TEXT.into()),
        ),
    };
    (custom.subject.unwrap_or(subject), custom.email.unwrap_or(text))
}

fn sms_words(pool: &Pool, kind: Kind, custom: Option<String>) -> String {
    let template = pool.pool.verification_message_template.as_ref();
    let invitation = pool
        .pool
        .admin_create_user_config
        .as_ref()
        .and_then(|config| config.invite_message_template.as_ref());
    let own = match kind {
        Kind::Invite => invitation.and_then(|words| words.sms_message.clone()),
        Kind::Mfa => pool
            .mfa
            .sms
            .as_ref()
            .and_then(|sms| sms.sms_authentication_message.clone())
            .or_else(|| pool.pool.sms_authentication_message.clone()),
        Kind::Confirm | Kind::Verify => template
            .and_then(|words| words.sms_message.clone())
            .or_else(|| pool.pool.sms_verification_message.clone()),
    };
    let default = match kind {
        Kind::Invite => words::INVITATION_TEXT,
        Kind::Mfa => words::MFA_TEXT,
        Kind::Confirm | Kind::Verify => words::SMS_TEXT,
    };
    custom.or(own).unwrap_or_else(|| default.to_owned())
}

/// Where a confirmation link leads; only a pool with a domain has such a page.
fn link(service: &Service, pool: &Pool, client_id: &str, user: &UserRow, code: &str) -> Option<String> {
    let domain = pool.pool.custom_domain.as_ref().or(pool.pool.domain.as_ref())?;
    let base = &service.config.base_url;
    let (username, code) = (query_text(&user.username), query_text(code));
    Some(format!(
        "{base}/auth/{domain}/confirmUser?client_id={client_id}&user_name={username}&confirmation_code={code}"
    ))
}

fn query_text(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
        encoded
    })
}
