//! The bytes that were added to a PDF file after it was signed (ISO 32000-1 §7.5.6).
//!
//! A reader that dislikes anything about a file looks through its bytes for objects, trailers and
//! cross-reference streams, and whoever adds bytes can bring it to that. So each revision is one
//! row of objects, the section that names them all and nothing else, and the end: there is no byte
//! that belongs to none of these. What repairing finds is then what was compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::content::pdf::{Dictionary, Indirect, MAX_OBJECTS, Object, Pdf, Place, Reader, Section};

use super::{metadata, words};

const END: &[u8] = b"%%EOF";
const START: &[u8] = b"startxref";
const TABLE: &[u8] = b"xref";
const TRAILER: &[u8] = b"trailer";

/// Checks that `file` after the first `signed` bytes, which are the revision `old`, is whole
/// revisions, each of which follows the one before it. Gives the numbers of their objects; the clause
/// says what is not.
pub(super) fn check(
    file: &[u8],
    signed: usize,
    old: &Pdf<'_>,
    new: &Pdf<'_>,
) -> Result<BTreeSet<u32>, String> {
    new.spend(0, file.len().saturating_sub(signed)).ok_or("the file cannot be read")?;
    let section = *old.sections.first().ok_or("the signed revision cannot be read")?;
    // A line end that was added belongs to the end mark.
    let end = file.get(..signed).unwrap_or_default().trim_ascii_end().len();
    let is_table = new.section(section).ok_or("the signed revision cannot be read")?.is_table;
    let information = old
        .trailer
        .get(b"Info")
        .and_then(|information| old.resolve(information)?.dictionary().cloned());
    let information = information.unwrap_or_default();
    // What it leads to nowhere could be added.
    let hangs = |value: &Object| value.reference().is_some_and(|number| !old.names(number));
    if information.entries.values().any(hangs) {
        return Err("what the file says of itself leads nowhere".to_owned());
    }
    let informing = old.trailer.get(b"Info").and_then(Object::reference).into_iter().collect();
    let before = Before { section, is_table, trailer: old.trailer.clone(), information };
    let (reader, used, sections) = (Reader::strict(file, end), BTreeSet::new(), BTreeSet::new());
    let mut added = Added { file, old, new, reader, before, used, sections, informing };
    added.end_line().ok_or_else(|| stray(end))?;
    while added.reader.at < file.len() {
        added.revision()?;
    }
    Ok(added.used)
}

fn stray(at: usize) -> String {
    format!("the bytes at {at} belong to no object")
}

struct Added<'a> {
    file: &'a [u8],
    old: &'a Pdf<'a>,
    new: &'a Pdf<'a>,
    reader: Reader<'a>,
    before: Before,
    /// The numbers that the added revisions gave to objects.
    used: BTreeSet<u32>,
    /// The numbers of the cross-reference streams among what was added.
    sections: BTreeSet<u32>,
    /// The numbers of all objects that were `/Info`. A trailer may leave it out, and a reader that merges
    /// trailers still takes the object of that number.
    informing: BTreeSet<u32>,
}

/// The revision before the one that is read.
struct Before {
    /// Where its section stands.
    section: usize,
    is_table: bool,
    trailer: Dictionary,
    /// What it says of the file (`/Info`).
    information: Dictionary,
}

/// The objects of one revision.
#[derive(Default)]
struct Found {
    places: Vec<(u32, Place)>,
    /// Those that are dictionaries, by their numbers and generations.
    dictionaries: BTreeMap<(u32, usize), Dictionary>,
    /// The cross-reference stream.
    section: Option<(u32, Place)>,
}

