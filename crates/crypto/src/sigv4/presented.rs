//! The signature a request carries, taken apart and checked.

use base::Timestamp;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    ALGORITHM, ChunkChain, Request, TERMINATOR,
    canonical::{canonical_request, decoded, string_to_sign},
    key::{Scope, SigningKey},
    when::{format_amz_date, parse_amz_date, parse_http_date},
};
use crate::digest::{constant_time_eq, from_hex, sha256};

/// How a request carries its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query: a presigned URL, good for so many seconds (`X-Amz-Expires`) where it says so.
    Query { expires: Option<i64> },
}

/// What is wrong with a signature before any key is looked at; the texts are AWS's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("Missing Authentication Token")]
    Missing,
    /// A header and a query, two headers, a parameter twice: whoever checks and whoever acts could read it differently.
    #[error("{0} is given more than once, or in more than one way")]
    Ambiguous(String),
    #[error("{0}")]
    Incomplete(String),
    #[error("There were headers present in the request which were not signed: {}", .0.join(", "))]
    UnsignedHeaders(Vec<String>),
    /// `X-Amz-Expires` of a presigned URL is no number of seconds up to a week.
    #[error("X-Amz-Expires must be a number of seconds from 1 to 604800")]
    Expires,
}

/// Nothing of this is proven until [`Presented::verify`] says so.
#[derive(Clone, Debug)]
pub struct Presented {
    pub form: Form,
    pub access_key_id: String,
    pub scope: Scope,
    pub signed_at: Timestamp,
    pub session_token: Option<String>,
    /// `x-amz-content-sha256`, as the header says.
    pub content_sha256: Option<String>,
    amz_date: String,
    signed_headers: Vec<String>,
    signature: [u8; 32],
}

/// A week.
const LONGEST_EXPIRY: i64 = 604_800;

impl Presented {
    pub fn parse(request: &Request<'_>) -> Result<Self, Refusal> {
        let query: Vec<(String, String)> = parameters(request.query);
        let in_query = query.iter().any(|(name, _)| name == "X-Amz-Signature" || name == "X-Amz-Algorithm");
        let authorization = single(request, "authorization")?;
        let presented = match (authorization, in_query) {
            (Some(_), true) => return Err(Refusal::Ambiguous(String::from("The signature"))),
            (Some(header), false) => Self::from_header(request, header)?,
            (None, true) => Self::from_query(request, &query)?,
            (None, false) => return Err(Refusal::Missing),
        };
        presented.check_coverage(request)?;
        Ok(presented)
    }

    /// Whether the holder of the secret signed this request with this payload hash.
    pub fn verify(&self, request: &Request<'_>, secret_access_key: &str, payload_hash: &str) -> bool {
        let key = SigningKey::derive(secret_access_key, &self.scope);
        canonical_request(request, &self.scope, &self.signed_headers, payload_hash).is_some_and(|canonical| {
            let expected = key.sign(&string_to_sign(&self.amz_date, &self.scope, &canonical));
            constant_time_eq(&expected, &self.signature)
        })
    }

    /// For an upload in signed chunks, whose first link is this signature.
    pub fn chunk_chain(&self, secret_access_key: &str) -> ChunkChain {
        ChunkChain::new(
            SigningKey::derive(secret_access_key, &self.scope),
            self.amz_date.clone(),
            self.scope.to_string(),
            self.signature,
        )
    }

    pub fn signs_header(&self, name: &str) -> bool {
        self.signed_headers.iter().any(|signed| signed == name)
    }

