//! What a form shows beside the pages of a PDF file, or in place of them (ISO 32000-1 §12.7).

use std::collections::BTreeSet;

use crate::content::pdf::{Object, Pdf};

/// `None` unless each widget among the objects of these numbers belongs to a field of the form.
/// `PDFium` draws widgets where there is a form: others appear when the signature brings one.
pub(super) fn has_all_widgets<'n>(
    pdf: &Pdf<'_>,
    numbers: impl Iterator<Item = &'n u32>,
) -> Option<()> {
    let mut known = BTreeSet::new();
    let (_, catalog) = pdf.catalog()?;
    let mut todo = Vec::new();
    if let Some(form) = catalog.get(b"AcroForm") {
        let form = pdf.resolve(form)?;
        let fields = form.dictionary().and_then(|form| form.get(b"Fields"));
        todo.extend(fields.map(|fields| references(pdf, fields)).into_iter().flatten());
    }
    while let Some(number) = todo.pop() {
        if known.insert(number) {
            pdf.spend(1, 0)?;
            let field = pdf.get(number)?;
            let kids = field.object.dictionary().and_then(|field| field.get(b"Kids"));
            todo.extend(kids.map(|kids| references(pdf, kids)).into_iter().flatten());
        }
    }
    for number in numbers.filter(|number| !known.contains(number)) {
        // What cannot be read is drawn by nobody.
        let Some(object) = pdf.get(*number) else { continue };
        (!has_widget(pdf, &object.object)).then_some(())?;
    }
    Some(())
}

fn references(pdf: &Pdf<'_>, list: &Object) -> Vec<u32> {
    let list = pdf.resolve(list);
    let items = list.as_ref().and_then(|list| list.array()).unwrap_or_default();
    items.iter().filter_map(Object::reference).collect()
}

fn has_widget(pdf: &Pdf<'_>, object: &Object) -> bool {
    match object {
        Object::Array(items) => items.iter().any(|item| has_widget(pdf, item)),
        Object::Dictionary(dictionary) => {
            let kind = dictionary.get(b"Subtype").and_then(|kind| pdf.resolve(kind));
            let widget = Object::Name(b"Widget".to_vec());
            kind.is_some_and(|kind| *kind == widget)
                || dictionary.entries.values().any(|value| has_widget(pdf, value))
        }
        Object::Boolean(_)
        | Object::Integer(_)
        | Object::Name(_)
        | Object::Null
        | Object::Real(_)
        | Object::Reference { .. }
        | Object::Text(_) => false,
    }
}

/// Whether it has a form that some readers show in place of the pages (XFA).
pub(super) fn stands_for_pages(pdf: &Pdf<'_>) -> bool {
    let Some((_, catalog)) = pdf.catalog() else { return true };
    let form = catalog.get(b"AcroForm").and_then(|form| pdf.resolve(form));
    let form = form.as_ref().and_then(|form| form.dictionary());
    catalog.get(b"NeedsRendering").is_some() || form.is_some_and(|form| form.get(b"XFA").is_some())
}
