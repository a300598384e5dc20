//! The pages of a PDF file (ISO 32000-1 §7.7.2, §7.7.3).

use std::collections::BTreeSet;

use super::{
    Purse,
    pdf::{Dictionary, Object, Pdf},
};
use crate::domain::NotADocument;

/// Whether `file` has a page. All of the page tree is walked: in a tree that leads back into
/// itself, readers differ in which pages there are.
pub(super) fn find(file: &[u8], purse: &dyn Purse) -> Result<(), NotADocument> {
    let purse = Watched::new(purse);
    let found = match look(Pdf::open(file, &purse)) {
        // Programs write wrong places, and every viewer looks for the objects then.
        Err(NotADocument::PdfUnreadable) => look(Pdf::rebuild(file, &purse)),
        found => found,
    };
    if purse.is_empty() { Err(NotADocument::TooLarge) } else { found }
}

fn look(pdf: Option<Pdf<'_>>) -> Result<(), NotADocument> {
    let pdf = pdf.ok_or(NotADocument::PdfUnreadable)?;
    // Whether it opens without a password is not tried: what it shows could not be compared with
    // anything either.
    if pdf.is_encrypted {
        return Err(NotADocument::PdfEncrypted);
    }
    walk(&pdf)
}

fn walk(pdf: &Pdf<'_>) -> Result<(), NotADocument> {
    let unreadable = NotADocument::PdfUnreadable;
    let (_, catalog) = pdf.catalog().ok_or(unreadable)?;
    if !catalog.is(b"Type", b"Catalog") {
        return Err(unreadable);
    }
    let root = catalog.get(b"Pages").and_then(Object::reference).ok_or(unreadable)?;
    let mut seen = BTreeSet::from([root]);
    let mut todo = vec![root];
    let (mut has_page, mut is_whole) = (false, true);
    while let Some(number) = todo.pop() {
        let Some(node) = pdf.get(number) else {
            is_whole = false;
            continue;
        };
        let Some(node) = node.object.dictionary() else { continue };
        if node.is(b"Type", b"Page") && number != root {
            has_page = true;
            continue;
        }
        for kid in kids(pdf, node, &mut seen)? {
            if !seen.insert(kid) {
                return Err(unreadable);
            }
            todo.push(kid);
        }
    }
    match (has_page, is_whole) {
        (true, _) => Ok(()),
        (false, true) => Err(NotADocument::PdfWithoutPage),
        (false, false) => Err(unreadable),
    }
}

/// What a node of the tree refers to. Its list may be an object of its own, which no other node
/// may have: then it would have the same kids.
fn kids(
    pdf: &Pdf<'_>,
    node: &Dictionary,
    seen: &mut BTreeSet<u32>,
) -> Result<Vec<u32>, NotADocument> {
    let unreadable = NotADocument::PdfUnreadable;
    let Some(list) = node.get(b"Kids").filter(|_| node.is(b"Type", b"Pages")) else {
        return Ok(Vec::new());
    };
    if list.reference().is_some_and(|number| !seen.insert(number)) {
        return Err(unreadable);
    }
    let list = pdf.resolve(list);
    let items = list.as_ref().and_then(|list| list.array()).unwrap_or_default();
    pdf.spend(items.len(), 0).ok_or(unreadable)?;
    Ok(items.iter().filter_map(Object::reference).collect())
}

/// A purse that tells whether it ran out.
struct Watched<'a> {
    purse: &'a dyn Purse,
    is_empty: std::cell::Cell<bool>,
}

impl<'a> Watched<'a> {
    fn new(purse: &'a dyn Purse) -> Self {
        Self { purse, is_empty: std::cell::Cell::new(false) }
    }

    fn is_empty(&self) -> bool {
        self.is_empty.get()
    }
}

impl Purse for Watched<'_> {
    fn spend(&self, bytes: usize) -> bool {
        let paid = self.purse.spend(bytes);
        self.is_empty.set(self.is_empty.get() || !paid);
        paid
    }

    fn affords(&self, bytes: usize) -> bool {
        self.purse.affords(bytes)
    }
}
