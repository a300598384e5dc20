//! Distinguished names: their text for people and their comparison.

use x509_parser::{
    asn1_rs::{Any, FromDer as _, Tag},
    x509::{AttributeTypeAndValue, X509Name},
};

use crate::domain::legibility;

pub(super) use crate::domain::hex;

/// A subject's or issuer's name.
#[derive(Clone, Debug)]
pub(super) struct Name {
    der: Vec<u8>,
    text: String,
    /// Of each its type, and its value where that is a string that can be read.
    attributes: Vec<(String, Option<String>)>,
    comparable: Comparable,
}

/// Per RDN, its attributes in order of type, each value without what RFC 5280 §7.1 says to ignore.
type Comparable = Vec<Vec<(String, Value)>>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Opaque(u32, Vec<u8>),
    Text(String),
}

pub(super) const COMMON_NAME: &str = "2.5.4.3";
pub(super) const SURNAME: &str = "2.5.4.4";
pub(super) const SERIAL_NUMBER: &str = "2.5.4.5";
pub(super) const COUNTRY: &str = "2.5.4.6";
pub(super) const ORGANISATION: &str = "2.5.4.10";
pub(super) const GIVEN_NAME: &str = "2.5.4.42";
pub(super) const INITIALS: &str = "2.5.4.43";
pub(super) const PSEUDONYM: &str = "2.5.4.65";
pub(super) const ORGANISATION_IDENTIFIER: &str = "2.5.4.97";

const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

impl Name {
    pub(super) fn read(name: &X509Name<'_>) -> Self {
        let attributes = name
            .iter_attributes()
            .map(|attribute| {
                let value = text(attribute.attr_value()).map(|value| readable(&value));
                (attribute.attr_type().to_id_string(), value)
            })
            .collect();
        Self {
            der: name.as_raw().to_vec(),
            text: written(name),
            attributes,
            comparable: comparable(name),
        }
    }

    /// The name in this DER and nothing after it.
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        match X509Name::from_der(der) {
            Ok(([], name)) => Some(Self::read(&name)),
            Ok(_) | Err(_) => None,
        }
    }

    /// Whether it has no part.
    pub(super) fn is_empty(&self) -> bool {
        self.comparable.is_empty()
    }

    /// Whether it is `base`, or `base` with more specific parts (RFC 5280 §4.2.1.10). `None`: they differ in
    /// a value that is no string of those that are compared as text, and may mean the same to another reader.
    pub(super) fn is_within(&self, base: &Self) -> Option<bool> {
        let is_opaque = |(_, value): &(String, Value)| matches!(value, Value::Opaque(..));
        let pairs = self.comparable.iter().zip(&base.comparable);
        let unlike: Vec<_> = pairs.filter(|(part, of_base)| part != of_base).collect();
        let is_known =
            |(part, of_base): &(&Vec<_>, &Vec<_>)| !part.iter().chain(*of_base).any(is_opaque);
        if self.comparable.len() < base.comparable.len() || unlike.iter().any(is_known) {
            Some(false)
        } else {
            unlike.is_empty().then_some(true)
        }
    }

    /// Every `emailAddress`, in lower case; `None` for one that cannot be read.
    pub(super) fn email_addresses(&self) -> impl Iterator<Item = Option<String>> + '_ {
        self.attributes(EMAIL_ADDRESS).map(|address| Some(address?.to_ascii_lowercase()))
    }

    /// The DER, as it stands in the certificate.
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The name as RFC 4514 writes it, the most specific part first. Characters that do not show,
    /// or that change how others show, are escaped.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The first attribute of this type that can be read, safe to show.
    pub(super) fn attribute<'a>(&'a self, oid: &'a str) -> Option<&'a str> {
        self.attributes(oid).flatten().find(|value| !value.is_empty())
    }

    /// Whether it has an attribute of this type, whatever its value.
    pub(super) fn has(&self, oid: &str) -> bool {
        self.comparable.iter().flatten().any(|(of, _)| of == oid)
    }

    /// All attributes of this type, safe to show; `None` for one that cannot be read.
    pub(super) fn attributes<'a>(&'a self, oid: &'a str) -> impl Iterator<Item = Option<&'a str>> {
        let all = self.attributes.iter().filter(move |(of, _)| of == oid);
        all.map(|(_, value)| value.as_deref())
    }

    /// Whether both name the same entity: RFC 5280 §7.1, so case, spaces and the type of string
    /// do not matter.
    pub(super) fn matches(&self, other: &Self) -> bool {
        self.der == other.der || self.comparable == other.comparable
    }

    /// Whether the DER of a name from elsewhere names the same entity.
    pub(super) fn is_named(&self, der: &[u8]) -> bool {
        self.der == der
            || matches!(X509Name::from_der(der), Ok(([], name)) if comparable(&name) == self.comparable)
    }
}

