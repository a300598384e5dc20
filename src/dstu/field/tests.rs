//! Claims about the arithmetic of the ten fields.

use dstu_core::hazmat::dstu4145::gf2m257::FieldElement;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use super::{
    Dispatch, Field, LIMBS, Words, enter, half_trace, invert, multiply_two, square_two, trace,
};
use crate::dstu::{Backend, Curve, scalar::truncate};

/// The product, two squares, an inverse, a half-trace and a trace of two elements.
struct Sample<'a>(&'a Words, &'a Words);

impl Dispatch for Sample<'_> {
    type Output = ([Words; 7], bool);

    fn run<F: Field>(self) -> Self::Output {
        let (a, b) = (F::load(&truncate(self.0, F::DEGREE)), F::load(&truncate(self.1, F::DEGREE)));
        let product = F::multiply(a, b);
        let (left, right) = multiply_two::<F>((a, b), (b, b));
        let (a_square, b_square) = square_two::<F>(a, b);
        assert!(F::is_zero(F::add(product, left)), "a pair multiplies as one does");
        assert!(F::is_zero(F::add(right, b_square)), "b · b is the square of b");
        assert!(F::is_zero(F::add(F::square(a), a_square)));
        let inverse = invert::<F>(a);
        if !F::is_zero(a) {
            assert!(F::is_zero(F::add(F::multiply(a, inverse), F::one())), "a · 1/a is 1");
        }
        let sum = F::square(F::add(a, b));
        assert!(F::is_zero(F::add(sum, F::add(a_square, b_square))), "squaring is additive");
        let half = half_trace::<F>(a);
        let back = F::add(F::square(half), half);
        let off = F::add(back, a);
        assert!(F::is_zero(if trace::<F>(a) { F::add(off, F::one()) } else { off }));
        let all = [product, a_square, b_square, inverse, half, sum, back];
        (all.map(F::store), trace::<F>(a))
    }
}

/// The product bit by bit: slow, plain, and nothing like the code it checks.
fn plain_product(curve: Curve, a: &Words, b: &Words) -> Words {
    let degree = usize::from(curve.degree());
    let bit = |words: &Words, at: usize| words[at / 64] >> (at % 64) & 1;
    let mut sum = [0; LIMBS];
    for at in (0..degree).rev() {
        let over = bit(&sum, degree - 1);
        for word in (0..LIMBS).rev() {
            sum[word] = sum[word] << 1 | if word == 0 { 0 } else { sum[word - 1] >> 63 };
        }
        sum = truncate(&sum, degree);
        for tap in curve.taps().iter().copied().chain([0]) {
            sum[0] ^= over << tap;
        }
        for word in 0..LIMBS {
            sum[word] ^= a[word] & bit(b, at).wrapping_neg();
        }
    }
    sum
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn all_backends_compute_the_plain_product_and_alike(
        a in any::<Words>(),
        b in any::<Words>(),
        ones in any::<bool>(),
    ) {
        let b = if ones { [u64::MAX; LIMBS] } else { b };
        for curve in Curve::ALL {
            let portable = enter(Backend::Portable, curve, Sample(&a, &b));
            let degree = usize::from(curve.degree());
            let (a, b) = (truncate(&a, degree), truncate(&b, degree));
            prop_assert_eq!(portable.0[0], plain_product(curve, &a, &b), "{:?}", curve);
            for backend in Backend::available() {
                prop_assert_eq!(&enter(backend, curve, Sample(&a, &b)), &portable);
            }
        }
    }

    #[test]
    fn products_and_inverses_are_those_of_another_implementation(
        a in any::<Words>(),
        b in any::<Words>(),
    ) {
        let (a, b) = (truncate(&a, 257), truncate(&b, 257));
        let theirs = |words: &Words| {
            let mut octets: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            octets.truncate(33);
            octets.reverse();
            FieldElement::from_be_bytes(&octets)
        };
        let (ours, _) = enter(Backend::best(), Curve::M257, Sample(&a, &b));
        prop_assert_eq!(theirs(&ours[0]), theirs(&a).multiply(theirs(&b)));
        prop_assert_eq!(theirs(&ours[3]), theirs(&a).invert());
    }
}
