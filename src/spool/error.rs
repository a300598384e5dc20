//! Why the spool cannot do something.

use std::{io, path::PathBuf, sync::Arc};

use crate::{domain::MailId, sealing::SealingError};

/// Why the spool cannot do something. Never says anything of a mail but its id.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each sentence says what it is about")]
pub enum SpoolError {
    #[error("segment {segment} is abandoned after a failed write")]
    Abandoned { segment: u64 },
    #[error("mail {id} in segment {segment} at byte {offset} is damaged on disk: {damage}")]
    Damaged {
        id: MailId,
        segment: u64,
        /// Where its record begins.
        offset: u64,
        damage: Damage,
    },
    #[error("mail {id} is in the spool already")]
    Duplicate { id: MailId },
    #[error(
        "no space for mails in {}: {} bytes are free and {reserve} are kept in reserve",
        directory.display(),
        free.map_or_else(|| "too few".to_owned(), |free| free.to_string())
    )]
    Full {
        directory: PathBuf,
        /// The free bytes, when the reserve was the reason.
        free: Option<u64>,
        /// The setting `reserve_bytes`.
        reserve: u64,
    },
    #[error(
        "the spool {} is in use by another process; stop the other skrynka first",
        directory.display()
    )]
    InUse { directory: PathBuf },
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        /// Shared: one failure can concern many mails.
        source: Arc<io::Error>,
    },
    #[error(
        "the spool is not in {}: it has no file skrynka-spool. Mount its volume, or put the directory \
         back: accepted mails may wait in it. If this is a new spool on purpose, make the directory and give \
         it that file with the line {marker}",
        directory.display()
    )]
    NotThere {
        directory: PathBuf,
        /// What the marker has to say.
        marker: String,
    },
    #[error(
        "{} is of format {found}, this program knows format {known}; start the version that wrote \
         it and let it judge what is there",
        path.display()
    )]
    OtherFormat { path: PathBuf, found: u32, known: u32 },
    #[error(
        "{} was sealed with another master key; start with the key file that belongs to it",
        path.display()
    )]
    OtherKey { path: PathBuf },
    #[error("the mail cannot be sealed")]
    Sealing(#[from] SealingError),
    #[error("the spool has stopped")]
    Stopped,
    #[error("a mail of {length} bytes is too long for the spool")]
    TooLong {
        /// The length of mail and envelope, in bytes.
        length: usize,
    },
    #[error("mail {id} is not in the spool")]
    Unknown { id: MailId },
}

/// What is wrong with a record on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each sentence says what it is about")]
pub enum Damage {
    #[error("its checksum is wrong")]
    Checksum,
    #[error("its parts are not where they should be")]
    Layout,
    #[error("its seal does not open")]
    Seal,
}

impl SpoolError {
    /// For `map_err`: an [`SpoolError::Io`] about `path`.
    pub(super) fn io<'a>(
        action: &'static str,
        path: &'a std::path::Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self::Io { action, path: path.to_owned(), source: Arc::new(source) }
    }
}
