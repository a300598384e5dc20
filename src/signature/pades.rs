//! Signatures inside PDF files: `PAdES` (ETSI EN 319 142-1) and the older `adbe.pkcs7.detached`
//! (ISO 32000-1 §12.8.3.3).
//!
//! Not a PDF library: it reads as much of a file as says which bytes each signature is over and
//! whether later revisions change what is shown, and which document time-stamps are over it.
//! Opening judges neither signature values nor time-stamps.

use std::{cell::Cell, cmp::Reverse};

use bytes::Bytes;

use super::{
    Budget,
    container::{Enclosed, Kept, Stamp, Unpacked},
    problem::Problems,
};
use crate::{
    content::pdf::{Dictionary, Object, Pdf, Resolved, is_white},
    domain::{
        BestTimeSource, Container, Indication, SubIndication, Timestamp, Warning, WarningCode,
    },
};

mod added;
mod another;
mod field;
mod layout;
mod metadata;
mod moment;
mod range;
mod revision;
#[cfg(test)]
pub(crate) mod sample;
mod shape;
mod store;
#[cfg(test)]
mod tests;
mod words;

use field::{Located, MAX_SIGNATURES};
use layout::Plainness;
use range::Signed;

/// Opens a PDF file; `None` when it has no signature. What is read and compared of it, again and
/// again for each of its revisions, counts as bytes of the budget.
pub(super) fn open(file: &Bytes, budget: &Budget) -> Option<Unpacked> {
    let pdf = Pdf::open(file, budget);
    let (located, is_cut) = field::locate(file, pdf.as_ref(), budget);
    if located.is_empty() {
        return None;
    }
    let embedded = pdf.as_ref().and_then(store::read);
    let mut reading = Reading {
        file,
        budget,
        pdf: pdf.as_ref(),
        comparisons_left: Cell::new(MAX_COMPARISONS),
        has_store: embedded.is_some(),
        stamps_store: false,
    };
    let (stamps, signatures): (Vec<Read>, Vec<Read>) = located
        .iter()
        .take(MAX_SIGNATURES)
        .map(|one| reading.read(one))
        .partition(|read| read.is_stamp);
    // The newest is over whatever the others are over.
    let newest = stamps.iter().filter(|stamp| stamp.is_right()).map(Read::end).max();
    reading.stamps_store = newest.is_some_and(|end| {
        let stamped = file.get(..end).and_then(|file| Pdf::open(file, budget));
        stamped.as_ref().and_then(store::read).is_some()
    });
    let mut enclosed: Vec<Enclosed> =
        signatures.iter().map(|signature| reading.enclose(signature, &stamps)).collect();
    if enclosed.is_empty() {
        let mut only = Enclosed::default();
        let text = "the PDF file has a document time-stamp and no signature";
        only.known.doubt(SubIndication::FormatFailure, text);
        only.stamps = Stamp::nested(stamps.iter().rev().map(Read::stamp).collect());
        enclosed.push(only);
    }
    let has_more = located.len() > MAX_SIGNATURES;
    if has_more {
        let mut refused = Enclosed::default();
        refused.known.doubt(
            SubIndication::FormatFailure,
            format!("the PDF file has more than {MAX_SIGNATURES} signatures"),
        );
        enclosed.push(refused);
    }
    let ends = signatures.iter().chain(&stamps).filter_map(|read| read.signed.as_ref().ok());
    let last = ends.map(|signed| signed.end).max().unwrap_or_default();
    let rest = file.get(last..).unwrap_or_default();
    let not_covered = if rest.iter().copied().all(is_white) {
        Vec::new()
    } else {
        vec![format!("{} bytes after the signed revision", rest.len())]
    };
    Some(Unpacked {
        container: Container::Pades,
        document: file.clone(),
        signatures: enclosed,
        has_more: has_more || is_cut,
        not_covered,
        embedded: embedded.unwrap_or_default(),
    })
}

/// A PDF file and its structure, if that can be followed.
struct Reading<'a> {
    file: &'a Bytes,
    budget: &'a Budget,
    pdf: Option<&'a Pdf<'a>>,
    comparisons_left: Cell<usize>,
    /// Whether there is a document security store.
    has_store: bool,
    /// Whether the newest document time-stamp is over one.
    stamps_store: bool,
}

/// What a signature dictionary has (ISO 32000-2 table 255, and what programs in use add).
const KEYS: [&[u8]; 19] = [
    b"ByteRange",
    b"Cert",
    b"Changes",
    b"Contact",
    b"ContactInfo",
    b"Contents",
    b"Filter",
    b"Location",
    b"M",
    b"Name",
    b"Prop_AuthTime",
    b"Prop_AuthType",
    b"Prop_Build",
    b"R",
    b"Reason",
    b"Reference",
    b"SubFilter",
    b"Type",
    b"V",
];
/// Revisions that are compared with signed ones, for all signatures of a file.
const MAX_COMPARISONS: usize = 64;

