//! The server's side of the exchange.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{MULTIPLIER, Verifier, proof, proof_key, scrambler};
use crate::{
    digest::{constant_time_eq, from_hex, hex},
    modexp::{self, Residue, power_of_g},
};

/// The secret `b` and the public `B`, kept between the two steps in the sealed `SECRET_BLOCK`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ServerChallenge {
    secret: [u8; 32],
    public: Residue,
}

impl ServerChallenge {
    /// One power of g.
    pub fn new(verifier: &Verifier, random: [u8; 32]) -> Self {
        let public = MULTIPLIER.times(&verifier.value).plus(&power_of_g(&random));
        Self { secret: random, public }
    }

    /// `SRP_B` of the challenge: 768 lower-case hexadecimal digits.
    pub fn public_b_hex(&self) -> String {
        hex(self.public.to_be_bytes())
    }

    /// 416 bytes: to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.secret.as_slice(), self.public.to_be_bytes()].concat()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (secret, public) = bytes.split_first_chunk::<32>()?;
        let public = (public.len() == modexp::BYTES).then(|| Residue::from_be_bytes(public))??;
        Some(Self { secret: *secret, public })
    }
}

impl fmt::Debug for ServerChallenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServerChallenge(***)")
    }
}

/// What the client sends back, as it stands in `ChallengeResponses`.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// `SRP_A`, from the step before.
    pub a_hex: &'a str,
    /// `PASSWORD_CLAIM_SECRET_BLOCK`, base64 as it was sent out.
    pub secret_block: &'a str,
    /// `TIMESTAMP`, such as `Tue Sep 25 00:09:40 UTC 2018`. Whether it is recent is the caller's to check.
    pub timestamp: &'a str,
    /// `PASSWORD_CLAIM_SIGNATURE`, base64.
    pub signature: &'a str,
}

/// `A` as a number, where a client may send it: hexadecimal, not a multiple of N (RFC 5054, section 2.5.4). Honest
/// clients send a number below N, so anything from N up is refused with the multiples.
pub fn public_a(a_hex: &str) -> Option<Residue> {
    if a_hex.len() > 2 * (modexp::BYTES + 1) {
        return None;
    }
    Residue::from_be_bytes(&from_hex(a_hex)?).filter(|a| !a.is_zero())
}

/// Whether the client proved that it knows the password: two powers, and a comparison in constant time.
pub fn verify(
    verifier: &Verifier,
    challenge: &ServerChallenge,
    pool_name: &str,
    user_id: &str,
    presented: Proof<'_>,
) -> bool {
    let (Some(a), Ok(secret_block), Ok(signature)) = (
        public_a(presented.a_hex),
        STANDARD.decode(presented.secret_block),
        STANDARD.decode(presented.signature),
    ) else {
        return false;
    };
    let u = scrambler(a.to_be_bytes(), challenge.public.to_be_bytes());
    let secret = a.times(&verifier.value.pow(&u)).pow(&challenge.secret);
    let key = proof_key(&secret, &u);
    let expected = proof(&key, pool_name, user_id, &secret_block, presented.timestamp);
    constant_time_eq(&expected, &signature)
}
