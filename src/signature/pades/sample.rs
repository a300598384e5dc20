//! PDF files made for tests, signed and then bent.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that counts wrongly fails"
)]

use crate::signature::sample::{Identity, detached, within_pdf};

/// A file as it grows, revision by revision.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) bytes: Vec<u8>,
    /// What the next table tells.
    pub(crate) places: Vec<(u32, usize)>,
    last: Option<usize>,
    /// What the next trailer says besides.
    pub(crate) trailer: &'static str,
    /// Whether the signature is one as stands beside a file.
    pub(crate) is_as_beside: bool,
    /// The seed of who signs.
    pub(crate) signer: u8,
}

/// Half as many digits as a signature's place has.
const ROOM: usize = 2048;

impl Draft {
    /// The objects of a file of one page, not yet ended.
    pub(crate) fn new() -> Self {
        let bytes = b"%PDF-1.7\n".to_vec();
        let mut draft = Self {
            bytes,
            places: Vec::new(),
            last: None,
            trailer: "",
            is_as_beside: false,
            signer: 1,
        };
        draft.object(1, "<</Type/Catalog/Pages 2 0 R>>");
        draft.object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
        draft.object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>");
        draft.object(4, "<</Length 3>>stream\nq Q\nendstream");
        draft
    }

    /// Adds, or replaces, an object.
    pub(crate) fn object(&mut self, number: u32, body: &str) {
        self.places.retain(|(known, _)| *known != number);
        self.places.push((number, self.bytes.len()));
        self.bytes.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }

    /// Ends a revision with a table.
    pub(crate) fn end(&mut self) {
        let at = self.bytes.len();
        let mut table = "xref\n".to_owned();
        for (number, place) in self.places.drain(..) {
            table.extend([format!("{number} 1\n{place:010} 00000 n \n")]);
        }
        let previous = self.last.map(|last| format!("/Prev {last}")).unwrap_or_default();
        table.extend([
            format!("trailer\n<</Size 99/Root 1 0 R{previous}{}>>\n", self.trailer),
            format!("startxref\n{at}\n%%EOF\n"),
        ]);
        self.bytes.extend(table.bytes());
        self.last = Some(at);
    }

    /// Ends a revision with the object `number`, a stream, which names itself in no row. `inside` are
    /// the numbers of objects in the object stream that comes first among its `places`.
    pub(crate) fn end_by_stream(&mut self, number: u32, inside: &[u32], index: Option<&str>) {
        let at = self.bytes.len();
        let holder = self.places.first().map_or(0, |(holder, _)| *holder);
        let mut rows = Vec::new();
        for (own, place) in self.places.drain(..) {
            rows.push((own, 1, u32::try_from(place).unwrap(), 0));
        }
        rows.extend(inside.iter().zip(0_u16..).map(|(own, index)| (*own, 2, holder, index)));
        rows.sort_unstable();
        let own = rows.iter().map(|(own, ..)| format!("{own} 1")).collect::<Vec<_>>().join(" ");
        let index = index.unwrap_or(&own);
        let previous = self.last.map(|last| format!("/Prev {last}")).unwrap_or_default();
        let length = rows.len() * 7;
        let head = format!(
            "<</Type/XRef/W[1 4 2]/Size 99/Root 1 0 R{previous}/Index[{index}]/Length {length}>>stream\n"
        );
        self.bytes.extend(format!("{number} 0 obj\n{head}").bytes());
        for (_, kind, second, third) in rows {
            self.bytes.push(kind);
            self.bytes.extend(second.to_be_bytes());
            self.bytes.extend(third.to_be_bytes());
        }
        self.bytes.extend(format!("\nendstream\nendobj\nstartxref\n{at}\n%%EOF\n").bytes());
        self.last = Some(at);
    }

    /// Adds a signature field with its value, ends the revision and signs it.
    pub(crate) fn sign(&mut self, field: u32) {
        self.object(1, &format!("<</Type/Catalog/Pages 2 0 R/AcroForm {} 0 R>>", field + 2));
        self.sign_in(field, &format!("<</Fields[{field} 0 R]/SigFlags 3>>"));
    }

    /// The same beside the field 5, which is signed, in the form of this number.
    pub(crate) fn sign_again(&mut self, field: u32, form: u32) {
        self.object(form, &format!("<</Fields[5 0 R {field} 0 R]/SigFlags 3>>"));
        self.sign_in(field, "<<>>");
    }

    /// The same, in this form.
    pub(crate) fn sign_in(&mut self, field: u32, form: &str) {
        self.sign_with(field, form, "");
    }

    /// The same, with further `entries` in the signature dictionary.
    pub(crate) fn sign_with(&mut self, field: u32, form: &str, entries: &str) {
        let value = field + 1;
        self.object(
            field,
            &format!(
                "<</Type/Annot/Subtype/Widget/FT/Sig/T(Sig{field})/Rect[0 0 0 0]/V {value} 0 R>>"
            ),
        );
        self.object(field + 2, form);
        let start = self.bytes.len();
        let room = "0".repeat(2 * ROOM);
        self.object(
            value,
            &format!(
                "<</Type/Sig/SubFilter/ETSI.CAdES.detached{entries}/ByteRange[0 AAAAAAAA BBBBBBBB \
                 CCCCCCCC]/Contents<{room}>>>"
            ),
        );
        self.end();
        let first = start + find(&self.bytes[start..], b"<0000");
        let second = first + room.len() + 2;
        let length = self.bytes.len() - second;
        for (mark, number) in [("AAAAAAAA", first), ("BBBBBBBB", second), ("CCCCCCCC", length)] {
            let at = start + find(&self.bytes[start..], mark.as_bytes());
            self.bytes[at..at + 8].copy_from_slice(format!("{number:08}").as_bytes());
        }
        let content = [&self.bytes[..first], &self.bytes[second..]].concat();
        let sign = if self.is_as_beside { detached } else { within_pdf };
        let signature = sign(&Identity::new(self.signer), &content);
        let digits: String = signature
            .iter()
            .flat_map(|octet| [octet >> 4, octet & 15])
            .map(|half| char::from_digit(half.into(), 16).unwrap())
            .collect();
        self.bytes[first + 1..=first + digits.len()].copy_from_slice(digits.as_bytes());
    }
}

/// A file with one signature over all of it.
pub(crate) fn signed() -> Draft {
    let mut draft = Draft::new();
    draft.end();
    draft.sign(5);
    draft
}

pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> usize {
    memchr::memmem::find(bytes, needle).unwrap()
}
