//! Argon2id, for pools that give up SRP.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

/// 19 MiB, two passes, one lane: the second of the equivalent settings in RFC 9106's spirit that OWASP's Password
/// Storage Cheat Sheet lists, and what bounds a worker's memory.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PasswordHashError {
    #[error("the stored password hash could not be read")]
    Unreadable,
    #[error("the password could not be hashed")]
    Failed,
}

/// A PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. Some 20 ms of one core and 19 MiB: for `workers`.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, PasswordHashError> {
    let hash: PasswordHash = argon2()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|_| PasswordHashError::Failed)?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed, by the settings in the string, compared in constant time. Strings
/// of another algorithm are refused: they are not ours.
pub fn verify(password: &str, phc: &str) -> Result<bool, PasswordHashError> {
    let hash = PasswordHash::new(phc).map_err(|_| PasswordHashError::Unreadable)?;
    if hash.algorithm.as_str() != "argon2id" || hash.salt.is_none() || hash.hash.is_none() {
        return Err(PasswordHashError::Unreadable);
    }
    Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
}

fn argon2() -> Result<Argon2<'static>, PasswordHashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordHashError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_password_matches() {
        let phc = hash("Correct-Horse1", [7; 16]).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(verify("Correct-Horse1", &phc), Ok(true));
        assert_eq!(verify("Correct-Horse2", &phc), Ok(false));
        assert_eq!(verify("", &phc), Ok(false));
    }

    #[test]
    fn reads_what_other_programs_wrote() {
        // From the argon2 command line: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
        let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert_eq!(verify("password", phc), Ok(true));
    }

    #[test]
    fn refuses_other_algorithms_and_noise() {
        for phc in
            ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1", "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$x"]
        {
            assert_eq!(verify("password", phc), Err(PasswordHashError::Unreadable), "{phc}");
        }
    }
}
