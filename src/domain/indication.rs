//! What a validation says of one signature, in the words of ETSI EN 319 102-1.

use super::named;

named! {
    /// The main indication of ETSI EN 319 102-1 §5.1.3. The worse sorts higher.
    pub enum Indication {
        /// The signature is cryptographically right and everything asked of it holds.
        TotalPassed = "TOTAL_PASSED",
        /// What is at hand does not suffice to decide.
        Indeterminate = "INDETERMINATE",
        /// The signature is wrong, or its signer was revoked or not entitled at the time.
        TotalFailed = "TOTAL_FAILED",
    }
}

named! {
    /// Sub-indications of ETSI EN 319 102-1 tables 5 and 6.
    #[non_exhaustive]
    pub enum SubIndication {
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
}

impl SubIndication {
    /// Whether it says that a certificate was revoked.
    #[must_use]
    pub fn is_revocation(self) -> bool {
        matches!(self, Self::Revoked | Self::RevokedNoPoe | Self::RevokedCaNoPoe)
    }
}
