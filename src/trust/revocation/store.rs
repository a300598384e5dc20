//! Revocation data at hand.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    fmt,
    sync::Arc,
};

use der::Tag;
use x509_parser::pem::Pem;

use super::{
    RevocationError,
    answer::Answer,
    list::{List, significant},
    news::Known,
    parts::State,
    record::StatusRecord,
};
use crate::{
    asn1::{Broken, Element},
    domain::{RevocationKind, Sha256, Timestamp},
    trust::Certificate,
};

/// Revocation data at hand: lists and answers, and what is remembered of some. Cheap to clone.
///
/// What it holds says the same in whatever order it came.
#[derive(Clone, Default)]
pub struct RevocationStore {
    items: Arc<BTreeMap<Sha256, Held>>,
    records: Vec<StatusRecord>,
}

/// A list or an answer, and where it is from.
#[derive(Clone, Debug)]
struct Held {
    item: Item,
    origin: Origin,
}

/// Where a list or an answer is from. It is no proof of who made it: it says of which certificates
/// a list is that does not say so itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Somebody chose it for what it is asked about.
    Chosen,
    /// It was fetched, from these addresses as far as they are known.
    Fetched(BTreeSet<String>),
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Answer(Arc<Answer>),
    List(Arc<List>),
}

/// What a store has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What it is: a full list, a delta list, or an OCSP answer.
    pub kind: RevocationKind,
    /// Who says it: the list's issuer as RFC 4514 writes the name; of an OCSP answer the
    /// responder's name, or its key's identifier in hexadecimal.
    pub issuer: String,
    /// The moment from which it is true (`thisUpdate`); of an answer about several certificates
    /// the latest.
    pub this_update: Timestamp,
    /// When a newer one is due (`nextUpdate`); of an answer about several certificates the
    /// earliest.
    pub next_update: Option<Timestamp>,
    /// The SHA-256 of the DER: of the list, or of the `BasicOCSPResponse`.
    pub sha256: Sha256,
    /// Of an answer that says good of a single certificate, which that is: a later one of the same
    /// takes its place.
    pub good: Option<Sha256>,
}

/// What data is about: a judgement that rests on it may change with the data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// All certificates of the authority with this name (RFC 4514): a list.
    Authority(String),
    /// The certificates with this serial number, without leading zeros: an answer. Those of several
    /// authorities may have the same.
    Certificate(Vec<u8>),
}

/// What a store says that another did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// What new lists and answers are about.
    pub topics: BTreeSet<Topic>,
    /// Certificates that they call revoked, or revoked from another moment on than was known.
    pub revoked: BTreeSet<Topic>,
}

impl Topic {
    /// Those whose data speaks of this certificate by the authority of this name.
    #[must_use]
    pub fn of(certificate: &Certificate, issuer: &str) -> [Self; 2] {
        let serial = significant(certificate.serial_octets()).to_vec();
        [Self::Authority(issuer.to_owned()), Self::Certificate(serial)]
    }
}

impl RevocationStore {
    /// The most bytes of one list or answer: 64 MiB.
    pub const MAX_LEN: usize = 64 << 20;

    /// Holds nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Takes one `CertificateList`, `OCSPResponse` or `BasicOCSPResponse`, in DER or PEM. The same
    /// bytes are kept once.
    ///
    /// Only the structure is checked: nothing is believed by being here.
    ///
    /// # Errors
    /// When it cannot be read, or asks for something that is not supported. The store is as before.
    pub fn add(&mut self, bytes: &[u8]) -> Result<Kept, RevocationError> {
        self.take(bytes, Origin::Chosen)
    }

