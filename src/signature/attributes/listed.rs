//! Signed attributes that are kept for the reader of a report and not judged.

use super::{RawAttribute, SignedAttributes};
use crate::domain::{AttributeReport, hex};

/// The most bytes of one attribute in a report.
const MAX_BYTES: usize = 512;

/// The names that the standards give them (RFC 2634, RFC 5126 §5, ETSI EN 319 122-1 §5.2,
/// RFC 8551 §2.5).
const NAMES: &[(&str, &str)] = &[
    ("0.4.0.1733.2.1", "mime-type"),
    ("0.4.0.19122.1.1", "signer-attributes-v2"),
    ("0.4.0.19122.1.2", "claimed-SAML-assertion"),
    ("1.2.840.113549.1.9.15", "S/MIME capabilities"),
    ("1.2.840.113549.1.9.16.2.4", "content-hints"),
    ("1.2.840.113549.1.9.16.2.7", "content-identifier"),
    ("1.2.840.113549.1.9.16.2.10", "content-reference"),
    ("1.2.840.113549.1.9.16.2.11", "encryption key preference"),
    ("1.2.840.113549.1.9.16.2.15", "signature-policy-identifier"),
    ("1.2.840.113549.1.9.16.2.16", "commitment-type-indication"),
    ("1.2.840.113549.1.9.16.2.17", "signer-location"),
    ("1.2.840.113549.1.9.16.2.18", "signer-attributes"),
];

/// The attributes that nothing judges, in the order of the file.
pub(in crate::signature) fn listed(attributes: &SignedAttributes) -> Vec<AttributeReport> {
    attributes.others().map(RawAttribute::report).collect()
}

impl RawAttribute {
    fn report(&self) -> AttributeReport {
        let name = NAMES.iter().find(|(id, _)| *id == self.id).map(|(_, name)| *name);
        let values = self.values.iter().flatten().take(MAX_BYTES).copied().collect::<Vec<_>>();
        AttributeReport {
            id: self.id.clone(),
            name: name.map(ToOwned::to_owned),
            value: hex(&values),
        }
    }
}
