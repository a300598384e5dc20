//! The structure of an envelope (RFC 5652 §6.1, §6.2; RFC 5083 §2.1).

use std::borrow::Cow;

use der::Tag;

use super::{
    error::{EnvelopeError, Part as _},
    open::Limits,
    recipient::{Originator, RecipientName},
};
use crate::asn1::{Broken, Element, Elements, constructed, primitive};

/// The value of the content type of plain data.
pub(super) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

/// An envelope, read and not opened.
pub(super) struct Envelope<'a> {
    /// Certificates that the sender put in, as DER.
    pub(super) certificates: Vec<&'a [u8]>,
    pub(super) recipients: Vec<Recipient<'a>>,
    pub(super) content_type: Element<'a>,
    pub(super) cipher: Algorithm<'a>,
    pub(super) content: Cow<'a, [u8]>,
    /// Of `AuthEnvelopedData` only.
    pub(super) authenticated: Option<Authenticated<'a>>,
}

/// What an authenticated envelope has besides.
pub(super) struct Authenticated<'a> {
    /// The attributes as they are authenticated; empty if there are none.
    pub(super) attributes: Vec<u8>,
    pub(super) tag: &'a [u8],
}

/// A recipient, or a group of them who share the sender's key.
pub(super) enum Recipient<'a> {
    Agreement(Agreement<'a>),
    /// A kind that is not opened: its algorithm and whom it is for.
    Other {
        name: RecipientName,
        algorithm: String,
    },
}

/// `KeyAgreeRecipientInfo`.
pub(super) struct Agreement<'a> {
    pub(super) sender: Sender<'a>,
    /// `ukm`: octets of the sender's choice that go into the agreed key.
    pub(super) salt: Option<&'a [u8]>,
    /// The agreement.
    pub(super) algorithm: Algorithm<'a>,
    /// How the content key is wrapped.
    pub(super) wrapping: Algorithm<'a>,
    /// For whom, and the wrapped key.
    pub(super) keys: Vec<(Originator<'a>, &'a [u8])>,
}

/// The sender's half of an agreement.
pub(super) enum Sender<'a> {
    /// A key that has a certificate.
    Static(Originator<'a>),
    /// A key for this message only: the octets of the point.
    Ephemeral(&'a [u8]),
}

/// `AlgorithmIdentifier`.
#[derive(Clone)]
pub(super) struct Algorithm<'a> {
    pub(super) oid: String,
    pub(super) parameters: Option<Element<'a>>,
    pub(super) raw: &'a [u8],
}

impl<'a> Envelope<'a> {
    const ENVELOPED: &'static str = "1.2.840.113549.1.7.3";
    const AUTHENTICATED: &'static str = "1.2.840.113549.1.9.16.1.23";

    pub(super) fn read(file: &'a [u8], limits: &Limits) -> Result<Self, EnvelopeError> {
        let outer = Element::only(file).part("outermost element")?;
        let mut outer =
            outer.of(Tag::Sequence).and_then(|it| it.inside()).part("outermost element")?;
        let kind = outer.next().and_then(|it| it.object_identifier()).part("content type")?;
        let is_authenticated = match kind.as_str() {
            Self::ENVELOPED => false,
            Self::AUTHENTICATED => true,
            _ => return Err(EnvelopeError::NotAnEnvelope { content_type: kind }),
        };
        let body = outer.expect(constructed(0)).part("envelope")?;
        outer.finish().part("end")?;
        let body =
            Element::only(body.value).and_then(|it| it.of(Tag::Sequence)).part("envelope")?;
        let mut fields = body.inside().part("envelope")?;
        fields.expect(Tag::Integer).part("version")?;
        let sender = fields.optional(constructed(0)).part("originator's certificates")?;
        let certificates = sender.map_or(Ok(Vec::new()), |it| certificates(it, limits))?;
        let recipients = fields.expect(Tag::Set).and_then(|it| it.inside()).part("recipients")?;
        let recipients = read_recipients(recipients, limits)?;
        let encrypted = fields.expect(Tag::Sequence).and_then(|it| it.inside());
        let mut encrypted = encrypted.part("encrypted content")?;
        let content_type = encrypted.expect(Tag::ObjectIdentifier).part("content type")?;
        let cipher = encrypted.next().and_then(Algorithm::read).part("content cipher")?;
        let content = content(&mut encrypted)?;
        let most = limits.content_octets;
        if content.len() > most {
            let part = "content in octets";
            return Err(EnvelopeError::TooMuch { part, found: content.len(), limit: most });
        }
        encrypted.finish().part("encrypted content")?;
        let authenticated = if is_authenticated {
            let attributes = fields.optional(constructed(1)).part("authenticated attributes")?;
            let tag = fields.expect(Tag::OctetString).part("authentication tag")?.value;
            fields.optional(constructed(2)).part("unauthenticated attributes")?;
            check_content_type(attributes.as_ref(), &content_type)?;
            let attributes = attributes.map_or_else(Vec::new, |it| as_set(&it));
            Some(Authenticated { attributes, tag })
        } else {
            fields.optional(constructed(1)).part("unprotected attributes")?;
            None
        };
        fields.finish().part("end")?;
        Ok(Self { certificates, recipients, content_type, cipher, content, authenticated })
    }
}

