//! The report on a document's signatures: plain values, the same for the terminal, the API and
//! the share's page. The JSON form is part of the stable interface.

use serde::{Deserialize, Serialize};

use super::{Assurance, Indication, Sha256Hex, SubIndication, Timestamp};

/// What holds the content and its signatures together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Container {
    /// CMS `SignedData` with the content inside (RFC 5652 §5.2).
    CmsAttached,
    /// CMS `SignedData` beside the content (RFC 5652 §5.2, `eContent` absent).
    CmsDetached,
    /// Nothing: the file bears no signature that we know.
    None,
}

/// The baseline or legacy level of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Level {
    /// CMS without the attributes that CAdES asks for.
    #[serde(rename = "CMS")]
    Cms,
    /// CAdES-BES: a signing-certificate attribute binds the signer's certificate
    /// (ETSI EN 319 122-1 §5.2.2).
    #[serde(rename = "CAdES-BES")]
    CadesBes,
}

impl Level {
    /// The name in the JSON report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cms => "CMS",
            Self::CadesBes => "CAdES-BES",
        }
    }
}

/// Why a signature is judged for that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BestTimeSource {
    /// The moment our server had the file in hand: nothing older is proved.
    Receipt,
    /// The moment that the person who asked named (`verify --at`).
    Given,
}

/// Where a certificate in a chain came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateSource {
    /// It came inside the signature.
    Signature,
    /// It lies in the trust directory.
    TrustDirectory,
}

/// The place of a certificate in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateRole {
    /// The signer's own.
    Signer,
    /// An authority between signer and anchor.
    Authority,
    /// The trust anchor that the chain ends at.
    Anchor,
    /// The signer's own, and itself trusted by name: it lies in the trust directory.
    PinnedSigner,
}

/// One certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateReport {
    /// Its place.
    pub role: CertificateRole,
    /// Where it came from.
    pub source: CertificateSource,
    /// The subject's name, as RFC 4514 writes it.
    pub subject: String,
    /// The issuer's name, as RFC 4514 writes it.
    pub issuer: String,
    /// The serial number, lower-case hexadecimal.
    pub serial: String,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid to.
    pub not_after: Timestamp,
    /// The key and its size, in words: `ECDSA P-256`.
    pub key: String,
    /// SHA-256 of the DER bytes.
    pub sha256: Sha256Hex,
    /// What is wrong with it, in English; `None` when nothing is.
    pub problem: Option<String>,
}

/// Who signed, as the certificate names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerReport {
    /// `commonName`, or the whole subject when it has none.
    pub name: String,
    /// `organizationName`.
    pub organisation: Option<String>,
    /// `serialNumber` or `organizationIdentifier`: the tax number or the organisation's code.
    pub code: Option<String>,
    /// `countryName`.
    pub country: Option<String>,
    /// What the signature proves: an organisation issued it, or a person sent it.
    pub assurance: Option<Assurance>,
    /// The certificate's issuer, as RFC 4514 writes it; empty when no certificate was found.
    pub issuer: String,
    /// The certificate's serial number, lower-case hexadecimal.
    pub serial: String,
}

/// A time-stamp found in a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampReport {
    /// The attribute's name in CAdES, or its object identifier.
    pub kind: String,
    /// What is said of it: time-stamps are found, and not yet judged.
    pub indication: Indication,
}

/// One signer's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureReport {
    /// The main indication.
    pub indication: Indication,
    /// Why it is not `TOTAL_PASSED`.
    pub sub_indication: Option<SubIndication>,
    /// The same in one English sentence with the values on both sides; `None` when passed.
    pub reason: Option<String>,
    /// The level.
    pub level: Level,
    /// The signature algorithm by the name that people know; the object identifier if it has none.
    pub algorithm: String,
    /// The digest algorithm likewise.
    pub digest_algorithm: String,
    /// Who signed.
    pub signer: SignerReport,
    /// The moment of signing that the signer claims. A claim, and no proof.
    pub signing_time: Option<Timestamp>,
    /// The moment that validity was judged for.
    pub best_time: Timestamp,
    /// Why that moment.
    pub best_time_source: BestTimeSource,
    /// The chain, the signer's certificate first.
    pub chain: Vec<CertificateReport>,
    /// Time-stamps found.
    pub timestamps: Vec<TimestampReport>,
    /// What is unusual and harmless, in English.
    pub warnings: Vec<String>,
}

/// The report on one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentReport {
    /// The container.
    pub container: Container,
    /// The worst of its signatures; `None` when there is none.
    pub indication: Option<Indication>,
    /// That signature's sub-indication.
    pub sub_indication: Option<SubIndication>,
    /// One per signer.
    pub signatures: Vec<SignatureReport>,
}
