//! The two engines behind one face: connections, transactions, statements.
//!
//! Statements are static texts with `$1` placeholders, which both engines read. Three kinds of
//! value go in and come out (`value.rs`), so everything else in `store` knows of no engine.

use std::{
    io::ErrorKind,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    Connection as _, PgConnection, Postgres, Sqlite,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use super::{
    StoreError,
    value::{Record, Value},
};

/// How long a statement waits for another process's write to end.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What PostgreSQL is told at each connection, where the URL says nothing of it: after so many
/// milliseconds it ends a statement, a wait for a lock, and a transaction that nothing comes for.
const TIMEOUTS: [(&str, &str); 3] = [
    ("statement_timeout", "60000"),
    ("lock_timeout", "30000"),
    ("idle_in_transaction_session_timeout", "120000"),
];

/// How long a statement, or the wait for a connection, may take in all. PostgreSQL's own limits
/// come first; this is for a server that does not even say that.
const ANSWER: Duration = Duration::from_secs(90);

/// How long tidying a table may take; it takes as long as there are rows.
const TIDYING: Duration = Duration::from_hours(1);

/// How many connections read at once; SQLite has one more that writes.
const CONNECTIONS: u32 = 8;

/// The write-ahead log is cut to this size, in bytes, after a checkpoint.
const JOURNAL_SIZE_LIMIT: &str = "67108864";

/// The connections to the database.
#[derive(Clone)]
pub(super) enum Engine {
    Postgres(sqlx::PgPool),
    Sqlite {
        /// One connection: SQLite has one writer at a time, and waiting here is fairer than there.
        writer: sqlx::SqlitePool,
        readers: sqlx::SqlitePool,
        file: Arc<OpenFile>,
    },
}

/// The file that SQLite lays beside the database at `path`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The file that a database was opened from, and the log beside it.
pub(super) struct OpenFile {
    /// Each with its device and number.
    files: Vec<(PathBuf, (u64, u64))>,
}

impl OpenFile {
    async fn at(path: &Path) -> Result<Arc<Self>, StoreError> {
        let mut files = Vec::new();
        for (path, is_needed) in [(path.to_owned(), true), (beside(path, "-wal"), false)] {
            match tokio::fs::metadata(&path).await {
                Ok(found) => files.push((path, (found.dev(), found.ino()))),
                Err(source) if is_needed => return Err(StoreError::File { path, source }),
                Err(_) => {}
            }
        }
        Ok(Arc::new(Self { files }))
    }

    /// Whether all stand there still; what cannot be told is taken for it.
    async fn is_in_place(&self) -> bool {
        for (path, id) in &self.files {
            let is_in_place = match tokio::fs::metadata(path).await {
                Ok(found) => (found.dev(), found.ino()) == *id,
                Err(error) => error.kind() != ErrorKind::NotFound,
            };
            if !is_in_place {
                return false;
            }
        }
        true
    }
}

/// A transaction; what is not committed is undone when it is dropped.
pub(super) enum Transaction {
    Postgres(sqlx::Transaction<'static, Postgres>),
    Sqlite(sqlx::Transaction<'static, Sqlite>),
}

/// A row, as the engine gives it.
pub(super) enum Row {
    Postgres(PgRow),
    Sqlite(SqliteRow),
}

/// A statement of one engine with its values.
macro_rules! statement {
    ($engine:ty, $sql:expr, $values:expr) => {
        $values.iter().fold(sqlx::query::<$engine>($sql), |query, value| match value {
            Value::Blob(blob) => query.bind(blob.clone()),
            Value::Integer(integer) => query.bind(*integer),
            Value::Text(text) => query.bind(text.clone()),
        })
    };
}

impl Engine {
    /// Connects to PostgreSQL; checks nothing yet.
    pub(super) async fn postgres(url: &str) -> Result<Self, StoreError> {
        let options = limited(PgConnectOptions::from_str(url)?)
            .application_name("skrynka")
            // What is answered for must be on disk, whatever the server's default is.
            .options([("synchronous_commit", "on")]);
        // A pool tries again for a long time, and then does not say why.
        let first = answer(PgConnection::connect_with(&options)).await;
        first.map_err(|error| StoreError::Unreachable(Box::new(error)))?.close().await?;
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        Ok(Self::Postgres(pool))
    }

    /// Opens an SQLite file to look into it, and changes nothing.
    pub(super) async fn sqlite_to_inspect(path: &Path) -> Result<Self, StoreError> {
        // What a first start was writing when it was cut off is undone before anything can be read.
        let is_cut_off = beside(path, "-journal").exists();
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(!is_cut_off)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        Ok(Self::Sqlite { writer: pool.clone(), readers: pool, file: OpenFile::at(path).await? })
    }

    /// Whether the pages of an SQLite file fit together with what a stop left to be written into it.
    /// After a restore that may be another database's.
    pub(super) async fn check_pages(&self, path: &Path) -> Result<(), StoreError> {
        let log = beside(path, "-wal");
        if std::fs::metadata(&log).map_or(0, |found| found.len()) == 0 {
            return Ok(());
        }
        let found = self.one("PRAGMA quick_check(1)", &[]).await;
        let is_whole = match &found {
            Ok(row) => {
                Record::new(row, "quick_check", "quick_check").read::<String>("quick_check")?
                    == "ok"
            }
            Err(_) => false,
        };
        if is_whole { Ok(()) } else { Err(StoreError::Torn { path: path.to_owned(), log }) }
    }

    /// Opens an SQLite file, which is there, to work with it.
    pub(super) async fn sqlite(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("secure_delete", "ON")
            .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT);
        let writer = sqlite_pool(1).connect_with(options).await?;
        let options =
            SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
        let readers =
            sqlite_pool(CONNECTIONS).min_connections(CONNECTIONS).connect_with(options).await?;
        Ok(Self::Sqlite { writer, readers, file: OpenFile::at(path).await? })
    }

    /// Whether the database is where it was opened: a file that was removed or replaced is written on
    /// by who has it open, and gone when that ends.
    pub(super) async fn is_in_place(&self) -> bool {
        match self {
            Self::Postgres(_) => true,
            Self::Sqlite { file, .. } => file.is_in_place().await,
        }
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(match self {
            // A server whose disk was full makes read-only the default of each connection that begins
            // then, for as long as it lives.
            Self::Postgres(pool) => {
                Transaction::Postgres(answer(pool.begin_with("BEGIN READ WRITE")).await?)
            }
            // A transaction that begins by reading and then writes cannot wait for another
            // writer: SQLite refuses it at once.
            Self::Sqlite { writer, .. } => {
                Transaction::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)
            }
        })
    }

    /// Begins a transaction that only reads: all its statements see one state.
    pub(super) async fn snapshot(&self) -> Result<Transaction, StoreError> {
        Ok(match self {
            Self::Postgres(pool) => {
                let begin = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                Transaction::Postgres(answer(begin).await?)
            }
            Self::Sqlite { readers, .. } => Transaction::Sqlite(readers.begin().await?),
        })
    }

    /// Reads rows.
    pub(super) async fn rows(
        &self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Postgres(pool) => {
                let rows = answer(statement!(Postgres, sql, values).fetch_all(pool)).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
            Self::Sqlite { readers, .. } => {
                let rows = statement!(Sqlite, sql, values).fetch_all(readers).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
        })
    }

    /// Reads the first row.
    pub(super) async fn row(
        &self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Reads the one row that there always is.
    pub(super) async fn one(&self, sql: &'static str, values: &[Value]) -> Result<Row, StoreError> {
        let row = self.row(sql, values).await?;
        row.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Lets nothing deleted linger where the engine keeps the past.
    ///
    /// SQLite: all of the write-ahead log goes into the database, where deleted content is
    /// overwritten with zeros, and the log is cut to nothing. PostgreSQL: dead rows are given
    /// free; its own write-ahead log and its backups are the operator's to bound.
    pub(super) async fn forget_remnants(&self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(pool) => {
                // Detached, so that no other statement is ever without a time limit: it ends with
                // this, however this ends.
                let mut connection = answer(pool.acquire()).await?.detach();
                let unlimited = sqlx::query("SET statement_timeout = 0");
                answer(unlimited.execute(&mut connection)).await?;
                let tidy = sqlx::query(
                    "VACUUM data_keys, shares, documents, fingerprints, known_copies, duplicates",
                );
                answer_within(TIDYING, tidy.execute(&mut connection)).await?;
            }
            Self::Sqlite { writer, .. } => {
                let (busy, _, _): (i64, i64, i64) =
                    sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(writer).await?;
                if busy != 0 {
                    return Err(StoreError::Busy);
                }
            }
        }
        Ok(())
    }

    /// Ends all connections.
    pub(super) async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

impl Transaction {
    /// Runs a statement and tells how many rows it changed.
    pub(super) async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Postgres(transaction) => {
                let done = statement!(Postgres, sql, values).execute(&mut **transaction);
                answer(done).await?.rows_affected()
            }
            Self::Sqlite(transaction) => {
                statement!(Sqlite, sql, values).execute(&mut **transaction).await?.rows_affected()
            }
        })
    }

    /// Runs a statement and reads its rows.
    pub(super) async fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Postgres(transaction) => {
                let rows =
                    answer(statement!(Postgres, sql, values).fetch_all(&mut **transaction)).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
            Self::Sqlite(transaction) => {
                let rows = statement!(Sqlite, sql, values).fetch_all(&mut **transaction).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
        })
    }

    /// Runs a statement and reads its first row.
    pub(super) async fn row(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Runs a statement and reads the one row that there always is.
    pub(super) async fn one(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Row, StoreError> {
        let row = self.row(sql, values).await?;
        row.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Makes all of it durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(transaction) => answer(transaction.commit()).await?,
            Self::Sqlite(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}

/// A pool that no connection comes back to in the middle of a transaction.
///
/// After an error of the disk SQLite undoes a transaction by itself
/// (<https://sqlite.org/lang_transaction.html>, "Response To Errors Within A Transaction"). The
/// ROLLBACK that follows fails then, and the driver goes on counting a transaction that is not
/// there: nothing would ever be committed on such a connection again. It is closed instead.
///
/// None is closed for its age. A file that was put in the place of the database would be opened by
/// the next one, which cuts the shared memory beside it while the others, of the same process, have it
/// mapped: a SIGBUS.
fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    let pool = SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None);
    pool.max_connections(connections).after_release(|connection, _| {
        Box::pin(async move {
            // The ROLLBACK of a transaction that was dropped is done before the answer comes.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}

/// The options with our time limits, where they do not name others.
fn limited(options: PgConnectOptions) -> PgConnectOptions {
    let named = options.get_options().unwrap_or_default().to_owned();
    options.options(TIMEOUTS.into_iter().filter(|(name, _)| !named.contains(name)))
}

/// Waits for PostgreSQL, and not for ever: its server may hang, or its machine be gone. What was
/// asked may have been done all the same.
fn answer<T>(
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> impl Future<Output = Result<T, StoreError>> {
    answer_within(ANSWER, asked)
}

async fn answer_within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, asked).await {
        Ok(answered) => Ok(answered?),
        Err(_) => Err(StoreError::Silent { seconds: limit.as_secs() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::value::values;

    /// A disk that is full for a while, made by SQLite's own limit: `SQLITE_FULL` in the middle of
    /// a transaction.
    #[tokio::test]
    async fn writing_goes_on_after_a_full_disk() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("full.db");
        std::fs::File::create_new(&path).unwrap();
        let engine = Engine::sqlite(&path).await.unwrap();
        let insert = async |bytes: usize| -> Result<(), StoreError> {
            let mut transaction = engine.begin().await?;
            transaction.execute("INSERT INTO kept VALUES ($1)", values![vec![1; bytes]]).await?;
            transaction.commit().await
        };
        let Engine::Sqlite { writer, readers, .. } = &engine else { unreachable!() };
        sqlx::query("CREATE TABLE kept (bytes BLOB)").execute(writer).await.unwrap();
        let limit = async |pages: &'static str| sqlx::query(pages).execute(writer).await.unwrap();

        limit("PRAGMA max_page_count = 4").await;
        let error = insert(100_000).await.unwrap_err();
        assert!(format!("{error:?}").contains("full"), "{error:?}");
        limit("PRAGMA max_page_count = 100000").await;
        insert(100_000).await.unwrap();

        let (rows,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM kept").fetch_one(readers).await.unwrap();
        assert_eq!(rows, 1, "others read what was committed");
    }

    fn options(url: &str) -> String {
        let options = limited(PgConnectOptions::from_str(url).unwrap());
        options.get_options().unwrap_or_default().to_owned()
    }

    #[test]
    fn postgres_is_told_time_limits_unless_the_url_names_others() {
        let ours = options("postgres://skrynka@localhost/skrynka");
        for (name, value) in TIMEOUTS {
            assert!(ours.contains(&format!("-c {name}={value}")), "{ours}");
        }
        let own = options("postgres://skrynka@localhost/skrynka?options[statement_timeout]=5000");
        assert!(own.contains("statement_timeout=5000"), "{own}");
        assert!(!own.contains("statement_timeout=60000"), "{own}");
        assert!(own.contains("lock_timeout=30000"), "{own}");
    }
}
