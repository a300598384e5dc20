//! The extensions of a listed service (ETSI TS 119 612 §5.5.9).
//!
//! One that is critical must be understood to the last word: a list that says more of a service
//! than is heeded must not be taken to say less.

use super::{
    services::{local_name, shown},
    xml::{ADDITIONAL, LIST, Node, QUALIFICATIONS, XADES, children, text},
};
use crate::trust::{
    Assert, CertificateUse, Criteria, Criterion, QualificationElement, Qualifier, ServiceExtensions,
};

/// Most extensions, elements or criteria in one place.
const MOST: usize = 256;
/// Criteria inside criteria.
const DEEPEST: usize = 8;

/// The extensions of a `ServiceInformation` or a `ServiceHistoryInstance`; otherwise the name of a
/// critical one that is not understood.
pub(super) fn read(node: Node<'_, '_>) -> Result<ServiceExtensions, String> {
    let mut read = ServiceExtensions::default();
    let lists = children(node, (LIST, "ServiceInformationExtensions"));
    let mut all = lists.flat_map(|list| children(list, (LIST, "Extension")));
    for extension in all.by_ref().take(MOST) {
        // XML Schema has two words for false; any other must not make it harmless.
        let is_critical = !matches!(extension.attribute("Critical"), Some("false" | "0"));
        let mut understood = false;
        for content in extension.children().filter(Node::is_element) {
            understood = take(content, &mut read);
            if is_critical && !understood {
                return Err(shown(content.tag_name().name()));
            }
        }
        if is_critical && !understood {
            return Err("Extension".to_owned());
        }
    }
    match all.next() {
        Some(_) => Err("Extension".to_owned()),
        None => Ok(read),
    }
}

/// Whether all of it is understood. What is, is heeded either way.
fn take(content: Node<'_, '_>, read: &mut ServiceExtensions) -> bool {
    let name = content.tag_name();
    match (name.namespace().unwrap_or_default(), name.name()) {
        (LIST, "AdditionalServiceInformation") => take_use(content, read),
        (QUALIFICATIONS, "Qualifications") => take_qualifications(content, read),
        (ADDITIONAL, "TakenOverBy") => {
            let name = local_name(content, "TSPName").or_else(|| {
                let uri = content.children().find(|part| part.tag_name().name() == "URI");
                uri.map(|uri| shown(&text(uri)))
            });
            read.taken_over_by = Some(name.unwrap_or_default());
            true
        }
        (LIST, "ExpiredCertsRevocationInfo") => {
            read.expired_revocation_since = text(content).parse().ok();
            read.expired_revocation_since.is_some()
        }
        _ => false,
    }
}

/// The last part of a URI that ETSI has defined for extensions.
fn defined(uri: &str) -> Option<&str> {
    [
        "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/",
        // In lists from before 2014.
        "http://uri.etsi.org/TrstSvc/eSigDir-1999-93-EC-TrustedList/SvcInfoExt/",
    ]
    .iter()
    .find_map(|prefix| uri.strip_prefix(prefix))
}

fn take_use(content: Node<'_, '_>, read: &mut ServiceExtensions) -> bool {
    let uris: Vec<_> = children(content, (LIST, "URI")).map(text).take(MOST).collect();
    let others =
        content.children().filter(|part| part.is_element() && !part.has_tag_name((LIST, "URI")));
    let mut understood = others.count() == 0 && !uris.is_empty();
    for uri in uris {
        match defined(&uri) {
            Some("ForeSeals") => read.uses.push(CertificateUse::Seals),
            Some("ForeSignatures") => read.uses.push(CertificateUse::Signatures),
            Some("ForWebSiteAuthentication") => read.uses.push(CertificateUse::WebSites),
            // The certificate is that of an authority above authorities.
            Some("RootCA-QC") => {}
            _ => understood = false,
        }
    }
    understood
}

fn take_qualifications(content: Node<'_, '_>, read: &mut ServiceExtensions) -> bool {
    let mut understood = true;
    for element in content.children().filter(Node::is_element) {
        if read.qualifications.len() == MOST
            || !element.has_tag_name((QUALIFICATIONS, "QualificationElement"))
        {
            return false;
        }
        let mut qualifiers = Vec::new();
        let lists = children(element, (QUALIFICATIONS, "Qualifiers"));
        let named = lists.flat_map(|list| children(list, (QUALIFICATIONS, "Qualifier")));
        for qualifier in named.take(MOST) {
            match qualifier.attribute("uri").and_then(defined).and_then(qualifier_of) {
                Some(known) => qualifiers.push(known),
                None => understood = false,
            }
        }
        let mut lists = children(element, (QUALIFICATIONS, "CriteriaList"));
        let criteria = match (lists.next(), lists.next()) {
            (Some(list), None) => criteria(list, 0),
            _ => Criteria { assert: Assert::All, all: vec![Criterion::Unknown] },
        };
        understood &= !is_unknown(&criteria);
        read.qualifications.push(QualificationElement { qualifiers, criteria });
    }
    understood
}

