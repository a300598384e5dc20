//! One revocation list (RFC 5280 §5), read over its own bytes: a list can have two million entries.

mod entry;
mod pair;

use std::{ops::Range, sync::OnceLock};

use der::Tag;

use self::entry::Entry;
use super::{
    RevocationError, RevocationStore,
    parts::{self, Reason, Signature, State, malformed},
};
use crate::{
    algorithms::{Failure, Used},
    asn1::{Broken, Element, Elements, constructed, primitive},
    domain::{RevocationKind, Sha256, Timestamp},
    trust::{
        Certificate,
        name::Name,
        points::{self, Points},
    },
};

/// A list that could be read whole. Nothing in it is believed.
#[derive(Debug)]
pub(super) struct List {
    der: Vec<u8>,
    pub(super) sha256: Sha256,
    signed: Range<usize>,
    signature: Signature,
    pub(super) issuer: Name,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
    facts: Facts,
    /// Where the entries begin.
    entries: Vec<u32>,
    /// The same in the order of the serial numbers, once somebody asks.
    index: OnceLock<Vec<u32>>,
    /// What the check with the first key said, so that a list is hashed once.
    proved: OnceLock<(Sha256, Result<Used, Failure>)>,
}

/// What `crlExtensions` say.
#[derive(Debug, Default)]
struct Facts {
    number: Option<Number>,
    base: Option<Number>,
    authority_key_id: Option<Vec<u8>>,
    scope: Scope,
    /// `freshestCRL`: where the delta lists to this list are.
    delta_urls: Vec<String>,
    /// `expiredCertsOnCRL` (ITU-T X.509 §9.5.2.8): certificates that expired later are still told.
    tells_expired_since: Option<Timestamp>,
}

/// `issuingDistributionPoint` (RFC 5280 §5.2.5).
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the flags that the standard has")]
struct Scope {
    der: Option<Vec<u8>>,
    names: Option<Vec<Vec<u8>>>,
    only_users: bool,
    only_authorities: bool,
    only_attributes: bool,
    only_some_reasons: bool,
}

/// A list's number: up to 20 octets without leading zeros (RFC 5280 §5.2.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number(usize, Vec<u8>);

const KIND: &str = "a revocation list";

impl List {
    /// The most entries: two million.
    const MAX_ENTRIES: usize = 2_000_000;

    pub(super) fn read(der: &[u8]) -> Result<Self, RevocationError> {
        if der.len() > RevocationStore::MAX_LEN {
            return Err(RevocationError::TooLong { length: der.len() });
        }
        let broken = |broken| malformed(KIND, broken);
        let outer = Outer::read(der).map_err(broken)?;
        if outer.algorithm_inside != outer.algorithm_outside.raw {
            return Err(RevocationError::AlgorithmMismatch);
        }
        let signature = Signature::read(&outer.algorithm_outside, &outer.bits).map_err(broken)?;
        let issuer = Name::from_der(outer.issuer).ok_or_else(|| broken(Broken::Malformed))?;
        let facts = outer.extensions.as_ref().map(Facts::read).transpose()?.unwrap_or_default();
        let entries = outer.entries.as_ref().map(|list| entries(der, list)).transpose()?;
        Ok(Self {
            sha256: Sha256::of(der),
            signed: position(der, outer.signed).ok_or_else(|| broken(Broken::Malformed))?,
            signature,
            issuer,
            this_update: outer.this_update,
            next_update: outer.next_update,
            facts,
            entries: entries.unwrap_or_default(),
            index: OnceLock::new(),
            proved: OnceLock::new(),
            der: der.to_vec(),
        })
    }

    pub(super) fn kind(&self) -> RevocationKind {
        if self.is_delta() { RevocationKind::DeltaCrl } else { RevocationKind::Crl }
    }

    pub(super) fn is_delta(&self) -> bool {
        self.facts.base.is_some()
    }

    /// Whether it says itself of which certificates of its issuer it is (`issuingDistributionPoint`).
    pub(super) fn states_its_part(&self) -> bool {
        self.facts.scope.names.is_some()
    }

    /// Where it says that its delta lists are, `http` or `https`.
    pub(super) fn delta_urls(&self) -> &[String] {
        &self.facts.delta_urls
    }

    /// What its signature rests on besides the length of the key, which is not known.
    pub(super) fn named(&self) -> Result<Used, Failure> {
        self.signature.named()
    }

    /// How many MiB a check of its signature hashes.
    pub(super) fn mebibytes(&self) -> usize {
        self.der.len() >> 20
    }

