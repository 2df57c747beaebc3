//! Making signatures: for the command line and tests, which are clients of our own server.

use base::Timestamp;

use super::{
    ALGORITHM, Request,
    canonical::{canonical_request, encoded, string_to_sign},
    key::{Scope, SigningKey},
    when::format_amz_date,
};
use crate::digest::hex;

/// Headers that proxies may add or change, so that nobody signs them.
const NEVER_SIGNED: [&str; 6] =
    ["authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"];

/// Whose signature, for what.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    pub access_key_id: &'a str,
    pub secret_access_key: &'a str,
    pub session_token: Option<&'a str>,
    pub region: &'a str,
    /// `s3`, `sts`, `cognito-idp`, …
    pub service: &'a str,
}

impl Signer<'_> {
    /// The headers to add to `request`, which must have its `host`: `x-amz-date`, `x-amz-security-token` where there is
    /// one, `x-amz-content-sha256` for S3, and `authorization`.
    pub fn sign(&self, request: &Request<'_>, payload_hash: &str, at: Timestamp) -> Vec<(String, String)> {
        let amz_date = format_amz_date(at);
        let mut added = vec![(String::from("x-amz-date"), amz_date.clone())];
        if let Some(token) = self.session_token {
            added.push((String::from("x-amz-security-token"), token.to_owned()));
        }
        if self.service == "s3" {
            added.push((String::from("x-amz-content-sha256"), payload_hash.to_owned()));
        }
        let mut complete = request.clone();
        complete.headers.extend(added.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let signed_headers = signable(&complete);
        let scope = self.scope(&amz_date);
        let signature = self.signature(&complete, &scope, &signed_headers, payload_hash, &amz_date);
        let authorization = format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
            self.access_key_id,
            signed_headers.join(";")
        );
        added.push((String::from("authorization"), authorization));
        added
    }

    /// The query of a URL that whoever has it may use for `expires` seconds: the request's own, and the signature. The
    /// payload hash is [`super::UNSIGNED_PAYLOAD`] for S3 and [`super::EMPTY_SHA256`] for others.
    pub fn presign(&self, request: &Request<'_>, payload_hash: &str, at: Timestamp, expires: u32) -> String {
        let amz_date = format_amz_date(at);
        let scope = self.scope(&amz_date);
        let signed_headers = signable(request);
        let mut query = String::from(request.query);
        let mut add = |name: &str, value: &str| {
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(&format!("{name}={}", encoded(value.as_bytes())));
        };
        add("X-Amz-Algorithm", ALGORITHM);
        add("X-Amz-Credential", &format!("{}/{scope}", self.access_key_id));
        add("X-Amz-Date", &amz_date);
        add("X-Amz-Expires", &expires.to_string());
        add("X-Amz-SignedHeaders", &signed_headers.join(";"));
        if let Some(token) = self.session_token {
            add("X-Amz-Security-Token", token);
        }
        let complete = Request { query: &query, ..request.clone() };
        let signature = self.signature(&complete, &scope, &signed_headers, payload_hash, &amz_date);
        format!("{query}&X-Amz-Signature={signature}")
    }

    fn scope(&self, amz_date: &str) -> Scope {
        let date = amz_date.get(..8).unwrap_or_default().to_owned();
        Scope { date, region: self.region.to_owned(), service: self.service.to_owned() }
    }

    fn signature(
        &self,
        request: &Request<'_>,
        scope: &Scope,
        signed_headers: &[String],
        payload_hash: &str,
        amz_date: &str,
    ) -> String {
        // Every name in the list was taken from the request, so that none can be missing.
        let canonical = canonical_request(request, scope, signed_headers, payload_hash).unwrap_or_default();
        let key = SigningKey::derive(self.secret_access_key, scope);
        hex(&key.sign(&string_to_sign(amz_date, scope, &canonical)))
    }
}

fn signable(request: &Request<'_>) -> Vec<String> {
    let names = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    let mut names: Vec<String> = names.filter(|name| !NEVER_SIGNED.contains(&name.as_str())).collect();
    names.sort();
    names.dedup();
    names
}