/// RFC 4514 §2.1: the last part first.
fn written(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .map(|part| part.iter().map(written_attribute).collect::<Vec<_>>().join("+"))
        .collect();
    parts.reverse();
    parts.join(",")
}

fn written_attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let value = text(attribute.attr_value())
        .map_or_else(|| format!("#{}", hex(attribute.attr_value().data)), |value| escaped(&value));
    format!("{}={value}", short_name(&oid).unwrap_or(&oid))
}

/// RFC 4514 §3, and beyond it the names that people read in Ukrainian certificates.
fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        COMMON_NAME => "CN",
        SURNAME => "surname",
        SERIAL_NUMBER => "serialNumber",
        COUNTRY => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        ORGANISATION => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.17" => "postalCode",
        GIVEN_NAME => "givenName",
        INITIALS => "initials",
        PSEUDONYM => "pseudonym",
        ORGANISATION_IDENTIFIER => "organizationIdentifier",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "email",
        _ => return None,
    })
}

/// RFC 4514 §2.4.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut written = String::with_capacity(value.len());
    for (position, (character, is_seen)) in legibility(value).enumerate() {
        let at_edge = position == 0 || position == last;
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => written.extend(['\\', character]),
            ' ' if at_edge => written.push_str("\\ "),
            '#' if position == 0 => written.push_str("\\#"),
            hidden if !is_seen => {
                let mut bytes = [0; 4];
                for byte in hidden.encode_utf8(&mut bytes).bytes() {
                    written.push('\\');
                    written.push_str(&hex(&[byte]));
                }
            }
            plain => written.push(plain),
        }
    }
    written
}

/// `value` with a sign for each character that people do not see where it stands: with them one name
/// can be made to look like another.
pub(super) fn readable(value: &str) -> String {
    let shown = |(c, is_seen)| if is_seen { c } else { char::REPLACEMENT_CHARACTER };
    legibility(value).map(shown).collect()
}

/// The characters of a string value; `None` when it is no string, or a broken one.
fn text(value: &Any<'_>) -> Option<String> {
    let bytes = value.data;
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::NumericString | Tag::Ia5String => {
            String::from_utf8(bytes.to_vec()).ok()
        }
        Tag::BmpString => {
            let units = bytes.chunks_exact(2);
            if !units.remainder().is_empty() {
                return None;
            }
            let units = units.filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        // Signers put Latin-1 here, whatever T.61 says.
        Tag::TeletexString => Some(bytes.iter().copied().map(char::from).collect()),
        _ => None,
    }
}

fn comparable(name: &X509Name<'_>) -> Comparable {
    name.iter_rdn()
        .map(|part| {
            let mut attributes: Vec<_> = part
                .iter()
                .map(|attribute| {
                    let value = attribute.attr_value();
                    let comparable = text(value).map_or_else(
                        || Value::Opaque(value.tag().0, value.data.to_vec()),
                        |value| Value::Text(folded(&value)),
                    );
                    (attribute.attr_type().to_id_string(), comparable)
                })
                .collect();
            attributes.sort();
            attributes
        })
        .collect()
}

fn folded(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
