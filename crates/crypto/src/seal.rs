//! Sealing: what the store must keep and must not show. AES-256-GCM with a data key; the data keys lie in the store,
//! wrapped by a master key that does not.
//!
//! Every sealed text is bound to the place it was made for (`aad`, such as `user_pool_user/<pool>/<sub>/verifier`): moved to
//! another row or field it does not open. Each text is encrypted with a key of its own, derived from the data key and
//! 16 random bytes, so that the number of texts under one data key is not bounded by the 96-bit nonces of GCM
//! (NIST SP 800-38D, section 8.3, allows 2^32 with random nonces).

use std::{collections::HashMap, fmt, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base::Secret;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::digest::{hex, hmac_sha256, sha256_of};

const KEY_BYTES: usize = 32;
/// Random bytes that a text's own key is derived from.
const DERIVATION_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the master key is not 32 bytes in base64")]
    InvalidMasterKey,
    /// The data was sealed under a master key other than the one given.
    #[error("the data belongs to master key {expected}, not to {given}")]
    OtherMasterKey { expected: String, given: String },
    #[error("there is no data key {0}")]
    UnknownKey(String),
    #[error("there is no current data key")]
    NoCurrentKey,
    #[error("not a sealed text")]
    Malformed,
    /// Changed, or moved from where it was sealed for.
    #[error("the sealed text is not genuine here")]
    NotGenuine,
    #[error("the system gave no random bytes, or no memory")]
    System,
}

/// 32 bytes that wrap the data keys. Kept in a file, never in the store.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; KEY_BYTES]);

/// A fresh data key, wrapped: what `store::keyring::WrappedDataKeyRow` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDataKey {
    pub id: String,
    pub wrapped: String,
}

impl MasterKey {
    pub const fn generate(random: [u8; KEY_BYTES]) -> Self {
        Self(random)
    }

    /// As the key file holds it; white space around it does no harm.
    pub fn from_base64(text: &str) -> Result<Self, SealError> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| SealError::InvalidMasterKey)?);
        bytes.as_slice().try_into().map(Self).map_err(|_| SealError::InvalidMasterKey)
    }

    pub fn to_base64(&self) -> Secret<String> {
        Secret::new(STANDARD.encode(self.0))
    }

    /// Names the key without giving it away, so that a wrong one is told from damage.
    pub fn id(&self) -> String {
        key_id(b"poolhouse master key", &self.0)
    }

    /// A new data key from `random`, wrapped.
    pub fn wrap_new(&self, random: [u8; KEY_BYTES]) -> Result<NewDataKey, SealError> {
        self.wrap(&DataKey(random))
    }

    /// The same data key under another master key: how master keys are rotated.
    pub fn rewrap(&self, id: &str, wrapped: &str, new: &Self) -> Result<NewDataKey, SealError> {
        new.wrap(&self.unwrap(id, wrapped)?)
    }

    fn wrap(&self, key: &DataKey) -> Result<NewDataKey, SealError> {
        let id = key.id();
        let sealed = encrypt(&self.0, &wrapping_aad(&id), &key.0)?;
        Ok(NewDataKey { wrapped: format!("v1.{}.{}", self.id(), URL_SAFE_NO_PAD.encode(sealed)), id })
    }

    fn unwrap(&self, id: &str, wrapped: &str) -> Result<DataKey, SealError> {
        let (master, sealed) = split(wrapped)?;
        if master != self.id() {
            return Err(SealError::OtherMasterKey { expected: master.to_owned(), given: self.id() });
        }
        let opened = Zeroizing::new(decrypt(&self.0, &wrapping_aad(id), sealed)?);
        let key = DataKey(opened.as_slice().try_into().map_err(|_| SealError::Malformed)?);
        if key.id() == id { Ok(key) } else { Err(SealError::NotGenuine) }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MasterKey({})", self.id())
    }
}

/// Seals with the current data key and opens with any. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<HashMap<String, DataKey>>,
    current: String,
}

#[derive(Zeroize, ZeroizeOnDrop)]
struct DataKey([u8; KEY_BYTES]);

impl DataKey {
    fn id(&self) -> String {
        key_id(b"poolhouse data key", &self.0)
    }
}

