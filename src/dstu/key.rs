//! Public keys: decompression and the checks that let arithmetic trust them.

use std::{fmt, sync::Arc};

use super::{
    Backend, Curve, OctetOrder,
    field::{Dispatch, Field, Words, enter, invert, trace},
    point::Affine,
    quadratic::HalfTraces,
    scalar::{bit_length, from_little_endian, is_zero, to_little_endian},
};

/// A checked public key: on the curve, not infinity, of the prime order n.
///
/// Cloning shares the point.
#[derive(Clone)]
pub struct PublicKey(Arc<Checked>);

struct Checked {
    curve: Curve,
    octets: Box<[u8]>,
    x: Words,
    lambda: Words,
}

/// Why octets are no key, or a key cannot do what is asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Another number of octets than the curve's keys have.
    #[error("a key of curve {curve:?} has {expected} octets, not {found}")]
    Length {
        /// The curve.
        curve: Curve,
        /// Octets of its keys.
        expected: usize,
        /// Octets given.
        found: usize,
    },
    /// Too little randomness to sign with.
    #[error("a signature takes {needed} octets of randomness or more, not {found}")]
    NonceLength {
        /// Octets needed.
        needed: usize,
        /// Octets given.
        found: usize,
    },
    /// This randomness gives no signature; fresh one has to be taken.
    #[error("this randomness gives no signature; take fresh randomness")]
    NonceUnfit,
    /// No point of the curve has this x.
    #[error("the key is no point of curve {curve:?}")]
    OffCurve {
        /// The curve.
        curve: Curve,
    },
    /// The keys of an agreement are of two curves.
    #[error("the keys are of two curves, {expected:?} and {found:?}")]
    OtherCurve {
        /// The private key's curve.
        expected: Curve,
        /// The public key's curve.
        found: Curve,
    },
    /// A point of the curve of another order than n.
    #[error("the key is a point of curve {curve:?} outside the subgroup of prime order")]
    OutsideSubgroup {
        /// The curve.
        curve: Curve,
    },
    /// Bits above the field's degree are set.
    #[error("the key has bits above the {degree} bits of its field")]
    Oversized {
        /// The degree of the field.
        degree: u16,
    },
    /// A number outside 0 < d < n.
    #[error("the private key of curve {curve:?} is not between 0 and the order of the curve")]
    Range {
        /// The curve.
        curve: Curve,
    },
}

impl PublicKey {
    /// Reads a compressed point, least significant octet first, bare or as a DER OCTET STRING.
    ///
    /// # Errors
    /// [`KeyError`] if the octets are not a point of the subgroup of prime order.
    pub fn read(curve: Curve, octets: &[u8]) -> Result<Self, KeyError> {
        Self::read_on(Backend::best(), curve, octets)
    }

    /// [`PublicKey::read`] of octets in an order: bare or as a DER OCTET STRING.
    ///
    /// # Errors
    /// [`KeyError`] if the octets are not a point of the subgroup of prime order.
    pub fn read_in(order: OctetOrder, curve: Curve, octets: &[u8]) -> Result<Self, KeyError> {
        match order {
            OctetOrder::LeastFirst => Self::read(curve, octets),
            OctetOrder::MostFirst => Self::read(curve, &compressed(order, curve, octets)?),
        }
    }

    /// [`PublicKey::read`] on a chosen backend.
    ///
    /// # Errors
    /// [`KeyError`] if the octets are not a point of the subgroup of prime order.
    pub fn read_on(backend: Backend, curve: Curve, octets: &[u8]) -> Result<Self, KeyError> {
        let bare = bare(curve, octets)?;
        let words = from_little_endian(bare).unwrap_or([u64::MAX; 7]);
        if bit_length(&words) > usize::from(curve.degree()) {
            return Err(KeyError::Oversized { degree: curve.degree() });
        }
        let halves = HalfTraces::of(curve, backend);
        let (x, lambda) = enter(backend, curve, Decompress { curve, halves, compressed: words })?;
        Ok(Self(Arc::new(Checked { curve, octets: bare.into(), x, lambda })))
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.0.curve
    }

    /// The compressed point, [`Curve::field_octets`] octets, least significant first.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        self.0.octets.to_vec()
    }

    /// The same, borrowed.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0.octets
    }

    pub(super) fn x(&self) -> &Words {
        &self.0.x
    }

    pub(super) fn lambda(&self) -> &Words {
        &self.0.lambda
    }

    /// A key from a point that the caller has computed inside the subgroup.
    pub(super) fn from_point(curve: Curve, compressed: &Words, x: Words, lambda: Words) -> Self {
        let octets = to_little_endian(compressed, curve.field_octets()).into();
        Self(Arc::new(Checked { curve, octets, x, lambda }))
    }
}

