//! What is worked out over an object's bytes, and compared with what the client says it sent.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc, Table};
use md5::{Digest, Md5};

use crate::ObjectError;

static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
static CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
static CRC64NVME: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_NVME);

/// Above this many bytes the work goes to a thread that may block.
const INLINE_BYTES: usize = 256 * 1024;

/// "Checking object integrity in Amazon S3".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As XML elements (`Checksum…`) and messages have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// Base64 of the checksum, big end first.
    fn of(self, content: &[u8]) -> String {
        match self {
            Self::Crc32 => STANDARD.encode(CRC32.checksum(content).to_be_bytes()),
            Self::Crc32c => STANDARD.encode(CRC32C.checksum(content).to_be_bytes()),
            Self::Crc64Nvme => STANDARD.encode(CRC64NVME.checksum(content).to_be_bytes()),
            Self::Sha1 => STANDARD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, content)),
            Self::Sha256 => STANDARD.encode(digest::digest(&digest::SHA256, content)),
        }
    }
}

/// What the client says of the bytes it sends, to be held against them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `Content-MD5`: base64.
    pub md5: Option<String>,
    /// `x-amz-content-sha256` where it is a hash: hexadecimal.
    pub sha256: Option<String>,
    /// Base64, by algorithm.
    pub checksums: BTreeMap<Algorithm, String>,
}

/// What was worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Lower-case hexadecimal: the blob's name.
    pub sha256: String,
    /// The ETag of an object that was put at once.
    pub md5: [u8; 16],
    pub checksums: BTreeMap<String, String>,
}

/// Works out the sums of `content` and refuses what does not agree with `claims`.
pub async fn check(content: Bytes, claims: Claims) -> Result<Sums, ObjectError> {
    if content.len() <= INLINE_BYTES {
        return check_now(&content, &claims);
    }
    match tokio::task::spawn_blocking(move || check_now(&content, &claims)).await {
        Ok(outcome) => outcome,
        Err(cause) => Err(ObjectError::Internal(cause.to_string())),
    }
}

fn check_now(content: &[u8], claims: &Claims) -> Result<Sums, ObjectError> {
    let sha256 = sha256_hex(content);
    if claims.sha256.as_ref().is_some_and(|claimed| *claimed != sha256) {
        return Err(ObjectError::ContentSha256Mismatch);
    }
    let md5: [u8; 16] = Md5::digest(content).into();
    if let Some(claimed) = &claims.md5 {
        match STANDARD.decode(claimed) {
            Ok(claimed) if claimed == md5 => {}
            Ok(claimed) if claimed.len() == md5.len() => return Err(ObjectError::BadDigest("Content-MD5")),
            _ => return Err(ObjectError::InvalidDigest("Content-MD5")),
        }
    }
    let mut checksums = BTreeMap::new();
    for (algorithm, claimed) in &claims.checksums {
        let found = algorithm.of(content);
        if found != *claimed {
            return Err(ObjectError::BadDigest(algorithm.name()));
        }
        checksums.insert(algorithm.name().to_owned(), found);
    }
    Ok(Sums { sha256, md5, checksums })
}

/// The ETag of an object made of parts: the MD5 of their MD5s, and how many they are.
pub(crate) fn etag_of_parts<'p>(etags: impl ExactSizeIterator<Item = &'p str>) -> String {
    let count = etags.len();
    let mut hasher = Md5::new();
    for etag in etags {
        hasher.update(unhex(etag));
    }
    format!("{}-{count}", hex(&hasher.finalize()))
}

pub(crate) fn sha256_hex(content: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, content).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    text.as_bytes()
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | pair.get(1).map_or(0, |low| digit(*low)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the CRC catalogue, and FIPS 180-4's.
    #[test]
    fn known_sums() {
        let sum = |algorithm: Algorithm| algorithm.of(b"123456789");
        assert_eq!(sum(Algorithm::Crc32), STANDARD.encode(0xcbf4_3926_u32.to_be_bytes()));
        assert_eq!(sum(Algorithm::Crc32c), STANDARD.encode(0xe306_9283_u32.to_be_bytes()));
        assert_eq!(sum(Algorithm::Crc64Nvme), STANDARD.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes()));
        assert_eq!(Algorithm::Sha1.of(b"abc"), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[tokio::test]
    async fn what_was_not_sent_is_refused() {
        let content = Bytes::from_static(b"content");
        let claims = |algorithm, sum: &str| Claims {
            checksums: BTreeMap::from([(algorithm, sum.to_owned())]),
            ..Claims::default()
        };
        let wrong = check(content.clone(), claims(Algorithm::Crc32, "AAAAAA==")).await.unwrap_err();
        assert_eq!((wrong.code(), wrong.status()), ("BadDigest", 400));
        let right = Algorithm::Crc32.of(&content);
        assert!(check(content.clone(), claims(Algorithm::Crc32, &right)).await.is_ok());
        let md5 = |text: &str| Claims { md5: Some(text.to_owned()), ..Claims::default() };
        let wrong = check(content.clone(), md5("1B2M2Y8AsgTpgAmY7PhCfg==")).await.unwrap_err();
        assert_eq!(wrong.code(), "BadDigest");
        assert_eq!(check(content.clone(), md5("odd")).await.unwrap_err().code(), "InvalidDigest");
        let sha256 = Claims { sha256: Some("0".repeat(64)), ..Claims::default() };
        assert_eq!(check(content, sha256).await.unwrap_err().code(), "XAmzContentSHA256Mismatch");
    }

    #[test]
    fn the_etag_of_parts_is_a_hash_of_hashes() {
        // Worked out with Python: md5(md5(b"a").digest() + md5(b"b").digest()).hexdigest()
        let parts = ["0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f"];
        assert_eq!(etag_of_parts(parts.into_iter()), "96e024ba2074fe77e8e965ba43a704be-2");
    }
}
