//! Sign-ins that Cognito's own clients computed, replayed against our server and our client.
#![allow(clippy::unwrap_used, reason = "a test")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto::{
    digest::from_hex,
    srp::{ClientSession, Proof, ServerChallenge, Verifier, verify},
};
use serde::Deserialize;

/// Made by `vectors/srp.py`; numbers in hexadecimal.
#[derive(Clone, Deserialize)]
struct Case {
    client: String,
    pool: String,
    user: String,
    password: String,
    salt: String,
    a: String,
    b: String,
    #[serde(rename = "A")]
    public_a: String,
    #[serde(rename = "B")]
    public_b: String,
    v: String,
    secret_block: String,
    timestamp: String,
    signature: String,
}

impl Case {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("vectors/srp.json")).unwrap()
    }

    fn verifier(&self) -> Verifier {
        Verifier::from_parts(&from_hex(&self.salt).unwrap(), &from_hex(&self.v).unwrap()).unwrap()
    }

    fn challenge(&self) -> ServerChallenge {
        ServerChallenge::new(&self.verifier(), bytes(&self.b))
    }

    fn verifies(&self) -> bool {
        let proof = Proof {
            a_hex: &self.public_a,
            secret_block: &self.secret_block,
            timestamp: &self.timestamp,
            signature: &self.signature,
        };
        verify(&self.verifier(), &self.challenge(), &self.pool, &self.user, proof)
    }
}

fn bytes<const LENGTH: usize>(hex: &str) -> [u8; LENGTH] {
    from_hex(hex).unwrap().try_into().unwrap()
}

#[test]
fn what_clients_computed_verifies() {
    let cases = Case::all();
    assert_eq!(cases.len(), 23);
    for case in cases {
        assert_eq!(case.challenge().public_b_hex(), case.public_b);
        assert!(case.verifies(), "{} {}", case.client, case.salt);
    }
}

#[test]
fn verifiers_are_what_clients_expect() {
    for case in Case::all() {
        assert!(case.verifier().matches_password(&case.pool, &case.user, &case.password));
        if ('4'..='7').contains(&case.salt.chars().next().unwrap()) {
            let derived = Verifier::derive(&case.pool, &case.user, &case.password, bytes(&case.salt));
            assert_eq!(derived.to_bytes(), case.verifier().to_bytes());
        }
    }
}

#[test]
fn our_client_computes_the_same() {
    for case in Case::all() {
        let client = ClientSession::new(bytes(&case.a));
        assert_eq!(
            client.public_a_hex().trim_start_matches('0'),
            case.public_a.to_lowercase().trim_start_matches('0')
        );
        let Case { pool, user, password, salt, public_b, secret_block, timestamp, .. } = &case;
        let signature = client.signature(pool, user, password, salt, public_b, secret_block, timestamp);
        assert_eq!(signature.as_deref(), Some(case.signature.as_str()));
    }
}

#[test]
fn a_challenge_survives_the_secret_block() {
    let mut case = Case::all().remove(0);
    let challenge = case.challenge();
    let back = ServerChallenge::from_bytes(&challenge.to_bytes()).unwrap();
    assert_eq!(back.public_b_hex(), challenge.public_b_hex());
    assert!(ServerChallenge::from_bytes(&challenge.to_bytes()[1..]).is_none());
    assert!(ServerChallenge::from_bytes(&[0xff; 416]).is_none());
    // With another b the same proof is worthless.
    case.b = "01".repeat(32);
    assert!(!case.verifies());
}

#[test]
fn a_changed_answer_is_refused() {
    let good = Case::all().remove(0);
    type Attempt = (&'static str, fn(&mut Case));
    let attempts: [Attempt; 11] = [
        ("another user", |case| case.user.push('x')),
        ("another pool", |case| case.pool = String::from("Zb3dEf9hI")),
        ("another time", |case| case.timestamp = case.timestamp.replace("08:30:05", "08:30:06")),
        ("another secret block", |case| case.secret_block = STANDARD.encode("another")),
        ("a secret block that is not base64", |case| case.secret_block.push('!')),
        ("another A", |case| case.public_a = String::from("02")),
        ("an empty proof", |case| case.signature = String::new()),
        ("a short proof", |case| case.signature = STANDARD.encode([0; 16])),
        ("a proof that is not base64", |case| case.signature.insert(0, ' ')),
        ("another verifier", |case| case.v = String::from("05")),
        ("an A that is not hexadecimal", |case| case.public_a.push('g')),
    ];
    assert!(good.verifies());
    for (what, change) in attempts {
        let mut case = good.clone();
        change(&mut case);
        assert!(!case.verifies(), "{what}");
    }
}

/// With A a multiple of N the secret would be zero whatever the password: the proof that an attacker could then make.
#[test]
fn multiples_of_the_modulus_are_refused() {
    let modulus = crypto::modexp::MODULUS;
    let doubled: Vec<u8> = {
        let mut carry = 0;
        let mut digits: Vec<u8> = modulus
            .iter()
            .rev()
            .map(|byte| {
                let sum = u16::from(*byte) * 2 + carry;
                carry = sum >> 8;
                u8::try_from(sum & 255).unwrap()
            })
            .collect();
        digits.push(u8::try_from(carry).unwrap());
        digits.reverse();
        digits
    };
    let good = Case::all().remove(0);
    let public_b = from_hex(&good.public_b).unwrap();
    for a in [vec![], vec![0], vec![0; 384], modulus.to_vec(), [&[0], modulus.as_slice()].concat(), doubled] {
        let mut case = good.clone();
        case.public_a = crypto::digest::hex(&a);
        case.signature = proof_of_secret_zero(&case, &a, &public_b);
        assert!(!case.verifies(), "{}", case.public_a);
    }
}

fn proof_of_secret_zero(case: &Case, a: &[u8], b: &[u8]) -> String {
    use crypto::digest::{hmac_sha256, sha256};
    let pad = |number: &[u8]| {
        let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
        let sign: &[u8] = if number.get(start).is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
        [sign, &number[start..]].concat()
    };
    let u = sha256(&[pad(a), pad(b)].concat());
    let extracted = hmac_sha256(&pad(&u), &[&pad(&[])]);
    let key = &hmac_sha256(&extracted, &[b"Caldera Derived Key\x01"])[..16];
    let block = STANDARD.decode(&case.secret_block).unwrap();
    let parts = [case.pool.as_bytes(), case.user.as_bytes(), &block, case.timestamp.as_bytes()];
    STANDARD.encode(hmac_sha256(key, &parts))
}
