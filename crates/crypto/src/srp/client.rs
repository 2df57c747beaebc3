//! The client's side: for our own tests, benchmarks and tools, and as the other half of what the server must accept.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{MULTIPLIER, private_key, proof, proof_key, scrambler};
use crate::{
    digest::{from_hex, hex},
    modexp::{Residue, power_of_g},
};

/// One sign-in: `a` and `A`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ClientSession {
    secret: [u8; 32],
    public: Residue,
}

impl ClientSession {
    pub fn new(random: [u8; 32]) -> Self {
        Self { secret: random, public: power_of_g(&random) }
    }

    /// `SRP_A`.
    pub fn public_a_hex(&self) -> String {
        hex(self.public.to_be_bytes())
    }

    /// `PASSWORD_CLAIM_SIGNATURE` for the challenge's `SALT`, `SRP_B`, `USER_ID_FOR_SRP` and `SECRET_BLOCK`. `None` where
    /// the server sent something that is not a challenge.
    #[allow(clippy::too_many_arguments, reason = "the challenge has these parts, each under its wire name")]
    pub fn signature(
        &self,
        pool_name: &str,
        user_id: &str,
        password: &str,
        salt_hex: &str,
        b_hex: &str,
        secret_block: &str,
        timestamp: &str,
    ) -> Option<String> {
        let b = Residue::from_be_bytes(&from_hex(b_hex)?).filter(|b| !b.is_zero())?;
        let secret_block = STANDARD.decode(secret_block).ok()?;
        let u = scrambler(self.public.to_be_bytes(), b.to_be_bytes());
        let x = private_key(&from_hex(salt_hex)?, pool_name, user_id, password);
        let base = b.minus(&MULTIPLIER.times(&power_of_g(&x)));
        // base ^ (a + u·x), without numbers longer than the modulus.
        let secret = base.pow(&self.secret).times(&base.pow(x.as_slice()).pow(&u));
        let key = proof_key(&secret, &u);
        Some(STANDARD.encode(proof(&key, pool_name, user_id, &secret_block, timestamp)))
    }
}
