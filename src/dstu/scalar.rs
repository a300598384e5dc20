//! Integers below a curve's order, as words; their digits for multiplication of points.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "what is converted is masked to fit in the same line or the line before"
)]

use super::field::{LIMBS, Words};

/// Reads octets with the least significant first; `None` if the value has more than 448 bits.
pub(super) fn from_little_endian(octets: &[u8]) -> Option<Words> {
    let mut words = [0; LIMBS];
    for (at, octet) in octets.iter().enumerate() {
        match words.get_mut(at / 8) {
            Some(word) => *word |= u64::from(*octet) << (at % 8 * 8),
            None if *octet == 0 => {}
            None => return None,
        }
    }
    Some(words)
}

/// The `length` least significant octets, the least significant first.
pub(super) fn to_little_endian(words: &Words, length: usize) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).take(length).collect()
}

pub(super) fn is_zero(a: &Words) -> bool {
    a.iter().fold(0, |all, word| all | word) == 0
}

/// The number of bits up to the highest one that is set.
pub(super) fn bit_length(a: &Words) -> usize {
    let top = a.iter().rposition(|word| *word != 0);
    top.map_or(0, |at| at * 64 + 64 - a[at].leading_zeros() as usize)
}

pub(super) fn bit(a: &Words, at: usize) -> bool {
    a[at / 64] >> (at % 64) & 1 == 1
}

/// `count` bits from bit `at` on, at most 32; zeros above the words.
pub(super) fn bits(a: &Words, at: usize, count: usize) -> u32 {
    let (word, shift) = (at / 64, at % 64);
    let low = a.get(word).map_or(0, |word| word >> shift);
    let high = a.get(word + 1).map_or(0, |word| if shift == 0 { 0 } else { word << (64 - shift) });
    ((low | high) & ((1 << count) - 1)) as u32
}

/// Keeps the `count` least significant bits.
pub(super) fn truncate(a: &Words, count: usize) -> Words {
    let mut kept = *a;
    for (at, word) in kept.iter_mut().enumerate() {
        let from = at * 64;
        if from >= count {
            *word = 0;
        } else if count - from < 64 {
            *word &= (1 << (count - from)) - 1;
        }
    }
    kept
}

/// Whether a < b; takes the same time for all values.
pub(super) fn less(a: &Words, b: &Words) -> bool {
    subtract(a, b).1 == 1
}

/// a − b modulo 2^448 and the borrow, 0 or 1; takes the same time for all values.
pub(super) fn subtract(a: &Words, b: &Words) -> (Words, u64) {
    let mut difference = [0; LIMBS];
    let mut borrow = false;
    for at in 0..LIMBS {
        (difference[at], borrow) = a[at].borrowing_sub(b[at], borrow);
    }
    (difference, u64::from(borrow))
}

/// The words a where the mask is zero, b where it is all ones.
fn choose(mask: u64, a: &Words, b: &Words) -> Words {
    std::array::from_fn(|at| a[at] ^ ((a[at] ^ b[at]) & mask))
}

/// a + b mod n of a, b < n < 2^447; takes the same time for all values.
pub(super) fn add_modulo(a: &Words, b: &Words, n: &Words) -> Words {
    let mut sum = [0; LIMBS];
    let mut carry = false;
    for at in 0..LIMBS {
        (sum[at], carry) = a[at].carrying_add(b[at], carry);
    }
    let (reduced, borrow) = subtract(&sum, n);
    choose(borrow.wrapping_neg(), &reduced, &sum)
}

/// a · b mod n of a, b < n < 2^447; takes the same time for all values of one n.
pub(super) fn multiply_modulo(a: &Words, b: &Words, n: &Words) -> Words {
    let mut product = [0; LIMBS];
    for at in (0..bit_length(n)).rev() {
        product = add_modulo(&product, &product, n);
        let with = add_modulo(&product, b, n);
        product = choose((a[at / 64] >> (at % 64) & 1).wrapping_neg(), &product, &with);
    }
    product
}

/// Octets of any length, the least significant first, modulo n < 2^446; takes the same time for
/// all values of one length.
pub(super) fn reduce_octets(octets: &[u8], n: &Words) -> Words {
    let mut remainder = [0; LIMBS];
    for octet in octets.iter().rev() {
        for at in (0..8).rev() {
            remainder = add_modulo(&remainder, &remainder, n);
            let mut low = [0; LIMBS];
            low[0] = u64::from(octet >> at & 1);
            remainder = add_modulo(&remainder, &low, n);
        }
    }
    remainder
}

