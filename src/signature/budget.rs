//! What all documents of one mail may cost together.
//!
//! Whoever sends a mail chooses how much there is to check. Each kind of work is counted where it
//! is done, and refused when nothing is left: from then on nothing more is judged, and
//! [`super::Examined::over_budget`] says so of every document that is still judged with it.

use std::cell::Cell;

use super::Limits;
use crate::{algorithms::DigestAlgorithm, content::Purse};

/// A kind of work that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Bytes that are hashed, those of slow digests counted several times, or inflated, or read
    /// of PDF files and pictures and, counted several times, of XML.
    Bytes,
    /// ASN.1 elements that are rewritten from BER, certificates and revocation data that are read.
    Elements,
    /// Checks of a signature with a key.
    KeyChecks,
    /// Certificates that are tried as the issuer of another.
    Steps,
}

impl Resource {
    /// Its name in findings: the limit that was exceeded.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "hashed_bytes",
            Self::Elements => "asn1_elements",
            Self::KeyChecks => "key_checks",
            Self::Steps => "path_steps",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Bytes => "more bytes would have to be hashed or unpacked",
            Self::Elements => "more structures would have to be read",
            Self::KeyChecks => "more checks with a key would be needed",
            Self::Steps => "more certificates would have to be tried",
        }
    }
}

/// Work that may not be done any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("to judge the document, {} than one mail may ask for", .0.text())]
pub(super) struct Spent(pub(super) Resource);

/// What is left of the work for one mail. Made once and shared by its documents.
#[derive(Debug)]
pub struct Budget {
    bytes: Cell<usize>,
    elements: Cell<usize>,
    key_checks: Cell<usize>,
    steps: Cell<usize>,
    spent: Cell<Option<Resource>>,
}

impl Budget {
    /// All of what `limits` allow.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            bytes: Cell::new(limits.hashed_bytes),
            elements: Cell::new(limits.elements),
            key_checks: Cell::new(limits.key_checks),
            steps: Cell::new(limits.steps),
            spent: Cell::new(None),
        }
    }

    /// What ran out first; `None` while there is enough of everything.
    #[must_use]
    pub fn spent(&self) -> Option<Resource> {
        self.spent.get()
    }

    /// How much is left; nothing of anything once one ran out.
    pub(super) fn left(&self, resource: Resource) -> usize {
        if self.spent().is_some() { 0 } else { self.cell(resource).get() }
    }

    /// Takes `amount`, or nothing ever again.
    pub(super) fn spend(&self, resource: Resource, amount: usize) -> Result<(), Spent> {
        if let Some(spent) = self.spent() {
            return Err(Spent(spent));
        }
        let Some(left) = self.cell(resource).get().checked_sub(amount) else {
            return Err(self.exhaust(resource));
        };
        self.cell(resource).set(left);
        Ok(())
    }

    /// Nothing more may be done: `resource` did not suffice.
    pub(super) fn exhaust(&self, resource: Resource) -> Spent {
        let first = self.spent().unwrap_or(resource);
        self.spent.set(Some(first));
        Spent(first)
    }

    /// Takes what hashing so many bytes costs.
    pub(super) fn hash(&self, algorithm: DigestAlgorithm, length: usize) -> Result<(), Spent> {
        // A short message takes a block too.
        const BLOCK: usize = 64;
        let weight = match algorithm {
            DigestAlgorithm::Sha1 | DigestAlgorithm::Sha224 | DigestAlgorithm::Sha256 => 1,
            DigestAlgorithm::Sha384 | DigestAlgorithm::Sha512 | DigestAlgorithm::Sha512_256 => 2,
            DigestAlgorithm::Sha3_224
            | DigestAlgorithm::Sha3_256
            | DigestAlgorithm::Sha3_384
            | DigestAlgorithm::Sha3_512 => 4,
            DigestAlgorithm::Gost34311
            | DigestAlgorithm::Kupyna256
            | DigestAlgorithm::Kupyna384
            | DigestAlgorithm::Kupyna512 => 8,
        };
        self.spend(Resource::Bytes, length.saturating_add(BLOCK).saturating_mul(weight))
    }

    /// The digest of `bytes`, if it may still be made.
    pub(super) fn digest(
        &self,
        algorithm: DigestAlgorithm,
        bytes: &[u8],
    ) -> Result<Vec<u8>, Spent> {
        self.hash(algorithm, bytes.len())?;
        Ok(algorithm.digest(bytes))
    }

    fn cell(&self, resource: Resource) -> &Cell<usize> {
        match resource {
            Resource::Bytes => &self.bytes,
            Resource::Elements => &self.elements,
            Resource::KeyChecks => &self.key_checks,
            Resource::Steps => &self.steps,
        }
    }
}

impl Purse for Budget {
    fn spend(&self, bytes: usize) -> bool {
        Self::spend(self, Resource::Bytes, bytes).is_ok()
    }

    fn affords(&self, bytes: usize) -> bool {
        self.left(Resource::Bytes) >= bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_out_first_is_told_and_ends_everything() {
        let limits = Limits { key_checks: 2, steps: 1, ..Limits::default() };
        let budget = Budget::new(&limits);
        assert_eq!(budget.spend(Resource::KeyChecks, 2), Ok(()));
        assert_eq!(budget.spent(), None);
        assert_eq!(budget.spend(Resource::Steps, 2), Err(Spent(Resource::Steps)));
        assert_eq!(budget.spend(Resource::KeyChecks, 1), Err(Spent(Resource::Steps)));
        assert_eq!(budget.spend(Resource::Bytes, 0), Err(Spent(Resource::Steps)));
        assert_eq!(budget.left(Resource::Elements), 0);
        assert_eq!(budget.spent(), Some(Resource::Steps));
    }

    #[test]
    fn a_digest_that_costs_more_than_is_left_is_not_made() {
        let budget = Budget::new(&Limits { hashed_bytes: 200, ..Limits::default() });
        assert!(budget.digest(DigestAlgorithm::Sha256, &[0; 100]).is_ok());
        let refused = budget.digest(DigestAlgorithm::Sha256, &[]);
        assert_eq!(refused, Err(Spent(Resource::Bytes)));
    }
}
