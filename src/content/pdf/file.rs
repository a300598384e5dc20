//! The structure of a PDF file (ISO 32000-1 §7.5): where each object stands, over all revisions,
//! by tables and by streams, and objects inside object streams.
//!
//! Strict where readers differ: nothing is searched for or repaired. A file that asks for that is
//! unreadable here, but for [`Pdf::rebuild`].

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
    rc::Rc,
};

use super::{
    object::{Dictionary, MAX_ITEMS as MAX_ITEMS_OF_ONE, Object, Reader, is_white},
    section::{self, Section},
};
use crate::content::Purse;

mod streams;
#[cfg(test)]
mod tests;

use streams::ObjectStream;

/// A PDF file as its newest revision shows it.
pub(crate) struct Pdf<'a> {
    file: &'a [u8],
    places: BTreeMap<u32, Place>,
    /// Where the cross-reference sections stand, the newest first.
    pub(crate) sections: Vec<usize>,
    /// The newest trailer.
    pub(crate) trailer: Dictionary,
    /// Whether a section has both a table and a stream, of which a reader may take either.
    pub(crate) is_hybrid: bool,
    /// Whether any trailer says that it is encrypted: readers differ in which they ask.
    pub(crate) is_encrypted: bool,
    objects: RefCell<BTreeMap<u32, Option<Rc<Indirect>>>>,
    object_streams: RefCell<BTreeMap<u32, Option<Rc<ObjectStream>>>>,
    inflate_left: Cell<usize>,
    /// What may still be read of objects, in bytes and in objects within them: where objects lie
    /// inside each other, or are named again and again, a short file is endless.
    bytes_left: Cell<usize>,
    items_left: Cell<usize>,
    pub(crate) purse: &'a dyn Purse,
}

/// An object that others refer to.
#[derive(Debug, PartialEq)]
pub(crate) struct Indirect {
    pub(crate) object: Object,
    /// The generation that stands before it; nought inside an object stream.
    pub(crate) generation: usize,
    /// The bytes of a stream, as they stand.
    pub(crate) stream: Option<Vec<u8>>,
    /// The first byte after it; nought inside an object stream.
    pub(crate) end: usize,
}

/// An object at hand: one that was given, or the one that it refers to. It is not copied: any
/// number of references may lead to one great object.
pub(crate) enum Resolved<'o> {
    Given(&'o Object),
    Read(Rc<Indirect>),
}

impl Deref for Resolved<'_> {
    type Target = Object;

    fn deref(&self) -> &Object {
        match self {
            Self::Given(object) => object,
            Self::Read(indirect) => &indirect.object,
        }
    }
}

/// Where an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    At { at: usize, generation: usize },
    Free,
    Inside { stream: u32, index: usize },
}

/// Revisions of one file.
const MAX_SECTIONS: usize = 64;
/// Objects of one file.
pub(crate) const MAX_OBJECTS: usize = 1 << 20;
/// What the streams of one file may be inflated to, in bytes.
const MAX_INFLATED: usize = 16 << 20;
/// How many times its size a deflated stream may have.
const MAX_RATIO: usize = 1032;
/// How many times its own size of a file may be read.
const MAX_READINGS: usize = 4;
/// Objects read of one file, those within others counted.
const MAX_ITEMS: usize = 1 << 22;
/// What an entry or an object costs, in bytes of the purse: about as long as its digest would.
const ITEM_BYTES: usize = 32;

impl<'a> Pdf<'a> {
    /// Reads where everything stands. `None` when that cannot be followed.
    pub(crate) fn open(file: &'a [u8], purse: &'a dyn Purse) -> Option<Self> {
        // As far as other readers look (ISO 32000-1 annex H.3, note 18).
        const TAIL: usize = 1024;
        let from = file.len().saturating_sub(TAIL);
        let found = memchr::memmem::rfind(file.get(from..)?, b"startxref")?;
        let mut reader = Reader::new(file, from.checked_add(found)?);
        reader.keyword(b"startxref")?;
        Self::open_at(file, reader.number()?, purse)
    }

    /// The same, of the revision whose cross-reference section stands at `start`.
    pub(crate) fn open_at(file: &'a [u8], start: usize, purse: &'a dyn Purse) -> Option<Self> {
        let mut next = Some(start);
        let mut pdf = Self::new(file, purse);
        while let Some(at) = next {
            if pdf.sections.contains(&at) || pdf.sections.len() == MAX_SECTIONS {
                return None;
            }
            let trailer = pdf.read_section(at)?;
            next = match trailer.get(b"Prev") {
                Some(previous) => Some(previous.integer()?),
                None => None,
            };
            if pdf.sections.len() == 1 {
                pdf.trailer = trailer;
            }
        }
        Some(pdf)
    }

