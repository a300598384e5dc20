//! Cross-reference sections of a PDF file, as tables (ISO 32000-1 §7.5.4) and as streams (§7.5.8).

use super::{
    file::{MAX_OBJECTS, Place},
    object::{Dictionary, Object, Reader},
};

/// A cross-reference section: what one revision says of where objects stand.
pub(crate) struct Section {
    /// As it says them.
    pub(crate) entries: Vec<(u32, Place)>,
    pub(crate) trailer: Dictionary,
    /// Whether it is a table, and no stream.
    pub(crate) is_table: bool,
    /// Whether it has just the rows that it says, in one order, with no list of free entries. Readers differ in what they take
    /// otherwise: for `PDFium` an empty `/Index` is all of `/Size`.
    pub(crate) is_exact: bool,
}

/// The section that is a table, whose `xref` is read.
pub(super) fn table(reader: &mut Reader<'_>) -> Option<Section> {
    let mut entries = Vec::new();
    while reader.keyword(b"trailer").is_none() {
        let first = u32::try_from(reader.number()?).ok()?;
        let count = u32::try_from(reader.number()?).ok()?;
        for number in first..first.checked_add(count)? {
            let at = reader.number()?;
            let generation = reader.number()?;
            if reader.keyword(b"n").is_some() {
                entries.push((number, Place::At { at, generation }));
            } else {
                reader.keyword(b"f")?;
                entries.push((number, Place::Free));
            }
            if entries.len() > MAX_OBJECTS {
                return None;
            }
        }
    }
    let trailer = reader.object()?.dictionary()?.clone();
    Some(Section { entries, trailer, is_table: true, is_exact: true })
}

/// The section that is a stream (ISO 32000-1 §7.5.8.3), whose dictionary is the trailer.
pub(super) fn stream(dictionary: Dictionary, decoded: &[u8]) -> Option<Section> {
    let widths: Vec<usize> =
        dictionary.get(b"W")?.array()?.iter().map(Object::integer).collect::<Option<_>>()?;
    let [kind_width, second_width, third_width] = widths[..] else { return None };
    if widths.iter().any(|width| *width > 8) {
        return None;
    }
    let width = kind_width.checked_add(second_width)?.checked_add(third_width)?;
    let index: Vec<usize> = match dictionary.get(b"Index") {
        Some(index) => index.array()?.iter().map(Object::integer).collect::<Option<_>>()?,
        None => vec![0, dictionary.integer(b"Size")?],
    };
    let mut rows = decoded.chunks_exact(width.max(1));
    let mut entries = Vec::new();
    let mut is_exact = !index.is_empty();
    let mut next = 0;
    for pair in index.chunks(2) {
        let [first, count] = *pair else { return None };
        is_exact &= first >= next && count > 0;
        next = first.checked_add(count)?;
        for number in first..first.checked_add(count)? {
            let row = rows.next().filter(|_| width > 0)?;
            let (kind, rest) = row.split_at_checked(kind_width)?;
            let (second, third) = rest.split_at_checked(second_width)?;
            let kind = if kind.is_empty() { 1 } else { big_endian(kind)? };
            let place = match kind {
                0 => {
                    // For Poppler strings end by what the head of the free entries points to.
                    is_exact &= number > 0 || big_endian(second)? == 0;
                    Place::Free
                }
                1 => Place::At { at: big_endian(second)?, generation: big_endian(third)? },
                2 => Place::Inside {
                    stream: u32::try_from(big_endian(second)?).ok()?,
                    index: big_endian(third)?,
                },
                _ => return None,
            };
            if entries.len() == MAX_OBJECTS {
                return None;
            }
            entries.push((u32::try_from(number).ok()?, place));
        }
    }
    is_exact &= rows.next().is_none() && rows.remainder().is_empty();
    Some(Section { entries, trailer: dictionary, is_table: false, is_exact })
}

fn big_endian(bytes: &[u8]) -> Option<usize> {
    bytes
        .iter()
        .try_fold(0_usize, |number, byte| number.checked_mul(256)?.checked_add(usize::from(*byte)))
}
