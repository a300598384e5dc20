//! The shapes of what may be added to a signed PDF file. A reader takes a value of another shape for
//! what it likes: `PDFium` read the rest of an array as entries of the catalog around it.

use std::collections::BTreeSet;

use crate::content::pdf::{Dictionary, Object, Pdf, Resolved};

/// Follows values from one to the next. `None` from any method: it has another shape.
pub(super) struct Shape<'a> {
    pdf: &'a Pdf<'a>,
    /// The numbers of the objects that were passed.
    pub(super) numbers: BTreeSet<u32>,
    steps_left: usize,
}

/// How many objects one value may lead to, those within others counted.
const MAX_STEPS: usize = 1 << 16;
/// How deep plain values lie within each other: `/Prop_Build` has three levels.
const MAX_DEPTH: usize = 6;

impl<'a> Shape<'a> {
    pub(super) fn new(pdf: &'a Pdf<'a>) -> Self {
        Self { pdf, numbers: BTreeSet::new(), steps_left: MAX_STEPS }
    }

    /// How many objects were looked at.
    pub(super) fn steps(&self) -> usize {
        MAX_STEPS.saturating_sub(self.steps_left)
    }

    fn step(&mut self) -> Option<()> {
        self.steps_left = self.steps_left.checked_sub(1)?;
        Some(())
    }

    /// What `value` is, or refers to: no stream.
    fn open<'o>(&mut self, value: &'o Object) -> Option<Resolved<'o>> {
        self.step()?;
        if let Some(number) = value.reference() {
            self.numbers.insert(number);
            self.pdf.get(number)?.stream.is_none().then_some(())?;
        }
        self.pdf.resolve(value)
    }

    /// Refers to a stream.
    pub(super) fn stream(&mut self, value: &Object) -> Option<()> {
        self.step()?;
        let number = value.reference()?;
        self.numbers.insert(number);
        self.pdf.resolve(value)?;
        self.pdf.get(number)?.stream.is_some().then_some(())
    }

    fn streams(&mut self, list: &Object) -> Option<()> {
        let list = self.open(list)?;
        list.array()?.iter().try_for_each(|item| self.stream(item))
    }

    /// A document security store (ETSI EN 319 142-1 §5.4.2, ISO 32000-2 §12.8.4.3).
    pub(super) fn store(&mut self, store: &Object) -> Option<()> {
        let store = self.open(store)?;
        store.dictionary()?.entries.iter().try_for_each(|(key, value)| match key.as_slice() {
            b"Type" => name(value),
            b"Certs" | b"CRLs" | b"OCSPs" => self.streams(value),
            b"VRI" => {
                let all = self.open(value)?;
                all.dictionary()?.entries.values().try_for_each(|one| self.proofs(one))
            }
            _ => None,
        })
    }

    /// What proves one signature (§5.4.3, ISO 32000-2 §12.8.4.4).
    fn proofs(&mut self, proofs: &Object) -> Option<()> {
        let proofs = self.open(proofs)?;
        proofs.dictionary()?.entries.iter().try_for_each(|(key, value)| match key.as_slice() {
            b"Type" => name(value),
            b"Cert" | b"CRL" | b"OCSP" => self.streams(value),
            b"TU" => text(value),
            b"TS" => self.stream(value),
            _ => None,
        })
    }

    /// A value that may stand by itself, without references in it.
    pub(super) fn apart(&mut self, value: &Object) -> Option<()> {
        let value = self.open(value)?;
        self.plain(&value)
    }

    /// A value without references.
    pub(super) fn plain(&mut self, value: &Object) -> Option<()> {
        self.plain_within(value, MAX_DEPTH)
    }

    fn plain_within(&mut self, value: &Object, depth: usize) -> Option<()> {
        self.step()?;
        let depth = depth.checked_sub(1)?;
        match value {
            Object::Array(items) => {
                items.iter().try_for_each(|item| self.plain_within(item, depth))
            }
            Object::Dictionary(dictionary) => {
                dictionary.entries.values().try_for_each(|one| self.plain_within(one, depth))
            }
            Object::Reference { .. } => None,
            Object::Boolean(_)
            | Object::Integer(_)
            | Object::Name(_)
            | Object::Null
            | Object::Real(_)
            | Object::Text(_) => Some(()),
        }
    }

    /// The value of a signature field (ISO 32000-1 §12.8.1, table 252).
    pub(super) fn signature(&mut self, value: &Object) -> Option<()> {
        let value = self.open(value)?;
        value.dictionary()?.entries.iter().try_for_each(|(key, value)| match key.as_slice() {
            b"Type" | b"Filter" | b"SubFilter" => name(value),
            b"Reference" => self.references(value),
            _ => self.plain(value),
        })
    }

    /// Signature reference dictionaries (table 253).
    fn references(&mut self, list: &Object) -> Option<()> {
        let list = self.open(list)?;
        for reference in list.array()? {
            let reference = self.open(reference)?;
            for (key, value) in &reference.dictionary()?.entries {
                match key.as_slice() {
                    b"Data" => drop(value.reference()?),
                    b"TransformParams" => self.apart(value)?,
                    _ => self.plain(value)?,
                }
            }
        }
        Some(())
    }

    /// A signature field that nobody sees, with its widget (ISO 32000-1 §12.7.4.5, §12.5.6.19); gives
    /// its name. Its value is looked at apart. An appearance may be shown where the field has no size, so there is none.
    pub(super) fn field(&mut self, field: &Dictionary, pages: &BTreeSet<u32>) -> Option<Vec<u8>> {
        let is_widget = field.get(b"Subtype").is_none() || field.is(b"Subtype", b"Widget");
        (field.is(b"FT", b"Sig") && is_widget).then_some(())?;
        for (key, value) in &field.entries {
            match key.as_slice() {
                b"FT" | b"Subtype" | b"Type" => name(value)?,
                b"DA" | b"TU" => text(value)?,
                b"F" | b"Ff" => drop(value.integer()?),
                b"Lock" | b"SV" => self.apart(value)?,
                b"P" => pages.contains(&value.reference()?).then_some(())?,
                b"Rect" => has_no_size(value)?,
                b"T" | b"V" => {}
                _ => return None,
            }
        }
        field_name(field.get(b"T")?)
    }
}

fn name(value: &Object) -> Option<()> {
    matches!(value, Object::Name(_)).then_some(())
}

fn text(value: &Object) -> Option<()> {
    matches!(value, Object::Text(_)).then_some(())
}

fn has_no_size(rectangle: &Object) -> Option<()> {
    let [left, bottom, right, top] = rectangle.array()? else { return None };
    let is_number = |one: &&Object| matches!(one, Object::Integer(_) | Object::Real(_));
    let are_numbers = [left, bottom, right, top].iter().all(is_number);
    (are_numbers && left == right && bottom == top).then_some(())
}

/// A partial field name (ISO 32000-1 §12.7.3.2) of ASCII, in whatever encoding of text it stands.
pub(super) fn field_name(value: &Object) -> Option<Vec<u8>> {
    let Object::Text(text) = value else { return None };
    let mut octets = text.octets()?;
    // UTF-16 and UTF-8 with their marks; of ASCII the other octets are noughts.
    octets.retain(|octet| !matches!(octet, 0 | 0xfe | 0xff | 0xef | 0xbb | 0xbf));
    Some(octets)
}