    /// The same for what was fetched from these addresses; none where they are not known. A list
    /// that does not say of which certificates it is clears those alone that name one of them.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_fetched(
        &mut self,
        bytes: &[u8],
        from: &BTreeSet<String>,
    ) -> Result<Kept, RevocationError> {
        self.take(bytes, Origin::Fetched(from.clone()))
    }

    fn take(&mut self, bytes: &[u8], origin: Origin) -> Result<Kept, RevocationError> {
        // The same data comes with a signature more than once; its hash is cheaper than its parts.
        if let Some(known) = self.items.get(&Sha256::of(bytes)).cloned() {
            let kept = known.item.kept();
            self.put(kept.sha256, &Held { origin, ..known });
            return Ok(kept);
        }
        let item = Item::read(bytes)?;
        let kept = item.kept();
        // An answer says itself whom it is about.
        let is_answer = matches!(item, Item::Answer(_));
        let origin = if is_answer { Origin::Chosen } else { origin };
        self.put(kept.sha256, &Held { item, origin });
        Ok(kept)
    }

    fn put(&mut self, sha256: Sha256, held: &Held) {
        match Arc::make_mut(&mut self.items).entry(sha256) {
            Entry::Vacant(place) => {
                place.insert(held.clone());
            }
            Entry::Occupied(mut known) => known.get_mut().origin.join(&held.origin),
        }
    }

    /// Takes everything that `other` holds, and the addresses that it knows. No data is copied.
    pub fn extend(&mut self, other: &Self) {
        for (sha256, held) in other.items.iter() {
            self.put(*sha256, held);
        }
    }

    /// The same with what an earlier judgement found proved. It is no news.
    #[must_use]
    pub fn with_records(self, records: Vec<StatusRecord>) -> Self {
        Self { records, ..self }
    }

    /// What it says that `before` does not, or what is known now to be from another address. Nothing
    /// of it is proved. It takes as long as there are entries in the lists that are new.
    #[must_use]
    pub fn news_since(&self, before: &Self) -> News {
        let mut news = News::default();
        let new = self.items.iter().filter(|(sha256, held)| {
            before.items.get(*sha256).is_none_or(|known| known.origin != held.origin)
        });
        for (_, held) in new {
            match &held.item {
                Item::Answer(answer) => {
                    for single in &answer.singles {
                        let topic = Topic::Certificate(significant(single.serial()).to_vec());
                        if let State::Revoked(_) = single.state {
                            news.revoked.insert(topic.clone());
                        }
                        news.topics.insert(topic);
                    }
                }
                Item::List(list) => {
                    news.topics.insert(Topic::Authority(list.issuer.text().to_owned()));
                    let known = Known::of(list, &held.origin, before, self);
                    for (serial, state) in list.states() {
                        if state.revokes() && !known.is_said_last(serial, state) {
                            news.revoked.insert(Topic::Certificate(serial.to_vec()));
                        }
                    }
                }
            }
        }
        news
    }

    /// The number of lists and answers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The lists and where each is from, in an order that does not depend on how they came.
    pub(super) fn lists(&self) -> impl Iterator<Item = (&List, &Origin)> {
        self.items.values().filter_map(|held| match &held.item {
            Item::List(list) => Some((&**list, &held.origin)),
            Item::Answer(_) => None,
        })
    }

    /// What is remembered of a certificate, whoever said it.
    pub(super) fn all_records_of(
        &self,
        certificate: &Certificate,
    ) -> impl Iterator<Item = &StatusRecord> {
        self.records.iter().filter(|record| record.is_of(certificate))
    }

    /// What is remembered of a certificate by this issuer.
    pub(super) fn records_of(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> impl Iterator<Item = &StatusRecord> {
        self.records.iter().filter(|record| record.is_about(certificate, issuer))
    }

    /// The answers, likewise.
    pub(super) fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.items.values().filter_map(|held| match &held.item {
            Item::Answer(answer) => Some(&**answer),
            Item::List(_) => None,
        })
    }
}

impl fmt::Debug for RevocationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationStore").field("len", &self.len()).finish()
    }
}

impl Origin {
    /// Whether both are from one place, as far as that is known.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fetched(own), Self::Fetched(others)) => !own.is_disjoint(others),
            (Self::Chosen, Self::Chosen) => true,
            (Self::Chosen, Self::Fetched(_)) | (Self::Fetched(_), Self::Chosen) => false,
        }
    }

    /// Takes what else is known of it.
    fn join(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Fetched(own), Self::Fetched(others)) => own.extend(others.iter().cloned()),
            (Self::Fetched(_), Self::Chosen) => *self = Self::Chosen,
            (Self::Chosen, _) => {}
        }
    }
}

impl Item {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, RevocationError> {
        /// PEM is a third longer, and may have lines of text before it.
        const MAX_TEXT_LEN: usize = RevocationStore::MAX_LEN * 3 / 2;
        if bytes.len() > MAX_TEXT_LEN {
            return Err(RevocationError::TooLong { length: bytes.len() });
        }
        if bytes.first() == Some(&0x30) {
            return Self::read_der(bytes);
        }
        let mut blocks = Pem::iter_from_buffer(bytes);
        match (blocks.next(), blocks.next()) {
            (Some(Ok(block)), None) => Self::read_der(&block.contents),
            _ => Err(RevocationError::UnknownKind),
        }
    }

    fn read_der(der: &[u8]) -> Result<Self, RevocationError> {
        if der.len() > RevocationStore::MAX_LEN {
            return Err(RevocationError::TooLong { length: der.len() });
        }
        match Kind::of(der).map_err(|_| RevocationError::UnknownKind)? {
            Kind::List => List::read(der).map(|list| Self::List(Arc::new(list))),
            Kind::Answer => Answer::read(der).map(|answer| Self::Answer(Arc::new(answer))),
            Kind::Basic => Answer::read_basic(der).map(|answer| Self::Answer(Arc::new(answer))),
        }
    }

    pub(super) fn kept(&self) -> Kept {
        match self {
            Self::Answer(answer) => Kept {
                kind: RevocationKind::Ocsp,
                issuer: answer.responder.text(),
                this_update: answer
                    .singles
                    .iter()
                    .map(|single| single.this_update)
                    .max()
                    .unwrap_or(answer.produced_at),
                next_update: answer.singles.iter().filter_map(|single| single.next_update).min(),
                sha256: answer.sha256,
                good: match answer.singles.as_slice() {
                    [single] if single.state == State::Good => Some(single.digest()),
                    _ => None,
                },
            },
            Self::List(list) => Kept {
                kind: list.kind(),
                issuer: list.issuer.text().to_owned(),
                this_update: list.this_update,
                next_update: list.next_update,
                sha256: list.sha256,
                good: None,
            },
        }
    }
}

enum Kind {
    Answer,
    Basic,
    List,
}

impl Kind {
    /// By the first two elements that set the three apart.
    fn of(der: &[u8]) -> Result<Self, Broken> {
        let first = Element::only(der)?.of(Tag::Sequence)?.inside()?.next()?;
        if first.tag == Tag::Enumerated {
            return Ok(Self::Answer);
        }
        let second = first.of(Tag::Sequence)?.inside()?.next()?.tag;
        if [Tag::Integer, Tag::Sequence].contains(&second) {
            Ok(Self::List)
        } else if matches!(second, Tag::ContextSpecific { .. }) {
            Ok(Self::Basic)
        } else {
            Err(Broken::Malformed)
        }
    }
}
