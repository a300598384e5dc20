//! The database: shares, documents, registry, users, sessions, tokens, audit, purge.
//!
//! The only module that names `sqlx`. One set of SQL texts serves SQLite and PostgreSQL; the
//! migrations under `migrations/` end in the same tables on both. Personal data is in sealed
//! columns only: the database alone, without the master key, tells no one's name.
//!
//! `engine.rs` alone knows which engine it is, `value.rs` what goes in and comes out, `schema.rs`
//! how a database is opened; every other file is one part of what is kept.
//!
//! What it does not do: it keeps no document (that is the vault), judges nothing, and does not
//! check who asks. A caller gives the reader's [`BranchScope`](crate::domain::BranchScope) where a
//! function takes one, and asks [`Store::share`] first where it does not.

mod audit;
mod clock;
mod duplicate;
mod engine;
mod error;
mod login;
mod purge;
mod receipt;
mod registry;
mod rejudging;
mod schema;
mod scope;
mod session;
mod share;
mod token;
mod user;
mod value;

pub use audit::{AuditAction, AuditEntry, AuditFilter, AuditRow};
pub use clock::{AcceptedTime, Look};
pub use duplicate::KnownBy;
pub use error::StoreError;
pub use login::{LoginCount, LoginGate};
pub use purge::{Destruction, DueKey, PurgeProblem, PurgeReport, PurgeRun};
pub use receipt::{Grounds, Inserted, NewKey, NewShare, Sealed, SealedDocument};
pub use registry::Names;
pub use rejudging::{Rejudged, Resealed, Select, Selected};
pub use session::{NewSession, Session};
pub use share::{Cursor, CursorError, ShareFilter, SharePage};
pub use token::{NewToken, Token};
pub use user::{NewUser, User};

use std::fmt;

use engine::{Engine, Row};

/// The database. Cloning is cheap; clones share the connections.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

impl Store {
    /// Opens the database at `url`, `sqlite:PATH` (made when it is not there) or `postgres://…`,
    /// and brings it to this program's schema. `master_check` is the check value of the master key.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] and [`StoreError::OtherMasterKey`], both before anything in
    /// the database is touched; when it cannot be opened or migrated.
    pub async fn open(url: &str, master_check: &str) -> Result<Self, StoreError> {
        Ok(Self { engine: schema::open(url, master_check, true).await? })
    }

    /// The same of a database that is there already.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is none; then none is made.
    pub async fn open_existing(url: &str, master_check: &str) -> Result<Self, StoreError> {
        Ok(Self { engine: schema::open(url, master_check, false).await? })
    }

    /// Whether the database is where it was opened. An SQLite file that was removed or replaced is not:
    /// what is written to it is gone when this program ends.
    pub async fn is_in_place(&self) -> bool {
        self.engine.is_in_place().await
    }

    /// Makes sure of [`Self::is_in_place`].
    ///
    /// # Errors
    /// [`StoreError::NotInPlace`] when it is not.
    pub async fn check_place(&self) -> Result<(), StoreError> {
        if self.is_in_place().await { Ok(()) } else { Err(StoreError::NotInPlace) }
    }

    /// Writes a row and makes it durable: proves that writing works.
    ///
    /// # Errors
    /// When it does not.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        // A row that is written as it stands reaches no disk: SQLite sees that nothing changes.
        transaction
            .execute(
                "INSERT INTO write_probes (id, number) VALUES (1, 0)
                 ON CONFLICT (id) DO UPDATE SET number = write_probes.number + 1",
                &[],
            )
            .await?;
        transaction.commit().await
    }

    /// Ends all connections and waits until they are ended; clones are of no use then.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}

/// The engine and nothing of its URL, which may have a password.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = match &self.engine {
            Engine::Postgres(_) => "PostgreSQL",
            Engine::Sqlite { .. } => "SQLite",
        };
        f.debug_tuple("Store").field(&engine).finish()
    }
}
