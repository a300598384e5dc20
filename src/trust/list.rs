//! Trust lists (ETSI TS 119 612): which services a country has granted, and since when.
//!
//! [`TrustList::read`] believes the bytes; [`TrustList::verify`] says who signed them. A list is
//! used only after the second, or after somebody has compared its digest by hand.

mod canonical;
mod extensions;
mod method;
mod seal;
mod services;
mod xml;

#[cfg(test)]
mod tests;

use self::xml::{Document, LIST, Node, child, text};
use super::{CertificateError, TrustService};
use crate::{
    algorithms,
    domain::{Sha256, Timestamp},
};

pub use self::seal::ListSigner;

/// A trust list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustList {
    /// The country (`SchemeTerritory`): `UA`.
    pub territory: String,
    /// The number of this issue (`TSLSequenceNumber`); it grows with every issue.
    pub sequence: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the next is due; `None`: the list is closed, no other follows.
    pub next_update: Option<Timestamp>,
    /// The services that could be read.
    pub services: Vec<TrustService>,
    /// What could not be read, each an English sentence that names the service.
    pub problems: Vec<String>,
}

/// Why a file is no trust list, or not a proved one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// Not XML, or XML with what no list has.
    #[error("the list cannot be read: {problem}")]
    Malformed {
        /// What is wrong.
        problem: String,
    },
    /// An element that a list must have.
    #[error("the list has no readable {element}")]
    Missing {
        /// Its name.
        element: &'static str,
    },
    /// The signer's certificate is pinned and cannot be read.
    #[error("the certificate of the list's signer: {0}")]
    SignerCertificate(#[from] CertificateError),
    /// Longer than any list.
    #[error("the list has {length} bytes; at most {} are read", TrustList::MAX_LEN)]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The certificates in the signature are others than the pinned ones.
    #[error(
        "the list is signed by a certificate that is not pinned (SHA-256: {})",
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    UnknownSigner {
        /// Their SHA-256.
        found: Vec<Sha256>,
    },
    /// The signature is right, by an algorithm that proves nothing any more.
    #[error("the signature on the list: {0}")]
    Refused(#[from] algorithms::Refused),
    /// The value of the signature is wrong, or of an algorithm that is not supported.
    #[error("the signature on the list: {0}")]
    Unverifiable(#[from] algorithms::Failure),
    /// The signature has a form that proves nothing about the whole list.
    #[error("the signature on the list is not right: {problem}")]
    WrongSignature {
        /// What is wrong.
        problem: &'static str,
    },
}

impl TrustList {
    /// The most bytes that a list may have.
    pub const MAX_LEN: usize = 32 << 20;

    /// Reads a list. What cannot be read in one service skips that service and is named in
    /// `problems`. Nothing is proved by it.
    ///
    /// # Errors
    /// When it is no list, or what concerns all of it cannot be read.
    pub fn read(bytes: &[u8]) -> Result<Self, ListError> {
        let document = xml::parse(bytes)?;
        let root = document.root_element();
        let scheme = scheme(&document)?;
        let missing = |element| ListError::Missing { element };
        let field =
            |element| child(scheme, (LIST, element)).map(text).ok_or_else(|| missing(element));
        let version = field("TSLVersionIdentifier")?;
        if !matches!(version.as_str(), "3" | "4" | "5" | "6") {
            return Err(missing("TSLVersionIdentifier of 3 to 6"));
        }
        let territory = field("SchemeTerritory")?;
        if territory.len() != 2 || !territory.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(missing("SchemeTerritory"));
        }
        let number = field("TSLSequenceNumber")?;
        let issued = field("ListIssueDateTime")?;
        let next = child(scheme, (LIST, "NextUpdate")).ok_or_else(|| missing("NextUpdate"))?;
        let next = match child(next, (LIST, "dateTime")) {
            Some(moment) => Some(text(moment).parse().map_err(|_| missing("NextUpdate"))?),
            None if next.children().any(|inner| inner.is_element()) => {
                return Err(missing("NextUpdate"));
            }
            None => None,
        };
        let (services, problems) = services::read(root);
        Ok(Self {
            territory,
            sequence: number.parse().map_err(|_| missing("TSLSequenceNumber"))?,
            issued_at: issued.parse().map_err(|_| missing("ListIssueDateTime"))?,
            next_update: next,
            services,
            problems,
        })
    }

    /// Checks the signature that stands in a list: all of the list is covered by it, the
    /// SHA-256 of its signer's certificate is among `pins`, and `policy` accepts its algorithms at
    /// `at`. The certificate's own dates are not judged: pinning it is the judgement.
    ///
    /// # Errors
    /// When it does not prove that. [`ListError::is_unsupported`] tells those apart that this
    /// program cannot check from those that are wrong.
    pub fn verify(
        bytes: &[u8],
        pins: &[Sha256],
        policy: &algorithms::Policy,
        at: Timestamp,
    ) -> Result<ListSigner, ListError> {
        let document = xml::parse(bytes)?;
        scheme(&document)?;
        let (signer, used) = seal::verify(&document, pins)?;
        used.iter().try_for_each(|used| policy.check(used, at))?;
        Ok(signer)
    }

    /// Whether the next issue is overdue at `at`.
    #[must_use]
    pub fn is_overdue_at(&self, at: Timestamp) -> bool {
        self.next_update.is_some_and(|next| at > next)
    }
}

impl ListError {
    /// Whether only the algorithm keeps the signature from being checked.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unverifiable(algorithms::Failure::Unsupported { .. }))
    }
}

fn scheme<'a, 'input>(document: &'a Document<'input>) -> Result<Node<'a, 'input>, ListError> {
    let root = document.root_element();
    if !root.has_tag_name((LIST, "TrustServiceStatusList")) {
        return Err(ListError::Missing { element: "TrustServiceStatusList" });
    }
    xml::only(root, (LIST, "SchemeInformation"))
        .ok_or(ListError::Missing { element: "SchemeInformation" })
}
