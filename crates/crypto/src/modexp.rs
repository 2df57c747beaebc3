//! Arithmetic modulo SRP's 3072-bit prime, in constant time: the one island of `unsafe` code.
//!
//! aws-lc's Montgomery routines do the work; this file owns their memory and hands out [`Residue`]s. Powers of the
//! generator come from a table, which makes `g^b` about five times faster than the general case. Every input that may be
//! secret (bases, exponents, table digits) is processed at a length that does not depend on its value.
//!
//! The routines used can fail only for want of memory or because an operand is out of range; the types keep operands in
//! range, so a failure means no memory, and is answered as Rust answers it everywhere: by ending the process.
#![allow(
    unsafe_code,
    reason = "aws-lc-sys has the only constant-time 3072-bit Montgomery arithmetic that is fast enough"
)]

use std::{hint::black_box, ptr::NonNull, sync::LazyLock};

use aws_lc_sys as lc;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of the modulus, and of every residue.
pub const BYTES: usize = 384;
const LIMBS: usize = BYTES / 8;

/// The prime of the 3072-bit MODP group (RFC 3526, section 4), big-endian: the modulus Cognito's SRP clients have built
/// in, with generator 2.
pub const MODULUS: [u8; BYTES] = modulus();

/// Bits of exponent that one lookup in the table of powers of g takes care of.
const WINDOW: usize = 5;
const ROW: usize = 1 << WINDOW;
/// Limbs that a lookup gathers at once: a cache line.
const GATHERED: usize = 8;
/// Windows of a 256-bit exponent.
const ROWS: usize = 256usize.div_ceil(WINDOW);

/// A number from 0 to the modulus less one, big-endian. Wiped when it goes: it may be a verifier or a shared secret.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Residue([u8; BYTES]);

impl Residue {
    /// `None` where the number, big-endian and with leading zeros or without, is not below the modulus.
    pub fn from_be_bytes(bytes: &[u8]) -> Option<Self> {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        let significant = &bytes[start..];
        let mut padded = [0; BYTES];
        padded[BYTES.checked_sub(significant.len())?..].copy_from_slice(significant);
        (padded < MODULUS).then_some(Self(padded))
    }

    /// A hash as a number: 256 bits are always below the modulus.
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        let mut bytes = [0; BYTES];
        bytes[BYTES - 32..].copy_from_slice(hash);
        Self(bytes)
    }

    /// 3,071 bits as a number: the highest bit is dropped, which leaves it below the modulus.
    pub fn from_noise(mut bytes: [u8; BYTES]) -> Self {
        bytes[0] &= 0x7f;
        Self(bytes)
    }

    pub const fn to_be_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    pub fn is_zero(&self) -> bool {
        self.0.iter().fold(0, |all, byte| all | byte) == 0
    }

    /// `self ^ exponent`, the exponent big-endian. Time depends on the exponent's length only.
    pub fn pow(&self, exponent: &[u8]) -> Self {
        let group = &*GROUP;
        let (base, exponent, result) = (Number::from_be(&self.0), Number::from_be(exponent), Number::new());
        let context = Scratch::new();
        // SAFETY: every pointer is live and owned here or by `GROUP`; the base is below the modulus.
        succeeded(unsafe {
            lc::BN_mod_exp_mont_consttime(
                result.at(),
                base.at(),
                exponent.at(),
                group.modulus.at(),
                context.at(),
                group.montgomery.at(),
            )
        });
        result.to_residue()
    }

    pub fn times(&self, other: &Self) -> Self {
        let (left, right) = (Number::from_be(&self.0), Number::from_be(&other.0));
        let context = Scratch::new();
        // One factor in Montgomery form and one not: the form goes with the reduction.
        GROUP.enter_montgomery(&left, &context);
        GROUP.multiply(&left, &right, &context);
        left.to_residue()
    }

    pub fn plus(&self, other: &Self) -> Self {
        let (left, right, result) = (Number::from_be(&self.0), Number::from_be(&other.0), Number::new());
        // SAFETY: live pointers; both operands are below the modulus.
        succeeded(unsafe { lc::BN_mod_add_quick(result.at(), left.at(), right.at(), GROUP.modulus.at()) });
        result.to_residue()
    }

    pub fn minus(&self, other: &Self) -> Self {
        let (left, right, result) = (Number::from_be(&self.0), Number::from_be(&other.0), Number::new());
        // SAFETY: live pointers; both operands are below the modulus.
        succeeded(unsafe { lc::BN_mod_sub_quick(result.at(), left.at(), right.at(), GROUP.modulus.at()) });
        result.to_residue()
    }
}