    /// The same of a file whose sections cannot be followed, as viewers find its objects that repair
    /// files: by looking for them, the last of each number, and for the last trailer that names a
    /// root. It tells what people may be shown, and is good for no comparison.
    ///
    /// `None` for a file with a signature dictionary: in the file that its signer saw everything stood
    /// where it is said, so this is another.
    pub(crate) fn rebuild(file: &'a [u8], purse: &'a dyn Purse) -> Option<Self> {
        const MAX_TRAILERS: usize = 64;
        let mut pdf = Self::new(file, purse);
        pdf.spend(0, file.len())?;
        if has_name(file, b"ByteRange") {
            return None;
        }
        for end in memchr::memmem::find_iter(file, b"obj") {
            let Some(at) = header_before(file, end) else { continue };
            let Some((number, generation)) = header(&mut Reader::new(file, at)) else { continue };
            pdf.places.insert(number, Place::At { at, generation });
            if pdf.places.len() > MAX_OBJECTS {
                return None;
            }
        }
        pdf.spend(pdf.places.len(), 0)?;
        let mut trailers = memchr::memmem::rfind_iter(file, b"trailer").take(MAX_TRAILERS);
        pdf.trailer = trailers.find_map(|at| {
            let mut reader = Reader::new(file, at);
            reader.keyword(b"trailer")?;
            let trailer = pdf.object(&mut reader)?.dictionary()?.clone();
            pdf.is_encrypted |= trailer.get(b"Encrypt").is_some();
            trailer.get(b"Root").is_some().then_some(trailer)
        })?;
        Some(pdf)
    }

    fn new(file: &'a [u8], purse: &'a dyn Purse) -> Self {
        Self {
            file,
            places: BTreeMap::new(),
            sections: Vec::new(),
            trailer: Dictionary::default(),
            is_hybrid: false,
            is_encrypted: false,
            objects: RefCell::default(),
            object_streams: RefCell::default(),
            inflate_left: Cell::new(MAX_INFLATED),
            bytes_left: Cell::new(file.len().saturating_mul(MAX_READINGS)),
            items_left: Cell::new(MAX_ITEMS),
            purse,
        }
    }

    /// The catalog (ISO 32000-1 §7.7.2) and its number.
    pub(crate) fn catalog(&self) -> Option<(u32, Dictionary)> {
        let root = self.trailer.get(b"Root")?;
        Some((root.reference()?, self.resolve(root)?.dictionary()?.clone()))
    }

    /// Whether any revision says of this number where it stands, or that it is free.
    pub(crate) fn names(&self, number: u32) -> bool {
        self.places.contains_key(&number)
    }

    /// Where the newest revision that names this number says that it stands.
    pub(crate) fn place(&self, number: u32) -> Option<Place> {
        self.places.get(&number).copied()
    }

    /// The object that stands at `at`, its number, and where it begins.
    pub(crate) fn object_at(&self, at: usize) -> Option<(u32, usize, Indirect)> {
        let (start, mut reader, number, generation) = self.header_at(at)?;
        Some((number, start, self.read(&mut reader, generation)?))
    }

    /// Where the header at `at` begins, a reader behind it, its number and its generation. It begins
    /// where a number does, and not within one: that is another object to who looks for them.
    fn header_at(&self, at: usize) -> Option<(usize, Reader<'a>, u32, usize)> {
        let mut reader = Reader::new(self.file, at);
        reader = reader.near();
        reader.skip_space();
        let start = reader.at;
        let before = start.checked_sub(1).and_then(|before| self.file.get(before));
        let is_apart = |byte: &u8| !byte.is_ascii_digit() && !matches!(byte, b'+' | b'-' | b'.');
        before.is_none_or(is_apart).then_some(())?;
        let mut reader = Reader::new(self.file, start);
        let (number, generation) = header(&mut reader)?;
        Some((start, reader, number, generation))
    }

