//! What can be wrong with a certificate on a path, and which of several problems is told.

use super::OutdatedList;
use crate::{
    algorithms::{Failure, Refused},
    domain::{Indication, SubIndication, Timestamp},
};

/// A problem of one certificate on a path. The texts continue "the certificate of X: …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("its validity ended at {not_after}, and it is judged for {at}")]
    AuthorityExpired { at: Timestamp, not_after: Timestamp },
    #[error("its validity begins at {not_before}, and it is judged for {at}")]
    AuthorityNotYetValid { at: Timestamp, not_before: Timestamp },
    #[error(
        "the search for a path to the trust directory was given up after {checks} signature checks \
         and {steps} candidates: too many certificates have the same names"
    )]
    GivenUp { checks: usize, steps: usize },
    #[error("the path from it to the trust directory is longer than {limit} certificates")]
    LongPath { limit: usize },
    #[error("only a trust list vouches for it: {0}")]
    ListOutdated(OutdatedList),
    #[error(
        "a trust list that is expected cannot be used: whether it has withdrawn this authority is \
         not known"
    )]
    ListMissing,
    #[error("its key usage does not allow it to issue certificates")]
    MayNotIssue,
    #[error("its key usage allows neither digitalSignature nor nonRepudiation")]
    MayNotSign,
    #[error("an authority above it does not allow the name {name} (nameConstraints)")]
    NameNotAllowed { name: String },
    #[error("an authority on the path demands a policy, and none is valid for the whole path")]
    NoPolicy,
    #[error("a trust list names it for what it issues, and not for what it signs itself")]
    ListedToIssue,
    #[error("the trust list has not granted its service at {at}")]
    NotGranted { at: Timestamp },
    #[error("no certificate of its issuer, {issuer}, is in the signature or the trust directory")]
    NoIssuer { issuer: String },
    #[error("it has issued the certificate before it, and is not an authority's (CA:TRUE)")]
    NotAuthority,
    #[error("it is for another purpose than {asked} ({purposes})")]
    OtherPurpose { asked: &'static str, purposes: String },
    #[error(
        "its issuer, {issuer}, is known only with another key identifier than the one it names"
    )]
    OtherKeyIdentifier { issuer: String },
    #[error("no known key of its issuer, {issuer}, has signed it")]
    OtherKey { issuer: String },
    #[error("it names itself as its issuer, and is not in the trust directory")]
    SelfSigned,
    #[error("its validity ended at {not_after}, and it is judged for {at}")]
    SignerExpired { at: Timestamp, not_after: Timestamp },
    #[error("its validity begins at {not_before}, and it is judged for {at}")]
    SignerNotYetValid { at: Timestamp, not_before: Timestamp },
    #[error("{below} authorities stand between it and the signer, and it allows {allowed}")]
    TooManyBelow { allowed: u32, below: u32 },
    #[error("it has an extension that may not be passed over and is not understood: {name}")]
    UnknownCritical { name: String },
    #[error("its issuer's signature on it cannot be relied on: {refused}")]
    Refused { refused: Refused, not_before: Timestamp },
    #[error("its issuer's signature on it cannot be relied on: {failure}")]
    Unproven { failure: Failure },
}

impl Problem {
    /// How near to being right a certificate with this problem is: of the problems on one path the
    /// lowest is told, and of several paths the one whose lowest is the highest.
    ///
    /// A path that is not proved comes before what is said on it; a broken rule before a date; the
    /// signer's own dates before those of the authorities.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::GivenUp { .. } => 0,
            Self::NoIssuer { .. } | Self::SelfSigned => 1,
            Self::OtherKeyIdentifier { .. } => 2,
            Self::OtherKey { .. } => 3,
            Self::LongPath { .. } => 4,
            Self::Refused { .. } | Self::Unproven { .. } => 5,
            Self::NotAuthority => 6,
            Self::MayNotIssue => 7,
            Self::TooManyBelow { .. } => 8,
            Self::UnknownCritical { .. } => 9,
            Self::NameNotAllowed { .. } => 10,
            Self::NoPolicy => 11,
            Self::MayNotSign => 12,
            Self::OtherPurpose { .. } => 13,
            Self::ListedToIssue => 14,
            Self::NotGranted { .. } => 15,
            Self::SignerNotYetValid { .. } => 16,
            Self::SignerExpired { .. } => 17,
            Self::AuthorityNotYetValid { .. } => 18,
            Self::AuthorityExpired { .. } => 19,
            // All that is known is right.
            Self::ListMissing | Self::ListOutdated(_) => 20,
        }
    }

    pub(super) fn indication(&self) -> (Indication, SubIndication) {
        match self {
            Self::AuthorityExpired { .. }
            | Self::AuthorityNotYetValid { .. }
            | Self::GivenUp { .. }
            | Self::ListMissing
            | Self::ListOutdated(_)
            | Self::LongPath { .. } => {
                (Indication::Indeterminate, SubIndication::CertificateChainGeneralFailure)
            }
            Self::ListedToIssue
            | Self::MayNotIssue
            | Self::MayNotSign
            | Self::NameNotAllowed { .. }
            | Self::NoPolicy
            | Self::NotAuthority
            | Self::NotGranted { .. }
            | Self::OtherPurpose { .. }
            | Self::TooManyBelow { .. }
            | Self::UnknownCritical { .. } => {
                (Indication::Indeterminate, SubIndication::ChainConstraintsFailure)
            }
            Self::NoIssuer { .. }
            | Self::OtherKey { .. }
            | Self::OtherKeyIdentifier { .. }
            | Self::SelfSigned => {
                (Indication::Indeterminate, SubIndication::NoCertificateChainFound)
            }
            Self::SignerExpired { .. } => {
                (Indication::Indeterminate, SubIndication::OutOfBoundsNoPoe)
            }
            Self::Refused { refused, not_before } => {
                (Indication::Indeterminate, refused.sub_indication(*not_before))
            }
            Self::SignerNotYetValid { .. } => (Indication::TotalFailed, SubIndication::NotYetValid),
            Self::Unproven { .. } => {
                (Indication::Indeterminate, SubIndication::CryptoConstraintsFailure)
            }
        }
    }
}
