//! Fixed-base tables: a multiple of a known point without doublings.
//!
//! A table of a point B holds, for each window i of [`WIDTH`] bits, the odd multiples
//! (2j + 1) · 2^(WIDTH · i) · B as x and λ in plain words, so that it serves every backend. A
//! number written in odd digits is then one addition per window.

use std::sync::OnceLock;

use super::{
    Backend, Curve,
    field::{Dispatch, Field, Words, enter},
    point::{Affine, Projective, add_lanes, lambda, normalize},
    scalar::{OddDigit, bit, odd_digit, subtract},
};

/// Bits of a window. Any width gives the same answers; builds without optimization, as tests
/// are, take small tables, because they would spend their time building large ones.
pub(super) const WIDTH: usize = if cfg!(debug_assertions) { 4 } else { 7 };

/// Entries of a window.
const ENTRIES: usize = 1 << (WIDTH - 1);

/// The odd multiples of a point in all windows.
pub(super) struct Table {
    words: Box<[u64]>,
}

impl Table {
    /// The table of the curve's base point, built on first use.
    pub(super) fn base(curve: Curve, backend: Backend) -> &'static Self {
        static TABLES: [OnceLock<Table>; Curve::ALL.len()] =
            [const { OnceLock::new() }; Curve::ALL.len()];
        TABLES[curve.index()].get_or_init(|| {
            let (x, lambda) = enter(backend, curve, BaseLambda { curve });
            Self::of(curve, backend, &x, &lambda)
        })
    }

    /// The table of a point of the prime-order subgroup, given as x and λ.
    pub(super) fn of(curve: Curve, backend: Backend, x: &Words, lambda: &Words) -> Self {
        Self { words: enter(backend, curve, Build { curve, x, lambda }) }
    }

    /// The point itself.
    #[inline(always)]
    pub(super) fn point<F: Field>(&self) -> Affine<F> {
        Affine::load(&self.words[..2 * F::WORDS])
    }

    /// The octets a table of this curve takes.
    pub(super) fn size_on(curve: Curve) -> usize {
        let words = usize::from(curve.degree()).div_ceil(64);
        windows(curve) * ENTRIES * 2 * words * size_of::<u64>()
    }

    /// The octets of memory it takes.
    pub(super) fn size(&self) -> usize {
        self.words.len() * size_of::<u64>()
    }

    #[inline(always)]
    fn entry<F: Field>(&self, window: usize, digit: OddDigit) -> Affine<F> {
        let size = 2 * F::WORDS;
        let from = (window * ENTRIES + digit.index) * size;
        Affine::load(&self.words[from..from + size]).negated_if(digit.negative)
    }
}

/// The windows of a curve's numbers.
pub(super) fn windows(curve: Curve) -> usize {
    curve.order_bits().div_ceil(WIDTH)
}

/// λ of the base point, from its y.
struct BaseLambda {
    curve: Curve,
}

impl Dispatch for BaseLambda {
    type Output = (Words, Words);

    #[inline(always)]
    fn run<F: Field>(self) -> (Words, Words) {
        let (x, y) = self.curve.base();
        (*x, F::store(lambda::<F>(F::load(x), F::load(y))))
    }
}

struct Build<'a> {
    curve: Curve,
    x: &'a Words,
    lambda: &'a Words,
}

impl Dispatch for Build<'_> {
    type Output = Box<[u64]>;

    #[inline(always)]
    fn run<F: Field>(self) -> Box<[u64]> {
        let a = self.curve.a();
        let windows = windows(self.curve);
        // B, 2B, 2^WIDTH B, 2^(WIDTH + 1) B, … made affine together.
        let mut steps = Vec::with_capacity(2 * windows);
        let mut point = Affine::<F>::from_words(self.x, self.lambda).projective();
        for _ in 0..windows {
            for at in 0..WIDTH {
                if at < 2 {
                    steps.push(point);
                }
                point = point.double(a);
            }
        }
        let mut starts = Vec::with_capacity(steps.len());
        normalize(&steps, &mut starts);

        let mut words = Vec::with_capacity(windows * ENTRIES * 2 * F::WORDS);
        let mut multiples = Vec::with_capacity(ENTRIES);
        let mut finished = Vec::with_capacity(ENTRIES);
        for pair in starts.chunks_exact(2) {
            multiples.clear();
            finished.clear();
            let mut multiple = pair[0].projective();
            for _ in 0..ENTRIES {
                multiples.push(multiple);
                multiple = multiple.add_affine(pair[1], a);
            }
            normalize(&multiples, &mut finished);
            for entry in &finished {
                words.extend_from_slice(&F::store(entry.x)[..F::WORDS]);
                words.extend_from_slice(&F::store(entry.lambda)[..F::WORDS]);
            }
        }
        words.into_boxed_slice()
    }
}

/// A number made odd for [`odd_digit`]: k, or n − k with the sign turned.
pub(super) struct Odd {
    words: Words,
    negated: bool,
}

impl Odd {
    /// Of 0 < k < n.
    pub(super) fn new(k: &Words, curve: Curve) -> Self {
        let negated = !bit(k, 0);
        let words = if negated { subtract(curve.order(), k).0 } else { *k };
        Self { words, negated }
    }

    #[inline(always)]
    fn digit(&self, windows: usize, at: usize) -> OddDigit {
        let mut digit = odd_digit(&self.words, WIDTH, windows, at);
        digit.negative ^= self.negated;
        digit
    }
}

/// k · A + l · B of two tables, one addition in each of two lanes per window.
///
/// `None` when an addition is exceptional; then the caller takes a complete way.
#[inline(always)]
pub(super) fn two_products<F: Field>(
    (first, k): (&Table, &Odd),
    (second, l): (&Table, &Odd),
    curve: Curve,
) -> Option<Projective<F>> {
    let windows = windows(curve);
    let pair = |at: usize| {
        let p = first.entry::<F>(at, k.digit(windows, at));
        let q = second.entry::<F>(at, l.digit(windows, at));
        join(p, q)
    };
    let mut sum = pair(0).projective();
    for at in 1..windows {
        sum = add_lanes(sum, pair(at))?;
    }
    let (p, q) = split(sum);
    Some(p.add(q, curve.a()))
}

/// k · A of a table: the lower windows in one lane, the upper ones in the other.
///
/// `None` when an addition is exceptional; then the caller takes a complete way.
#[inline(always)]
pub(super) fn one_product<F: Field>(
    (table, k): (&Table, &Odd),
    curve: Curve,
) -> Option<Projective<F>> {
    let windows = windows(curve);
    let half = windows / 2;
    let entry = |at: usize| table.entry::<F>(at, k.digit(windows, at));
    let mut sum = join(entry(0), entry(half)).projective();
    for at in 1..half {
        sum = add_lanes(sum, join(entry(at), entry(half + at)))?;
    }
    let (p, mut q) = split(sum);
    if windows % 2 == 1 {
        q = q.add_affine(entry(windows - 1), curve.a());
    }
    Some(p.add(q, curve.a()))
}

#[inline(always)]
fn join<F: Field>(p: Affine<F>, q: Affine<F>) -> Affine<F::Pair> {
    Affine { x: F::join(p.x, q.x), lambda: F::join(p.lambda, q.lambda) }
}

#[inline(always)]
fn split<F: Field>(sum: Projective<F::Pair>) -> (Projective<F>, Projective<F>) {
    let (x1, x2) = F::split(sum.x);
    let (l1, l2) = F::split(sum.lambda);
    let (z1, z2) = F::split(sum.z);
    (Projective { x: x1, lambda: l1, z: z1 }, Projective { x: x2, lambda: l2, z: z2 })
}
