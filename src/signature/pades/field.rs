//! Finding the signature dictionaries of a PDF file (ISO 32000-1 §12.7.4.5, §12.8.1).
//!
//! Twice: by the form, which is what readers show, and by looking in the bytes for every
//! `/ByteRange` and for what else stands in a signature dictionary, so that none is overlooked
//! because a form or the dictionary was bent.

use std::collections::BTreeSet;

use memchr::memmem;

use crate::{
    content::pdf::{Dictionary, MAX_ITEMS, Object, Pdf, Reader, spend},
    signature::Budget,
};

/// A signature dictionary.
#[derive(Clone, Debug)]
pub(super) struct Located {
    /// `None` when it cannot be read.
    pub(super) dictionary: Option<Dictionary>,
    /// Whether a form field refers to it.
    pub(super) is_shown: bool,
    /// Where it was found.
    pub(super) at: usize,
}

/// More than a file may have; the caller refuses it.
pub(super) const MAX_SIGNATURES: usize = 16;
/// Fields in the form; those that no number names are counted too.
const MAX_FIELDS: usize = 4096;
/// Fields that are still to be looked at.
const MAX_TODO: usize = 1 << 16;
const MAX_FIELD_DEPTH: usize = 32;

/// All signature dictionaries, at most one more than [`MAX_SIGNATURES`], in the order of the file; and
/// whether the form is too large to be looked through. `None` for `pdf` when its structure cannot be
/// followed.
pub(super) fn locate(file: &[u8], pdf: Option<&Pdf<'_>>, budget: &Budget) -> (Vec<Located>, bool) {
    let (mut found, is_cut) = pdf.map(|pdf| shown(pdf, file)).unwrap_or_default();
    let is_known = |found: &[Located], at: usize| {
        found.iter().filter_map(|one| one.dictionary.as_ref()).any(|one| one.span.contains(&at))
    };
    let mut around = Around { file, budget, last: None };
    for at in memmem::find_iter(file, b"/ByteRange") {
        if found.len() > MAX_SIGNATURES {
            break;
        }
        if !is_known(&found, at) {
            found.push(Located { dictionary: around.dictionary(at), is_shown: false, at });
        }
    }
    for at in without_range(file) {
        if found.len() > MAX_SIGNATURES {
            break;
        }
        let is_signature = |one: &Dictionary| one.get(b"Contents").is_some();
        if !is_known(&found, at)
            && let Some(dictionary) = around.dictionary(at).filter(is_signature)
        {
            found.push(Located { dictionary: Some(dictionary), is_shown: false, at });
        }
    }
    found.sort_by_key(|one| one.at);
    (found, is_cut)
}

/// Where something else than `/ByteRange` says that here is a signature: without it a file would
/// pass for one that nobody signed.
fn without_range(file: &[u8]) -> impl Iterator<Item = usize> {
    /// Each costs a look at the object around it.
    const MAX_LOOKS: usize = 64;
    let is_type = |at: &usize| {
        let before = file.get(..*at).unwrap_or_default().trim_ascii_end();
        let after = at.checked_add(b"/Sig".len()).and_then(|after| file.get(after));
        before.ends_with(b"/Type") && after.is_none_or(|next| !next.is_ascii_alphanumeric())
    };
    let kinds = memmem::find_iter(file, b"/SubFilter");
    let types = memmem::find_iter(file, b"/Sig").filter(is_type);
    kinds.take(MAX_LOOKS).chain(types.take(MAX_LOOKS))
}

