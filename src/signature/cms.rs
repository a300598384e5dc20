//! Reading CMS `SignedData` (RFC 5652 §5), bare or wrapped as text.
//!
//! Says what stands in the file, and nothing of whether it is true: [`super::examine()`] judges.
//! Every slice kept is the original bytes, or of a file in BER what [`crate::asn1::normalise`] makes
//! of them. Certificates of kinds other than X.509 are counted and skipped.

use bytes::Bytes;

use super::{
    Budget, Form, Limits, Resource,
    attributes::{RevocationValues, SignedAttributes, UnsignedAttributes},
    budget::Spent,
    text,
};
use crate::{
    algorithms::DigestAlgorithm,
    asn1::{self, BerError, BerLimits},
    domain::{Indication, SubIndication},
    trust::Certificate,
};

mod algorithm;
mod signer_id;
mod source;

pub(super) use algorithm::Algorithm;
pub(super) use signer_id::{SignerId, has_issuer_and_serial};
pub(super) use source::{Source, each};

/// `id-data` (RFC 5652 §4): the content is a document.
pub(super) const ID_DATA: &str = "1.2.840.113549.1.7.1";
/// `id-signedData` (RFC 5652 §5.1): the content is another `SignedData`.
pub(super) const ID_SIGNED_DATA: &str = "1.2.840.113549.1.7.2";

/// One CMS `SignedData`.
#[derive(Clone, Debug)]
pub struct SignedData {
    pub(super) version: u8,
    pub(super) digest_algorithms: Vec<String>,
    pub(super) content_type: String,
    content: Option<Bytes>,
    certificates: CertificateSet,
    revocation: RevocationValues,
    pub(super) signers: Vec<Signer>,
    pub(super) raw: Box<RawParts>,
    /// Whether the file is written in BER that is not DER.
    pub(super) is_ber: bool,
    /// Whether it came in a transport wrapper.
    pub(super) is_transported: bool,
}

/// The parts of a `SignedData` that archive time-stamps are over, as they stand in the file, tag
/// and length included (ETSI EN 319 122-1 §5.5.2 and §5.5.3, RFC 5126 §6.4.1).
#[derive(Clone, Debug)]
pub(super) struct RawParts {
    /// The `EncapsulatedContentInfo`.
    pub(super) encapsulated: Bytes,
    /// Each `CertificateChoices`.
    pub(super) certificates: Vec<Bytes>,
    /// The whole certificates field.
    pub(super) certificates_field: Option<Bytes>,
    /// Each `RevocationInfoChoice`.
    pub(super) crls: Vec<Bytes>,
    /// The whole crls field.
    pub(super) crls_field: Option<Bytes>,
}

/// The certificates of a `SignedData` (RFC 5652 §10.2.3).
#[derive(Clone, Debug, Default)]
struct CertificateSet {
    read: Vec<Certificate>,
    /// How many could not be read as X.509.
    unread: usize,
    /// The least version that their kinds ask of the `SignedData`.
    least_version: u8,
}

/// One `SignerInfo` (RFC 5652 §5.3).
#[derive(Clone, Debug)]
pub(super) struct Signer {
    pub(super) version: u8,
    pub(super) id: SignerId,
    pub(super) digest_algorithm: Algorithm,
    pub(super) signed_attributes: Option<Result<SignedAttributes, CmsError>>,
    pub(super) signature_algorithm: Algorithm,
    pub(super) signature: Bytes,
    pub(super) unsigned_attributes: Result<UnsignedAttributes, CmsError>,
    pub(super) raw: RawSigner,
}

/// The fields of a `SignerInfo` before its unsigned attributes, as they stand in the file, tag and
/// length included.
#[derive(Clone, Debug)]
pub(super) struct RawSigner {
    pub(super) version: Bytes,
    pub(super) id: Bytes,
    pub(super) digest_algorithm: Bytes,
    pub(super) signed_attributes: Option<Bytes>,
    pub(super) signature_algorithm: Bytes,
    pub(super) signature: Bytes,
}