impl<'a> Algorithm<'a> {
    pub(super) fn read(element: Element<'a>) -> Result<Self, Broken> {
        let mut fields = element.of(Tag::Sequence)?.inside()?;
        let oid = fields.next()?.object_identifier()?;
        let parameters = if fields.is_finished() { None } else { Some(fields.next()?) };
        fields.finish()?;
        Ok(Self { oid, parameters, raw: element.raw })
    }
}

/// `OriginatorInfo`: X.509 certificates only; revocation lists and others are passed over.
fn certificates<'a>(element: Element<'a>, limits: &Limits) -> Result<Vec<&'a [u8]>, EnvelopeError> {
    let part = "originator's certificates";
    let mut fields = element.inside().part(part)?;
    let mut found = Vec::new();
    if let Some(set) = fields.optional(constructed(0)).part(part)? {
        let mut set = set.inside().part(part)?;
        while !set.is_finished() {
            let certificate = set.next().part(part)?;
            if certificate.tag == Tag::Sequence {
                found.push(certificate.raw);
            }
            limits.count(part, found.len())?;
        }
    }
    fields.optional(constructed(1)).part(part)?;
    fields.finish().part(part)?;
    Ok(found)
}

fn read_recipients<'a>(
    mut set: Elements<'a>,
    limits: &Limits,
) -> Result<Vec<Recipient<'a>>, EnvelopeError> {
    let part = "list of recipients";
    let mut recipients = Vec::new();
    let mut keys: usize = 0;
    while !set.is_finished() {
        let recipient = read_recipient(set.next().part(part)?).part(part)?;
        keys = keys.saturating_add(match &recipient {
            Recipient::Agreement(agreement) => agreement.keys.len().max(1),
            Recipient::Other { .. } => 1,
        });
        recipients.push(recipient);
        limits.count(part, keys)?;
    }
    Ok(recipients)
}

