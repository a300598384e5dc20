//! The digest ГОСТ 34.311-95 (ГОСТ Р 34.11-94) with a substitution of choice and the start
//! value zero, as ДСТУ 4145 signatures use it.
//!
//! Four encryptions of a step run interleaved, so that the table look-ups of one hide the latency
//! of the others; the byte transposition `P` and the mixing `ψ` work on whole 64-bit words.
//! Processors with AVX-512 VBMI and GFNI take the same steps in wide registers instead.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::inline_always,
    reason = "an arithmetic kernel over arrays of fixed size"
)]

use super::{Substitution, gost28147::encrypt_four};

const BLOCK: usize = 32;

/// 256 bits, the least significant word first.
type Words = [u64; 4];

/// The constant `C₃` of the key schedule; `C₂` and `C₄` are zero.
const C3: Words =
    [0xff00_ff00_ff00_ff00, 0x00ff_00ff_00ff_00ff, 0xff00_00ff_00ff_ff00, 0xff00_ffff_0000_00ff];

/// A digest that takes its content in pieces.
#[derive(Clone, Debug)]
pub struct Gost34311<'s> {
    substitution: &'s Substitution,
    state: Words,
    sum: Words,
    /// Octets taken so far.
    length: u128,
    pending: [u8; BLOCK],
    /// How much of `pending` is filled; less than a block.
    filled: usize,
}

/// The digest of the whole content with ДКЕ № 1.
#[must_use]
pub fn gost34311(content: &[u8]) -> [u8; 32] {
    let mut hasher = Gost34311::default();
    hasher.update(content);
    hasher.finish()
}

impl Default for Gost34311<'static> {
    /// With ДКЕ № 1.
    fn default() -> Self {
        Self::new(Substitution::standard())
    }
}

impl<'s> Gost34311<'s> {
    /// With a substitution that a certificate names.
    #[must_use]
    pub fn new(substitution: &'s Substitution) -> Self {
        Self { substitution, state: [0; 4], sum: [0; 4], length: 0, pending: [0; BLOCK], filled: 0 }
    }

