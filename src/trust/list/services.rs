//! The providers and services of a list (ETSI TS 119 612 §5.4 to §5.6).

use base64ct::{Base64, Encoding as _};

use super::{
    extensions,
    xml::{LIST, Node, XML, child, children, text},
};
use crate::{
    domain::{Timestamp, beginning},
    trust::{
        Certificate, CertificateUse, ServiceExtensions, ServiceKind, ServiceStatus, TrustService,
        name,
    },
};

/// 2016-07-01: from here on only `granted` counts (Regulation 910/2014, and with it ETSI TS 119
/// 612 §5.5.4).
const GRANTED_ALONE: &str = "2016-07-01T00:00:00Z";

/// The most names, certificates or periods of one service.
const MOST: usize = 1024;

/// The services, and what is wrong with those that cannot be read.
pub(super) fn read(root: Node<'_, '_>) -> (Vec<TrustService>, Vec<String>) {
    let (mut services, mut problems) = (Vec::new(), Vec::new());
    let lists = children(root, (LIST, "TrustServiceProviderList"));
    for provider in lists.flat_map(|list| children(list, (LIST, "TrustServiceProvider"))) {
        let provider_name = child(provider, (LIST, "TSPInformation"))
            .and_then(|information| local_name(information, "TSPName"))
            .unwrap_or_default();
        let listed = children(provider, (LIST, "TSPServices"));
        for (index, service) in
            listed.flat_map(|list| children(list, (LIST, "TSPService"))).enumerate()
        {
            let number = index.saturating_add(1);
            let mut told = |problem: &str| {
                problems.push(format!("service {number} of {provider_name}: {problem}"));
            };
            match read_service(service, &provider_name, &mut told) {
                Ok(read) => {
                    if read.iter().any(|service| service.certificates.is_empty()) {
                        told("it has no certificate, so no signature can be traced to it");
                    }
                    services.extend(read);
                }
                Err(problem) => {
                    told(&problem);
                    services.extend(unused(service, &provider_name));
                }
            }
        }
    }
    (services, problems)
}

/// A service for each thing that it does or did: what once had another type was granted as that, and is
/// withdrawn as that.
fn read_service(
    service: Node<'_, '_>,
    provider: &str,
    told: &mut impl FnMut(&str),
) -> Result<Vec<TrustService>, String> {
    let information = child(service, (LIST, "ServiceInformation"))
        .ok_or("it has no ServiceInformation, so it is not used")?;
    let own = kind_of(information).ok_or("its type cannot be read, so it is not used")?;
    let mut all: Vec<ServiceKind> = Vec::new();
    for kind in kinds(service).filter(ServiceKind::vouches) {
        if !all.contains(&kind) {
            all.push(kind);
        }
    }
    if all.is_empty() {
        all.push(own);
    }
    let mut read = Vec::new();
    for kind in all {
        // Of each period is told once what is wrong with it.
        let is_first = read.is_empty();
        let mut told = |problem: &str| {
            if is_first {
                told(problem);
            }
        };
        read.push(read_as(&kind, service, information, provider, &mut told)?);
    }
    Ok(read)
}

fn read_as(
    kind: &ServiceKind,
    service: Node<'_, '_>,
    information: Node<'_, '_>,
    provider: &str,
    told: &mut impl FnMut(&str),
) -> Result<TrustService, String> {
    let mut read = named(kind.clone(), information, provider);
    let identity = child(information, (LIST, "ServiceDigitalIdentity"))
        .ok_or("it has no digital identity, so it is not used")?;
    read_identity(identity, &mut read)?;

    let extensions = extensions_of(information, kind)
        .map_err(|name| format!("{}, so it is not used", not_understood(&name)))?;
    let mut periods = vec![Period { extensions, ..period_of(information, kind)? }];
    for instance in children_of_history(service) {
        let mut period = period_of(instance, kind)?;
        match extensions_of(instance, kind) {
            Ok(extensions) => period.extensions = extensions,
            Err(name) => {
                period.word = Word::Other;
                period.extensions = for_everything();
                told(&format!(
                    "{} in its history from {}, so that period counts as not granted",
                    not_understood(&name),
                    period.from
                ));
            }
        }
        periods.push(period);
    }
    periods.sort_by_key(|period| period.from);
    if periods.windows(2).any(|pair| matches!(pair, [one, next] if one.from == next.from)) {
        return Err("two of its statuses begin at the same moment, so it is not used".to_owned());
    }
    read.history = with_end_of_supervision(&periods);
    Ok(read)
}