/// The values of the signature fields in the form, and whether it has more of anything than is looked
/// at.
///
/// A signature dictionary counts only where it stands in the file itself. One in an object stream
/// has places there that may be made the same as those of another signature in the file.
fn shown(pdf: &Pdf<'_>, file: &[u8]) -> (Vec<Located>, bool) {
    let mut found: Vec<Located> = Vec::new();
    // Fields, their lists of kids and their values: what is named twice is looked at once.
    let mut seen = BTreeSet::new();
    let mut is_first = |object: &Object| object.reference().is_none_or(|one| seen.insert(one));
    let mut looked_at = 0_usize;
    let mut todo: Vec<(Object, bool, usize)> =
        roots(pdf).unwrap_or_default().into_iter().rev().map(|field| (field, false, 0)).collect();
    while let Some((field, inherited, depth)) = todo.pop() {
        looked_at = looked_at.saturating_add(1);
        let is_over = looked_at > MAX_FIELDS || todo.len() > MAX_TODO;
        if is_over || depth > MAX_FIELD_DEPTH || found.len() > MAX_SIGNATURES {
            return (found, true);
        }
        if !is_first(&field) {
            continue;
        }
        let Some(field) = pdf.resolve(&field) else { continue };
        let Some(field) = field.dictionary() else { continue };
        let is_signature = match field.get(b"FT") {
            Some(kind) => *kind == Object::Name(b"Sig".to_vec()),
            None => inherited,
        };
        let kids =
            field.get(b"Kids").filter(|kids| is_first(kids)).and_then(|kids| pdf.resolve(kids));
        let kids = kids.as_ref().and_then(|kids| kids.array()).unwrap_or_default();
        let below = depth.saturating_add(1);
        todo.extend(kids.iter().rev().map(|kid| (kid.clone(), is_signature, below)));
        let value = field.get(b"V").filter(|value| is_signature && is_first(value));
        let Some(value) = value else { continue };
        let value = pdf.resolve(value);
        let located = match value.as_deref() {
            Some(Object::Null) => continue,
            Some(Object::Dictionary(dictionary)) if stands_in(file, dictionary) => Located {
                at: dictionary.span.start,
                dictionary: Some(dictionary.clone()),
                is_shown: true,
            },
            _ => Located { at: field.span.start, dictionary: None, is_shown: true },
        };
        let is_same = |one: &Located| one.dictionary.is_some() && one.at == located.at;
        if !found.iter().any(is_same) {
            found.push(located);
        }
    }
    (found, false)
}

/// Whether this very dictionary is what is read at its place in the file.
fn stands_in(file: &[u8], dictionary: &Dictionary) -> bool {
    let read = Reader::new(file, dictionary.span.start).object();
    read.as_ref().and_then(Object::dictionary) == Some(dictionary)
}

/// The fields of the form that no other field holds.
fn roots(pdf: &Pdf<'_>) -> Option<Vec<Object>> {
    let (_, catalog) = pdf.catalog()?;
    let form = pdf.resolve(catalog.get(b"AcroForm")?)?;
    let fields = pdf.resolve(form.dictionary()?.get(b"Fields")?)?;
    fields.array().map(<[_]>::to_vec)
}

/// Reads objects around places in a file, each once for all the places in it.
struct Around<'a> {
    file: &'a [u8],
    budget: &'a Budget,
    /// Where the last one begins, and what it is.
    last: Option<(usize, Option<Dictionary>)>,
}

impl Around<'_> {
    /// The innermost dictionary of the object around `at`.
    fn dictionary(&mut self, at: usize) -> Option<Dictionary> {
        let start = memmem::rfind(self.file.get(..at)?, b"obj")?.checked_add(3)?;
        let known = self.last.take().filter(|(known, _)| *known == start);
        let (_, object) = self.last.insert(known.unwrap_or_else(|| (start, self.read(start))));
        let mut innermost = object.as_ref()?;
        // Objects lie within each other no deeper than the reader goes.
        while let Some(inner) = innermost
            .entries
            .values()
            .filter_map(Object::dictionary)
            .find(|inner| inner.span.contains(&at))
        {
            innermost = inner;
        }
        innermost.span.contains(&at).then(|| innermost.clone())
    }

    /// The dictionary that begins at `start`. It costs what it takes, readable or not: what is read
    /// from another place on may be the same bytes.
    fn read(&self, start: usize) -> Option<Dictionary> {
        let mut reader = Reader::new(self.file, start);
        let object = reader.object();
        let items = MAX_ITEMS.saturating_sub(reader.items_left);
        spend(self.budget, items, reader.at.saturating_sub(start))?;
        object?.dictionary().cloned()
    }
}
