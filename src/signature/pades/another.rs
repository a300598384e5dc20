//! Whether a signature inside a PDF file may have been made over another file.
//!
//! What a signature is over is the file without it, and that may be a file of its own: somebody signs
//! one in which a second is prepared, and his signature is put where that one expects it; or his
//! viewer began from something else in the file that he signed. So nothing may begin in the covered
//! bytes, and the signed revision has to be plain: every byte belongs to an object or a section that
//! its chain of sections names, and from wherever a reader begins it finds the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{range::Signed, words};
use crate::content::{
    Purse,
    pdf::{Dictionary, Indirect, Object, Pdf, Place, Reader, Section, is_white, spend},
};

const RANGE: &[u8] = b"/ByteRange";
const START: &[u8] = b"startxref";

/// Whether the bytes of `signed` are this `file` and no other. Not either when the budget does not
/// suffice for looking.
pub(super) fn is_of_this_file(signed: &Signed, file: &[u8], purse: &dyn Purse) -> bool {
    let over = signed.over.concat();
    let revision = file.get(..signed.end).unwrap_or_default();
    let lengths = [over.len(), revision.len(), file.len()];
    let is_plain = || {
        let pdf = Pdf::open(revision, purse);
        let layout = pdf.as_ref().and_then(|pdf| Layout::read(revision, lengths, pdf));
        layout.is_some_and(|layout| layout.is_plain())
    };
    spend(purse, 0, over.len()).is_some() && ranges(&over) <= 1 && !begins(&over) && is_plain()
}

/// How many places in `over` say that they are over all of it.
fn ranges(over: &[u8]) -> usize {
    let found = memchr::memmem::find_iter(over, RANGE).filter(|at| {
        let mut reader = Reader::new(over, at.saturating_add(RANGE.len()));
        reader.object().is_some_and(|range| is_over(&range, over.len()))
    });
    found.count()
}

/// Whether a `/ByteRange` names so many bytes from the first one on.
fn is_over(range: &Object, length: usize) -> bool {
    let range = range.array().unwrap_or_default().iter().map(Object::integer);
    let range: Option<Vec<usize>> = range.collect();
    matches!(range.as_deref(), Some([0, first, _, second])
        if first.checked_add(*second) == Some(length))
}

/// Whether something stands where the end of the covered bytes says that a section does. Of a true
/// signature every place behind it is wrong when it is left out.
fn begins(over: &[u8]) -> bool {
    /// How far from its place some reader finds a section.
    const BEFORE: usize = 16;
    const BEHIND: usize = 64;
    let Some(start) = memchr::memmem::rfind(over, START) else { return false };
    let place = Reader::new(over, start.saturating_add(START.len())).number();
    let from = place.unwrap_or(over.len()).saturating_sub(BEFORE);
    let end = from.saturating_add(BEFORE).saturating_add(BEHIND).min(over.len());
    let near = over.get(from..end).unwrap_or_default();
    let is_table = |found: usize| {
        let before = over.get(..from.saturating_add(found)).unwrap_or_default();
        !before.ends_with(b"start")
    };
    memchr::memmem::find_iter(near, b"xref").any(is_table) || words::headers(near).next().is_some()
}

/// What stands where in a revision, by its sections.
struct Layout<'a> {
    revision: &'a [u8],
    /// The lengths of files that it may be seen as.
    lengths: [usize; 3],
    pdf: &'a Pdf<'a>,
    /// The objects by where they begin.
    objects: BTreeMap<usize, Found>,
    /// Where what is said to be at a place begins.
    starts: BTreeMap<usize, usize>,
    /// The tables with the ends of their trailers.
    tables: BTreeMap<usize, usize>,
    /// Where the streams stand that are sections.
    streams: BTreeSet<usize>,
    /// What is said of objects in object streams.
    inside: BTreeSet<(u32, Place)>,
    /// How many dictionaries say that they are over all of the covered bytes.
    ranges: usize,
}

/// An object that a section names.
struct Found {
    number: u32,
    end: usize,
    kind: Kind,
}

