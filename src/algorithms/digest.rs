//! The digests that a signature can rest on (FIPS 180-4, FIPS 202, GOST 34.311-95, DSTU 7564:2014).
//! Whether one still proves anything is for the [policy](super::policy) to say.

use sha1::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use super::{Failure, algorithm_name};
use crate::dstu::{self, Kupyna256, Kupyna384, Kupyna512};

/// A digest algorithm that is computed here, strong or weak.
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
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA3-224.
    Sha3_224,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-384.
    Sha3_384,
    /// SHA3-512.
    Sha3_512,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA-512/256.
    Sha512_256,
}

impl DigestAlgorithm {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Gost34311,
        Self::Kupyna256,
        Self::Kupyna384,
        Self::Kupyna512,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
        Self::Sha384,
        Self::Sha512,
        Self::Sha512_256,
    ];

    /// The digest algorithm with this dotted object identifier.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] when it is not computed here.
    pub fn from_oid(oid: &str) -> Result<Self, Failure> {
        let found = Self::ALL.into_iter().find(|digest| digest.oid() == oid);
        found.ok_or_else(|| Failure::Unsupported { name: algorithm_name(oid) })
    }

    /// The dotted object identifier.
    #[must_use]
    pub fn oid(self) -> &'static str {
        match self {
            Self::Gost34311 => "1.2.804.2.1.1.1.1.2.1",
            Self::Kupyna256 => "1.2.804.2.1.1.1.1.2.2.1",
            Self::Kupyna384 => "1.2.804.2.1.1.1.1.2.2.2",
            Self::Kupyna512 => "1.2.804.2.1.1.1.1.2.2.3",
            Self::Sha1 => "1.3.14.3.2.26",
            Self::Sha224 => "2.16.840.1.101.3.4.2.4",
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha3_224 => "2.16.840.1.101.3.4.2.7",
            Self::Sha3_256 => "2.16.840.1.101.3.4.2.8",
            Self::Sha3_384 => "2.16.840.1.101.3.4.2.9",
            Self::Sha3_512 => "2.16.840.1.101.3.4.2.10",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
            Self::Sha512_256 => "2.16.840.1.101.3.4.2.6",
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
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha3_224 => "SHA3-224",
            Self::Sha3_256 => "SHA3-256",
            Self::Sha3_384 => "SHA3-384",
            Self::Sha3_512 => "SHA3-512",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Sha512_256 => "SHA-512/256",
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
            Self::Sha1 => Sha1::digest(content).to_vec(),
            Self::Sha224 => Sha224::digest(content).to_vec(),
            Self::Sha256 => Sha256::digest(content).to_vec(),
            Self::Sha3_224 => Sha3_224::digest(content).to_vec(),
            Self::Sha3_256 => Sha3_256::digest(content).to_vec(),
            Self::Sha3_384 => Sha3_384::digest(content).to_vec(),
            Self::Sha3_512 => Sha3_512::digest(content).to_vec(),
            Self::Sha384 => Sha384::digest(content).to_vec(),
            Self::Sha512 => Sha512::digest(content).to_vec(),
            Self::Sha512_256 => Sha512_256::digest(content).to_vec(),
        }
    }
}
