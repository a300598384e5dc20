//! The key that a content key is wrapped in: agreement (RFC 5652 §6.2.2), derivation and
//! unwrapping, national and of RFC 5753.

use aes_kw::{AesKw, KeyInit as _};
use der::Tag;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::{
    error::EnvelopeError,
    keys::{Key, Secret},
    name::name,
    structure::{Agreement, Algorithm, bits},
};
use crate::{
    asn1::Element,
    dstu::{self, Gost28147, Kalyna, Kupyna256, Substitution},
};

/// How keys are agreed upon and derived from the agreed secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Gost34311,
    Kupyna256,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// How a content key is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrapping {
    Gost28147,
    Kalyna,
    Aes { key_octets: usize },
}

/// A content key out of an agreement with one of our keys. `None` if the key is for another kind
/// of agreement or the wrapped key was made with another.
pub(super) fn unwrap(
    agreement: &Agreement<'_>,
    key: &Key,
    point: &[u8],
) -> Result<Option<Zeroizing<Vec<u8>>>, EnvelopeError> {
    let scheme = Scheme::read(&agreement.algorithm)?;
    let wrapping = Wrapping::read(&agreement.wrapping)?;
    let Some(secret) = scheme.agree(&key.secret, point) else { return Ok(None) };
    let info = shared_info(agreement, wrapping);
    let wrapping_key = scheme.derive(&secret, &info, wrapping.key_octets());
    let mut keys = agreement.keys.iter();
    Ok(keys.find_map(|(_, wrapped)| wrapping.unwrap(&wrapping_key, wrapped)))
}

/// The octets of the point in a `SubjectPublicKeyInfo`.
pub(super) fn point(public_key: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Element::only(public_key).ok()?.of(Tag::Sequence).ok()?.inside().ok()?;
    fields.expect(Tag::Sequence).ok()?;
    let point = bits(fields.next().ok()?).ok()?;
    fields.finish().ok()?;
    Some(point.to_vec())
}

impl Scheme {
    fn read(algorithm: &Algorithm<'_>) -> Result<Self, EnvelopeError> {
        match algorithm.oid.as_str() {
            "1.2.804.2.1.1.1.1.3.4" => Ok(Self::Gost34311),
            "1.2.804.2.1.1.1.1.3.7" => Ok(Self::Kupyna256),
            // dhSinglePass-stdDH and dhSinglePass-cofactorDH, which are one where the cofactor is.
            // SHA-1, which OpenSSL takes if nothing else is asked for, need not resist collisions
            // in a derivation.
            "1.3.133.16.840.63.0.2" | "1.3.133.16.840.63.0.3" => Ok(Self::Sha1),
            "1.3.132.1.11.1" | "1.3.132.1.14.1" => Ok(Self::Sha256),
            "1.3.132.1.11.2" | "1.3.132.1.14.2" => Ok(Self::Sha384),
            "1.3.132.1.11.3" | "1.3.132.1.14.3" => Ok(Self::Sha512),
            oid => Err(EnvelopeError::Unsupported { name: name(oid) }),
        }
    }

    /// The agreed secret; `None` where key, point and scheme do not fit.
    fn agree(self, secret: &Secret, point: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match (self, secret) {
            (Self::Gost34311 | Self::Kupyna256, Secret::National(private)) => {
                // The point is an OCTET STRING in the BIT STRING; some leave that out.
                let octets = Element::only(point)
                    .and_then(|it| it.of(Tag::OctetString))
                    .map_or(point, |it| it.value);
                private.agree(&dstu::PublicKey::read(private.curve(), octets).ok()?).ok()
            }
            (Self::Sha1 | Self::Sha256 | Self::Sha384 | Self::Sha512, Secret::P256(private)) => {
                let public = p256::PublicKey::from_sec1_bytes(point).ok()?;
                let shared =
                    p256::ecdh::diffie_hellman(private.to_nonzero_scalar(), public.as_affine());
                Some(Zeroizing::new(shared.raw_secret_bytes().to_vec()))
            }
            _ => None,
        }
    }

    /// ANSI X9.63 §5.6.3: digests of secret, counter and shared information, one after another.
    fn derive(self, secret: &[u8], info: &[u8], octets: usize) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(Vec::new());
        for counter in 1_u32.. {
            if key.len() >= octets {
                break;
            }
            let counter = counter.to_be_bytes();
            let parts = [secret, &counter, info];
            match self {
                Self::Gost34311 => {
                    let mut hasher = dstu::Gost34311::default();
                    for part in parts {
                        hasher.update(part);
                    }
                    key.extend_from_slice(&hasher.finish());
                }
                Self::Kupyna256 => key.extend_from_slice(&digest::<Kupyna256>(&parts)),
                Self::Sha1 => key.extend_from_slice(&digest::<Sha1>(&parts)),
                Self::Sha256 => key.extend_from_slice(&digest::<Sha256>(&parts)),
                Self::Sha384 => key.extend_from_slice(&digest::<Sha384>(&parts)),
                Self::Sha512 => key.extend_from_slice(&digest::<Sha512>(&parts)),
            }
        }
        key.truncate(octets);
        key
    }
}