/// `g ^ exponent` for the generator 2, the exponent big-endian, in constant time: one multiplication for each five bits,
/// with factors taken from a table that is read whole, whatever the digit.
pub fn power_of_g(exponent: &[u8; 32]) -> Residue {
    let group = &*GROUP;
    let context = Scratch::new();
    let mut factor = Limbs([0; LIMBS]);
    let mut bytes = FactorBytes([0; BYTES]);
    let (product, next) = (Number::new(), Number::new());
    for row in 0..ROWS {
        group.select(row, digit(exponent, row), &mut factor);
        factor.write_le(&mut bytes);
        if row == 0 {
            product.set_le(&bytes.0);
        } else {
            next.set_le(&bytes.0);
            group.multiply(&product, &next, &context);
        }
    }
    group.leave_montgomery(&product, &context);
    product.to_residue()
}

/// Builds the table of powers, a few milliseconds' work, ahead of the first sign-in.
pub fn warm_up() {
    LazyLock::force(&GROUP);
}

/// The `row`th digit of the exponent, least significant first.
fn digit(exponent: &[u8; 32], row: usize) -> usize {
    let bit = row * WINDOW;
    let byte = |at: usize| if at < 32 { usize::from(exponent[31 - at]) } else { 0 };
    ((byte(bit / 8) | byte(bit / 8 + 1) << 8) >> (bit % 8)) & (ROW - 1)
}

static GROUP: LazyLock<Group> = LazyLock::new(Group::new);

/// The modulus, its Montgomery constants and the powers of g: built once, only read afterwards.
struct Group {
    modulus: Number,
    montgomery: Montgomery,
    /// `ROWS` rows of `ROW` numbers in Montgomery form, least significant limb first: number `d` of row `r` is
    /// `g ^ (d << (r * WINDOW))`.
    table: Vec<u64>,
}

// SAFETY: after `new` nothing writes to either; aws-lc takes both by const pointer and shares them between threads
// itself in its RSA keys.
unsafe impl Send for Group {}
// SAFETY: as above.
unsafe impl Sync for Group {}

impl Group {
    fn new() -> Self {
        let modulus = Number::from_be(&MODULUS);
        let context = Scratch::new();
        // SAFETY: live pointers; the modulus is odd and positive.
        let made = unsafe { lc::BN_MONT_CTX_new_for_modulus(modulus.at(), context.at()) };
        let montgomery = Montgomery(NonNull::new(made).unwrap_or_else(|| out_of_memory()));
        let mut group = Self { modulus, montgomery, table: Vec::with_capacity(ROWS * ROW * LIMBS) };

        let one = Number::from_be(&padded(1));
        let base = Number::from_be(&padded(2));
        group.enter_montgomery(&one, &context);
        group.enter_montgomery(&base, &context);
        for _ in 0..ROWS {
            let mut power = one.to_le();
            for _ in 0..ROW {
                group.table.extend(power.chunks_exact(8).map(limb));
                let next = Number::from_le(&power);
                group.multiply(&next, &base, &context);
                power = next.to_le();
            }
            // base ^ ROW is what the next row counts in.
            base.set_le(&power);
        }
        group
    }

    /// Copies number `digit` of `row` into `chosen`, reading all the row's numbers alike.
    fn select(&self, row: usize, digit: usize, chosen: &mut Limbs) {
        let masks: [u64; ROW] = std::array::from_fn(|index| {
            let differs = (index ^ digit) as u64;
            // All ones where nothing differs; hidden from the optimiser, which might make it a branch.
            black_box((differs.wrapping_sub(1) >> 63).wrapping_neg())
        });
        let numbers = &self.table[row * ROW * LIMBS..][..ROW * LIMBS];
        // A few limbs of every number at a time, so that what is gathered stays in registers.
        for (block, place) in chosen.0.chunks_exact_mut(GATHERED).enumerate() {
            let mut gathered = [0; GATHERED];
            for (number, mask) in numbers.chunks_exact(LIMBS).zip(masks) {
                for (limb, candidate) in gathered.iter_mut().zip(&number[block * GATHERED..][..GATHERED]) {
                    *limb |= candidate & mask;
                }
            }
            place.copy_from_slice(&gathered);
        }
    }

    /// `left = left * right / R`.
    fn multiply(&self, left: &Number, right: &Number, context: &Scratch) {
        // SAFETY: live pointers; the routine allows its result to be one of its operands.
        succeeded(unsafe {
            lc::BN_mod_mul_montgomery(left.at(), left.at(), right.at(), self.montgomery.at(), context.at())
        });
    }