impl Added<'_> {
    fn revision(&mut self) -> Result<(), String> {
        let mut found = Found::default();
        let at = loop {
            let at = self.reader.at;
            if self.is_next(TABLE) {
                self.table()?;
                break at;
            }
            self.object(&mut found)?;
            self.reader.skip_white();
            if found.section.is_some() {
                break at;
            }
        };
        let section = self.new.section(at).ok_or_else(|| stray(at))?;
        self.new.spend(section.entries.len(), 0).ok_or("the file cannot be read")?;
        if !self.follows(&section, &found) {
            return Err(format!(
                "the trailer of the section at {at} does not follow the signed one"
            ));
        }
        self.used.extend(found.places.iter().map(|(number, _)| number));
        self.sections.extend(found.section.map(|(number, _)| number));
        let information = match section.trailer.get(b"Info") {
            Some(Object::Reference { number, generation }) => {
                self.informing.insert(*number);
                found.dictionaries.remove(&(*number, *generation))
            }
            _ => None,
        };
        let information = information.unwrap_or_else(|| self.before.information.clone());
        let Section { is_table, trailer, .. } = section;
        self.before = Before { section: at, is_table, trailer, information };
        if !says(section.entries, found) {
            return Err(format!("the section at {at} does not say what was added"));
        }
        let end = self.reader.at;
        self.end(at).ok_or_else(|| stray(end))
    }

    fn rest(&self) -> &[u8] {
        self.file.get(self.reader.at..).unwrap_or_default()
    }

    fn is_next(&self, word: &[u8]) -> bool {
        self.rest().starts_with(word)
    }

    fn take(&mut self, word: &[u8]) -> Option<()> {
        self.is_next(word).then_some(())?;
        self.reader.at = self.reader.at.checked_add(word.len())?;
        Some(())
    }

    /// A number without a sign or zeros before it.
    fn number(&mut self) -> Option<usize> {
        let at = self.reader.at;
        let number = self.reader.number()?;
        let is_plain = self.file.get(at..self.reader.at)? == number.to_string().as_bytes();
        is_plain.then_some(number)
    }

    /// Only white space up to the end of a line or of the file, and the white space after it.
    fn end_line(&mut self) -> Option<()> {
        let at = self.reader.at;
        self.reader.skip_white();
        let white = self.file.get(at..self.reader.at)?;
        let is_ended = self.rest().is_empty() || white.iter().any(|byte| b"\r\n".contains(byte));
        is_ended.then_some(())
    }

    /// Where the section stands, and the end mark.
    fn end(&mut self, section: usize) -> Option<()> {
        // iText writes a line with its name here.
        if self.is_next(b"%") && !self.is_next(END) {
            let length = self.rest().iter().position(|byte| b"\r\n".contains(byte))?;
            let line = self.rest().get(..length)?;
            let is_plain = line.iter().all(|byte| matches!(byte, b' '..=b'~'));
            (is_plain && words::find(line, false).is_none()).then_some(())?;
            self.reader.at = self.reader.at.checked_add(length)?;
            self.reader.skip_white();
        }
        self.take(START)?;
        self.end_line()?;
        (self.number()? == section).then_some(())?;
        self.end_line()?;
        self.take(END)?;
        self.end_line()
    }

    /// A table in the lines that ISO 32000-1 §7.5.4 gives it, as some readers count them, and its
    /// trailer.
    fn table(&mut self) -> Result<(), String> {
        let at = self.reader.at;
        self.lines().ok_or_else(|| stray(at))?;
        self.reader.skip_white();
        let at = self.reader.at;
        let trailer = self.reader.object();
        trailer.as_ref().and_then(Object::dictionary).ok_or_else(|| stray(at))?;
        self.has_no_words(at, self.reader.at, false)?;
        self.reader.skip_white();
        Ok(())
    }

    /// Up to the word `trailer`.
    fn lines(&mut self) -> Option<()> {
        const ENTRY: usize = 20;
        self.take(TABLE)?;
        self.table_line()?;
        while self.take(TRAILER).is_none() {
            let first = self.number()?;
            self.take(b" ")?;
            let count = self.number()?;
            self.table_line()?;
            // Of an update without objects.
            (count > 0 || first == 0).then_some(())?;
            for _ in 0..count {
                is_entry(self.rest().get(..ENTRY)?).then_some(())?;
                self.reader.at = self.reader.at.checked_add(ENTRY)?;
            }
        }
        Some(())
    }

    fn table_line(&mut self) -> Option<()> {
        // MuPDF takes what stands behind a second blank for an entry, and repairs.
        let _ = self.take(b" ");
        self.reader.line_end()
    }

    fn object(&mut self, found: &mut Found) -> Result<(), String> {
        let at = self.reader.at;
        let (number, generation) = self.header().ok_or_else(|| stray(at))?;
        let start = self.reader.at;
        let object = self.new.read(&mut self.reader, generation.into()).ok_or_else(|| stray(at))?;
        let end = self.inside(start, &object).ok_or_else(|| stray(at))?;
        let dictionary = object.object.dictionary();
        let is_read_alike = object.stream.is_none() || dictionary.is_some_and(is_read_alike);
        is_read_alike.then_some(()).ok_or_else(|| stray(at))?;
        let is_section = dictionary.is_some_and(|dictionary| dictionary.is(b"Type", b"XRef"));
        self.has_no_words(start, end, is_section)?;
        // PDFium keeps the greatest generation that it has met.
        let due = self.old.get(number).map_or(0, |old| old.generation);
        (usize::from(generation) == due).then_some(()).ok_or_else(|| stray(at))?;
        let place = (number, Place::At { at, generation: generation.into() });
        if is_section {
            found.section = Some(place);
            let is_right = self.is_free(number) && generation == 0;
            return is_right.then_some(()).ok_or_else(|| stray(at));
        }
        (!self.sections.contains(&number)).then_some(()).ok_or_else(|| stray(at))?;
        found.places.push(place);
        let Some(dictionary) = dictionary else { return Ok(()) };
        if object.stream.is_none() {
            found.dictionaries.insert((number, generation.into()), dictionary.clone());
        }
        self.is_no_beginning(number, dictionary).then_some(()).ok_or_else(|| stray(at))
    }

    /// `number generation obj`, as writers write it: not every reader finds another.
    fn header(&mut self) -> Option<(u32, u16)> {
        const MAX: usize = "4294967295 65535 obj".len();
        let rest = self.rest();
        let line = rest.get(..MAX.min(rest.len()))?;
        let end = memchr::memmem::find(line, b" obj")?;
        let text = str::from_utf8(line.get(..end)?).ok()?;
        let (number, generation) = text.split_once(' ')?;
        let (number, generation): (u32, u16) = (number.parse().ok()?, generation.parse().ok()?);
        (number > 0 && text == format!("{number} {generation}")).then_some(())?;
        self.reader.at = self.reader.at.checked_add(end)?;
        self.reader.keyword(b"obj")?;
        Some((number, generation))
    }

    /// Where the inside of an object ends, which begins at `start`.
    fn inside(&self, start: usize, object: &Indirect) -> Option<usize> {
        let mut inside = self.file.get(start..object.end)?.strip_suffix(b"endobj")?;
        if object.stream.is_some() {
            inside = inside.trim_ascii_end().strip_suffix(b"endstream")?;
        }
        start.checked_add(inside.len())
    }

    fn has_no_words(&self, start: usize, end: usize, is_section: bool) -> Result<(), String> {
        let inside = self.file.get(start..end).unwrap_or_default();
        let found = words::find(inside, is_section);
        found.map_or(Ok(()), |word| Err(stray(start.saturating_add(word))))
    }

    /// Whether the number never belonged to an object, but for a former section. Readers that repair
    /// files would take this one for it.
    fn is_free(&self, number: u32) -> bool {
        let is_section = || {
            let old = self.old.get(number);
            old.is_some_and(|old| {
                old.object.dictionary().is_some_and(|old| old.is(b"Type", b"XRef"))
            })
        };
        let is_free = !self.old.names(number) || is_section();
        is_free && !self.used.contains(&number)
    }

    /// Whether no reader takes it for a catalog or a page that the signed revision does not have.
    fn is_no_beginning(&self, number: u32, dictionary: &Dictionary) -> bool {
        match dictionary.get(b"Type") {
            None => true,
            Some(Object::Name(kind)) => match kind.as_slice() {
                b"Catalog" | b"Page" | b"Pages" => self.old.get(number).is_some_and(|old| {
                    old.object.dictionary().is_some_and(|old| old.is(b"Type", kind))
                }),
                // Poppler takes the number of an object stream for an offset, and ends a string there or
                // takes another object; with pdf.js it inflates otherwise than zlib, and both have none
                // of a generation.
                b"ObjStm" | b"XRef" => false,
                _ => true,
            },
            // Readers differ in whether they follow a reference here.
            Some(_) => false,
        }
    }

    /// Whether the trailer is one of a revision with these objects, after the one before it. What
    /// no reader needs is as it was.
    fn follows(&self, section: &Section, found: &Found) -> bool {
        let trailer = &section.trailer;
        let before = &self.before.trailer;
        let is_same = |key: &[u8]| trailer.get(key) == before.get(key);
        let numbers = found.places.iter().chain(&found.section).map(|(number, _)| *number);
        let highest = numbers.max().and_then(|highest| usize::try_from(highest).ok());
        let has_size = trailer.integer(b"Size").is_some_and(|size| {
            let least = before.integer(b"Size").unwrap_or_default();
            let most = least.max(MAX_OBJECTS);
            (least..=most).contains(&size) && highest.is_none_or(|highest| highest < size)
        });
        let is_right = |(key, value): (&Vec<u8>, &Object)| match (key.as_slice(), value) {
            (b"Size" | b"Prev" | b"Root", _) => true,
            (b"Info", Object::Reference { number, generation }) => {
                is_same(key) || found.dictionaries.contains_key(&(*number, *generation))
            }
            (b"ID", Object::Array(both)) => {
                matches!(both[..], [Object::Text(_), Object::Text(_)])
            }
            (b"W", Object::Array(widths)) => !section.is_table && is_read(widths),
            (b"DecodeParms" | b"Filter" | b"Index" | b"Length" | b"Type", _) => !section.is_table,
            _ => is_same(key),
        };
        trailer.integer(b"Prev") == Some(self.before.section)
            && has_size
            && section.is_exact
            // Ghostscript repairs a file whose table follows a stream.
            && (self.before.is_table || !section.is_table)
            && is_same(b"Root")
            && trailer.entries.iter().all(is_right)
            && self.informs_alike(trailer, found)
    }

    /// Whether each object that is `/Info` for whatever reader says the same as the one before.
    fn informs_alike(&self, trailer: &Dictionary, found: &Found) -> bool {
        let named = trailer.get(b"Info").and_then(Object::reference);
        let says_the_same = |number: &u32| {
            let own = found.dictionaries.iter().filter(|((own, _), _)| own == number);
            let mut own = own.map(|(_, information)| information).peekable();
            // Of that number, but no dictionary.
            own.peek().is_some()
                && own.all(|own| metadata::is_same_information(&self.before.information, own))
        };
        let given = found.places.iter().map(|(number, _)| number);
        let mut given = given.filter(|number| {
            self.informing.contains(number) || named.is_some_and(|named| named == **number)
        });
        given.all(says_the_same)
    }
}

