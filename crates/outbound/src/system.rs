//! The machine's clock and randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use base::Timestamp;
use ports::{Clock, Rng};

/// The wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is where the clock behind ports::Clock is read")]
    fn now(&self) -> Timestamp {
        let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            // A clock before 1970 is wrong, but not a reason to stop.
            Err(_) => 0,
        };
        Timestamp(millis)
    }
}

/// The operating system's generator, by way of AWS-LC's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, buffer: &mut [u8]) {
        if aws_lc_rs::rand::fill(buffer).is_err() {
            tracing::error!(
                "the system has no random bytes to give: stopping, since no key may be made of less"
            );
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use ports::RngExt;

    use super::*;

    #[test]
    fn time_goes_on_and_no_two_draws_are_the_same() {
        let (first, second) = (SystemClock.now(), SystemClock.now());
        assert!(first.seconds() > 1_700_000_000 && second >= first);
        assert_ne!(SystemRng.bytes::<16>(), SystemRng.bytes::<16>());
    }
}
