//! What other programs find in bytes that are something else here: a viewer or unpacker that is given them
//! under another name looks for what it knows, and passes over the rest.

use std::ops::Range;

use memchr::memmem;

use super::{markup, pdf};

/// What another program shows in place of what the bytes are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    Archive,
    Page,
    Pdf,
}

/// By this the directory of a ZIP archive is found from the end of a file.
const END_OF_ARCHIVE: &[u8] = b"PK\x05\x06";
/// What the directory is made of, and what is in front of each file: without either nothing is unpacked.
const IN_ARCHIVE: [&[u8]; 2] = [b"PK\x01\x02", b"PK\x03\x04"];
/// Those that are looked for behind a program that unpacks itself.
const OTHER_ARCHIVES: [&[u8]; 2] = [b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"];

/// What some program may find in `bytes`, which are few.
pub(crate) fn find(bytes: &[u8]) -> Option<Other> {
    if may_be_pdf(bytes) {
        Some(Other::Pdf)
    } else if markup::has_page(bytes) {
        Some(Other::Page)
    } else {
        holds(bytes, END_OF_ARCHIVE).then_some(Other::Archive)
    }
}

/// What some program may find in the file of a picture, whose compressed data stand at `data`. In ten
/// megabytes of such data something is found by chance in one of 3,000 files, by calculation: most often a tag,
/// then the header of an object.
pub(super) fn in_picture(file: &[u8], data: &[Range<usize>]) -> Option<Other> {
    if may_be_pdf(file) {
        Some(Other::Pdf)
    } else if markup::has_long_tag(file) || beside(file, data).any(markup::has_page) {
        Some(Other::Page)
    } else {
        has_archive(file).then_some(Other::Archive)
    }
}

/// What some program may find in a PDF file besides. A page of HTML is not looked for: addresses, metadata
/// and attached files are written as such.
pub(super) fn in_pdf(file: &[u8]) -> Option<Other> {
    /// An archive ends with this mark and a comment of at most 65,535 bytes.
    const END: usize = 22 + 65_535;
    let end = file.get(file.len().saturating_sub(END)..).unwrap_or_default();
    // What is attached as it is has the heads of files, and no directory of them.
    let is_zip = holds(end, END_OF_ARCHIVE) && holds(file, IN_ARCHIVE[0]);
    (is_zip || is_other_archive(file)).then_some(Other::Archive)
}

/// Whether some viewer may take `bytes` for a PDF file. Nothing of one needs to stand where it should:
/// who opens a file by its ending looks for whatever it holds.
fn may_be_pdf(bytes: &[u8]) -> bool {
    let has_header = || holds(bytes, b"obj") && pdf::headers(bytes).next().is_some();
    holds(bytes, b"%PDF-") || holds(bytes, b"startxref") || has_header()
}

fn has_archive(bytes: &[u8]) -> bool {
    let is_zip = || IN_ARCHIVE.iter().any(|mark| holds(bytes, mark));
    holds(bytes, END_OF_ARCHIVE) && is_zip() || is_other_archive(bytes)
}

fn is_other_archive(bytes: &[u8]) -> bool {
    OTHER_ARCHIVES.iter().any(|mark| holds(bytes, mark))
}

/// The parts of a picture's file outside of its compressed data, up to the end of the last data, and the
/// first 4 KiB of that data: a tag that begins in front of the data may end within them.
fn beside<'a>(file: &'a [u8], data: &'a [Range<usize>]) -> impl Iterator<Item = &'a [u8]> {
    /// Longer texts than that show what they are.
    const BEGINNING: usize = 4096;
    let starts = std::iter::once(0).chain(data.iter().map(|data| data.end));
    let ends = data.iter().enumerate().map(|(place, data)| {
        let more = if place == 0 { BEGINNING } else { 0 };
        data.start.saturating_add(more).min(data.end)
    });
    starts.zip(ends).filter_map(|(from, to)| file.get(from..to))
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    memmem::find(bytes, word).is_some()
}
