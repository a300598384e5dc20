//! The cipher «Калина» (ДСТУ 7624:2014) with block and key of 256 bits: feedback (CFB) and the
//! wrapping of keys as Ukrainian envelopes use them. Only encryption of a block is needed for both.
//!
//! As [`super::Gost28147`], it looks up tables at places that depend on the key.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::inline_always,
    reason = "an arithmetic kernel over arrays of fixed size"
)]

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

mod substitution;

const BLOCK: usize = 32;
const ROUNDS: usize = 14;

/// Four columns of eight octets, the octet of row 0 lowest.
type State = [u64; 4];

/// The start value of the second pass of a key's wrapping.
const WRAPPING: [u8; BLOCK] = *b"\
    \x69\x73\x27\x1d\x6e\x61\x1d\x06\x61\x67\x15\x04\x6c\x65\x50\x4c\
    \x20\x20\x00\x4f\x6d\x68\x01\x1f\x65\x61\x0c\x0c\x73\x73\x47\x14";

/// For an octet of each row, its substitution times the column of the linear transformation.
static MIXED: [[u64; 256]; 8] = mixed();

/// A key, expanded. Wiped when dropped.
pub struct Kalyna {
    keys: [State; ROUNDS + 1],
}

impl Kalyna {
    /// The length of a key, and of a key that is wrapped.
    pub const KEY_LEN: usize = 32;

    /// The length of a wrapped key: start value, key and check.
    pub const WRAPPED_LEN: usize = 96;

    /// The cipher under this key.
    #[must_use]
    pub fn new(key: &[u8; Self::KEY_LEN]) -> Self {
        const COLUMNS: u64 = 4 + 4 + 1;
        let mut words = Zeroizing::new(state(key));
        let middle = three_rounds([COLUMNS, 0, 0, 0], &words);
        let mut keys = [[0; 4]; ROUNDS + 1];
        for even in (0..=ROUNDS).step_by(2) {
            let added = 0x0001_0001_0001_0001 << (even / 2);
            let modified = middle.map(|word| word.wrapping_add(added));
            let rounds = round(&sum(&words, &modified));
            let rounds = round(&xor(&rounds, &modified));
            keys[even] = sum(&rounds, &modified);
            if even < ROUNDS {
                let mut turned = Zeroizing::new(octets(&keys[even]));
                turned.rotate_left(11);
                keys[even + 1] = state(&turned);
            }
            words.rotate_left(1);
        }
        Self { keys }
    }

    /// One block, encrypted.
    #[must_use]
    pub fn encrypt(&self, block: &[u8; BLOCK]) -> [u8; BLOCK] {
        let mut columns = sum(&state(block), &self.keys[0]);
        for key in &self.keys[1..ROUNDS] {
            columns = xor(&round(&columns), key);
        }
        octets(&sum(&round(&columns), &self.keys[ROUNDS]))
    }

    /// Content of any length, encrypted in place with feedback of whole blocks.
    pub fn encrypt_feedback(&self, start: &[u8; BLOCK], content: &mut [u8]) {
        let mut previous = *start;
        for block in content.chunks_mut(BLOCK) {
            add(block, &self.encrypt(&previous));
            previous[..block.len()].copy_from_slice(block);
        }
    }

    /// Content of any length, decrypted in place with feedback of whole blocks.
    pub fn decrypt_feedback(&self, start: &[u8; BLOCK], content: &mut [u8]) {
        let mut previous = *start;
        for block in content.chunks_mut(BLOCK) {
            let gamma = self.encrypt(&previous);
            previous[..block.len()].copy_from_slice(block);
            add(block, &gamma);
        }
    }

    /// Wraps a key, with a random start value.
    #[must_use]
    pub fn wrap_key(
        &self,
        start: &[u8; BLOCK],
        key: &[u8; Self::KEY_LEN],
    ) -> [u8; Self::WRAPPED_LEN] {
        let mut wrapped = [0; Self::WRAPPED_LEN];
        wrapped[..32].copy_from_slice(start);
        wrapped[32..64].copy_from_slice(key);
        wrapped[64..].copy_from_slice(&self.check(key));
        self.encrypt_feedback(start, &mut wrapped[32..]);
        wrapped.reverse();
        self.encrypt_feedback(&WRAPPING, &mut wrapped);
        wrapped
    }

