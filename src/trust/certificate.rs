//! One X.509 certificate: its bytes, and the facts that a path and a report need (RFC 5280 §4).

mod kind;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use x509_parser::{
    asn1_rs::{Any, Class, FromDer as _, Tag},
    certificate::{X509Certificate, X509CertificateParser},
    nom::Parser as _,
    x509::AlgorithmIdentifier,
};

use super::{
    constraints::{GeneralName, NameConstraints, PolicyLimits},
    extension::{Authority, Extensions, KeyUses, QualifiedStatements},
    name::{self, Name},
    tree,
};
use crate::{
    algorithms::{self, AlgorithmId, Used},
    domain::{Sha256, SignerKind, SignerReport, Timestamp},
};

/// An X.509 certificate that could be read whole. Cheap to clone.
///
/// Being readable says nothing of being true: that is for the path to prove.
#[derive(Clone)]
pub struct Certificate(Arc<Facts>);

struct Facts {
    der: Vec<u8>,
    sha256: Sha256,
    signed: Vec<u8>,
    signature_algorithm: String,
    signature_parameters: Option<Vec<u8>>,
    signature: Vec<u8>,
    subject: Name,
    issuer: Name,
    serial: Vec<u8>,
    serial_text: String,
    not_before: Timestamp,
    not_after: Timestamp,
    public_key: Vec<u8>,
    key_digest: OnceLock<Sha256>,
    extensions: Extensions,
}

/// Where a moment lies beside a certificate's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validity {
    Before,
    Within,
    After,
}

/// The bytes are not a certificate that can be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file without a certificate.
    #[error("the file holds no certificate")]
    Absent,
    /// The algorithm inside the signed part and the one beside the signature differ.
    #[error("the certificate names two different signature algorithms")]
    AlgorithmMismatch,
    /// An extension is there twice (RFC 5280 §4.2 forbids it).
    #[error("the certificate has the extension {name} twice")]
    DuplicateExtension {
        /// The extension.
        name: String,
    },
    /// One of several certificates in a file.
    #[error("certificate {number} of the file: {problem}")]
    InFile {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        problem: Box<Self>,
    },
    /// Not the DER of a certificate.
    #[error("this is not an X.509 certificate: {problem}")]
    Malformed {
        /// What is wrong.
        problem: &'static str,
    },
    /// A PEM block of another kind beside the certificates or in place of them.
    #[error("the file holds a {label} where only certificates belong; take it out of the file")]
    OtherContent {
        /// The block's label.
        label: String,
    },
    /// Longer than any certificate needs to be.
    #[error("the certificate has {length} bytes; at most {} are read", Certificate::MAX_LEN)]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// An extension that must be understood is malformed.
    #[error("the certificate's extension {name} cannot be read")]
    UnreadableExtension {
        /// The extension.
        name: String,
    },
}

impl Certificate {
    /// The most bytes that a certificate may have.
    pub const MAX_LEN: usize = 65_536;

