//! Which signature speaks of which content.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{
    Bundle, Document, Limits,
    file_name::{self, Likeness, NameHint, NameKey, read_name},
    kind::{self, Kind},
    opening::{Closed, Decrypted, Opening},
};
use crate::{
    algorithms::DigestAlgorithm,
    domain::{Finding, FindingCode, Sha256, TypeCode, TypeSource},
    message::Part,
    signature::{self, Encrypted, Signed, cms::SignedData},
};

/// Pairs the parts of a mail.
pub(super) fn pair(parts: &[Part], opening: &mut Opening<'_>, limits: &Limits) -> Bundle {
    let (parts, covers): (Vec<Part>, Vec<Cover>) =
        parts.iter().map(|part| uncovered(part, opening, limits)).unzip();
    let mut pile = Pile {
        parts: &parts,
        covers: &covers,
        keys: parts.iter().map(|part| part.name.as_deref().map(NameKey::of)).collect(),
        entries: Vec::new(),
        known: BTreeMap::new(),
        files: Vec::new(),
        digests: BTreeMap::new(),
        digested: Vec::new(),
    };
    let mut loose = Vec::new();
    for (index, (part, cover)) in parts.iter().zip(&covers).enumerate() {
        match Kind::of(part, &cover.encrypted, &limits.signature) {
            Kind::Attached(content) => {
                let entry = pile.entry_of(&content, index);
                pile.sign(entry, index);
                pile.files.push(File { content: part.content.clone(), entry });
                pile.add_files(cover, entry);
            }
            Kind::Detached(signed_data) => {
                loose.push(Loose { index, signed_data: Some(signed_data) });
            }
            Kind::Damaged => loose.push(Loose { index, signed_data: None }),
            Kind::Container(name) => pile.add(index, Standing::Container(name)),
            Kind::Document => pile.add(index, Standing::Document),
            Kind::Other => pile.add(index, Standing::Other),
            Kind::Text => pile.add(index, Standing::Text),
        }
    }
    loose.retain(|signature| !pile.pair_by_content(signature));
    // What a mail program signs the whole mail with (RFC 8551 §3.5.3) fits none of its parts.
    let is_of_mail = |signature: &Loose| {
        signature.signed_data.is_some() && parts.get(signature.index).is_some_and(kind::is_of_mail)
    };
    loose.retain(|signature| !is_of_mail(signature));
    loose.retain(|signature| !pile.pair_by_name(signature));
    if let [signature] = loose.as_slice()
        && pile.pair_as_the_only_ones(signature)
    {
        loose.clear();
    }
    for signature in &loose {
        pile.add_orphan(signature);
    }
    pile.into_bundle(limits)
}

/// What a part came in, or has inside, when it is encrypted.
struct Cover {
    encrypted: Vec<Encrypted>,
    closed: Option<Closed>,
}

/// The part without encryption around it, and what was there.
fn uncovered(part: &Part, opening: &mut Opening<'_>, limits: &Limits) -> (Part, Cover) {
    let Decrypted { content, encrypted, closed } =
        opening.decrypt(&part.content, &limits.signature);
    let mut part = part.clone();
    // The label is the encrypted file's.
    if part.content != content {
        let name = part.name.as_deref().map(file_name::without_envelope_ending);
        let media_type = "application/octet-stream".to_owned();
        part = Part { name: name.map(str::to_owned), media_type, content, inline_text: false };
    }
    (part, Cover { encrypted, closed })
}

/// A signature file without its own content, which may be unreadable.
struct Loose {
    index: usize,
    signed_data: Option<SignedData>,
}

/// Everything that can be a document, each content once.
struct Pile<'a> {
    parts: &'a [Part],
    /// What each part came in.
    covers: &'a [Cover],
    /// The key of each part's name.
    keys: Vec<Option<NameKey>>,
    entries: Vec<Entry>,
    /// The entry of each content.
    known: BTreeMap<Sha256, usize>,
    /// Everything that a detached signature may be over.
    files: Vec<File>,
    /// The first of `files` with each digest, by the algorithms in `digested`.
    digests: BTreeMap<Vec<u8>, (DigestAlgorithm, usize)>,
    digested: Vec<DigestAlgorithm>,
}

struct Entry {
    /// The part that it was first met in.
    first: usize,
    content: Option<Bytes>,
    /// The worst of what its parts are; carried by a signature file alone, it is a document.
    standing: Standing,
    /// Whether it has signatures inside.
    signed_inside: bool,
    /// The parts that are the content itself.
    plain: Vec<usize>,
    /// The parts that sign it, and the bytes of each once.
    signatures: Vec<usize>,
    signed_by: BTreeSet<Sha256>,
}