    /// The object of this number; null when there is none, `None` when it cannot be read.
    pub(crate) fn get(&self, number: u32) -> Option<Rc<Indirect>> {
        if let Some(known) = self.objects.borrow().get(&number) {
            return known.clone();
        }
        let read = match self.places.get(&number) {
            None | Some(Place::Free) => {
                Some(Indirect { object: Object::Null, generation: 0, stream: None, end: 0 })
            }
            Some(Place::At { at, generation }) => self
                .read_at(*at, number)
                // A reader that takes it at its word has no such object.
                .filter(|read| read.generation == *generation),
            Some(Place::Inside { stream, index }) => self.read_inside(*stream, *index, number),
        };
        let read = read.map(Rc::new);
        self.objects.borrow_mut().insert(number, read.clone());
        read
    }

    /// What `object` is, or refers to.
    pub(crate) fn resolve<'o>(&self, object: &'o Object) -> Option<Resolved<'o>> {
        let Object::Reference { number, generation } = object else {
            return Some(Resolved::Given(object));
        };
        let read = self.get(*number)?;
        let is_there = read.object == Object::Null || read.generation == *generation;
        is_there.then_some(Resolved::Read(read))
    }

    /// Reads the object that stands at `at`, which has to have this number.
    fn read_at(&self, at: usize, number: u32) -> Option<Indirect> {
        let (_, mut reader, own, generation) = self.header_at(at)?;
        if own == number { self.read(&mut reader, generation) } else { None }
    }

    /// Reads the object whose header is read.
    pub(crate) fn read(&self, reader: &mut Reader<'_>, generation: usize) -> Option<Indirect> {
        let object = self.object(reader)?;
        let mut stream = None;
        if reader.keyword_near(b"stream").is_some() {
            if reader.peek() == Some(b'\r') {
                reader.at = reader.at.checked_add(1)?;
            }
            if reader.peek() != Some(b'\n') {
                return None;
            }
            let start = reader.at.checked_add(1)?;
            let length = object.dictionary()?.get(b"Length")?;
            let length = match length.reference().map(|other| (other, self.places.get(&other))) {
                None => length.integer()?,
                // A reader that repairs the file does not know yet what is there.
                Some(_) if reader.is_strict() => return None,
                // A plain number is read, and no stream, so this ends.
                Some((other, Some(Place::At { at, .. }))) => self.read_number_at(*at, other)?,
                // Inside an object stream, whose own length could be this one.
                Some(_) => return None,
            };
            reader.at = start.checked_add(length)?;
            let bytes = self.file.get(start..reader.at)?;
            self.bytes_left.set(self.bytes_left.get().checked_sub(length)?);
            stream = Some(bytes.to_vec());
            let _ = reader.line_end();
            if reader.is_strict() && reader.peek().is_none_or(is_white) {
                return None;
            }
            reader.keyword_near(b"endstream")?;
        }
        reader.keyword_near(b"endobj")?;
        Some(Indirect { object, generation, stream, end: reader.at })
    }

    /// Reads one object, which costs what it takes, readable or not.
    fn object(&self, reader: &mut Reader<'_>) -> Option<Object> {
        let (at, items) = (reader.at, reader.items_left.min(self.items_left.get()));
        reader.items_left = items;
        let object = reader.object();
        let read = reader.at.saturating_sub(at);
        let bytes = self.bytes_left.get().checked_sub(read);
        self.bytes_left.set(bytes.unwrap_or_default());
        let taken = items.saturating_sub(reader.items_left);
        self.items_left.set(self.items_left.get().saturating_sub(taken));
        self.spend(taken, read)?;
        object.filter(|_| bytes.is_some())
    }

    fn read_number_at(&self, at: usize, number: u32) -> Option<usize> {
        let (_, reader, own, _) = self.header_at(at)?;
        if own == number { reader.near().number() } else { None }
    }

    /// Reads one cross-reference section; its trailer.
    fn read_section(&mut self, at: usize) -> Option<Dictionary> {
        self.sections.push(at);
        let Section { entries, trailer, is_table, .. } = self.section(at)?;
        let freed = entries.iter().filter(|(_, place)| *place == Place::Free);
        let mut hidden: BTreeSet<u32> = freed.map(|(number, _)| *number).collect();
        hidden.retain(|number| !self.places.contains_key(number));
        self.add(entries, &BTreeSet::new())?;
        if let Some(stream) = trailer.get(b"XRefStm").filter(|_| is_table) {
            self.is_hybrid = true;
            let stream = self.section_stream(stream.integer()?)?;
            self.is_encrypted |= stream.trailer.get(b"Encrypt").is_some();
            self.add(stream.entries, &hidden)?;
        }
        self.is_encrypted |= trailer.get(b"Encrypt").is_some();
        Some(trailer)
    }

    /// What the cross-reference section at `at` says (ISO 32000-1 §7.5.4, §7.5.8).
    pub(crate) fn section(&self, at: usize) -> Option<Section> {
        let mut reader = Reader::new(self.file, at);
        if reader.keyword_near(b"xref").is_none() {
            return self.section_stream(at);
        }
        let read = section::table(&mut reader);
        // Readable or not: sections may lie over one another.
        let items = MAX_ITEMS_OF_ONE.saturating_sub(reader.items_left);
        self.spend(items, reader.at.saturating_sub(at))?;
        read
    }

    fn section_stream(&self, at: usize) -> Option<Section> {
        let (_, _, indirect) = self.object_at(at)?;
        let trailer = indirect.object.dictionary()?.clone();
        if !trailer.is(b"Type", b"XRef") {
            return None;
        }
        let decoded = self.decode(&trailer, &indirect.stream?)?;
        section::stream(trailer, &decoded)
    }

    /// Takes what so many objects, and so many bytes beside them, cost the mail.
    pub(crate) fn spend(&self, items: usize, bytes: usize) -> Option<()> {
        spend(self.purse, items, bytes)
    }

    /// Adds what a section says. A hybrid file marks as free in a table what only its stream tells:
    /// those are `hidden`.
    fn add(&mut self, entries: Vec<(u32, Place)>, hidden: &BTreeSet<u32>) -> Option<()> {
        self.spend(entries.len(), 0)?;
        let mut told = BTreeMap::new();
        for (number, place) in entries {
            // Of two places in one section, readers differ in which they take.
            if told.insert(number, place).is_some_and(|before| before != place) {
                return None;
            }
            let known = self.places.entry(number).or_insert(place);
            if hidden.contains(&number) {
                *known = place;
            }
        }
        (self.places.len() <= MAX_OBJECTS).then_some(())
    }
}

