//! The form and the lists of fields and annotations, to which signature fields may be added that nobody
//! sees.

use super::{ALL_FLAGS, Compared, Comparison, Shape, changed, unreadable};
use crate::content::pdf::{Dictionary, Object, Pdf};

impl Comparison<'_> {
    /// The form of the catalog, and what the signed catalog took for it: who takes the older catalog
    /// takes the newer object.
    pub(super) fn form(&mut self, old: &Dictionary, new: &Dictionary) -> Compared {
        // pdf.js shows it in place of the pages or does not, by which fields and flags there are.
        if old.get(b"NeedsRendering").is_some() {
            return Err(shows_form());
        }
        let (before, after) = (old.get(b"AcroForm"), new.get(b"AcroForm"));
        self.replaceable.extend(before.and_then(Object::reference));
        for after in both(before, after) {
            self.form_in(before, after)?;
        }
        Ok(())
    }

    fn form_in(&mut self, old: Option<&Object>, new: Option<&Object>) -> Compared {
        const WHAT: &str = "the form";
        let read = |pdf: &Pdf<'_>, form: Option<&Object>| match form {
            Some(form) => {
                let form = pdf.resolve(form)?;
                let is_null = *form == Object::Null;
                form.dictionary().cloned().or_else(|| is_null.then(Dictionary::default))
            }
            None => Some(Dictionary::default()),
        };
        let (Some(before), Some(after)) = (read(self.old, old), read(self.new, new)) else {
            return Err(unreadable(WHAT));
        };
        if before.get(b"XFA").is_some() {
            return Err(shows_form());
        }
        self.same_but(&before, &after, &[b"Fields", b"SigFlags"], WHAT)?;
        let flags = |form: &Dictionary| match form.get(b"SigFlags") {
            Some(flags) => flags.integer().filter(|flags| *flags <= ALL_FLAGS),
            None => Some(0),
        };
        let (Some(own), Some(flags)) = (flags(&before), flags(&after)) else {
            return Err(unreadable(WHAT));
        };
        if flags & own != own {
            return Err(changed(WHAT));
        }
        self.list(before.get(b"Fields"), after.get(b"Fields"), WHAT)
    }

    /// The same list of fields or annotations, to which signature fields were added; and what was the
    /// list when it was signed.
    pub(super) fn list(
        &mut self,
        old: Option<&Object>,
        new: Option<&Object>,
        what: &str,
    ) -> Compared {
        self.replaceable.extend(old.and_then(Object::reference));
        both(old, new).try_for_each(|new| self.list_in(old, new, what))
    }

    fn list_in(&mut self, old: Option<&Object>, new: Option<&Object>, what: &str) -> Compared {
        let read = |pdf: &Pdf<'_>, list: Option<&Object>| match list {
            None => Some(Vec::new()),
            Some(list) => {
                let list = pdf.resolve(list)?;
                let is_null = *list == Object::Null;
                list.array().map(<[Object]>::to_vec).or_else(|| is_null.then(Vec::new))
            }
        };
        let (Some(before), Some(after)) = (read(self.old, old), read(self.new, new)) else {
            return Err(unreadable(what));
        };
        let steps = before.len().saturating_add(after.len());
        self.walk(steps).ok_or_else(|| unreadable(what))?;
        // What was added stands behind what was there, for whatever a reader finds first counts.
        let added = after.get(before.len()..).ok_or_else(|| changed(what))?;
        before.iter().zip(&after).try_for_each(|(old, new)| self.same(old, new, what))?;
        if added.iter().all(|item| self.is_new_field(item)) { Ok(()) } else { Err(changed(what)) }
    }

    /// Whether this is a signature field that the signed revision does not have, and that nobody
    /// sees.
    fn is_new_field(&mut self, item: &Object) -> bool {
        let Some(number) = item.reference().filter(|number| !self.old.names(*number)) else {
            return false;
        };
        // The form and the page may both list it.
        if self.new_fields.contains_key(&number) {
            return true;
        }
        let Some(field) = self.new.get(number).filter(|field| field.stream.is_none()) else {
            return false;
        };
        let Some(field) = field.object.dictionary() else { return false };
        let may_have = match field.get(b"V") {
            Some(value) => self.is_new_signature(value),
            None => self.may_sign,
        };
        let mut shape = Shape::new(self.new);
        let name = shape.field(field, &self.pages);
        let name = name.filter(|_| may_have && self.owns(&shape));
        let Some(name) = name.filter(|name| is_plain(name)) else { return false };
        self.new_fields.insert(number, name);
        true
    }

    /// Whether this is the signature of no other field.
    pub(super) fn is_new_signature(&mut self, value: &Object) -> bool {
        let mut shape = Shape::new(self.new);
        self.is_signature(value) && shape.signature(value).is_some() && self.owns(&shape)
    }

    /// Whether all that was passed was added, and belongs to nothing else.
    fn owns(&mut self, shape: &Shape<'_>) -> bool {
        let is_own = |number: &u32| !self.old.names(*number) && self.values.insert(*number);
        shape.numbers.iter().all(is_own) && self.walk(shape.steps()).is_some()
    }

    fn is_signature(&self, value: &Object) -> bool {
        let value = self.new.resolve(value);
        value.as_ref().and_then(|value| value.dictionary()).is_some_and(|value| {
            let is_allowed = self.may_sign || value.is(b"SubFilter", b"ETSI.RFC3161");
            is_allowed && value.get(b"ByteRange").is_some() && value.get(b"Contents").is_some()
        })
    }
}

/// Whether a name says the same in every encoding.
fn is_plain(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|octet| matches!(octet, b' '..=b'~') && *octet != b'.')
}

/// What is referred to now, and what was before where that is another object.
pub(super) fn both<'o>(
    old: Option<&'o Object>,
    new: Option<&'o Object>,
) -> impl Iterator<Item = Option<&'o Object>> {
    let old = old.filter(|old| old.reference().is_some() && Some(*old) != new);
    [Some(new), old.map(Some)].into_iter().flatten()
}

fn shows_form() -> String {
    "it has a form that readers show in place of the pages (XFA)".to_owned()
}
