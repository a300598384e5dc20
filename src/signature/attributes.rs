//! The attributes of a signer (RFC 5652 §5.3 and §11, RFC 5035, RFC 6211, ETSI EN 319 122-1).
//!
//! Reads what stands there; whether it agrees with the content and the certificate is judged in
//! [`super::signer`].

use bytes::{Bytes, BytesMut};
use der::{Decode as _, Tag};

use super::cms::{self, Algorithm, CmsError, Source};
use crate::{
    algorithms::DigestAlgorithm,
    asn1::{Broken, Element, constructed},
    domain::Timestamp,
};

const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const COUNTER_SIGNATURE: &str = "1.2.840.113549.1.9.6";
const ALGORITHM_PROTECTION: &str = "1.2.840.113549.1.9.52";
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";

/// Time-stamps by their names in ETSI EN 319 122-1.
const TIME_STAMPS: &[(&str, &str)] = &[
    ("1.2.840.113549.1.9.16.2.14", "signature-time-stamp"),
    (CONTENT_TIME_STAMP, "content-time-stamp"),
    ("1.2.840.113549.1.9.16.2.25", "CAdES-C-time-stamp"),
    ("1.2.840.113549.1.9.16.2.26", "time-stamped-certs-crls-references"),
    ("1.2.840.113549.1.9.16.2.27", "archive-time-stamp"),
    ("1.2.840.113549.1.9.16.2.48", "archive-time-stamp-v2"),
    ("0.4.0.1733.2.4", "archive-time-stamp-v3"),
];
/// The one signed attribute that may stand there several times (ETSI EN 319 122-1 §5.2.8).
const CONTENT_TIME_STAMP: &str = "1.2.840.113549.1.9.16.2.20";

/// The signed attributes of one signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignedAttributes {
    /// What the signature value is over: the attributes as they stand in the file, under the tag
    /// of a SET (RFC 5652 §5.4).
    pub(super) to_verify: Bytes,
    pub(super) content_type: String,
    pub(super) message_digest: Bytes,
    pub(super) signing_time: Claim<Timestamp>,
    pub(super) signing_certificate: Option<CertificateReference>,
    /// A reference by SHA-1, which proves nothing.
    pub(super) has_sha1_reference: bool,
    pub(super) protection: Option<AlgorithmProtection>,
    pub(super) time_stamps: Vec<&'static str>,
    /// Whether the attributes stand in the order that DER asks for.
    pub(super) sorted: bool,
}

/// Something that a signer may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim<T> {
    Absent,
    Unreadable,
    Said(T),
}

/// The first `ESSCertIDv2` of a signing-certificate-v2 attribute: the signer's own certificate
/// (RFC 5035 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CertificateReference {
    pub(super) hash_algorithm: String,
    pub(super) hash: Bytes,
    pub(super) issuer_and_serial: Option<IssuerAndSerial>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IssuerAndSerial {
    /// The issuer's name in DER; `None` when it is not a directory name.
    pub(super) issuer: Option<Bytes>,
    /// The content of the serial number's INTEGER.
    pub(super) serial: Bytes,
}

/// The algorithms as the signer meant them (RFC 6211).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AlgorithmProtection {
    pub(super) digest: Algorithm,
    /// `None` when the attribute protects a MAC algorithm instead.
    pub(super) signature: Option<Algorithm>,
}

/// What matters of a signer's unsigned attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UnsignedAttributes {
    pub(super) time_stamps: Vec<&'static str>,
    pub(super) counter_signatures: usize,
}

