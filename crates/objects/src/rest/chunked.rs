//! Bodies in the `aws-chunked` coding (Amazon S3 API Reference, "Signature calculations for the authorization header:
//! transferring payload in multiple chunks", "…including trailing headers").
//!
//! ```text
//! <length in hex>[;chunk-signature=<hex>]\r\n<bytes>\r\n … 0[;chunk-signature=<hex>]\r\n[name:value\r\n …]\r\n
//! ```

use bytes::{Bytes, BytesMut};

use super::Call;
use crate::{ObjectError, checksum::sha256_hex};

/// A trailer has a checksum or two and a signature.
const MOST_TRAILERS: usize = 16;

/// What it takes to check the chain of signatures.
pub struct ChunkSigning<'k> {
    /// The signature of the request itself, in hexadecimal.
    pub seed_signature: &'k str,
    /// `20130524T000000Z`.
    pub amz_date: &'k str,
    /// `20130524/us-east-1/s3/aws4_request`.
    pub scope: &'k str,
    /// HMAC-SHA-256 of a string with the signing key, in lower-case hexadecimal.
    pub sign: &'k (dyn Fn(&str) -> String + Send + Sync),
}

type Trailer = Vec<(String, String)>;

/// The bytes without their frames, and the trailer, with names in lower case.
pub(crate) fn decode(
    body: &Bytes,
    declared: &str,
    call: &Call<'_>,
    signing: Option<&ChunkSigning<'_>>,
) -> Result<(Bytes, Trailer), ObjectError> {
    let (is_signed, has_trailer) = match declared {
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => (true, false),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => (true, true),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => (false, true),
        other => return Err(ObjectError::NotImplemented(other.to_owned())),
    };
    let mut chain = match (is_signed, signing) {
        (true, Some(signing)) => Some(Chain { signing, previous: signing.seed_signature.to_owned() }),
        (true, None) => return Err(ObjectError::SignatureDoesNotMatch),
        (false, _) => None,
    };
    let expected: usize = call
        .header("x-amz-decoded-content-length")
        .and_then(|length| length.parse().ok())
        .ok_or_else(|| ObjectError::InvalidRequest(String::from("Missing x-amz-decoded-content-length")))?;
    let mut rest = Rest(body);
    let mut content = BytesMut::with_capacity(expected.min(body.len()));
    loop {
        let (length, signature) = read_head(rest.line()?)?;
        let chunk = rest.take(length)?;
        if let Some(chain) = &mut chain {
            chain.check_chunk(chunk, signature)?;
        }
        content.extend_from_slice(chunk);
        if length == 0 {
            break;
        }
        rest.end_of_line()?;
    }
    if content.len() != expected {
        return Err(ObjectError::IncompleteBody);
    }
    let trailer = if has_trailer { read_trailer(&mut rest, call, chain.as_ref())? } else { Trailer::new() };
    Ok((content.freeze(), trailer))
}

fn read_head(line: &str) -> Result<(usize, Option<&str>), ObjectError> {
    let (length, extension) =
        line.split_once(';').map_or((line, None), |(length, rest)| (length, Some(rest)));
    let fits = !length.is_empty() && length.len() <= 8 && length.bytes().all(|byte| byte.is_ascii_hexdigit());
    let length =
        usize::from_str_radix(length, 16).ok().filter(|_| fits).ok_or(ObjectError::IncompleteBody)?;
    Ok((length, extension.and_then(|extension| extension.strip_prefix("chunk-signature="))))
}

/// Only what `x-amz-trailer` announced counts.
fn read_trailer(
    rest: &mut Rest<'_>,
    call: &Call<'_>,
    chain: Option<&Chain<'_>>,
) -> Result<Trailer, ObjectError> {
    let announced = call.header("x-amz-trailer").unwrap_or_default().to_ascii_lowercase();
    let mut trailer = Trailer::new();
    let mut signature = None;
    while !rest.0.is_empty() {
        let line = rest.line()?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or(ObjectError::IncompleteBody)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if name == "x-amz-trailer-signature" {
            signature = Some(value);
        } else if announced.split(',').any(|announced| announced.trim() == name)
            && trailer.len() < MOST_TRAILERS
        {
            trailer.push((name, value));
        } else {
            return Err(ObjectError::InvalidRequest(String::from(
                "The trailer is not the one that was announced",
            )));
        }
    }
    if let Some(chain) = chain {
        chain.check_trailer(&trailer, signature.as_deref())?;
    }
    Ok(trailer)
}

/// Each chunk's signature takes in the one before it, so that none can be left out, doubled or moved.
struct Chain<'k> {
    signing: &'k ChunkSigning<'k>,
    previous: String,
}

impl Chain<'_> {
    fn check_chunk(&mut self, chunk: &[u8], signature: Option<&str>) -> Result<(), ObjectError> {
        let ChunkSigning { amz_date, scope, sign, .. } = self.signing;
        let right = sign(&format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{amz_date}\n{scope}\n{}\n{}\n{}",
            self.previous,
            sha256_hex(b""),
            sha256_hex(chunk)
        ));
        compare(&right, signature)?;
        self.previous = right;
        Ok(())
    }

    fn check_trailer(&self, trailer: &Trailer, signature: Option<&str>) -> Result<(), ObjectError> {
        let ChunkSigning { amz_date, scope, sign, .. } = self.signing;
        let mut sorted: Vec<String> =
            trailer.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        sorted.sort();
        let right = sign(&format!(
            "AWS4-HMAC-SHA256-TRAILER\n{amz_date}\n{scope}\n{}\n{}",
            self.previous,
            sha256_hex(sorted.concat().as_bytes())
        ));
        compare(&right, signature)
    }
}

fn compare(right: &str, given: Option<&str>) -> Result<(), ObjectError> {
    let given = given.unwrap_or_default().as_bytes();
    let same = aws_lc_rs::constant_time::verify_slices_are_equal(right.as_bytes(), given);
    same.map_err(|_| ObjectError::SignatureDoesNotMatch)
}

/// What is left of the body.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn line(&mut self) -> Result<&'b str, ObjectError> {
        let end =
            self.0.iter().take(8192).position(|byte| *byte == b'\n').ok_or(ObjectError::IncompleteBody)?;
        let line = self.0[..end].strip_suffix(b"\r").unwrap_or(&self.0[..end]);
        self.0 = &self.0[end + 1..];
        std::str::from_utf8(line).map_err(|_| ObjectError::IncompleteBody)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], ObjectError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ObjectError::IncompleteBody)?;
        self.0 = rest;
        Ok(taken)
    }

    fn end_of_line(&mut self) -> Result<(), ObjectError> {
        if self.line()?.is_empty() { Ok(()) } else { Err(ObjectError::IncompleteBody) }
    }
}

#[cfg(test)]
mod tests;
