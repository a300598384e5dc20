//! Signatures over samples: CMS `SignedData` (RFC 5652) at the level CAdES-BES (RFC 5126 §4.3.1).
//!
//! Signed attributes: content type, message digest, signing time and signing certificate v2
//! (RFC 5035). The signer's certificate and those up to the root are included, the root is not.

use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    revocation::{RevocationInfoChoice, RevocationInfoChoices},
    signed_data::{
        CertificateSet, EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier,
        SignerInfo, SignerInfos,
    },
};
use der::{
    Any, Decode as _, Encode as _, Sequence,
    asn1::{ObjectIdentifier, OctetString, SetOfVec},
};
use sha2::{Digest as _, Sha256, Sha512};
use x509_cert::{
    Certificate,
    attr::Attribute,
    crl::CertificateList,
    ext::pkix::name::{GeneralName, GeneralNames},
    spki::AlgorithmIdentifierOwned,
};

use super::{
    SampleError,
    authority::{self, KeyAlgorithm, Signer},
};
use crate::{domain::Timestamp, dstu};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
pub(super) const SIGNED_DATA: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const GOST_34311: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.804.2.1.1.1.1.2.1");
pub(super) const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// A signature that carries `content` within itself, in DER: the bytes of `X.pdf.p7s`.
///
/// # Errors
/// [`SampleError::Encoding`] when `at` is before 1970 or `content` is over 256 MiB.
pub fn attached(content: &[u8], signer: &Signer, at: Timestamp) -> Result<Vec<u8>, SampleError> {
    signed_data(&Plan { is_carried: true, ..Plan::of(content) }, signer, at)
}

/// The same that brings these revocation lists (DER) along.
///
/// # Errors
/// As [`attached`], and when one is not a list.
pub fn stapled(
    content: &[u8],
    lists: &[Vec<u8>],
    signer: &Signer,
    at: Timestamp,
) -> Result<Vec<u8>, SampleError> {
    signed_data(&Plan { is_carried: true, lists, ..Plan::of(content) }, signer, at)
}

/// A signature over `content` that lies beside it, in DER.
///
/// # Errors
/// As [`attached`].
pub fn detached(content: &[u8], signer: &Signer, at: Timestamp) -> Result<Vec<u8>, SampleError> {
    signed_data(&Plan::of(content), signer, at)
}

/// What is signed, and what comes with it.
pub(super) struct Plan<'a> {
    pub(super) content: &'a [u8],
    /// `eContentType`
    pub(super) content_type: ObjectIdentifier,
    /// Whether the message holds the content.
    pub(super) is_carried: bool,
    /// Revocation lists in DER.
    pub(super) lists: &'a [Vec<u8>],
}

impl<'a> Plan<'a> {
    /// A signature beside `content`, and nothing more.
    pub(super) fn of(content: &'a [u8]) -> Self {
        Self { content, content_type: DATA, is_carried: false, lists: &[] }
    }
}

pub(super) fn signed_data(
    plan: &Plan<'_>,
    signer: &Signer,
    at: Timestamp,
) -> Result<Vec<u8>, SampleError> {
    let (digest_oid, digest) = digest(plan.content, signer.key.algorithm());
    let digest_algorithm = AlgorithmIdentifierOwned { oid: digest_oid, parameters: None };
    let certificate = Certificate::from_der(signer.certificate())?;
    let attributes = signed_attributes(plan.content_type, &digest, &certificate, signer, at)?;
    // RFC 5652 §5.4: what is signed is the SET OF in DER, not the [0] that stands in the message.
    let signature = signer.key.sign(&attributes.to_der()?)?;

    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate().issuer().clone(),
            serial_number: certificate.tbs_certificate().serial_number().clone(),
        }),
        digest_alg: digest_algorithm.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm: signer.key.signature_algorithm(),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let mut certificates = vec![CertificateChoices::Certificate(certificate)];
    for der in signer.chain() {
        certificates.push(CertificateChoices::Certificate(Certificate::from_der(der)?));
    }
    let mut crls = Vec::new();
    for der in plan.lists {
        crls.push(RevocationInfoChoice::Crl(CertificateList::from_der(der)?));
    }
    let crls = if crls.is_empty() { None } else { Some(SetOfVec::try_from(crls)?) };
    let carried = OctetString::new(plan.content)?;
    let carried = plan.is_carried.then(|| Any::encode_from(&carried)).transpose()?;
    let data = SignedData {
        // RFC 5652 §5.1
        version: if plan.content_type == DATA { CmsVersion::V1 } else { CmsVersion::V3 },
        digest_algorithms: SetOfVec::try_from(vec![digest_algorithm])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: plan.content_type,
            econtent: carried,
        },
        certificates: Some(CertificateSet::try_from(certificates)?),
        crls: crls.map(RevocationInfoChoices),
        signer_infos: SignerInfos::try_from(vec![info])?,
    };
    let content = Any::encode_from(&data)?;
    Ok(ContentInfo { content_type: SIGNED_DATA, content }.to_der()?)
}

/// The digest that goes with the key: RFC 8419 §3.1 wants SHA-512 with Ed25519.
fn digest(content: &[u8], algorithm: KeyAlgorithm) -> (ObjectIdentifier, Vec<u8>) {
    match algorithm {
        KeyAlgorithm::Dstu4145 => (GOST_34311, dstu::gost34311(content).to_vec()),
        KeyAlgorithm::Ed25519 => (SHA512, Sha512::digest(content).to_vec()),
        KeyAlgorithm::P256 => (SHA256, Sha256::digest(content).to_vec()),
    }
}

fn signed_attributes(
    content_type: ObjectIdentifier,
    digest: &[u8],
    certificate: &Certificate,
    signer: &Signer,
    at: Timestamp,
) -> Result<SignedAttributes, SampleError> {
    let issuer = GeneralName::DirectoryName(certificate.tbs_certificate().issuer().clone());
    let signing_certificate = SigningCertificateV2 {
        certificates: vec![CertificateId {
            digest: OctetString::new(Sha256::digest(signer.certificate()).to_vec())?,
            issuer_serial: IssuerSerial {
                issuer: vec![issuer],
                serial: certificate.tbs_certificate().serial_number().clone(),
            },
        }],
    };
    Ok(SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, &content_type)?,
        attribute(MESSAGE_DIGEST, &OctetString::new(digest)?)?,
        attribute(SIGNING_TIME, &authority::time(at)?)?,
        attribute(SIGNING_CERTIFICATE_V2, &signing_certificate)?,
    ])?)
}

pub(super) fn attribute<T: der::EncodeValue + der::Tagged>(
    oid: ObjectIdentifier,
    value: &T,
) -> Result<Attribute, SampleError> {
    let value = Any::encode_from(value)?;
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

/// `SigningCertificateV2` of RFC 5035 §3, without policies.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certificates: Vec<CertificateId>,
}

/// `ESSCertIDv2` of RFC 5035 §4. The hash algorithm is left out: SHA-256 is the default, and DER
/// does not write defaults.
#[derive(Sequence)]
struct CertificateId {
    digest: OctetString,
    issuer_serial: IssuerSerial,
}

/// `IssuerSerial` of RFC 5035 §5.
#[derive(Sequence)]
struct IssuerSerial {
    issuer: GeneralNames,
    serial: x509_cert::serial_number::SerialNumber,
}

#[cfg(test)]
mod tests;
