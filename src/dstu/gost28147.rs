//! The cipher ДСТУ ГОСТ 28147:2009: a block, feedback (CFB-64) and the wrapping of keys as
//! Ukrainian envelopes and key files use them. Keys are not meshed.
//!
//! The rounds look up tables at places that depend on the key, so that time and caches tell
//! something of it to whoever runs on the same processor and can have many encryptions made.
//! Here keys open envelopes and key files; nothing is encrypted for a stranger.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::inline_always,
    reason = "an arithmetic kernel over arrays of fixed size"
)]

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::Substitution;

const KEY_LEN: usize = 32;
const WRAPPED_LEN: usize = 44;

/// The start value of the second pass of a key's wrapping.
const WRAPPING: [u8; 8] = [0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05];

/// A key with its substitution. Wiped when dropped.
pub struct Gost28147<'s> {
    substitution: &'s Substitution,
    key: [u32; 8],
}

impl<'s> Gost28147<'s> {
    /// The length of a key, and of a key that is wrapped.
    pub const KEY_LEN: usize = KEY_LEN;

    /// The length of a wrapped key: start value, key and check.
    pub const WRAPPED_LEN: usize = WRAPPED_LEN;

    /// The cipher under this key.
    #[must_use]
    pub fn new(substitution: &'s Substitution, key: &[u8; KEY_LEN]) -> Self {
        let mut words = [0; 8];
        let (octets, _) = key.as_chunks::<4>();
        for (word, octets) in words.iter_mut().zip(octets) {
            *word = u32::from_le_bytes(*octets);
        }
        Self { substitution, key: words }
    }

    /// One block, encrypted.
    #[must_use]
    pub fn encrypt(&self, block: [u8; 8]) -> [u8; 8] {
        let keys = (0..24).map(|round| round % 8).chain((0..8).rev());
        swapped(self.rounds(u64::from_le_bytes(block), keys)).to_le_bytes()
    }

    /// One block, decrypted.
    #[must_use]
    pub fn decrypt(&self, block: [u8; 8]) -> [u8; 8] {
        let keys = (0..8).chain((0..24).rev().map(|round| round % 8));
        swapped(self.rounds(u64::from_le_bytes(block), keys)).to_le_bytes()
    }

    /// Content of any length, encrypted in place with feedback of 64 bits.
    pub fn encrypt_feedback(&self, start: [u8; 8], content: &mut [u8]) {
        let mut previous = start;
        for block in content.chunks_mut(8) {
            previous = self.encrypt(previous);
            add(block, previous);
            previous[..block.len()].copy_from_slice(block);
        }
    }

    /// Content of any length, decrypted in place with feedback of 64 bits.
    pub fn decrypt_feedback(&self, start: [u8; 8], content: &mut [u8]) {
        let keys = Zeroizing::new([self.key; 4]);
        let mut previous = u64::from_le_bytes(start);
        for four in content.chunks_mut(32) {
            let mut blocks = [previous, 0, 0, 0];
            let (whole, _) = four.as_chunks::<8>();
            for (at, block) in whole.iter().enumerate() {
                previous = u64::from_le_bytes(*block);
                if at < 3 {
                    blocks[at + 1] = previous;
                }
            }
            let gamma = encrypt_four(self.substitution, &keys, &blocks);
            for (block, gamma) in four.chunks_mut(8).zip(gamma) {
                add(block, gamma.to_le_bytes());
            }
        }
    }

    /// Wraps a key, with a random start value.
    #[must_use]
    pub fn wrap_key(&self, start: [u8; 8], key: &[u8; KEY_LEN]) -> [u8; WRAPPED_LEN] {
        let mut wrapped = [0; WRAPPED_LEN];
        wrapped[..8].copy_from_slice(&start);
        wrapped[8..40].copy_from_slice(key);
        wrapped[40..].copy_from_slice(&self.check(key.as_chunks().0));
        self.encrypt_feedback(start, &mut wrapped[8..]);
        wrapped.reverse();
        self.encrypt_feedback(WRAPPING, &mut wrapped);
        wrapped
    }

    /// The key that is wrapped. `None` if the check inside differs: another wrapping key, or other
    /// octets than were made.
    #[must_use]
    pub fn unwrap_key(&self, wrapped: &[u8; WRAPPED_LEN]) -> Option<Zeroizing<[u8; KEY_LEN]>> {
        let mut open = Zeroizing::new(*wrapped);
        self.decrypt_feedback(WRAPPING, open.as_mut_slice());
        open.reverse();
        let (start, checked) = open.split_first_chunk_mut::<8>()?;
        self.decrypt_feedback(*start, checked);
        let (key, check) = checked.split_first_chunk::<KEY_LEN>()?;
        bool::from(self.check(key.as_chunks().0).ct_eq(check)).then(|| Zeroizing::new(*key))
    }

    /// The check («імітовставка») of whole blocks, 32 bits.
    fn check(&self, blocks: &[[u8; 8]]) -> [u8; 4] {
        let state = blocks.iter().fold(0, |state, block| {
            self.rounds(state ^ u64::from_le_bytes(*block), (0..16).map(|round| round % 8))
        });
        (state as u32).to_le_bytes()
    }

    fn rounds(&self, block: u64, keys: impl Iterator<Item = usize>) -> u64 {
        let (low, high) = keys.fold((block as u32, (block >> 32) as u32), |(low, high), key| {
            (high ^ self.substitution.replace(low.wrapping_add(self.key[key])), low)
        });
        u64::from(low) | u64::from(high) << 32
    }
}

/// Four blocks, each encrypted with its own key, side by side, so that the look-ups of one hide
/// the latency of the others.
#[inline(always)]
pub(super) fn encrypt_four(
    substitution: &Substitution,
    keys: &[[u32; 8]; 4],
    blocks: &[u64; 4],
) -> [u64; 4] {
    let mut low = blocks.map(|block| block as u32);
    let mut high = blocks.map(|block| (block >> 32) as u32);
    let mut rounds =
        |first, second| two_rounds(substitution, keys, first, second, &mut low, &mut high);
    for _ in 0..3 {
        rounds(0, 1);
        rounds(2, 3);
        rounds(4, 5);
        rounds(6, 7);
    }
    rounds(7, 6);
    rounds(5, 4);
    rounds(3, 2);
    rounds(1, 0);
    let mut encrypted = [0; 4];
    for lane in 0..4 {
        encrypted[lane] = u64::from(high[lane]) | u64::from(low[lane]) << 32;
    }
    encrypted
}

/// Two rounds of all four blocks, with these two words of their keys.
#[inline(always)]
fn two_rounds(
    substitution: &Substitution,
    keys: &[[u32; 8]; 4],
    first: usize,
    second: usize,
    low: &mut [u32; 4],
    high: &mut [u32; 4],
) {
    for lane in 0..4 {
        high[lane] ^= substitution.replace(low[lane].wrapping_add(keys[lane][first]));
    }
    for lane in 0..4 {
        low[lane] ^= substitution.replace(high[lane].wrapping_add(keys[lane][second]));
    }
}

/// After the last round the halves stay where they are.
fn swapped(block: u64) -> u64 {
    block.rotate_left(32)
}

fn add(block: &mut [u8], gamma: [u8; 8]) {
    for (octet, gamma) in block.iter_mut().zip(gamma) {
        *octet ^= gamma;
    }
}

impl Drop for Gost28147<'_> {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl fmt::Debug for Gost28147<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gost28147").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
