//! The verdict on a share.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What is said of a share: the worst that applies. The worse sorts lower, in the order that
/// the cases are checked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It cannot be opened within the limits, or is hostile.
    Malformed,
    /// It holds nothing that looks like a copy of a document.
    Unrecognised,
    /// A signature is broken or forged, or its signer is not one that the service trusts.
    Invalid,
    /// It cannot be decided now.
    Undetermined,
    /// A copy has no signature.
    Unsigned,
    /// Every copy is genuine, and a requested one is missing.
    Incomplete,
    /// Every requested copy is there and genuine, and nothing is doubtful.
    Verified,
}

impl Verdict {
    /// All verdicts, the worst first.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::Unrecognised,
        Self::Invalid,
        Self::Undetermined,
        Self::Unsigned,
        Self::Incomplete,
        Self::Verified,
    ];

    /// The name in the API, the database and the metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unrecognised => "unrecognised",
            Self::Invalid => "invalid",
            Self::Undetermined => "undetermined",
            Self::Unsigned => "unsigned",
            Self::Incomplete => "incomplete",
            Self::Verified => "verified",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Verdict {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == name).ok_or(())
    }
}

/// What the signatures of a share prove (`SECURITY.md`, "What a signature proves"). What proves
/// less of a copy sorts lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// A person's signature: the person named in it sent these files.
    PersonSigned,
    /// The seal of an organisation that is not known to issue copies: it vouches for these files
    /// and did not issue them.
    SealedByOther,
    /// The issuer's seal: the organisation named in it issued these copies.
    Sealed,
}

impl Assurance {
    /// All of them, what proves least first.
    pub const ALL: [Self; 3] = [Self::PersonSigned, Self::SealedByOther, Self::Sealed];

    /// The name in the API and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PersonSigned => "person-signed",
            Self::Sealed => "sealed",
            Self::SealedByOther => "sealed-by-other",
        }
    }
}

impl FromStr for Assurance {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|assurance| assurance.as_str() == name).ok_or(())
    }
}