    /// Reads the DER of one certificate with nothing after it.
    ///
    /// # Errors
    /// When it is not one, or has two meanings (extensions twice, two signature algorithms).
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > Self::MAX_LEN {
            return Err(CertificateError::TooLong { length: der.len() });
        }
        let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
        let malformed = |problem| CertificateError::Malformed { problem };
        let (rest, read) = parser.parse(der).map_err(|_| malformed("its DER cannot be read"))?;
        if !rest.is_empty() {
            return Err(malformed("bytes follow it"));
        }
        check_filled(der, &read).ok_or_else(|| malformed("its parts do not fill it"))?;
        let body = &read.tbs_certificate;
        if body.signature != read.signature_algorithm {
            return Err(CertificateError::AlgorithmMismatch);
        }
        if read.signature_value.unused_bits != 0 {
            return Err(malformed("the bits of its signature do not fill whole bytes"));
        }
        let (signature_algorithm, signature_parameters) = algorithm(&read.signature_algorithm);
        Ok(Self(Arc::new(Facts {
            der: der.to_vec(),
            sha256: Sha256::of(der),
            signed: body.as_ref().to_vec(),
            signature_algorithm,
            signature_parameters,
            signature: read.signature_value.data.to_vec(),
            subject: Name::read(&body.subject),
            issuer: Name::read(&body.issuer),
            serial: body.raw_serial().to_vec(),
            serial_text: name::hex(body.raw_serial()),
            not_before: Timestamp::from_seconds(body.validity.not_before.timestamp()),
            not_after: Timestamp::from_seconds(body.validity.not_after.timestamp()),
            public_key: body.subject_pki.raw.to_vec(),
            key_digest: OnceLock::new(),
            extensions: Extensions::read(body.extensions())?,
        })))
    }

    /// The bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The SHA-256 of the bytes.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.0.sha256
    }

    /// The subject's name as RFC 4514 writes it.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.subject.text()
    }

    /// The DER of the subject's name.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        self.0.subject.der()
    }

    /// The issuer's name as RFC 4514 writes it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.issuer.text()
    }

    /// The DER of the issuer's name.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        self.0.issuer.der()
    }

    /// The serial number, all its octets in lower-case hexadecimal.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.0.serial_text
    }

    /// The octets of the serial number as the DER INTEGER holds them, a leading zero included.
    #[must_use]
    pub fn serial_octets(&self) -> &[u8] {
        &self.0.serial
    }

    /// Whether a CMS `IssuerAndSerialNumber` means this certificate: the DER of the issuer's name
    /// and the octets of the serial number.
    #[must_use]
    pub fn has_issuer_and_serial(&self, issuer_der: &[u8], serial_octets: &[u8]) -> bool {
        self.0.serial == serial_octets && self.0.issuer.is_named(issuer_der)
    }

    /// `subjectKeyIdentifier`.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_id.as_deref()
    }

    /// The key identifier in `authorityKeyIdentifier`; `None` when it has none, or when it is not
    /// critical and cannot be read.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.0.extensions.authority_key_id.as_deref()
    }

    /// The first moment of validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// The last second of validity.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// The DER of the `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.0.public_key
    }

    /// The key's kind and size for people: `ECDSA P-256`.
    #[must_use]
    pub fn key_name(&self) -> String {
        algorithms::key_name(&self.0.public_key)
    }

    /// Whether `basicConstraints` makes it an authority.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.0.extensions.authority.is_some()
    }

    /// Whether subject and issuer have the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.0.subject.matches(&self.0.issuer)
    }

    /// Whether its own key has signed it: then no authority says anything of it. Another key of the same
    /// name may have, where an authority changes its keys.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && self.verify_issued_by(self).is_ok()
    }

    /// The purposes of `extKeyUsage` in dotted form; `None` when it is absent.
    #[must_use]
    pub fn purposes(&self) -> Option<&[String]> {
        self.0.extensions.purposes.as_deref()
    }

    /// Whether `extKeyUsage` may not be passed over (RFC 3161 §2.3 asks for it).
    #[must_use]
    pub fn purposes_are_critical(&self) -> bool {
        self.0.extensions.purposes_are_critical
    }

    /// What it says of its own quality; empty when it says nothing.
    #[must_use]
    pub fn qualified_statements(&self) -> &QualifiedStatements {
        &self.0.extensions.qualified
    }

    /// Where `authorityInfoAccess` says that an OCSP responder answers about it: at most eight
    /// `http` or `https` URLs of up to 2048 bytes.
    #[must_use]
    pub fn ocsp_urls(&self) -> &[String] {
        &self.0.extensions.ocsp_urls
    }

    /// Where `authorityInfoAccess` says that its issuer's certificate is, likewise.
    #[must_use]
    pub fn issuer_urls(&self) -> &[String] {
        &self.0.extensions.issuer_urls
    }

    /// Where `cRLDistributionPoints` says that its issuer's full lists are, likewise.
    #[must_use]
    pub fn crl_urls(&self) -> &[String] {
        &self.0.extensions.crl_points.urls
    }

    /// Where `freshestCRL` says that its issuer's delta lists are, likewise.
    #[must_use]
    pub fn delta_crl_urls(&self) -> &[String] {
        &self.0.extensions.delta_crl_points.urls
    }

    /// Whether a responder's certificate says that it need not be asked about
    /// (`id-pkix-ocsp-nocheck`, RFC 6960 §4.2.2.2.1).
    #[must_use]
    pub fn is_never_revoked(&self) -> bool {
        self.0.extensions.no_check
    }

    /// The host names in `subjectAltName`; none when it cannot be read.
    pub fn host_names(&self) -> impl Iterator<Item = &str> {
        self.alternative_names().unwrap_or_default().iter().filter_map(GeneralName::host)
    }

    /// Whether `issuer` is an authority with the name that this certificate gives its issuer, and
    /// its key made the signature. A signature that cannot be checked, for its algorithm is not
    /// known here, is not held against it.
    #[must_use]
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        let is_signed = || match self.verify_issued_by(issuer) {
            Ok(_) => true,
            Err(failure) => failure.unsupported().is_some(),
        };
        issuer.is_authority() && self.names_issuer(issuer) && is_signed()
    }

    /// The names of the distribution points, each the DER of a `GeneralName`.
    pub(super) fn crl_names(&self) -> &[Vec<u8>] {
        &self.0.extensions.crl_points.names
    }

    /// `commonName`, made safe to show.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.0.subject.attribute(name::COMMON_NAME)
    }

    /// `organizationName`, made safe to show.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        self.0.subject.attribute(name::ORGANISATION)
    }

    /// The organisation's code for a seal, the person's for a signature: `organizationIdentifier`
    /// or `serialNumber`, in that order for a seal and in the other for a signature.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let (first, second) = match self.signer_kind() {
            Some(SignerKind::Seal) => (name::ORGANISATION_IDENTIFIER, name::SERIAL_NUMBER),
            Some(SignerKind::Person) | None => (name::SERIAL_NUMBER, name::ORGANISATION_IDENTIFIER),
        };
        let subject = &self.0.subject;
        subject.attribute(first).or_else(|| subject.attribute(second))
    }

    /// `countryName`, made safe to show.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.0.subject.attribute(name::COUNTRY)
    }

    /// The subject as the signer of a document, for a report.
    #[must_use]
    pub fn signer(&self) -> SignerReport {
        SignerReport {
            name: self.common_name().unwrap_or_else(|| self.subject()).to_owned(),
            organisation: self.organisation().map(str::to_owned),
            code: self.code().map(str::to_owned),
            country: self.country().map(str::to_owned),
            organisation_id: self.organisation_id(),
            kind: self.signer_kind(),
            issuer: self.issuer().to_owned(),
            serial: self.serial().to_owned(),
        }
    }

    pub(super) fn authority(&self) -> Option<Authority> {
        self.0.extensions.authority
    }

    pub(super) fn key_usage(&self) -> Option<KeyUses> {
        self.0.extensions.key_usage
    }

    pub(super) fn validity_at(&self, at: Timestamp) -> Validity {
        // Validity is counted in whole seconds, the last one included (RFC 5280 §4.1.2.5).
        if at < self.0.not_before {
            Validity::Before
        } else if at.as_seconds() > self.0.not_after.as_seconds() {
            Validity::After
        } else {
            Validity::Within
        }
    }

    pub(super) fn subject_name(&self) -> &Name {
        &self.0.subject
    }

    /// The names of `subjectAltName`; `None` when it cannot be read.
    pub(super) fn alternative_names(&self) -> Option<&[GeneralName]> {
        let extensions = &self.0.extensions;
        (!extensions.has_unread_names).then_some(&extensions.alternative_names)
    }

    pub(super) fn name_constraints(&self) -> Option<&NameConstraints> {
        self.0.extensions.name_constraints.as_ref()
    }

    pub(super) fn policy_limits(&self) -> &PolicyLimits {
        &self.0.extensions.policies
    }

    /// Whether `authorityKeyIdentifier` cannot be read, and is passed over.
    pub(super) fn has_unread_authority_key_id(&self) -> bool {
        self.0.extensions.has_unread_authority_key_id
    }

    pub(super) fn unknown_critical(&self) -> &[String] {
        &self.0.extensions.unknown_critical
    }

    /// Whether this is the name of its subject.
    pub(super) fn is_subject(&self, name: &Name) -> bool {
        self.0.subject.matches(name)
    }

    /// Whether `issuer` has the name that this certificate's issuer has.
    pub(super) fn names_issuer(&self, issuer: &Self) -> bool {
        self.0.issuer.matches(&issuer.0.subject)
    }

    /// Whether this certificate's `authorityKeyIdentifier` fits `issuer`'s `subjectKeyIdentifier`.
    /// It does when either is absent.
    pub(super) fn names_key_of(&self, issuer: &Self) -> bool {
        match (self.authority_key_id(), issuer.subject_key_id()) {
            (Some(wanted), Some(given)) => wanted == given,
            (Some(_) | None, None) | (None, Some(_)) => true,
        }
    }

    /// Whether both have the same subject and key: one entity with two certificates.
    pub(super) fn same_entity(&self, other: &Self) -> bool {
        self.0.subject.matches(&other.0.subject) && self.has_key_of(other)
    }

    /// Whether both have the same key, however it is written.
    pub(super) fn has_key_of(&self, other: &Self) -> bool {
        self.0.public_key == other.0.public_key || self.key_digest() == other.key_digest()
    }

    /// Tells its key from others, however it is written.
    pub(super) fn key_digest(&self) -> Sha256 {
        let digest = || Sha256::of(&algorithms::key_identity(&self.0.public_key));
        *self.0.key_digest.get_or_init(digest)
    }

    /// Checks that `issuer`'s key signed this certificate. Names are not compared.
    pub(super) fn verify_issued_by(&self, issuer: &Self) -> Result<Used, algorithms::Failure> {
        let facts = &*self.0;
        let algorithm = AlgorithmId {
            oid: facts.signature_algorithm.clone(),
            parameters: facts.signature_parameters.as_deref(),
        };
        algorithms::verify(&algorithm, None, issuer.public_key(), &facts.signed, &facts.signature)
    }
}