impl Sealer {
    /// From the keyring's rows: `(id, wrapped, current)`.
    pub fn new<'a>(
        master: &MasterKey,
        keyring: impl IntoIterator<Item = (&'a str, &'a str, bool)>,
    ) -> Result<Self, SealError> {
        let mut keys = HashMap::new();
        let mut newest = None;
        for (id, wrapped, current) in keyring {
            keys.insert(id.to_owned(), master.unwrap(id, wrapped)?);
            if current {
                newest = Some(id.to_owned());
            }
        }
        Ok(Self { keys: Arc::new(keys), current: newest.ok_or(SealError::NoCurrentKey)? })
    }

    /// `v1.<data key>.<base64url>`.
    pub fn seal(&self, aad: &str, plaintext: &[u8]) -> Result<String, SealError> {
        let key = self.keys.get(&self.current).ok_or(SealError::NoCurrentKey)?;
        let sealed = encrypt(&key.0, &text_aad(&self.current, aad), plaintext)?;
        Ok(format!("v1.{}.{}", self.current, URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// What was sealed under the same `aad`.
    pub fn open(&self, aad: &str, sealed: &str) -> Result<Secret<Vec<u8>>, SealError> {
        let (id, bytes) = split(sealed)?;
        let key = self.keys.get(id).ok_or_else(|| SealError::UnknownKey(id.to_owned()))?;
        decrypt(&key.0, &text_aad(id, aad), bytes).map(Secret::new)
    }

    /// A key for one purpose, the same for as long as the data key is current: for values that are compared, not opened.
    pub fn derive(&self, purpose: &str) -> Result<Secret<Vec<u8>>, SealError> {
        let key = self.keys.get(&self.current).ok_or(SealError::NoCurrentKey)?;
        Ok(Secret::new(hmac_sha256(&key.0, &[b"poolhouse derived key\0", purpose.as_bytes()]).to_vec()))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sealer({})", self.current)
    }
}

fn key_id(purpose: &[u8], key: &[u8; KEY_BYTES]) -> String {
    hex(&sha256_of(&[purpose, b"\0", key])[..8])
}

fn wrapping_aad(id: &str) -> Vec<u8> {
    [b"poolhouse data key\0", id.as_bytes()].concat()
}

fn text_aad(id: &str, aad: &str) -> Vec<u8> {
    [b"poolhouse sealed text\0", id.as_bytes(), b"\0", aad.as_bytes()].concat()
}

fn split(text: &str) -> Result<(&str, &str), SealError> {
    text.strip_prefix("v1.").and_then(|rest| rest.split_once('.')).ok_or(SealError::Malformed)
}

/// Derivation bytes, nonce, ciphertext, tag.
fn encrypt(key: &[u8; KEY_BYTES], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut random = [0; DERIVATION_BYTES + NONCE_BYTES];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| SealError::System)?;
    let (derivation, nonce) = random.split_at(DERIVATION_BYTES);
    let mut out = Vec::with_capacity(random.len() + plaintext.len() + TAG_BYTES);
    out.extend_from_slice(&random);
    out.extend_from_slice(plaintext);
    let tag = text_key(key, derivation)?
        .seal_in_place_separate_tag(nonce_of(nonce)?, Aad::from(aad), &mut out[random.len()..])
        .map_err(|_| SealError::System)?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

fn decrypt(key: &[u8; KEY_BYTES], aad: &[u8], sealed: &str) -> Result<Vec<u8>, SealError> {
    let mut bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Malformed)?;
    let (random, text) =
        bytes.split_at_mut_checked(DERIVATION_BYTES + NONCE_BYTES).ok_or(SealError::Malformed)?;
    let (derivation, nonce) = random.split_at(DERIVATION_BYTES);
    let opened = text_key(key, derivation)?
        .open_in_place(nonce_of(nonce)?, Aad::from(aad), text)
        .map(|plaintext| plaintext.to_vec())
        .map_err(|_| SealError::NotGenuine);
    bytes.zeroize();
    opened
}

fn text_key(key: &[u8; KEY_BYTES], derivation: &[u8]) -> Result<LessSafeKey, SealError> {
    let derived = Zeroizing::new(hmac_sha256(key, &[b"poolhouse text key\0", derivation]));
    UnboundKey::new(&AES_256_GCM, derived.as_slice()).map(LessSafeKey::new).map_err(|_| SealError::System)
}

fn nonce_of(bytes: &[u8]) -> Result<Nonce, SealError> {
    Nonce::try_assume_unique_for_key(bytes).map_err(|_| SealError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master() -> MasterKey {
        MasterKey::generate([1; 32])
    }

    fn sealer(keys: &[(&NewDataKey, bool)]) -> Sealer {
        Sealer::new(
            &master(),
            keys.iter().map(|(key, current)| (key.id.as_str(), key.wrapped.as_str(), *current)),
        )
        .unwrap()
    }

    #[test]
    fn opens_what_it_sealed_where_it_was_sealed_for() {
        let sealer = sealer(&[(&master().wrap_new([2; 32]).unwrap(), true)]);
        let sealed = sealer.seal("user/1/verifier", b"secret").unwrap();
        assert!(!sealed.contains("secret"));
        assert_eq!(sealer.open("user/1/verifier", &sealed).unwrap().expose(), b"secret");
        assert_eq!(sealer.open("user/2/verifier", &sealed).unwrap_err(), SealError::NotGenuine);
        assert_ne!(sealed, sealer.seal("user/1/verifier", b"secret").unwrap());
        let empty = sealer.seal("a", b"").unwrap();
        assert_eq!(sealer.open("a", &empty).unwrap().expose(), b"");
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let sealer = sealer(&[(&master().wrap_new([2; 32]).unwrap(), true)]);
        let sealed = sealer.seal("a", b"secret").unwrap();
        let (head, body) = sealed.rsplit_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(body).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(sealer.open("a", &text).unwrap_err(), SealError::NotGenuine);
        }
        for noise in
            ["", "v1", "v1.", "v2.a.b", &format!("{head}."), &format!("{sealed}="), &format!("{head}.AAAA")]
        {
            assert!(sealer.open("a", noise).is_err(), "{noise}");
        }
    }

    #[test]
    fn older_keys_go_on_opening() {
        let (old, new) = (master().wrap_new([2; 32]).unwrap(), master().wrap_new([3; 32]).unwrap());
        let sealed = sealer(&[(&old, true)]).seal("a", b"secret").unwrap();
        let both = sealer(&[(&old, false), (&new, true)]);
        assert_eq!(both.open("a", &sealed).unwrap().expose(), b"secret");
        assert!(both.seal("a", b"").unwrap().starts_with(&format!("v1.{}.", new.id)));
        let without = sealer(&[(&new, true)]);
        assert_eq!(without.open("a", &sealed).unwrap_err(), SealError::UnknownKey(old.id.clone()));
        assert_eq!(
            Sealer::new(&master(), [(old.id.as_str(), old.wrapped.as_str(), false)]).unwrap_err(),
            SealError::NoCurrentKey
        );
    }

    #[test]
    fn a_wrong_master_key_is_named() {
        let key = master().wrap_new([2; 32]).unwrap();
        let other = MasterKey::generate([9; 32]);
        let refused = Sealer::new(&other, [(key.id.as_str(), key.wrapped.as_str(), true)]).unwrap_err();
        assert_eq!(refused, SealError::OtherMasterKey { expected: master().id(), given: other.id() });
        let swapped = Sealer::new(&master(), [("0123456789abcdef", key.wrapped.as_str(), true)]).unwrap_err();
        assert_eq!(swapped, SealError::NotGenuine);
    }

    #[test]
    fn a_master_key_can_be_replaced() {
        let key = master().wrap_new([2; 32]).unwrap();
        let sealed = sealer(&[(&key, true)]).seal("a", b"secret").unwrap();
        let new = MasterKey::generate([9; 32]);
        let again = master().rewrap(&key.id, &key.wrapped, &new).unwrap();
        assert_eq!(again.id, key.id);
        let after = Sealer::new(&new, [(again.id.as_str(), again.wrapped.as_str(), true)]).unwrap();
        assert_eq!(after.open("a", &sealed).unwrap().expose(), b"secret");
    }

    #[test]
    fn a_master_key_is_32_bytes_of_base64() {
        let text = master().to_base64();
        assert_eq!(MasterKey::from_base64(&format!("{}\n", text.expose())).unwrap().id(), master().id());
        assert!(MasterKey::from_base64("AAAA").is_err());
        assert!(MasterKey::from_base64("not base64!").is_err());
        assert!(!format!("{:?}", master()).contains("AQEB"));
    }
}
