//! The signature, the key, the clock: in this order, so that nobody without a key learns more than that they have none.

use std::sync::Arc;

use base::AwsError;
use crypto::sigv4::{Form, Presented, Request};
use http::request::Parts;

use super::{
    BodyClaim, Dialect, Payload,
    payload::{claim, signed_hash},
    refusal::Refusal,
};
use crate::{
    Iam, Inner, Principal, PrincipalKind,
    policy::{Kind, Policy},
    rows::{KeyOwner, KeyStatus},
    session::{Session, SessionHolder},
};

/// Seconds between a signature's date and now, either way ("Create a signed AWS API request": five minutes).
const CLOCK_SKEW: i64 = 5 * 60;
/// S3 gives fifteen ("Authenticating Requests: Using the Authorization Header").
const S3_CLOCK_SKEW: i64 = 15 * 60;
/// For a presigned URL that does not say: only services other than S3 let that pass.
const DEFAULT_EXPIRES: i64 = CLOCK_SKEW;

/// Whether a request carries a signature at all, right or wrong: tells the unsigned operations' callers apart.
pub fn is_signed(parts: &Parts) -> bool {
    let header = parts.headers.get(http::header::AUTHORIZATION);
    let in_header = header.is_some_and(|value| value.as_bytes().starts_with(b"AWS4-"));
    in_header || parts.uri.query().is_some_and(|query| query.contains("X-Amz-Signature="))
}

impl Iam {
    /// Who signed the request. `service` is the signing name of the service that the request was routed to; a signature
    /// for another service or region is refused. Errors are worded as that service words them.
    pub async fn authenticate(
        &self,
        parts: &Parts,
        service: &str,
        body: &[u8],
    ) -> Result<Principal, AwsError> {
        let checked = self.authenticate_upload(parts, service, Payload::Bytes(body)).await;
        checked.map(|(principal, _)| principal)
    }

    /// As [`Iam::authenticate`], for S3, whose bodies may be still to come; says what of the body is left to check.
    pub async fn authenticate_upload(
        &self,
        parts: &Parts,
        service: &str,
        payload: Payload<'_>,
    ) -> Result<(Principal, BodyClaim), AwsError> {
        let checked = self.inner.check(parts, service, payload).await;
        checked.map_err(|refusal| refusal.into_error(Dialect::of(service)))
    }
}

impl Inner {
    async fn check(
        &self,
        parts: &Parts,
        service: &str,
        payload: Payload<'_>,
    ) -> Result<(Principal, BodyClaim), Refusal> {
        let s3 = service == "s3";
        let request = as_sent(parts);
        let presented = Presented::parse(&request).map_err(Refusal::Presented)?;
        self.check_scope(&presented, service)?;
        let key = self.signing_key(&presented).await?;
        let hash = signed_hash(&presented, payload, s3)?;
        if !presented.verify(&request, key.secret(), &hash) {
            return Err(Refusal::Mismatch);
        }
        self.check_clock(&presented, s3)?;
        let claim = claim(&presented, &hash, key.secret(), payload);
        let principal = self.principal(&presented, key).await?;
        Ok((principal, claim))
    }

    fn check_scope(&self, presented: &Presented, service: &str) -> Result<(), Refusal> {
        let scope = &presented.scope;
        if scope.service != service {
            return Err(Refusal::Scope { expected: "service", value: service.to_owned() });
        }
        let own = self.config.region.as_str();
        // IAM is global, and STS has a global endpoint: both are signed for us-east-1 wherever the account is.
        let global = matches!(service, "iam" | "sts") && scope.region == "us-east-1";
        if scope.region == own || global {
            Ok(())
        } else {
            Err(Refusal::Scope { expected: "region", value: own.to_owned() })
        }
    }

    async fn signing_key(&self, presented: &Presented) -> Result<SigningKey, Refusal> {
        let id = &presented.access_key_id;
        match &presented.session_token {
            Some(token) => {
                self.open_session(id, token).map(SigningKey::Session).map_err(|_| Refusal::BadToken)
            }
            None => match self.key(id).await? {
                Some(key) if key.status == KeyStatus::Active => Ok(SigningKey::LongTerm(key)),
                _ => Err(Refusal::UnknownKey),
            },
        }
    }