fn qualifier_of(name: &str) -> Option<Qualifier> {
    Some(match name {
        "NotQualified" => Qualifier::NotQualified,
        "QCStatement" => Qualifier::Qualified,
        "QCForESeal" | "QCForLegalPerson" => Qualifier::For(CertificateUse::Seals),
        "QCForESig" => Qualifier::For(CertificateUse::Signatures),
        "QCForWSA" => Qualifier::For(CertificateUse::WebSites),
        "QCWithSSCD" | "QCWithQSCD" | "QCQSCDManagedOnBehalf" => Qualifier::WithDevice,
        "QCNoSSCD" | "QCNoQSCD" => Qualifier::WithoutDevice,
        "QCSSCDStatusAsInCert" | "QCQSCDStatusAsInCert" => Qualifier::DeviceAsInCertificate,
        _ => return None,
    })
}

fn is_unknown(criteria: &Criteria) -> bool {
    criteria.all.iter().any(|criterion| match criterion {
        Criterion::List(inner) => is_unknown(inner),
        Criterion::Unknown => true,
        Criterion::KeyUsage(_)
        | Criterion::Policies(_)
        | Criterion::Purposes(_)
        | Criterion::SubjectAttributes(_) => false,
    })
}

fn criteria(list: Node<'_, '_>, depth: usize) -> Criteria {
    let assert = match list.attribute("assert") {
        Some("all") => Some(Assert::All),
        Some("atLeastOne") => Some(Assert::AtLeastOne),
        Some("none") => Some(Assert::None),
        Some(_) | None => None,
    };
    let mut all = Vec::new();
    for part in list.children().filter(Node::is_element) {
        let name = part.tag_name();
        match (name.namespace().unwrap_or_default(), name.name()) {
            _ if depth == DEEPEST || all.len() == MOST => all.push(Criterion::Unknown),
            (QUALIFICATIONS, "Description") => {}
            (QUALIFICATIONS, "CriteriaList") => {
                all.push(Criterion::List(criteria(part, depth.saturating_add(1))));
            }
            (QUALIFICATIONS, "KeyUsage") => all.push(key_usage(part)),
            (QUALIFICATIONS, "PolicySet") => {
                let oids = oids(part, (QUALIFICATIONS, "PolicyIdentifier"));
                all.push(oids.map_or(Criterion::Unknown, Criterion::Policies));
            }
            (QUALIFICATIONS, "otherCriteriaList") => {
                all.extend(part.children().filter(Node::is_element).take(MOST).map(other));
            }
            _ => all.push(Criterion::Unknown),
        }
    }
    if all.is_empty() || assert.is_none() {
        all.push(Criterion::Unknown);
    }
    match assert {
        Some(assert) => Criteria { assert, all },
        None => Criteria { assert: Assert::All, all: vec![Criterion::Unknown] },
    }
}

fn other(criterion: Node<'_, '_>) -> Criterion {
    let name = criterion.tag_name();
    let (element, make): (_, fn(Vec<String>) -> Criterion) =
        match (name.namespace().unwrap_or_default(), name.name()) {
            (ADDITIONAL, "ExtendedKeyUsage") => ("KeyPurposeId", Criterion::Purposes),
            (ADDITIONAL, "CertSubjectDNAttribute") => {
                ("AttributeOID", Criterion::SubjectAttributes)
            }
            _ => return Criterion::Unknown,
        };
    oids(criterion, (ADDITIONAL, element)).map_or(Criterion::Unknown, make)
}

/// The bits in the order of RFC 5280 §4.2.1.3.
const KEY_USAGE: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "crlSign",
    "encipherOnly",
    "decipherOnly",
];

fn key_usage(part: Node<'_, '_>) -> Criterion {
    let bit = |node: Node<'_, '_>| {
        let name = node.attribute("name")?;
        let bit = KEY_USAGE.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        let is_set = match text(node).as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return None,
        };
        Some((u8::try_from(bit).ok()?, is_set))
    };
    let bits = children(part, (QUALIFICATIONS, "KeyUsageBit")).take(MOST).map(bit);
    match bits.collect::<Option<Vec<_>>>() {
        Some(bits) if !bits.is_empty() => Criterion::KeyUsage(bits),
        Some(_) | None => Criterion::Unknown,
    }
}

/// Object identifiers, each in an `xades:Identifier`, as such or as a URN (RFC 3061).
fn oids(node: Node<'_, '_>, element: (&'static str, &'static str)) -> Option<Vec<String>> {
    let oid = |node: Node<'_, '_>| {
        let identifier = children(node, (XADES, "Identifier")).next()?;
        let text = text(identifier);
        let dotted = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("urn:oid:"));
        let dotted =
            dotted.map_or(text.as_str(), |scheme| text.get(scheme.len()..).unwrap_or_default());
        let is_dotted = dotted.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        (is_dotted && dotted.contains('.')).then(|| dotted.to_owned())
    };
    let found = children(node, element).take(MOST).map(oid).collect::<Option<Vec<_>>>()?;
    (!found.is_empty()).then_some(found)
}
