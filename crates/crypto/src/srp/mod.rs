//! Secure Remote Password as Amazon Cognito speaks it: SRP-6a over the 3072-bit group with SHA-256, and a proof that is
//! an HMAC under a key stretched from the shared secret.
//!
//! Nothing of AWS's specifies it; `amazon-cognito-identity-js` (`AuthenticationHelper`) and the clients written after it
//! (Amplify, pycognito, warrant) are the description, and the tests replay what they computed.
//!
//! - `k = H(pad(N) ‖ pad(g))`, `u = H(pad(A) ‖ pad(B))`, `x = H(pad(salt) ‖ H(pool name ‖ user id ‖ ":" ‖ password))`
//! - `v = g^x`, `B = k·v + g^b`, `S = (A · v^u)^b`
//! - key = the first 16 bytes of HKDF(salt `pad(u)`, input `pad(S)`, info `Caldera Derived Key`)
//! - proof = HMAC(key, pool name ‖ user id ‖ secret block ‖ timestamp), base64
//!
//! `pad` is the shortest two's complement encoding: no leading zeros, except one zero byte where the highest bit is set.
//! The pool name is what follows `_` in the pool's id; the user id is what the server sent as `USER_ID_FOR_SRP`. The
//! same arithmetic serves remembered devices, with the device's group key and key in their place.

mod client;
mod server;
mod verifier;

pub use client::ClientSession;
pub use server::{Proof, ServerChallenge, public_a, verify};
pub use verifier::{InvalidVerifier, SALT_BYTES, Verifier};

use std::{borrow::Cow, sync::LazyLock};

use zeroize::Zeroizing;

use crate::{
    digest::{hmac_sha256, sha256_of},
    modexp::{MODULUS, Residue},
};

/// `k`, the multiplier.
static MULTIPLIER: LazyLock<Residue> =
    LazyLock::new(|| Residue::from_hash(&sha256_of(&[&pad(&MODULUS), &[2]])));

/// The bytes behind `padHex` of Cognito's clients.
fn pad(number: &[u8]) -> Cow<'_, [u8]> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let significant = &number[start..];
    match significant.first() {
        None => Cow::Borrowed(&[0]),
        Some(first) if *first >= 0x80 => Cow::Owned([&[0], significant].concat()),
        Some(_) => Cow::Borrowed(significant),
    }
}

/// `x`, the password as an exponent.
fn private_key(salt: &[u8], pool_name: &str, user_id: &str, password: &str) -> Zeroizing<[u8; 32]> {
    let identity =
        Zeroizing::new(sha256_of(&[pool_name.as_bytes(), user_id.as_bytes(), b":", password.as_bytes()]));
    Zeroizing::new(sha256_of(&[&pad(salt), identity.as_slice()]))
}

/// `u`, which ties the secret to both public values.
fn scrambler(public_a: &[u8], public_b: &[u8]) -> [u8; 32] {
    sha256_of(&[&pad(public_a), &pad(public_b)])
}

/// The key that the proof is made with.
fn proof_key(secret: &Residue, scrambler: &[u8; 32]) -> Zeroizing<[u8; 16]> {
    let padded = Zeroizing::new(pad(secret.to_be_bytes()).into_owned());
    let extracted = Zeroizing::new(hmac_sha256(&pad(scrambler), &[&padded]));
    let expanded = Zeroizing::new(hmac_sha256(extracted.as_slice(), &[b"Caldera Derived Key", &[1]]));
    let mut key = Zeroizing::new([0; 16]);
    key.copy_from_slice(&expanded[..16]);
    key
}

fn proof(key: &[u8; 16], pool_name: &str, user_id: &str, secret_block: &[u8], timestamp: &str) -> [u8; 32] {
    hmac_sha256(key, &[pool_name.as_bytes(), user_id.as_bytes(), secret_block, timestamp.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_the_shortest_twos_complement() {
        // The examples in AuthenticationHelper.padHex, and both ends.
        for (number, padded) in [
            (&[20][..], &[20][..]),
            (&[56], &[56]),
            (&[236], &[0, 236]),
            (&[200], &[0, 200]),
            (&[0, 0, 1], &[1]),
            (&[0, 0x80], &[0, 0x80]),
            (&[0], &[0]),
            (&[], &[0]),
        ] {
            assert_eq!(pad(number).as_ref(), padded);
        }
    }
}