/// Digits of the non-adjacent form of a width: each zero or odd and below 2^(width − 1) in size,
/// at most one not zero among any `width` in a row. The least significant is first.
pub(super) fn sparse_digits(a: &Words, width: usize) -> [i8; LIMBS * 64] {
    let mut digits = [0; LIMBS * 64];
    let length = bit_length(a) + 1;
    let mut carry = false;
    let mut at = 0;
    while at < length {
        if bit_or_zero(a, at) == carry {
            at += 1;
            continue;
        }
        let value = bits(a, at, width).cast_signed() + i32::from(carry);
        carry = value >> (width - 1) & 1 == 1;
        let digit = value - (i32::from(carry) << width);
        if let Some(place) = digits.get_mut(at) {
            *place = digit as i8;
        }
        at += width;
    }
    digits
}

fn bit_or_zero(a: &Words, at: usize) -> bool {
    at < LIMBS * 64 && bit(a, at)
}

/// A digit of [`odd_digit`]: which odd multiple, 0 for 1, 1 for 3 …, and its sign.
#[derive(Clone, Copy)]
pub(super) struct OddDigit {
    pub(super) index: usize,
    pub(super) negative: bool,
}

/// Digit `at` of an odd number below 2^(width · count), written as `count` digits that are all
/// odd and below 2^width in size: Σ digit · 2^(width · at).
///
/// With v the windows of (k + 2^(width · count)) / 2, each digit is 2v + 1 − 2^width.
pub(super) fn odd_digit(k: &Words, width: usize, count: usize, at: usize) -> OddDigit {
    let mut value = bits(k, width * at + 1, width);
    if at + 1 == count {
        value = (value & ((1 << (width - 1)) - 1)) | 1 << (width - 1);
    }
    let negative = value >> (width - 1) == 0;
    let magnitude = if negative { !value } else { value } & ((1 << (width - 1)) - 1);
    OddDigit { index: magnitude as usize, negative }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Words = [
        0x0123_4567_89AB_CDEF,
        0xFFFF_FFFF_FFFF_FFFF,
        0x8000_0000_0000_0001,
        0xDEAD_BEEF_0BAD_CAFE,
        0x0000_0000_0000_0003,
        0,
        0,
    ];

    /// Σ digit · 2^position, modulo 2^448.
    fn sum(digits: impl Iterator<Item = (usize, i64)>) -> Words {
        let mut total = [0; LIMBS];
        let modulus = [u64::MAX, u64::MAX, u64::MAX, u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 2];
        for (position, digit) in digits {
            let mut power = [0; LIMBS];
            power[0] = digit.unsigned_abs();
            for _ in 0..position {
                power = add_modulo(&power, &power, &modulus);
            }
            total = if digit < 0 {
                subtract(&total, &power).0
            } else {
                let negated = subtract(&[0; LIMBS], &power).0;
                subtract(&total, &negated).0
            };
        }
        total
    }

    #[test]
    fn sparse_digits_add_up_to_the_number() {
        for width in 2..=7 {
            let digits = sparse_digits(&SAMPLE, width);
            let digits = digits.iter().enumerate().map(|(at, digit)| (at, i64::from(*digit)));
            assert_eq!(sum(digits.filter(|(_, digit)| *digit != 0)), SAMPLE, "width {width}");
        }
    }

    #[test]
    fn odd_digits_add_up_to_the_number() {
        for width in 2..=9 {
            let count = bit_length(&SAMPLE).div_ceil(width);
            let digits = (0..count).map(|at| {
                let digit = odd_digit(&SAMPLE, width, count, at);
                let size = i64::try_from(2 * digit.index + 1).unwrap();
                (width * at, if digit.negative { -size } else { size })
            });
            assert_eq!(sum(digits), SAMPLE, "width {width}");
        }
    }

    #[test]
    fn octets_longer_than_the_words_are_read_only_if_zero() {
        assert_eq!(
            from_little_endian(&[7; 56]).map(|words| to_little_endian(&words, 56)),
            Some(vec![7; 56])
        );
        let mut long = vec![1; 60];
        assert_eq!(from_little_endian(&long), None);
        long[56..].fill(0);
        assert!(from_little_endian(&long).is_some());
    }

    #[test]
    fn modular_arithmetic_agrees_with_small_numbers() {
        let small = |value: u64| [value, 0, 0, 0, 0, 0, 0];
        let n = small(1_000_003);
        assert_eq!(
            multiply_modulo(&small(999_983), &small(777_777), &n),
            small(999_983 * 777_777 % 1_000_003)
        );
        assert_eq!(add_modulo(&small(1_000_002), &small(5), &n), small(4));
        assert_eq!(
            reduce_octets(&0xFFFF_FFFF_FFFF_u64.to_le_bytes(), &n),
            small(0xFFFF_FFFF_FFFF % 1_000_003)
        );
    }
}
