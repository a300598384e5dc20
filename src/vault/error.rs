//! Why the vault cannot do something.

use std::{io, path::PathBuf};

use super::{FLOOR, ObjectName};
use crate::{
    domain::{ShareId, Term},
    sealing::SealingError,
};

/// Why the vault cannot do something. Never says what is in an object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// An object is there and does not open.
    #[error("object {name} of share {share} ({}) is damaged", term.as_str())]
    Damaged {
        /// The share.
        share: ShareId,
        /// The term of the object.
        term: Term,
        /// The object.
        name: ObjectName,
        /// Why it does not open.
        source: SealingError,
    },
    /// A value has no JSON form, or sealed details are not the value asked for.
    #[error("the details are not of the kind that they should be")]
    Details {
        /// What JSON says.
        source: serde_json::Error,
    },
    /// What is free on its disk is left to those who destroy.
    #[error(
        "no room for copies in {}: {free} bytes are free, and {FLOOR} are left to the database and to \
         destroying; make room",
        directory.display()
    )]
    Full {
        /// The directory.
        directory: PathBuf,
        /// The free bytes.
        free: u64,
    },
    /// The system refused to do something with a file or directory.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no such object.
    #[error("share {share} ({}) has no object {name}", term.as_str())]
    Missing {
        /// The share.
        share: ShareId,
        /// The term of the object.
        term: Term,
        /// The object.
        name: ObjectName,
    },
    /// The directory has no marker, or another vault's: the vault is not there.
    #[error(
        "the vault is not in {}: it has {} file skrynka-vault. Mount its volume, or put the \
         directory back; until then nothing is kept, opened or destroyed. If this is the vault, give it \
         that file with the line {marker}",
        directory.display(), if *is_of_another { "another vault's" } else { "no" }
    )]
    NotThere {
        /// The directory.
        directory: PathBuf,
        /// Whether another vault's marker stands there.
        is_of_another: bool,
        /// What the marker has to say.
        marker: String,
    },
    /// The object store refused to do something.
    #[error("cannot {action}")]
    Objects {
        /// What was attempted.
        action: &'static str,
        /// What the store says.
        source: object_store::Error,
    },
    /// Something cannot be sealed or opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The program is stopping.
    #[error("the vault has stopped")]
    Stopped,
}

impl VaultError {
    /// For `map_err`: a [`VaultError::Io`] about `path`.
    pub(super) fn io<'a>(
        action: &'static str,
        path: &'a std::path::Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
