//! Whether a signature inside a PDF file may have been made over another file.
//!
//! What a signature is over is the file without it, and that may be a file of its own: somebody signs
//! one in which a second is prepared, and his signature is put where that one expects it. So the
//! covered bytes must not be what a reader opens, and the signed revision must not have anything for
//! one that repairs it, as it would have to: what such a reader finds is what the tables say.

use std::collections::{BTreeMap, BTreeSet};

use super::{range::Signed, words};
use crate::content::{
    Purse,
    pdf::{Object, Pdf, Place, Reader, Section, spend},
};

/// Whether the bytes of `signed` are this `file` and no other. Not either when the budget does not
/// suffice for looking.
pub(super) fn is_of_this_file(signed: &Signed, file: &[u8], purse: &dyn Purse) -> bool {
    let over = signed.over.concat();
    let revision = file.get(..signed.end).unwrap_or_default();
    // Of a true one every place behind the signature is wrong when it is left out.
    let stands_alone = || Pdf::open(&over, purse).is_some_and(|pdf| pdf.catalog().is_some());
    let hides_nothing = || match Pdf::open(revision, purse) {
        Some(pdf) => Found::read(revision, &pdf).is_some_and(|found| found.is_told(&pdf)),
        // Nothing of it is shown.
        None => true,
    };
    spend(purse, 0, over.len()).is_some()
        && ranges(&over) <= 1
        && !stands_alone()
        && hides_nothing()
}

/// How many places in `over` say that they are over all of it.
fn ranges(over: &[u8]) -> usize {
    const RANGE: &[u8] = b"/ByteRange";
    let found = memchr::memmem::find_iter(over, RANGE).filter(|at| {
        let mut reader = Reader::new(over, at.saturating_add(RANGE.len()));
        let range = reader.object();
        let range = range.as_ref().and_then(Object::array).unwrap_or_default();
        let range: Option<Vec<usize>> = range.iter().map(Object::integer).collect();
        matches!(range.as_deref(), Some([0, first, _, length])
            if first.checked_add(*length) == Some(over.len()))
    });
    found.count()
}

/// What a reader finds in a revision that looks for objects and trailers, beside what its sections
/// say.
struct Found<'a> {
    revision: &'a [u8],
    /// Where the word `obj` stands of the objects that a section names.
    told: BTreeSet<usize>,
    /// The last place of each number.
    last: BTreeMap<u32, usize>,
    /// Where the trailers stand that belong to a section, and what roots they name.
    roots: BTreeMap<usize, Option<Object>>,
}

impl<'a> Found<'a> {
    fn read(revision: &'a [u8], pdf: &Pdf<'_>) -> Option<Self> {
        pdf.spend(0, revision.len())?;
        let (told, last, roots) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        let mut found = Self { revision, told, last, roots };
        for at in &pdf.sections {
            let section = pdf.section(*at)?;
            let stream = section.trailer.get(b"XRefStm").filter(|_| section.is_table);
            if let Some(at) = stream {
                let at = at.integer()?;
                found.section(at, pdf.section(at)?, pdf)?;
            }
            found.section(*at, section, pdf)?;
        }
        Some(found)
    }

    fn section(&mut self, at: usize, section: Section, pdf: &Pdf<'_>) -> Option<()> {
        pdf.spend(section.entries.len(), 0)?;
        let root = section.trailer.get(b"Root").cloned();
        if section.is_table {
            self.roots.insert(section.trailer.span.start, root);
        } else {
            let (_, word) = pdf.header_at(at)?;
            self.told.insert(word);
            self.roots.insert(at, root);
        }
        for (number, place) in section.entries {
            let Place::At { at, .. } = place else { continue };
            if let Some((_, word)) = pdf.header_at(at).filter(|(own, _)| *own == number) {
                self.told.insert(word);
                let last = self.last.entry(number).or_default();
                *last = at.max(*last);
            }
        }
        Some(())
    }

    /// Whether that is the same: no object and no trailer beside them, and of several the one in
    /// force is the last.
    fn is_told(&self, pdf: &Pdf<'_>) -> bool {
        let is_in_force = |(number, last): (&u32, &usize)| match pdf.place(*number) {
            Some(Place::At { at, .. }) => at == *last,
            Some(Place::Inside { stream, .. }) => {
                matches!(pdf.place(stream), Some(Place::At { at, .. }) if at > *last)
            }
            Some(Place::Free) | None => false,
        };
        let last_root = self.roots.last_key_value().and_then(|(_, root)| root.as_ref());
        words::headers(self.revision).all(|word| self.told.contains(&word))
            && self.last.iter().all(is_in_force)
            && self.trailers().all(|at| self.roots.contains_key(&at))
            && last_root == pdf.trailer.get(b"Root")
    }

    /// Where the dictionaries stand that follow the word `trailer`.
    fn trailers(&self) -> impl Iterator<Item = usize> {
        const TRAILER: &[u8] = b"trailer";
        let mut at = 0;
        std::iter::from_fn(move || {
            loop {
                let word = memchr::memmem::find(self.revision.get(at..)?, TRAILER)?;
                let mut reader =
                    Reader::new(self.revision, at.checked_add(word)?.checked_add(TRAILER.len())?);
                reader.skip_space();
                at = reader.at;
                if self.revision.get(at..)?.starts_with(b"<<") {
                    return Some(at);
                }
            }
        })
    }
}
