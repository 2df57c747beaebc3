//! RSA keys: the pair that signs a pool's tokens, and public keys as JSON Web Keys (RFC 7517).

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{
        KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaPublicKeyComponents,
    },
};
use base::Secret;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// An RSA key in a JWKS, members in the order Cognito writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// Base64url without padding, as is `n`.
    pub e: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    pub kty: String,
    pub n: String,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key could not be made")]
    Generate,
    #[error("not an RSA key of 2048 bits or more for RS256 signatures")]
    Unusable,
    #[error("the key could not sign")]
    Sign,
}

/// RSA, 2048 bits.
pub struct SigningKey {
    kid: String,
    pair: KeyPair,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    /// `{"kid":…,"alg":"RS256"}` in base64url: the first part of every token.
    header: String,
}

impl SigningKey {
    /// Takes some 100 ms of one core: for `workers`.
    pub fn generate(kid: impl Into<String>) -> Result<Self, KeyError> {
        Self::new(kid.into(), KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generate)?)
    }

    /// PKCS #8 (RFC 5208) in DER, as [`SigningKey::to_pkcs8`] wrote it.
    pub fn from_pkcs8(kid: impl Into<String>, der: &[u8]) -> Result<Self, KeyError> {
        Self::new(kid.into(), KeyPair::from_pkcs8(der).map_err(|_| KeyError::Unusable)?)
    }

    fn new(kid: String, pair: KeyPair) -> Result<Self, KeyError> {
        let (modulus, exponent) = der::public_key(pair.public_key().as_ref()).ok_or(KeyError::Unusable)?;
        let header =
            serde_json::to_vec(&Header { kid: &kid, alg: "RS256" }).map_err(|_| KeyError::Unusable)?;
        let (modulus, exponent) = (modulus.to_vec(), exponent.to_vec());
        Ok(Self { kid, pair, modulus, exponent, header: URL_SAFE_NO_PAD.encode(header) })
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The private key: to be sealed.
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, KeyError> {
        Ok(Secret::new(self.pair.as_der().map_err(|_| KeyError::Unusable)?.as_ref().to_vec()))
    }

    pub fn jwk(&self) -> Jwk {
        Jwk {
            alg: Some(String::from("RS256")),
            e: URL_SAFE_NO_PAD.encode(&self.exponent),
            kid: Some(self.kid.clone()),
            kty: String::from("RSA"),
            n: URL_SAFE_NO_PAD.encode(&self.modulus),
            usage: Some(String::from("sig")),
        }
    }

    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_components(Some(self.kid.clone()), &self.modulus, &self.exponent)
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3): 0.7 ms of one core.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyError::Sign)?;
        Ok(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.kid)
    }
}

#[derive(Serialize)]
struct Header<'a> {
    kid: &'a str,
    alg: &'a str,
}

/// What signatures are checked with: RS256 and 2048 to 8192 bits, whatever a token's header says.
#[derive(Clone)]
pub struct PublicKey {
    kid: Option<String>,
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// A key of a JWKS, ours or an identity provider's. One that is meant for encryption or another algorithm is refused.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let fits = jwk.kty == "RSA"
            && jwk.alg.as_deref().is_none_or(|alg| alg == "RS256")
            && jwk.usage.as_deref().is_none_or(|usage| usage == "sig");
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Unusable);
        if fits {
            Self::from_components(jwk.kid.clone(), &decode(&jwk.n)?, &decode(&jwk.e)?)
        } else {
            Err(KeyError::Unusable)
        }
    }

    /// Modulus and exponent, big-endian. Leading zeros do no harm.
    pub fn from_components(kid: Option<String>, modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = (significant(modulus), significant(exponent));
        if n.len() < 256 || n.len() > 1024 || e.is_empty() || e.len() > 4 {
            return Err(KeyError::Unusable);
        }
        RsaPublicKeyComponents { n, e }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map(|parsed| Self { kid, parsed })
            .map_err(|_| KeyError::Unusable)
    }

    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Takes some 20 µs.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({:?})", self.kid)
    }
}

fn significant(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    &number[start..]
}

/// Just enough DER (X.690) to take an `RSAPublicKey` (RFC 8017, appendix A.1.1) apart.
mod der {
    const INTEGER: u8 = 0x02;
    const SEQUENCE: u8 = 0x30;

    /// Modulus and exponent without leading zeros.
    pub(super) fn public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
        let (sequence, rest) = value(SEQUENCE, der)?;
        let (modulus, after) = value(INTEGER, sequence)?;
        let (exponent, end) = value(INTEGER, after)?;
        (rest.is_empty() && end.is_empty())
            .then(|| (super::significant(modulus), super::significant(exponent)))
    }

    /// The contents of the element that the bytes begin with, which must have this tag, and what follows it.
    fn value(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (header, rest) = bytes.split_at_checked(2)?;
        let (length, rest) = match header[1] {
            short @ 0..0x80 => (usize::from(short), rest),
            long => {
                let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
                let fits = !digits.is_empty() && digits.len() <= 4;
                let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
                (fits.then_some(length)?, rest)
            }
        };
        if header[0] == tag { rest.split_at_checked(length) } else { None }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;

    use super::*;

    pub(crate) static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate("one").unwrap());

    #[test]
    fn signs_what_its_public_key_verifies() {
        let signature = KEY.sign(b"message").unwrap();
        let from_wire: Jwk = serde_json::from_str(&serde_json::to_string(&KEY.jwk()).unwrap()).unwrap();
        let public = PublicKey::from_jwk(&from_wire).unwrap();
        assert!(public.verifies(b"message", &signature));
        assert!(!public.verifies(b"massage", &signature));
        assert!(!public.verifies(b"message", &signature[1..]));
        assert!(!public.verifies(b"message", &[]));
        assert!(KEY.public_key().unwrap().verifies(b"message", &signature));
    }

    #[test]
    fn survives_storage() {
        let back = SigningKey::from_pkcs8("one", KEY.to_pkcs8().unwrap().expose()).unwrap();
        assert_eq!(back.jwk(), KEY.jwk());
        assert_eq!(KEY.jwk().e, "AQAB");
        assert!(SigningKey::from_pkcs8("one", b"noise").is_err());
    }

    #[test]
    fn keys_for_something_else_are_refused() {
        let good = KEY.jwk();
        for bad in [
            Jwk { kty: "EC".into(), ..good.clone() },
            Jwk { kty: "oct".into(), ..good.clone() },
            Jwk { alg: Some("HS256".into()), ..good.clone() },
            Jwk { usage: Some("enc".into()), ..good.clone() },
            Jwk { n: "AQAB".into(), ..good.clone() },
            Jwk { n: format!("{}=", good.n), ..good.clone() },
            Jwk { e: String::new(), ..good.clone() },
        ] {
            assert!(PublicKey::from_jwk(&bad).is_err(), "{bad:?}");
        }
        assert!(PublicKey::from_jwk(&Jwk { alg: None, usage: None, kid: None, ..good }).is_ok());
    }

    #[test]
    fn prints_no_secret() {
        assert_eq!(format!("{:?}", *KEY), "SigningKey(one)");
    }
}