    /// Whether `issuer` may say by it that a certificate is good (RFC 5280 §6.3.3 (f), §5.2.1). By which
    /// of its certificates it is asked may be a sender's choice, so one that revokes counts in any
    /// case.
    pub(super) fn check_use(&self, issuer: &Certificate) -> Result<(), RevocationError> {
        let ids = (self.facts.authority_key_id.as_deref(), issuer.subject_key_id());
        let problem = if matches!(ids, (Some(named), Some(own)) if named != own) {
            "the list names another key of the issuer"
        } else if issuer.key_usage().is_some_and(|usage| !usage.crl_sign) {
            "its key usage does not allow it to sign lists"
        } else {
            return Ok(());
        };
        let (signer, problem) = (issuer.subject().to_owned(), problem.to_owned());
        Err(RevocationError::WrongSigner { signer, problem })
    }

    /// Whether the key of `issuer` made it, and what that rests on. Identifiers of keys are hints.
    pub(super) fn prove(&self, issuer: &Certificate) -> Result<Used, RevocationError> {
        let wrong = |problem: &str| RevocationError::WrongSigner {
            signer: issuer.subject().to_owned(),
            problem: problem.to_owned(),
        };
        if !issuer.is_subject(&self.issuer) {
            return Err(wrong("the list names another issuer"));
        }
        self.check(issuer.public_key()).map_err(|failure| RevocationError::Unproven { failure })
    }

    fn check(&self, key: &[u8]) -> Result<Used, Failure> {
        let check = || {
            let signed = self.der.get(self.signed.clone()).unwrap_or_default();
            self.signature.verify(key, signed)
        };
        let id = Sha256::of(key);
        let (known, result) = self.proved.get_or_init(|| (id, check()));
        if *known == id { result.clone() } else { check() }
    }

    /// What the list says of `certificate`, of the same issuer.
    ///
    /// Silence says something of those alone that the list is of (RFC 5280 §6.3.3 (b)). Who is on it
    /// is revoked: the issuer gives each serial number once (§4.1.2.2).
    pub(super) fn says_of(&self, certificate: &Certificate) -> Result<State, RevocationError> {
        // RFC 5755 §4.2.5 and §4.5: these have numbers of their own.
        if self.facts.scope.only_attributes {
            let problem = "the list is of attribute certificates only".to_owned();
            return Err(RevocationError::NotAbout { problem });
        }
        match self.state(certificate.serial_octets()) {
            state @ State::Revoked(_) => Ok(state),
            state @ (State::Good | State::Unknown) => self.covers(certificate).map(|()| state),
        }
    }

    fn covers(&self, certificate: &Certificate) -> Result<(), RevocationError> {
        let scope = &self.facts.scope;
        let not_about =
            |problem: &str| Err(RevocationError::NotAbout { problem: problem.to_owned() });
        if scope.only_users && certificate.is_authority() {
            return not_about("the list is of no authorities");
        }
        if scope.only_authorities && !certificate.is_authority() {
            return not_about("the list is of authorities only");
        }
        let named = certificate.crl_names();
        if scope.names.as_ref().is_some_and(|names| !names.iter().any(|name| named.contains(name)))
        {
            return not_about("the list is for another distribution point");
        }
        // Authorities divide their certificates among several lists without saying so in the list.
        // What tells them apart is the delta list that belongs to each.
        let (own, theirs) = (&self.facts.delta_urls, certificate.delta_crl_urls());
        let belongs = own.iter().any(|url| theirs.iter().any(|their| same_file(url, their)));
        if !own.is_empty() && !theirs.is_empty() && !belongs {
            return not_about("the list and the certificate name different delta lists");
        }
        Ok(())
    }

