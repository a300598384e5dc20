//! Whether a certificate was revoked, and how that is known.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// What an installation does when nobody can say whether a certificate was revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationPolicy {
    /// The signature may pass, with the warning `revocation_unchecked`.
    #[default]
    Prefer,
    /// The signature is `INDETERMINATE`, `TRY_LATER`, until it is known.
    Require,
}

/// What is known of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationStatus {
    /// Not revoked, by a trusted answer for the moment judged for.
    Good,
    /// Revoked, or suspended, at or before the moment judged for.
    Revoked,
    /// Revoked after the moment judged for.
    RevokedLater,
    /// No answer for the moment judged for is at hand. With a kind and moments: what an answer at
    /// hand says that does not suffice for it, good as of `this_update`.
    Unchecked,
}

/// What the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationKind {
    /// A certificate revocation list (RFC 5280 §5).
    Crl,
    /// A full list together with a later delta list (RFC 5280 §5.2.4).
    DeltaCrl,
    /// The responder's certificate says that it need not be asked about (RFC 6960 §4.2.2.2.1).
    NoCheck,
    /// An OCSP answer (RFC 6960).
    Ocsp,
}

/// Where the answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationSource {
    /// In the installation's cache, fetched from the authority.
    Cache,
    /// Inside the signature or its container.
    Signature,
}

/// Whether one certificate was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationReport {
    /// What is known.
    pub status: RevocationStatus,
    /// From what; `None` when nothing is known.
    pub kind: Option<RevocationKind>,
    /// From where.
    pub source: Option<RevocationSource>,
    /// When the answer was true (`thisUpdate`): its age is counted from here.
    pub this_update: Option<Timestamp>,
    /// When a newer one is due (`nextUpdate`).
    pub next_update: Option<Timestamp>,
    /// The moment of revocation.
    pub revoked_at: Option<Timestamp>,
    /// The reason that the authority gave, by its name in RFC 5280 §5.3.1.
    pub reason: Option<String>,
    /// Since when the key may have been in other hands (`invalidityDate`, RFC 5280 §5.3.2), where
    /// the reason is a compromise and that is earlier than `revoked_at`.
    #[serde(default)]
    pub invalid_since: Option<Timestamp>,
    /// Why nothing is known, or why an answer at hand was not used, in English.
    pub problem: Option<String>,
}
