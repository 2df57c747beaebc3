//! Random bytes fit for keys, codes and identifiers.

/// A cryptographically strong source. Tests seed one; production asks the operating system.
pub trait Rng: Send + Sync + 'static {
    fn fill(&self, buffer: &mut [u8]);
}

/// What callers draw from any [`Rng`].
pub trait RngExt: Rng {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }

    /// `length` characters of `alphabet` (at most 256 of them), each equally likely: bytes that would favour the
    /// first letters are drawn again.
    fn string(&self, alphabet: &[u8], length: usize) -> String {
        let size = alphabet.len().clamp(1, 256);
        let fair = 256 - 256 % size;
        let mut text = String::with_capacity(length);
        while text.len() < length {
            for byte in self.bytes::<32>() {
                if text.len() < length && usize::from(byte) < fair {
                    text.push(char::from(alphabet[usize::from(byte) % size]));
                }
            }
        }
        text
    }

    /// A version 4 UUID (RFC 9562, section 5.4), in lower case with hyphens.
    fn uuid(&self) -> String {
        let mut bytes = self.bytes::<16>();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl<R: Rng + ?Sized> RngExt for R {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    struct Counting(AtomicU8);

    impl Rng for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn a_string_has_its_length_and_only_its_alphabet() {
        let digits = Counting(AtomicU8::new(250)).string(b"0123456789", 40);
        assert_eq!(digits.len(), 40);
        assert!(digits.bytes().all(|b| b.is_ascii_digit()));
    }

    #[test]
    fn a_uuid_says_its_version_and_variant() {
        let uuid = Counting(AtomicU8::new(0)).uuid();
        assert_eq!(uuid, "00010203-0405-4607-8809-0a0b0c0d0e0f");
    }
}
