//! The certificate itself (RFC 5280 §4): the structure, its extensions and its signature.

use der::{
    Encode, Sequence,
    asn1::{BitString, ContextSpecific, Ia5String, ObjectIdentifier, OctetString},
    oid::AssociatedOid,
};
use x509_cert::{
    Version,
    ext::{
        Extension, Extensions,
        pkix::{
            AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints,
            CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier,
            crl::dp::DistributionPoint,
            name::{DistributionPointName, GeneralName},
        },
    },
    name::Name,
    serial_number::SerialNumber,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
};

use super::{Addresses, Subject, Validity, time};
use crate::sample::{SampleError, key::Key};

/// The extended key usage by which Ukrainian authorities mark an electronic seal.
pub(super) const SEAL_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.804.2.1.1.1.3.9");

/// RFC 5280 §4.2.1.12: `id-kp-timeStamping`.
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

/// RFC 5280 §4.2.2.1: `id-ad-ocsp`.
const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");

/// What a certificate is to say, and who signs it.
pub(super) struct Request<'a> {
    pub(super) issuer: &'a Name,
    pub(super) issuer_key: &'a Key,
    pub(super) subject: &'a Name,
    pub(super) subject_key: &'a Key,
    pub(super) serial: SerialNumber,
    pub(super) validity: Validity,
    pub(super) extensions: Extensions,
}

/// `TBSCertificate` of RFC 5280 §4.1, without the unique identifiers that the RFC forbids.
///
/// Written out, because `x509-cert`'s own cannot be built without its `builder`, which brings
/// SHA-1 and needs keys that know PKCS #8.
#[derive(Sequence)]
struct ToBeSigned {
    version: ContextSpecific<Version>,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: x509_cert::time::Validity,
    subject: Name,
    public_key: SubjectPublicKeyInfoOwned,
    extensions: ContextSpecific<Extensions>,
}

/// `Certificate` of RFC 5280 §4.1.
#[derive(Sequence)]
struct Signed {
    body: ToBeSigned,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// The certificate that `request` asks for, in DER.
pub(super) fn issue(request: &Request<'_>) -> Result<Vec<u8>, SampleError> {
    let issuer_id = OctetString::new(request.issuer_key.identifier()?)?;
    let subject_id = OctetString::new(request.subject_key.identifier()?)?;
    let mut extensions = vec![
        extension(false, &SubjectKeyIdentifier(subject_id))?,
        extension(
            false,
            &AuthorityKeyIdentifier { key_identifier: Some(issuer_id), ..Default::default() },
        )?,
    ];
    extensions.extend(request.extensions.iter().cloned());
    let body = ToBeSigned {
        version: explicit(0, Version::V3),
        serial_number: request.serial.clone(),
        signature: request.issuer_key.signature_algorithm(),
        issuer: request.issuer.clone(),
        validity: x509_cert::time::Validity::new(
            time(request.validity.from)?,
            time(request.validity.to)?,
        ),
        subject: request.subject.clone(),
        public_key: request.subject_key.public()?,
        extensions: explicit(3, extensions),
    };
    let signature = request.issuer_key.sign_certificate(&body.to_der()?)?;
    let algorithm = request.issuer_key.signature_algorithm();
    Ok(Signed { body, algorithm, signature: BitString::from_bytes(&signature)? }.to_der()?)
}

pub(super) fn explicit<T>(number: u32, value: T) -> ContextSpecific<T> {
    ContextSpecific { tag_number: der::TagNumber(number), tag_mode: der::TagMode::Explicit, value }
}

/// What an authority's certificate says beyond key identifiers.
pub(super) fn authority_extensions() -> Result<Extensions, SampleError> {
    Ok(vec![
        extension(true, &BasicConstraints { ca: true, path_len_constraint: None })?,
        extension(true, &KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))?,
    ])
}

/// What a signer's certificate says beyond key identifiers.
pub(super) fn signer_extensions(subject: Subject) -> Result<Extensions, SampleError> {
    let mut extensions = vec![
        extension(true, &BasicConstraints { ca: false, path_len_constraint: None })?,
        extension(true, &KeyUsage(KeyUsages::DigitalSignature | KeyUsages::NonRepudiation))?,
    ];
    let usage = match subject {
        Subject::Firm | Subject::Organisation => Some((false, SEAL_USAGE)),
        Subject::Person => None,
        // RFC 3161 §2.3: critical, and no other.
        Subject::TimeStamping => Some((true, TIME_STAMPING)),
    };
    if let Some((critical, usage)) = usage {
        extensions.push(extension(critical, &ExtendedKeyUsage(vec![usage]))?);
    }
    Ok(extensions)
}

/// Where a certificate says that its revocation can be learned.
pub(super) fn revocation_extensions(addresses: &Addresses) -> Result<Extensions, SampleError> {
    let mut extensions = Vec::new();
    if !addresses.responders.is_empty() {
        let responders = addresses.responders.iter().map(|address| {
            let access_location = location(address)?;
            Ok(AccessDescription { access_method: OCSP, access_location })
        });
        let responders = responders.collect::<Result<_, SampleError>>()?;
        extensions.push(extension(false, &AuthorityInfoAccessSyntax(responders))?);
    }
    if !addresses.lists.is_empty() {
        let points = addresses.lists.iter().map(|address| {
            let name = DistributionPointName::FullName(vec![location(address)?]);
            Ok(DistributionPoint {
                distribution_point: Some(name),
                reasons: None,
                crl_issuer: None,
            })
        });
        let points = points.collect::<Result<_, SampleError>>()?;
        extensions.push(extension(false, &CrlDistributionPoints(points))?);
    }
    Ok(extensions)
}

fn location(address: &str) -> Result<GeneralName, SampleError> {
    Ok(GeneralName::UniformResourceIdentifier(Ia5String::new(address)?))
}

pub(super) fn extension<T: AssociatedOid + Encode>(
    critical: bool,
    value: &T,
) -> Result<Extension, SampleError> {
    let extn_value = OctetString::new(value.to_der()?)?;
    Ok(Extension { extn_id: T::OID, critical, extn_value })
}
