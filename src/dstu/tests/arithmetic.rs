//! Claims about curves and points, in the field of each curve on each backend.

use super::octets;
use crate::dstu::{
    Backend, Curve,
    curve::hex,
    field::{Dispatch, Field, LIMBS, Words, enter, half_trace, invert, trace},
    key::is_in_subgroup,
    point::{Affine, Projective, add_lanes, lambda, normalize},
    private::ladder,
    quadratic::HalfTraces,
    scalar::{
        bit, bit_length, from_little_endian, multiply_modulo, reduce_octets, subtract,
        to_little_endian, truncate,
    },
    table::{Odd, Table, one_product, two_products},
    verify::{hash_element, is_truncation, product},
};

/// A check in the field of a curve.
struct Check<C>(C);

trait Claim {
    fn holds<F: Field>(self);
}

impl<C: Claim> Dispatch for Check<C> {
    type Output = ();

    fn run<F: Field>(self) {
        self.0.holds::<F>();
    }
}

/// Makes a claim in the field of each curve on each backend.
fn everywhere<C: Claim>(claim: impl Fn(Curve) -> C) {
    for curve in Curve::ALL {
        for backend in Backend::available() {
            enter(backend, curve, Check(claim(curve)));
        }
    }
}

#[test]
fn each_order_is_prime_and_the_base_point_has_it() {
    struct Row(Curve);
    impl Claim for Row {
        fn holds<F: Field>(self) {
            let curve = self.0;
            assert_eq!(F::DEGREE, usize::from(curve.degree()));
            let base = base::<F>(curve);
            assert!(is_on_curve(base, curve));
            assert!(F::is_zero(ladder::<F>(curve, curve.order(), base.x).low.1));
            let root = F::load(curve.root());
            assert!(F::is_zero(F::add(F::square(root), F::load(curve.b()))));
        }
    }
    everywhere(Row);
    for curve in Curve::ALL {
        assert!(is_probable_prime(curve.order()), "{curve:?}");
        assert_eq!(bit_length(curve.order()), curve.order_bits());
        // Hasse: the cofactor times the order is within 2^(m/2 + 1) of 2^m + 1.
        let cofactor_bits = if curve.a() { 1 } else { 2 };
        let shifted = curve.order_bits() + cofactor_bits;
        let degree = usize::from(curve.degree());
        assert!(shifted == degree + 1 || shifted == degree, "{curve:?}");
    }
}

fn is_probable_prime(n: &Words) -> bool {
    let one = [1, 0, 0, 0, 0, 0, 0];
    let (minus_one, _) = subtract(n, &one);
    let twos = (0..448).find(|at| bit(&minus_one, *at)).unwrap();
    [2, 3].into_iter().all(|witness| {
        let mut power = one;
        let base = [witness, 0, 0, 0, 0, 0, 0];
        for at in (twos..bit_length(&minus_one)).rev() {
            power = multiply_modulo(&power, &power, n);
            if bit(&minus_one, at) {
                power = multiply_modulo(&power, &base, n);
            }
        }
        let mut composite = power != one && power != minus_one;
        for _ in 1..twos {
            power = multiply_modulo(&power, &power, n);
            composite &= power != minus_one;
        }
        !composite
    })
}

fn base<F: Field>(curve: Curve) -> Affine<F> {
    Table::base(curve, Backend::best()).point::<F>()
}

/// x and λ; `None` of infinity.
fn affine<F: Field>(point: Projective<F>) -> Option<Affine<F>> {
    let mut finite = Vec::new();
    if !point.is_infinity() {
        normalize(&[point], &mut finite);
    }
    finite.pop()
}

/// Whether y² + xy = x³ + ax² + b.
fn is_on_curve<F: Field>(point: Affine<F>, curve: Curve) -> bool {
    let y = F::multiply(point.x, F::add(point.lambda, point.x));
    let cubic = if curve.a() { F::add(point.x, F::one()) } else { point.x };
    let right = F::add(F::multiply(F::square(point.x), cubic), F::load(curve.b()));
    F::is_zero(F::add(F::multiply(y, F::add(y, point.x)), right))
}

