//! How a PDF file is laid out: what stands where in it, by its sections (ISO 32000-1 §7.5), and
//! whether every reader finds the same there.
//!
//! Readers differ in what they do with whatever is not as the standard has it, and those that repair
//! a file look for words. So only a file passes that each of them reads alike: one piece behind the
//! other, each as writers write it and as the sections say, and nothing besides.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    another::{START, is_over},
    words,
};
use crate::content::pdf::{
    Dictionary, Indirect, Object, Pdf, Place, Reader, Section, headers, is_white,
};

mod form;

/// What ends a revision.
const END: &[u8] = b"%%EOF";

/// What refers to a signature dictionary: its field, and the permissions of the catalog (ISO 32000-2
/// §12.8.6).
const OF_A_SIGNATURE: [&[u8]; 3] = [b"V", b"DocMDP", b"UR3"];

/// What stands where in a revision, by its sections.
pub(super) struct Layout<'a> {
    file: &'a [u8],
    /// The lengths of files that it may be seen as: first without the signature.
    lengths: [usize; 3],
    pdf: &'a Pdf<'a>,
    /// The objects by where they begin.
    objects: BTreeMap<usize, Found>,
    /// The tables with the ends of their trailers.
    tables: BTreeMap<usize, usize>,
    /// Where the streams stand that are sections.
    streams: BTreeSet<usize>,
    /// What is said of objects in object streams.
    inside: BTreeSet<(u32, Place)>,
    /// Which revision is the first to say where the object of a number stands.
    given: BTreeMap<u32, usize>,
    /// The revision that is read, the oldest first.
    revision: usize,
    /// The greatest number and the greatest place of a section so far.
    greatest: u32,
    last: usize,
    /// Whether a section stands before an older one.
    is_turned: bool,
    is_linearized: bool,
    /// Whether the header of an object stands behind the end of a revision in one line.
    is_glued: bool,
    /// How many dictionaries say that they are over all of the covered bytes.
    ranges: usize,
    /// The object with the last of them.
    signature: Option<u32>,
}

/// An object that a section names.
struct Found {
    number: u32,
    generation: usize,
    revision: usize,
    end: usize,
    kind: Kind,
    /// Whether it is a signature field with an appearance.
    is_shown_field: bool,
}

impl Found {
    fn place(&self, at: usize) -> Place {
        Place::At { at, generation: self.generation }
    }
}

