//! Time-based one-time codes (RFC 6238) as Cognito and authenticator apps use them: SHA-1, six digits, 30 seconds.

use base::Timestamp;
use totp_rs::{Algorithm, TOTP};

use crate::digest::constant_time_eq;

pub const DIGITS: usize = 6;
pub const STEP_SECONDS: i64 = 30;
/// Bytes of a fresh seed: the length of a SHA-1 hash, as RFC 4226 section 4 asks. Cognito hands out 52 base32 letters;
/// any length from 16 bytes works here.
pub const SEED_BYTES: usize = 32;

/// The step that `code` belongs to, if it is now or at most `window` steps away, looked for from the oldest on. The
/// caller spends it: a code whose step is not later than the last one spent must be refused (RFC 6238, section 5.2).
pub fn matched_step(seed: &[u8], code: &str, now: Timestamp, window: u8) -> Option<u64> {
    let current = now.seconds().div_euclid(STEP_SECONDS);
    let window = i64::from(window);
    // Every candidate is computed and compared, so that time does not tell which one matched.
    (current - window..=current + window).fold(None, |found, step| {
        let step = u64::try_from(step).ok()?;
        let matches =
            code_at(seed, step).is_some_and(|right| constant_time_eq(right.as_bytes(), code.as_bytes()));
        if matches && found.is_none() { Some(step) } else { found }
    })
}

/// The code of a step: seconds since the epoch divided by 30. `None` where the seed is shorter than 16 bytes.
pub fn code_at(seed: &[u8], step: u64) -> Option<String> {
    let totp = TOTP::new(Algorithm::SHA1, DIGITS, 0, STEP_SECONDS.unsigned_abs(), seed.to_vec()).ok()?;
    Some(totp.generate(step.checked_mul(STEP_SECONDS.unsigned_abs())?))
}

/// The seed as people type it: base32 (RFC 4648, section 6) without padding.
pub fn seed_base32(seed: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = base::ids::UPPER_BASE32;
    let mut text = String::with_capacity((seed.len() * 8).div_ceil(5));
    let (mut bits, mut held) = (0_u16, 0);
    for byte in seed {
        bits = bits << 8 | u16::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(ALPHABET[usize::from(bits >> held & 31)]));
        }
    }
    if held > 0 {
        text.push(char::from(ALPHABET[usize::from(bits << (5 - held) & 31)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_of_rfc_6238_appendix_b() {
        // The RFC lists eight digits; six are their tail.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_i64, "353130"),
        ] {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(matched_step(SEED, code, now, 0), u64::try_from(seconds / 30).ok());
        }
    }

    #[test]
    fn a_neighbouring_step_matches_and_is_named() {
        let now = Timestamp::from_seconds(1_000_000_020);
        let step = 1_000_000_020 / 30;
        let before = code_at(SEED, step - 1).unwrap();
        assert_eq!(matched_step(SEED, &before, now, 1), Some(step - 1));
        assert_eq!(matched_step(SEED, &code_at(SEED, step + 1).unwrap(), now, 1), Some(step + 1));
        assert_eq!(matched_step(SEED, &before, now, 0), None);
        assert_eq!(matched_step(SEED, &code_at(SEED, step - 2).unwrap(), now, 1), None);
    }

    #[test]
    fn near_misses_do_not_match() {
        let now = Timestamp::from_seconds(59);
        for code in ["", "28708", "2870822", "287083", " 287082", "287082\n", "٢٨٧٠٨٢"] {
            assert_eq!(matched_step(SEED, code, now, 1), None, "{code:?}");
        }
        assert_eq!(matched_step(b"short", "287082", now, 1), None);
        assert_eq!(matched_step(SEED, "287082", Timestamp::from_seconds(0), 0), None);
    }

    #[test]
    fn base32_of_rfc_4648() {
        assert_eq!(seed_base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(seed_base32(b"f"), "MY");
        assert_eq!(seed_base32(&[0xff; 32]).len(), 52);
    }
}
