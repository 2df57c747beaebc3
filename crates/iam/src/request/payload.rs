//! The body, as far as the signature is about it.

use crypto::{
    digest::sha256_hex,
    sigv4::{ChunkChain, EMPTY_SHA256, Form, Presented, UNSIGNED_PAYLOAD},
};

use super::refusal::Refusal;

/// What is known of the body when the signature is checked.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// It is still to come: S3's uploads, where the signature says what its hash will be.
    ToCome,
}

/// What the reader of a body that was still to come must check.
#[derive(Debug)]
pub enum BodyClaim {
    /// Nothing: it was checked, or S3's `UNSIGNED-PAYLOAD` leaves it open.
    Settled,
    /// SHA-256 in lower-case hexadecimal.
    Sha256(String),
    /// `aws-chunked` with a signature on each chunk, and on the trailer where the flag says that there is one.
    SignedChunks { chain: ChunkChain, trailer: bool },
    /// `aws-chunked` without signatures (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`).
    UnsignedChunks,
}

/// The text that stands for the body in what was signed.
pub(super) fn signed_hash(presented: &Presented, payload: Payload<'_>, s3: bool) -> Result<String, Refusal> {
    let actual = match payload {
        Payload::Bytes(bytes) => Some(sha256_hex(bytes)),
        Payload::ToCome => None,
    };
    if !s3 {
        // Whatever a header claims, the body's own hash is what was signed.
        return Ok(actual.unwrap_or_else(|| EMPTY_SHA256.to_owned()));
    }
    let Some(claimed) = presented.content_sha256.clone() else {
        return match presented.form {
            Form::Query { .. } => Ok(UNSIGNED_PAYLOAD.to_owned()),
            Form::Header => Err(Refusal::ContentSha256Missing),
        };
    };
    match (claimed.as_str(), actual) {
        (UNSIGNED_PAYLOAD | SIGNED_CHUNKS | SIGNED_CHUNKS_TRAILER | UNSIGNED_CHUNKS, _) => Ok(claimed),
        (hash, _) if !is_sha256(hash) => Err(Refusal::ContentSha256Invalid),
        (hash, Some(actual)) if hash != actual => Err(Refusal::ContentSha256Mismatch),
        _ => Ok(claimed),
    }
}

/// What is left to check of an S3 body that is still to come.
pub(super) fn claim(
    presented: &Presented,
    signed_hash: &str,
    secret: &str,
    payload: Payload<'_>,
) -> BodyClaim {
    let chain = |trailer| BodyClaim::SignedChunks { chain: presented.chunk_chain(secret), trailer };
    match (signed_hash, payload) {
        (SIGNED_CHUNKS, _) => chain(false),
        (SIGNED_CHUNKS_TRAILER, _) => chain(true),
        (UNSIGNED_CHUNKS, _) => BodyClaim::UnsignedChunks,
        (UNSIGNED_PAYLOAD, _) | (_, Payload::Bytes(_)) => BodyClaim::Settled,
        (hash, Payload::ToCome) => BodyClaim::Sha256(hash.to_owned()),
    }
}

const SIGNED_CHUNKS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_CHUNKS_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_CHUNKS: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
