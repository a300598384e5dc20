//! What some bytes are, whoever signed them: a document that people can look at, or something else.
//!
//! [`document`] says whether they are a PDF file with a page (ISO 32000-1 §7.5, §7.7) or a picture
//! that can be decoded from its first to its last pixel; names and labels are not asked. [`Form`]
//! says what kind of file they are as far as signatures are concerned, and [`FileKind`] what they
//! are called when they are handed out. The reader of PDF files in it is the one by which the
//! signatures inside them are judged.
//!
//! Whether a document shows what its type says is for people: nothing is rendered here. What
//! follows the end of a PDF file or of a picture is no part of it, for no viewer shows it; but another
//! program may find another document there (`others`), and then it is none.
//!
//! Pure. No byte string makes it panic, and the caller's [`Purse`] bounds the work.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use others::Other;

use crate::domain::{DocumentForm, NotADocument};

mod crc;
mod form;
mod jpeg;
mod kind;
pub(crate) mod markup;
pub(crate) mod others;
mod page;
pub(crate) mod pdf;
mod png;
#[cfg(test)]
mod tests;
pub(crate) mod text;

pub(crate) use crc::crc32;
pub use form::Form;
pub use kind::FileKind;

/// Who pays for reading: the work that one mail may ask for is bounded.
pub trait Purse {
    /// Takes what reading or unpacking so many bytes costs; false when that is not there, and then
    /// nothing more is.
    fn spend(&self, bytes: usize) -> bool;

    /// Whether so much is there: one picture too many is no reason to judge nothing more.
    fn affords(&self, bytes: usize) -> bool;
}

/// Pixels of a picture: an A4 page of 600 dots to the inch has 35 million.
const MAX_PIXELS: usize = 36_000_000;

/// What document `file` is.
///
/// # Errors
/// What it is instead, and [`NotADocument::TooLarge`] when there is more to read than `purse` pays
/// for, or than a picture may have.
pub fn document(file: &[u8], purse: &dyn Purse) -> Result<DocumentForm, NotADocument> {
    let (form, other) = if is_pdf(file) {
        page::find(file, purse)?;
        (DocumentForm::Pdf, others::in_pdf(file))
    } else if jpeg::is_jpeg(file) {
        (DocumentForm::Jpeg, others::in_picture(file, &jpeg::decode(file, purse)?))
    } else if png::is_png(file) {
        (DocumentForm::Png, others::in_picture(file, &png::decode(file, purse)?))
    } else {
        return Err(kind::instead(file));
    };
    // Where it was signed, as likely as not another program showed that.
    match other {
        Some(Other::Archive) => Err(NotADocument::Archive),
        Some(Other::Page) => Err(NotADocument::Html),
        Some(Other::Pdf) => Err(NotADocument::PdfNotAtStart),
        None => Ok(form),
    }
}

/// Whether `file` begins as a picture that may be a document.
#[must_use]
pub fn is_picture(file: &[u8]) -> bool {
    jpeg::is_jpeg(file) || png::is_png(file)
}

/// Whether the header of a PDF file stands at its first byte (ISO 32000-1 §7.5.2). Readers find it
/// further on as well, and so may take another file for one.
fn is_pdf(file: &[u8]) -> bool {
    let version = file.strip_prefix(b"%PDF-").and_then(|rest| rest.get(..3));
    matches!(version, Some([major, b'.', minor]) if major.is_ascii_digit() && minor.is_ascii_digit())
}
