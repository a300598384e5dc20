//! What can go wrong with the database.

use std::{io, path::PathBuf};

use crate::{
    domain::{ShareId, Term},
    registry::RegistryError,
};

/// Why the database did not do what was asked.
///
/// A row that is not there is no error: reading functions return `None`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no database yet.
    #[error("there is no database")]
    Absent,
    /// The database is in use by somebody else for longer than we wait; try again.
    #[error("the database is busy with somebody else's work; try again")]
    Busy,
    /// A row holds what this program never writes.
    #[error(
        "the database is damaged: column {column} of table {table}, row {row}, holds what this \
         program never writes there; restore a backup"
    )]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key, as text.
        row: String,
    },
    /// The engine refused or failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A document was judged, and nothing was given to keep for it.
    #[error("document {number} of share {share} was judged, and nothing was given to keep for it")]
    DocumentMissing {
        /// The share.
        share: ShareId,
        /// The document's number within it.
        number: u32,
    },
    /// The database's file cannot be opened or made.
    #[error("the database file {} cannot be opened or made", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// An SQLite file and what a stop left to be written into it do not fit together.
    #[error(
        "the database {} is damaged, or {} beside it belongs to another: when a backup was put in its \
         place, remove that file and the one that ends in -shm, and put the backup there again",
        path.display(), log.display()
    )]
    Torn {
        /// The database.
        path: PathBuf,
        /// What was to be written into it.
        log: PathBuf,
    },
    /// The server of the database does not take a connection.
    #[error("the PostgreSQL server cannot be reached, or takes no connection; is it running?")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something of a share is to be kept for a term that no key was given for.
    #[error("something of share {share} is kept for the {} term, and no key was given for it", term.as_str())]
    KeyMissing {
        /// The share.
        share: ShareId,
        /// The term.
        term: Term,
    },
    /// The database could not be brought to this program's schema.
    #[error("the database could not be migrated to this program's schema")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A user or token of this name exists, or existed: names are not given twice, so that the
    /// audit stays clear.
    #[error("there is already a {kind} named {name:?}; names are not given twice")]
    NameTaken {
        /// `user` or `token`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The database was made or changed by a later version of the program.
    #[error(
        "the database has schema {database}, this program knows schemas up to {program}: a later \
         version has worked with it; start that version"
    )]
    NewerSchema {
        /// The database's schema.
        database: i64,
        /// The latest schema that this program knows.
        program: i64,
    },
    /// No connection to the database was free or could be made in time.
    #[error("the database gave no connection in time: its server is away, or busy with other work")]
    NoConnection,
    /// The database's file was removed or replaced: what is committed to it is gone with it.
    #[error("the file of the database was removed or replaced while it is in use")]
    NotInPlace,
    /// The database was made with another master key: nothing in it could be opened.
    #[error(
        "the database was made with another master key (its check value is {database}, the one \
         given has {given}); give the key it was made with"
    )]
    OtherMasterKey {
        /// The check value in the database.
        database: String,
        /// The check value of the key given.
        given: String,
    },
    /// A revision of the registry has what this program does not know, or holds something else.
    #[error(
        "revision {revision} of the registry in the database cannot be read; start the version that \
         applied it, or restore a backup"
    )]
    Registry {
        /// The revision.
        revision: i64,
        /// Why not, with the line in the revision's text.
        source: RegistryError,
    },
    /// A change speaks of a user by a former name.
    #[error("the user {name:?} is called {now:?} now; give that name")]
    Renamed {
        /// The former name.
        name: String,
        /// The name that they have.
        now: String,
    },
    /// The database's server gives no answer. What was asked may have been done all the same.
    #[error("the database has not answered for {seconds} seconds")]
    Silent {
        /// How long was waited.
        seconds: u64,
    },
    /// The database failed while it made a share durable. It may be kept all the same, and seen
    /// only later.
    #[error("the database failed while it made a share durable; whether it is kept is not known")]
    Uncertain(#[source] Box<Self>),
    /// A change speaks of a user, token or branch that is not there.
    #[error("there is no {kind} named {name:?}")]
    Unknown {
        /// `user`, `token` or `branch`.
        kind: &'static str,
        /// The name or id.
        name: String,
    },
    /// The URL names no database that we can open. Holds no more of the URL than its scheme: it
    /// may have a password.
    #[error("a database is given as sqlite:PATH or postgres://…, not as {scheme}:…")]
    UnsupportedUrl {
        /// What stands before the first colon.
        scheme: String,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            Self::NoConnection
        } else if is_busy(&error) {
            Self::Busy
        } else {
            Self::Database(Box::new(error))
        }
    }
}

impl StoreError {
    /// The error of a commit that failed with this one.
    pub(super) fn of_commit(self) -> Self {
        if self.is_full() { self } else { Self::Uncertain(Box::new(self)) }
    }

    /// Whether SQLite found no room. Its commit record is written last, so it is not there then;
    /// of no other failure is that known. A full disk may last, and each try ends with this.
    fn is_full(&self) -> bool {
        let Self::Database(source) = self else { return false };
        let error = source.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
        error.and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == SQLITE_FULL)
    }
}

/// Whether the engine says that somebody else holds what we need, and trying again may help.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| BUSY_CODES.contains(&code.as_ref()))
}

/// `SQLITE_BUSY` and its extended forms; PostgreSQL's `serialization_failure`,
/// `deadlock_detected`, `lock_not_available`, and `query_canceled` for a statement out of time.
const BUSY_CODES: [&str; 8] = ["5", "261", "517", "773", "40001", "40P01", "55P03", "57014"];

/// `SQLITE_FULL`. PostgreSQL's codes are longer.
const SQLITE_FULL: &str = "13";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_failed_is_uncertain() {
        for error in [StoreError::Silent { seconds: 90 }, StoreError::Busy] {
            assert!(matches!(error.of_commit(), StoreError::Uncertain(_)));
        }
        let gone = StoreError::from(sqlx::Error::WorkerCrashed);
        assert!(matches!(gone.of_commit(), StoreError::Uncertain(_)));
    }
}