    fn from_header(request: &Request<'_>, header: &[u8]) -> Result<Self, Refusal> {
        let hashed = STANDARD.encode(sha256(header));
        let incomplete = |text: &str| {
            Refusal::Incomplete(format!(
                "{text} (Hashed with SHA-256 and encoded with Base64) Authorization={hashed}"
            ))
        };
        let text =
            std::str::from_utf8(header).map_err(|_| incomplete("Authorization header is not UTF-8."))?;
        let (algorithm, fields) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if algorithm != ALGORITHM {
            return Err(incomplete("Unsupported AWS 'algorithm'."));
        }
        let [mut credential, mut signed_headers, mut signature] = [None; 3];
        for field in fields.split(',').map(str::trim).filter(|field| !field.is_empty()) {
            let Some((name, value)) = field.split_once('=') else {
                return Err(incomplete(
                    "A key=value pair is missing its equal-sign in Authorization header.",
                ));
            };
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(incomplete("Authorization header has an unknown parameter.")),
            };
            if place.replace(value).is_some() {
                return Err(Refusal::Ambiguous(name.to_owned()));
            }
        }
        let when = signing_time(request)?;
        let mut missing = String::new();
        for (name, found) in [
            ("Credential", credential.is_some()),
            ("Signature", signature.is_some()),
            ("SignedHeaders", signed_headers.is_some()),
        ] {
            if !found {
                missing.push_str(&format!("Authorization header requires '{name}' parameter. "));
            }
        }
        if when.is_none() {
            missing.push_str(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
            );
        }
        let (Some(credential), Some(signed_headers), Some(signature), Some(signed_at)) =
            (credential, signed_headers, signature, when)
        else {
            return Err(incomplete(missing.trim_end()));
        };
        let token = single(request, "x-amz-security-token")?;
        let token = token.map(|token| String::from_utf8_lossy(token).into_owned());
        Self::new(request, Form::Header, credential, signed_headers, signature, signed_at, token)
    }

    fn from_query(request: &Request<'_>, query: &[(String, String)]) -> Result<Self, Refusal> {
        let parameter = |name: &str| {
            let mut values = query.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
            match (values.next(), values.next()) {
                (_, Some(_)) => Err(Refusal::Ambiguous(name.to_owned())),
                (value, None) => Ok(value),
            }
        };
        if parameter("X-Amz-Algorithm")?.is_some_and(|algorithm| algorithm != ALGORITHM) {
            return Err(Refusal::Incomplete(format!("X-Amz-Algorithm only supports \"{ALGORITHM}\"")));
        }
        let (Some(_), Some(credential), Some(signature), Some(date), Some(signed_headers)) = (
            parameter("X-Amz-Algorithm")?,
            parameter("X-Amz-Credential")?,
            parameter("X-Amz-Signature")?,
            parameter("X-Amz-Date")?,
            parameter("X-Amz-SignedHeaders")?,
        ) else {
            return Err(Refusal::Incomplete(String::from(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                 X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            )));
        };
        let signed_at = parse_amz_date(date).ok_or_else(|| {
            Refusal::Incomplete(String::from(
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
            ))
        })?;
        let expires = parameter("X-Amz-Expires")?
            .map(|text| text.parse().ok().filter(|seconds| (1..=LONGEST_EXPIRY).contains(seconds)))
            .map(|seconds| seconds.ok_or(Refusal::Expires))
            .transpose()?;
        let token = parameter("X-Amz-Security-Token")?.map(str::to_owned);
        let form = Form::Query { expires };
        Self::new(request, form, credential, signed_headers, signature, signed_at, token)
    }

    fn new(
        request: &Request<'_>,
        form: Form,
        credential: &str,
        signed_headers: &str,
        signature: &str,
        signed_at: Timestamp,
        session_token: Option<String>,
    ) -> Result<Self, Refusal> {
        let amz_date = format_amz_date(signed_at);
        let (access_key_id, scope) = credential_scope(credential, &amz_date)?;
        let content_sha256 = single(request, "x-amz-content-sha256")?
            .map(|hash| String::from_utf8_lossy(hash).trim().to_owned());
        let signature = from_hex(signature)
            .filter(|_| signature.bytes().all(|digit| !digit.is_ascii_uppercase()))
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| {
                Refusal::Incomplete(String::from("Signature must be 64 lower-case hexadecimal digits."))
            })?;
        Ok(Self {
            form,
            access_key_id,
            scope,
            signed_at,
            session_token,
            content_sha256,
            amz_date,
            signed_headers: header_names(signed_headers)?,
            signature,
        })
    }

    /// The host and every `x-amz-` header must be signed: what is not could be added by anyone on the way.
    fn check_coverage(&self, request: &Request<'_>) -> Result<(), Refusal> {
        if !self.signs_header("host") {
            return Err(Refusal::Incomplete(String::from(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            )));
        }
        single(request, "host")?;
        single(request, "x-amz-date")?;
        single(request, "x-amz-target")?;
        let mut unsigned: Vec<String> = request
            .headers
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .filter(|name| name.starts_with("x-amz-") && !self.signs_header(name))
            .collect();
        unsigned.dedup();
        if unsigned.is_empty() { Ok(()) } else { Err(Refusal::UnsignedHeaders(unsigned)) }
    }
}

