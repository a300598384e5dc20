//! The XML of a trust list: its namespaces, and how long one may be.

pub(super) use crate::xml::{
    Attribute, Document, MAX_DEPTH, Node, SIGNATURE, XML, child, children, only, text,
};

use super::ListError;
use crate::xml::{self, Limits};

pub(super) const LIST: &str = "http://uri.etsi.org/02231/v2#";
/// `Qualifications` and what is in it.
pub(super) const QUALIFICATIONS: &str =
    "http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#";
/// Types that were added to those of a list.
pub(super) const ADDITIONAL: &str = "http://uri.etsi.org/02231/v2/additionaltypes#";
pub(super) const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";

/// The document in these bytes.
pub(super) fn parse(bytes: &[u8]) -> Result<Document<'_>, ListError> {
    const LIMITS: Limits = Limits { bytes: super::TrustList::MAX_LEN, nodes: 1_000_000 };
    if bytes.len() > LIMITS.bytes {
        return Err(ListError::TooLong { length: bytes.len() });
    }
    let malformed = |problem: xml::XmlError| ListError::Malformed { problem: problem.to_string() };
    xml::parse(bytes, LIMITS).map_err(malformed)
}