/// Reads signed attributes.
///
/// # Errors
/// Over a limit, not built as the standards say, twice the same, or lacking what RFC 5652 §5.3
/// asks for.
pub(super) fn read_signed(
    set: Element<'_>,
    source: Source<'_>,
) -> Result<SignedAttributes, CmsError> {
    let max = source.limits.attribute_bytes;
    if set.raw.len() > max {
        return Err(CmsError::TooLong { part: "signed attributes", max });
    }
    let mut reading = Reading::default();
    let mut previous: &[u8] = &[];
    let mut sorted = true;
    let mut elements = set.inside().map_err(malformed)?;
    let mut count = 0_usize;
    while !elements.is_finished() {
        count = count.saturating_add(1);
        if count > source.limits.attributes {
            let max = source.limits.attributes;
            return Err(CmsError::TooMany { things: "signed attributes", max });
        }
        let element = elements.next().map_err(malformed)?;
        sorted &= previous < element.raw;
        previous = element.raw;
        reading.attribute(element, source)?;
    }
    let missing = |attribute| CmsError::MissingAttribute { attribute };
    Ok(SignedAttributes {
        to_verify: as_set(set),
        content_type: reading.content_type.ok_or_else(|| missing("content-type"))?,
        message_digest: reading.message_digest.ok_or_else(|| missing("message-digest"))?,
        signing_time: reading.signing_time.unwrap_or(Claim::Absent),
        signing_certificate: reading.signing_certificate,
        has_sha1_reference: reading.seen.iter().any(|id| id == SIGNING_CERTIFICATE),
        protection: reading.protection,
        time_stamps: reading.time_stamps,
        sorted,
    })
}

/// Reads unsigned attributes: nothing protects them, so they are listed and no more.
///
/// # Errors
/// Over a limit, or not attributes at all.
pub(super) fn read_unsigned(
    set: Option<Element<'_>>,
    source: Source<'_>,
) -> Result<UnsignedAttributes, CmsError> {
    let mut attributes = UnsignedAttributes::default();
    let Some(set) = set else { return Ok(attributes) };
    let max = source.limits.attributes;
    cms::each(set, "unsigned attributes", max, |element| {
        let (id, values) =
            open(element).map_err(|broken| in_attributes(broken, "unsigned attributes"))?;
        if let Some(name) = time_stamp(&id) {
            attributes.time_stamps.push(name);
        }
        if id == COUNTER_SIGNATURE {
            attributes.counter_signatures =
                attributes.counter_signatures.saturating_add(values.len());
        }
        Ok(())
    })?;
    Ok(attributes)
}

/// Whether `content` could be read as the signed attributes of a signature.
///
/// A signature over attributes is a signature over the bytes of a SET. Shown without attributes
/// and with that SET as its content, it would pass as a signature over a document that nobody
/// signed.
pub(super) fn looks_like_attributes(content: &Bytes, source: Source<'_>) -> bool {
    let source = Source { der: content, ..source };
    Element::only(content)
        .and_then(|element| element.of(Tag::Set))
        .is_ok_and(|set| read_signed(set, source).is_ok())
}

#[derive(Default)]
struct Reading {
    seen: Vec<String>,
    content_type: Option<String>,
    message_digest: Option<Bytes>,
    signing_time: Option<Claim<Timestamp>>,
    signing_certificate: Option<CertificateReference>,
    protection: Option<AlgorithmProtection>,
    time_stamps: Vec<&'static str>,
}

