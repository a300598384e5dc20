//! What kind of signature it is in Ukrainian law (Law 2155-VIII).

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// The kind of a signature. Told by its certificate, the trust list and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Qualification {
    /// УЕП with a qualified certificate: the key need not lie in a qualified device.
    AdvancedWithQualifiedCertificate,
    /// An advanced e-seal with a qualified certificate.
    AdvancedSealWithQualifiedCertificate,
    /// Not made with a qualified certificate.
    NotQualified,
    /// Qualified electronic seal.
    QualifiedSeal,
    /// КЕП: qualified certificate, and the key in a qualified device.
    QualifiedSignature,
    /// Cannot be said: no trust list is loaded, or the chain is not proved.
    Undetermined,
}

impl Qualification {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::AdvancedWithQualifiedCertificate,
        Self::AdvancedSealWithQualifiedCertificate,
        Self::NotQualified,
        Self::QualifiedSeal,
        Self::QualifiedSignature,
        Self::Undetermined,
    ];
}

/// The kind of a signature with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualificationReport {
    /// The kind.
    pub kind: Qualification,
    /// Every fact that it follows from, each an English sentence.
    pub reasons: Vec<String>,
    /// The trust list that it follows from; `None` without one, and in reports of older versions.
    #[serde(default)]
    pub list: Option<ListReport>,
}

/// One issue of a trust list (ETSI TS 119 612 §5.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListReport {
    /// Where it was fetched from; `None` when it was imported from a file.
    pub url: Option<String>,
    /// The country.
    pub territory: String,
    /// Its number (`TSLSequenceNumber`).
    pub sequence: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the next is due; `None`: it is closed, and no other follows.
    pub next_update: Option<Timestamp>,
}
