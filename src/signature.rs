//! Signatures on documents: what they cover, who made them, and what they are worth.
//!
//! [`examine()`] takes a document and the signature files over it and gives an [`Examined`], the
//! only proof that the rest of the program accepts. Read are CMS `SignedData` in DER and BER
//! (RFC 5652), attached and detached, with the attributes of `CAdES` (ETSI EN 319 122-1) and
//! counter-signatures, also as PEM or base64 text and in transport wrappers; in `ASiC` containers
//! (ETSI EN 319 162-1); and inside PDF files (ETSI EN 319 142-1). The outcome is given in the words
//! of ETSI EN 319 102-1. Time-stamps (RFC 3161) around a signature and inside PDF files are judged
//! too, and prove the moment that everything else is judged for.
//!
//! What is recognised and not judged (`XAdES`, envelopes that nobody opened) is `INDETERMINATE` with a
//! sentence that names it. Whether certificates were revoked is judged by what came with the
//! signature and what the caller has. Validity is never judged at the time that the signer claims,
//! for whoever holds a stolen key can claim any time.
//!
//! Pure: bytes, trust anchors and a moment in, a report out. No byte string makes it panic.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use bytes::Bytes;

use crate::content::{Form, text};

pub mod asic;
mod attributes;
mod best_time;
mod budget;
mod certificate;
pub mod cms;
mod conditions;
mod constraints;
mod container;
mod counter;
mod examine;
mod layers;
mod limits;
pub(crate) mod pades;
mod problem;
mod proof;
mod revocation;
#[cfg(test)]
pub(crate) mod sample;
mod signer;
#[cfg(test)]
mod tests;
mod timestamp;
mod unusual;

pub use budget::{Budget, Resource};
pub use conditions::Conditions;
pub use examine::{Examined, examine};
pub use layers::Opened;
pub use limits::Limits;
pub use proof::Proof;

/// A document and the signature files over it.
///
/// All signature files speak of one document: one that carries a content of its own is
/// judged against the same bytes as the others, and fails when it carries different ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The document as it stands beside its signatures; `None` when a signature file carries it.
    pub content: Option<Bytes>,
    /// The signature files, byte for byte.
    pub signatures: Vec<Bytes>,
}

/// An encrypted file that a document came in. Whoever has the keys opens it; nothing is decrypted
/// here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    /// The file, byte for byte: signatures may be over it.
    pub file: Bytes,
    /// What was in it, or a clause that says why it stays closed.
    pub opened: Result<Bytes, String>,
}

/// Whether `file` is a CMS signature file by its bytes, whatever else may be wrong with it.
#[must_use]
pub fn is_signature(file: &[u8]) -> bool {
    Form::of(file) == Form::SignedData
}

/// Whether `file` is of a kind that has signatures inside and has the mark of one: a container, or a
/// PDF file. Whether there is one, and what it is worth, is for [`examine()`] to say.
#[must_use]
pub fn is_signed_inside(file: &[u8]) -> bool {
    match Form::of(file) {
        Form::Asic => true,
        Form::Pdf => memchr::memmem::find(file, b"/ByteRange").is_some(),
        Form::Envelope | Form::Other | Form::SignedData | Form::Zip => false,
    }
}

/// The file inside PEM, base64 or a transport wrapper; `None` when `file` is none of them.
#[must_use]
pub fn unwrap(file: &[u8]) -> Option<Bytes> {
    text::unwrap(file)
}

/// Whether `file` is a signature file that speaks of a document elsewhere.
#[must_use]
pub fn is_detached(file: &Bytes) -> bool {
    matches!(Opened::read(file, &[], &Limits::default()), Opened::SpeaksOf(_))
}
