//! What an operation's cryptography alone costs on one core, here and now.
//!
//! Measured on every core at once, as the server works, and in processor time, so that what else this machine does is
//! neither in the ceiling nor in what is held against it.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto::{
    jwk::SigningKey,
    jwt,
    srp::{ClientSession, Proof, ServerChallenge, Verifier, verify},
};
use serde_json::{Value, json};

use crate::Outcome;

const POOL: &str = "Ab3dEf9hI";
const USER: &str = "someone@example.com";
const PASSWORD: &str = "Passw0rd";
const WHEN: &str = "Sat Nov 21 21:00:00 UTC 2026";

/// What an operation cannot do without.
#[derive(Clone, Copy)]
pub enum Needs {
    /// A sign-up: one verifier.
    Verifier,
    /// A sign-in by password: the verifier again, and two signatures.
    PasswordAndTokens,
    /// A sign-in by SRP: the server's value, the proof, and two signatures.
    SrpAndTokens,
    /// A refresh: two signatures.
    Tokens,
}

pub struct Ceiling {
    verifier: Verifier,
    challenge: ServerChallenge,
    client_value: String,
    secret_block: String,
    signature: String,
    key: SigningKey,
    claims: Value,
}

impl Ceiling {
    pub fn new() -> Outcome<Self> {
        crypto::modexp::warm_up();
        let verifier = Verifier::derive(POOL, USER, PASSWORD, [7; 16]);
        let client = ClientSession::new([9; 32]);
        let challenge = ServerChallenge::new(&verifier, [5; 32]);
        let secret_block = STANDARD.encode(b"block");
        let (salt, value) = (verifier.salt_hex(), challenge.public_b_hex());
        let signature = client.signature(POOL, USER, PASSWORD, &salt, &value, &secret_block, WHEN);
        Ok(Self {
            client_value: client.public_a_hex(),
            signature: signature.ok_or("no signature")?,
            key: SigningKey::generate("ceiling")?,
            claims: json!({ "sub": "x".repeat(36), "iss": "y".repeat(60), "token_use": "id", "email": USER }),
            verifier,
            challenge,
            secret_block,
        })
    }

    /// Seconds of processor time that one such operation takes, over `how_long` on every core.
    pub fn seconds(&self, needs: Needs, how_long: Duration) -> Outcome<f64> {
        let cores = thread::available_parallelism()?.get();
        let (mut used, mut done) = (0.0, 0.0);
        thread::scope(|scope| {
            let threads: Vec<_> =
                (0..cores).map(|_| scope.spawn(move || self.one_core(needs, how_long))).collect();
            for one in threads {
                let (seconds, count) = one.join().map_err(|_| "a thread of the ceiling panicked")??;
                used += seconds;
                done += count;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })?;
        Ok(used / done)
    }

    fn one_core(&self, needs: Needs, how_long: Duration) -> Outcome<(f64, f64)> {
        let (before, begun, mut count) = (processor_seconds()?, Instant::now(), 0.0);
        while begun.elapsed() < how_long {
            self.once(needs)?;
            count += 1.0;
        }
        Ok((processor_seconds()? - before, count))
    }

    fn once(&self, needs: Needs) -> Outcome<()> {
        match needs {
            Needs::Verifier => drop(Verifier::derive(POOL, USER, PASSWORD, [7; 16])),
            Needs::PasswordAndTokens => {
                assert!(self.verifier.matches_password(POOL, USER, PASSWORD));
                self.tokens()?;
            }
            Needs::SrpAndTokens => {
                drop(ServerChallenge::new(&self.verifier, [5; 32]));
                let proof = Proof {
                    a_hex: &self.client_value,
                    secret_block: &self.secret_block,
                    timestamp: WHEN,
                    signature: &self.signature,
                };
                assert!(verify(&self.verifier, &self.challenge, POOL, USER, proof));
                self.tokens()?;
            }
            Needs::Tokens => self.tokens()?,
        }
        Ok(())
    }

    fn tokens(&self) -> Outcome<()> {
        jwt::sign(&self.key, &self.claims)?;
        jwt::sign(&self.key, &self.claims)?;
        Ok(())
    }
}

/// Of this thread: the first field of proc(5)'s `schedstat`, in nanoseconds.
fn processor_seconds() -> Outcome<f64> {
    let told = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = told.split_whitespace().next().ok_or("no schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}
