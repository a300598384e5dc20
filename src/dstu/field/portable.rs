//! Registers as two words: runs on every processor.
//!
//! The carry-less product spreads each operand over four words with three zero bits between any
//! two bits, so that the carries of ordinary multiplications fall into the holes. It takes the
//! same time for all operands wherever the processor's multiplication does.

use super::lane::{Both, Lane, Single};

/// A register as two words.
#[derive(Clone, Copy)]
pub(in crate::dstu) struct Plain([u64; 2]);

impl Single for Plain {
    type Pair = Both<Self>;

    #[inline(always)]
    fn words(self) -> [u64; 2] {
        self.0
    }
}

impl Lane for Plain {
    const SLOW: bool = true;

    #[inline(never)]
    fn outline<R>(work: impl FnOnce() -> R) -> R {
        work()
    }

    #[inline(always)]
    fn constant(low: u64, high: u64) -> Self {
        Self([low, high])
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self([self.0[0] ^ other.0[0], self.0[1] ^ other.0[1]])
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self([self.0[0] & other.0[0], self.0[1] & other.0[1]])
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }

    #[inline(always)]
    fn product_low(self, other: Self) -> Self {
        Self(multiply(self.0[0], other.0[0]))
    }

    #[inline(always)]
    fn product_high(self, other: Self) -> Self {
        Self(multiply(self.0[1], other.0[1]))
    }

    #[inline(always)]
    fn square_low(self) -> Self {
        Self(square(self.0[0]))
    }

    #[inline(always)]
    fn square_high(self) -> Self {
        Self(square(self.0[1]))
    }

    #[inline(always)]
    fn swapped(self) -> Self {
        Self([self.0[1], self.0[0]])
    }

    #[inline(always)]
    fn straddle(low: Self, high: Self) -> Self {
        Self([low.0[1], high.0[0]])
    }

    #[inline(always)]
    fn left(self, bits: usize) -> Self {
        if bits < 64 { Self([self.0[0] << bits, self.0[1] << bits]) } else { Self([0; 2]) }
    }

    #[inline(always)]
    fn right(self, bits: usize) -> Self {
        if bits < 64 { Self([self.0[0] >> bits, self.0[1] >> bits]) } else { Self([0; 2]) }
    }

    #[inline(always)]
    fn low_word(self) -> Self {
        Self([self.0[0], 0])
    }

    #[inline(always)]
    fn mask(self) -> Self {
        Self([self.0[0].wrapping_neg(); 2])
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        self.0 == [0; 2]
    }
}

/// The carry-less product of two words, low and high.
fn multiply(a: u64, b: u64) -> [u64; 2] {
    let low = multiply_low(a, b);
    let high = multiply_low(a.reverse_bits(), b.reverse_bits()).reverse_bits();
    [low, high >> 1]
}

/// The low word of the carry-less product of two words.
///
/// A column sums at most 16 bits. Only the topmost can reach 16, and its carry leaves the word.
#[inline(always)]
fn multiply_low(a: u64, b: u64) -> u64 {
    const HOLES: [u64; 4] = [
        0x1111_1111_1111_1111,
        0x2222_2222_2222_2222,
        0x4444_4444_4444_4444,
        0x8888_8888_8888_8888,
    ];
    let a = HOLES.map(|mask| a & mask);
    let b = HOLES.map(|mask| b & mask);
    let mut sum = 0;
    for residue in 0..4 {
        let mut column = 0;
        for at in 0..4 {
            column ^= a[at].wrapping_mul(b[(residue + 4 - at) % 4]);
        }
        sum |= column & HOLES[residue];
    }
    sum
}

/// The carry-less square of a word: a zero put after each bit.
fn square(a: u64) -> [u64; 2] {
    [spread(a & 0xFFFF_FFFF), spread(a >> 32)]
}

#[inline(always)]
fn spread(mut a: u64) -> u64 {
    a = (a | a << 16) & 0x0000_FFFF_0000_FFFF;
    a = (a | a << 8) & 0x00FF_00FF_00FF_00FF;
    a = (a | a << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    a = (a | a << 2) & 0x3333_3333_3333_3333;
    (a | a << 1) & 0x5555_5555_5555_5555
}

#[cfg(test)]
mod tests {
    use super::{multiply, square};

    #[test]
    fn the_product_by_holes_is_the_product_bit_by_bit() {
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let words = [0, 1, u64::MAX, 1 << 63, 0x1111_1111_1111_1111, next(), next(), next()];
        for a in words {
            for b in words {
                let mut expected = 0_u128;
                for bit in 0..64 {
                    if b >> bit & 1 == 1 {
                        expected ^= u128::from(a) << bit;
                    }
                }
                let [low, high] = multiply(a, b);
                assert_eq!(u128::from(high) << 64 | u128::from(low), expected, "{a:x} by {b:x}");
            }
            assert_eq!(square(a), multiply(a, a));
        }
    }
}
