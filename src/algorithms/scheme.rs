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
    /// The scheme that `oid` names. `digest`, an object identifier, completes the two that name a
    /// kind of key instead of a scheme.
    pub(super) fn find(oid: &str, digest: Option<&str>) -> Result<Self, Failure> {
        use DigestAlgorithm as Digest;
        let completed = || {
            let family = algorithm_name(oid);
            let digest = digest.ok_or_else(|| Failure::BadParameters {
                algorithm: family.clone(),
                problem: "no digest algorithm is named",
            })?;
            Digest::from_oid(digest).map_err(|_| Failure::Unsupported {
                name: format!("{family} with {}", algorithm_name(digest)),
            })
        };
        Ok(match oid {
            "1.2.804.2.1.1.1.1.3.1.1" | "1.2.804.2.1.1.1.1.3.1.1.1.1" => {
                Self::Dstu4145(Digest::Gost34311)
            }
            // Signers write the identifiers for a polynomial basis; both are met.
            "1.2.804.2.1.1.1.1.3.6.1" | "1.2.804.2.1.1.1.1.3.6.1.1" => {
                Self::Dstu4145(Digest::Kupyna256)
            }
            "1.2.804.2.1.1.1.1.3.6.2" | "1.2.804.2.1.1.1.1.3.6.2.1" => {
                Self::Dstu4145(Digest::Kupyna384)
            }
            "1.2.804.2.1.1.1.1.3.6.3" | "1.2.804.2.1.1.1.1.3.6.3.1" => {
                Self::Dstu4145(Digest::Kupyna512)
            }
            "1.2.840.113549.1.1.1" => Self::RsaPkcs1(completed()?),
            "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => Self::RsaPkcs1(Digest::Sha1),
            "1.2.840.113549.1.1.10" => Self::RsaPss,
            "1.2.840.113549.1.1.11" => Self::RsaPkcs1(Digest::Sha256),
            "1.2.840.113549.1.1.12" => Self::RsaPkcs1(Digest::Sha384),
            "1.2.840.113549.1.1.13" => Self::RsaPkcs1(Digest::Sha512),
            "1.2.840.113549.1.1.14" => Self::RsaPkcs1(Digest::Sha224),
            "1.2.840.113549.1.1.16" => Self::RsaPkcs1(Digest::Sha512_256),
            "2.16.840.1.101.3.4.3.13" => Self::RsaPkcs1(Digest::Sha3_224),
            "2.16.840.1.101.3.4.3.14" => Self::RsaPkcs1(Digest::Sha3_256),
            "2.16.840.1.101.3.4.3.15" => Self::RsaPkcs1(Digest::Sha3_384),
            "2.16.840.1.101.3.4.3.16" => Self::RsaPkcs1(Digest::Sha3_512),
            "1.2.840.10045.2.1" => Self::Ecdsa(completed()?),
            "1.2.840.10045.4.1" => Self::Ecdsa(Digest::Sha1),
            "1.2.840.10045.4.3.1" => Self::Ecdsa(Digest::Sha224),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Digest::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Digest::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Digest::Sha512),
            "2.16.840.1.101.3.4.3.9" => Self::Ecdsa(Digest::Sha3_224),
            "2.16.840.1.101.3.4.3.10" => Self::Ecdsa(Digest::Sha3_256),
            "2.16.840.1.101.3.4.3.11" => Self::Ecdsa(Digest::Sha3_384),
            "2.16.840.1.101.3.4.3.12" => Self::Ecdsa(Digest::Sha3_512),
            "1.3.101.112" => Self::Ed25519,
            _ => return Err(Failure::Unsupported { name: algorithm_name(oid) }),
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
