//! Revocation data: lists (RFC 5280 §5) and OCSP answers (RFC 6960), and what they say of a
//! certificate.
//!
//! A [`RevocationStore`] holds what was found, and believes none of it. [`revocation()`] looks for
//! what is about one certificate, proves that its issuer said it, and weighs the answers. Nothing
//! is fetched here: [`Wanted`] says what to ask for, and where.
//!
//! Not supported: lists by another authority than the certificate's issuer (indirect lists), and
//! responders that the issuer has not delegated.

mod answer;
mod claim;
mod judge;
mod left_out;
mod list;
mod listed;
mod news;
mod parts;
mod record;
mod request;
mod responder;
mod store;
mod wanted;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use crate::{algorithms, domain::Timestamp};

pub use self::{
    claim::Answering,
    judge::revocation,
    record::StatusRecord,
    request::{RevocationOutcome, RevocationRequest},
    store::{Kept, News, RevocationStore, Topic},
    wanted::Wanted,
};

/// Why bytes are not revocation data that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// The algorithm inside the signed part of a list and the one beside the signature differ.
    #[error("the list names two different signature algorithms")]
    AlgorithmMismatch,
    /// From the future.
    #[error("the answer is true from {this_update} on, and it is {at}")]
    Early {
        /// The moment asked for.
        at: Timestamp,
        /// When it begins to be true.
        this_update: Timestamp,
    },
    /// A newer answer is due.
    #[error("the answer was true until {next_update}, and it is {at}")]
    Expired {
        /// The moment asked for.
        at: Timestamp,
        /// When a newer one was due.
        next_update: Timestamp,
    },
    /// Not the DER of the kind of data that it seems to be.
    #[error("this cannot be read as {kind}: {problem}")]
    Malformed {
        /// What it seems to be.
        kind: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// Right in itself, and about something else.
    #[error("it says nothing of this certificate: {problem}")]
    NotAbout {
        /// Why.
        problem: String,
    },
    /// The responder refused to answer (RFC 6960 §4.2.1).
    #[error("the responder refuses to answer: {status}")]
    Refused {
        /// The name of its status.
        status: &'static str,
    },
    /// Longer than any list that is read.
    #[error("the data has {length} bytes; at most {} are read", RevocationStore::MAX_LEN)]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// More entries than any list that is read.
    #[error("the list has more than {max} entries")]
    TooManyEntries {
        /// The most.
        max: usize,
    },
    /// More checks with a key than are left.
    #[error("it takes more checks with a key than are left")]
    TooMuchWork,
    /// Remembered by an earlier version, which did not write down the algorithms.
    #[error("an earlier version did not write down which algorithms it was proved by")]
    Unexplained,
    /// The responder does not know the certificate.
    #[error("the responder does not know the certificate")]
    UnknownCertificate,
    /// Neither a list nor an OCSP answer.
    #[error("this is neither a revocation list nor an OCSP answer")]
    UnknownKind,
    /// Its signature proves nothing.
    #[error("its signature proves nothing: {failure}")]
    Unproven {
        /// Why.
        failure: algorithms::Failure,
    },
    /// Something in it must be understood and is not.
    #[error("it asks for something that is not supported: {name}")]
    Unsupported {
        /// What.
        name: String,
    },
    /// Its signature is right, by an algorithm that proves nothing at that moment.
    #[error("its signature cannot be relied on: {0}")]
    Weak(#[from] algorithms::Refused),
    /// Nobody who may answer for the issuer has signed it.
    #[error("{signer} may not answer for the issuer: {problem}")]
    WrongSigner {
        /// Who signed, or should have.
        signer: String,
        /// Why that does not count.
        problem: String,
    },
}

/// How many checks with a key may still be made.
struct Budget {
    left: usize,
    /// Whether one was not made for want of them.
    gave_up: bool,
}

impl Budget {
    fn new(left: usize) -> Self {
        Self { left, gave_up: false }
    }

    fn spend(&mut self, checks: usize) -> Result<(), RevocationError> {
        let Some(left) = self.left.checked_sub(checks) else {
            self.gave_up = true;
            return Err(RevocationError::TooMuchWork);
        };
        self.left = left;
        Ok(())
    }
}
