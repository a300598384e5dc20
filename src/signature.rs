//! Signatures on documents: what they cover, who made them, and what they are worth.
//!
//! [`examine()`] takes a document and the signature files over it and gives an [`Examined`], the
//! only proof that the rest of the program accepts. Read so far: CMS `SignedData` in DER
//! (RFC 5652), attached and detached, with the attributes that CAdES-BES asks for
//! (ETSI EN 319 122-1), also as PEM or base64 text. The outcome is given in the words of
//! ETSI EN 319 102-1.
//!
//! What is recognised and cannot be judged yet (BER, `ASiC`, envelopes, signatures inside a PDF, the
//! national algorithms) is `INDETERMINATE` with a sentence that names it. Time-stamps and
//! revocation are not judged: validity is judged at the time that the caller gives, never at the
//! time that the signer claims, for whoever holds a stolen key can claim any time.
//!
//! Pure: bytes, trust anchors and a moment in, a report out. No byte string makes it panic.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use bytes::Bytes;

mod attributes;
mod certificate;
pub mod cms;
mod conditions;
mod constraints;
mod examine;
mod form;
mod layers;
mod limits;
mod problem;
#[cfg(test)]
pub(crate) mod sample;
mod signer;
#[cfg(test)]
mod tests;
mod text;

pub use conditions::Conditions;
pub use examine::{Examined, examine};
pub use form::Form;
pub use layers::Opened;
pub use limits::Limits;

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

/// Whether `file` is a CMS signature file by its bytes, whatever else may be wrong with it.
#[must_use]
pub fn is_signature(file: &[u8]) -> bool {
    Form::of(file) == Form::SignedData
}

/// Whether `file` is a signature file that speaks of a document elsewhere.
#[must_use]
pub fn is_detached(file: &Bytes) -> bool {
    matches!(Opened::read(file, &Limits::default()), Opened::SpeaksOf(_))
}
