//! What the cryptography alone costs on one core, here and now.

use std::time::Instant;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto::{
    jwk::SigningKey,
    jwt,
    srp::{ClientSession, Proof, ServerChallenge, Verifier, verify},
};
use serde_json::json;

use crate::Outcome;

/// Seconds an operation's cryptography takes.
pub struct Ceilings {
    pub sign_up: f64,
    pub srp: f64,
    pub password: f64,
    pub refresh: f64,
}

pub fn measure(rounds: u32) -> Outcome<Ceilings> {
    crypto::modexp::warm_up();
    let (pool, user, password, salt) = ("Ab3dEf9hI", "someone@example.com", "Passw0rd", [7; 16]);
    let verifier = Verifier::derive(pool, user, password, salt);
    let derive = each(rounds, || drop(Verifier::derive(pool, user, password, salt)));
    let matches = each(rounds, || assert!(verifier.matches_password(pool, user, password)));
    let client = ClientSession::new([9; 32]);
    let begin = each(rounds, || drop(ServerChallenge::new(&verifier, [5; 32])));
    let challenge = ServerChallenge::new(&verifier, [5; 32]);
    let secret_block = STANDARD.encode(b"block");
    let when = "Sat Nov 21 21:00:00 UTC 2026";
    let salt_hex = verifier.salt_hex();
    let signature = client
        .signature(pool, user, password, &salt_hex, &challenge.public_b_hex(), &secret_block, when)
        .ok_or("no signature")?;
    let a_hex = client.public_a_hex();
    let check = each(rounds, || {
        let proof =
            Proof { a_hex: &a_hex, secret_block: &secret_block, timestamp: when, signature: &signature };
        assert!(verify(&verifier, &challenge, pool, user, proof));
    });
    let key = SigningKey::generate("ceiling")?;
    let claims = json!({ "sub": "x".repeat(36), "iss": "y".repeat(60), "token_use": "id", "email": user });
    let mut failed = None;
    let sign = each(rounds, || failed = jwt::sign(&key, &claims).err());
    if let Some(error) = failed {
        return Err(error.into());
    }
    println!(
        "cryptography alone, one core, microseconds: verifier {:.0}, password check {:.0}, SRP begin {:.0}, SRP check {:.0}, RS256 {:.0}",
        derive * 1e6,
        matches * 1e6,
        begin * 1e6,
        check * 1e6,
        sign * 1e6
    );
    Ok(Ceilings {
        sign_up: derive,
        srp: begin + check + 2.0 * sign,
        password: matches + 2.0 * sign,
        refresh: 2.0 * sign,
    })
}

/// The fastest of five tries, as nothing makes a core faster than it is.
fn each(rounds: u32, mut work: impl FnMut()) -> f64 {
    (0..5)
        .map(|_| {
            let begun = Instant::now();
            (0..rounds).for_each(|_| work());
            begun.elapsed().as_secs_f64() / f64::from(rounds)
        })
        .fold(f64::MAX, f64::min)
}
