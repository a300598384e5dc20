//! Names of keys: whom a file is encrypted for, and who encrypted it.

use std::fmt;

use der::Tag;

use crate::{
    asn1::{Broken, Element, primitive},
    domain,
    trust::Certificate,
};

/// Whom a file is encrypted for, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecipientName {
    /// A certificate by its issuer and serial number.
    Certificate {
        /// The issuer's common name, or its organisation.
        issuer: String,
        /// The serial number in lower-case hexadecimal.
        serial: String,
    },
    /// A key by the identifier in its certificate, in lower-case hexadecimal.
    KeyId(String),
    /// A recipient without a certificate: a password, or a key shared beforehand.
    Other(&'static str),
}

/// What names the key of whoever encrypted a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Originator<'a> {
    /// A certificate by its issuer and serial number.
    Certificate {
        /// The DER of the issuer's name.
        issuer: &'a [u8],
        /// The octets of the serial number.
        serial: &'a [u8],
    },
    /// A key by the identifier in its certificate.
    KeyId(&'a [u8]),
}

impl<'a> Originator<'a> {
    /// Whether this certificate is meant.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Certificate { issuer, serial } => {
                certificate.has_issuer_and_serial(issuer, serial)
            }
            Self::KeyId(id) => certificate.subject_key_id() == Some(*id),
        }
    }

    /// From `IssuerAndSerialNumber`, or `[0]` with a key identifier.
    pub(super) fn read(element: Element<'a>) -> Result<Self, Broken> {
        if element.tag == primitive(0) {
            return Ok(Self::KeyId(element.value));
        }
        let mut inside = element.of(Tag::Sequence)?.inside()?;
        let issuer = inside.expect(Tag::Sequence)?.raw;
        let serial = inside.expect(Tag::Integer)?.value;
        inside.finish()?;
        Ok(Self::Certificate { issuer, serial })
    }

    /// In words.
    pub(super) fn name(&self) -> RecipientName {
        match self {
            Self::Certificate { issuer, serial } => RecipientName::Certificate {
                issuer: common_name(issuer).unwrap_or_else(|| "an unnamed authority".to_owned()),
                serial: hex(serial),
            },
            Self::KeyId(id) => RecipientName::KeyId(hex(id)),
        }
    }
}

/// The common name in the DER of a name, or else the organisation.
fn common_name(name: &[u8]) -> Option<String> {
    const COMMON_NAME: &str = "2.5.4.3";
    const ORGANISATION: &str = "2.5.4.10";
    const MAX_CHARS: usize = 128;
    let mut sets = Element::only(name).ok()?.inside().ok()?;
    let mut organisation = None;
    while !sets.is_finished() {
        let mut attributes = sets.expect(Tag::Set).ok()?.inside().ok()?;
        while !attributes.is_finished() {
            let mut attribute = attributes.expect(Tag::Sequence).ok()?.inside().ok()?;
            let kind = attribute.next().ok()?.object_identifier().ok()?;
            let value = attribute.next().ok()?;
            // UTF8String and PrintableString; others are rare here and would need decoding.
            let text = std::str::from_utf8(value.value).unwrap_or_default();
            let text = domain::beginning(&domain::legible(text), MAX_CHARS).to_owned();
            match kind.as_str() {
                COMMON_NAME if !text.is_empty() => return Some(text),
                ORGANISATION if !text.is_empty() => organisation = Some(text),
                _ => {}
            }
        }
    }
    organisation
}

/// Of no more octets than a serial number or key identifier has: the length is the sender's.
fn hex(octets: &[u8]) -> String {
    const MOST: usize = 64;
    domain::hex(octets.get(..MOST).unwrap_or(octets))
}

impl RecipientName {
    /// The serial number or key identifier alone, in lower-case hexadecimal: no name that a sender
    /// could have made up. `None` for a recipient without a certificate.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Certificate { serial: number, .. } | Self::KeyId(number) => Some(number),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for RecipientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate { issuer, serial } => {
                write!(f, "certificate {serial} issued by {issuer}")
            }
            Self::KeyId(id) => write!(f, "key {id}"),
            Self::Other(kind) => f.write_str(kind),
        }
    }
}