/// What readers look for that repair a file.
enum Kind {
    Catalog,
    /// An object stream with objects of these numbers.
    Holder(Vec<u32>),
    Other,
    Section,
}

impl<'a> Layout<'a> {
    /// `None` when something is not where it is said to be, or is not plain by itself.
    fn read(revision: &'a [u8], lengths: [usize; 3], pdf: &'a Pdf<'a>) -> Option<Self> {
        pdf.spend(0, revision.len())?;
        let mut layout = Self {
            revision,
            lengths,
            pdf,
            objects: BTreeMap::new(),
            starts: BTreeMap::new(),
            tables: BTreeMap::new(),
            streams: BTreeSet::new(),
            inside: BTreeSet::new(),
            ranges: 0,
        };
        for at in &pdf.sections {
            let section = pdf.section(*at)?;
            if let Some(stream) = section.trailer.get(b"XRefStm").filter(|_| section.is_table) {
                let stream = stream.integer()?;
                layout.section(stream, pdf.section(stream)?)?;
            }
            layout.section(*at, section)?;
        }
        Some(layout)
    }

    fn section(&mut self, at: usize, section: Section) -> Option<()> {
        self.pdf.spend(section.entries.len(), 0)?;
        // Which of two roots a reader takes is its own affair.
        let root = section.trailer.get(b"Root");
        (root.is_none() || root == self.pdf.trailer.get(b"Root")).then_some(())?;
        if section.is_table {
            let mut reader = Reader::new(self.revision, at);
            reader.skip_space();
            self.tables.insert(reader.at, section.trailer.span.end);
        } else {
            self.object(at)?;
            self.streams.insert(*self.starts.get(&at)?);
        }
        section.entries.into_iter().try_for_each(|(number, place)| match place {
            Place::Free => Some(()),
            Place::Inside { .. } => {
                self.inside.insert((number, place));
                Some(())
            }
            Place::At { at, .. } => self.object(at),
        })
    }

    /// Takes in the object that stands at `at`; `None` when readers take it for different things.
    fn object(&mut self, at: usize) -> Option<()> {
        if self.starts.contains_key(&at) {
            return Some(());
        }
        // What is not there is nothing to any reader, and what stands there belongs to nothing.
        let Some((number, start, object)) = self.pdf.object_at(at) else { return Some(()) };
        self.starts.insert(at, start);
        if !self.objects.contains_key(&start) {
            self.count_ranges(&object.object);
            let kind = self.kind(&object)?;
            self.objects.insert(start, Found { number, end: object.end, kind });
        }
        Some(())
    }

    fn count_ranges(&mut self, object: &Object) {
        match object {
            Object::Array(items) => items.iter().for_each(|item| self.count_ranges(item)),
            Object::Dictionary(dictionary) => {
                let [over, ..] = self.lengths;
                let range = dictionary.get(b"ByteRange");
                let is_one = range.is_some_and(|range| is_over(range, over));
                self.ranges = self.ranges.saturating_add(usize::from(is_one));
                dictionary.entries.values().for_each(|value| self.count_ranges(value));
            }
            Object::Boolean(_)
            | Object::Integer(_)
            | Object::Name(_)
            | Object::Null
            | Object::Real(_)
            | Object::Reference { .. }
            | Object::Text(_) => {}
        }
    }

    fn kind(&self, object: &Indirect) -> Option<Kind> {
        let Some(dictionary) = object.object.dictionary() else { return Some(Kind::Other) };
        self.begins_alike(dictionary).then_some(())?;
        match dictionary.get(b"Type") {
            None => Some(Kind::Other),
            Some(Object::Name(kind)) => Some(match kind.as_slice() {
                b"Catalog" => Kind::Catalog,
                b"ObjStm" => {
                    Kind::Holder(self.pdf.numbers_in(dictionary, object.stream.as_ref()?)?)
                }
                b"XRef" => Kind::Section,
                _ => Kind::Other,
            }),
            // Readers differ in whether they follow a reference here.
            Some(_) => None,
        }
    }

