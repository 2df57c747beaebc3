//! Uploads in signed chunks, each signature resting on the one before (Amazon S3 API Reference, "Signature Calculations
//! for the Authorization Header: Transferring Payload in Multiple Chunks").

use super::key::SigningKey;
use crate::digest::{constant_time_eq, from_hex, sha256_hex};

/// Begins at the request's own signature. A chunk that does not verify ends the upload: nothing after it can be right.
#[derive(Debug)]
pub struct ChunkChain {
    key: SigningKey,
    amz_date: String,
    scope: String,
    previous: [u8; 32],
}

/// Trailing headers, as lines `name:value\n` in the order sent, and their signature.
#[derive(Clone, Copy, Debug)]
pub struct Trailer<'a> {
    pub lines: &'a [u8],
    pub signature: &'a str,
}

impl ChunkChain {
    pub(super) const fn new(key: SigningKey, amz_date: String, scope: String, seed: [u8; 32]) -> Self {
        Self { key, amz_date, scope, previous: seed }
    }

    /// The last signature that verified, at first the request's own, in hexadecimal. With [`ChunkChain::amz_date`],
    /// [`ChunkChain::scope`] and [`ChunkChain::sign`] for a reader that links the chunks by itself.
    pub fn so_far(&self) -> String {
        crate::digest::hex(&self.previous)
    }

    /// `20130524T000000Z`
    pub fn amz_date(&self) -> &str {
        &self.amz_date
    }

    /// `20130524/us-east-1/s3/aws4_request`
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// HMAC-SHA-256 with the signing key, in hexadecimal.
    pub fn sign(&self, text: &str) -> String {
        crate::digest::hex(&self.key.sign(text))
    }

    /// The next chunk's bytes (empty for the last) and its `chunk-signature`.
    pub fn verify(&mut self, chunk: &[u8], signature: &str) -> bool {
        let rest = format!("{}\n{}", super::EMPTY_SHA256, sha256_hex(chunk));
        self.link("AWS4-HMAC-SHA256-PAYLOAD", &rest, signature)
    }

    pub fn verify_trailer(&mut self, trailer: Trailer<'_>) -> bool {
        self.link("AWS4-HMAC-SHA256-TRAILER", &sha256_hex(trailer.lines), trailer.signature)
    }

    fn link(&mut self, algorithm: &str, rest: &str, signature: &str) -> bool {
        let previous = crate::digest::hex(&self.previous);
        let text = format!("{algorithm}\n{}\n{}\n{previous}\n{rest}", self.amz_date, self.scope);
        self.previous = self.key.sign(&text);
        from_hex(signature).is_some_and(|given| constant_time_eq(&given, &self.previous))
    }
}
