//! Walking DER that has no type of its own here.

use x509_parser::asn1_rs::{Any, Class, FromDer as _, Tag};

/// The elements of a run of DER elements; `None` unless they fill `data` to its last byte.
pub(super) fn elements(data: &[u8]) -> Option<Vec<Any<'_>>> {
    raw_elements(data)?.into_iter().map(|raw| Some(Any::from_der(raw).ok()?.1)).collect()
}

/// The same, each with its tag and length.
pub(super) fn raw_elements(mut data: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let (rest, _) = Any::from_der(data).ok()?;
        let length = data.len().checked_sub(rest.len())?;
        found.push(data.get(..length)?);
        data = rest;
    }
    Some(found)
}

/// The elements inside a SEQUENCE.
pub(super) fn sequence<'a>(element: &Any<'a>) -> Option<Vec<Any<'a>>> {
    let is_sequence = element.class() == Class::Universal && element.tag() == Tag::Sequence;
    is_sequence.then(|| elements(element.data)).flatten()
}

/// The dotted form of an OBJECT IDENTIFIER; the parser would take any other element for one.
pub(super) fn object_identifier(element: &Any<'_>) -> Option<String> {
    let is_one = element.class() == Class::Universal && element.tag() == Tag::Oid;
    is_one.then(|| element.as_oid().ok()).flatten().map(|id| id.to_id_string())
}
