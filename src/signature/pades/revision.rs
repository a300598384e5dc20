//! What was added to a PDF file after it was signed (ISO 32000-1 §7.5.6), and whether it changes
//! what a reader is shown.
//!
//! The signed revision and the whole file are compared from the catalog on, object by object. Both
//! have to show the same, but for what `PAdES` itself adds later (ETSI EN 319 142-1 §5.4, §5.5):
//! a document security store, and signature fields that nobody sees. This is how changes are found
//! that hide in a lawful update: other contents under an old reference, an overlay, a form filled
//! in anew. Whatever is not known to be harmless is not allowed.

mod form;

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use form::both;

use super::{
    added, metadata,
    shape::{Shape, field_name},
};
use crate::{
    content::pdf::{Dictionary, Object, Pdf},
    xml::WEIGHT,
};

/// Checks that `new`, which begins with the signed revision, shows what that shows, and so does
/// each revision in between. Further signatures are allowed unless the file was `certified` with no
/// changes permitted. The clause says what is different. `comparisons_left` bounds what all
/// signatures of a file may cost.
pub(super) fn check(
    file: &[u8],
    signed: usize,
    new: &Pdf<'_>,
    certified: Option<usize>,
    comparisons_left: &Cell<usize>,
) -> Result<(), String> {
    let before = file.get(..signed).unwrap_or_default();
    let old = Pdf::open(before, new.purse)
        .filter(|_| before.trim_ascii_end().ends_with(b"%%EOF"))
        .ok_or("the signed revision is not a whole file")?;
    let last =
        old.sections.first().and_then(|first| new.sections.iter().position(|at| at == first));
    let later = last.and_then(|last| new.sections.get(..last)).unwrap_or_default();
    // Each after the one before it, so that every way of reading finds the same one newest.
    let is_ordered = later.iter().all(|at| *at >= signed) && later.is_sorted_by(|a, b| a > b);
    if last.is_none() || !is_ordered || old.is_hybrid || new.is_hybrid {
        return Err("the later revisions do not follow the signed one plainly".to_owned());
    }
    let added = added::check(file, signed, &old, new)?;
    let compare = |new: &Pdf<'_>| {
        let left = comparisons_left.get().checked_sub(1).ok_or("has too many later revisions")?;
        comparisons_left.set(left);
        let may_sign = certified != Some(NO_CHANGES);
        Comparison::new(&old, new, &added, may_sign)
            .ok_or("the signed revision has no readable catalog")?
            .run()
    };
    compare(new)?;
    // What a later revision hides again is what a reader shows that repairs the file.
    for at in later.get(1..).unwrap_or_default() {
        let between =
            Pdf::open_at(file, *at, new.purse).ok_or("a later revision cannot be read")?;
        compare(&between)?;
    }
    Ok(())
}

/// The signed revision beside the whole file.
struct Comparison<'a> {
    old: &'a Pdf<'a>,
    new: &'a Pdf<'a>,
    catalog: u32,
    pages: BTreeSet<u32>,
    todo: Vec<u32>,
    seen: BTreeSet<u32>,
    /// The numbers of the objects that were added.
    added: &'a BTreeSet<u32>,
    /// Those of the signed revision whose objects may be given anew, for each is looked at.
    replaceable: BTreeSet<u32>,
    /// What the fields of the signed revision are called.
    names: BTreeSet<Vec<u8>>,
    /// What the fields and signatures that were added are made of: nothing belongs to two.
    values: BTreeSet<u32>,
    /// What those are called that were added, by their numbers.
    new_fields: BTreeMap<u32, Vec<u8>>,
    /// Whether signatures may be added, and fields for them.
    may_sign: bool,
    /// How many more objects may be compared, those within others counted.
    steps_left: usize,
    /// How many of them are not paid for yet.
    unpaid: usize,
}