/// Whether a name stands in a file, in whatever letters (ISO 32000-1 §7.3.5).
fn has_name(file: &[u8], name: &[u8]) -> bool {
    let plain = [b"/", name].concat();
    // Each letter may be written with three.
    let longest = name.len().saturating_mul(3).saturating_add(1);
    let is_escaped = |at: usize| {
        let from = at.saturating_sub(longest);
        let before = file.get(from..at).unwrap_or_default();
        let start =
            before.iter().rposition(|byte| *byte == b'/').map(|start| start.saturating_add(from));
        start.is_some_and(|start| {
            let end = start.saturating_add(longest).saturating_add(1).min(file.len());
            let mut reader = Reader::new(file.get(start..end).unwrap_or_default(), 0);
            matches!(reader.object(), Some(Object::Name(own)) if own == name)
        })
    };
    memchr::memmem::find(file, &plain).is_some() || memchr::memchr_iter(b'#', file).any(is_escaped)
}

/// Takes what so many objects, and so many bytes beside them, cost the mail.
pub(crate) fn spend(purse: &dyn Purse, items: usize, bytes: usize) -> Option<()> {
    let bytes = items.saturating_mul(ITEM_BYTES).saturating_add(bytes);
    purse.spend(bytes).then_some(())
}

/// `number generation obj`.
fn header(reader: &mut Reader<'_>) -> Option<(u32, usize)> {
    let mut near = reader.near();
    let number = u32::try_from(near.number()?).ok()?;
    let generation = near.number()?;
    near.keyword(b"obj")?;
    reader.at = near.at;
    Some((number, generation))
}

/// Where the number and the generation before `end` begin.
fn header_before(bytes: &[u8], end: usize) -> Option<usize> {
    /// More than a number and the white space around it take.
    const MAX: usize = 64;
    let before = |end: usize, matches: fn(&u8) -> bool| {
        let reach = bytes.get(end.saturating_sub(MAX)..end)?;
        let length = reach.iter().rev().take_while(|byte| matches(byte)).count();
        (length > 0).then(|| end.saturating_sub(length))
    };
    let is_space: fn(&u8) -> bool = |byte| is_white(*byte);
    let generation = before(before(end, is_space)?, u8::is_ascii_digit)?;
    before(before(generation, is_space)?, u8::is_ascii_digit)
}