fn read_recipient(element: Element<'_>) -> Result<Recipient<'_>, Broken> {
    if element.tag == constructed(1) {
        return read_agreement(element).map(Recipient::Agreement);
    }
    if element.tag == Tag::Sequence {
        let mut fields = element.inside()?;
        fields.expect(Tag::Integer)?;
        let name = Originator::read(fields.next()?)?.name();
        let algorithm = Algorithm::read(fields.next()?)?.oid;
        return Ok(Recipient::Other { name, algorithm });
    }
    let (name, algorithm) = match element.tag {
        tag if tag == constructed(2) => ("a key shared beforehand", "a key shared beforehand"),
        tag if tag == constructed(3) => ("whoever knows a password", "a password"),
        tag if tag == constructed(4) => ("a recipient of another kind", "a key of another kind"),
        _ => return Err(Broken::Malformed),
    };
    Ok(Recipient::Other { name: RecipientName::Other(name), algorithm: algorithm.to_owned() })
}

fn read_agreement(element: Element<'_>) -> Result<Agreement<'_>, Broken> {
    let mut fields = element.inside()?;
    fields.expect(Tag::Integer)?;
    let sender = Element::only(fields.expect(constructed(0))?.value)?;
    let sender = if sender.tag == constructed(1) {
        let mut key = sender.inside()?;
        Algorithm::read(key.next()?)?;
        let point = bits(key.next()?)?;
        key.finish()?;
        Sender::Ephemeral(point)
    } else {
        Sender::Static(Originator::read(sender)?)
    };
    let salt = match fields.optional(constructed(1))? {
        Some(salt) => Some(Element::only(salt.value)?.of(Tag::OctetString)?.value),
        None => None,
    };
    let algorithm = Algorithm::read(fields.next()?)?;
    let wrapping = Algorithm::read(algorithm.parameters.ok_or(Broken::Malformed)?)?;
    let mut list = fields.expect(Tag::Sequence)?.inside()?;
    fields.finish()?;
    let mut keys = Vec::new();
    while !list.is_finished() {
        let mut entry = list.expect(Tag::Sequence)?.inside()?;
        let recipient = entry.next()?;
        let recipient = if recipient.tag == constructed(0) {
            // RecipientKeyIdentifier; its date and further attribute say nothing here.
            Originator::KeyId(recipient.inside()?.expect(Tag::OctetString)?.value)
        } else {
            Originator::read(recipient)?
        };
        keys.push((recipient, entry.expect(Tag::OctetString)?.value));
        entry.finish()?;
    }
    Ok(Agreement { sender, salt, algorithm, wrapping, keys })
}

/// The octets of a BIT STRING of whole octets.
pub(super) fn bits(element: Element<'_>) -> Result<&[u8], Broken> {
    match element.of(Tag::BitString)?.value.split_first() {
        Some((0, octets)) => Ok(octets),
        _ => Err(Broken::Malformed),
    }
}

/// `[0] IMPLICIT OCTET STRING`, whole or in pieces.
fn content<'a>(fields: &mut Elements<'a>) -> Result<Cow<'a, [u8]>, EnvelopeError> {
    let part = "encrypted content";
    if let Some(whole) = fields.optional(primitive(0)).part(part)? {
        return Ok(Cow::Borrowed(whole.value));
    }
    let pieces = fields.optional(constructed(0)).part(part)?.ok_or(EnvelopeError::Detached)?;
    let mut pieces = pieces.inside().part(part)?;
    let mut content = Vec::new();
    while !pieces.is_finished() {
        content.extend_from_slice(pieces.expect(Tag::OctetString).part(part)?.value);
    }
    Ok(Cow::Owned(content))
}

/// A content type other than data is one of the authenticated attributes (RFC 5083 §2.1): without
/// that, whoever changes it is not noticed.
fn check_content_type(
    attributes: Option<&Element<'_>>,
    content_type: &Element<'_>,
) -> Result<(), EnvelopeError> {
    const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
    let part = "authenticated content type";
    let mut is_sure = content_type.value == DATA;
    if let Some(attributes) = attributes {
        let mut attributes = attributes.inside().part(part)?;
        while !attributes.is_finished() {
            let attribute = attributes.expect(Tag::Sequence).and_then(|it| it.inside());
            let mut attribute = attribute.part(part)?;
            let kind = attribute.next().and_then(|it| it.object_identifier()).part(part)?;
            let values = attribute.expect(Tag::Set).part(part)?;
            if kind == CONTENT_TYPE {
                is_sure = values.value == content_type.raw;
            }
        }
    }
    if is_sure { Ok(()) } else { Err(EnvelopeError::Malformed { part }) }
}

/// The attributes with the tag that they are authenticated with (RFC 5083 §2.2).
fn as_set(attributes: &Element<'_>) -> Vec<u8> {
    const SET: u8 = 0x31;
    let mut set = attributes.raw.to_vec();
    if let Some(tag) = set.first_mut() {
        *tag = SET;
    }
    set
}
