//! Whether a signature inside a PDF file may have been made over another file.
//!
//! What a signature is over is the file without it, and that may be a file of its own: somebody signs
//! one in which a second is prepared, and his signature is put where that one expects it; or his
//! viewer began from something else in the file that he signed. So nothing may begin in the covered
//! bytes, and the signed revision has to be plain: every byte belongs to an object or a section that
//! its chain of sections names, and from wherever a reader begins it finds the same.

use super::{
    layout::{Layout, Plainness},
    range::Signed,
};
use crate::content::{
    Purse,
    pdf::{Object, Pdf, Reader, headers, spend},
};

const RANGE: &[u8] = b"/ByteRange";
pub(super) const START: &[u8] = b"startxref";

/// How sure it is that the bytes of `signed` are this `file` and no other. Not at all when the budget
/// does not suffice for looking.
pub(super) fn belongs(signed: &Signed, file: &[u8], purse: &dyn Purse) -> Plainness {
    let over = signed.over.concat();
    let revision = file.get(..signed.end).unwrap_or_default();
    let lengths = [over.len(), revision.len(), file.len()];
    let is_one = spend(purse, 0, over.len()).is_some()
        && ranges(&over, purse).is_some_and(|ranges| ranges <= 1)
        && begins(&over, purse) == Some(false);
    let pdf = if is_one { Pdf::open(revision, purse) } else { None };
    let layout = pdf.as_ref().and_then(|pdf| Layout::read(revision, lengths, pdf));
    layout.map_or(Plainness::None, |layout| layout.plainness())
}

/// How many places in `over` say that they are over all of it; `None` when the budget ends.
fn ranges(over: &[u8], purse: &dyn Purse) -> Option<usize> {
    let mut found: usize = 0;
    for at in memchr::memmem::find_iter(over, RANGE) {
        let mut reader = Reader::new(over, at.checked_add(RANGE.len())?);
        let range = reader.object();
        // Readable or not: they may lie over one another.
        spend(purse, 1, reader.at.saturating_sub(at))?;
        let is_one = range.is_some_and(|range| is_over(&range, over.len()));
        found = found.checked_add(usize::from(is_one))?;
    }
    Some(found)
}

/// Whether a `/ByteRange` names so many bytes from the first one on.
pub(super) fn is_over(range: &Object, length: usize) -> bool {
    let range = range.array().unwrap_or_default().iter().map(Object::integer);
    let range: Option<Vec<usize>> = range.collect();
    matches!(range.as_deref(), Some([0, first, _, second])
        if first.checked_add(*second) == Some(length))
}

/// Whether something stands where the end of the covered bytes says that a section does. Of a true
/// signature every place behind it is wrong when it is left out.
///
/// `None` when the budget ends.
fn begins(over: &[u8], purse: &dyn Purse) -> Option<bool> {
    /// How far from its place some reader finds a section, of what is no white space.
    const BEFORE: usize = 16;
    const BEHIND: usize = 64;
    let Some(start) = memchr::memmem::rfind(over, START) else { return Some(false) };
    let place = Reader::new(over, start.saturating_add(START.len())).number();
    let place = place.unwrap_or(over.len());
    let from = place.saturating_sub(BEFORE);
    // Readers let be any length of white space and comments.
    let mut reader = Reader::new(over, place.min(over.len()));
    reader.skip_space();
    spend(purse, 0, reader.at.saturating_sub(place))?;
    let end = reader.at.max(place).saturating_add(BEHIND).min(over.len());
    let near = over.get(from..end).unwrap_or_default();
    let is_table = |found: usize| {
        let before = over.get(..from.saturating_add(found)).unwrap_or_default();
        !before.ends_with(b"start")
    };
    let is_section = memchr::memmem::find_iter(near, b"xref").any(is_table);
    Some(is_section || headers(near).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{Budget, Limits};

    /// How far a place may be from what some reader finds there.
    #[test]
    fn a_section_begins_behind_any_white_space() {
        for (before, what, due) in [
            ("", "xref\n0 1", true),
            ("\n", "xref\n0 1", true),
            ("    ", "4 0 obj", true),
            (" \n", "xref", true),
            ("%\n", "xref", true),
            ("", "nothing", false),
        ] {
            for times in [1, 200] {
                let before = before.repeat(times);
                let start = 20;
                let over =
                    format!("{:<start$}{before}{what}\nstartxref\n{start}\n%%EOF", "%PDF-1.7");
                let budget = Budget::new(&Limits::default());
                assert_eq!(begins(over.as_bytes(), &budget), Some(due), "{before:?} {what}");
            }
        }
    }

    /// Places that lie over one another are paid for each time.
    #[test]
    fn looking_for_ranges_costs_what_it_takes() {
        let over = "/ByteRange(".repeat(1 << 15);
        let limits = Limits::default();
        let budget = Budget::new(&limits);
        assert_eq!(ranges(over.as_bytes(), &budget), None);
    }
}
