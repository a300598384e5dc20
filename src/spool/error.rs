//! Why the spool cannot do something.

use std::{io, path::PathBuf, sync::Arc};

use crate::{domain::MailId, sealing::SealingError};

/// Why the spool cannot do something. Never says anything of a mail but its id.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// A write or sync to the segment failed earlier; it takes no more mails.
    #[error("segment {segment} is abandoned after a failed write")]
    Abandoned {
        /// The segment's number.
        segment: u64,
    },
    /// The record of the mail is not what was written.
    #[error("mail {id} in segment {segment} at byte {offset} is damaged on disk: {damage}")]
    Damaged {
        /// The mail.
        id: MailId,
        /// The number of its segment.
        segment: u64,
        /// Where its record begins.
        offset: u64,
        /// What is wrong with it.
        damage: Damage,
    },
    /// There is a mail of this id already.
    #[error("mail {id} is in the spool already")]
    Duplicate {
        /// The mail.
        id: MailId,
    },
    /// The disk is full, or what is free is kept in reserve. Nothing was kept of the mail.
    #[error(
        "no space for mails in {}: {} bytes are free and {reserve} are kept in reserve",
        directory.display(),
        free.map_or_else(|| "too few".to_owned(), |free| free.to_string())
    )]
    Full {
        /// The spool's directory.
        directory: PathBuf,
        /// The free bytes, when the reserve was the reason.
        free: Option<u64>,
        /// The setting `reserve_bytes`.
        reserve: u64,
    },
    /// Another process works with the spool.
    #[error(
        "the spool {} is in use by another process; stop the other skrynka first",
        directory.display()
    )]
    InUse {
        /// The spool's directory.
        directory: PathBuf,
    },
    /// The system refused to do something with a file.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system says. One failure can concern many mails.
        source: Arc<io::Error>,
    },
    /// The spool was written by another version of this program.
    #[error(
        "{} is of format {found}, this program knows format {known}; start the version that wrote \
         it and let it judge what is there",
        path.display()
    )]
    OtherFormat {
        /// The segment's file.
        path: PathBuf,
        /// The format that it says.
        found: u32,
        /// The format that this program knows.
        known: u32,
    },
    /// The spool holds mails sealed with another master key.
    #[error(
        "{} was sealed with another master key; start with the key file that belongs to it",
        path.display()
    )]
    OtherKey {
        /// The segment's file.
        path: PathBuf,
    },
    /// Sealing failed.
    #[error("the mail cannot be sealed")]
    Sealing(#[from] SealingError),
    /// The writer of the spool has ended.
    #[error("the spool has stopped")]
    Stopped,
    /// The mail is longer than a record can be (4 GiB).
    #[error("a mail of {length} bytes is too long for the spool")]
    TooLong {
        /// The length of mail and envelope, in bytes.
        length: usize,
    },
    /// The spool holds no such mail, or it is settled.
    #[error("mail {id} is not in the spool")]
    Unknown {
        /// The mail.
        id: MailId,
    },
}

/// What is wrong with a record on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The checksum of its bytes is another.
    #[error("its checksum is wrong")]
    Checksum,
    /// What was sealed is not an envelope and a message.
    #[error("its parts are not where they should be")]
    Layout,
    /// The seal does not open.
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