/// A compressed point, bare, and least significant octet first. Whether it is a point is not looked
/// at.
///
/// # Errors
/// [`KeyError`] if it has not as many octets as the field.
pub fn compressed(order: OctetOrder, curve: Curve, octets: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut bare = bare(curve, octets)?.to_vec();
    if order == OctetOrder::MostFirst {
        bare.reverse();
    }
    Ok(bare)
}

/// The octets of the point, without the header of an OCTET STRING.
pub(super) fn bare(curve: Curve, octets: &[u8]) -> Result<&[u8], KeyError> {
    let expected = curve.field_octets();
    match octets {
        bare if bare.len() == expected => Ok(bare),
        [0x04, length, bare @ ..] if usize::from(*length) == expected && bare.len() == expected => {
            Ok(bare)
        }
        _ => Err(KeyError::Length { curve, expected, found: octets.len() }),
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.curve == other.0.curve && self.0.octets == other.0.octets
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({:?}, ", self.0.curve)?;
        for octet in &self.0.octets {
            write!(formatter, "{octet:02x}")?;
        }
        formatter.write_str(")")
    }
}

/// Decompression of 6.10: bit 0 stands for the trace of y / x.
struct Decompress {
    curve: Curve,
    halves: &'static HalfTraces,
    compressed: Words,
}

impl Dispatch for Decompress {
    type Output = Result<(Words, Words), KeyError>;

    #[inline(always)]
    fn run<F: Field>(self) -> Result<(Words, Words), KeyError> {
        let curve = self.curve;
        let mut words = self.compressed;
        if is_zero(&words) {
            // (0, √b), the point of order 2.
            return Err(KeyError::OutsideSubgroup { curve });
        }
        let wanted = words[0] & 1 == 1;
        words[0] &= !1;
        // Every point that is twice another has Tr(x) = Tr(a) = a, and Tr(1) = 1.
        if trace::<F>(F::load(&words)) != curve.a() {
            words[0] |= 1;
        }
        let x = F::load(&words);
        if F::is_zero(x) {
            return Err(KeyError::OutsideSubgroup { curve });
        }
        // z = y / x solves z² + z = x + a + b / x².
        let inverse = invert::<F>(x);
        let mut right = F::add(x, F::square(F::multiply(F::load(curve.root()), inverse)));
        if curve.a() {
            right = F::add(right, F::one());
        }
        let mut z = self.halves.half_trace::<F>(right);
        if !F::is_zero(F::add(F::add(F::square(z), z), right)) {
            return Err(KeyError::OffCurve { curve });
        }
        if trace::<F>(z) != wanted {
            z = F::add(z, F::one());
        }
        let point = Affine::<F> { x, lambda: F::add(x, z) };
        if !is_in_subgroup(point, curve.a(), self.halves) {
            return Err(KeyError::OutsideSubgroup { curve });
        }
        Ok((F::store(point.x), F::store(point.lambda)))
    }
}

/// Whether a point with Tr(x) = a, x ≠ 0, has the order n.
///
/// The 2-part of the group is cyclic. With a = 1 its order is 2, and the points that are twice
/// another, those with Tr(x) = a, are the subgroup. With a = 0 the order is 4, and the point has
/// to be twice a point (u, v) that is itself twice another, which is Tr(u) = 0: of the halving
/// formulas μ² + μ = x and u² = y + (μ + 1)x, and Tr(x) = 0, that is Tr(y + μx) = 0.
#[inline(always)]
pub(super) fn is_in_subgroup<F: Field>(point: Affine<F>, a: bool, halves: &HalfTraces) -> bool {
    if a {
        return true;
    }
    let mu = halves.half_trace::<F>(point.x);
    // y = x(λ + x).
    !trace::<F>(F::multiply(point.x, F::add(F::add(point.lambda, point.x), mu)))
}

/// The compressed form of a point.
#[inline(always)]
pub(super) fn compress<F: Field>(point: Affine<F>) -> Words {
    let mut words = F::store(point.x);
    words[0] &= !1;
    words[0] |= u64::from(trace::<F>(F::add(point.lambda, point.x)));
    words
}