type Compared = Result<(), String>;
type Follow = fn(&mut Shape<'_>, &Object) -> Option<()>;

/// `/P` of a certification signature (ISO 32000-1 §12.8.2.2, ISO 32000-2 §12.8.2.2.2): only what
/// proves the signatures may be added, and document time-stamps.
const NO_CHANGES: usize = 1;
/// `/SigFlags` (ISO 32000-1 table 219): there are signatures, and the file is added to alone.
const ALL_FLAGS: usize = 3;
/// How many nodes the page tree may have.
const MAX_PAGE_NODES: usize = 1 << 16;
const MAX_STEPS: usize = 1 << 23;

impl<'a> Comparison<'a> {
    fn new(
        old: &'a Pdf<'a>,
        new: &'a Pdf<'a>,
        added: &'a BTreeSet<u32>,
        may_sign: bool,
    ) -> Option<Self> {
        let (catalog, dictionary) = old.catalog()?;
        let mut pages = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo = vec![dictionary.get(b"Pages")?.reference()?];
        while let Some(number) = todo.pop() {
            if !seen.insert(number) || seen.len() > MAX_PAGE_NODES {
                return None;
            }
            let node = old.get(number)?;
            let node = node.object.dictionary()?;
            match node.get(b"Kids") {
                Some(kids) => {
                    for kid in old.resolve(kids)?.array()? {
                        todo.push(kid.reference()?);
                    }
                    if todo.len() > MAX_PAGE_NODES {
                        return None;
                    }
                }
                None => {
                    pages.insert(number);
                }
            }
        }
        new.spend(seen.len(), 0)?;
        Some(Self {
            old,
            new,
            catalog,
            pages,
            todo: Vec::new(),
            seen: BTreeSet::new(),
            added,
            replaceable: BTreeSet::new(),
            names: BTreeSet::new(),
            values: BTreeSet::new(),
            new_fields: BTreeMap::new(),
            may_sign,
            steps_left: MAX_STEPS,
            unpaid: 0,
        })
    }

    fn run(&mut self) -> Compared {
        let encrypted = self.old.is_encrypted || self.new.is_encrypted;
        let (number, new) = self.new.catalog().ok_or("the catalog cannot be read")?;
        let (_, old) = self.old.catalog().ok_or("the catalog cannot be read")?;
        if encrypted || number != self.catalog {
            return Err("the catalog is another, or encrypted".to_owned());
        }
        self.seen.insert(number);
        self.replaceable.insert(number);
        let mut shapes: Vec<(&[u8], Follow)> = vec![
            (b"DSS", |shape, value| shape.store(value)),
            (b"Extensions", |shape, value| shape.apart(value)),
        ];
        if self.may_sign {
            shapes.push((b"Metadata", |shape, value| shape.stream(value)));
            let (before, after) = (old.get(b"Metadata"), new.get(b"Metadata"));
            both(before, after).try_for_each(|after| self.packet(before, after))?;
        }
        let mut looked_at = vec![&b"AcroForm"[..]];
        looked_at.extend(shapes.iter().map(|(key, _)| *key));
        self.same_but(&old, &new, &looked_at, "the catalog")?;
        self.form(&old, &new)?;
        for (key, follow) in shapes {
            self.shaped(old.get(key), new.get(key), follow)?;
        }
        self.pay()?;
        self.replaceable.extend(self.old.trailer.get(b"Info").and_then(Object::reference));
        while let Some(number) = self.todo.pop() {
            if self.seen.insert(number) {
                let compared = self.numbered(number);
                self.pay()?;
                compared?;
            }
        }
        self.check_names()?;
        self.check_numbers()
    }

    /// Counts steps, which are paid for later.
    fn walk(&mut self, steps: usize) -> Option<()> {
        self.steps_left = self.steps_left.checked_sub(steps)?;
        self.unpaid = self.unpaid.saturating_add(steps);
        Some(())
    }

    fn pay(&mut self) -> Compared {
        let steps = std::mem::take(&mut self.unpaid).saturating_add(1);
        self.new.spend(steps, 0).ok_or_else(|| unreadable("the file"))
    }

    /// The metadata of the file, which readers show too.
    fn packet(&mut self, old: Option<&Object>, new: Option<&Object>) -> Compared {
        const WHAT: &str = "what the file says of itself";
        let number = new.and_then(Object::reference);
        if old == new && number.is_none_or(|number| !self.added.contains(&number)) {
            return Ok(());
        }
        let read = |pdf: &Pdf<'_>, stream: &Object| pdf.stream(stream.reference()?);
        let before = old.map(|old| read(self.old, old).ok_or_else(|| unreadable(WHAT)));
        let before = before.transpose()?;
        let Some(new) = new else { return Err(changed(WHAT)) };
        let after = read(self.new, new).ok_or_else(|| unreadable(WHAT))?;
        let length = before.as_ref().map_or(0, Vec::len).saturating_add(after.len());
        self.new.spend(0, length.saturating_mul(WEIGHT)).ok_or_else(|| unreadable(WHAT))?;
        let dictionary = |pdf: &Pdf<'_>, stream: &Object| {
            Some(pdf.get(stream.reference()?)?.object.dictionary()?.clone())
        };
        let old = old.and_then(|old| dictionary(self.old, old));
        let new = dictionary(self.new, new).ok_or_else(|| unreadable(WHAT))?;
        let is_same = metadata::is_same_stream(old.as_ref(), &new)
            && metadata::is_same_packet(before.as_deref(), &after);
        is_same.then_some(()).ok_or_else(|| changed(WHAT))
    }

    /// A value that may be another one, in the shape that it is for.
    fn shaped(&mut self, old: Option<&Object>, new: Option<&Object>, follow: Follow) -> Compared {
        const WHAT: &str = "what the catalog was given besides";
        if let Some(old) = old {
            let mut shape = Shape::new(self.old);
            let is_right = follow(&mut shape, old).is_some();
            self.walk(shape.steps()).ok_or_else(|| unreadable(WHAT))?;
            if is_right {
                self.replaceable.extend(shape.numbers);
            }
        }
        let Some(new) = new else { return Ok(()) };
        let mut shape = Shape::new(self.new);
        let is_right = follow(&mut shape, new).is_some();
        self.walk(shape.steps()).ok_or_else(|| unreadable(WHAT))?;
        // What the signer wrote may have any shape.
        if is_right || old.is_some_and(|old| self.same(old, new, WHAT).is_ok()) {
            Ok(())
        } else {
            Err(unreadable(WHAT))
        }
    }

    /// `PDFium` takes the first field of a name for all of that name.
    fn check_names(&self) -> Compared {
        let mut names = BTreeSet::new();
        let is_own = |name: &Vec<u8>| !self.names.contains(name) && names.insert(name.clone());
        if self.new_fields.values().all(is_own) {
            Ok(())
        } else {
            Err("a field that was added has the name of another".to_owned())
        }
    }

    /// What a reader cannot read in its new place is gone for it, and what belongs to an older state
    /// of the file is shown by one that repairs it. So no object is given anew but those that have to
    /// be.
    fn check_numbers(&self) -> Compared {
        let is_known =
            |number: &&u32| !self.old.names(**number) || self.replaceable.contains(*number);
        match self.added.iter().find(|number| !is_known(number)) {
            Some(number) => Err(format!("object {number} was given anew")),
            None => Ok(()),
        }
    }

    /// Compares an object that both refer to by this number.
    fn numbered(&mut self, number: u32) -> Compared {
        let what = format!("object {number}");
        let (Some(old), Some(new)) = (self.old.get(number), self.new.get(number)) else {
            return Err(unreadable(&what));
        };
        if old.stream != new.stream || old.generation != new.generation {
            return Err(changed(&what));
        }
        let (Object::Dictionary(before), Object::Dictionary(after)) = (&old.object, &new.object)
        else {
            return self.same(&old.object, &new.object, &what);
        };
        if self.pages.contains(&number) {
            self.replaceable.insert(number);
            let what = format!("the page in object {number}");
            self.same_but(before, after, &[b"Annots"], &what)?;
            return self.list(before.get(b"Annots"), after.get(b"Annots"), &what);
        }
        let is_empty_field = before.is(b"FT", b"Sig") && before.get(b"V").is_none();
        if before.is(b"FT", b"Sig") {
            self.replaceable.insert(number);
        }
        if is_empty_field && after.get(b"V").is_some_and(|value| self.is_new_signature(value)) {
            return self.same_but(before, after, &[b"V"], &what);
        }
        self.same_but(before, after, &[], &what)
    }

    fn same(&mut self, old: &Object, new: &Object, what: &str) -> Compared {
        self.walk(1).ok_or_else(|| unreadable(what))?;
        match (old, new) {
            (Object::Reference { number, .. }, Object::Reference { .. }) if old == new => {
                if !self.seen.contains(number) {
                    self.todo.push(*number);
                }
                Ok(())
            }
            (Object::Array(before), Object::Array(after)) if before.len() == after.len() => before
                .iter()
                .zip(after)
                .try_for_each(|(before, after)| self.same(before, after, what)),
            (Object::Dictionary(before), Object::Dictionary(after)) => {
                self.same_but(before, after, &[], what)
            }
            (Object::Text(before), Object::Text(after))
                if before.raw == after.raw && before.is_hex == after.is_hex =>
            {
                Ok(())
            }
            (
                Object::Boolean(_)
                | Object::Integer(_)
                | Object::Name(_)
                | Object::Null
                | Object::Real(_),
                _,
            ) if old == new => Ok(()),
            _ => Err(changed(what)),
        }
    }

    /// The same entries but for those under the keys that are looked at apart.
    fn same_but(
        &mut self,
        old: &Dictionary,
        new: &Dictionary,
        looked_at: &[&[u8]],
        what: &str,
    ) -> Compared {
        if let Some(name) = old.get(b"T").and_then(field_name) {
            // Some readers take each part between points for a field.
            self.names.extend(name.split(|octet| *octet == b'.').map(<[u8]>::to_vec));
            self.names.insert(name);
        }
        let counted = |dictionary: &Dictionary| {
            dictionary.entries.keys().filter(|key| !looked_at.contains(&key.as_slice())).count()
        };
        if counted(old) != counted(new) {
            return Err(changed(what));
        }
        for (key, before) in &old.entries {
            if looked_at.contains(&key.as_slice()) {
                continue;
            }
            let after = new.get(key).ok_or_else(|| changed(what))?;
            self.same(before, after, what)?;
        }
        Ok(())
    }
}

fn changed(what: &str) -> String {
    format!("{what} is not what was signed")
}

fn unreadable(what: &str) -> String {
    format!("{what} cannot be read")
}