/// A header that may be there once.
fn single<'a>(request: &Request<'a>, name: &str) -> Result<Option<&'a [u8]>, Refusal> {
    let mut values = request.values(name);
    let first = values.next();
    if values.next().is_some() { Err(Refusal::Ambiguous(name.to_owned())) } else { Ok(first) }
}

/// `X-Amz-Date`, or else `Date`, in either of its formats.
fn signing_time(request: &Request<'_>) -> Result<Option<Timestamp>, Refusal> {
    let text =
        |name| Ok(single(request, name)?.and_then(|value| std::str::from_utf8(value).ok()).map(str::trim));
    match text("x-amz-date")? {
        Some(date) => parse_amz_date(date).map(Some).ok_or_else(|| {
            Refusal::Incomplete(String::from(
                "Date must be in ISO-8601 'basic format', such as 20240917T083005Z.",
            ))
        }),
        None => Ok(text("date")?.and_then(|date| parse_amz_date(date).or_else(|| parse_http_date(date)))),
    }
}

fn credential_scope(credential: &str, amz_date: &str) -> Result<(String, Scope), Refusal> {
    let parts: Vec<&str> = credential.split('/').collect();
    let [key, date, region, service, terminator] = parts.as_slice() else {
        return Err(Refusal::Incomplete(String::from(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
        )));
    };
    if *terminator != TERMINATOR {
        return Err(Refusal::Incomplete(format!(
            "Credential should be scoped with a valid terminator: '{TERMINATOR}'."
        )));
    }
    if !amz_date.starts_with(date) || date.len() != 8 {
        return Err(Refusal::Incomplete(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP, from '{amz_date}'."
        )));
    }
    if key.is_empty() || region.is_empty() || service.is_empty() {
        return Err(Refusal::Incomplete(String::from("Credential has an empty element.")));
    }
    let scope =
        Scope { date: (*date).to_owned(), region: (*region).to_owned(), service: (*service).to_owned() };
    Ok(((*key).to_owned(), scope))
}

/// Lower-case, sorted, none twice: the one way to write the list.
fn header_names(list: &str) -> Result<Vec<String>, Refusal> {
    let names: Vec<String> = list.split(';').map(str::to_owned).collect();
    let plain = |name: &String| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if names.iter().all(plain) && names.is_sorted_by(|left, right| left < right) {
        Ok(names)
    } else {
        Err(Refusal::Incomplete(String::from(
            "SignedHeaders must be lower-case names in order, separated by semicolons, none twice.",
        )))
    }
}

fn parameters(query: &str) -> Vec<(String, String)> {
    let text = |part: &str| String::from_utf8_lossy(&decoded(part, true)).into_owned();
    query
        .split('&')
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
        .map(|(name, value)| (text(name), text(value)))
        .filter(|(name, _)| name.starts_with("X-Amz-"))
        .collect()
}