fn same<F: Field>(p: Projective<F>, q: Projective<F>) -> bool {
    match (affine(p), affine(q)) {
        (None, None) => true,
        (Some(p), Some(q)) => {
            F::is_zero(F::add(p.x, q.x)) && F::is_zero(F::add(p.lambda, q.lambda))
        }
        _ => false,
    }
}

#[test]
fn additions_are_complete() {
    struct Additions(Curve);
    impl Claim for Additions {
        fn holds<F: Field>(self) {
            let a = self.0.a();
            let p = base::<F>(self.0);
            let infinity = Projective::<F>::infinity();
            let double = p.projective().double(a);
            let scaled = double.add_affine(p, a).add_affine(p.negated_if(true), a);
            assert!(same(infinity.add_affine(p, a), p.projective()), "O + P");
            assert!(same(infinity.add(double, a), double), "O + 2P");
            assert!(same(double.add(infinity, a), double), "2P + O");
            assert!(infinity.add(infinity, a).is_infinity(), "O + O");
            assert!(infinity.double(a).is_infinity(), "2O");
            assert!(same(p.projective().add_affine(p, a), double), "P + P");
            assert!(same(p.projective().add(p.projective(), a), double), "P + P, both projective");
            assert!(p.projective().add_affine(p.negated_if(true), a).is_infinity(), "P - P");
            assert!(same(scaled, double), "(2P + P) - P");
            assert!(same(scaled.add(double, a), double.double(a)), "2P + 2P in other coordinates");
            let minus = p.negated_if(true).projective().double(a);
            assert!(scaled.add(minus, a).is_infinity(), "2P - 2P in other coordinates");

            let pair = |q: Affine<F>, r: Affine<F>| Affine::<F::Pair> {
                x: F::join(q.x, r.x),
                lambda: F::join(q.lambda, r.lambda),
            };
            let d = affine(double).unwrap();
            assert!(add_lanes(pair(p, p).projective(), pair(d, p)).is_none(), "P + P in a lane");
            assert!(add_lanes(pair(p, p).projective(), pair(p.negated_if(true), d)).is_none());
            assert!(add_lanes(pair(p, p).projective(), pair(d, d)).is_some());
        }
    }
    everywhere(Additions);
}

#[test]
fn tables_and_digits_multiply_as_the_ladder_of_additions_does() {
    struct Products(Curve);
    impl Claim for Products {
        fn holds<F: Field>(self) {
            let curve = self.0;
            let a = curve.a();
            let table = Table::base(curve, Backend::best());
            let p = base::<F>(curve);
            let mut sum = Projective::<F>::infinity();
            for k in 1..=9 {
                sum = sum.add_affine(p, a);
                let k = [k, 0, 0, 0, 0, 0, 0];
                assert!(same(sum, product(p, &k, a)), "{curve:?} {k:?}");
                let odd = Odd::new(&k, curve);
                if let Some(fixed) = one_product::<F>((table, &odd), curve) {
                    assert!(same(sum, fixed), "{curve:?} {k:?}");
                }
            }
            for seed in 0..1 {
                let d = |seed| reduce_octets(&octets(seed, 64), curve.order());
                let (k, l) = (d(seed), d(seed + 100));
                let (odd_k, odd_l) = (Odd::new(&k, curve), Odd::new(&l, curve));
                let one = product(p, &k, a);
                let both = one.add(product(p, &l, a), a);
                assert!(same(one, one_product((table, &odd_k), curve).unwrap()));
                assert!(same(both, two_products((table, &odd_k), (table, &odd_l), curve).unwrap()));
            }
        }
    }
    everywhere(Products);
}

