//! Binary fields GF(2^m) in the polynomial basis: multiply, square, invert, solve quadratics.
//!
//! One generic code serves all degrees and all backends. An element is an array of 128-bit
//! registers; what a register is (two words, an XMM register, two elements side by side in a YMM
//! register) is a [`Lane`]. The product is a Karatsuba over registers, the reduction folds the
//! high part by shifts, both unrolled by the compiler because degree and taps are constants.
//!
//! Nothing here branches or indexes by an element's bits but for the answers of `is_zero`.

use std::marker::PhantomData;

mod carryless;
mod lane;
mod portable;
mod shape;

pub(super) use carryless::{available, enter};
pub(super) use shape::{Dispatch, Shape};

use lane::{Lane, Single, Twin};

/// Words that hold an element or a scalar of any curve, least significant first.
pub(super) type Words = [u64; LIMBS];

/// Words of the largest field, GF(2^431).
pub(super) const LIMBS: usize = 7;

/// Registers of the widest product.
const WIDE: usize = 8;

/// The operations of a field, or of two copies of it side by side.
pub(super) trait Arithmetic: Copy + Send + Sync + 'static {
    /// A reduced element, or a pair of them.
    type Element: Copy + Send + Sync + 'static;

    fn zero() -> Self::Element;
    fn one() -> Self::Element;
    fn add(a: Self::Element, b: Self::Element) -> Self::Element;
    fn multiply(a: Self::Element, b: Self::Element) -> Self::Element;
    fn square(a: Self::Element) -> Self::Element;
    /// Whether an element is zero; of a pair, whether one of the two is.
    fn is_zero(a: Self::Element) -> bool;
    /// Runs work as a function of its own, with the processor's features.
    ///
    /// Where it stands decides what the compiler inlines: all of the work into that function,
    /// nothing of it into the caller.
    fn outline<R>(work: impl FnOnce() -> R) -> R;
}

/// One field, with its pairs.
pub(super) trait Field: Arithmetic {
    /// Pairs of elements, worked on at once where the processor can.
    type Pair: Arithmetic;
    /// The degree m.
    const DEGREE: usize;
    /// Words of an element.
    const WORDS: usize;
    /// The powers of x whose trace is 1.
    const TRACES: Words;

    fn join(a: Self::Element, b: Self::Element) -> <Self::Pair as Arithmetic>::Element;
    fn split(pair: <Self::Pair as Arithmetic>::Element) -> (Self::Element, Self::Element);
    /// Reads [`Field::WORDS`] words of a reduced element.
    fn load(words: &[u64]) -> Self::Element;
    fn store(a: Self::Element) -> Words;
    /// `b` where the mask is all ones, `a` where it is zero.
    fn choose(mask: u64, a: Self::Element, b: Self::Element) -> Self::Element;
}

/// Products of two independent pairs at once.
#[inline(always)]
pub(super) fn multiply_two<F: Field>(
    (a, b): (F::Element, F::Element),
    (c, d): (F::Element, F::Element),
) -> (F::Element, F::Element) {
    F::split(F::Pair::multiply(F::join(a, c), F::join(b, d)))
}

/// Squares of two elements at once.
#[inline(always)]
pub(super) fn square_two<F: Field>(a: F::Element, b: F::Element) -> (F::Element, F::Element) {
    F::split(F::Pair::square(F::join(a, b)))
}

/// `a^(2^count)`.
#[inline(always)]
pub(super) fn square_times<F: Field>(mut a: F::Element, count: usize) -> F::Element {
    for _ in 0..count {
        a = F::square(a);
    }
    a
}

/// The inverse by Fermat's theorem in Itoh and Tsujii's order; zero gives zero.
pub(super) fn invert<F: Field>(a: F::Element) -> F::Element {
    F::outline(
        #[inline(always)]
        || {
            let exponent = F::DEGREE - 1;
            let mut power = a;
            let mut length = 1;
            for bit in (0..exponent.ilog2()).rev() {
                power = F::multiply(square_times::<F>(power, length), power);
                length *= 2;
                if exponent >> bit & 1 == 1 {
                    power = F::multiply(F::square(power), a);
                    length += 1;
                }
            }
            F::square(power)
        },
    )
}

