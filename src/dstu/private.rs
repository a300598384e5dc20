//! Private keys: signing (section 12), the public key (9.2), cofactor Diffie-Hellman.
//!
//! The multiplication of a point is the x-only ladder of López and Dahab over a fixed number of
//! bits, with masked swaps. Its time, branches and memory addresses do not depend on the scalar,
//! the nonce or the private key; nor do those of the arithmetic modulo the order. What does
//! depend on them: whether a nonce is refused (r or s is 0), which no one meets. On a processor
//! whose 64-bit multiplication takes variable time the portable backend leaks as it does.
//!
//! The scalars are wiped; copies the compiler keeps in registers and on the stack are not.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::{
    Backend, Curve, KeyError, PublicKey,
    field::{Dispatch, Field, Words, enter, invert, multiply_two, square_two},
    key::compress,
    point::Affine,
    scalar::{
        add_modulo, from_little_endian, is_zero, less, multiply_modulo, reduce_octets,
        to_little_endian, truncate,
    },
    verify::hash_element,
};

/// Octets a nonce has beyond those of the order, so that its remainder is even to 2^−64.
const NONCE_SURPLUS: usize = 8;

/// A private key d, 0 < d < n. Its memory is wiped when it goes.
pub struct PrivateKey {
    curve: Curve,
    d: Zeroizing<Words>,
}

impl PrivateKey {
    /// Reads d, least significant octet first, as PKCS #8 files and key stores in Ukraine hold
    /// it. More octets than the order has are read if the surplus is zero, up to 64.
    ///
    /// # Errors
    /// [`KeyError::Range`] if it is not within 0 < d < n, [`KeyError::Length`] of over 64 octets.
    pub fn read(curve: Curve, octets: &[u8]) -> Result<Self, KeyError> {
        if octets.len() > 64 {
            let expected = curve.order_octets();
            return Err(KeyError::Length { curve, expected, found: octets.len() });
        }
        let d = Zeroizing::new(from_little_endian(octets).ok_or(KeyError::Range { curve })?);
        if is_zero(&d) || !less(&d, curve.order()) {
            return Err(KeyError::Range { curve });
        }
        Ok(Self { curve, d })
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// Q = −d · P.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let curve = self.curve;
        let (compressed, x, lambda) = enter(Backend::best(), curve, Public { curve, d: &self.d });
        PublicKey::from_point(curve, &compressed, x, lambda)
    }

    /// Octets of randomness that [`PrivateKey::sign`] asks for.
    #[must_use]
    pub fn nonce_octets(curve: Curve) -> usize {
        curve.order_octets() + NONCE_SURPLUS
    }

    /// Signs a digest: r ‖ s, as [`verify`](super::verify()) reads them, bare.
    ///
    /// The nonce is fresh secret randomness, [`PrivateKey::nonce_octets`] of it or more. Two
    /// digests signed with one nonce give the key away.
    ///
    /// # Errors
    /// [`KeyError::NonceLength`] of too few octets, [`KeyError::NonceUnfit`] if r or s would be
    /// 0 and another nonce has to be taken.
    pub fn sign(&self, digest: &[u8], nonce: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.sign_on(Backend::best(), digest, nonce)
    }

    /// [`PrivateKey::sign`] on a chosen backend.
    ///
    /// # Errors
    /// As [`PrivateKey::sign`].
    pub fn sign_on(
        &self,
        backend: Backend,
        digest: &[u8],
        nonce: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        let curve = self.curve;
        let needed = Self::nonce_octets(curve);
        if nonce.len() < needed {
            return Err(KeyError::NonceLength { needed, found: nonce.len() });
        }
        let e = Zeroizing::new(reduce_octets(nonce, curve.order()));
        if is_zero(&e) {
            return Err(KeyError::NonceUnfit);
        }
        let hash = hash_element(curve, digest);
        let y = enter(backend, curve, Presign { curve, e: &e, hash });
        let r = truncate(&y, curve.order_bits() - 1);
        let mut product = multiply_modulo(&self.d, &r, curve.order());
        let s = add_modulo(&e, &product, curve.order());
        product.zeroize();
        if is_zero(&r) || is_zero(&s) {
            return Err(KeyError::NonceUnfit);
        }
        let half = curve.order_octets();
        let mut signature = to_little_endian(&r, half);
        signature.extend(to_little_endian(&s, half));
        Ok(signature)
    }