    /// The key that is wrapped. `None` if the check inside differs: another wrapping key, or other
    /// octets than were made.
    #[must_use]
    pub fn unwrap_key(
        &self,
        wrapped: &[u8; Self::WRAPPED_LEN],
    ) -> Option<Zeroizing<[u8; Self::KEY_LEN]>> {
        let mut open = Zeroizing::new(*wrapped);
        self.decrypt_feedback(&WRAPPING, open.as_mut_slice());
        open.reverse();
        let (start, checked) = open.split_first_chunk_mut::<BLOCK>()?;
        self.decrypt_feedback(start, checked);
        let (key, check) = checked.split_first_chunk::<BLOCK>()?;
        bool::from(self.check(key).ct_eq(check)).then(|| Zeroizing::new(*key))
    }

    /// The check (CMAC, mode 5 of the standard) of one whole block.
    fn check(&self, block: &[u8; BLOCK]) -> [u8; BLOCK] {
        let mut last = self.encrypt(&[0; BLOCK]);
        add(&mut last, block);
        self.encrypt(&last)
    }
}

/// The first three rounds of the key schedule.
fn three_rounds(start: State, key: &State) -> State {
    let columns = round(&sum(&start, key));
    let columns = round(&xor(&columns, key));
    round(&sum(&columns, key))
}

/// Substitution, shift of rows and linear transformation. Row `r` moves on by `r / 2` columns.
#[inline(always)]
fn round(columns: &State) -> State {
    std::array::from_fn(|column| {
        (0..8).fold(0, |sum, row| {
            let octet = columns[(column + 4 - row / 2) % 4] >> (8 * row) & 0xff;
            sum ^ MIXED[row][octet as usize]
        })
    })
}

const fn mixed() -> [[u64; 256]; 8] {
    /// The first row of the circulant matrix.
    const MATRIX: [u8; 8] = [1, 1, 5, 1, 8, 6, 7, 4];
    let mut mixed = [[0; 256]; 8];
    let mut row = 0;
    while row < 8 {
        let mut octet = 0;
        while octet < 256 {
            let replaced = substitution::replaced(row, octet);
            let mut target = 0;
            while target < 8 {
                let product = product(MATRIX[(row + 8 - target) % 8], replaced);
                mixed[row][octet] |= (product as u64) << (8 * target);
                target += 1;
            }
            octet += 1;
        }
        row += 1;
    }
    mixed
}

/// In GF(2⁸) modulo x⁸ + x⁴ + x³ + x² + 1.
const fn product(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while a != 0 {
        if a & 1 == 1 {
            product ^= b;
        }
        a >>= 1;
        b = b << 1 ^ if b & 0x80 == 0 { 0 } else { 0x1d };
    }
    product
}

fn sum(a: &State, b: &State) -> State {
    std::array::from_fn(|column| a[column].wrapping_add(b[column]))
}

fn xor(a: &State, b: &State) -> State {
    std::array::from_fn(|column| a[column] ^ b[column])
}

fn state(block: &[u8; BLOCK]) -> State {
    let (columns, _) = block.as_chunks::<8>();
    std::array::from_fn(|column| u64::from_le_bytes(columns[column]))
}

fn octets(columns: &State) -> [u8; BLOCK] {
    let mut octets = [0; BLOCK];
    for (octets, column) in octets.chunks_mut(8).zip(columns) {
        octets.copy_from_slice(&column.to_le_bytes());
    }
    octets
}

/// A last piece that is shorter takes the last octets of the gamma.
fn add(block: &mut [u8], gamma: &[u8; BLOCK]) {
    let from = BLOCK - block.len();
    for (octet, gamma) in block.iter_mut().zip(&gamma[from..]) {
        *octet ^= gamma;
    }
}

impl Drop for Kalyna {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}

impl fmt::Debug for Kalyna {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kalyna").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