/// Why a file cannot be read as `SignedData`, or a part of it as what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CmsError {
    /// BER where only DER can be read.
    #[error("a part of the signature is written in BER; only DER can be read there")]
    Ber,
    /// The document is encrypted and was not opened.
    #[error("{reason}")]
    Closed {
        /// Why.
        reason: String,
    },
    /// The same attribute twice, or one with several values, where RFC 5652 §11 allows one.
    #[error("the {attribute} attribute stands there more than once; RFC 5652 §11 allows one value")]
    DuplicateAttribute {
        /// The attribute's name, or its object identifier.
        attribute: String,
    },
    /// A part is not built as the standard says.
    #[error("the {part} of the signature is not built as RFC 5652 says")]
    Malformed {
        /// Which part.
        part: &'static str,
    },
    /// A signed attribute that has to be there is not (RFC 5652 §5.3).
    #[error("the signed attributes lack {attribute}, which RFC 5652 §5.3 asks for")]
    MissingAttribute {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// The file is no CMS `SignedData`.
    #[error("the file is not a CMS signature (RFC 5652 SignedData)")]
    NotSignedData,
    /// The mail that the file came in asks for too much work.
    #[error("{0}")]
    Spent(String),
    /// Over one of the [`Limits`] in size.
    #[error("the {part} of the signature is over {max} bytes")]
    TooLong {
        /// Which part.
        part: &'static str,
        /// The limit, in bytes.
        max: usize,
    },
    /// Over one of the [`Limits`] in number.
    #[error("the signature has more than {max} {things}")]
    TooMany {
        /// Of what.
        things: &'static str,
        /// The limit.
        max: usize,
    },
    /// Bytes after the end of the signature.
    #[error("{bytes} bytes stand after the end of the signature")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// A container or form that is recognised and not supported.
    #[error("files of this kind are not supported yet: {name}")]
    Unsupported {
        /// Its name.
        name: &'static str,
    },
}

impl CmsError {
    /// What ETSI EN 319 102-1 §5.2.2 says of such a file. A form that is not supported yet is
    /// no failure of the signature, nor is a limit.
    #[must_use]
    pub fn indication(&self) -> (Indication, SubIndication) {
        match self {
            Self::Ber | Self::TooLong { .. } | Self::TooMany { .. } | Self::Unsupported { .. } => {
                (Indication::Indeterminate, SubIndication::FormatFailure)
            }
            Self::Closed { .. } => (Indication::Indeterminate, SubIndication::SignedDataNotFound),
            Self::DuplicateAttribute { .. }
            | Self::Malformed { .. }
            | Self::MissingAttribute { .. }
            | Self::NotSignedData
            | Self::Spent(_)
            | Self::Trailing { .. } => (Indication::TotalFailed, SubIndication::FormatFailure),
        }
    }
}

impl CmsError {
    /// Whether a limit kept the file from being judged: what it says may be anything.
    pub(super) fn is_limit(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::TooMany { .. })
    }
}

impl From<Spent> for CmsError {
    fn from(spent: Spent) -> Self {
        Self::Spent(spent.to_string())
    }
}

impl SignedData {
    /// Reads a signature file: DER or BER, bare or in PEM, base64 or a transport wrapper.
    ///
    /// # Errors
    /// The file is not a `SignedData`, is not BER, is over a limit, or has bytes after its end.
    pub fn parse(file: &Bytes, limits: &Limits) -> Result<Self, CmsError> {
        Self::parse_within(file, limits, &Budget::new(limits))
    }

    /// The same for a file that shares `budget` with others.
    pub(super) fn parse_within(
        file: &Bytes,
        limits: &Limits,
        budget: &Budget,
    ) -> Result<Self, CmsError> {
        /// What reading one certificate costs, in elements.
        const CERTIFICATE: usize = 64;
        let read = Self::read(file, limits, budget)?;
        let certificates = read.raw.certificates.len().saturating_mul(CERTIFICATE);
        budget.spend(Resource::Elements, certificates)?;
        Ok(read)
    }

    fn read(file: &Bytes, limits: &Limits, budget: &Budget) -> Result<Self, CmsError> {
        if file.len() > limits.file_bytes {
            return Err(CmsError::TooLong { part: "file", max: limits.file_bytes });
        }
        let form = Form::of(file);
        if let Some(name) = form.unsupported() {
            return Err(CmsError::Unsupported { name });
        }
        if form != Form::SignedData {
            return Err(CmsError::NotSignedData);
        }
        let bare = text::unwrap(file).unwrap_or_else(|| file.clone());
        let is_transported = text::is_transport(file);
        let read = Source { der: &bare, limits }.read();
        let read = read.map(|signed_data| Self { is_transported, ..signed_data });
        if !read.as_ref().map_or_else(|error| *error == CmsError::Ber, Self::has_ber) {
            return read;
        }
        let der = in_der(&bare, limits, budget)?;
        Ok(Self { is_ber: true, is_transported, ..Source { der: &der, limits }.read()? })
    }