    fn enter_montgomery(&self, number: &Number, context: &Scratch) {
        // SAFETY: live pointers; result and operand may be the same.
        succeeded(unsafe {
            lc::BN_to_montgomery(number.at(), number.at(), self.montgomery.at(), context.at())
        });
    }

    fn leave_montgomery(&self, number: &Number, context: &Scratch) {
        // SAFETY: live pointers; result and operand may be the same.
        succeeded(unsafe {
            lc::BN_from_montgomery(number.at(), number.at(), self.montgomery.at(), context.at())
        });
    }
}

/// An aws-lc number, wiped and freed when it goes. Its width follows the length it was made from, never its value.
struct Number(NonNull<lc::BIGNUM>);

impl Number {
    fn new() -> Self {
        // SAFETY: no preconditions.
        Self(NonNull::new(unsafe { lc::BN_new() }).unwrap_or_else(|| out_of_memory()))
    }

    fn from_be(bytes: &[u8]) -> Self {
        let number = Self::new();
        // SAFETY: reads `len` bytes at the pointer, writes to a live number.
        some(unsafe { lc::BN_bin2bn(bytes.as_ptr(), bytes.len(), number.at()) });
        number
    }

    fn from_le(bytes: &[u8]) -> Self {
        let number = Self::new();
        number.set_le(bytes);
        number
    }

    fn set_le(&self, bytes: &[u8]) {
        // SAFETY: reads `len` bytes at the pointer, writes to a live number.
        some(unsafe { lc::BN_le2bn(bytes.as_ptr(), bytes.len(), self.at()) });
    }

    fn to_le(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        // SAFETY: writes exactly `BYTES` bytes; fails, writing nothing, if the number needs more.
        succeeded(unsafe { lc::BN_bn2le_padded(bytes.as_mut_ptr(), BYTES, self.at()) });
        bytes
    }

    fn to_residue(&self) -> Residue {
        let mut residue = Residue([0; BYTES]);
        // SAFETY: as in `to_le`.
        succeeded(unsafe { lc::BN_bn2bin_padded(residue.0.as_mut_ptr(), BYTES, self.at()) });
        residue
    }

    const fn at(&self) -> *mut lc::BIGNUM {
        self.0.as_ptr()
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: owned, freed once; wipes before freeing.
        unsafe { lc::BN_clear_free(self.at()) }
    }
}

struct Montgomery(NonNull<lc::BN_MONT_CTX>);

impl Montgomery {
    const fn at(&self) -> *const lc::BN_MONT_CTX {
        self.0.as_ptr()
    }
}

impl Drop for Montgomery {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { lc::BN_MONT_CTX_free(self.0.as_ptr()) }
    }
}

/// aws-lc's working memory for one calculation; not shared between threads.
struct Scratch(NonNull<lc::BN_CTX>);

impl Scratch {
    fn new() -> Self {
        // SAFETY: no preconditions.
        Self(NonNull::new(unsafe { lc::BN_CTX_new() }).unwrap_or_else(|| out_of_memory()))
    }

    const fn at(&self) -> *mut lc::BN_CTX {
        self.0.as_ptr()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { lc::BN_CTX_free(self.at()) }
    }
}

/// A factor picked from the table: it gives five bits of a secret exponent away, so it is wiped.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Limbs([u64; LIMBS]);

#[derive(Zeroize, ZeroizeOnDrop)]
struct FactorBytes([u8; BYTES]);

impl Limbs {
    fn write_le(&self, bytes: &mut FactorBytes) {
        for (place, limb) in bytes.0.chunks_exact_mut(8).zip(self.0) {
            place.copy_from_slice(&limb.to_le_bytes());
        }
    }
}

fn limb(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

const fn padded(value: u8) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[BYTES - 1] = value;
    bytes
}

fn succeeded(code: std::ffi::c_int) {
    if code != 1 {
        out_of_memory();
    }
}

fn some<T>(pointer: *mut T) {
    if pointer.is_null() {
        out_of_memory();
    }
}

fn out_of_memory() -> ! {
    std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; BYTES]>())
}

const fn modulus() -> [u8; BYTES] {
    const HEX: &[u8; BYTES * 2] = b"\
FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74\
020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437\
4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05\
98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB\
9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718\
3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33\
A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7\
ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864\
D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2\
08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";
    let mut bytes = [0; BYTES];
    let mut at = 0;
    while at < BYTES {
        bytes[at] = nibble(HEX[at * 2]) << 4 | nibble(HEX[at * 2 + 1]);
        at += 1;
    }
    bytes
}

const fn nibble(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { digit - b'A' + 10 }
}

