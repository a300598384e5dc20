//! `nameConstraints` and the names that they bind.

use std::net::IpAddr;

use x509_parser::asn1_rs::{Any, Class};

use super::super::{Certificate, name::Name, tree};

/// The most names or subtrees that are compared: more serve to waste time.
const MOST_NAMES: usize = 256;

/// The tag of `rfc822Name`.
const EMAIL: u32 = 1;

/// A name of `subjectAltName`, or the base of a subtree.
#[derive(Clone)]
pub(in crate::trust) enum GeneralName {
    Address(Vec<u8>),
    Directory(Name),
    Dns(String),
    Email(String),
    Uri(String),
    /// Another form, or one that cannot be read; by its tag.
    Other(u32),
}

/// `nameConstraints`.
#[derive(Clone, Default)]
pub(in crate::trust) struct NameConstraints {
    permitted: Vec<GeneralName>,
    excluded: Vec<GeneralName>,
}

/// `GeneralNames`; `None` when it is no sequence of tagged names.
pub(in crate::trust) fn general_names(der: &[u8]) -> Option<Vec<GeneralName>> {
    let [list] = tree::elements(der)?.try_into().ok()?;
    let names = tree::sequence(&list)?;
    names.iter().map(GeneralName::read).collect()
}

impl NameConstraints {
    /// `None` when it cannot be read or has `minimum` or `maximum`, which RFC 5280 forbids.
    pub(in crate::trust) fn read(der: &[u8]) -> Option<Self> {
        let [list] = tree::elements(der)?.try_into().ok()?;
        let mut read = Self::default();
        let parts = tree::sequence(&list)?;
        for part in &parts {
            let subtrees = match (part.class(), part.tag().0) {
                (Class::ContextSpecific, 0) => &mut read.permitted,
                (Class::ContextSpecific, 1) => &mut read.excluded,
                _ => return None,
            };
            if !subtrees.is_empty() {
                return None;
            }
            for subtree in tree::elements(part.data)? {
                let [base] = tree::sequence(&subtree)?.try_into().ok()?;
                subtrees.push(GeneralName::read(&base)?);
            }
        }
        let few = read.permitted.len().max(read.excluded.len()) <= MOST_NAMES;
        (!parts.is_empty() && few).then_some(read)
    }

    /// The first name of `certificate` that it may not have.
    fn violated_by(&self, certificate: &Certificate) -> Option<String> {
        let subject = certificate.subject_name();
        let mut names = Vec::new();
        if !subject.is_empty() {
            names.push(GeneralName::Directory(subject.clone()));
        }
        let Some(alternatives) = certificate.alternative_names() else {
            return Some("a subjectAltName that cannot be read".to_owned());
        };
        if alternatives.len() > MOST_NAMES {
            return Some(format!("more than {MOST_NAMES} names"));
        }
        names.extend(alternatives.iter().cloned());
        // RFC 5280 §4.2.1.10: where older certificates hold the address.
        let emails = subject.email_addresses();
        names.extend(emails.map(|one| one.map_or(GeneralName::Other(EMAIL), GeneralName::Email)));
        names.iter().find(|name| !self.allows(name)).map(GeneralName::text)
    }

    fn allows(&self, name: &GeneralName) -> bool {
        let same_form = |base: &&GeneralName| base.form() == name.form();
        if self.excluded.iter().filter(same_form).any(|base| name.is_within(base) != Some(false)) {
            return false;
        }
        let mut permitted = self.permitted.iter().filter(same_form).peekable();
        permitted.peek().is_none() || permitted.any(|base| name.is_within(base) == Some(true))
    }
}

/// What a certificate on `path` (the signer first) is named against the constraints of an
/// authority above it: the place of the certificate, and the name.
pub(in crate::trust) fn violated_name(path: &[&Certificate]) -> Option<(usize, String)> {
    for (height, authority) in path.iter().enumerate().skip(1) {
        let Some(constraints) = authority.name_constraints() else { continue };
        for (place, certificate) in path.iter().enumerate().take(height) {
            // RFC 5280 §6.1.3 (b): an authority's own renewal is not bound by its names.
            if place > 0 && certificate.is_self_issued() {
                continue;
            }
            if let Some(name) = constraints.violated_by(certificate) {
                return Some((place, name));
            }
        }
    }
    None
}