/// Whether every reader reads numbers of these widths: Poppler repairs a file with greater ones,
/// Ghostscript one with kinds of more than a byte.
fn is_read(widths: &[Object]) -> bool {
    const MAX: usize = 4;
    let Some(widths) = widths.iter().map(Object::integer).collect::<Option<Vec<_>>>() else {
        return false;
    };
    widths.first() == Some(&1) && widths.iter().all(|width| *width <= MAX)
}

/// Whether every reader takes the same bytes out of a stream: its dictionary has nothing that one of
/// them takes for a file beside it, another filter or another stream (`/F`, `/Extends`), and says
/// its filter in the one way that all know.
fn is_read_alike(stream: &Dictionary) -> bool {
    const KEYS: [&[u8]; 12] = [
        b"DecodeParms",
        b"Filter",
        b"ID",
        b"Index",
        b"Info",
        b"Length",
        b"Prev",
        b"Root",
        b"Size",
        b"Subtype",
        b"Type",
        b"W",
    ];
    let is_flate = |filter: &Object| *filter == Object::Name(b"FlateDecode".to_vec());
    let has_rows = |parameters: &Object| is_of_rows(stream, parameters);
    // One filter, and its parameters beside it: Ghostscript repairs where both are in rows.
    let is_known = match (stream.get(b"Filter"), stream.get(b"DecodeParms")) {
        (None, parameters) => parameters.is_none(),
        (Some(Object::Array(filters)), parameters) => {
            matches!(&filters[..], [filter] if is_flate(filter)) && parameters.is_none()
        }
        (Some(filter), parameters) => is_flate(filter) && parameters.is_none_or(has_rows),
    };
    is_known && stream.entries.keys().all(|key| KEYS.contains(&key.as_slice()))
}

