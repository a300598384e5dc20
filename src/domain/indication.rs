//! What a validation says of one signature, in the words of ETSI EN 319 102-1.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The main indication of ETSI EN 319 102-1 §5.1.3. The worse sorts higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Indication {
    /// The signature is cryptographically right and everything asked of it holds.
    TotalPassed,
    /// What is at hand does not suffice to decide.
    Indeterminate,
    /// The signature is wrong, or its signer was revoked or not entitled at the time.
    TotalFailed,
}

impl Indication {
    /// The name in the standard.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TotalPassed => "TOTAL_PASSED",
            Self::Indeterminate => "INDETERMINATE",
            Self::TotalFailed => "TOTAL_FAILED",
        }
    }
}

impl fmt::Display for Indication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! sub_indications {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// Sub-indications of ETSI EN 319 102-1 tables 5 and 6.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum SubIndication {
            $($(#[$doc])* #[serde(rename = $name)] $variant),+
        }

        impl SubIndication {
            /// All of them, so that a test can ask for a text for each.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the standard.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

sub_indications! {
    /// The chain was built, and a rule on certificates in it is broken (constraints, key usage).
    ChainConstraintsFailure = "CHAIN_CONSTRAINTS_FAILURE",
    /// The chain could not be validated for a reason that has no name of its own.
    CertificateChainGeneralFailure = "CERTIFICATE_CHAIN_GENERAL_FAILURE",
    /// An algorithm or key size that is not supported, or below the accepted strength.
    CryptoConstraintsFailure = "CRYPTO_CONSTRAINTS_FAILURE",
    /// The same, and no proof says that the signature is from when the algorithm was accepted.
    CryptoConstraintsFailureNoPoe = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    /// The signing certificate had expired at the time judged for.
    Expired = "EXPIRED",
    /// The bytes are not a signature in a known format.
    FormatFailure = "FORMAT_FAILURE",
    /// The signed digest is not the digest of the content.
    HashFailure = "HASH_FAILURE",
    /// No chain to a trust anchor was found.
    NoCertificateChainFound = "NO_CERTIFICATE_CHAIN_FOUND",
    /// The signer's certificate is neither in the signature nor in the trust directory.
    NoSigningCertificateFound = "NO_SIGNING_CERTIFICATE_FOUND",
    /// The signing certificate was not yet valid at the time judged for.
    NotYetValid = "NOT_YET_VALID",
    /// The certificate was outside its validity and no proof says the signature is older.
    OutOfBoundsNoPoe = "OUT_OF_BOUNDS_NO_POE",
    /// The certificate was outside its validity, and is known not to have been revoked.
    OutOfBoundsNotRevoked = "OUT_OF_BOUNDS_NOT_REVOKED",
    /// The signing certificate was revoked.
    Revoked = "REVOKED",
    /// An authority's certificate was revoked, and no proof says that the signature is older.
    RevokedCaNoPoe = "REVOKED_CA_NO_POE",
    /// The signing certificate was revoked, and no proof says that the signature is older.
    RevokedNoPoe = "REVOKED_NO_POE",
    /// The signature value does not fit the signer's key.
    SigCryptoFailure = "SIG_CRYPTO_FAILURE",
    /// A rule on the signature's attributes is broken.
    SigConstraintsFailure = "SIG_CONSTRAINTS_FAILURE",
    /// A detached signature's content is not at hand.
    SignedDataNotFound = "SIGNED_DATA_NOT_FOUND",
    /// Time-stamps contradict each other, or the signature.
    TimestampOrderFailure = "TIMESTAMP_ORDER_FAILURE",
    /// Something that is missing now may be there later (revocation data).
    TryLater = "TRY_LATER",
}

impl fmt::Display for SubIndication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl SubIndication {
    /// Whether it says that a certificate was revoked.
    #[must_use]
    pub fn is_revocation(self) -> bool {
        matches!(self, Self::Revoked | Self::RevokedNoPoe | Self::RevokedCaNoPoe)
    }
}
