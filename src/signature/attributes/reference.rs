//! References to the signer's certificate (RFC 5035 §3 to §5).

use bytes::Bytes;
use der::Tag;

use crate::{
    algorithms::DigestAlgorithm,
    asn1::{Broken, Element, constructed},
    signature::cms::{Algorithm, Source},
};

const SHA1: &str = "1.3.14.3.2.26";

/// The first reference of a signing-certificate attribute: the signer's own certificate
/// (RFC 5035 §3). Those after it restrict the certificates above, and are not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signature) struct CertificateReference {
    pub(in crate::signature) version: ReferenceVersion,
    pub(in crate::signature) hash_algorithm: Algorithm,
    pub(in crate::signature) hash: Bytes,
    pub(in crate::signature) issuer_and_serial: Option<IssuerAndSerial>,
}

/// Which attribute a reference stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::signature) enum ReferenceVersion {
    /// `ESSCertID`, by SHA-1 (RFC 5035 §5).
    One,
    /// `ESSCertIDv2`, by any digest (RFC 5035 §3).
    Two,
}

/// The certificate's issuer and serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signature) struct IssuerAndSerial {
    /// The issuer's name in DER; `None` when it is not a directory name.
    pub(in crate::signature) issuer: Option<Bytes>,
    /// The content of the serial number's INTEGER.
    pub(in crate::signature) serial: Bytes,
}

impl ReferenceVersion {
    /// The attribute's name.
    pub(in crate::signature) fn attribute(self) -> &'static str {
        match self {
            Self::One => "signing-certificate",
            Self::Two => "signing-certificate-v2",
        }
    }
}

/// `SigningCertificate ::= SEQUENCE { certs SEQUENCE OF ESSCertID, policies … OPTIONAL }`, or the
/// same with `ESSCertIDv2`.
pub(super) fn certificate_reference(
    value: Element<'_>,
    version: ReferenceVersion,
    source: Source<'_>,
) -> Result<CertificateReference, Broken> {
    let mut fields = value.of(Tag::Sequence)?.inside()?;
    let certificates = fields.expect(Tag::Sequence)?;
    fields.optional(Tag::Sequence)?;
    fields.finish()?;
    let mut first = certificates.inside()?.expect(Tag::Sequence)?.inside()?;
    let hash_algorithm = match version {
        ReferenceVersion::One => Algorithm::plain(SHA1),
        ReferenceVersion::Two => match first.optional(Tag::Sequence)? {
            Some(algorithm) => source.algorithm(algorithm)?,
            // RFC 5035 §4: DEFAULT {algorithm id-sha256}
            None => Algorithm::plain(DigestAlgorithm::Sha256.oid()),
        },
    };
    let hash = source.keep(first.expect(Tag::OctetString)?.value);
    let issuer_and_serial = match first.optional(Tag::Sequence)? {
        Some(issuer_serial) => Some(issuer_and_serial(issuer_serial, source)?),
        None => None,
    };
    first.finish()?;
    Ok(CertificateReference { version, hash_algorithm, hash, issuer_and_serial })
}

/// `IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber CertificateSerialNumber }`
fn issuer_and_serial(
    issuer_serial: Element<'_>,
    source: Source<'_>,
) -> Result<IssuerAndSerial, Broken> {
    /// `GeneralName ::= CHOICE { … directoryName [4] Name … }`; a Name is itself a CHOICE, so
    /// the tag is explicit.
    const DIRECTORY_NAME: u8 = 4;
    let mut fields = issuer_serial.inside()?;
    let names = fields.expect(Tag::Sequence)?;
    let serial = source.keep(fields.expect(Tag::Integer)?.value);
    fields.finish()?;
    let name = names.inside()?.next()?;
    let issuer = (name.tag == constructed(DIRECTORY_NAME)).then(|| source.keep(name.value));
    Ok(IssuerAndSerial { issuer, serial })
}
