//! Which signature scheme an object identifier stands for, and which parameters it may have.

use der::{Tag, Tagged as _, asn1::AnyRef};

use super::{DigestAlgorithm, Failure, algorithm_name};

/// A signature scheme that we can check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Dstu4145(DigestAlgorithm),
    Ecdsa(DigestAlgorithm),
    Ed25519,
    RsaPkcs1(DigestAlgorithm),
    /// The digest is in the parameters.
    RsaPss,
}

impl Scheme {
    /// The scheme that `oid` names. `digest` completes the two identifiers that name a kind of
    /// key instead of a scheme.
    pub(super) fn find(oid: &str, digest: Option<DigestAlgorithm>) -> Result<Self, Failure> {
        let name = algorithm_name(oid);
        let needed = || {
            digest.ok_or_else(|| Failure::BadParameters {
                algorithm: algorithm_name(oid),
                problem: "no digest algorithm is named",
            })
        };
        Ok(match oid {
            "1.2.804.2.1.1.1.1.3.1.1" | "1.2.804.2.1.1.1.1.3.1.1.1.1" => {
                Self::Dstu4145(DigestAlgorithm::Gost34311)
            }
            // Signers write the identifiers for a polynomial basis; both are met.
            "1.2.804.2.1.1.1.1.3.6.1" | "1.2.804.2.1.1.1.1.3.6.1.1" => {
                Self::Dstu4145(DigestAlgorithm::Kupyna256)
            }
            "1.2.804.2.1.1.1.1.3.6.2" | "1.2.804.2.1.1.1.1.3.6.2.1" => {
                Self::Dstu4145(DigestAlgorithm::Kupyna384)
            }
            "1.2.804.2.1.1.1.1.3.6.3" | "1.2.804.2.1.1.1.1.3.6.3.1" => {
                Self::Dstu4145(DigestAlgorithm::Kupyna512)
            }
            "1.2.840.113549.1.1.1" => Self::RsaPkcs1(needed()?),
            "1.2.840.113549.1.1.10" => Self::RsaPss,
            "1.2.840.113549.1.1.11" => Self::RsaPkcs1(DigestAlgorithm::Sha256),
            "1.2.840.113549.1.1.12" => Self::RsaPkcs1(DigestAlgorithm::Sha384),
            "1.2.840.113549.1.1.13" => Self::RsaPkcs1(DigestAlgorithm::Sha512),
            "1.2.840.10045.2.1" => Self::Ecdsa(needed()?),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(DigestAlgorithm::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(DigestAlgorithm::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(DigestAlgorithm::Sha512),
            "1.3.101.112" => Self::Ed25519,
            "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.3" | "1.2.840.113549.1.1.4" => {
                return Err(Failure::TooWeak { name, bits: 128 });
            }
            "1.2.840.113549.1.1.5"
            | "1.3.14.3.2.29"
            | "1.2.840.10045.4.1"
            | "1.2.840.10040.4.3"
            | "1.3.36.3.3.1.2" => {
                return Err(Failure::TooWeak { name, bits: 160 });
            }
            _ => return Err(Failure::Unsupported { name }),
        })
    }
}

/// RFC 8410 §3: the parameters of Ed25519 are absent, with no room for NULL.
pub(super) fn must_be_absent(parameters: Option<AnyRef<'_>>) -> Result<(), &'static str> {
    match parameters {
        None => Ok(()),
        Some(_) => Err("there must be none"),
    }
}

/// Nothing, or the NULL that RFC 4055 §5 asks for with RSA and that some signers also write
/// with ECDSA. Neither says anything, so both are taken for both.
pub(super) fn must_be_empty(parameters: Option<AnyRef<'_>>) -> Result<(), &'static str> {
    match parameters {
        None => Ok(()),
        Some(value) if value.tag() == Tag::Null && value.value().is_empty() => Ok(()),
        Some(_) => Err("there must be none, or NULL"),
    }
}
