//! A signer's signed attributes: what the signature value covers besides the content's digest.

use bytes::{Bytes, BytesMut};
use der::{Decode as _, Tag};

use super::{
    CertificateReference, RawAttribute, TimeStampAttribute, TimeStampKind, in_attributes, open,
    reference::{ReferenceVersion, certificate_reference},
};
use crate::{
    asn1::{Broken, Element, constructed},
    content::markup,
    domain::Timestamp,
    signature::cms::{Algorithm, CmsError, Source},
};

const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const ALGORITHM_PROTECTION: &str = "1.2.840.113549.1.9.52";
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";

/// The signed attributes of one signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signature) struct SignedAttributes {
    /// What the signature value is over: the attributes as they stand in the file, under the tag
    /// of a SET (RFC 5652 §5.4).
    pub(in crate::signature) to_verify: Bytes,
    /// What the signer says the content is; a counter-signature says nothing of it.
    pub(in crate::signature) content_type: Option<String>,
    pub(in crate::signature) message_digest: Bytes,
    pub(in crate::signature) signing_time: Claim<Timestamp>,
    /// The certificate that the signer means, in each of the two ways; by SHA-1 it proves nothing.
    pub(in crate::signature) references: Vec<CertificateReference>,
    pub(in crate::signature) protection: Option<AlgorithmProtection>,
    /// Content time-stamps.
    pub(in crate::signature) time_stamps: Vec<TimeStampAttribute>,
    /// All of them, in the order of the file.
    pub(in crate::signature) attributes: Vec<RawAttribute>,
    /// Whether the attributes stand in the order that DER asks for.
    pub(in crate::signature) sorted: bool,
}

impl SignedAttributes {
    /// Whether a reference of this kind names the signer's certificate.
    pub(in crate::signature) fn refers_by(&self, version: ReferenceVersion) -> bool {
        self.references.iter().any(|reference| reference.version == version)
    }

    /// The attributes that nothing here judges.
    pub(in crate::signature) fn others(&self) -> impl Iterator<Item = &RawAttribute> {
        self.attributes.iter().filter(|attribute| {
            let id = attribute.id.as_str();
            !IS_SINGLE.contains(&id) && id != TimeStampKind::Content.oid()
        })
    }

    /// Whether a tag stands where text may: in an attribute that nothing here knows or that holds any, and
    /// in the strings of the others.
    pub(in crate::signature) fn has_free_tag(&self) -> bool {
        self.others().any(|one| {
            let is_structured = IS_STRUCTURED.contains(&one.id.as_str());
            one.values.iter().any(|value| {
                let is_whole = Element::only(value).is_ok_and(|value| value.tag.is_constructed());
                let text = if is_structured && is_whole { Text::InStrings } else { Text::Anywhere };
                has_tag(value, text, MAX_DEPTH)
            })
        })
    }
}

/// Where text may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Anywhere,
    InStrings,
}

impl Text {
    fn may_be(self, tag: Tag) -> bool {
        let is_number =
            matches!(tag, Tag::BitString | Tag::Integer | Tag::ObjectIdentifier | Tag::OctetString);
        self == Self::Anywhere || !is_number
    }
}

/// Attributes made of digests, keys, certificates and revocation data, in which bytes that look like the
/// beginning of a tag stand by chance (RFC 2634, RFC 5126 §5, RFC 8551 §2.5, ETSI EN 319 122-1 §5.2,
/// ISO 32000-2 §12.8.3.3.2, and Microsoft's encryption key preference).
const IS_STRUCTURED: &[&str] = &[
    "0.4.0.19122.1.1",
    "1.2.840.113549.1.9.15",
    "1.2.840.113549.1.9.16.2.7",
    "1.2.840.113549.1.9.16.2.10",
    "1.2.840.113549.1.9.16.2.11",
    "1.2.840.113549.1.9.16.2.15",
    "1.2.840.113549.1.9.16.2.18",
    "1.2.840.113583.1.1.8",
    "1.3.6.1.4.1.311.16.4",
];

/// Elements inside elements in which a text is looked for by itself.
const MAX_DEPTH: usize = 8;

