//! Which parts of a mail are copies of documents, and which signature files speak of which.
//!
//! Names and labels are hints: mail clients change them, and a forger chooses them. So parts are
//! known by their content, and a signature is paired with the document whose digest it holds. Only
//! a signature that fits no content is paired by name, so that a changed document beside its
//! signature is found broken and not merely unsigned. No signature file speaks of two contents.
//!
//! What came encrypted is opened first, with the organisation's keys, and paired by what was in it.
//!
//! Nothing is proved here: [`crate::signature`] judges each document.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::{
    domain::{Finding, Timestamp, TypeCode, TypeSource},
    message::Message,
    signature::{self, Encrypted, Signed},
};

mod file_name;
mod kind;
mod opening;
mod pairing;

#[cfg(test)]
mod tests;

pub use file_name::{NameHint, read_name};
pub use opening::{Decrypted, Opening};

/// A copy of a document as it came, with the signature files over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its file name as sent; that of its signature file without the ending when only that has a
    /// name.
    pub name: String,
    /// Its type.
    pub type_code: TypeCode,
    /// Where the type is taken from: the file name, or nothing when that tells none.
    pub type_source: Option<TypeSource>,
    /// When the copy was made, by its file name.
    pub made_at: Option<Timestamp>,
    /// The content and its signature files.
    pub signed: Signed,
    /// The names of the signature files, in their order.
    pub signature_names: Vec<String>,
    /// The encrypted files that content and signatures came in.
    pub encrypted: Vec<Encrypted>,
}

/// The documents of a mail, in the order of their first part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Each content once, however often it was sent.
    pub documents: Vec<Document>,
    /// What was noticed; the document numbers count from 1.
    pub findings: Vec<Finding>,
}

/// How much one mail may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Documents in one mail; the rest is left out with a finding. Default 64.
    pub documents: usize,
    /// The limits on each signature file.
    pub signature: signature::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self { documents: 64, signature: signature::Limits::default() }
    }
}

/// Finds the documents of a mail.
///
/// A document is a PDF file, a file that is signed, a file named as Diia names copies, or a
/// container that may hold documents. Other texts, pictures and whatever else a mail brings are left out.
/// Whatever came encrypted is a document, or a signature of one.
#[must_use]
pub fn assemble(message: &Message, opening: &mut Opening<'_>, limits: &Limits) -> Bundle {
    pairing::pair(message.parts(), opening, limits)
}
