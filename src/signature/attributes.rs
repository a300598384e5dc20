//! The attributes of a signer (RFC 5652 §5.3 and §11, RFC 5035, RFC 5126, RFC 6211,
//! ETSI EN 319 122-1).
//!
//! Reads what stands there; whether it agrees with the content and the certificate is judged in
//! [`super::signer`], and what time-stamps, values and counter-signatures are worth elsewhere.

use bytes::Bytes;
use der::Tag;

use super::cms::CmsError;
use crate::asn1::{Broken, Element};

mod listed;
mod reference;
mod signed;
mod time_stamp;
mod unsigned;

pub(super) use self::{
    listed::listed,
    reference::{CertificateReference, ReferenceVersion},
    signed::{Claim, SignedAttributes, looks_like_attributes, read_signed},
    time_stamp::{TimeStampAttribute, TimeStampKind},
    unsigned::{RevocationValues, UnsignedAttributes, read_unsigned},
};

/// One attribute as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawAttribute {
    /// The object identifier, dotted.
    pub(super) id: String,
    /// The whole `Attribute`, tag and length included.
    pub(super) raw: Bytes,
    /// Its values, each with tag and length.
    pub(super) values: Vec<Bytes>,
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

fn in_attributes(part: &'static str) -> impl Fn(Broken) -> CmsError {
    move |broken| match broken {
        Broken::Ber => CmsError::Ber,
        Broken::Malformed | Broken::Trailing(_) => CmsError::Malformed { part },
    }
}
