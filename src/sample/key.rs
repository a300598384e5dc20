//! Key pairs of the algorithms that samples are signed with.

use std::fmt;

use der::{
    Any, Encode as _, Tag,
    asn1::{BitString, ObjectIdentifier, OctetString},
};
use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256, Sha512};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::{SampleError, Seed, authority::KeyAlgorithm};
use crate::dstu::{self, Curve, Substitution};

/// RFC 8410 §3; the same identifier names the key and the signature.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 5480 §2.1.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 5480 §2.1.1.1: secp256r1.
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// RFC 5758 §3.2.
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// The key and, as certificates in use spell it, the signature with GOST 34.311.
const DSTU_4145: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.804.2.1.1.1.1.3.1.1");

/// A private key with its public one.
pub(super) enum Key {
    Dstu4145 { key: dstu::PrivateKey, nonces: zeroize::Zeroizing<[u8; 32]> },
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
}

impl Key {
    /// The key number `number` of `seed`.
    pub(super) fn derive(
        algorithm: KeyAlgorithm,
        seed: &Seed,
        number: u64,
    ) -> Result<Self, SampleError> {
        let secret = zeroize::Zeroizing::new(bytes(seed, "key", number));
        Ok(match algorithm {
            KeyAlgorithm::Dstu4145 => Self::Dstu4145 {
                // The order of M257 is little over 2²⁵⁵: 31 octets are always below it.
                key: dstu::PrivateKey::read(Curve::M257, secret.get(..31).unwrap_or_default())
                    .map_err(|_| SampleError::Key)?,
                nonces: zeroize::Zeroizing::new(bytes(seed, "nonces", number)),
            },
            KeyAlgorithm::Ed25519 => Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&secret)),
            KeyAlgorithm::P256 => Self::P256(
                p256::ecdsa::SigningKey::from_slice(secret.as_slice())
                    .map_err(|_| SampleError::Key)?,
            ),
        })
    }

    /// Which algorithm the key is for.
    pub(super) fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Dstu4145 { .. } => KeyAlgorithm::Dstu4145,
            Self::Ed25519(_) => KeyAlgorithm::Ed25519,
            Self::P256(_) => KeyAlgorithm::P256,
        }
    }

    /// The public key as certificates carry it.
    pub(super) fn public(&self) -> Result<SubjectPublicKeyInfoOwned, SampleError> {
        let (oid, parameters, point) = match self {
            Self::Dstu4145 { key, .. } => (
                DSTU_4145,
                Some(national_parameters(key.curve())?),
                OctetString::new(key.public_key().to_octets())?.to_der()?,
            ),
            Self::Ed25519(key) => (ED25519, None, key.verifying_key().to_bytes().to_vec()),
            Self::P256(key) => (
                EC_PUBLIC_KEY,
                Some(Any::encode_from(&P256)?),
                key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            ),
        };
        Ok(SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned { oid, parameters },
            subject_public_key: BitString::from_bytes(&point)?,
        })
    }

    /// The key identifier: the leftmost 160 bits of the public key's SHA-256 (RFC 7093 §2).
    pub(super) fn identifier(&self) -> Result<Vec<u8>, SampleError> {
        let digest = Sha256::digest(self.public()?.subject_public_key.raw_bytes());
        Ok(digest.iter().copied().take(20).collect())
    }

    /// The algorithm that [`Key::sign`] signs with.
    pub(super) fn signature_algorithm(&self) -> AlgorithmIdentifierOwned {
        let oid = match self {
            Self::Dstu4145 { .. } => DSTU_4145,
            Self::Ed25519(_) => ED25519,
            Self::P256(_) => ECDSA_WITH_SHA256,
        };
        AlgorithmIdentifierOwned { oid, parameters: None }
    }

    /// A value of ecdsa-with-SHA384 over `message`.
    ///
    /// # Panics
    /// When it is no key of P-256.
    #[cfg(test)]
    pub(super) fn sign_with_sha384(&self, message: &[u8]) -> Vec<u8> {
        use p256::ecdsa::signature::hazmat::PrehashSigner as _;
        use sha2::{Digest as _, Sha384};
        let Self::P256(key) = self else { panic!("a key of P-256 is wanted") };
        let signature: p256::ecdsa::Signature = key.sign_prehash(&Sha384::digest(message)).unwrap();
        signature.to_der().to_der().unwrap()
    }

    /// A signature over `message`, as certificates carry it: a value of DSTU 4145 stands in an
    /// OCTET STRING there.
    pub(super) fn sign_certificate(&self, message: &[u8]) -> Result<Vec<u8>, SampleError> {
        let signature = self.sign(message)?;
        match self {
            Self::Dstu4145 { .. } => Ok(OctetString::new(signature)?.to_der()?),
            Self::Ed25519(_) | Self::P256(_) => Ok(signature),
        }
    }

    /// A signature over `message`, as CMS carries it. Takes no randomness: each algorithm derives
    /// its nonce from the message (RFC 8032, RFC 6979, and a digest of a secret for DSTU 4145).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SampleError> {
        Ok(match self {
            Self::Dstu4145 { key, nonces } => {
                let nonce = Sha512::new().chain_update(nonces.as_slice()).chain_update(message);
                key.sign(&dstu::gost34311(message), &nonce.finalize())
                    .map_err(|_| SampleError::Key)?
            }
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().to_der()?
            }
        })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, redacted)", self.algorithm())
    }
}

/// The curve by its name, and the substitution table of GOST 34.311.
fn national_parameters(curve: Curve) -> Result<Any, SampleError> {
    let name = ObjectIdentifier::new_unwrap(curve.oid());
    let table = OctetString::new(Substitution::STANDARD_PACKED)?;
    Ok(Any::new(Tag::Sequence, [name.to_der()?, table.to_der()?].concat())?)
}

/// 32 bytes for one purpose: keys and serial numbers never share any.
pub(super) fn bytes(seed: &Seed, purpose: &str, number: u64) -> [u8; 32] {
    Sha256::new()
        .chain_update(seed.0.as_slice())
        .chain_update(purpose)
        .chain_update(number.to_be_bytes())
        .finalize()
        .into()
}
