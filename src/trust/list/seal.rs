//! The signature on a list: an enveloped XML signature (W3C XML Signature 1.1 §4, §6.6.4), with
//! the properties that `XAdES` adds (ETSI EN 319 132-1 §4.3.1).
//!
//! Stricter than XML Signature: one signature, which lies in the root element and covers all of
//! the document but itself; no other transforms; ids only once. So no part of what is read can lie
//! outside of what is signed. Its certificate must be pinned: what a list says of its own signer
//! proves nothing.

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding as _};

use super::{
    ListError,
    canonical::{Method, canonical},
    method::{SignatureMethod, canonical_method, digest_method},
    xml::{Document, Node, SIGNATURE, XADES, child, children, only, text},
};
use crate::{
    algorithms::{self, Failure, Used, algorithm_name},
    domain::{Sha256, Timestamp},
    trust::Certificate,
};

/// Who signed a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSigner {
    /// The certificate, which is one of those asked for.
    pub certificate: Certificate,
    /// The algorithm of the signature by the name that people know.
    pub algorithm: String,
    /// When the signer says to have signed.
    pub signed_at: Option<Timestamp>,
}

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SIGNED_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Checks the signature of `document` with each certificate in it whose SHA-256 is among `pins`, and
/// says what it rests on.
pub(super) fn verify(
    document: &Document<'_>,
    pins: &[Sha256],
) -> Result<(ListSigner, Vec<Used>), ListError> {
    let mut used = Vec::new();
    check_ids(document)?;
    let root = document.root_element();
    let everywhere = root.descendants().filter(|node| node.has_tag_name((SIGNATURE, "Signature")));
    if everywhere.count() != 1 {
        return Err(wrong("it must have exactly one signature"));
    }
    let signature = only(root, (SIGNATURE, "Signature"))
        .ok_or_else(|| wrong("its signature does not lie directly in the root element"))?;
    let info = part(signature, "SignedInfo")?;
    let signer = pinned_signer(signature, pins)?;

    let (mut covers_all, mut covers_properties) = (false, false);
    for reference in children(info, (SIGNATURE, "Reference")) {
        let uri = reference.attribute("URI").ok_or_else(|| wrong("a reference has no URI"))?;
        let is_properties = reference.attribute("Type") == Some(SIGNED_PROPERTIES);
        let seen = if is_properties { &mut covers_properties } else { &mut covers_all };
        if std::mem::replace(seen, true) {
            return Err(wrong("it has two references to the same thing"));
        }
        let target = if is_properties {
            signed_properties(signature)
                .filter(|properties| names(uri, *properties))
                .ok_or_else(|| wrong("the reference to the signed properties names others"))?
        } else if uri.is_empty() {
            document.root()
        } else if names(uri, root) {
            root
        } else {
            return Err(wrong("it does not cover the whole document"));
        };
        used.push(check_reference(reference, target, signature, is_properties)?);
    }
    if !covers_all {
        return Err(wrong("it does not cover the document"));
    }
    if signed_properties(signature).is_some() && !covers_properties {
        return Err(wrong("it does not cover its own signed properties"));
    }
    if let Some(properties) = signed_properties(signature) {
        used.extend(check_signing_certificate(properties, &signer)?);
    }

    let method = canonical_of(part(info, "CanonicalizationMethod")?)?;
    let covered = canonical(info, None, &method).ok_or_else(|| wrong("it is nested too deep"))?;
    let algorithm = algorithm_of(part(info, "SignatureMethod")?)?;
    let algorithm = SignatureMethod::find(algorithm)?;
    let value = base64(part(signature, "SignatureValue")?)?;
    let value = algorithm.value(&value).ok_or(ListError::Unverifiable(Failure::Mismatch))?;
    used.push(algorithms::verify(&algorithm.id(), None, signer.public_key(), &covered, &value)?);
    let signer = ListSigner {
        algorithm: algorithm_name(&algorithm.id().oid),
        signed_at: signed_properties(signature).and_then(signing_time),
        certificate: signer,
    };
    Ok((signer, used))
}

fn wrong(problem: &'static str) -> ListError {
    ListError::WrongSignature { problem }
}

/// With the same id twice, what is signed and what is read could be two things.
fn check_ids(document: &Document<'_>) -> Result<(), ListError> {
    let mut seen = BTreeSet::new();
    for node in document.descendants().filter(Node::is_element) {
        for attribute in node.attributes() {
            let is_id = attribute.name().eq_ignore_ascii_case("id");
            if is_id && !seen.insert(attribute.value()) {
                return Err(wrong("two elements have the same id"));
            }
        }
    }
    Ok(())
}

/// Whether `uri` is `#` with the id of `node`.
fn names(uri: &str, node: Node<'_, '_>) -> bool {
    let id = node.attribute("Id").or_else(|| node.attribute("ID"));
    uri.strip_prefix('#').is_some_and(|named| !named.is_empty() && Some(named) == id)
}

