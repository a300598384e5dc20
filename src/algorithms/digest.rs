//! The digests that a signature may rest on (FIPS 180-4, GOST 34.311-95, DSTU 7564:2014).

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::{Failure, algorithm_name};
use crate::dstu::{self, Kupyna256, Kupyna384, Kupyna512};

/// The SHA-1 of `content`. It proves nothing; it tells which certificate somebody means, where
/// a format knows no other digest (RFC 5035 §5).
#[must_use]
pub fn sha1(content: &[u8]) -> [u8; 20] {
    Sha1::digest(content).into()
}

/// A digest algorithm that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    /// GOST 34.311-95 with the substitution table DKE №1 and a start of zeros.
    Gost34311,
    /// Kupyna of 256 bits (DSTU 7564:2014).
    Kupyna256,
    /// Kupyna of 384 bits.
    Kupyna384,
    /// Kupyna of 512 bits.
    Kupyna512,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Gost34311,
        Self::Kupyna256,
        Self::Kupyna384,
        Self::Kupyna512,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
    ];

    /// The digest algorithm with this dotted object identifier.
    ///
    /// # Errors
    /// [`Failure::TooWeak`] for MD5, SHA-1 and their like, [`Failure::Unsupported`] for the rest.
    pub fn from_oid(oid: &str) -> Result<Self, Failure> {
        if let Some(digest) = Self::ALL.into_iter().find(|digest| digest.oid() == oid) {
            return Ok(digest);
        }
        let name = algorithm_name(oid);
        Err(match oid {
            "1.2.840.113549.2.2" | "1.2.840.113549.2.4" | "1.2.840.113549.2.5" => {
                Failure::TooWeak { name, bits: 128 }
            }
            "1.3.14.3.2.26" | "1.3.36.3.2.1" => Failure::TooWeak { name, bits: 160 },
            _ => Failure::Unsupported { name },
        })
    }

    /// The dotted object identifier.
    #[must_use]
    pub fn oid(self) -> &'static str {
        match self {
            Self::Gost34311 => "1.2.804.2.1.1.1.1.2.1",
            Self::Kupyna256 => "1.2.804.2.1.1.1.1.2.2.1",
            Self::Kupyna384 => "1.2.804.2.1.1.1.1.2.2.2",
            Self::Kupyna512 => "1.2.804.2.1.1.1.1.2.2.3",
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        }
    }

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gost34311 => "GOST 34.311",
            Self::Kupyna256 => "Kupyna-256",
            Self::Kupyna384 => "Kupyna-384",
            Self::Kupyna512 => "Kupyna-512",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The digest of `content`.
    #[must_use]
    pub fn digest(self, content: &[u8]) -> Vec<u8> {
        match self {
            Self::Gost34311 => dstu::gost34311(content).to_vec(),
            Self::Kupyna256 => Kupyna256::digest(content).to_vec(),
            Self::Kupyna384 => Kupyna384::digest(content).to_vec(),
            Self::Kupyna512 => Kupyna512::digest(content).to_vec(),
            Self::Sha256 => Sha256::digest(content).to_vec(),
            Self::Sha384 => Sha384::digest(content).to_vec(),
            Self::Sha512 => Sha512::digest(content).to_vec(),
        }
    }
}