    /// Whether silence on a certificate that ended at `not_after` says that it was not revoked.
    pub(super) fn tells_all(&self, not_after: Timestamp) -> Result<(), &'static str> {
        if self.facts.scope.only_some_reasons {
            return Err("the list tells only of some reasons for revoking");
        }
        still_tells(self.this_update, self.facts.tells_expired_since, not_after)
    }

    /// Whether it names no other key than the one that `certificate` says is its issuer's.
    pub(super) fn may_be_by_issuer_of(&self, certificate: &Certificate) -> bool {
        let ids = (self.facts.authority_key_id.as_deref(), certificate.authority_key_id());
        !matches!(ids, (Some(named), Some(issuers)) if named != issuers)
    }

    /// What the list says of the certificate with this serial number.
    pub(super) fn state(&self, serial: &[u8]) -> State {
        self.entry(serial).unwrap_or(State::Good)
    }

    /// Whether it has an entry of its own for this number.
    pub(super) fn lists(&self, serial: &[u8]) -> bool {
        self.entry(serial).is_some()
    }

    /// What this delta list and the full list before it say.
    pub(super) fn state_after(&self, full: &Self, serial: &[u8]) -> State {
        self.entry(serial).unwrap_or_else(|| full.state(serial))
    }

    /// The serial numbers of its entries, without leading zeros, each with what the list says.
    pub(super) fn states(&self) -> impl Iterator<Item = (&[u8], State)> {
        self.entries.iter().map(|place| {
            let serial = self.serial(*place);
            (serial, self.state(serial))
        })
    }

    /// Whether it revokes any certificate.
    pub(super) fn revokes_anybody(&self) -> bool {
        self.states().any(|(_, state)| state.revokes())
    }

    /// `None` when it is not there; good when a delta list says that it is no longer.
    fn entry(&self, serial: &[u8]) -> Option<State> {
        let serial = significant(serial);
        let index = self.index.get_or_init(|| {
            let mut index = self.entries.clone();
            index.sort_by_cached_key(|place| self.serial(*place));
            index
        });
        let from = index.partition_point(|place| self.serial(*place) < serial);
        let mut found: Option<Entry> = None;
        for place in index.get(from..).unwrap_or_default() {
            let entry = self.element(*place).and_then(|raw| Entry::read(&raw).ok());
            let Some(entry) = entry.filter(|_| self.serial(*place) == serial) else { break };
            found = Some(found.map_or(entry, |before| before.then(entry)));
        }
        found.map(|entry| match entry.revocation.reason {
            Some(Reason::REMOVED) => State::Good,
            _ => State::Revoked(entry.revocation),
        })
    }

    fn serial(&self, place: u32) -> &[u8] {
        let serial = self.element(place).and_then(|entry| entry.inside().ok()?.next().ok());
        serial.map(|serial| significant(serial.value)).unwrap_or_default()
    }

    fn element(&self, place: u32) -> Option<Element<'_>> {
        let rest = self.der.get(usize::try_from(place).ok()?..)?;
        Elements::new(rest).ok()?.next().ok()
    }
}

/// Whether an answer from `this_update` still tells of a certificate that ended at `not_after`.
///
/// RFC 5280 §3.3 and RFC 6960 §4.4.4: once a certificate has expired its revocation may be
/// forgotten, unless the answer says since when it is not.
pub(super) fn still_tells(
    this_update: Timestamp,
    since: Option<Timestamp>,
    not_after: Timestamp,
) -> Result<(), &'static str> {
    if this_update <= not_after || since.is_some_and(|since| since <= not_after) {
        Ok(())
    } else {
        Err("it is from after the certificate's validity, when a revocation may be forgotten")
    }
}

/// The parts of a `CertificateList`.
struct Outer<'a> {
    signed: &'a [u8],
    algorithm_inside: &'a [u8],
    issuer: &'a [u8],
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    entries: Option<Element<'a>>,
    extensions: Option<Element<'a>>,
    algorithm_outside: Element<'a>,
    bits: Element<'a>,
}

impl<'a> Outer<'a> {
    fn read(der: &'a [u8]) -> Result<Self, Broken> {
        let mut outer = Element::only(der)?.of(Tag::Sequence)?.inside()?;
        let signed = outer.expect(Tag::Sequence)?;
        let algorithm_outside = outer.expect(Tag::Sequence)?;
        let bits = outer.expect(Tag::BitString)?;
        outer.finish()?;

        let mut body = signed.inside()?;
        // RFC 5280 §5.1.2.1: version 2 is written as 1, and version 1 not at all.
        let version = body.optional(Tag::Integer)?;
        if version.is_some_and(|version| version.value != [1]) {
            return Err(Broken::Malformed);
        }
        let algorithm_inside = body.expect(Tag::Sequence)?.raw;
        let issuer = body.expect(Tag::Sequence)?.raw;
        let this_update = parts::moment(&body.next()?)?;
        let next_update = parts::optional_moment(&mut body)?;
        let entries = body.optional(Tag::Sequence)?;
        let extensions = match body.optional(constructed(0))? {
            Some(wrapped) => Some(Element::only(wrapped.value)?),
            None => None,
        };
        body.finish()?;
        Ok(Self {
            signed: signed.raw,
            algorithm_inside,
            issuer,
            this_update,
            next_update,
            entries,
            extensions,
            algorithm_outside,
            bits,
        })
    }
}

