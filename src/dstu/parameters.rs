//! The parameters of a DSTU 4145 key: which curve, and which substitution table for the hash.
//!
//! Certificates name the curve by an object identifier or write it out. A curve written out is
//! compared with the recommended ones, number by number; others are refused, as nothing proves
//! them safe. The substitution table (ДКЕ) of GOST 28147 comes with both forms or is left out.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{
    Backend, Curve,
    field::{Dispatch, Field, Words, enter},
    key::compress,
    point::{Affine, lambda},
    scalar::{from_little_endian, to_little_endian},
};

/// The octets before the last one of the named curves' identifiers.
const NAMED: [u8; 12] = [0x2A, 0x86, 0x24, 2, 1, 1, 1, 1, 3, 1, 1, 2];

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;

/// In which order field elements stand in parameters and public keys; the key's algorithm says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OctetOrder {
    /// The least significant octet first: nearly all certificates.
    LeastFirst,
    /// The most significant octet first: a few certificates up to the 2010s.
    MostFirst,
}

impl OctetOrder {
    /// The order that a public key's algorithm stands for; `None` of any other algorithm.
    #[must_use]
    pub fn of_algorithm(oid: &str) -> Option<Self> {
        match oid {
            "1.2.804.2.1.1.1.1.3.1.1" => Some(Self::LeastFirst),
            "1.2.804.2.1.1.1.1.3.1.1.1.1" => Some(Self::MostFirst),
            _ => None,
        }
    }
}

/// What the parameters of an algorithm identifier say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The curve.
    pub curve: Curve,
    /// The packed substitution table, if one is given.
    pub substitution: Option<[u8; 64]>,
}

/// Why parameters are refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// No well-formed DER of this structure.
    #[error("the parameters of the key are not well-formed DER at octet {at}: {expected} expected")]
    Malformed {
        /// The octet where reading stopped.
        at: usize,
        /// What had to stand there.
        expected: &'static str,
    },
    /// A substitution table of another size than 64 octets.
    #[error("the substitution table has 64 octets, not {found}")]
    Substitution {
        /// Octets given.
        found: usize,
    },
    /// A curve written out that differs from the recommended one of its degree.
    #[error("the curve of degree {degree} differs from the recommended one in its {part}")]
    UnknownCurve {
        /// The degree of its field.
        degree: u64,
        /// The first part that differs.
        part: &'static str,
    },
    /// An object identifier that names no recommended curve in a polynomial basis.
    #[error("the object identifier {identifier:02x?} names no recommended curve")]
    UnknownName {
        /// Its octets.
        identifier: Vec<u8>,
    },
}

impl Parameters {
    /// Reads the DER of the parameters of an algorithm identifier, least significant octets first.
    ///
    /// # Errors
    /// [`ParametersError`] if it is anything but a recommended curve, named or written out, and
    /// perhaps a substitution table.
    pub fn read(der: &[u8]) -> Result<Self, ParametersError> {
        Self::read_in(OctetOrder::LeastFirst, der)
    }

    /// [`Parameters::read`] of field elements in an order.
    ///
    /// # Errors
    /// As [`Parameters::read`].
    pub fn read_in(order: OctetOrder, der: &[u8]) -> Result<Self, ParametersError> {
        let mut outer = Cursor { der, at: 0 };
        let mut inner = outer.enter(SEQUENCE, "a SEQUENCE")?;
        outer.end()?;
        let curve = match inner.peek() {
            Some(OBJECT_IDENTIFIER) => named(inner.take(OBJECT_IDENTIFIER, "an identifier")?)?,
            _ => written_out(order, inner.enter(SEQUENCE, "a curve")?)?,
        };
        let substitution = if inner.peek().is_some() {
            let table = inner.take(OCTET_STRING, "a substitution table")?;
            let found = table.len();
            let table = table.try_into().map_err(|_| ParametersError::Substitution { found })?;
            Some(table)
        } else {
            None
        };
        inner.end()?;
        Ok(Self { curve, substitution })
    }
}

fn named(identifier: &[u8]) -> Result<Curve, ParametersError> {
    let index = match identifier {
        [prefix @ .., index] if *prefix == NAMED => usize::from(*index),
        _ => usize::MAX,
    };
    let curve = Curve::ALL.get(index).copied();
    curve.ok_or_else(|| ParametersError::UnknownName { identifier: identifier.to_vec() })
}

