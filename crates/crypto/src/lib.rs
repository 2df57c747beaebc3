//! Cryptography, kept apart from what it protects: values in, values out, no clock, no store.
//!
//! The primitives are aws-lc's; what is written here is how they are put together: Cognito's SRP ([`srp`]), sealing rows
//! ([`seal`]), RS256 tokens ([`jwt`], [`jwk`]), one-time codes ([`totp`]), Argon2id ([`password`]), AWS request
//! signatures ([`sigv4`]), and the bounded threads on which the heavy parts run ([`workers`]).
//! [`modexp`] is the only place with `unsafe` code.

pub mod digest;
pub mod jwk;
pub mod jwt;
pub mod modexp;
pub mod password;
pub mod seal;
pub mod sigv4;
pub mod srp;
pub mod totp;
pub mod workers;
