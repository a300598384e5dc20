//! Points in λ-projective coordinates (Oliveira, López, Aranha, Rodríguez-Henríquez, 2014).
//!
//! A point (x, y) with x ≠ 0 is (x, λ) with λ = x + y / x; projectively (X, L, Z) with x = X / Z
//! and λ = L / Z; Z = 0 is infinity. The point of order 2, with x = 0, has no such form: it is
//! outside the subgroup of prime order, and the readers of keys refuse it, so it cannot arise
//! from points these functions are given.

use super::field::{Arithmetic, Field, Words, invert, multiply_two, square_two};

/// A finite point.
pub(super) struct Affine<A: Arithmetic> {
    pub(super) x: A::Element,
    pub(super) lambda: A::Element,
}

/// A point, perhaps infinity.
pub(super) struct Projective<A: Arithmetic> {
    pub(super) x: A::Element,
    pub(super) lambda: A::Element,
    pub(super) z: A::Element,
}

#[expect(clippy::expl_impl_clone_on_copy, reason = "a derived one asks for A: Clone")]
impl<A: Arithmetic> Clone for Affine<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Arithmetic> Copy for Affine<A> {}

#[expect(clippy::expl_impl_clone_on_copy, reason = "a derived one asks for A: Clone")]
impl<A: Arithmetic> Clone for Projective<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Arithmetic> Copy for Projective<A> {}

impl<A: Arithmetic> Affine<A> {
    /// −P = (x, λ + 1).
    #[inline(always)]
    pub(super) fn negated_if(self, negative: bool) -> Self {
        let lambda = if negative { A::add(self.lambda, A::one()) } else { self.lambda };
        Self { x: self.x, lambda }
    }

    #[inline(always)]
    pub(super) fn projective(self) -> Projective<A> {
        Projective { x: self.x, lambda: self.lambda, z: A::one() }
    }
}

impl<F: Field> Affine<F> {
    /// Reads x and λ, each [`Field::WORDS`] words.
    #[inline(always)]
    pub(super) fn load(words: &[u64]) -> Self {
        Self { x: F::load(words), lambda: F::load(&words[F::WORDS..]) }
    }

    #[inline(always)]
    pub(super) fn from_words(x: &Words, lambda: &Words) -> Self {
        Self { x: F::load(x), lambda: F::load(lambda) }
    }
}

impl<F: Field> Projective<F> {
    #[inline(always)]
    pub(super) fn infinity() -> Self {
        Self { x: F::one(), lambda: F::one(), z: F::zero() }
    }

    #[inline(always)]
    pub(super) fn is_infinity(&self) -> bool {
        F::is_zero(self.z)
    }

    /// 2P: four products, four squares, two of each at once. Infinity stays infinity.
    #[inline(always)]
    pub(super) fn double(self, a: bool) -> Self {
        let (lz, xz) = multiply_two::<F>((self.lambda, self.z), (self.x, self.z));
        let (ll, zz) = square_two::<F>(self.lambda, self.z);
        let mut t = F::add(ll, lz);
        if a {
            t = F::add(t, zz);
        }
        let (z, product) = multiply_two::<F>((t, zz), (t, lz));
        let (x, square) = square_two::<F>(t, xz);
        let lambda = F::add(F::add(square, x), F::add(product, z));
        Self { x, lambda, z }
    }

    /// [`Projective::double`] where it is rare.
    fn double_apart(self, a: bool) -> Self {
        F::outline(
            #[inline(always)]
            || self.double(a),
        )
    }