impl Facts {
    fn read(list: &Element<'_>) -> Result<Self, RevocationError> {
        let broken = |broken| malformed(KIND, broken);
        let mut facts = Self::default();
        for extension in parts::extensions(list).map_err(broken)? {
            let value = extension.value;
            match extension.oid.as_str() {
                NUMBER => facts.number = Some(Number::read(value).map_err(broken)?),
                DELTA_INDICATOR => facts.base = Some(Number::read(value).map_err(broken)?),
                AUTHORITY_KEY_ID => {
                    facts.authority_key_id = parts::key_id(value).map_err(broken)?;
                }
                DISTRIBUTION_POINT => facts.scope = Scope::read(value)?,
                FRESHEST => {
                    facts.delta_urls = Points::read(value).unwrap_or_default().urls;
                }
                EXPIRED => {
                    let since = Element::only(value).and_then(|time| parts::moment(&time));
                    facts.tells_expired_since = Some(since.map_err(broken)?);
                }
                _ if extension.is_critical => {
                    return Err(RevocationError::Unsupported {
                        name: format!("the critical extension {} of the list", extension.oid),
                    });
                }
                _ => {}
            }
        }
        Ok(facts)
    }
}

const NUMBER: &str = "2.5.29.20";
const DELTA_INDICATOR: &str = "2.5.29.27";
const DISTRIBUTION_POINT: &str = "2.5.29.28";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const FRESHEST: &str = "2.5.29.46";
const EXPIRED: &str = "2.5.29.60";

impl Scope {
    fn read(der: &[u8]) -> Result<Self, RevocationError> {
        let (scope, is_indirect) = Self::read_flags(der).map_err(|error| malformed(KIND, error))?;
        if is_indirect {
            let name = "a list of what other authorities have revoked".to_owned();
            return Err(RevocationError::Unsupported { name });
        }
        Ok(scope)
    }

    fn read_flags(der: &[u8]) -> Result<(Self, bool), Broken> {
        let mut parts = Element::only(der)?.of(Tag::Sequence)?.inside()?;
        let mut scope = Self { der: Some(der.to_vec()), ..Self::default() };
        if let Some(point) = parts.optional(constructed(0))? {
            let names = points::full_names(&point)?;
            scope.names = Some(names.iter().map(|name| name.raw.to_vec()).collect());
        }
        let mut flag = |number| match parts.optional(primitive(number))? {
            Some(flag) if number == 3 => Ok(!flag.value.is_empty()),
            Some(flag) => parts::boolean(&flag),
            None => Ok(false),
        };
        scope.only_users = flag(1)?;
        scope.only_authorities = flag(2)?;
        scope.only_some_reasons = flag(3)?;
        let is_indirect = flag(4)?;
        scope.only_attributes = flag(5)?;
        parts.finish()?;
        Ok((scope, is_indirect))
    }
}

impl Number {
    fn read(der: &[u8]) -> Result<Self, Broken> {
        const MAX_LEN: usize = 20;
        let value = Element::only(der)?.of(Tag::Integer)?.value;
        let digits = significant(value);
        let is_negative = value.first().is_none_or(|first| first & 0x80 != 0);
        if is_negative || digits.len() > MAX_LEN {
            return Err(Broken::Malformed);
        }
        Ok(Self(digits.len(), digits.to_vec()))
    }
}

/// Where the entries begin in `der`; every one is read once, so that all can be read later.
fn entries(der: &[u8], list: &Element<'_>) -> Result<Vec<u32>, RevocationError> {
    let broken = |broken| malformed(KIND, broken);
    let mut places = Vec::new();
    let mut all = list.inside().map_err(broken)?;
    while !all.is_finished() {
        if places.len() >= List::MAX_ENTRIES {
            return Err(RevocationError::TooManyEntries { max: List::MAX_ENTRIES });
        }
        let entry = all.expect(Tag::Sequence).map_err(broken)?;
        Entry::read(&entry).map_err(|error| error.of(KIND))?;
        let place = position(der, entry.raw).and_then(|range| u32::try_from(range.start).ok());
        places.push(place.ok_or_else(|| broken(Broken::Malformed))?);
    }
    Ok(places)
}

/// Where `part`, a slice of `whole`, lies in it.
fn position(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}

/// A serial number or a number without leading zeros: authorities write some with one too many or
/// too few, and an entry must not be missed for that.
pub(super) fn significant(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    integer.get(zeros..).unwrap_or_default()
}

/// Whether two URLs end in the same file name: the authority's host changes, the name does not.
fn same_file(one: &str, other: &str) -> bool {
    let name = |url: &str| url.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name(one) == name(other)
}