    /// Cofactor Diffie-Hellman: x of (h · d) · Q, [`Curve::field_octets`] octets with the most
    /// significant first, leading zeros kept, as the key derivation of Ukrainian envelopes takes
    /// it.
    ///
    /// # Errors
    /// [`KeyError::OtherCurve`] if the other key is of another curve.
    pub fn agree(&self, other: &PublicKey) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let curve = self.curve;
        if other.curve() != curve {
            return Err(KeyError::OtherCurve { expected: curve, found: other.curve() });
        }
        // Q is of order n, so h · d counts modulo n; h is 2 or 4.
        let mut scalar = Zeroizing::new(add_modulo(&self.d, &self.d, curve.order()));
        if !curve.a() {
            *scalar = add_modulo(&scalar, &scalar, curve.order());
        }
        let mut x = enter(Backend::best(), curve, Multiple { curve, k: &scalar, x: other.x() });
        let mut octets = Zeroizing::new(to_little_endian(&x, curve.field_octets()));
        x.zeroize();
        octets.reverse();
        Ok(octets)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey({:?}, [redacted])", self.curve)
    }
}

/// The ladder's two points: k · P and (k + 1) · P as (X, Z) each.
pub(super) struct Ladder<F: Field> {
    pub(super) low: (F::Element, F::Element),
    high: (F::Element, F::Element),
}

/// x-only multiples of a point with x ≠ 0, over all the bits the order has.
#[inline(always)]
pub(super) fn ladder<F: Field>(curve: Curve, k: &Words, x: F::Element) -> Ladder<F> {
    let root = F::load(curve.root());
    let mut low = (F::one(), F::zero());
    let mut high = (x, F::one());
    for at in (0..curve.order_bits()).rev() {
        let mask = (k[at / 64] >> (at % 64) & 1).wrapping_neg();
        (low, high) = swapped::<F>(mask, low, high);
        let (one, two) = multiply_two::<F>((low.0, high.1), (high.0, low.1));
        let (xx, zz) = square_two::<F>(low.0, low.1);
        let sum = F::square(F::add(one, two));
        let (with_x, product) = multiply_two::<F>((x, sum), (one, two));
        let (with_b, z) = multiply_two::<F>((root, zz), (xx, zz));
        high = (F::add(with_x, product), sum);
        low = (F::square(F::add(xx, with_b)), z);
        (low, high) = swapped::<F>(mask, low, high);
    }
    Ladder { low, high }
}

type Pair<F> = (<F as super::field::Arithmetic>::Element, <F as super::field::Arithmetic>::Element);

#[inline(always)]
fn swapped<F: Field>(mask: u64, a: Pair<F>, b: Pair<F>) -> (Pair<F>, Pair<F>) {
    (
        (F::choose(mask, a.0, b.0), F::choose(mask, a.1, b.1)),
        (F::choose(mask, b.0, a.0), F::choose(mask, b.1, a.1)),
    )
}

/// x of k · P.
struct Multiple<'a> {
    curve: Curve,
    k: &'a Words,
    x: &'a Words,
}

impl Dispatch for Multiple<'_> {
    type Output = Words;

    #[inline(always)]
    fn run<F: Field>(self) -> Words {
        let (x, z) = ladder::<F>(self.curve, self.k, F::load(self.x)).low;
        F::store(F::multiply(x, invert::<F>(z)))
    }
}

/// hash · x(e · P).
struct Presign<'a> {
    curve: Curve,
    e: &'a Words,
    hash: Words,
}

impl Dispatch for Presign<'_> {
    type Output = Words;

    #[inline(always)]
    fn run<F: Field>(self) -> Words {
        let (x, z) = ladder::<F>(self.curve, self.e, F::load(self.curve.base().0)).low;
        F::store(F::multiply(F::multiply(x, invert::<F>(z)), F::load(&self.hash)))
    }
}

/// −d · P: compressed, x, λ.
struct Public<'a> {
    curve: Curve,
    d: &'a Words,
}

impl Dispatch for Public<'_> {
    type Output = (Words, Words, Words);

    #[inline(always)]
    fn run<F: Field>(self) -> (Words, Words, Words) {
        let (x, y) = self.curve.base();
        let (x, y) = (F::load(x), F::load(y));
        let Ladder { low, high } = ladder::<F>(self.curve, self.d, x);
        let x1 = F::multiply(low.0, invert::<F>(low.1));
        // (n − 1) · P = −P; elsewhere the y of d · P follows from x of (d + 1) · P.
        let y1 = if F::is_zero(high.1) {
            F::add(x, y)
        } else {
            let x2 = F::multiply(high.0, invert::<F>(high.1));
            let (from_1, from_2) = (F::add(x1, x), F::add(x2, x));
            let inner = F::add(F::add(F::multiply(from_1, from_2), F::square(x)), y);
            F::add(F::multiply(F::multiply(from_1, inner), invert::<F>(x)), y)
        };
        // −(x, y) = (x, x + y), whose λ is x + y / x + 1.
        let lambda = F::add(F::add(F::multiply(y1, invert::<F>(x1)), x1), F::one());
        let point = Affine::<F> { x: x1, lambda };
        (compress(point), F::store(x1), F::store(lambda))
    }
}