/// What a content is without any signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Text,
    Other,
    Document,
    Container(&'static str),
    /// A signature without its document.
    Orphan,
}

struct File {
    content: Bytes,
    entry: usize,
}

impl Pile<'_> {
    /// The entry of a content, new or known.
    fn entry_of(&mut self, content: &Bytes, index: usize) -> usize {
        let entry = *self.known.entry(Sha256::of(content)).or_insert(self.entries.len());
        if entry == self.entries.len() {
            self.entries.push(Entry {
                first: index,
                content: None,
                standing: Standing::Text,
                signed_inside: signature::is_signed_inside(content),
                plain: Vec::new(),
                signatures: Vec::new(),
                signed_by: BTreeSet::new(),
            });
            self.files.push(File { content: content.clone(), entry });
        }
        entry
    }

    /// Adds a part that is a content itself.
    fn add(&mut self, index: usize, standing: Standing) {
        let Some(part) = self.parts.get(index) else { return };
        let entry = self.entry_of(&part.content, index);
        if let Some(cover) = self.covers.get(index) {
            self.add_files(cover, entry);
        }
        if let Some(entry) = self.entries.get_mut(entry) {
            entry.content = Some(part.content.clone());
            entry.standing = entry.standing.max(standing);
            entry.plain.push(index);
        }
    }

    /// Signatures may be over the encrypted files that an entry came in.
    fn add_files(&mut self, cover: &Cover, entry: usize) {
        let files = cover.encrypted.iter().map(|one| File { content: one.file.clone(), entry });
        self.files.extend(files);
    }

    /// Adds a signature file to an entry, unless the same bytes are there.
    fn sign(&mut self, entry: usize, index: usize) {
        let Some(entry) = self.entries.get_mut(entry) else { return };
        let Some(part) = self.parts.get(index) else { return };
        if entry.signed_by.insert(Sha256::of(&part.content)) {
            entry.signatures.push(index);
            entry.first = entry.first.min(index);
        }
    }

    fn pair_by_content(&mut self, signature: &Loose) -> bool {
        let Some(signed_data) = &signature.signed_data else { return false };
        for (algorithm, _) in signed_data.message_digests() {
            self.digest_files(algorithm);
        }
        let first = signed_data
            .message_digests()
            .filter_map(|(algorithm, digest)| {
                let (of, file) = self.digests.get(&**digest)?;
                (*of == algorithm).then_some(*file)
            })
            .min();
        let found = first.and_then(|file| self.files.get(file)).map(|file| file.entry);
        if let Some(entry) = found {
            self.sign(entry, signature.index);
        }
        found.is_some()
    }

    /// Digests every file once, so that many signatures among many files cost no more than reading
    /// them.
    fn digest_files(&mut self, algorithm: DigestAlgorithm) {
        if self.digested.contains(&algorithm) {
            return;
        }
        self.digested.push(algorithm);
        for (index, file) in self.files.iter().enumerate() {
            let digest = algorithm.digest(&file.content);
            self.digests.entry(digest).or_insert((algorithm, index));
        }
    }

    /// Pairs a signature that fits no content with the unsigned file that bears its name, so that
    /// it is found broken there. A name that was cut has to fit one file only.
    fn pair_by_name(&mut self, signature: &Loose) -> bool {
        let Some(name) = self.key(signature.index) else { return false };
        let mut same = None;
        let mut beginnings = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            if !entry.may_be_signed() {
                continue;
            }
            let names = entry.plain.iter().filter_map(|part| self.key(*part));
            for likeness in names.filter_map(|document| file_name::likeness(name, document)) {
                match likeness {
                    Likeness::Same => same = same.or(Some(index)),
                    Likeness::Beginning => beginnings.push(index),
                }
            }
        }
        let found = same.or(match beginnings.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        if let Some(entry) = found {
            self.sign(entry, signature.index);
        }
        found.is_some()
    }

    /// The only loose signature and the only unsigned copy belong together, whatever their names.
    /// A signature by algorithms that are not supported may be any file's.
    fn pair_as_the_only_ones(&mut self, signature: &Loose) -> bool {
        let unsigned = |least: Standing| {
            let entries = self.entries.iter().enumerate();
            let mut fitting = entries
                .filter(|(_, entry)| entry.may_be_signed() && entry.standing >= least)
                .map(|(index, _)| index);
            fitting.next().filter(|_| fitting.next().is_none())
        };
        let tells_nothing =
            signature.signed_data.as_ref().is_some_and(|read| !read.tells_its_content());
        let any = || tells_nothing.then(|| unsigned(Standing::Other)).flatten();
        let found = unsigned(Standing::Document).or_else(any);
        if let Some(entry) = found {
            self.sign(entry, signature.index);
        }
        found.is_some()
    }

    fn add_orphan(&mut self, signature: &Loose) {
        let standing = match signature.signed_data {
            Some(_) => Standing::Orphan,
            None => Standing::Document,
        };
        let orphan = Entry {
            first: signature.index,
            content: None,
            standing,
            signed_inside: false,
            plain: Vec::new(),
            signatures: vec![signature.index],
            signed_by: BTreeSet::new(),
        };
        self.entries.push(orphan);
    }

    fn into_bundle(mut self, limits: &Limits) -> Bundle {
        self.entries.retain(Entry::is_document);
        self.entries.sort_by_key(|entry| entry.first);
        let mut bundle = Bundle::default();
        if self.entries.len() > limits.documents {
            self.entries.truncate(limits.documents);
            let finding = Finding::of_share(FindingCode::LimitExceeded).with_detail("documents");
            bundle.findings.push(finding);
        }
        for (entry, number) in self.entries.iter().zip(1..) {
            let closed = self.covers_of(entry).find_map(|cover| cover.closed.as_ref());
            bundle.findings.extend(match closed {
                Some(Closed { code, detail }) => {
                    let finding = Finding::of_document(*code, number);
                    Some(Finding { detail: detail.clone(), ..finding })
                }
                None => entry.finding(number),
            });
            bundle.documents.push(self.document(entry));
        }
        bundle
    }

    fn document(&self, entry: &Entry) -> Document {
        let names = entry.plain.iter().filter_map(|part| self.name(*part));
        let signature_names = entry.signatures.iter().filter_map(|part| self.name(*part));
        let all: Vec<&str> = names.chain(signature_names.map(file_name::without_ending)).collect();
        let hints: Vec<NameHint> = all.iter().map(|name| read_name(name)).collect();
        let unnamed = || format!("attachment-{}", entry.first.saturating_add(1));
        let known = hints.iter().map(|hint| &hint.type_code).find(|code| !code.is_unknown());
        let signature_files = || entry.signatures.iter().filter_map(|part| self.parts.get(*part));
        Document {
            name: all.first().map_or_else(unnamed, |name| (*name).to_owned()),
            type_code: known.cloned().unwrap_or_else(TypeCode::unknown),
            type_source: known.map(|_| TypeSource::Name),
            made_at: hints.iter().find_map(|hint| hint.made_at),
            signed: Signed {
                content: entry.content.clone(),
                signatures: signature_files().map(|part| part.content.clone()).collect(),
            },
            signature_names: signature_files()
                .map(|part| part.name.clone().unwrap_or_else(|| "signature.p7s".to_owned()))
                .collect(),
            encrypted: self.covers_of(entry).flat_map(|cover| cover.encrypted.clone()).collect(),
        }
    }

    fn covers_of(&self, entry: &Entry) -> impl Iterator<Item = &Cover> {
        let parts = entry.plain.iter().chain(&entry.signatures);
        parts.filter_map(|part| self.covers.get(*part))
    }

    fn name(&self, index: usize) -> Option<&str> {
        self.parts.get(index)?.name.as_deref()
    }

    fn key(&self, index: usize) -> Option<&NameKey> {
        self.keys.get(index)?.as_ref()
    }
}

impl Entry {
    fn is_document(&self) -> bool {
        self.standing >= Standing::Document || !self.signatures.is_empty()
    }

    /// Whether a signature that fits no content may be meant for it. One that proves itself, by
    /// what is inside or by a signature that fits, cannot be spoilt by one that does not.
    fn may_be_signed(&self) -> bool {
        let is_file = matches!(self.standing, Standing::Document | Standing::Other);
        is_file && self.signatures.is_empty() && !self.signed_inside
    }

    fn finding(&self, number: u32) -> Option<Finding> {
        match self.standing {
            Standing::Container(name) if self.signatures.is_empty() => {
                let code = FindingCode::AlgorithmUnsupported;
                Some(Finding::of_document(code, number).with_detail(name))
            }
            Standing::Orphan => {
                Some(Finding::of_document(FindingCode::SignatureWithoutContent, number))
            }
            Standing::Container(_) | Standing::Document | Standing::Other | Standing::Text => None,
        }
    }
}
