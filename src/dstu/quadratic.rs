//! Half-traces by table: the solutions of z² + z = c.
//!
//! The half-trace is additive, so that of an element is the sum of those of its groups of four
//! bits. For public points only: the addresses read follow the element's bits.

use std::sync::OnceLock;

use super::{
    Backend, Curve,
    field::{Dispatch, Field, LIMBS, Words, enter, half_trace, trace},
};

/// Bits looked up at once.
const GROUP: usize = 4;

/// The half-traces of all groups of bits, in plain words.
pub(super) struct HalfTraces {
    words: Box<[u64]>,
}

impl HalfTraces {
    /// The table of a curve's field, built on first use.
    pub(super) fn of(curve: Curve, backend: Backend) -> &'static Self {
        static TABLES: [OnceLock<HalfTraces>; Curve::ALL.len()] =
            [const { OnceLock::new() }; Curve::ALL.len()];
        TABLES[curve.index()].get_or_init(|| Self { words: enter(backend, curve, Build) })
    }

    /// H with H² + H = a + Tr(a).
    pub(super) fn half_trace<F: Field>(&self, a: F::Element) -> F::Element {
        F::outline(
            #[inline(always)]
            || {
                let words = F::store(a);
                let mut sum = F::zero();
                for (at, entries) in self.words.chunks_exact(F::WORDS << GROUP).enumerate() {
                    let group = words[at / 16] >> (at % 16 * GROUP) & 0xF;
                    let from = usize::try_from(group).unwrap_or(0) * F::WORDS;
                    sum = F::add(sum, F::load(&entries[from..]));
                }
                sum
            },
        )
    }
}

struct Build;

impl Dispatch for Build {
    type Output = Box<[u64]>;

    fn run<F: Field>(self) -> Box<[u64]> {
        let mut powers: Vec<Words> = Vec::with_capacity(F::DEGREE);
        for at in 0..F::DEGREE {
            let mut power = [0; LIMBS];
            if at == 0 || at % 2 == 1 {
                power[at / 64] |= 1 << (at % 64);
                power = F::store(half_trace::<F>(F::load(&power)));
            } else {
                // H(c²) = H(c)² = H(c) + c + Tr(c).
                let root = at / 2;
                power[root / 64] |= 1 << (root % 64);
                let traced = trace::<F>(F::load(&power));
                power[0] ^= u64::from(traced);
                power = sum(&power, &powers[root]);
            }
            powers.push(power);
        }
        let mut words = Vec::new();
        for group in powers.chunks(GROUP) {
            for choice in 0..1 << GROUP {
                let chosen = group.iter().enumerate().filter(|(bit, _)| choice >> bit & 1 == 1);
                let total = chosen.fold([0; LIMBS], |total, (_, power)| sum(&total, power));
                words.extend_from_slice(&total[..F::WORDS]);
            }
        }
        words.into_boxed_slice()
    }
}

fn sum(a: &Words, b: &Words) -> Words {
    std::array::from_fn(|at| a[at] ^ b[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dstu::scalar::truncate;

    struct Compare(Curve);

    impl Dispatch for Compare {
        type Output = ();

        fn run<F: Field>(self) {
            let table = HalfTraces::of(self.0, Backend::best());
            for seed in 1..4_u64 {
                let words = [seed.wrapping_mul(0x9E37_79B9_7F4A_7C15); LIMBS];
                let element = F::load(&truncate(&words, F::DEGREE));
                let by_table = table.half_trace::<F>(element);
                assert_eq!(F::store(by_table), F::store(half_trace::<F>(element)));
            }
        }
    }

    #[test]
    fn the_table_s_half_traces_are_those_computed() {
        for curve in Curve::ALL {
            for backend in Backend::available() {
                enter(backend, curve, Compare(curve));
            }
        }
    }
}