/// A signature dictionary as read.
struct Read {
    /// What it is over, or why it is over nothing.
    signed: Result<Signed, Unread>,
    problems: Problems,
    is_stamp: bool,
    /// What a certification signature permits (ISO 32000-1 §12.8.2.2), 1 to 3.
    certification: Option<usize>,
    /// When it was made, by its own word (`/M`).
    claimed: Option<Timestamp>,
}

/// Why a signature dictionary is over nothing.
struct Unread {
    indication: Indication,
    /// A clause.
    text: String,
}

impl Reading<'_> {
    fn read(&self, located: &Located) -> Read {
        let mut problems = Problems::default();
        let dictionary = located.dictionary.as_ref();
        let signed = match dictionary {
            Some(dictionary) => Signed::read(dictionary, self.file).map_err(|error| Unread {
                indication: Indication::TotalFailed,
                text: error.to_string(),
            }),
            None => Err(Unread {
                // What only looks like a signature may be a text about signatures.
                indication: if located.is_shown {
                    Indication::TotalFailed
                } else {
                    Indication::Indeterminate
                },
                text: format!("the signature dictionary at byte {} is unreadable", located.at),
            }),
        };
        if self.pdf.is_some() && !located.is_shown {
            problems.doubt(
                SubIndication::SigConstraintsFailure,
                "no form field refers to the signature: a reader of the file does not show it",
            );
        }
        // Without the signature its neighbours would be read otherwise: what refers to the dictionary
        // for something else finds nothing here.
        let keys = dictionary.into_iter().flat_map(|one| one.entries.keys());
        let is_signature = |one: &Dictionary| {
            let kinds = [&b"Sig"[..], b"DocTimeStamp"];
            one.get(b"Type").is_none() || kinds.iter().any(|kind| one.is(b"Type", kind))
        };
        let foreign = keys.map(Vec::as_slice).find(|key| !KEYS.contains(key));
        let foreign = foreign
            .or_else(|| dictionary.is_some_and(|one| !is_signature(one)).then_some(&b"Type"[..]));
        if let Some(key) = foreign {
            let key = String::from_utf8_lossy(key).escape_debug().take(40).collect::<String>();
            problems.doubt(
                SubIndication::SigConstraintsFailure,
                format!(
                    "the signature dictionary has the entry {key}, which belongs to no signature"
                ),
            );
        }
        let is_stamp = dictionary.is_some_and(|one| one.is(b"SubFilter", b"ETSI.RFC3161"));
        let known = [&b"ETSI.CAdES.detached"[..], b"adbe.pkcs7.detached", b"ETSI.RFC3161"];
        match dictionary.and_then(|one| one.get(b"SubFilter")) {
            Some(Object::Name(name)) if known.contains(&name.as_slice()) => {}
            Some(Object::Name(name)) => problems.doubt(
                SubIndication::FormatFailure,
                format!(
                    "signatures of the kind {} are not supported",
                    String::from_utf8_lossy(name).escape_debug().take(40).collect::<String>()
                ),
            ),
            None if dictionary.is_none() => {}
            _ => problems.fail(
                SubIndication::FormatFailure,
                "the signature dictionary does not say of what kind the signature is",
            ),
        }
        Read {
            signed,
            problems,
            is_stamp,
            certification: dictionary.and_then(|one| self.certification(one)),
            claimed: dictionary.and_then(|one| match one.get(b"M") {
                Some(Object::Text(text)) => moment::read(text),
                _ => None,
            }),
        }
    }

    fn resolve<'o>(&self, object: &'o Object) -> Option<Resolved<'o>> {
        match self.pdf {
            Some(pdf) => pdf.resolve(object),
            None => Some(Resolved::Given(object)),
        }
    }

    fn certification(&self, dictionary: &Dictionary) -> Option<usize> {
        const CHANGES_TO_ANNOTATIONS: usize = 3;
        /// One says it; more are other things' references.
        const MAX_REFERENCES: usize = 16;
        /// What stands for a missing `/P`.
        const FORMS: usize = 2;
        let references = self.resolve(dictionary.get(b"Reference")?)?;
        references.array()?.iter().take(MAX_REFERENCES).find_map(|reference| {
            let reference = self.resolve(reference)?;
            let reference = reference.dictionary()?;
            if !reference.is(b"TransformMethod", b"DocMDP") {
                return None;
            }
            let parameters = self.resolve(reference.get(b"TransformParams")?)?;
            let permitted = parameters.dictionary()?.integer(b"P");
            Some(permitted.unwrap_or(FORMS).min(CHANGES_TO_ANNOTATIONS))
        })
    }

    fn enclose(&self, read: &Read, stamps: &[Read]) -> Enclosed {
        let mut known = read.problems.clone();
        let mut warnings = Vec::new();
        let signed = match &read.signed {
            Ok(signed) => signed,
            Err(unread) => {
                let text = unread.text.clone();
                known.push(unread.indication, SubIndication::FormatFailure, text);
                return Enclosed { known, ..Enclosed::default() };
            }
        };
        let is_whole = self.is_whole(signed);
        if !is_whole {
            self.check_later(signed, read.certification, &mut known, &mut warnings);
        }
        let plainness = another::belongs(signed, self.file, self.budget);
        if plainness == Plainness::None {
            known.doubt(
                SubIndication::SigConstraintsFailure,
                "the signature may have been made over another file: what it is over is a PDF file \
                 without it too, has room for a second one, or hides parts of one",
            );
        }
        if self.pdf.is_none() {
            warnings.push(Warning::new(
                WarningCode::ContainerUnusual,
                "The structure of the PDF file cannot be followed: signatures were looked for in \
                 its bytes.",
            ));
        }
        if self.pdf.is_some_and(|pdf| pdf.is_encrypted) {
            let text = "The PDF file is encrypted: what it shows was not looked at.";
            warnings.push(Warning::new(WarningCode::ContainerUnusual, text));
        }
        let mut later: Vec<&Read> =
            stamps.iter().filter(|stamp| stamp.end() > signed.end || !stamp.is_right()).collect();
        // The newest is over all the others.
        later.sort_by_key(|stamp| Reverse(stamp.end()));
        let is_stamped = later.iter().any(|stamp| stamp.is_right());
        let kept = Kept {
            store: self.has_store,
            stamp: is_stamped,
            stamp_over_store: is_stamped && self.stamps_store,
        };
        Enclosed {
            file: Some(signed.file.clone()),
            over: signed.over.to_vec(),
            known,
            binding: Vec::new(),
            covers: self.covers(signed, read.certification),
            stamps: Stamp::nested(later.into_iter().map(Read::stamp).collect()),
            warnings,
            kept: Some(kept),
            revision: (!is_whole).then_some(signed.end),
            is_hidden_from_some: plainness == Plainness::WithSections,
            claimed: read.claimed,
            documents: Vec::new(),
        }
    }

    /// Whether nothing stands behind the signed revision but white space.
    fn is_whole(&self, signed: &Signed) -> bool {
        /// More hides the end mark from readers, which look so far from the end of the file.
        const MAX_WHITE: usize = 512;
        let rest = self.file.get(signed.end..).unwrap_or_default();
        rest.len() <= MAX_WHITE && rest.iter().copied().all(is_white)
    }

    /// What follows the signed revision may not change what is shown.
    fn check_later(
        &self,
        signed: &Signed,
        certified: Option<usize>,
        known: &mut Problems,
        warnings: &mut Vec<Warning>,
    ) {
        let checked = match self.pdf {
            Some(pdf) => {
                let comparisons_left = &self.comparisons_left;
                revision::check(self.file, signed.end, pdf, certified, comparisons_left)
            }
            None => Err("the structure of the file cannot be followed".to_owned()),
        };
        let length = self.file.len().saturating_sub(signed.end);
        match checked {
            Ok(()) => warnings.push(Warning::new(
                WarningCode::LaterRevisions,
                format!(
                    "{length} bytes were added after the signed revision. Nothing that was compared \
                     is changed by them."
                ),
            )),
            Err(difference) => known.doubt(
                SubIndication::SigConstraintsFailure,
                format!(
                    "the signed revision is not the shown file: {length} bytes were added, and \
                     {difference}"
                ),
            ),
        }
    }

    fn covers(&self, signed: &Signed, certification: Option<usize>) -> Vec<String> {
        let length = self.file.len();
        let mut covers = vec![if signed.end == length {
            format!("the whole file of {length} bytes")
        } else {
            format!("the first {} of {length} bytes", signed.end)
        }];
        covers.extend(certification.map(|permitted| {
            let permitted = match permitted {
                1 => "no changes",
                2 => "filling in forms and signing",
                _ => "annotations, filling in forms and signing",
            };
            format!("certification that permits {permitted}")
        }));
        covers
    }
}

impl Read {
    fn end(&self) -> usize {
        self.signed.as_ref().map_or(0, |signed| signed.end)
    }

    fn is_right(&self) -> bool {
        self.signed.is_ok() && self.problems.len() == 0
    }

    /// A document time-stamp (ETSI EN 319 142-1 §5.4.3).
    fn stamp(&self) -> Stamp {
        let mut known = self.problems.clone();
        let signed = match &self.signed {
            Ok(signed) => Some(signed),
            Err(unread) => {
                let text = unread.text.clone();
                known.push(unread.indication, SubIndication::FormatFailure, text);
                None
            }
        };
        Stamp {
            name: "document-time-stamp".to_owned(),
            token: signed.map(|signed| signed.file.clone()),
            over: signed.map(|signed| signed.over.to_vec()).unwrap_or_default(),
            known,
            binding: None,
            source: BestTimeSource::DocumentTimestamp,
            around: Vec::new(),
        }
    }
}
