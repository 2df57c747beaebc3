//! What the cryptography of a sign-in costs one core: the ceiling that `cargo xtask bench` holds whole sign-ins against.
//!
//! `cargo bench -p poolhouse-crypto --bench ceiling`
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::{hint::black_box, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto::{
    jwk::SigningKey,
    jwt,
    modexp::{Residue, power_of_g},
    password,
    seal::{MasterKey, Sealer},
    sigv4::{Presented, Request, Signer},
    srp::{ClientSession, Proof, ServerChallenge, Verifier, verify},
};
use divan::Bencher;

fn main() {
    crypto::modexp::warm_up();
    divan::main();
}

const POOL: &str = "Ab3dEf9hI";
const USER: &str = "1a0d7f31-9d5c-4e0f-8a61-0d9a3f0b6c11";
const PASSWORD: &str = "Correct-Horse1";
const TIMESTAMP: &str = "Tue Sep 17 08:30:05 UTC 2024";

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::derive(POOL, USER, PASSWORD, [0x5a; 16]));
static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate("kid").unwrap());

#[divan::bench]
fn power_of_the_generator(bencher: Bencher<'_, '_>) {
    bencher.bench(|| power_of_g(black_box(&[0xa5; 32])));
}

#[divan::bench]
fn power_in_general(bencher: Bencher<'_, '_>) {
    let base = Residue::from_noise([0xa5; 384]);
    bencher.bench(|| base.pow(black_box(&[0xa5; 32])));
}

#[divan::bench]
fn product(bencher: Bencher<'_, '_>) {
    let base = Residue::from_noise([0xa5; 384]);
    bencher.bench(|| base.times(black_box(&base)));
}

#[divan::bench]
fn rs256_sign(bencher: Bencher<'_, '_>) {
    LazyLock::force(&KEY);
    bencher.bench(sign);
}

#[divan::bench]
fn rs256_verify(bencher: Bencher<'_, '_>) {
    let (token, key) = (sign(), KEY.public_key().unwrap());
    bencher.bench(|| jwt::verify(black_box(&token), &key).unwrap());
}

/// SRP, both steps of the server, and the id and access tokens.
#[divan::bench]
fn sign_in_by_srp(bencher: Bencher<'_, '_>) {
    let secret_block = STANDARD.encode([7; 600]);
    let client = ClientSession::new([0x33; 32]);
    let random = [0x44; 32];
    let b_hex = ServerChallenge::new(&VERIFIER, random).public_b_hex();
    let signature = client
        .signature(POOL, USER, PASSWORD, &VERIFIER.salt_hex(), &b_hex, &secret_block, TIMESTAMP)
        .unwrap();
    let a_hex = client.public_a_hex();
    bencher.bench(|| {
        let challenge = ServerChallenge::new(&VERIFIER, black_box(random));
        let proof =
            Proof { a_hex: &a_hex, secret_block: &secret_block, timestamp: TIMESTAMP, signature: &signature };
        assert!(verify(&VERIFIER, &challenge, POOL, USER, proof));
        (sign(), sign())
    });
}

/// The password against the verifier, and the id and access tokens.
#[divan::bench]
fn sign_in_by_password(bencher: Bencher<'_, '_>) {
    LazyLock::force(&VERIFIER);
    bencher.bench(|| {
        assert!(VERIFIER.matches_password(POOL, USER, black_box(PASSWORD)));
        (sign(), sign())
    });
}

#[divan::bench]
fn refresh(bencher: Bencher<'_, '_>) {
    LazyLock::force(&KEY);
    bencher.bench(|| (sign(), sign()));
}

#[divan::bench]
fn argon2id(bencher: Bencher<'_, '_>) {
    bencher.bench(|| password::hash(black_box(PASSWORD), [7; 16]).unwrap());
}

#[divan::bench]
fn seal_and_open(bencher: Bencher<'_, '_>) {
    let master = MasterKey::generate([1; 32]);
    let key = master.wrap_new([2; 32]).unwrap();
    let sealer = Sealer::new(&master, [(key.id.as_str(), key.wrapped.as_str(), true)]).unwrap();
    bencher.bench(|| sealer.open("a", &sealer.seal("a", black_box(&[7; 500])).unwrap()).unwrap());
}

#[divan::bench]
fn sigv4_check(bencher: Bencher<'_, '_>) {
    let signer = Signer {
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: "secret",
        session_token: None,
        region: "us-east-1",
        service: "cognito-idp",
    };
    let mut request = Request {
        method: "POST",
        path: "/",
        query: "",
        headers: vec![("host", b"localhost:4747"), ("content-type", b"application/x-amz-json-1.1")],
    };
    let hash = crypto::digest::sha256_hex(b"{}");
    let added = signer.sign(&request, &hash, base::Timestamp::from_seconds(1_726_561_805));
    request.headers.extend(added.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    bencher.bench(|| Presented::parse(&request).unwrap().verify(&request, "secret", &hash));
}

fn sign() -> String {
    let claims = serde_json::json!({
        "sub": USER, "iss": "http://localhost:4747/us-east-1_Ab3dEf9hI", "client_id": "1234567890abcdefghijklmnop",
        "origin_jti": USER, "event_id": USER, "token_use": "access", "scope": "aws.cognito.signin.user.admin",
        "auth_time": 1_726_561_805, "exp": 1_726_565_405, "iat": 1_726_561_805, "jti": USER, "username": USER,
    });
    jwt::sign(&KEY, &claims).unwrap()
}