fn part<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> Result<Node<'a, 'input>, ListError> {
    only(node, (SIGNATURE, name)).ok_or_else(|| wrong("a part is missing or there twice"))
}

fn algorithm_of<'a>(node: Node<'a, '_>) -> Result<&'a str, ListError> {
    node.attribute("Algorithm").ok_or_else(|| wrong("an algorithm has no name"))
}

fn canonical_of(node: Node<'_, '_>) -> Result<Method, ListError> {
    let list = node.children().find(|child| child.has_tag_name((EXCLUSIVE, "InclusiveNamespaces")));
    let prefixes = list.and_then(|list| list.attribute("PrefixList")).unwrap_or_default();
    canonical_method(algorithm_of(node)?, prefixes)
}

fn check_reference(
    reference: Node<'_, '_>,
    target: Node<'_, '_>,
    signature: Node<'_, '_>,
    is_properties: bool,
) -> Result<Used, ListError> {
    // XML Signature §4.4.3.2: without a canonical form, Canonical XML 1.0 is meant.
    let mut method = None;
    let mut enveloped = false;
    let transforms = child(reference, (SIGNATURE, "Transforms"));
    let listed = transforms.into_iter().flat_map(|list| children(list, (SIGNATURE, "Transform")));
    for transform in listed {
        if method.is_some() {
            return Err(wrong("a reference has more transforms than one signature needs"));
        }
        if algorithm_of(transform)? == ENVELOPED && !is_properties {
            enveloped = true;
        } else {
            method = Some(canonical_of(transform)?);
        }
    }
    if !is_properties && !enveloped {
        return Err(wrong("the reference to the document does not leave the signature out"));
    }
    let method = method.unwrap_or(Method::Inclusive);
    let bytes = canonical(target, enveloped.then_some(signature), &method)
        .ok_or_else(|| wrong("it is nested too deep"))?;
    let digest = digest_method(algorithm_of(part(reference, "DigestMethod")?)?)?;
    if digest.digest(&bytes) == base64(part(reference, "DigestValue")?)? {
        Ok(Used::digest(digest))
    } else {
        Err(wrong("what it covers was changed"))
    }
}

fn signed_properties<'a, 'input>(signature: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    let objects = children(signature, (SIGNATURE, "Object"));
    let mut found = objects
        .flat_map(|object| children(object, (XADES, "QualifyingProperties")))
        .flat_map(|properties| children(properties, (XADES, "SignedProperties")));
    found.next().filter(|_| found.next().is_none())
}

fn signing_time(properties: Node<'_, '_>) -> Option<Timestamp> {
    let properties = only(properties, (XADES, "SignedSignatureProperties"))?;
    text(only(properties, (XADES, "SigningTime"))?).parse().ok()
}

/// ETSI EN 319 132-1 §5.2.2: the signer's certificate by its digest.
fn check_signing_certificate(
    properties: Node<'_, '_>,
    signer: &Certificate,
) -> Result<Vec<Used>, ListError> {
    let mut used = Vec::new();
    let digests = properties.descendants().filter(|node| {
        node.has_tag_name((XADES, "SigningCertificate"))
            || node.has_tag_name((XADES, "SigningCertificateV2"))
    });
    // Only the first of several is the signer's own.
    let first = digests.filter_map(|list| child(list, (XADES, "Cert")));
    for named in first {
        let named = only(named, (XADES, "CertDigest"))
            .ok_or_else(|| wrong("its signing certificate has no digest"))?;
        let digest = digest_method(algorithm_of(part(named, "DigestMethod")?)?)?;
        if digest.digest(signer.der()) != base64(part(named, "DigestValue")?)? {
            return Err(wrong("its signed properties name another certificate"));
        }
        used.push(Used::digest(digest));
    }
    Ok(used)
}

/// The certificate in `KeyInfo` that is pinned.
fn pinned_signer(signature: Node<'_, '_>, pins: &[Sha256]) -> Result<Certificate, ListError> {
    const MAX_CERTIFICATES: usize = 16;

    let info = child(signature, (SIGNATURE, "KeyInfo"));
    let data = info.into_iter().flat_map(|info| children(info, (SIGNATURE, "X509Data")));
    let listed = data.flat_map(|data| children(data, (SIGNATURE, "X509Certificate")));
    let mut found = Vec::new();
    for listed in listed.take(MAX_CERTIFICATES) {
        let Ok(der) = base64(listed) else { continue };
        let sha256 = Sha256::of(&der);
        if pins.contains(&sha256) {
            return Ok(Certificate::parse(&der)?);
        }
        found.push(sha256);
    }
    Err(ListError::UnknownSigner { found })
}

fn base64(node: Node<'_, '_>) -> Result<Vec<u8>, ListError> {
    let packed: String = text(node).split_ascii_whitespace().collect();
    Base64::decode_vec(&packed).map_err(|_| wrong("a value in it is not base64"))
}
