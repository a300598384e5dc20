//! How a signer names its certificate (RFC 5652 §5.3).

use bytes::Bytes;
use der::{Class, Tag};

use crate::{
    asn1::{Broken, Element},
    trust::Certificate,
};

/// A `SignerIdentifier`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signature) enum SignerId {
    /// The issuer's name in DER, and the content of the serial number's INTEGER.
    IssuerAndSerial { issuer: Bytes, serial: Bytes },
    /// The content of the certificate's subject key identifier.
    SubjectKeyId(Bytes),
}

impl SignerId {
    /// Whether this means `certificate`, be its issuer's name spelled in another way.
    pub(in crate::signature) fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial { issuer, serial } => {
                has_issuer_and_serial(certificate, issuer, serial)
            }
            Self::SubjectKeyId(id) => certificate.subject_key_id() == Some(id),
        }
    }
}

/// Whether `certificate` has this issuer's name, in DER, and the serial number.
///
/// Signers write names with other types of strings than the certificate has. What is not the same
/// byte for byte has to be a name at least, for nothing may protect it.
pub(in crate::signature) fn has_issuer_and_serial(
    certificate: &Certificate,
    issuer: &[u8],
    serial: &[u8],
) -> bool {
    certificate.has_issuer_and_serial(issuer, serial)
        && (issuer == certificate.issuer_der() || check_name(issuer).is_ok())
}

/// `RDNSequence ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }` (RFC 5280
/// §4.1.2.4)
fn check_name(name: &[u8]) -> Result<(), Broken> {
    let mut parts = Element::only(name)?.of(Tag::Sequence)?.inside()?;
    while !parts.is_finished() {
        let mut attributes = parts.expect(Tag::Set)?.inside()?;
        while !attributes.is_finished() {
            let mut fields = attributes.expect(Tag::Sequence)?.inside()?;
            fields.next()?.object_identifier()?;
            let value = fields.next()?;
            let is_digit = |letter: &u8| letter.is_ascii_digit() || *letter == b' ';
            let is_right = value.tag.class() == Class::Universal
                && (value.tag != Tag::NumericString || value.value.iter().all(is_digit));
            if !is_right {
                return Err(Broken::Malformed);
            }
            fields.finish()?;
        }
    }
    Ok(())
}