    /// A reader that takes the file for linearised (ISO 32000-1 annex F) begins from the section at the
    /// front.
    fn begins_alike(&self, dictionary: &Dictionary) -> bool {
        let length = dictionary.get(b"L").filter(|_| dictionary.get(b"Linearized").is_some());
        let may_be_so_long = length
            .is_some_and(|length| length.integer().is_none_or(|own| self.lengths.contains(&own)));
        !may_be_so_long || self.pdf.sections.first() == self.pdf.sections.iter().min()
    }

    /// Whether every reader finds the same in it, wherever it begins and also when it repairs the
    /// file.
    fn is_plain(&self) -> bool {
        self.ranges <= 1
            && self.is_all_named().is_some()
            && self.objects.iter().all(|(at, found)| self.is_known(*at, found))
            && self.is_in_force()
    }

    /// Whether objects and sections stand one behind the other, and nothing between them, nor within
    /// one what looks like another.
    fn is_all_named(&self) -> Option<()> {
        let objects = self.objects.iter().map(|(start, found)| (*start, found.end));
        let tables = self.tables.iter().map(|(start, end)| (*start, *end));
        let mut pieces: Vec<(usize, usize)> = objects.chain(tables).collect();
        pieces.sort_unstable();
        let mut last = 0;
        for (start, end) in pieces {
            is_blank(self.revision, last..start)?;
            last = end;
        }
        is_blank(self.revision, last..self.revision.len())?;
        let is_own = |word: usize| {
            let before = self.objects.range(..word).next_back();
            before.is_some_and(|(start, _)| self.first_word(*start) == Some(word))
        };
        words::headers(self.revision).all(is_own).then_some(())?;
        let in_table = |at: usize| {
            let before = self.tables.range(..at).next_back();
            before.is_some_and(|(_, end)| at < *end)
        };
        words::trailers(self.revision).all(in_table).then_some(())
    }

    /// Where the word `obj` stands of the object that begins at `start`.
    fn first_word(&self, start: usize) -> Option<usize> {
        memchr::memmem::find(self.revision.get(start..)?, b"obj")?.checked_add(start)
    }

    /// Whether the object is none that a reader begins from where this one does not.
    fn is_known(&self, at: usize, found: &Found) -> bool {
        match &found.kind {
            Kind::Catalog => {
                let root = self.pdf.trailer.get(b"Root").and_then(Object::reference);
                root == Some(found.number)
            }
            Kind::Holder(numbers) => numbers.iter().enumerate().all(|(index, own)| {
                self.inside.contains(&(*own, Place::Inside { stream: found.number, index }))
            }),
            Kind::Other => true,
            Kind::Section => self.streams.contains(&at),
        }
    }

    /// Whether of several objects of one number the last is in force.
    fn is_in_force(&self) -> bool {
        let last: BTreeMap<u32, usize> =
            self.objects.iter().map(|(at, found)| (found.number, *at)).collect();
        last.iter().all(|(number, last)| match self.pdf.place(*number) {
            Some(Place::At { at, .. }) => self.starts.get(&at) == Some(last),
            Some(Place::Inside { stream, .. }) => {
                matches!(self.pdf.place(stream), Some(Place::At { at, .. }) if at > *last)
            }
            // A section that is a stream need not name itself.
            Some(Place::Free) | None => self.streams.contains(last),
        })
    }
}

/// Whether nothing stands in this part of a file but what ends revisions, and comments without a word
/// that some reader looks for.
fn is_blank(file: &[u8], part: Range<usize>) -> Option<()> {
    const END: &[u8] = b"%%EOF";
    let mut rest = file.get(part)?;
    loop {
        rest = rest.get(rest.iter().take_while(|byte| is_white(**byte)).count()..)?;
        if rest.is_empty() {
            return Some(());
        }
        if let Some(behind) = rest.strip_prefix(START) {
            let mut reader = Reader::new(behind, 0);
            reader.number()?;
            rest = behind.get(reader.at..)?;
            continue;
        }
        rest.starts_with(b"%").then_some(())?;
        let length = rest.iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(rest.len());
        let (line, behind) = rest.split_at_checked(length)?;
        let text = line.strip_prefix(END).unwrap_or(line);
        words::find(text, false).is_none().then_some(())?;
        rest = behind;
    }
}
