//! The document security store (ETSI EN 319 142-1 §5.4): certificates and revocation data that
//! prove the signatures in a PDF file later.

use bytes::Bytes;

use crate::{
    content::pdf::{Dictionary, Object, Pdf},
    signature::container::Embedded,
};

/// What the store of a file holds; `None` without one. What cannot be read is left out: it would
/// only help.
pub(super) fn read(pdf: &Pdf<'_>) -> Option<Embedded> {
    let (_, catalog) = pdf.catalog()?;
    let store = pdf.resolve(catalog.get(b"DSS")?)?;
    let store = store.dictionary()?;
    let all = |key: &[u8]| streams(pdf, store, key);
    Some(Embedded { certificates: all(b"Certs"), crls: all(b"CRLs"), ocsp: all(b"OCSPs") })
}

fn streams(pdf: &Pdf<'_>, store: &Dictionary, key: &[u8]) -> Vec<Bytes> {
    const MAX: usize = 64;
    let list = store.get(key).and_then(|list| pdf.resolve(list));
    let items = list.as_ref().and_then(|list| list.array()).unwrap_or_default();
    let numbers = items.iter().take(MAX).filter_map(Object::reference);
    numbers.filter_map(|number| pdf.stream(number)).map(Bytes::from).collect()
}