    /// The signed content that the file carries; `None` when it is detached.
    #[must_use]
    pub fn encapsulated(&self) -> Option<&Bytes> {
        self.content.as_ref()
    }

    /// The certificates in the file, in its order, without any check of them.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates.read
    }

    /// The revocation lists in the crls field, each a `CertificateList` (RFC 5652 §10.2.1).
    pub(super) fn crls(&self) -> &[Bytes] {
        &self.revocation.crls
    }

    /// The OCSP answers in the crls field (RFC 5940 §2), each an `OCSPResponse` or a
    /// `BasicOCSPResponse`.
    pub(super) fn ocsp_responses(&self) -> &[Bytes] {
        &self.revocation.ocsp
    }

    /// Whether anybody signed: a file of certificates alone is built as a `SignedData` too.
    #[must_use]
    pub fn has_signers(&self) -> bool {
        !self.signers.is_empty()
    }

    /// Whether the attributes of a signer are written in BER that is not DER.
    fn has_ber(&self) -> bool {
        self.signers.iter().any(|signer| {
            matches!(signer.signed_attributes, Some(Err(CmsError::Ber)))
                || matches!(signer.unsigned_attributes, Err(CmsError::Ber))
        })
    }

    /// How many certificates in the file could not be read.
    pub(super) fn unread_certificates(&self) -> usize {
        self.certificates.unread
    }

    /// The version that RFC 5652 §5.1 asks for, given what is in the file.
    pub(super) fn version_due(&self) -> u8 {
        let signers = self.signers.iter().map(Signer::version_due).max().unwrap_or(1);
        let content = if self.content_type == ID_DATA { 1 } else { 3 };
        signers.max(content).max(self.certificates.least_version)
    }

    /// What each signer says the content's digest is, as far as the algorithms are known.
    pub fn message_digests(&self) -> impl Iterator<Item = (DigestAlgorithm, &Bytes)> {
        self.signers.iter().filter_map(|signer| {
            let algorithm = DigestAlgorithm::from_oid(&signer.digest_algorithm.id).ok()?;
            let attributes = signer.signed_attributes.as_ref()?.as_ref().ok()?;
            Some((algorithm, &attributes.message_digest))
        })
    }

    /// Whether some signer says that the content's digest is that of `content`. No proof: anybody
    /// can write a digest. It tells which of several files a detached signature speaks of.
    #[must_use]
    pub fn could_sign(&self, content: &[u8]) -> bool {
        self.message_digests().any(|(algorithm, digest)| algorithm.digest(content) == **digest)
    }

    /// Whether [`Self::could_sign`] can tell for every signer.
    #[must_use]
    pub fn tells_its_content(&self) -> bool {
        self.message_digests().count() == self.signers.len()
    }
}

impl Signer {
    /// The version that RFC 5652 §5.3 asks for, given how the certificate is named.
    pub(super) fn version_due(&self) -> u8 {
        match self.id {
            SignerId::IssuerAndSerial { .. } => 1,
            SignerId::SubjectKeyId(_) => 3,
        }
    }
}

/// A file in BER, in DER.
fn in_der(file: &Bytes, limits: &Limits, budget: &Budget) -> Result<Bytes, CmsError> {
    let due = BerLimits::default();
    let left = budget.left(Resource::Elements);
    let limits = BerLimits { bytes: limits.file_bytes, elements: due.elements.min(left), ..due };
    let read = asn1::normalise_counted(file, &limits);
    let counted = read.as_ref().map_or(limits.elements, |(_, count)| *count);
    if read == Err(BerError::TooMany { max: left }) {
        return Err(budget.exhaust(Resource::Elements).into());
    }
    budget.spend(Resource::Elements, counted)?;
    let (der, _) = read.map_err(|error| match error {
        BerError::TooDeep { max } => {
            CmsError::TooMany { things: "elements inside each other", max }
        }
        BerError::TooLong { max } => CmsError::TooLong { part: "file", max },
        BerError::TooMany { max } => CmsError::TooMany { things: "elements", max },
        BerError::Trailing { bytes } => CmsError::Trailing { bytes },
        BerError::Malformed { .. } => CmsError::Malformed { part: "BER" },
    })?;
    Ok(der.into_owned().into())
}
