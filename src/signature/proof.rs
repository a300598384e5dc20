//! What a signature that passed proves.

use crate::domain::Sha256;

#[cfg(test)]
mod tests;

/// A signature that is `TOTAL_PASSED`: whose it is and what it covers. Only
/// [`examine`](super::examine()) makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub(super) signature: usize,
    pub(super) signer: Sha256,
    pub(super) covered: Vec<Sha256>,
    pub(super) revision: Option<usize>,
}

impl Proof {
    /// The place of the signature among those of the report, from 0.
    #[must_use]
    pub fn signature(&self) -> usize {
        self.signature
    }

    /// The SHA-256 of the signer's certificate.
    #[must_use]
    pub fn signer(&self) -> Sha256 {
        self.signer
    }

    /// The SHA-256 of each thing that it covers: the content that a `SignedData` is over, the bytes
    /// that `/ByteRange` names in a PDF file, or each document of an `ASiC` container. What stands
    /// around a signature and is not covered (another container, unsigned attributes, bytes behind
    /// a signed revision) changes none of them.
    #[must_use]
    pub fn covered(&self) -> &[Sha256] {
        &self.covered
    }

    /// How many bytes of the document, from the first one on, are what it is over: all of them, or those
    /// of the signed revision of a PDF file to which more was added (ISO 32000-1 §7.5.6). `None` when it is
    /// over something else: a signature over another signature file proves that file alone.
    #[must_use]
    pub fn revision(&self) -> Option<usize> {
        self.revision
    }

    /// Whether it is over the document, or a revision of it.
    #[must_use]
    pub fn covers_document(&self) -> bool {
        self.revision.is_some()
    }

    /// A proof for tests of those who rely on one.
    #[cfg(test)]
    pub(crate) fn sample(signature: usize, signer: &[u8], covered: &[u8]) -> Self {
        Self {
            signature,
            signer: Sha256::of(signer),
            covered: vec![Sha256::of(covered)],
            revision: Some(usize::MAX),
        }
    }

    /// The same over so many bytes of the document.
    #[cfg(test)]
    pub(crate) fn over_the_first(self, bytes: usize) -> Self {
        Self { revision: Some(bytes), ..self }
    }

    /// The same over something else than the document.
    #[cfg(test)]
    pub(crate) fn over_another_file(self) -> Self {
        Self { revision: None, ..self }
    }
}
