//! What is stored in a password's place.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::private_key;
use crate::{
    digest::{constant_time_eq, hmac_sha256, sha256_of},
    modexp::{self, Residue, power_of_g},
};

pub const SALT_BYTES: usize = 16;
/// Salts that clients choose (remembered devices) may be longer than ours.
const LONGEST_SALT: usize = 64;

/// A salt and `v = g^x`. It answers SRP sign-ins and, with one power of g, password sign-ins. Whoever holds it can guess
/// passwords offline, so it is stored sealed, and wiped when it goes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Verifier {
    pub(super) salt: Vec<u8>,
    pub(super) value: Residue,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an SRP verifier")]
pub struct InvalidVerifier;

impl Verifier {
    /// `salt` is random. Its first byte is moved into 0x40..=0x7f: clients disagree on how leading zeros and a set
    /// highest bit are to be padded, and with neither they need not agree.
    pub fn derive(pool_name: &str, user_id: &str, password: &str, mut salt: [u8; SALT_BYTES]) -> Self {
        salt[0] = salt[0] & 0x3f | 0x40;
        let x = private_key(&salt, pool_name, user_id, password);
        Self { salt: salt.to_vec(), value: power_of_g(&x) }
    }

    /// A verifier that a client computed: `DeviceSecretVerifierConfig` of `ConfirmDevice`, both parts big-endian.
    pub fn from_parts(salt: &[u8], value: &[u8]) -> Result<Self, InvalidVerifier> {
        let value = Residue::from_be_bytes(value).filter(|value| !value.is_zero()).ok_or(InvalidVerifier)?;
        if salt.is_empty() || salt.len() > LONGEST_SALT {
            return Err(InvalidVerifier);
        }
        Ok(Self { salt: salt.to_vec(), value })
    }

    /// For a user who does not exist: the same salt each time and a value nobody knows a password for, made without a
    /// power, so that a sign-in costs and shows what it would for a user who does. `key` is a secret of the pool.
    pub fn decoy(key: &[u8], pool_name: &str, user_id: &str) -> Self {
        let seed = hmac_sha256(key, &[b"srp decoy\0", pool_name.as_bytes(), b"\0", user_id.as_bytes()]);
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&sha256_of(&[b"salt", &seed])[..SALT_BYTES]);
        salt[0] = salt[0] & 0x3f | 0x40;
        let mut noise = [0; modexp::BYTES];
        for (block, place) in (0_u8..).zip(noise.chunks_exact_mut(32)) {
            place.copy_from_slice(&sha256_of(&[&[block], &seed]));
        }
        // Squared, because powers of g are squares.
        let root = Residue::from_noise(noise);
        Self { salt: salt.to_vec(), value: root.times(&root) }
    }

    /// Whether the password is the one the verifier was derived from; one power of g, compared in constant time.
    pub fn matches_password(&self, pool_name: &str, user_id: &str, password: &str) -> bool {
        let x = private_key(&self.salt, pool_name, user_id, password);
        constant_time_eq(power_of_g(&x).to_be_bytes(), self.value.to_be_bytes())
    }

    /// `SALT` of the challenge, lower-case hexadecimal.
    pub fn salt_hex(&self) -> String {
        crate::digest::hex(&self.salt)
    }

    /// The value, then the salt: to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.value.to_be_bytes().as_slice(), &self.salt].concat()
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidVerifier> {
        let (value, salt) = bytes.split_at_checked(modexp::BYTES).ok_or(InvalidVerifier)?;
        Self::from_parts(salt, value)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Verifier(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verifier() -> Verifier {
        Verifier::derive("Ab3dEf9hI", "f3a1", "Correct-Horse1", [0xff; SALT_BYTES])
    }

    #[test]
    fn only_its_password_matches() {
        let verifier = verifier();
        assert!(verifier.matches_password("Ab3dEf9hI", "f3a1", "Correct-Horse1"));
        assert!(!verifier.matches_password("Ab3dEf9hI", "f3a1", "correct-horse1"));
        assert!(!verifier.matches_password("Ab3dEf9hI", "f3a2", "Correct-Horse1"));
        assert!(!verifier.matches_password("Other0000", "f3a1", "Correct-Horse1"));
    }

    #[test]
    fn a_salt_needs_no_padding_in_any_client() {
        for first in 0..=255 {
            let mut salt = [0; SALT_BYTES];
            salt[0] = first;
            let hex = Verifier::derive("p", "u", "w", salt).salt_hex();
            assert_eq!(hex.len(), 32);
            assert!(('4'..='7').contains(&hex.chars().next().unwrap()));
        }
    }

    #[test]
    fn survives_storage_and_nothing_else_does() {
        let bytes = verifier().to_bytes();
        let back = Verifier::from_bytes(&bytes).unwrap();
        assert!(back.matches_password("Ab3dEf9hI", "f3a1", "Correct-Horse1"));
        assert!(Verifier::from_bytes(&bytes[..100]).is_err());
        assert!(Verifier::from_bytes(&bytes[..modexp::BYTES]).is_err());
        assert!(Verifier::from_parts(&[1; 16], &modexp::MODULUS).is_err());
        assert!(Verifier::from_parts(&[1; 16], &[0]).is_err());
        assert!(Verifier::from_parts(&[1; 65], &[2]).is_err());
    }

    #[test]
    fn a_decoy_is_steady_and_matches_nothing() {
        let decoy = Verifier::decoy(b"pool secret", "Ab3dEf9hI", "nobody");
        assert_eq!(decoy.to_bytes(), Verifier::decoy(b"pool secret", "Ab3dEf9hI", "nobody").to_bytes());
        assert_ne!(decoy.salt_hex(), Verifier::decoy(b"pool secret", "Ab3dEf9hI", "no-one").salt_hex());
        assert_ne!(decoy.salt_hex(), Verifier::decoy(b"other secret", "Ab3dEf9hI", "nobody").salt_hex());
        assert!(!decoy.matches_password("Ab3dEf9hI", "nobody", ""));
        assert!(('4'..='7').contains(&decoy.salt_hex().chars().next().unwrap()));
    }

    #[test]
    fn is_not_printed() {
        assert_eq!(format!("{:?}", verifier()), "Verifier(***)");
    }
}