/// The parser passes over bytes after the last field that it knows, inside a SEQUENCE too. A
/// certificate that has any could mean something else to another reader. Nor does it look at the
/// class of the tags beside the signed part, which nothing protects.
fn check_filled(der: &[u8], read: &X509Certificate<'_>) -> Option<()> {
    let [certificate] = tree::elements(der)?.try_into().ok()?;
    let [body, algorithm, signature] = tree::sequence(&certificate)?.try_into().ok()?;
    let (_, parsed) = Any::from_der(read.tbs_certificate.as_ref()).ok()?;
    let identifier = tree::sequence(&algorithm)?.into_iter().next()?;
    let is = |element: &Any<'_>, tag| element.class() == Class::Universal && element.tag() == tag;
    let is_built = is(&identifier, Tag::Oid) && is(&signature, Tag::BitString);
    (parsed.data == body.data && is_built).then_some(())
}

fn algorithm(identifier: &AlgorithmIdentifier<'_>) -> (String, Option<Vec<u8>>) {
    use x509_parser::asn1_rs::ToDer as _;
    let parameters = identifier.parameters.as_ref().and_then(|value| value.to_der_vec().ok());
    (identifier.algorithm.to_id_string(), parameters)
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("sha256", &self.0.sha256).finish_non_exhaustive()
    }
}