/// The predictors that writers of cross-reference streams use (ISO 32000-1 table 10), over the rows of
/// one: `PDFium` decodes nothing where columns are too many, also without a predictor.
fn is_of_rows(stream: &Dictionary, parameters: &Object) -> bool {
    let Some(parameters) = parameters.dictionary() else { return false };
    let widths = stream.get(b"W").and_then(Object::array).unwrap_or_default();
    let columns: Option<usize> = widths.iter().map(Object::integer).sum();
    let is_right = |(key, value): (&Vec<u8>, &Object)| match (key.as_slice(), value.integer()) {
        (b"Predictor", Some(predictor)) => matches!(predictor, 10..=15),
        (b"BitsPerComponent", Some(bits)) => bits == 8,
        (b"Colors", Some(colors)) => colors == 1,
        (b"Columns", Some(own)) => Some(own) == columns,
        _ => false,
    };
    stream.is(b"Type", b"XRef")
        && parameters.get(b"Predictor").is_some()
        && parameters.get(b"Columns").is_some()
        && parameters.entries.iter().all(is_right)
}

/// Whether a section has one entry for each object of its revision, and no others but the head of
/// the list of free ones. A cross-reference stream need not name itself.
fn says(mut entries: Vec<(u32, Place)>, found: Found) -> bool {
    entries.retain(|entry| *entry != (0, Place::Free) && Some(*entry) != found.section);
    let mut places = found.places;
    entries.sort_unstable();
    places.sort_unstable();
    let is_once = |places: &[(u32, Place)]| places.is_sorted_by(|(one, _), (next, _)| one < next);
    let is_own = found.section.is_none_or(|(own, _)| places.iter().all(|(one, _)| *one != own));
    is_once(&places) && is_own && entries == places
}