/// `SEQUENCE { version [0] DEFAULT 0, field, a, b, n, base point }`.
fn written_out(order: OctetOrder, mut parts: Cursor<'_>) -> Result<Curve, ParametersError> {
    if parts.peek() == Some(VERSION) {
        let mut version = parts.enter(VERSION, "a version")?;
        if version.integer()? != [0] {
            return Err(version.malformed("version 0"));
        }
        version.end()?;
    }
    let mut field = parts.enter(SEQUENCE, "a field")?;
    let degree = field.small()?;
    let taps = if field.peek() == Some(SEQUENCE) {
        let mut taps = field.enter(SEQUENCE, "a pentanomial")?;
        let mut exponents = vec![taps.small()?, taps.small()?, taps.small()?];
        taps.end()?;
        exponents.sort_unstable_by(|one, other| other.cmp(one));
        exponents
    } else {
        vec![field.small()?]
    };
    field.end()?;
    let a = parts.small()?;
    let b = parts.take(OCTET_STRING, "the coefficient b")?;
    let n = parts.integer()?;
    let base = parts.take(OCTET_STRING, "the base point")?;
    parts.end()?;

    let known = Curve::ALL.into_iter().find(|curve| u64::from(curve.degree()) == degree);
    let curve = known.ok_or(ParametersError::UnknownCurve { degree, part: "degree" })?;
    let checks = [
        ("polynomial", taps.iter().copied().eq(curve.taps().iter().map(|tap| u64::from(*tap)))),
        ("coefficient a", a == u64::from(curve.a())),
        ("coefficient b", same(order, b, &to_little_endian(curve.b(), curve.field_octets()))),
        ("order", big_endian(n) == Some(*curve.order())),
        ("base point", same(order, base, &compressed_base(curve))),
    ];
    match checks.into_iter().find(|(_, same)| !same) {
        Some((part, _)) => Err(ParametersError::UnknownCurve { degree, part }),
        None => Ok(curve),
    }
}

/// Whether octets are the little-endian ones when read in their order.
fn same(order: OctetOrder, octets: &[u8], little_endian: &[u8]) -> bool {
    match order {
        OctetOrder::LeastFirst => octets == little_endian,
        OctetOrder::MostFirst => octets.iter().rev().eq(little_endian),
    }
}

fn big_endian(octets: &[u8]) -> Option<Words> {
    let reversed: Vec<u8> = octets.iter().rev().copied().collect();
    from_little_endian(&reversed)
}

/// The base point of a curve as a certificate writes it.
fn compressed_base(curve: Curve) -> Vec<u8> {
    let words = enter(Backend::best(), curve, CompressBase { curve });
    to_little_endian(&words, curve.field_octets())
}

struct CompressBase {
    curve: Curve,
}

impl Dispatch for CompressBase {
    type Output = Words;

    #[inline(always)]
    fn run<F: Field>(self) -> Words {
        let (x, y) = self.curve.base();
        let x = F::load(x);
        compress(Affine::<F> { x, lambda: lambda::<F>(x, F::load(y)) })
    }
}

/// A place in DER octets.
struct Cursor<'a> {
    der: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.der.first().copied()
    }

    /// The content of the next element, which has to have the tag.
    fn take(&mut self, tag: u8, expected: &'static str) -> Result<&'a [u8], ParametersError> {
        let malformed = ParametersError::Malformed { at: self.at, expected };
        let (header, length) = match self.der {
            [found, length, ..] if *found == tag && *length < 0x80 => (2, usize::from(*length)),
            [found, 0x81, length, ..] if *found == tag && *length >= 0x80 => {
                (3, usize::from(*length))
            }
            [found, 0x82, high, low, ..] if *found == tag && *high != 0 => {
                (4, usize::from(u16::from_be_bytes([*high, *low])))
            }
            _ => return Err(malformed),
        };
        let Some((content, rest)) =
            self.der.get(header..).and_then(|rest| rest.split_at_checked(length))
        else {
            return Err(malformed);
        };
        self.at = self.at.saturating_add(header).saturating_add(length);
        self.der = rest;
        Ok(content)
    }

    fn enter(&mut self, tag: u8, expected: &'static str) -> Result<Self, ParametersError> {
        let der = self.take(tag, expected)?;
        Ok(Self { der, at: self.at.saturating_sub(der.len()) })
    }

    /// The octets of a non-negative INTEGER, without a leading zero octet except of zero itself.
    fn integer(&mut self) -> Result<&'a [u8], ParametersError> {
        let before = ParametersError::Malformed { at: self.at, expected: "an INTEGER" };
        match self.take(INTEGER, "an INTEGER")? {
            [0] => Ok(&[0]),
            [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Ok(rest),
            octets if octets.first().is_some_and(|first| (1..0x80).contains(first)) => Ok(octets),
            _ => Err(before),
        }
    }

    /// An INTEGER below 2^16.
    fn small(&mut self) -> Result<u64, ParametersError> {
        let before = ParametersError::Malformed { at: self.at, expected: "a small INTEGER" };
        match self.integer()? {
            [low] => Ok(u64::from(*low)),
            [high, low] => Ok(u64::from(u16::from_be_bytes([*high, *low]))),
            _ => Err(before),
        }
    }

    fn end(&self) -> Result<(), ParametersError> {
        if self.der.is_empty() { Ok(()) } else { Err(self.malformed("the end")) }
    }

    fn malformed(&self, expected: &'static str) -> ParametersError {
        ParametersError::Malformed { at: self.at, expected }
    }
}

#[cfg(test)]
mod tests;
