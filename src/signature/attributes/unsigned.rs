//! A signer's unsigned attributes: what proves a signature later (RFC 5126 §6,
//! ETSI EN 319 122-1 §5.3 to §5.5), and counter-signatures (RFC 5652 §11.4).

use bytes::Bytes;
use der::Tag;

use super::{RawAttribute, TimeStampAttribute, TimeStampKind, in_attributes, open};
use crate::{
    asn1::{Broken, Element, constructed},
    signature::cms::{self, CmsError, Source},
    trust::Certificate,
};

const COUNTER_SIGNATURE: &str = "1.2.840.113549.1.9.6";
const CERTIFICATE_REFS: &str = "1.2.840.113549.1.9.16.2.21";
const REVOCATION_REFS: &str = "1.2.840.113549.1.9.16.2.22";
const CERTIFICATE_VALUES: &str = "1.2.840.113549.1.9.16.2.23";
const REVOCATION_VALUES: &str = "1.2.840.113549.1.9.16.2.24";

/// A signer's unsigned attributes. Nothing protects them: each proves itself or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::signature) struct UnsignedAttributes {
    /// All of them, in the order of the file.
    pub(in crate::signature) attributes: Vec<RawAttribute>,
    pub(in crate::signature) time_stamps: Vec<TimeStampAttribute>,
    /// Each a `SignerInfo`.
    pub(in crate::signature) counter_signatures: Vec<Bytes>,
    /// Whether complete-certificate-references are there.
    pub(in crate::signature) certificate_refs: bool,
    /// Whether complete-revocation-references are there.
    pub(in crate::signature) revocation_refs: bool,
    /// The certificates that could be read.
    pub(in crate::signature) certificate_values: Vec<Certificate>,
    pub(in crate::signature) revocation_values: RevocationValues,
}

/// Answers about revocation that a signature brings, none of them checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::signature) struct RevocationValues {
    /// Each a `CertificateList` (RFC 5280 §5).
    pub(in crate::signature) crls: Vec<Bytes>,
    /// Each a `BasicOCSPResponse`, or in the crls field perhaps an `OCSPResponse` around one
    /// (RFC 6960 §4.2.1).
    pub(in crate::signature) ocsp: Vec<Bytes>,
}

impl RevocationValues {
    /// Whether there is none.
    pub(in crate::signature) fn is_empty(&self) -> bool {
        self.crls.is_empty() && self.ocsp.is_empty()
    }
}

/// Reads unsigned attributes.
///
/// # Errors
/// Over a limit, or not built as the standards say.
pub(in crate::signature) fn read_unsigned(
    set: Option<Element<'_>>,
    source: Source<'_>,
) -> Result<UnsignedAttributes, CmsError> {
    let mut attributes = UnsignedAttributes::default();
    let Some(set) = set else { return Ok(attributes) };
    cms::each(set, PART, source.limits.attributes, |element| {
        let (id, values) = open(element).map_err(malformed)?;
        // RFC 5652 §5.3: an attribute has a value.
        if values.is_empty() {
            return Err(CmsError::Malformed { part: PART });
        }
        if values.len() > source.limits.attributes {
            let max = source.limits.attributes;
            return Err(CmsError::TooMany { things: "values of an unsigned attribute", max });
        }
        attributes.add(&id, &values, source)?;
        let values = values.into_iter().map(|value| source.keep(value.raw)).collect();
        attributes.attributes.push(RawAttribute { id, raw: source.keep(element.raw), values });
        Ok(())
    })?;
    Ok(attributes)
}

const PART: &str = "unsigned attributes";

fn malformed(broken: Broken) -> CmsError {
    in_attributes(PART)(broken)
}

impl UnsignedAttributes {
    fn add(
        &mut self,
        id: &str,
        values: &[Element<'_>],
        source: Source<'_>,
    ) -> Result<(), CmsError> {
        let position = self.attributes.len();
        if let Some(kind) = TimeStampKind::of_unsigned(id) {
            let tokens = values.iter().map(|value| source.keep(value.raw));
            self.time_stamps.extend(tokens.map(|token| TimeStampAttribute {
                kind,
                token,
                position,
            }));
            return Ok(());
        }
        match id {
            COUNTER_SIGNATURE => {
                let signatures = values.iter().map(|value| source.keep(value.raw));
                self.counter_signatures.extend(signatures);
            }
            CERTIFICATE_REFS => self.certificate_refs = true,
            REVOCATION_REFS => self.revocation_refs = true,
            CERTIFICATE_VALUES => {
                for value in values {
                    self.add_certificates(*value, source)?;
                }
            }
            REVOCATION_VALUES => {
                for value in values {
                    self.revocation_values.add(*value, source)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `CertificateValues ::= SEQUENCE OF Certificate` (RFC 5126 §6.3.3)
    fn add_certificates(&mut self, value: Element<'_>, source: Source<'_>) -> Result<(), CmsError> {
        const THINGS: &str = "certificate values";
        let value = value.of(Tag::Sequence).map_err(malformed)?;
        let max = source.limits.certificates;
        cms::each(value, THINGS, max, |element| {
            element.of(Tag::Sequence).map_err(malformed)?;
            // Over all attributes and values: each is compared with all others later.
            if self.certificate_values.len() >= max {
                return Err(CmsError::TooMany { things: THINGS, max });
            }
            self.certificate_values.extend(Certificate::parse(element.raw).ok());
            Ok(())
        })?;
        Ok(())
    }
}

impl RevocationValues {
    /// `RevocationValues ::= SEQUENCE { crlVals [0] SEQUENCE OF CertificateList OPTIONAL,
    /// ocspVals [1] SEQUENCE OF BasicOCSPResponse OPTIONAL, otherRevVals [2] … OPTIONAL }`
    /// (RFC 5126 §6.3.4). What the last may be, no standard says.
    fn add(&mut self, value: Element<'_>, source: Source<'_>) -> Result<(), CmsError> {
        const THINGS: &str = "revocation values";
        let mut fields =
            value.of(Tag::Sequence).and_then(|value| value.inside()).map_err(malformed)?;
        for (number, kept) in [(0, &mut self.crls), (1, &mut self.ocsp)] {
            let Some(explicit) = fields.optional(constructed(number)).map_err(malformed)? else {
                continue;
            };
            let list = Element::only(explicit.value)
                .and_then(|list| list.of(Tag::Sequence))
                .map_err(malformed)?;
            let max = source.limits.certificates;
            cms::each(list, THINGS, max, |element| {
                element.of(Tag::Sequence).map_err(malformed)?;
                if kept.len() >= max {
                    return Err(CmsError::TooMany { things: THINGS, max });
                }
                kept.push(source.keep(element.raw));
                Ok(())
            })?;
        }
        fields.optional(constructed(2)).map_err(malformed)?;
        fields.finish().map_err(malformed)
    }
}