/// Ten digits, five digits, `n`, and the end of a line of two bytes; or the head of the list of
/// free entries, which some writers repeat in each section.
fn is_entry(entry: &[u8]) -> bool {
    const FREE: &[u8] = b"0000000000 65535 f";
    let Some((entry, end)) = entry.split_last_chunk::<2>() else { return false };
    let digits = |from: usize, to: usize| {
        entry.get(from..to).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
    };
    let is_used = digits(0, 10)
        && digits(11, 16)
        && entry.get(10) == Some(&b' ')
        && entry.get(16..) == Some(b" n");
    (is_used || entry == FREE) && [b" \r", b" \n", b"\r\n"].contains(&end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_says_its_filter_in_the_one_way_that_all_know() {
        const ROWS: &str = "<</Predictor 12/Columns 7>>";
        for (entries, is_alike) in [
            ("/Filter/FlateDecode".to_owned(), true),
            ("/Filter[/FlateDecode]".to_owned(), true),
            (format!("/Filter/FlateDecode/DecodeParms{ROWS}"), true),
            (format!("/Filter[/FlateDecode]/DecodeParms[{ROWS}]"), false),
            (format!("/Filter/FlateDecode/DecodeParms[{ROWS}]"), false),
            (format!("/Filter[/FlateDecode]/DecodeParms{ROWS}"), false),
            (format!("/DecodeParms{ROWS}"), false),
            ("/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 8>>".to_owned(), false),
            ("/Filter/FlateDecode/DecodeParms<</Predictor 12>>".to_owned(), false),
            ("/Filter/FlateDecode/DecodeParms<</Columns 7>>".to_owned(), false),
            ("/Filter[]".to_owned(), false),
        ] {
            let text = format!("<</Type/XRef/W[1 4 2]{entries}>>");
            let object = Reader::strict(text.as_bytes(), 0).object().unwrap();
            assert_eq!(is_read_alike(object.dictionary().unwrap()), is_alike, "{entries}");
            let other = text.replace("/XRef", "/ObjStm");
            let object = Reader::strict(other.as_bytes(), 0).object().unwrap();
            let due = is_alike && !entries.contains("DecodeParms");
            assert_eq!(is_read_alike(object.dictionary().unwrap()), due, "{entries}");
        }
    }
}