/// The trace of an element: 0 or 1.
#[inline(always)]
pub(super) fn trace<F: Field>(a: F::Element) -> bool {
    let words = F::store(a);
    let mut sum = 0;
    for (word, traces) in words.iter().zip(F::TRACES) {
        sum ^= word & traces;
    }
    sum.count_ones() % 2 == 1
}

/// The half-trace H of an element: H² + H = a + Tr(a), as every degree here is odd.
pub(super) fn half_trace<F: Field>(a: F::Element) -> F::Element {
    F::outline(
        #[inline(always)]
        || {
            let mut sum = a;
            for _ in 0..F::DEGREE / 2 {
                sum = F::add(F::square(F::square(sum)), a);
            }
            sum
        },
    )
}

/// The traces of the powers of x below x^m, by Newton's identities for the roots of the field's
/// polynomial x^m + x^k + … + 1: the power sum pᵢ is i · eᵢ + Σ eⱼ · pᵢ₋ⱼ, where eⱼ is the
/// coefficient of x^(m − j).
#[expect(
    clippy::as_conversions,
    reason = "the compiler computes it, where conversions have no other form"
)]
const fn traces(degree: usize, taps: [usize; 3]) -> Words {
    let mut sums = [0; LIMBS];
    sums[0] = (degree % 2) as u64;
    let mut at = 1;
    while at < degree {
        let mut sum = 0;
        let mut tap = 0;
        while tap < taps.len() {
            if taps[tap] != 0 {
                let down = degree - taps[tap];
                if down == at {
                    sum ^= at % 2;
                } else if down < at {
                    sum ^= (sums[(at - down) / 64] >> ((at - down) % 64) & 1) as usize;
                }
            }
            tap += 1;
        }
        sums[at / 64] |= (sum as u64) << (at % 64);
        at += 1;
    }
    sums
}

/// A field of shape `S` in registers of kind `L`.
pub(super) struct Registers<S, L, const N: usize>(PhantomData<(S, L)>);

impl<S, L, const N: usize> Clone for Registers<S, L, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, L, const N: usize> Copy for Registers<S, L, N> {}

impl<S: Shape, L: Lane, const N: usize> Arithmetic for Registers<S, L, N> {
    type Element = [L; N];

    #[inline(always)]
    fn zero() -> [L; N] {
        [L::constant(0, 0); N]
    }

    #[inline(always)]
    fn one() -> [L; N] {
        let mut one = Self::zero();
        one[0] = L::constant(1, 0);
        one
    }

    #[inline(always)]
    fn add(mut a: [L; N], b: [L; N]) -> [L; N] {
        for at in 0..N {
            a[at] = a[at].xor(b[at]);
        }
        a
    }

    #[inline(always)]
    fn multiply(a: [L; N], b: [L; N]) -> [L; N] {
        if L::SLOW || !S::DAILY {
            return multiply_apart::<S, L, N>(&a, &b);
        }
        reduce::<S, L, N>(&product::<S, L, N>(&a, &b))
    }

    #[inline(always)]
    fn square(a: [L; N]) -> [L; N] {
        if L::SLOW || !S::DAILY {
            return square_apart::<S, L, N>(&a);
        }
        reduce::<S, L, N>(&squared::<S, L, N>(&a))
    }

    #[inline(always)]
    fn is_zero(a: [L; N]) -> bool {
        let mut all = a[0];
        for register in &a[1..] {
            all = all.or(*register);
        }
        all.is_zero()
    }

    #[inline(always)]
    fn outline<R>(work: impl FnOnce() -> R) -> R {
        L::outline(work)
    }
}

/// The product as a function of its own, where its call costs little beside it.
#[inline(never)]
fn multiply_apart<S: Shape, L: Lane, const N: usize>(a: &[L; N], b: &[L; N]) -> [L; N] {
    L::outline(
        #[inline(always)]
        || reduce::<S, L, N>(&product::<S, L, N>(a, b)),
    )
}