/// Whether a tag stands in the contents of `value`. The octets of a length are nobody's text: that of sixty
/// is `<`.
fn has_tag(value: &[u8], text: Text, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return markup::has_tag(value) };
    let Ok(element) = Element::only(value) else { return markup::has_tag(value) };
    if !element.tag.is_constructed() {
        return text.may_be(element.tag) && markup::has_tag(element.value);
    }
    let Ok(mut inside) = element.inside() else { return markup::has_tag(value) };
    while !inside.is_finished() {
        match inside.next() {
            Ok(one) if has_tag(one.raw, text, depth) => return true,
            Ok(_) => {}
            Err(_) => return markup::has_tag(element.value),
        }
    }
    false
}

/// Something that a signer may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::signature) enum Claim<T> {
    Absent,
    Unreadable,
    Said(T),
}

/// The algorithms as the signer meant them (RFC 6211).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signature) struct AlgorithmProtection {
    pub(in crate::signature) digest: Algorithm,
    /// `None` when the attribute protects a MAC algorithm instead.
    pub(in crate::signature) signature: Option<Algorithm>,
}

/// Reads signed attributes.
///
/// # Errors
/// Over a limit, not built as the standards say, twice the same, or lacking what RFC 5652 §5.3
/// asks for.
pub(in crate::signature) fn read_signed(
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
        content_type: reading.content_type,
        message_digest: reading.message_digest.ok_or_else(|| missing("message-digest"))?,
        signing_time: reading.signing_time.unwrap_or(Claim::Absent),
        references: reading.references,
        protection: reading.protection,
        time_stamps: reading.time_stamps,
        attributes: reading.attributes,
        sorted,
    })
}

/// Whether `content` could be read as the signed attributes of a signature.
///
/// A signature over attributes is a signature over the bytes of a SET. Shown without attributes
/// and with that SET as its content, it would pass as a signature over a document that nobody
/// signed.
pub(in crate::signature) fn looks_like_attributes(content: &Bytes, source: Source<'_>) -> bool {
    let source = Source { der: content, ..source };
    Element::only(content)
        .and_then(|element| element.of(Tag::Set))
        .is_ok_and(|set| read_signed(set, source).is_ok())
}

#[derive(Default)]
struct Reading {
    attributes: Vec<RawAttribute>,
    content_type: Option<String>,
    message_digest: Option<Bytes>,
    signing_time: Option<Claim<Timestamp>>,
    references: Vec<CertificateReference>,
    protection: Option<AlgorithmProtection>,
    time_stamps: Vec<TimeStampAttribute>,
}

impl Reading {
    fn has(&self, id: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.id == id)
    }

    fn attribute(&mut self, element: Element<'_>, source: Source<'_>) -> Result<(), CmsError> {
        let (id, values) = open(element).map_err(malformed)?;
        let is_time_stamp = id == TimeStampKind::Content.oid();
        // ETSI EN 319 122-1 §5.2.8: the one signed attribute that may stand there several times.
        if self.has(&id) && !is_time_stamp {
            return Err(CmsError::DuplicateAttribute { attribute: name_of(&id) });
        }
        let position = self.attributes.len();
        let kept: Vec<Bytes> = values.iter().map(|value| source.keep(value.raw)).collect();
        if is_time_stamp {
            let kind = TimeStampKind::Content;
            let stamp = |token: &Bytes| TimeStampAttribute { kind, token: token.clone(), position };
            self.time_stamps.extend(kept.iter().map(stamp));
        }
        if IS_SINGLE.contains(&id.as_str()) {
            let [value] = values.as_slice() else {
                return Err(CmsError::DuplicateAttribute { attribute: name_of(&id) });
            };
            self.single(&id, *value, source)?;
        }
        self.attributes.push(RawAttribute { id, raw: source.keep(element.raw), values: kept });
        Ok(())
    }

    fn single(&mut self, id: &str, value: Element<'_>, source: Source<'_>) -> Result<(), CmsError> {
        match id {
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
            SIGNING_CERTIFICATE | SIGNING_CERTIFICATE_V2 => {
                let version = if id == SIGNING_CERTIFICATE {
                    ReferenceVersion::One
                } else {
                    ReferenceVersion::Two
                };
                self.references
                    .push(certificate_reference(value, version, source).map_err(malformed)?);
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
    in_attributes("signed attributes")(broken)
}
