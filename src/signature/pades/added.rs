//! The bytes that were added to a PDF file after it was signed (ISO 32000-1 §7.5.6), as readers
//! take them that repair files.
//!
//! A reader that dislikes anything about a file looks through its bytes for objects, trailers and
//! cross-reference streams, and whoever adds bytes can bring it to that. So each word that such a
//! reader looks for has to stand where a cross-reference section says that it does, and nothing
//! that was added may be what it would begin from. What it then finds is what was compared.

use std::collections::BTreeSet;

use memchr::memmem;

use crate::content::pdf::{self, Dictionary, Indirect, Object, Pdf, Reader, is_white};

const END: &[u8] = b"%%EOF";
const OBJECT: &[u8] = b"obj";
const START: &[u8] = b"startxref";
const TABLE: &[u8] = b"xref";
const TRAILER: &[u8] = b"trailer";

/// Checks that everything in `file` after the `old` revision is an object, a section or an end mark
/// in its place. The clause says what is not.
pub(super) fn check(file: &[u8], old: (&Pdf<'_>, usize), new: &Pdf<'_>) -> Result<(), String> {
    let (old, signed) = old;
    new.spend(0, file.len().saturating_sub(signed)).ok_or("the file cannot be read")?;
    let (words, streams) = (BTreeSet::new(), BTreeSet::new());
    let mut added = Added { file, old, new, reader: Reader::new(file, signed), words, streams };
    loop {
        added.reader.skip_white();
        let at = added.reader.at;
        if at >= file.len() {
            break;
        }
        added.next().ok_or_else(|| stray(at))?;
    }
    for word in [END, START, TABLE, TRAILER] {
        let found = memmem::find_iter(file.get(signed..).unwrap_or_default(), word);
        let mut found = found.map(|at| signed.saturating_add(at));
        found.find(|at| !added.words.contains(at)).map_or(Ok(()), |at| Err(stray(at)))?;
    }
    // In compressed bytes the word stands by chance. A number before it is what readers look for.
    let is_header = |at: &usize| {
        let before = file.get(..*at).unwrap_or_default();
        before.iter().rev().find(|byte| !is_white(**byte)).is_some_and(u8::is_ascii_digit)
    };
    memmem::find_iter(file.get(signed..).unwrap_or_default(), OBJECT)
        .map(|at| signed.saturating_add(at))
        .filter(is_header)
        .find(|at| !added.words.contains(at))
        .map_or(Ok(()), |at| Err(stray(at)))
}

fn stray(at: usize) -> String {
    format!("the bytes at {at} belong to no object")
}

struct Added<'a> {
    file: &'a [u8],
    old: &'a Pdf<'a>,
    new: &'a Pdf<'a>,
    reader: Reader<'a>,
    /// Where words stand that are in their place.
    words: BTreeSet<usize>,
    /// The numbers of object streams.
    streams: BTreeSet<u32>,
}

impl Added<'_> {
    /// Reads what stands here; `None` when it does not belong here.
    fn next(&mut self) -> Option<()> {
        let at = self.reader.at;
        let rest = self.file.get(at..)?;
        if rest.starts_with(TABLE) {
            self.new.sections.contains(&at).then_some(())?;
            self.table()
        } else if rest.starts_with(START) {
            self.end()
        } else {
            self.object()
        }
    }

    /// Takes the word that stands after white space.
    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.reader.skip_white();
        let at = self.reader.at;
        self.file.get(at..)?.strip_prefix(word)?;
        self.words.insert(at);
        self.reader.at = at.checked_add(word.len())?;
        Some(())
    }

    /// A number after white space: not all readers skip comments here.
    fn number(&mut self) -> Option<usize> {
        self.reader.skip_white();
        self.reader.peek().filter(u8::is_ascii_digit)?;
        self.reader.number()
    }

    /// `startxref`, where the section stands, and the end mark.
    fn end(&mut self) -> Option<()> {
        let at = self.reader.at;
        self.word(START)?;
        self.words.insert(at.checked_add(START.len().checked_sub(TABLE.len())?)?);
        let place = self.number()?;
        self.new.sections.contains(&place).then_some(())?;
        self.word(END)?;
        self.reader.peek().is_none_or(is_white).then_some(())
    }

    /// A table whose entries have the 20 bytes that ISO 32000-1 §7.5.4 gives them, as some readers
    /// count them, and its trailer.
    fn table(&mut self) -> Option<()> {
        const ENTRY: usize = 20;
        self.word(TABLE)?;
        while self.word(TRAILER).is_none() {
            self.number()?;
            let count = self.number()?;
            self.reader.skip_white();
            for _ in 0..count {
                let end = self.reader.at.checked_add(ENTRY)?;
                is_entry(self.file.get(self.reader.at..end)?).then_some(())?;
                self.reader.at = end;
            }
        }
        self.reader.object()?.dictionary().map(|_| ())
    }

    fn object(&mut self) -> Option<()> {
        let at = self.reader.at;
        let (number, _) = pdf::header(&mut self.reader)?;
        self.words.insert(self.reader.at.checked_sub(OBJECT.len())?);
        let object = self.new.read_at(at, number).filter(|_| self.new.stands(number, at))?;
        self.reader.at = object.end;
        let Object::Dictionary(dictionary) = &object.object else { return Some(()) };
        if dictionary.is(b"Type", b"XRef") {
            return self.new.sections.contains(&at).then_some(());
        }
        if dictionary.is(b"Type", b"ObjStm") {
            return self.object_stream(number, dictionary, &object);
        }
        self.is_no_beginning(number, dictionary).then_some(())
    }

    /// An object stream of which some section names every object: readers that repair files take
    /// all that are in it. Its number is new, or the sections would speak of several.
    fn object_stream(
        &mut self,
        number: u32,
        dictionary: &Dictionary,
        object: &Indirect,
    ) -> Option<()> {
        let is_new = self.old.get(number)?.object == Object::Null && self.streams.insert(number);
        let is_alone = dictionary.get(b"Extends").is_none();
        let objects = self.new.objects_in(dictionary, object.stream.as_ref()?)?;
        let are_named = objects.iter().enumerate().all(|(index, (own, inner))| {
            let is_plain = inner.dictionary().is_none_or(|inner| self.is_no_beginning(*own, inner));
            is_plain && self.new.is_inside(*own, number, index)
        });
        (is_new && is_alone && are_named).then_some(())
    }

    /// Whether no reader takes it for a catalog or a page that the signed revision does not have.
    fn is_no_beginning(&self, number: u32, dictionary: &Dictionary) -> bool {
        match dictionary.get(b"Type") {
            None => true,
            Some(Object::Name(kind)) => match kind.as_slice() {
                b"Catalog" | b"Page" | b"Pages" => self.old.get(number).is_some_and(|old| {
                    old.object.dictionary().is_some_and(|old| old.is(b"Type", kind))
                }),
                b"ObjStm" | b"XRef" => false,
                _ => true,
            },
            // Readers differ in whether they follow a reference here.
            Some(_) => false,
        }
    }
}

/// Ten digits, five digits, `n` or `f`, and the end of a line of two bytes.
fn is_entry(entry: &[u8]) -> bool {
    let digits = |from: usize, to: usize| {
        entry.get(from..to).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
    };
    let is = |place: usize, byte: u8| entry.get(place) == Some(&byte);
    let ends = [&b" \r"[..], b" \n", b"\r\n"];
    digits(0, 10)
        && is(10, b' ')
        && digits(11, 16)
        && is(16, b' ')
        && (is(17, b'n') || is(17, b'f'))
        && entry.get(18..).is_some_and(|end| ends.contains(&end))
}
