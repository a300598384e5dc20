//! Public keys in `SubjectPublicKeyInfo` form (RFC 5280 §4.1.2.7, RFC 5480, RFC 8410, RFC 4055).

use der::{
    Decode as _, Encode as _, Sequence,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef},
};

use super::{
    Failure, algorithm_name,
    dstu::DstuKey,
    policy::{self, Mechanism},
    rsa::PssParameters,
    scheme,
};
use crate::dstu::{OctetOrder, Parameters};

/// The sizes of RSA moduli that are computed with, in bits. The upper one bounds the work; how
/// long a key has to be is for the policy to say.
pub(super) const RSA_BITS: std::ops::RangeInclusive<usize> = 512..=8192;

#[derive(Sequence)]
pub(super) struct KeyInfo<'a> {
    algorithm: KeyAlgorithm<'a>,
    subject_public_key: BitStringRef<'a>,
}

#[derive(Sequence)]
struct KeyAlgorithm<'a> {
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
}

#[derive(Sequence)]
struct RsaNumbers<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// A key of a kind that we can use.
pub(super) enum PublicKey<'a> {
    Dstu4145(DstuKey<'a>),
    /// The 32 bytes of the point.
    Ed25519(&'a [u8]),
    /// The SEC 1 form of the point.
    P256(&'a [u8]),
    /// The SEC 1 form of the point.
    P384(&'a [u8]),
    /// The SEC 1 form of the point.
    P521(&'a [u8]),
    Rsa(RsaKey<'a>),
}

pub(super) struct RsaKey<'a> {
    /// Big-endian, without leading zeros.
    pub(super) modulus: &'a [u8],
    /// Big-endian, without leading zeros.
    pub(super) exponent: &'a [u8],
    /// Set when the key is for PSS alone; what it allows (RFC 4055 §3.3).
    pub(super) restriction: Option<PssRestriction>,
}

pub(super) enum PssRestriction {
    /// PSS with any parameters.
    AnyParameters,
    /// PSS with this digest and at least this salt.
    Exactly(PssParameters),
}

impl PublicKey<'_> {
    /// Its numbers in one form, with its kind.
    fn identity(&self) -> Option<Vec<u8>> {
        let (kind, numbers) = match self {
            Self::Dstu4145(key) => (format!("M{}", key.curve().degree()), key.point()?),
            Self::Ed25519(point) => ("Ed25519".to_owned(), point.to_vec()),
            Self::P256(point) => ("P-256".to_owned(), compressed(point)?),
            Self::P384(point) => ("P-384".to_owned(), compressed(point)?),
            Self::P521(point) => ("P-521".to_owned(), compressed(point)?),
            Self::Rsa(key) => {
                let length = key.exponent.len().to_string();
                (format!("RSA {length}"), [key.exponent, key.modulus].concat())
            }
        };
        Some([kind.as_bytes(), b":", &numbers].concat())
    }

    /// What the policy knows the key by.
    pub(super) fn mechanism(&self) -> Mechanism {
        match self {
            Self::Dstu4145(key) => {
                Mechanism::sized(policy::DSTU_4145, usize::from(key.curve().degree()))
            }
            Self::Ed25519(_) => Mechanism::named("Ed25519"),
            Self::P256(_) => Mechanism::named("ECDSA P-256"),
            Self::P384(_) => Mechanism::named("ECDSA P-384"),
            Self::P521(_) => Mechanism::named("ECDSA P-521"),
            Self::Rsa(key) => Mechanism::sized(policy::RSA, bit_length(key.modulus)),
        }
    }
}

impl<'a> KeyInfo<'a> {
    /// The key in these bytes and nothing after it.
    pub(super) fn read(spki: &'a [u8]) -> Result<Self, &'static str> {
        Self::from_der(spki).map_err(|_| "it is not a SubjectPublicKeyInfo in DER")
    }

    /// The key, if it is of a kind that we can use.
    pub(super) fn public_key(&self) -> Result<PublicKey<'a>, Failure> {
        let algorithm = self.algorithm.oid.to_string();
        let bytes = self.bytes().ok_or_else(|| self.bad("its bits do not fill whole bytes"))?;
        match algorithm.as_str() {
            ED25519 => match (self.algorithm.parameters, bytes.len()) {
                (None, 32) => Ok(PublicKey::Ed25519(bytes)),
                (None, _) => Err(self.bad("it is not 32 bytes long")),
                (Some(_), _) => Err(self.bad("it has parameters, and may have none")),
            },
            ELLIPTIC => {
                let curve = self.curve().ok_or_else(|| self.bad("it names no curve"))?;
                // Only the two forms of RFC 5480 §2.2; the point at infinity is in neither.
                if !matches!(bytes.first(), Some(0x02..=0x04)) {
                    return Err(self.bad("the form of its point is unknown"));
                }
                match curve.as_str() {
                    P256 => Ok(PublicKey::P256(bytes)),
                    P384 => Ok(PublicKey::P384(bytes)),
                    P521 => Ok(PublicKey::P521(bytes)),
                    other => Err(Failure::Unsupported { name: curve_name(other) }),
                }
            }
            RSA => {
                scheme::must_be_empty(self.algorithm.parameters)
                    .map_err(|_| self.bad("it has parameters, and may have none"))?;
                self.rsa(bytes, None).map(PublicKey::Rsa)
            }
            RSA_PSS => {
                let restriction = match self.algorithm.parameters {
                    None => PssRestriction::AnyParameters,
                    given => PssRestriction::Exactly(PssParameters::read(given)?),
                };
                self.rsa(bytes, Some(restriction)).map(PublicKey::Rsa)
            }
            other => {
                let Some(order) = OctetOrder::of_algorithm(other) else {
                    return Err(Failure::Unsupported { name: algorithm_name(other) });
                };
                let parameters = self
                    .algorithm
                    .parameters
                    .and_then(|given| given.to_der().ok())
                    .ok_or_else(|| self.bad("it names no curve"))?;
                let parameters = Parameters::read_in(order, &parameters)
                    .map_err(|_| self.bad("its parameters are not those of a recommended curve"))?;
                Ok(PublicKey::Dstu4145(DstuKey { order, parameters, octets: bytes }))
            }
        }
    }

    fn rsa(
        &self,
        bytes: &'a [u8],
        restriction: Option<PssRestriction>,
    ) -> Result<RsaKey<'a>, Failure> {
        let numbers = RsaNumbers::from_der(bytes)
            .map_err(|_| self.bad("it is not an RSAPublicKey in DER"))?;
        let bits = bit_length(numbers.modulus.as_bytes());
        if !RSA_BITS.contains(&bits) {
            return Err(Failure::Unsupported { name: format!("RSA of {bits} bits") });
        }
        let exponent = numbers.exponent.as_bytes();
        // Small exponents are safe with the padding checked in full; 1 and even ones are not keys,
        // and long ones only cost time.
        let odd = exponent.last().is_some_and(|byte| byte & 1 == 1);
        if !odd || exponent == [1] || exponent.len() > 4 {
            return Err(self.bad("its exponent is not an odd number from 3 to 4294967295"));
        }
        Ok(RsaKey { modulus: numbers.modulus.as_bytes(), exponent, restriction })
    }

    fn curve(&self) -> Option<String> {
        let named: ObjectIdentifier = self.algorithm.parameters?.decode_as().ok()?;
        Some(named.to_string())
    }

    fn bytes(&self) -> Option<&'a [u8]> {
        self.subject_public_key.as_bytes()
    }

    fn bad(&self, problem: &'static str) -> Failure {
        Failure::BadKey { algorithm: algorithm_name(&self.algorithm.oid.to_string()), problem }
    }
}

const ED25519: &str = "1.3.101.112";
const ELLIPTIC: &str = "1.2.840.10045.2.1";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";
const P521: &str = "1.3.132.0.35";
const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";

/// Tells a `SubjectPublicKeyInfo`'s key from others, however it is written: points compressed or not, octets
/// in either order, parameters absent or NULL, an RSA key for PSS alone or not. Of a key that is not
/// known, the bytes as they are.
#[must_use]
pub fn key_identity(public_key_spki: &[u8]) -> Vec<u8> {
    let known =
        KeyInfo::read(public_key_spki).ok().and_then(|info| info.public_key().ok()?.identity());
    known.unwrap_or_else(|| public_key_spki.to_vec())
}

/// The kind and size of a `SubjectPublicKeyInfo`'s key for people: `ECDSA P-256`, `RSA 4096`,
/// `DSTU 4145 M257`. The name of the algorithm alone when there is no more to say.
#[must_use]
pub fn key_name(public_key_spki: &[u8]) -> String {
    let Ok(info) = KeyInfo::read(public_key_spki) else {
        return "unreadable key".to_owned();
    };
    let algorithm = info.algorithm.oid.to_string();
    match algorithm.as_str() {
        ELLIPTIC => info.curve().map_or_else(|| "ECDSA".to_owned(), |curve| curve_name(&curve)),
        RSA | RSA_PSS => {
            let numbers = info.bytes().and_then(|bytes| RsaNumbers::from_der(bytes).ok());
            let family = if algorithm == RSA { "RSA" } else { "RSA-PSS" };
            numbers.map_or_else(
                || family.to_owned(),
                |numbers| format!("{family} {}", bit_length(numbers.modulus.as_bytes())),
            )
        }
        other if OctetOrder::of_algorithm(other).is_some() => {
            let degree = info.algorithm.parameters.and_then(|given| dstu_degree(other, given));
            degree.map_or_else(|| "DSTU 4145".to_owned(), |m| format!("DSTU 4145 M{m}"))
        }
        other => algorithm_name(other),
    }
}

/// The compressed form of a point in SEC 1 (§2.3.3): the parity of y, and x.
fn compressed(point: &[u8]) -> Option<Vec<u8>> {
    const UNCOMPRESSED: u8 = 4;
    let (&form, rest) = point.split_first()?;
    if form != UNCOMPRESSED {
        return Some(point.to_vec());
    }
    let (x, y) = rest.split_at_checked(rest.len() / 2)?;
    let parity = 2 | (y.last()? & 1);
    Some([&[parity], x].concat())
}

fn curve_name(oid: &str) -> String {
    let known = match oid {
        "1.2.840.10045.3.1.1" => "ECDSA P-192",
        P256 => "ECDSA P-256",
        "1.3.132.0.33" => "ECDSA P-224",
        P384 => "ECDSA P-384",
        P521 => "ECDSA P-521",
        "1.3.132.0.10" => "ECDSA secp256k1",
        "1.3.36.3.3.2.8.1.1.7" => "ECDSA brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.8" => "ECDSA brainpoolP256t1",
        "1.3.36.3.3.2.8.1.1.11" => "ECDSA brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.12" => "ECDSA brainpoolP384t1",
        "1.3.36.3.3.2.8.1.1.13" => "ECDSA brainpoolP512r1",
        "1.3.36.3.3.2.8.1.1.14" => "ECDSA brainpoolP512t1",
        other => return format!("ECDSA on the curve {other}"),
    };
    known.to_owned()
}

/// The degree of the field of a DSTU 4145 key.
fn dstu_degree(algorithm: &str, parameters: AnyRef<'_>) -> Option<u16> {
    let order = OctetOrder::of_algorithm(algorithm)?;
    let parameters = Parameters::read_in(order, &parameters.to_der().ok()?).ok()?;
    Some(parameters.curve.degree())
}

/// The number of bits of a big-endian number without leading zeros.
fn bit_length(number: &[u8]) -> usize {
    let Some(first) = number.first() else { return 0 };
    let unused = usize::try_from(first.leading_zeros()).unwrap_or(0);
    number.len().saturating_mul(8).saturating_sub(unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        assert!(length < 0x80);
        [&[tag, length], value].concat()
    }

    fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
        let bits = tlv(3, &[&[0], key].concat());
        tlv(0x30, &[tlv(0x30, algorithm), bits].concat())
    }

    #[test]
    fn a_key_is_the_same_however_it_is_written() {
        let p256 = [
            &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1])[..],
            &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]),
        ]
        .concat();
        let point = |x: u8, y: u8| [&[4][..], &[x; 32], &[y; 32]].concat();
        let short = |form: u8, x: u8| [&[form][..], &[x; 32]].concat();
        let rsa = |parameters: &[u8]| {
            let oid = tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
            [&oid[..], parameters].concat()
        };
        let pss = tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]);
        let numbers = |last: u8| {
            let modulus = [&[0][..], &[0xc1; 63], &[last]].concat();
            tlv(0x30, &[tlv(2, &modulus), tlv(2, &[1, 0, 1])].concat())
        };
        let identity = |algorithm: &[u8], key: &[u8]| key_identity(&spki(algorithm, key));
        for (what, one, other, is_same) in [
            ("odd", identity(&p256, &point(7, 9)), identity(&p256, &short(3, 7)), true),
            ("even", identity(&p256, &point(7, 8)), identity(&p256, &short(2, 7)), true),
            ("the other y", identity(&p256, &point(7, 8)), identity(&p256, &short(3, 7)), false),
            ("another x", identity(&p256, &point(7, 8)), identity(&p256, &short(2, 6)), false),
            ("NULL", identity(&rsa(&[5, 0]), &numbers(1)), identity(&rsa(&[]), &numbers(1)), true),
            ("PSS", identity(&rsa(&[5, 0]), &numbers(1)), identity(&pss, &numbers(1)), true),
            ("modulus", identity(&rsa(&[5, 0]), &numbers(1)), identity(&pss, &numbers(3)), false),
            ("unknown", identity(&[6, 1, 1], &[1]), identity(&[6, 1, 1], &[2]), false),
        ] {
            assert_eq!(one == other, is_same, "{what}");
        }
    }
}