#[inline(never)]
fn square_apart<S: Shape, L: Lane, const N: usize>(a: &[L; N]) -> [L; N] {
    L::outline(
        #[inline(always)]
        || reduce::<S, L, N>(&squared::<S, L, N>(a)),
    )
}

/// A square not reduced yet.
#[inline(always)]
fn squared<S: Shape, L: Lane, const N: usize>(a: &[L; N]) -> [L; WIDE] {
    {
        let mut wide = [L::constant(0, 0); WIDE];
        for at in 0..N {
            if 2 * at < WIDE {
                wide[2 * at] = if 128 * at + 1 == S::DEGREE { a[at] } else { a[at].square_low() };
            }
            if 128 * at + 64 < S::DEGREE && 2 * at + 1 < WIDE {
                wide[2 * at + 1] = a[at].square_high();
            }
        }
        wide
    }
}

impl<S: Shape, L: Single, const N: usize> Field for Registers<S, L, N> {
    type Pair = Registers<S, L::Pair, N>;
    const DEGREE: usize = S::DEGREE;
    const WORDS: usize = S::DEGREE.div_ceil(64);
    const TRACES: Words = traces(S::DEGREE, S::TAPS);

    #[inline(always)]
    fn join(a: [L; N], b: [L; N]) -> [L::Pair; N] {
        let mut pair = [L::Pair::constant(0, 0); N];
        for at in 0..N {
            pair[at] = L::Pair::join(a[at], b[at]);
        }
        pair
    }

    #[inline(always)]
    fn split(pair: [L::Pair; N]) -> ([L; N], [L; N]) {
        let (mut a, mut b) = (Self::zero(), Self::zero());
        for at in 0..N {
            (a[at], b[at]) = pair[at].split();
        }
        (a, b)
    }

    #[inline(always)]
    fn load(words: &[u64]) -> [L; N] {
        let words = &words[..Self::WORDS];
        let mut element = Self::zero();
        for at in 0..N {
            let high = if 2 * at + 1 < Self::WORDS { words[2 * at + 1] } else { 0 };
            element[at] = L::constant(words[2 * at], high);
        }
        element
    }

    #[inline(always)]
    fn store(a: [L; N]) -> Words {
        let mut words = [0; LIMBS];
        for at in 0..N {
            let [low, high] = a[at].words();
            words[2 * at] = low;
            if 2 * at + 1 < LIMBS {
                words[2 * at + 1] = high;
            }
        }
        words
    }

    #[inline(always)]
    fn choose(mask: u64, mut a: [L; N], b: [L; N]) -> [L; N] {
        let mask = L::constant(mask, mask);
        for at in 0..N {
            a[at] = a[at].xor(a[at].xor(b[at]).and(mask));
        }
        a
    }
}

/// A product not reduced yet, in registers.
///
/// Each 128 × 128 product is kept as (low, middle, high), the middle standing 64 bits off the
/// register bounds, and all the middles are shifted into place once, at the end.
#[inline(always)]
fn product<S: Shape, L: Lane, const N: usize>(a: &[L; N], b: &[L; N]) -> [L; WIDE] {
    let zero = L::constant(0, 0);
    // A field of 128k + 1 bits keeps its lone top bit out of the Karatsuba and handles it by masks.
    let lone = S::DEGREE % 128 == 1;
    let full = if lone { N - 1 } else { N };
    let mut even = [zero; WIDE];
    let mut middle = [zero; WIDE];
    let mut diagonal = [[zero; 3]; N];
    for at in 0..full {
        diagonal[at] = if 128 * at + 64 < S::DEGREE {
            base(a[at], b[at])
        } else {
            [a[at].product_low(b[at]), zero, zero]
        };
        place(&mut even, &mut middle, 2 * at, diagonal[at]);
    }
    for high in 1..full {
        for low in 0..high {
            let mut cross = base(a[low].xor(a[high]), b[low].xor(b[high]));
            for part in 0..3 {
                cross[part] = cross[part].xor(diagonal[low][part]).xor(diagonal[high][part]);
            }
            place(&mut even, &mut middle, low + high, cross);
        }
    }
    for at in (0..2 * full).rev() {
        let below = if at == 0 { zero } else { middle[at - 1] };
        even[at] = even[at].xor(L::straddle(below, middle[at]));
    }
    if lone {
        let (in_a, in_b) = (a[full].mask(), b[full].mask());
        for at in 0..full {
            even[full + at] = even[full + at].xor(a[at].and(in_b)).xor(b[at].and(in_a));
        }
        even[2 * full] = a[full].and(b[full]);
    }
    even
}