    fn check_clock(&self, presented: &Presented, s3: bool) -> Result<(), Refusal> {
        let (now, signed) = (self.clock.now(), presented.signed_at);
        let skew = if s3 { S3_CLOCK_SKEW } else { CLOCK_SKEW };
        let (allowed, presigned) = match presented.form {
            Form::Header => (skew, false),
            Form::Query { expires } => (expires.unwrap_or(DEFAULT_EXPIRES), true),
        };
        // Signatures have whole seconds.
        let age = now.seconds() - signed.seconds();
        if age > allowed {
            Err(Refusal::TooLate { signed, now, allowed, presigned })
        } else if -age > skew {
            Err(Refusal::TooEarly { signed, now, allowed: skew })
        } else {
            Ok(())
        }
    }

    async fn principal(&self, presented: &Presented, key: SigningKey) -> Result<Principal, Refusal> {
        let access_key_id = presented.access_key_id.clone();
        match key {
            SigningKey::LongTerm(key) => self.owner(&key.owner, access_key_id, None).await,
            SigningKey::Session(session) => {
                if session.expires_at <= self.clock.now() {
                    return Err(Refusal::SessionOver);
                }
                self.session_principal(&session, access_key_id).await
            }
        }
    }

    /// The root user, or a user who is still the one the key was made for.
    async fn owner(
        &self,
        owner: &KeyOwner,
        access_key_id: String,
        session: Option<&Session>,
    ) -> Result<Principal, Refusal> {
        let account = self.account().to_owned();
        let (arn, user_id, kind) = match owner {
            KeyOwner::Root => (format!("arn:aws:iam::{account}:root"), account.clone(), PrincipalKind::Root),
            KeyOwner::User { name, id } => {
                let user = self.user(name).await?.filter(|user| user.id == *id).ok_or(Refusal::UnknownKey)?;
                (user.arn.clone(), user.id.clone(), PrincipalKind::User { name: user.name.clone() })
            }
        };
        Ok(Principal {
            account,
            arn,
            user_id,
            access_key_id,
            kind,
            session_since: session.map(|session| session.since),
            session_policies: Vec::new(),
        })
    }

    async fn session_principal(
        &self,
        session: &Session,
        access_key_id: String,
    ) -> Result<Principal, Refusal> {
        let (role_name, role_id, session_name) = match &session.holder {
            SessionHolder::Owner { owner } => return self.owner(owner, access_key_id, Some(session)).await,
            SessionHolder::Role { name, id, session } => (name, id, session),
        };
        let role = self.role(role_name).await?.filter(|role| role.id == *role_id).ok_or(Refusal::BadToken)?;
        let read = |document: &String| Policy::parse(document, Kind::Identity).map(Arc::new);
        let policies: Result<Vec<_>, _> = session.policies.iter().map(read).collect();
        let account = self.account().to_owned();
        Ok(Principal {
            arn: format!("arn:aws:sts::{account}:assumed-role/{}/{session_name}", role.name),
            user_id: format!("{}:{session_name}", role.id),
            account,
            access_key_id,
            kind: PrincipalKind::AssumedRole {
                role: role.name.clone(),
                role_arn: role.arn.clone(),
                session: session_name.clone(),
            },
            session_since: Some(session.since),
            session_policies: policies.map_err(|_| Refusal::BadToken)?,
        })
    }
}

/// Whose secret the signature is checked with.
enum SigningKey {
    LongTerm(Arc<crate::cache::CachedKey>),
    Session(Session),
}

impl SigningKey {
    fn secret(&self) -> &str {
        match self {
            Self::LongTerm(key) => key.secret.expose(),
            Self::Session(session) => session.secret(),
        }
    }
}

/// The request as the client sent it. A request line with a whole URL (HTTP/1.1 proxies, HTTP/2) carries the host there.
fn as_sent(parts: &Parts) -> Request<'_> {
    let mut headers: Vec<(&str, &[u8])> =
        parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    if let Some(authority) = parts.uri.authority().filter(|_| !parts.headers.contains_key(http::header::HOST))
    {
        headers.push(("host", authority.as_str().as_bytes()));
    }
    Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers,
    }
}