/// Whether readers find the same in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plainness {
    /// Every reader.
    ForAll,
    /// Those that find no section may miss what the newest revision begins with, or what a hybrid
    /// file hides from older readers.
    WithSections,
    /// Not even those that follow the sections.
    None,
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
    pub(super) fn read(file: &'a [u8], lengths: [usize; 3], pdf: &'a Pdf<'a>) -> Option<Self> {
        pdf.spend(0, file.len())?;
        let mut layout = Self {
            file,
            lengths,
            pdf,
            objects: BTreeMap::new(),
            tables: BTreeMap::new(),
            streams: BTreeSet::new(),
            inside: BTreeSet::new(),
            given: BTreeMap::new(),
            revision: 0,
            greatest: 0,
            last: 0,
            is_turned: false,
            is_linearized: false,
            is_glued: false,
            ranges: 0,
            signature: None,
        };
        for (place, at) in pdf.sections.iter().rev().enumerate() {
            if *at > layout.last {
                layout.revision = layout.revision.checked_add(1)?;
                layout.last = *at;
            } else {
                // A linearised file (annex F) has its second section at the front, and is one revision.
                (place == 1).then_some(())?;
                layout.is_turned = true;
            }
            let section = pdf.section(*at)?;
            if let Some(stream) = section.trailer.get(b"XRefStm").filter(|_| section.is_table) {
                let stream = stream.integer()?;
                layout.section(stream, &pdf.section(stream)?)?;
            }
            layout.section(*at, &section)?;
        }
        Some(layout)
    }

    fn section(&mut self, at: usize, section: &Section) -> Option<()> {
        self.pdf.spend(section.entries.len(), 0)?;
        // Which of two roots a reader takes is its own affair, and with which key it decrypts.
        let (trailer, newest) = (&section.trailer, &self.pdf.trailer);
        let root = trailer.get(b"Root");
        (root.is_none() || root == newest.get(b"Root")).then_some(())?;
        (trailer.get(b"Encrypt") == newest.get(b"Encrypt")).then_some(())?;
        section.is_exact.then_some(())?;
        if section.is_table {
            let mut reader = Reader::new(self.file, at);
            reader.skip_space();
            self.tables.insert(reader.at, section.trailer.span.end);
        } else {
            self.object(at, None)?;
            self.streams.insert(at);
        }
        for (number, place) in &section.entries {
            match place {
                Place::Free => {}
                Place::Inside { .. } => {
                    self.inside.insert((*number, *place));
                }
                Place::At { at, generation } => self.object(*at, Some((*number, *generation)))?,
            }
            if *place != Place::Free {
                self.given.entry(*number).or_insert(self.revision);
                self.greatest = self.greatest.max(*number);
            }
        }
        // Who adds to the file takes numbers from there on.
        let size = section.trailer.integer(b"Size")?;
        usize::try_from(self.greatest).is_ok_and(|greatest| greatest < size).then_some(())
    }

    /// Takes in the object that stands at `at`, by its number and its generation where a section says
    /// them; `None` when readers take it for different things.
    fn object(&mut self, at: usize, said: Option<(u32, usize)>) -> Option<()> {
        let known = self.objects.get(&at).map(|found| (found.number, found.generation));
        let own = if let Some(known) = known {
            known
        } else {
            // What is not there is nothing to any reader, and what stands there belongs to nothing.
            let Some((number, start, object)) = self.pdf.object_at(at) else { return Some(()) };
            let is_right = start == at && self.has_plain_header(at, number, object.generation);
            is_right.then_some(())?;
            let before = self.ranges;
            self.count_ranges(&object.object);
            if self.ranges > before {
                self.signature = Some(number);
            }
            let kind = self.kind(&object)?;
            let (generation, revision, end) = (object.generation, self.revision, object.end);
            let is_shown_field = object
                .object
                .dictionary()
                .is_some_and(|field| field.is(b"FT", b"Sig") && field.get(b"AP").is_some());
            let found = Found { number, generation, revision, end, kind, is_shown_field };
            self.objects.insert(at, found);
            (number, generation)
        };
        said.is_none_or(|said| said == own).then_some(())
    }

    /// Whether the header is as writers write it, at the beginning of a line: not every reader that
    /// looks for headers finds another.
    fn has_plain_header(&mut self, at: usize, number: u32, generation: usize) -> bool {
        let (before, rest) = self.file.split_at_checked(at).unwrap_or_default();
        let is_glued = before.ends_with(END);
        self.is_glued |= is_glued;
        let begins_line =
            before.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n') || is_glued);
        let header = format!("{number} {generation} obj");
        let behind = rest.strip_prefix(header.as_bytes()).and_then(<[u8]>::first);
        begins_line && behind.is_some_and(|byte| is_white(*byte) || *byte == b'<')
    }

    fn count_ranges(&mut self, object: &Object) {
        match object {
            Object::Array(items) => items.iter().for_each(|item| self.count_ranges(item)),
            Object::Dictionary(dictionary) => {
                let [over, ..] = self.lengths;
                let is_one = dictionary.get(b"ByteRange").is_some_and(|range| is_over(range, over));
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

    fn kind(&mut self, object: &Indirect) -> Option<Kind> {
        let Some(dictionary) = object.object.dictionary() else { return Some(Kind::Other) };
        if dictionary.get(b"Linearized").is_some() {
            self.is_linearized = true;
            self.begins_alike(dictionary).then_some(())?;
        }
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

    /// A reader that takes the file for linearised begins from the section at the front: when it is as
    /// long as the dictionary says. So long it may be now, or was before somebody added to it.
    fn begins_alike(&self, dictionary: &Dictionary) -> bool {
        let Some(length) = dictionary.get(b"L").map(Object::integer) else { return true };
        let Some(length) = length else { return false };
        let is_front = |pdf: &Pdf<'_>| pdf.sections.first() == pdf.sections.iter().min();
        let is_now = self.lengths.contains(&length);
        let before = self.file.get(..length).filter(|before| before.len() < self.file.len());
        (!is_now || is_front(self.pdf))
            && before.is_none_or(|before| {
                Pdf::open(before, self.pdf.purse).is_some_and(|before| is_front(&before))
            })
    }

    /// Whether readers find the same in it, wherever they begin and also when they repair the file.
    pub(super) fn plainness(&self) -> Plainness {
        let is_plain = self.ranges <= 1
            && (!self.is_turned || self.is_linearized)
            && self.is_all_named().is_some()
            && self.objects.iter().all(|(at, found)| self.is_known(*at, found))
            && self.is_in_force()
            && self.hangs_together().is_some()
            && form::has_all_widgets(self.pdf, self.given.keys()).is_some()
            && !form::stands_for_pages(self.pdf);
        let hides = self.pdf.is_hybrid || self.is_glued;
        match (is_plain, hides) {
            (false, _) => Plainness::None,
            (true, true) => Plainness::WithSections,
            (true, false) => Plainness::ForAll,
        }
    }

    /// Whether objects and sections stand one behind the other, and nothing between them, nor within
    /// one what looks like another, or like its end.
    fn is_all_named(&self) -> Option<()> {
        let objects = self.objects.iter().map(|(start, found)| (*start, found.end));
        let tables = self.tables.iter().map(|(start, end)| (*start, *end));
        let mut pieces: Vec<(usize, usize)> = objects.chain(tables).collect();
        pieces.sort_unstable();
        let mut last = 0;
        for (start, end) in pieces {
            is_blank(self.file, last..start)?;
            last = end;
        }
        is_blank(self.file, last..self.file.len())?;
        for (start, found) in &self.objects {
            let is_apart = self.file.get(found.end).is_none_or(|byte| is_white(*byte));
            (is_apart && has_one_end(self.file.get(*start..found.end)?)).then_some(())?;
        }
        let in_section = |at: usize| {
            let before = self.objects.range(..=at).next_back();
            let is_stream =
                before.is_some_and(|(start, found)| at < found.end && self.streams.contains(start));
            let before = self.tables.range(..=at).next_back();
            is_stream || before.is_some_and(|(_, end)| at < *end)
        };
        memchr::memmem::find_iter(self.file, b"/XRef").all(in_section).then_some(())?;
        let is_own = |word: usize| {
            let before = self.objects.range(..word).next_back();
            before.is_some_and(|(start, _)| self.first_word(*start) == Some(word))
        };
        headers(self.file).all(is_own).then_some(())?;
        let in_table = |at: usize| {
            let before = self.tables.range(..at).next_back();
            before.is_some_and(|(_, end)| at < *end)
        };
        words::trailers(self.file).all(in_table).then_some(())
    }

    /// Where the word `obj` stands of the object that begins at `start`.
    fn first_word(&self, start: usize) -> Option<usize> {
        memchr::memmem::find(self.file.get(start..)?, b"obj")?.checked_add(start)
    }

    /// Whether the object is none that a reader begins from where this one does not, nor one that who
    /// begins from a trailer does not open.
    fn is_known(&self, at: usize, found: &Found) -> bool {
        match &found.kind {
            Kind::Catalog => {
                let root = self.pdf.trailer.get(b"Root").and_then(Object::reference);
                root == Some(found.number)
            }
            Kind::Holder(numbers) => {
                let is_named = numbers.iter().enumerate().all(|(index, own)| {
                    self.inside.contains(&(*own, Place::Inside { stream: found.number, index }))
                });
                is_named && (self.tables.is_empty() || self.pdf.is_hybrid)
            }
            Kind::Other => true,
            Kind::Section => self.streams.contains(&at),
        }
    }

    /// Whether of several objects of one number, which have one generation, the last is in force.
    fn is_in_force(&self) -> bool {
        let mut last: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        for (at, found) in &self.objects {
            // Who signs in a field gives it his own appearance.
            if found.is_shown_field && self.pdf.place(found.number) != Some(found.place(*at)) {
                return false;
            }
            let before = last.insert(found.number, (*at, found.generation));
            if before.is_some_and(|(_, generation)| generation != found.generation) {
                return false;
            }
        }
        last.iter().all(|(number, (last, _))| match self.pdf.place(*number) {
            Some(Place::At { at, .. }) => at == *last,
            // Who finds the one by its header lets no section take its place.
            Some(Place::Inside { .. }) => false,
            // A section that is a stream need not name itself.
            Some(Place::Free) | None => self.streams.contains(last),
        })
    }

    /// Whether no object refers to one that only a later revision gives: who signs the file does, and
    /// what led nowhere before leads there then.
    fn hangs_together(&self) -> Option<()> {
        for (at, found) in &self.objects {
            let (_, _, object) = self.pdf.object_at(*at)?;
            self.follows(&object.object, found.revision)?;
        }
        for (number, place) in &self.inside {
            let Place::Inside { stream, .. } = place else { continue };
            let Some(revision) = self.given.get(stream) else { continue };
            if self.pdf.place(*number) == Some(*place) {
                self.follows(&self.pdf.get(*number)?.object, *revision)?;
            }
        }
        Some(())
    }

    fn follows(&self, object: &Object, revision: usize) -> Option<()> {
        match object {
            Object::Array(items) => items.iter().try_for_each(|item| self.follows(item, revision)),
            Object::Dictionary(dictionary) => {
                dictionary.entries.iter().try_for_each(|(key, value)| {
                    // Without the signature its entries shift: nothing else is made of them.
                    let is_signature =
                        self.signature.is_some() && value.reference() == self.signature;
                    if is_signature && OF_A_SIGNATURE.contains(&key.as_slice()) {
                        return Some(());
                    }
                    self.follows(value, revision)
                })
            }
            Object::Reference { number, .. } => {
                let is_given = self.given.get(number).is_none_or(|given| *given <= revision);
                (is_given && Some(*number) != self.signature).then_some(())
            }
            Object::Boolean(_)
            | Object::Integer(_)
            | Object::Name(_)
            | Object::Null
            | Object::Real(_)
            | Object::Text(_) => Some(()),
        }
    }
}

/// Whether a whole object ends where readers find that it does which look for its end.
fn has_one_end(object: &[u8]) -> bool {
    let count = |word: &[u8]| memchr::memmem::find_iter(object, word).take(2).count();
    let has_no_table = count(b"xref") == 0;
    object.ends_with(b"endobj") && count(b"endobj") == 1 && count(b"endstream") <= 1 && has_no_table
}

/// Whether nothing stands in this part of a file but what ends revisions, and comments without a word
/// that some reader looks for; and no more than readers look over for the end of a file.
fn is_blank(file: &[u8], part: Range<usize>) -> Option<()> {
    const MAX: usize = 1000;
    let mut rest = file.get(part).filter(|part| part.len() <= MAX)?;
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
