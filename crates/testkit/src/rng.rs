//! Random bytes that are the same in every run with the same seed. Never for anything but tests.

use std::sync::atomic::{AtomicU64, Ordering};

use ports::Rng;

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
#[derive(Debug)]
pub struct SeededRng(AtomicU64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl SeededRng {
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Rng for SeededRng {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use ports::RngExt;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(SeededRng::new(7).bytes::<20>(), SeededRng::new(7).bytes::<20>());
        assert_ne!(SeededRng::new(7).bytes::<20>(), SeededRng::new(8).bytes::<20>());
    }
}