/// A service that is not used, with the certificates that can be read. It says that nothing is granted
/// for their key: whatever keeps a service from being read may not give back what was withdrawn.
fn unused(service: Node<'_, '_>, provider: &str) -> Option<TrustService> {
    let information = child(service, (LIST, "ServiceInformation"))?;
    // It may have issued certificates unless it says that it never did.
    let of_type = kind_of(information).unwrap_or(ServiceKind::QualifiedAuthority);
    let mut all = kinds(service).chain([of_type]).filter(ServiceKind::vouches);
    let first = all.next()?;
    let kind = all.find(|kind| *kind == ServiceKind::QualifiedAuthority).unwrap_or(first);
    let identity = child(information, (LIST, "ServiceDigitalIdentity"))?;
    let certificates = children(identity, (LIST, "DigitalId"))
        .take(MOST)
        .filter_map(|id| Certificate::parse(&decoded(child(id, (LIST, "X509Certificate"))?)?).ok());
    let certificates: Vec<_> = certificates.collect();
    let history = vec![ServiceStatus::new(Timestamp::from_seconds(0), false)];
    let named = named(kind, information, provider);
    (!certificates.is_empty()).then_some(TrustService { certificates, history, ..named })
}

fn named(kind: ServiceKind, information: Node<'_, '_>, provider: &str) -> TrustService {
    TrustService {
        kind,
        provider: provider.to_owned(),
        name: local_name(information, "ServiceName").unwrap_or_default(),
        certificates: Vec::new(),
        key_ids: Vec::new(),
        subjects: Vec::new(),
        list: None,
        history: Vec::new(),
    }
}

/// The types that it has and had, as far as they can be read.
fn kinds(service: Node<'_, '_>) -> impl Iterator<Item = ServiceKind> {
    let history = children_of_history(service);
    child(service, (LIST, "ServiceInformation")).into_iter().chain(history).filter_map(kind_of)
}

fn children_of_history<'a, 'i>(service: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    let history = child(service, (LIST, "ServiceHistory")).into_iter();
    let instances = history.flat_map(|history| children(history, (LIST, "ServiceHistoryInstance")));
    instances.take(MOST)
}

/// The extensions of a service that is used for something; the name of a critical one otherwise.
fn extensions_of(node: Node<'_, '_>, kind: &ServiceKind) -> Result<ServiceExtensions, String> {
    match kind {
        ServiceKind::QualifiedAuthority | ServiceKind::QualifiedTimeStamping => {
            extensions::read(node)
        }
        ServiceKind::Other(_) => Ok(ServiceExtensions::default()),
    }
}

/// What a period was for that is not understood nobody knows.
fn for_everything() -> ServiceExtensions {
    let uses = vec![CertificateUse::Seals, CertificateUse::Signatures, CertificateUse::WebSites];
    ServiceExtensions { uses, ..ServiceExtensions::default() }
}

fn not_understood(name: &str) -> String {
    format!("it has a critical extension that is not understood ({name})")
}

/// Whether and until when the status of a period counts as granted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Granted,
    /// `undersupervision` and `accredited`, of the time before `granted` existed.
    Supervised,
    Other,
}

struct Period {
    from: Timestamp,
    word: Word,
    extensions: ServiceExtensions,
}

