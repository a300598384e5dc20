//! Named algorithms and the check of one raw signature with one public key.
//!
//! Computes DSTU 4145-2002 with GOST 34.311 and Kupyna, Ed25519 (RFC 8032, strictly), ECDSA on
//! P-256, P-384 and P-521 (FIPS 186-5) and RSA from 512 to 8192 bits, PKCS #1 v1.5 and PSS
//! (RFC 8017), with SHA-1, SHA-2 and SHA-3. Every other algorithm is refused by the name that people
//! know it under.
//!
//! Computing and judging are two things: [`verify`] says whether a value is right and what it rests
//! on ([`Used`]); a [`Policy`] says whether that proves anything at a moment. So what is weak is
//! never called broken, and what is broken never weak.
//!
//! Knows nothing of CMS or X.509: which bytes were signed, whose key it is and whether that key
//! may sign is for the caller to say.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod digest;
mod dstu;
mod ecdsa;
mod ed25519;
mod key;
mod name;
mod policy;
mod rsa;
mod scheme;

#[cfg(test)]
mod tests;

use der::{Decode as _, asn1::AnyRef};

use self::{
    key::{KeyInfo, PublicKey},
    scheme::Scheme,
};

pub use self::{
    digest::DigestAlgorithm,
    key::{key_identity, key_name},
    name::algorithm_name,
    policy::{Accepted, Line, Mechanism, Policy, PolicyError, Refused, Used},
};

/// An algorithm as an `AlgorithmIdentifier` gives it (RFC 5280 §4.1.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlgorithmId<'a> {
    /// The object identifier in dotted form.
    pub oid: String,
    /// The DER of the parameters, tag and length included; `None` when they are absent.
    pub parameters: Option<&'a [u8]>,
}

/// Why a signature is not proved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The public key cannot be read, or is not a key of this algorithm.
    #[error("the public key does not suit {algorithm}: {problem}")]
    BadKey {
        /// The algorithm that the key was wanted for.
        algorithm: String,
        /// What is wrong with the key.
        problem: &'static str,
    },
    /// The algorithm's parameters cannot be read, or contradict the algorithm.
    #[error("the parameters of {algorithm} are wrong: {problem}")]
    BadParameters {
        /// The algorithm.
        algorithm: String,
        /// What is wrong with them.
        problem: &'static str,
    },
    /// The signature was not made by this key over these bytes.
    #[error("the signature does not fit the key and the signed bytes")]
    Mismatch,
    /// An algorithm that we cannot check.
    #[error("the algorithm {name} is not supported")]
    Unsupported {
        /// Its usual name, or its object identifier when it has none here.
        name: String,
    },
}

impl Failure {
    /// The algorithm that cannot be checked, where that is the reason.
    #[must_use]
    pub fn unsupported(&self) -> Option<&str> {
        match self {
            Self::Unsupported { name } => Some(name),
            Self::BadKey { .. } | Self::BadParameters { .. } | Self::Mismatch => None,
        }
    }
}

/// The digest algorithm that a signature algorithm's own identifier implies, where it implies one.
#[must_use]
pub fn implied_digest(signature_algorithm: &str) -> Option<DigestAlgorithm> {
    match Scheme::find(signature_algorithm, None).ok()? {
        Scheme::Dstu4145(digest) | Scheme::Ecdsa(digest) | Scheme::RsaPkcs1(digest) => Some(digest),
        // RFC 8419 §2.3
        Scheme::Ed25519 => Some(DigestAlgorithm::Sha512),
        Scheme::RsaPss => None,
    }
}

/// What a signature by `algorithm` rests on besides the length of its key, which is not at hand.
///
/// # Errors
/// The algorithm cannot be checked, or its parameters cannot be read.
pub fn named(algorithm: &AlgorithmId<'_>) -> Result<Used, Failure> {
    let parameters = || {
        algorithm.parameters.map(AnyRef::from_der).transpose().map_err(|_| Failure::BadParameters {
            algorithm: algorithm_name(&algorithm.oid),
            problem: "not DER",
        })
    };
    Ok(Used::without_key(match Scheme::find(&algorithm.oid, None)? {
        Scheme::Dstu4145(digest) | Scheme::Ecdsa(digest) => vec![Mechanism::digest(digest)],
        Scheme::Ed25519 => vec![Mechanism::named(policy::ED25519)],
        Scheme::RsaPkcs1(digest) => {
            vec![Mechanism::named(policy::RSA_PKCS1), Mechanism::digest(digest)]
        }
        Scheme::RsaPss => {
            let pss = rsa::PssParameters::read(parameters()?)?;
            vec![Mechanism::named(policy::RSA_PSS), Mechanism::digest(pss.digest)]
        }
    }))
}