    /// P + Q, whatever the two are.
    #[inline(always)]
    pub(super) fn add_affine(self, other: Affine<F>, a: bool) -> Self {
        if self.is_infinity() {
            return other.projective();
        }
        let (u, v) = multiply_two::<F>((other.x, self.z), (other.lambda, self.z));
        let sum_x = F::add(self.x, u);
        let sum_l = F::add(self.lambda, v);
        if F::is_zero(sum_x) {
            return if F::is_zero(sum_l) { self.double_apart(a) } else { Self::infinity() };
        }
        let b = F::square(sum_x);
        let (ax, au) = multiply_two::<F>((sum_l, self.x), (sum_l, u));
        let (c, x) = multiply_two::<F>((sum_l, b), (ax, au));
        let (cl, z) = multiply_two::<F>((c, F::add(self.lambda, self.z)), (c, self.z));
        let lambda = F::add(F::square(F::add(au, b)), cl);
        Self { x, lambda, z }
    }

    /// P + Q, whatever the two are.
    pub(super) fn add(self, other: Self, a: bool) -> Self {
        F::outline(
            #[inline(always)]
            || self.add_here(other, a),
        )
    }

    #[inline(always)]
    fn add_here(self, other: Self, a: bool) -> Self {
        if self.is_infinity() {
            return other;
        }
        if other.is_infinity() {
            return self;
        }
        let (x1, l1) = multiply_two::<F>((self.x, other.z), (self.lambda, other.z));
        let (x2, l2) = multiply_two::<F>((other.x, self.z), (other.lambda, self.z));
        let sum_x = F::add(x1, x2);
        let sum_l = F::add(l1, l2);
        if F::is_zero(sum_x) {
            return if F::is_zero(sum_l) { self.double_apart(a) } else { Self::infinity() };
        }
        let b = F::square(sum_x);
        let (ax1, ax2) = multiply_two::<F>((sum_l, x1), (sum_l, x2));
        let (c, x) = multiply_two::<F>((sum_l, b), (ax1, ax2));
        let c = F::multiply(c, other.z);
        let (cl, z) = multiply_two::<F>((c, F::add(self.lambda, self.z)), (c, self.z));
        let lambda = F::add(F::square(F::add(ax2, b)), cl);
        Self { x, lambda, z }
    }
}

/// P + Q in each of two lanes; `None` if a lane's two points have the same x or P is infinity,
/// which the caller computes in another way.
#[inline(always)]
pub(super) fn add_lanes<A: Arithmetic>(p: Projective<A>, q: Affine<A>) -> Option<Projective<A>> {
    let u = A::multiply(q.x, p.z);
    let v = A::multiply(q.lambda, p.z);
    let sum_x = A::add(p.x, u);
    let sum_l = A::add(p.lambda, v);
    if A::is_zero(sum_x) {
        return None;
    }
    let b = A::square(sum_x);
    let ax = A::multiply(sum_l, p.x);
    let au = A::multiply(sum_l, u);
    let c = A::multiply(sum_l, b);
    let x = A::multiply(ax, au);
    let cl = A::multiply(c, A::add(p.lambda, p.z));
    let z = A::multiply(c, p.z);
    let lambda = A::add(A::square(A::add(au, b)), cl);
    Some(Projective { x, lambda, z })
}

/// All the points made affine with one inversion; none may be infinity.
pub(super) fn normalize<F: Field>(points: &[Projective<F>], out: &mut Vec<Affine<F>>) {
    F::outline(
        #[inline(always)]
        || {
            let mut running = F::one();
            let start = out.len();
            for point in points {
                // The product of the earlier z stands in x until the way back.
                out.push(Affine { x: running, lambda: running });
                running = F::multiply(running, point.z);
            }
            let mut inverse = invert::<F>(running);
            for (point, place) in points.iter().zip(&mut out[start..]).rev() {
                let (one, rest) = multiply_two::<F>((inverse, place.x), (inverse, point.z));
                inverse = rest;
                let (x, lambda) = multiply_two::<F>((point.x, one), (point.lambda, one));
                *place = Affine { x, lambda };
            }
        },
    );
}

/// λ = x + y / x of a point with x ≠ 0.
#[inline(always)]
pub(super) fn lambda<F: Field>(x: F::Element, y: F::Element) -> F::Element {
    F::add(x, F::multiply(y, invert::<F>(x)))
}
