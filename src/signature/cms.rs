//! Reading CMS `SignedData` (RFC 5652 §5) in DER, bare or wrapped as text.
//!
//! Says what stands in the file, and nothing of whether it is true: [`super::examine()`] judges.
//! Every slice kept is the original bytes. Revocation lists are skipped, certificates of kinds
//! other than X.509 are counted and skipped.

use bytes::Bytes;

use super::{
    Form, Limits,
    attributes::{SignedAttributes, UnsignedAttributes},
    text,
};
use crate::{
    algorithms::DigestAlgorithm,
    domain::{Indication, SubIndication},
    trust::Certificate,
};

mod source;

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
    pub(super) signers: Vec<Signer>,
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
}

/// How a signer names its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignerId {
    /// The issuer's name in DER, and the content of the serial number's INTEGER.
    IssuerAndSerial { issuer: Bytes, serial: Bytes },
    /// The content of the certificate's subject key identifier.
    SubjectKeyId(Bytes),
}

/// An `AlgorithmIdentifier` (RFC 5280 §4.1.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) id: String,
    /// The parameters in DER, if there are any.
    pub(super) parameters: Option<Bytes>,
}

/// Why a file cannot be read as `SignedData`, or a part of it as what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CmsError {
    /// BER that is not DER.
    #[error("the signature is written in BER, which is not supported yet: only DER is read")]
    Ber,
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
    /// no failure of the signature.
    #[must_use]
    pub fn indication(&self) -> (Indication, SubIndication) {
        match self {
            Self::Ber | Self::Unsupported { .. } => {
                (Indication::Indeterminate, SubIndication::FormatFailure)
            }
            Self::DuplicateAttribute { .. }
            | Self::Malformed { .. }
            | Self::MissingAttribute { .. }
            | Self::NotSignedData
            | Self::TooLong { .. }
            | Self::TooMany { .. }
            | Self::Trailing { .. } => (Indication::TotalFailed, SubIndication::FormatFailure),
        }
    }
}

impl SignedData {
    /// Reads a signature file: DER, or PEM or base64 text around it.
    ///
    /// # Errors
    /// The file is not a `SignedData`, is not DER, is over a limit, or has bytes after its end.
    pub fn parse(file: &Bytes, limits: &Limits) -> Result<Self, CmsError> {
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
        let der = text::unwrap(file).unwrap_or_else(|| file.clone());
        Source { der: &der, limits }.read()
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

    /// Whether anybody signed: a file of certificates alone is built as a `SignedData` too.
    #[must_use]
    pub fn has_signers(&self) -> bool {
        !self.signers.is_empty()
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

impl Algorithm {
    /// Whether a SHA-2 digest is spelled as RFC 5754 §2 says: parameters absent or NULL. Other
    /// digests have parameters of their own.
    pub(super) fn has_plain_parameters(&self) -> bool {
        DigestAlgorithm::from_oid(&self.id).is_err()
            || self.parameters.as_deref().is_none_or(|parameters| parameters == [0x05, 0x00])
    }
}