/// Checks that `signature` was made over `message` by the private half of `public_key_spki`, and
/// says what that rests on: the caller asks a [`Policy`] whether it counts.
///
/// `digest` is the OID in the `digestAlgorithm` field of a CMS `SignerInfo` (RFC 5652 §5.3). It counts only where `algorithm` itself names none: `rsaEncryption` and
/// `id-ecPublicKey`, which older signers write in place of a signature algorithm.
///
/// # Errors
/// Why the signature proves nothing. Only [`Failure::Mismatch`] says that it is wrong.
pub fn verify(
    algorithm: &AlgorithmId<'_>,
    digest: Option<&str>,
    public_key_spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<Used, Failure> {
    let scheme = Scheme::find(&algorithm.oid, digest)?;
    let name = algorithm_name(&algorithm.oid);
    let parameters = algorithm
        .parameters
        .map(AnyRef::from_der)
        .transpose()
        .map_err(|_| Failure::BadParameters { algorithm: name.clone(), problem: "not DER" })?;
    let key = KeyInfo::read(public_key_spki)
        .map_err(|problem| Failure::BadKey { algorithm: name.clone(), problem })?;
    let wrong_parameters = |problem| Failure::BadParameters { algorithm: name.clone(), problem };
    let key = key.public_key()?;
    let used = match (scheme, &key) {
        (Scheme::Dstu4145(digest), PublicKey::Dstu4145(key)) => {
            vec![dstu::verify(key, digest, message, signature)?]
        }
        (Scheme::Ed25519, PublicKey::Ed25519(point)) => {
            scheme::must_be_absent(parameters).map_err(wrong_parameters)?;
            ed25519::verify(point, message, signature)?;
            Vec::new()
        }
        (Scheme::Ecdsa(digest), PublicKey::P256(point)) => {
            scheme::must_be_empty(parameters).map_err(wrong_parameters)?;
            ecdsa::verify_p256(point, &digest.digest(message), signature)?;
            vec![Mechanism::digest(digest)]
        }
        (Scheme::Ecdsa(digest), PublicKey::P384(point)) => {
            scheme::must_be_empty(parameters).map_err(wrong_parameters)?;
            ecdsa::verify_p384(point, &digest.digest(message), signature)?;
            vec![Mechanism::digest(digest)]
        }
        (Scheme::Ecdsa(digest), PublicKey::P521(point)) => {
            scheme::must_be_empty(parameters).map_err(wrong_parameters)?;
            ecdsa::verify_p521(point, &digest.digest(message), signature)?;
            vec![Mechanism::digest(digest)]
        }
        (Scheme::RsaPkcs1(digest), PublicKey::Rsa(key)) if key.restriction.is_none() => {
            scheme::must_be_empty(parameters).map_err(wrong_parameters)?;
            rsa::verify_pkcs1(key, digest, message, signature)?;
            vec![Mechanism::named(policy::RSA_PKCS1), Mechanism::digest(digest)]
        }
        (Scheme::RsaPss, PublicKey::Rsa(key)) => {
            let pss = rsa::PssParameters::read(parameters)?;
            rsa::verify_pss(key, &pss, message, signature)?;
            vec![Mechanism::named(policy::RSA_PSS), Mechanism::digest(pss.digest)]
        }
        (
            Scheme::Dstu4145(_)
            | Scheme::Ecdsa(_)
            | Scheme::Ed25519
            | Scheme::RsaPkcs1(_)
            | Scheme::RsaPss,
            PublicKey::Dstu4145(_)
            | PublicKey::Ed25519(_)
            | PublicKey::P256(_)
            | PublicKey::P384(_)
            | PublicKey::P521(_)
            | PublicKey::Rsa(_),
        ) => {
            return Err(Failure::BadKey {
                algorithm: name,
                problem: "the key is of another kind of algorithm",
            });
        }
    };
    Ok(Used::new(key.mechanism(), used))
}