impl GeneralName {
    fn read(element: &Any<'_>) -> Option<Self> {
        if element.class() != Class::ContextSpecific {
            return None;
        }
        let tag = element.tag().0;
        let ascii = || {
            let text = std::str::from_utf8(element.data).ok()?;
            text.is_ascii().then(|| text.to_ascii_lowercase())
        };
        let read = match tag {
            EMAIL => ascii().map(Self::Email),
            2 => ascii().map(Self::Dns),
            4 => Name::from_der(element.data).map(Self::Directory),
            6 => ascii().map(Self::Uri),
            7 => Some(Self::Address(element.data.to_vec())),
            _ => None,
        };
        Some(read.unwrap_or(Self::Other(tag)))
    }

    /// The host that it names, in lower case.
    pub(in crate::trust) fn host(&self) -> Option<&str> {
        if let Self::Dns(name) = self { Some(name) } else { None }
    }

    fn form(&self) -> u32 {
        match self {
            Self::Email(_) => EMAIL,
            Self::Dns(_) => 2,
            Self::Directory(_) => 4,
            Self::Uri(_) => 6,
            Self::Address(_) => 7,
            Self::Other(tag) => *tag,
        }
    }

    /// Whether it lies in the subtree of `base`, which has the same form; `None`: cannot be said.
    fn is_within(&self, base: &Self) -> Option<bool> {
        Some(match (self, base) {
            (Self::Directory(name), Self::Directory(base)) => name.is_within(base)?,
            (Self::Dns(name), Self::Dns(base)) => in_domain(name, base.trim_start_matches('.')),
            (Self::Email(address), Self::Email(base)) => {
                let (_, host) = address.rsplit_once('@')?;
                match (base.contains('@'), base.strip_prefix('.')) {
                    (true, _) => address == base,
                    (false, Some(domain)) => host != domain && in_domain(host, domain),
                    (false, None) => host == base,
                }
            }
            (Self::Uri(uri), Self::Uri(base)) => {
                let host = uri_host(uri)?;
                match base.strip_prefix('.') {
                    Some(domain) => host != domain && in_domain(host, domain),
                    None => host == base,
                }
            }
            (Self::Address(address), Self::Address(base)) => {
                let (network, mask) = base.split_at_checked(base.len().checked_div(2)?)?;
                let whole = matches!(network.len(), 4 | 16) && mask.len() == network.len();
                if !whole || !matches!(address.len(), 4 | 16) {
                    return None;
                }
                let bits = address.iter().zip(network).zip(mask);
                address.len() == network.len()
                    && bits.into_iter().all(|((given, wanted), mask)| (given ^ wanted) & mask == 0)
            }
            _ => return None,
        })
    }

    fn text(&self) -> String {
        match self {
            Self::Address(octets) => {
                match (<[u8; 4]>::try_from(&**octets), <[u8; 16]>::try_from(&**octets)) {
                    (Ok(octets), _) => IpAddr::from(octets).to_string(),
                    (_, Ok(octets)) => IpAddr::from(octets).to_string(),
                    _ => "an address of a strange length".to_owned(),
                }
            }
            Self::Directory(name) => name.text().to_owned(),
            Self::Dns(name) | Self::Email(name) | Self::Uri(name) => {
                name.chars().map(|c| if c.is_ascii_graphic() { c } else { '?' }).take(256).collect()
            }
            Self::Other(tag) => format!("a name of the form {tag}"),
        }
    }
}

/// RFC 5280 §4.2.1.10: labels may be added on the left. An empty base holds everything.
fn in_domain(name: &str, base: &str) -> bool {
    base.is_empty()
        || name.strip_suffix(base).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The host name; `None` for an address, which such a constraint must not pass.
fn uri_host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let is_name = !host.is_empty() && host.parse::<IpAddr>().is_err() && !host.starts_with('[');
    is_name.then_some(host)
}