fn period_of(node: Node<'_, '_>, kind: &ServiceKind) -> Result<Period, &'static str> {
    let status = child(node, (LIST, "ServiceStatus"))
        .map(text)
        .ok_or("a status is missing, so it is not used")?;
    let from = child(node, (LIST, "StatusStartingTime"))
        .and_then(|from| text(from).parse().ok())
        .ok_or("the beginning of a status cannot be read, so it is not used")?;
    let word = match status.rsplit('/').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        // A service that had another type then did not do then what it does today.
        _ if kind_of(node).as_ref() != Some(kind) => Word::Other,
        "granted" => Word::Granted,
        "undersupervision" | "accredited" => Word::Supervised,
        _ => Word::Other,
    };
    Ok(Period { from, word, extensions: ServiceExtensions::default() })
}

/// The periods, each supervised one ending when supervision ceased to be enough.
fn with_end_of_supervision(periods: &[Period]) -> Vec<ServiceStatus> {
    let end: Timestamp = GRANTED_ALONE.parse().expect("the constant is a moment");
    let mut history = Vec::new();
    for (index, period) in periods.iter().enumerate() {
        let is_granted = match period.word {
            Word::Granted => true,
            Word::Supervised => period.from < end,
            Word::Other => false,
        };
        let extensions = period.extensions.clone();
        history.push(ServiceStatus { extensions, ..ServiceStatus::new(period.from, is_granted) });
        let next = periods.get(index.saturating_add(1)).map(|next| next.from);
        if period.word == Word::Supervised && is_granted && next.is_none_or(|next| next > end) {
            history.push(ServiceStatus::new(end, false));
        }
    }
    history
}

fn kind_of(node: Node<'_, '_>) -> Option<ServiceKind> {
    let uri = text(child(node, (LIST, "ServiceTypeIdentifier"))?);
    let (_, kind) = uri.rsplit_once("/Svctype/")?;
    Some(match kind {
        "CA/QC" => ServiceKind::QualifiedAuthority,
        "TSA/QTST" => ServiceKind::QualifiedTimeStamping,
        _ => ServiceKind::Other(uri.chars().filter(char::is_ascii_graphic).take(256).collect()),
    })
}

fn read_identity(identity: Node<'_, '_>, read: &mut TrustService) -> Result<(), &'static str> {
    for id in children(identity, (LIST, "DigitalId")).take(MOST) {
        if let Some(certificate) = child(id, (LIST, "X509Certificate")) {
            let certificate = decoded(certificate)
                .and_then(|der| Certificate::parse(&der).ok())
                .ok_or("one of its certificates cannot be read, so it is not used")?;
            if !read.certificates.contains(&certificate) {
                read.certificates.push(certificate);
            }
        } else if let Some(key_id) = child(id, (LIST, "X509SKI")) {
            let key_id =
                decoded(key_id).ok_or("a key identifier cannot be read, so it is not used")?;
            read.key_ids.push(name::hex(&key_id));
        } else if let Some(subject) = child(id, (LIST, "X509SubjectName")) {
            read.subjects.push(shown(&text(subject)));
        }
    }
    // ETSI TS 119 612 §5.5.3: all certificates of one service have one key.
    let mut keys = read.certificates.iter().map(Certificate::public_key);
    let first = keys.next();
    if keys.any(|key| Some(key) != first) {
        return Err("its certificates have different keys, so it is not used");
    }
    Ok(())
}

fn decoded(node: Node<'_, '_>) -> Option<Vec<u8>> {
    let packed: String = text(node).split_ascii_whitespace().collect();
    Base64::decode_vec(&packed).ok()
}

/// A name in Ukrainian, else in English, else the first.
pub(super) fn local_name(node: Node<'_, '_>, element: &'static str) -> Option<String> {
    let names: Vec<_> =
        children(child(node, (LIST, element))?, (LIST, "Name")).take(MOST).collect();
    let in_language = |language| {
        let mut names = names.iter();
        names.find(|name| name.attribute((XML, "lang")) == Some(language))
    };
    let name = in_language("uk").or_else(|| in_language("en")).or_else(|| names.first())?;
    Some(shown(&text(*name)))
}

/// Safe to show: one line without hidden characters.
pub(super) fn shown(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    name::readable(beginning(&line, 512))
}