impl Reading {
    fn attribute(&mut self, element: Element<'_>, source: Source<'_>) -> Result<(), CmsError> {
        let (id, values) = open(element).map_err(malformed)?;
        if let Some(name) = time_stamp(&id) {
            self.time_stamps.push(name);
        }
        if self.seen.contains(&id) && id != CONTENT_TIME_STAMP {
            return Err(CmsError::DuplicateAttribute { attribute: name_of(&id) });
        }
        self.seen.push(id);
        let Some(id) = self.seen.last() else { return Ok(()) };
        if !IS_SINGLE.contains(&id.as_str()) {
            return Ok(());
        }
        let [value] = values.as_slice() else {
            return Err(CmsError::DuplicateAttribute { attribute: name_of(id) });
        };
        let value = *value;
        match id.as_str() {
            CONTENT_TYPE => {
                self.content_type = Some(value.object_identifier().map_err(malformed)?);
            }
            MESSAGE_DIGEST => {
                let digest = value.of(Tag::OctetString).map_err(malformed)?;
                self.message_digest = Some(source.keep(digest.value));
            }
            SIGNING_TIME => {
                self.signing_time = Some(moment(value).map_or(Claim::Unreadable, Claim::Said));
            }
            SIGNING_CERTIFICATE_V2 => {
                self.signing_certificate =
                    Some(certificate_reference(value, source).map_err(malformed)?);
            }
            ALGORITHM_PROTECTION => {
                self.protection = Some(algorithm_protection(value, source).map_err(malformed)?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The attributes that have exactly one value.
const IS_SINGLE: &[&str] = &[
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    ALGORITHM_PROTECTION,
];

fn name_of(id: &str) -> String {
    match id {
        CONTENT_TYPE => "content-type",
        MESSAGE_DIGEST => "message-digest",
        SIGNING_TIME => "signing-time",
        SIGNING_CERTIFICATE => "signing-certificate",
        SIGNING_CERTIFICATE_V2 => "signing-certificate-v2",
        ALGORITHM_PROTECTION => "CMS algorithm protection",
        other => other,
    }
    .to_owned()
}

fn time_stamp(id: &str) -> Option<&'static str> {
    TIME_STAMPS.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
}

/// `Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF AttributeValue }`
fn open(attribute: Element<'_>) -> Result<(String, Vec<Element<'_>>), Broken> {
    let mut fields = attribute.of(Tag::Sequence)?.inside()?;
    let id = fields.next()?.object_identifier()?;
    let mut set = fields.expect(Tag::Set)?.inside()?;
    fields.finish()?;
    let mut values = Vec::new();
    while !set.is_finished() {
        values.push(set.next()?);
    }
    Ok((id, values))
}

/// RFC 5652 §5.4: the EXPLICIT SET OF tag in place of the `[0]` that is in the file.
fn as_set(set: Element<'_>) -> Bytes {
    let mut bytes = BytesMut::from(set.raw);
    if let Some(tag) = bytes.first_mut() {
        *tag = 0x31;
    }
    bytes.freeze()
}

/// `Time ::= CHOICE { utcTime UTCTime, generalizedTime GeneralizedTime }` (RFC 5652 §11.3)
fn moment(value: Element<'_>) -> Option<Timestamp> {
    let since_epoch = if value.tag == Tag::UtcTime {
        der::asn1::UtcTime::from_der(value.raw).ok()?.to_unix_duration()
    } else {
        der::asn1::GeneralizedTime::from_der(value.raw).ok()?.to_unix_duration()
    };
    i64::try_from(since_epoch.as_secs()).ok().map(Timestamp::from_seconds)
}

/// `SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies … OPTIONAL }`
fn certificate_reference(
    value: Element<'_>,
    source: Source<'_>,
) -> Result<CertificateReference, Broken> {
    let mut fields = value.of(Tag::Sequence)?.inside()?;
    let certificates = fields.expect(Tag::Sequence)?;
    fields.optional(Tag::Sequence)?;
    fields.finish()?;
    let mut first = certificates.inside()?.expect(Tag::Sequence)?.inside()?;
    let hash_algorithm = match first.optional(Tag::Sequence)? {
        Some(algorithm) => source.algorithm(algorithm)?.id,
        // RFC 5035 §4: DEFAULT {algorithm id-sha256}
        None => DigestAlgorithm::Sha256.oid().to_owned(),
    };
    let hash = source.keep(first.expect(Tag::OctetString)?.value);
    let issuer_and_serial = match first.optional(Tag::Sequence)? {
        Some(issuer_serial) => Some(issuer_and_serial(issuer_serial, source)?),
        None => None,
    };
    first.finish()?;
    Ok(CertificateReference { hash_algorithm, hash, issuer_and_serial })
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

/// `CMSAlgorithmProtection ::= SEQUENCE { digestAlgorithm …, signatureAlgorithm [1] … OPTIONAL,
/// macAlgorithm [2] … OPTIONAL }`
fn algorithm_protection(
    value: Element<'_>,
    source: Source<'_>,
) -> Result<AlgorithmProtection, Broken> {
    let mut fields = value.of(Tag::Sequence)?.inside()?;
    let digest = source.algorithm(fields.next()?)?;
    let signature = match fields.optional(constructed(1))? {
        // [1] IMPLICIT: the same fields under another tag.
        Some(implicit) => Some(source.algorithm(Element { tag: Tag::Sequence, ..implicit })?),
        None => None,
    };
    fields.optional(constructed(2))?;
    fields.finish()?;
    Ok(AlgorithmProtection { digest, signature })
}

fn malformed(broken: Broken) -> CmsError {
    in_attributes(broken, "signed attributes")
}

fn in_attributes(broken: Broken, part: &'static str) -> CmsError {
    match broken {
        Broken::Ber => CmsError::Ber,
        Broken::Malformed | Broken::Trailing(_) => CmsError::Malformed { part },
    }
}