impl Wrapping {
    fn read(algorithm: &Algorithm<'_>) -> Result<Self, EnvelopeError> {
        match algorithm.oid.as_str() {
            "1.2.804.2.1.1.1.1.1.1.5" => Ok(Self::Gost28147),
            "1.2.804.2.1.1.1.1.1.3.11" => Ok(Self::Kalyna),
            "2.16.840.1.101.3.4.1.5" => Ok(Self::Aes { key_octets: 16 }),
            "2.16.840.1.101.3.4.1.25" => Ok(Self::Aes { key_octets: 24 }),
            "2.16.840.1.101.3.4.1.45" => Ok(Self::Aes { key_octets: 32 }),
            oid => Err(EnvelopeError::Unsupported { name: name(oid) }),
        }
    }

    fn key_octets(self) -> usize {
        match self {
            Self::Gost28147 => Gost28147::KEY_LEN,
            Self::Kalyna => Kalyna::KEY_LEN,
            Self::Aes { key_octets } => key_octets,
        }
    }

    /// The wrapped key; `None` if its check is wrong.
    fn unwrap(self, wrapping_key: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        /// Content keys have 32 octets at most.
        const MOST: usize = 40;
        if self == Self::Gost28147 {
            let cipher = Gost28147::new(Substitution::standard(), wrapping_key.try_into().ok()?);
            let key = cipher.unwrap_key(wrapped.try_into().ok()?)?;
            return Some(Zeroizing::new(key.to_vec()));
        }
        if self == Self::Kalyna {
            let key = Kalyna::new(wrapping_key.try_into().ok()?);
            let key = key.unwrap_key(wrapped.try_into().ok()?)?;
            return Some(Zeroizing::new(key.to_vec()));
        }
        if wrapped.len() > MOST {
            return None;
        }
        let mut buffer = Zeroizing::new([0; MOST]);
        let key = match wrapping_key.len() {
            16 => AesKw::<aes::Aes128>::new_from_slice(wrapping_key)
                .ok()?
                .unwrap_key(wrapped, buffer.as_mut_slice())
                .ok()?,
            24 => AesKw::<aes::Aes192>::new_from_slice(wrapping_key)
                .ok()?
                .unwrap_key(wrapped, buffer.as_mut_slice())
                .ok()?,
            _ => AesKw::<aes::Aes256>::new_from_slice(wrapping_key)
                .ok()?
                .unwrap_key(wrapped, buffer.as_mut_slice())
                .ok()?,
        };
        Some(Zeroizing::new(key.to_vec()))
    }
}

/// `ECC-CMS-SharedInfo` (RFC 5753 §7.2), which the national format has too.
fn shared_info(agreement: &Agreement<'_>, wrapping: Wrapping) -> Vec<u8> {
    const SEQUENCE: u8 = 0x30;
    const OCTETS: u8 = 0x04;
    const SALT: u8 = 0xa0;
    const BITS: u8 = 0xa2;
    let salt =
        agreement.salt.map_or_else(Vec::new, |salt| element(SALT, &[&element(OCTETS, &[salt])]));
    let bits = u32::try_from(wrapping.key_octets().saturating_mul(8)).unwrap_or(u32::MAX);
    let bits = element(BITS, &[&element(OCTETS, &[&bits.to_be_bytes()])]);
    element(SEQUENCE, &[agreement.wrapping.raw, &salt, &bits])
}

/// DER of one element with these octets inside, which have less than 2³² of length.
pub(super) fn element(tag: u8, inside: &[&[u8]]) -> Vec<u8> {
    let length: usize = inside.iter().map(|part| part.len()).sum();
    let mut der = vec![tag];
    if let Ok(short @ ..0x80) = u8::try_from(length) {
        der.push(short);
    } else {
        let octets = length.to_be_bytes();
        let octets: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
        // At most eight.
        der.push(u8::try_from(octets.len()).map_or(0x88, |count| 0x80 | count));
        der.extend_from_slice(&octets);
    }
    for part in inside {
        der.extend_from_slice(part);
    }
    der
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}