/// The product of two registers: low, middle, high.
#[inline(always)]
fn base<L: Lane>(a: L, b: L) -> [L; 3] {
    let low = a.product_low(b);
    let high = a.product_high(b);
    let both = a.xor(a.swapped()).product_low(b.xor(b.swapped()));
    [low, both.xor(low).xor(high), high]
}

#[inline(always)]
fn place<L: Lane>(even: &mut [L; WIDE], middle: &mut [L; WIDE], at: usize, parts: [L; 3]) {
    let [low, between, high] = parts;
    even[at] = even[at].xor(low);
    middle[at] = middle[at].xor(between);
    even[at + 1] = even[at + 1].xor(high);
}

/// The register of a long number that starts at word `word`.
#[inline(always)]
fn window<L: Lane>(registers: &[L], word: usize) -> L {
    let zero = L::constant(0, 0);
    let low = if word / 2 < registers.len() { registers[word / 2] } else { zero };
    if word.is_multiple_of(2) {
        return low;
    }
    let high = if word / 2 + 1 < registers.len() { registers[word / 2 + 1] } else { zero };
    L::straddle(low, high)
}

/// A product reduced modulo the field's polynomial.
#[inline(always)]
fn reduce<S: Shape, L: Lane, const N: usize>(wide: &[L; WIDE]) -> [L; N] {
    let zero = L::constant(0, 0);
    let (word, bit) = (S::DEGREE / 64, S::DEGREE % 64);
    let largest = S::TAPS[0];

    // The part at and above x^m, moved down.
    let count = (S::DEGREE - 1).div_ceil(128);
    let mut high = [zero; WIDE];
    for (at, register) in high.iter_mut().enumerate().take(count) {
        *register = window(wide, word + 2 * at)
            .right(bit)
            .xor(window(wide, word + 2 * at + 1).left(64 - bit));
    }

    // x^m = x^k + x^j + x^l + 1, or x^k + 1.
    let mut low = [zero; WIDE];
    low[..N].copy_from_slice(&wide[..N]);
    low[N - 1] = low[N - 1].and(top_mask::<S, L>());
    for at in 0..=(S::DEGREE - 2 + largest) / 128 {
        let below = L::straddle(if at == 0 { zero } else { high[at - 1] }, high[at]);
        let mut sum = low[at].xor(high[at]);
        for tap in S::TAPS {
            if tap != 0 {
                sum = sum.xor(high[at].left(tap)).xor(below.right(64 - tap));
            }
        }
        low[at] = sum;
    }

    // What the largest tap pushed over x^m again: fewer bits than that tap.
    let over = window(&low, word).right(bit).xor(window(&low, word + 1).left(64 - bit)).low_word();
    let mut sum = low[0].xor(over);
    for tap in S::TAPS {
        if tap != 0 {
            sum = sum.xor(over.left(tap));
        }
    }
    low[0] = sum;
    low[N - 1] = low[N - 1].and(top_mask::<S, L>());
    let mut reduced = [zero; N];
    reduced.copy_from_slice(&low[..N]);
    reduced
}

/// Ones where the top register holds bits of the field.
#[inline(always)]
fn top_mask<S: Shape, L: Lane>() -> L {
    let bits = S::DEGREE % 128;
    if bits <= 64 {
        L::constant(u64::MAX >> (64 - bits), 0)
    } else {
        L::constant(u64::MAX, u64::MAX >> (128 - bits))
    }
}

#[cfg(test)]
mod tests;