#[test]
fn the_trace_conditions_are_the_order_check() {
    struct Order {
        curve: Curve,
        seed: u64,
    }
    impl Claim for Order {
        fn holds<F: Field>(self) {
            let curve = self.curve;
            let halves = HalfTraces::of(curve, Backend::best());
            let (mut inside, mut outside) = (0, 0);
            for seed in 0..8 {
                let x = from_little_endian(&octets(self.seed + seed, 56)).unwrap();
                let x = F::load(&truncate(&x, F::DEGREE));
                let inverse = invert::<F>(x);
                let mut right = F::add(x, F::multiply(F::load(curve.b()), F::square(inverse)));
                if curve.a() {
                    right = F::add(right, F::one());
                }
                if trace::<F>(right) {
                    continue;
                }
                let point = Affine::<F> { x, lambda: F::add(x, half_trace::<F>(right)) };
                assert!(is_on_curve(point, curve));
                let by_order = F::is_zero(ladder::<F>(curve, curve.order(), point.x).low.1);
                let by_trace =
                    trace::<F>(x) == curve.a() && is_in_subgroup(point, curve.a(), halves);
                assert_eq!(by_order, by_trace, "{curve:?} {seed}");
                *(if by_order { &mut inside } else { &mut outside }) += 1;
            }
            assert!(inside + outside > 0);
        }
    }
    everywhere(|curve| Order { curve, seed: 7 });
}

/// Annex Б of the standard (163) and the example for 173 that BouncyCastle tests with it: their
/// base points are others than those in use, so the equation is checked by itself.
#[test]
fn the_standard_s_example_holds() {
    struct Example {
        curve: Curve,
        base: (Words, Words),
        d: Words,
        digest: Vec<u8>,
        r: Words,
        s: Words,
    }
    impl Claim for Example {
        fn holds<F: Field>(self) {
            let a = self.curve.a();
            let x = F::load(&self.base.0);
            let base = Affine::<F> { x, lambda: lambda::<F>(x, F::load(&self.base.1)) };
            assert!(is_on_curve(base, self.curve));
            let key = affine(product(base.negated_if(true), &self.d, a)).unwrap();
            let sum = product(base, &self.s, a).add(product(key, &self.r, a), a);
            let hash = hash_element(self.curve, &self.digest);
            assert!(is_truncation(self.curve, &sum, &hash, &self.r), "{:?}", self.curve);
            let mut other = self.r;
            other[0] ^= 1;
            assert!(!is_truncation(self.curve, &sum, &hash, &other));
        }
    }
    let examples = [
        (
            Curve::M163,
            [
                "72D867F93A93AC27DF9FF01AFFE74885C8C540420",
                "0224A9C3947852B97C5599D5F4AB81122ADC3FD9B",
                "183F60FDF7951FF47D67193F8D073790C1C9B5A3E",
                "274EA2C0CAA014A0D80A424F59ADE7A93068D08A7",
                "2100D86957331832B8E8C230F5BD6A332B3615ACA",
            ],
            "09C9C44277910C9AAEE486883A2EB95B7180166DDF73532EEB76EDAEF52247FF",
        ),
        (
            Curve::M173,
            [
                "BE6628EC3E67A91A4E470894FBA72B52C515F8AEE9",
                "D9DEEDF655CF5412313C11CA566CDC71F4DA57DB45C",
                "955CD7E344303D1034E66933DC21C8044D42ADB8",
                "13AE89746386709CDBD237CC5EC20CA30004A82EAD8",
                "3597912CDD093B3E711CCB74A79D3C4AB4C7CCCDC60",
            ],
            "0137187EA862117EF1484289470ECAC802C5A651FDA8",
        ),
    ];
    for (curve, numbers, digest) in examples {
        for backend in Backend::available() {
            let [x, y, d, r, s] = numbers.map(hex);
            let digest = to_little_endian(&hex(digest), digest.len() / 2);
            enter(backend, curve, Check(Example { curve, base: (x, y), d, digest, r, s }));
        }
    }
}

#[test]
fn the_trace_by_mask_is_the_sum_of_conjugates() {
    struct Traces;
    impl Claim for Traces {
        fn holds<F: Field>(self) {
            for at in [0, 1, 2, F::DEGREE / 2, F::DEGREE - 12, F::DEGREE - 7, F::DEGREE - 1] {
                let mut words = [0; LIMBS];
                words[at / 64] |= 1 << (at % 64);
                let element = F::load(&words);
                let (mut sum, mut power) = (element, element);
                for _ in 1..F::DEGREE {
                    power = F::square(power);
                    sum = F::add(sum, power);
                }
                assert_eq!(trace::<F>(element), !F::is_zero(sum), "m {} x^{at}", F::DEGREE);
            }
        }
    }
    for curve in Curve::ALL {
        enter(Backend::best(), curve, Check(Traces));
    }
}
