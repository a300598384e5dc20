//! The report on a document's signatures: plain values, the same for the terminal, the API and
//! the share's page. The JSON form is part of the stable interface.

mod qualification;
mod revocation;
mod warning;

use serde::{Deserialize, Serialize};

use super::{Indication, OrganisationId, Sha256Hex, SubIndication, Timestamp, named};

pub use self::{
    qualification::{ListReport, Qualification, QualificationReport},
    revocation::{
        RevocationKind, RevocationPolicy, RevocationReport, RevocationSource, RevocationStatus,
    },
    warning::{Warning, WarningCode},
};

/// What holds the content and its signatures together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Container {
    /// `ASiC-E` with `CAdES` signatures over a manifest (ETSI EN 319 162-1 §4.4).
    AsicE,
    /// `ASiC-S`: one document and its signature in a ZIP archive (ETSI EN 319 162-1 §4.3).
    AsicS,
    /// CMS `SignedData` with the content inside (RFC 5652 §5.2).
    CmsAttached,
    /// CMS `SignedData` beside the content (RFC 5652 §5.2, `eContent` absent).
    CmsDetached,
    /// CMS `EnvelopedData`: encrypted, and not opened (RFC 5652 §6).
    Envelope,
    /// A PDF file with signatures inside (ETSI EN 319 142-1).
    Pades,
    /// Nothing: the file bears no signature that we know.
    None,
}

named! {
    /// The level of a signature: what was kept with it to prove it later (ETSI EN 319 122-1
    /// and -2, ETSI EN 319 142-1). The levels of one format sort by what they prove.
    #[non_exhaustive]
    pub enum Level {
        /// CMS without the attributes that CAdES asks for.
        Cms = "CMS",
        /// A signing-certificate attribute binds the signer's certificate (baseline B).
        CadesBes = "CAdES-BES",
        /// BES with a signature time-stamp (baseline T).
        CadesT = "CAdES-T",
        /// T with references to certificates and revocation data.
        CadesC = "CAdES-C",
        /// C with a time-stamp over the references.
        CadesX = "CAdES-X",
        /// C with the certificates and revocation data themselves (baseline LT).
        CadesXLong = "CAdES-X-Long",
        /// With an archive time-stamp over all of it (baseline LTA).
        CadesA = "CAdES-A",
        /// A signature in a PDF file whose signer's certificate is bound (baseline B).
        PadesB = "PAdES-B",
        /// With a signature time-stamp or a document time-stamp after it (baseline T).
        PadesT = "PAdES-T",
        /// With certificates and revocation data in the file (baseline LT).
        PadesLt = "PAdES-LT",
        /// With a document time-stamp over all of it (baseline LTA).
        PadesLta = "PAdES-LTA",
    }
}

/// Why a signature is judged for that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BestTimeSource {
    /// A valid archive time-stamp proves that the signature existed then.
    ArchiveTimestamp,
    /// A valid document time-stamp in the PDF file proves that the signature existed then.
    DocumentTimestamp,
    /// The moment our server had the file in hand: nothing older is proved.
    Receipt,
    /// The moment that the person who asked named (`verify --at`).
    Given,
    /// A valid signature time-stamp proves that the signature existed then.
    SignatureTimestamp,
}

/// Where a certificate in a chain came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateSource {
    /// It came inside the signature.
    Signature,
    /// It lies in the trust directory.
    TrustDirectory,
    /// A trust list names it (ETSI TS 119 612).
    TrustList,
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
    /// The algorithm for whose sake its issuer's signature on it cannot be checked.
    #[serde(default)]
    pub unsupported: Option<String>,
    /// Whether it was revoked, and how that is known; `None` for the anchor, which nobody revokes.
    #[serde(default)]
    pub revocation: Option<RevocationReport>,
}

named! {
    /// Whose signature a certificate is for.
    pub enum SignerKind {
        /// An organisation's: an electronic seal.
        Seal = "sealed",
        /// A person's: an electronic signature.
        Person = "person-signed",
    }
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
    /// The organisation's identifier, when the certificate has just one.
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
    /// Whose signature it is; `None` when the certificate tells neither.
    #[serde(rename = "assurance")]
    pub kind: Option<SignerKind>,
    /// The certificate's issuer, as RFC 4514 writes it; empty when no certificate was found.
    pub issuer: String,
    /// The certificate's serial number, lower-case hexadecimal.
    pub serial: String,
}

/// A time-stamp found in a signature (RFC 3161).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampReport {
    /// The attribute's name in CAdES, or its object identifier.
    pub kind: String,
    /// What is said of it.
    pub indication: Indication,
    /// Why it is not `TOTAL_PASSED`.
    #[serde(default)]
    pub sub_indication: Option<SubIndication>,
    /// The same in one English sentence.
    #[serde(default)]
    pub reason: Option<String>,
    /// The moment that it states (`genTime`); `None` when it cannot be read.
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// The authority's policy, an object identifier.
    #[serde(default)]
    pub policy: Option<String>,
    /// The algorithm of its signature, by the name that people know.
    #[serde(default)]
    pub algorithm: Option<String>,
    /// The digest algorithm of what it is over.
    #[serde(default)]
    pub digest_algorithm: Option<String>,
    /// Who issued it.
    #[serde(default)]
    pub authority: Option<SignerReport>,
    /// The chain of the authority's certificate.
    #[serde(default)]
    pub chain: Vec<CertificateReport>,
    /// Whether a trust list had granted the service at that moment; `None` without a list.
    #[serde(default)]
    pub qualified: Option<bool>,
    /// What is unusual and harmless.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// A signed attribute that is kept and not judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeReport {
    /// The object identifier, dotted.
    pub id: String,
    /// The name people know, where there is one.
    pub name: Option<String>,
    /// The DER of its values, hexadecimal, cut to 1 KiB.
    pub value: String,
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
    /// The algorithm for whose sake nothing can be said, by the name that people know: that of the
    /// signature, of a digest or of a key in the chain.
    #[serde(default)]
    pub unsupported: Option<String>,
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
    /// What kind of signature it is in Ukrainian law; `None` in reports of older versions.
    #[serde(default)]
    pub qualification: Option<QualificationReport>,
    /// What it covers: the name of a file in a container, or the bytes of a PDF file.
    #[serde(default)]
    pub covers: Vec<String>,
    /// Signed attributes that are not known here.
    #[serde(default)]
    pub attributes: Vec<AttributeReport>,
    /// Signatures over this signature's value (RFC 5652 §11.4).
    #[serde(default)]
    pub counter_signatures: Vec<Self>,
    /// What is unusual and harmless.
    pub warnings: Vec<Warning>,
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
    /// What lies in the container and no signature covers: files, or later revisions of a PDF.
    #[serde(default)]
    pub not_covered: Vec<String>,
    /// Whether it came encrypted, or any of its signatures did; the container is then that of
    /// what was inside, unless it stays closed.
    #[serde(default)]
    pub encrypted: bool,
}

impl DocumentReport {
    /// Every certificate on the chains of its signatures and their time-stamps.
    pub fn certificates(&self) -> impl Iterator<Item = &CertificateReport> {
        self.signatures.iter().flat_map(|signature| {
            let stamps = signature.timestamps.iter().flat_map(|stamp| &stamp.chain);
            signature.chain.iter().chain(stamps)
        })
    }
}