#[cfg(test)]
mod tests {
    use crypto_bigint::{
        U3072,
        modular::{FixedMontyForm, FixedMontyParams},
    };
    use proptest::prelude::*;

    use super::*;

    /// The same arithmetic by another hand.
    fn oracle() -> FixedMontyParams<{ U3072::LIMBS }> {
        FixedMontyParams::new_vartime(crypto_bigint::Odd::new(U3072::from_be_slice(&MODULUS)).unwrap())
    }

    fn oracle_of(residue: &Residue) -> FixedMontyForm<{ U3072::LIMBS }> {
        FixedMontyForm::new(&U3072::from_be_slice(residue.to_be_bytes()), &oracle())
    }

    fn same(ours: &Residue, theirs: FixedMontyForm<{ U3072::LIMBS }>) {
        assert_eq!(U3072::from_be_slice(ours.to_be_bytes()), theirs.retrieve());
    }

    /// Shown as bytes when a case fails: a residue does not print itself.
    fn residue() -> impl Strategy<Value = Vec<u8>> {
        let edge = prop_oneof![Just(vec![]), Just(vec![1]), Just(vec![2])];
        let top = Just(Residue(padded(0)).minus(&Residue(padded(1))).0.to_vec());
        let any = proptest::collection::vec(any::<u8>(), 1..=BYTES)
            .prop_filter("below the modulus", |bytes| Residue::from_be_bytes(bytes).is_some());
        prop_oneof![1 => edge, 1 => top, 6 => any]
    }

    fn exponent() -> impl Strategy<Value = [u8; 32]> {
        prop_oneof![1 => Just([0; 32]), 1 => Just([255; 32]), 6 => any::<[u8; 32]>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn powers_agree_with_another_implementation(base in residue(), exponent in exponent()) {
            let base = Residue::from_be_bytes(&base).unwrap();
            let expected = oracle_of(&base).pow(&crypto_bigint::U256::from_be_slice(&exponent));
            same(&base.pow(&exponent), expected);
        }

        #[test]
        fn the_table_agrees_with_the_general_case(exponent in exponent()) {
            let general = Residue(padded(2)).pow(&exponent);
            assert_eq!(power_of_g(&exponent).0, general.0);
        }

        #[test]
        fn sums_differences_and_products_agree(left in residue(), right in residue()) {
            let (left, right) =
                (Residue::from_be_bytes(&left).unwrap(), Residue::from_be_bytes(&right).unwrap());
            same(&left.times(&right), oracle_of(&left) * oracle_of(&right));
            same(&left.plus(&right), oracle_of(&left) + oracle_of(&right));
            same(&left.minus(&right), oracle_of(&left) - oracle_of(&right));
        }
    }

    #[test]
    fn every_digit_of_every_row_is_the_right_power() {
        let mut base = Residue(padded(2));
        for row in 0..ROWS {
            let mut expected = Residue(padded(1));
            // The last row has bits for one digit only: 256 = 51 * 5 + 1.
            for value in 0..if row == ROWS - 1 { 2 } else { ROW } {
                let exponent = exponent_with(row, value);
                assert_eq!(digit(&exponent, row), value);
                assert_eq!(power_of_g(&exponent).0, expected.0, "row {row}, digit {value}");
                expected = expected.times(&base);
            }
            base = expected;
        }
    }

    fn exponent_with(row: usize, value: usize) -> [u8; 32] {
        let mut exponent = [0; 32];
        for bit in (0..WINDOW).filter(|bit| value >> bit & 1 == 1) {
            let bit = row * WINDOW + bit;
            exponent[31 - bit / 8] |= 1 << (bit % 8);
        }
        exponent
    }

    #[test]
    fn a_residue_is_below_the_modulus() {
        assert!(Residue::from_be_bytes(&MODULUS).is_none());
        assert!(Residue::from_be_bytes(&[255; BYTES]).is_none());
        assert!(Residue::from_be_bytes(&[1; BYTES + 1]).is_none());
        let mut longer = vec![0; 10];
        longer.extend([5; BYTES]);
        assert!(Residue::from_be_bytes(&longer).is_some());
        assert!(Residue::from_be_bytes(&[]).is_some_and(|zero| zero.is_zero()));
        let mut below = MODULUS;
        below[BYTES - 1] -= 1;
        assert!(Residue::from_be_bytes(&below).is_some_and(|top| !top.is_zero()));
    }

    #[test]
    fn an_exponent_of_any_length() {
        let base = Residue(padded(3));
        assert_eq!(base.pow(&[]).0, padded(1));
        assert_eq!(base.pow(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 5]).0, padded(243));
    }
}