    /// Takes the next piece of the content.
    pub fn update(&mut self, mut content: &[u8]) {
        self.length += content.len() as u128;
        if self.filled > 0 {
            let take = content.len().min(BLOCK - self.filled);
            let (head, rest) = content.split_at(take);
            self.pending[self.filled..self.filled + take].copy_from_slice(head);
            self.filled += take;
            content = rest;
            if self.filled < BLOCK {
                return;
            }
            self.filled = 0;
            let block = self.pending;
            self.blocks(&[block]);
        }
        let (blocks, rest) = content.as_chunks::<BLOCK>();
        self.blocks(blocks);
        self.pending[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    /// The digest of all that was taken.
    #[must_use]
    pub fn finish(mut self) -> [u8; 32] {
        if self.filled > 0 {
            self.pending[self.filled..].fill(0);
            let block = self.pending;
            self.blocks(&[block]);
        }
        let bits = self.length << 3;
        let length = [bits as u64, (bits >> 64) as u64, (self.length >> 125) as u64, 0];
        let last = [octets(&length), octets(&self.sum)];
        octets(&steps(self.substitution, &self.state, &last))
    }

    fn blocks(&mut self, blocks: &[[u8; BLOCK]]) {
        self.state = steps(self.substitution, &self.state, blocks);
        for block in blocks {
            let mut carry = false;
            for (sum, word) in self.sum.iter_mut().zip(words(block)) {
                (*sum, carry) = sum.carrying_add(word, carry);
            }
        }
    }
}

/// The state after the steps for these blocks, the fastest way the processor can.
fn steps(substitution: &Substitution, state: &Words, blocks: &[[u8; BLOCK]]) -> Words {
    #[cfg(target_arch = "x86_64")]
    if let Some(state) = vector::steps(substitution, state, blocks) {
        return state;
    }
    portable_steps(substitution, state, blocks)
}

fn portable_steps(substitution: &Substitution, state: &Words, blocks: &[[u8; BLOCK]]) -> Words {
    blocks.iter().fold(*state, |state, block| step(substitution, &state, &words(block)))
}

fn words(block: &[u8; BLOCK]) -> Words {
    let (octets, _) = block.as_chunks::<8>();
    let mut words = [0; 4];
    for (word, octets) in words.iter_mut().zip(octets) {
        *word = u64::from_le_bytes(*octets);
    }
    words
}

fn octets(words: &Words) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let (octets, _) = block.as_chunks_mut::<8>();
    for (octets, word) in octets.iter_mut().zip(words) {
        *octets = word.to_le_bytes();
    }
    block
}

fn xor(a: &Words, b: &Words) -> Words {
    [a[0] ^ b[0], a[1] ^ b[1], a[2] ^ b[2], a[3] ^ b[3]]
}

/// The step hash function: the next state from a state and a block.
#[inline(never)]
fn step(substitution: &Substitution, state: &Words, block: &Words) -> Words {
    let mut u = *state;
    let mut v = *block;
    let mut keys = [[0; 8]; 4];
    for (index, key) in keys.iter_mut().enumerate() {
        if index > 0 {
            u = shift(&u);
            if index == 2 {
                u = xor(&u, &C3);
            }
            v = shift(&shift(&v));
        }
        *key = transpose(&xor(&u, &v));
    }
    let encrypted = encrypt_four(substitution, &keys, state);
    // ψ⁶¹(state ⊕ ψ(block ⊕ ψ¹²(encrypted)))
    mix_61(&xor(state, &mix(&xor(block, &mix_12(&encrypted)))))
}

/// The transformation `A`.
const fn shift(words: &Words) -> Words {
    [words[1], words[2], words[3], words[0] ^ words[1]]
}

/// The transformation `P`, a transposition of 4 × 8 octets; the result as the key of the cipher.
const fn transpose(words: &Words) -> [u32; 8] {
    const OCTETS: u64 = 0x00ff_00ff_00ff_00ff;
    const PAIRS: u64 = 0x0000_ffff_0000_ffff;
    const fn exchange(a: u64, b: u64, mask: u64, by: u32) -> (u64, u64) {
        let differing = ((a >> by) ^ b) & mask;
        (a ^ differing << by, b ^ differing)
    }
    let (a, b) = exchange(words[0], words[1], OCTETS, 8);
    let (c, d) = exchange(words[2], words[3], OCTETS, 8);
    let (a, c) = exchange(a, c, PAIRS, 16);
    let (b, d) = exchange(b, d, PAIRS, 16);
    [
        a as u32,
        b as u32,
        c as u32,
        d as u32,
        (a >> 32) as u32,
        (b >> 32) as u32,
        (c >> 32) as u32,
        (d >> 32) as u32,
    ]
}

/// The transformation `ψ`: sixteen words of 16 bits move down by one, the new top word is the sum
/// of words 1, 2, 3, 4, 13 and 16.
fn mix(words: &Words) -> Words {
    let [a, b, c, d] = *words;
    let top = (a ^ a >> 16 ^ a >> 32 ^ a >> 48 ^ d ^ d >> 48) << 48;
    [a >> 16 | b << 48, b >> 16 | c << 48, c >> 16 | d << 48, d >> 16 | top]
}

/// `ψ¹²`.
fn mix_12(words: &Words) -> Words {
    let mut row = [0; 7];
    row[..4].copy_from_slice(words);
    for at in 0..3 {
        row[at + 4] = new_4(&row, at);
    }
    [row[3], row[4], row[5], row[6]]
}

/// `ψ⁶¹`. The words that `ψ` makes one after another follow the recurrence
/// `x¹⁶ = 1 + x + x² + x³ + x¹² + x¹⁵`, and so its square and its fourth power, whose terms lie
/// farther apart: the farther, the less waits for what is made just before.
fn mix_61(words: &Words) -> Words {
    let mut row = [0; 20];
    row[..4].copy_from_slice(words);
    for at in 0..4 {
        row[at + 4] = new_4(&row, at);
    }
    for at in 0..8 {
        let near = row[at] ^ row[at + 1];
        let far = row[at + 1] ^ row[at + 2];
        let new = near ^ near >> 32 ^ row[at + 6] ^ row[at + 7] >> 32;
        row[at + 8] = new ^ (new ^ far) << 32;
    }
    for at in 0..4 {
        row[at + 16] =
            row[at] ^ row[at + 1] ^ row[at + 2] ^ row[at + 3] ^ row[at + 12] ^ row[at + 15];
    }
    mix(&[row[15], row[16], row[17], row[18]])
}

/// The four new words of 16 bits that `ψ⁴` makes of the four 64-bit words at this place. Each takes
/// part in the next one's sum, hence the running sum at the end; what the second word adds to the
/// first three sums is left of it after the running sum only once.
#[inline(always)]
fn new_4(row: &[u64], at: usize) -> u64 {
    let (a, b, d) = (row[at], row[at + 1], row[at + 3]);
    let mut new = a ^ a >> 16;
    new ^= new >> 32;
    new ^= d ^ d >> 48;
    new ^= (new ^ b) << 16;
    new ^ new << 32
}

#[cfg(target_arch = "x86_64")]
mod vector;

#[cfg(test)]
mod tests;
