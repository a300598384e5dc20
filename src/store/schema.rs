//! Opening a database: is it ours, is it not too new, was it made with this master key; then the
//! migrations.

use std::path::{Path, PathBuf};

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{
    StoreError,
    engine::{Engine, Transaction},
    value::{Record, values},
};

/// A step of the schema: the same name and the same tables for both engines.
struct Step {
    version: i64,
    name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

macro_rules! steps {
    ($($zeros:literal $version:literal $name:literal),+ $(,)?) => {
        [$(Step {
            version: $version,
            name: $name,
            postgres: steps!(@text "postgres", $zeros, $version, $name),
            sqlite: steps!(@text "sqlite", $zeros, $version, $name),
        }),+]
    };
    (@text $engine:literal, $zeros:literal, $version:literal, $name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"), "/migrations/", $engine, "/", $zeros, $version, "_",
            $name, ".sql"
        ))
    };
}

/// The files under `migrations/`, in order. A step that is released is never changed.
const STEPS: [Step; 21] = steps![
    "000" 1 "installation",
    "000" 2 "registry",
    "000" 3 "shares",
    "000" 4 "staff",
    "000" 5 "audit",
    "000" 6 "retention",
    "000" 7 "rejudging",
    "000" 8 "signers",
    "000" 9 "issuers",
    "00" 10 "content",
    "00" 11 "fingerprints",
    "00" 12 "grounds",
    "00" 13 "branch_versions",
    "00" 14 "status_records",
    "00" 15 "clock",
    "00" 16 "clock_agreed",
    "00" 17 "renamed",
    "00" 18 "type_codes",
    "00" 19 "write_probes",
    "00" 20 "registry_documents",
    "00" 21 "owed_look",
];

fn migrator(text: fn(&Step) -> &'static str) -> Migrator {
    let migration = |step: &Step| {
        let sql = text(step).into_sql_str();
        Migration::new(step.version, step.name.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(STEPS.iter().map(migration).collect())
}

/// Opens the database at `url`; refuses one that is too new or of another master key before
/// anything in it is touched, and where none is made one that is empty or not there.
pub(super) async fn open(
    url: &str,
    master_check: &str,
    may_make: bool,
) -> Result<Engine, StoreError> {
    let engine = match Place::parse(url)? {
        Place::Postgres(url) => {
            let engine = Engine::postgres(url).await?;
            inspect(&engine, master_check).await?;
            if !may_make && !has_table(&engine, "installation").await? {
                return Err(StoreError::Absent);
            }
            engine
        }
        Place::Sqlite(path) => {
            if !may_make && is_absent(&path).await? {
                return Err(StoreError::Absent);
            }
            if !make_file(&path).await? {
                let engine = Engine::sqlite_to_inspect(&path).await?;
                let verdict = match engine.check_pages(&path).await {
                    Ok(()) => inspect(&engine, master_check).await,
                    torn => torn,
                };
                engine.close().await;
                verdict?;
            }
            Engine::sqlite(&path).await?
        }
    };
    migrate(&engine).await?;
    claim(&engine, master_check).await?;
    Ok(engine)
}

/// Where a database is.
enum Place<'a> {
    Postgres(&'a str),
    Sqlite(PathBuf),
}

impl<'a> Place<'a> {
    fn parse(url: &'a str) -> Result<Self, StoreError> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        match (scheme, rest) {
            ("postgres" | "postgresql", _) => Ok(Self::Postgres(url)),
            // A database in memory would be another one on every connection.
            ("sqlite", "" | ":memory:") => {
                Err(StoreError::UnsupportedUrl { scheme: scheme.to_owned() })
            }
            ("sqlite", path) => {
                Ok(Self::Sqlite(Path::new(path.strip_prefix("//").unwrap_or(path)).to_owned()))
            }
            _ => Err(StoreError::UnsupportedUrl { scheme: scheme.to_owned() }),
        }
    }
}

/// Whether no file has anything in it at `path`.
async fn is_absent(path: &Path) -> Result<bool, StoreError> {
    match tokio::fs::metadata(path).await {
        Ok(found) => Ok(found.len() == 0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(StoreError::File { path: path.to_owned(), source }),
    }
}

/// Makes an empty file that only we may read, unless there is one with something in it. Tells
/// whether the file is empty.
async fn make_file(path: &Path) -> Result<bool, StoreError> {
    let failed = |source| StoreError::File { path: path.to_owned(), source };
    let mut options = tokio::fs::OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    let file = options.open(path).await.map_err(failed)?;
    Ok(file.metadata().await.map_err(failed)?.len() == 0)
}

async fn inspect(engine: &Engine, master_check: &str) -> Result<(), StoreError> {
    if has_table(engine, "_sqlx_migrations").await? {
        let row = engine.row("SELECT MAX(version) AS version FROM _sqlx_migrations", &[]).await?;
        let database = match &row {
            Some(row) => {
                Record::new(row, "_sqlx_migrations", "version").read_optional("version")?
            }
            None => None,
        };
        let program = STEPS.iter().map(|step| step.version).max().unwrap_or(0);
        if let Some(database) = database.filter(|database| *database > program) {
            return Err(StoreError::NewerSchema { database, program });
        }
    }
    if has_table(engine, "installation").await? {
        check_master(engine, master_check).await?;
    }
    Ok(())
}

async fn has_table(engine: &Engine, name: &str) -> Result<bool, StoreError> {
    let sql = match engine {
        Engine::Postgres(_) => {
            "SELECT 1 FROM information_schema.tables
             WHERE table_schema = current_schema() AND table_name = $1"
        }
        Engine::Sqlite { .. } => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
    };
    Ok(engine.row(sql, values![name]).await?.is_some())
}

async fn check_master(engine: &Engine, master_check: &str) -> Result<(), StoreError> {
    let Some(row) = engine.row("SELECT id, master_check FROM installation", &[]).await? else {
        return Ok(());
    };
    let database: String = Record::new(&row, "installation", "id").read("master_check")?;
    if database != master_check {
        return Err(StoreError::OtherMasterKey { database, given: master_check.to_owned() });
    }
    Ok(())
}

async fn migrate(engine: &Engine) -> Result<(), StoreError> {
    // PostgreSQL's migrations lock each other out by themselves. For SQLite one transaction
    // around all of them does it: a second process finds them done.
    let done = match engine {
        Engine::Postgres(pool) => {
            let mut connection = pool.acquire().await?;
            let postgres = migrator(|step| step.postgres);
            // A step takes as long as there are rows, and another process's steps are waited for.
            for sql in ["SET statement_timeout = 0", "SET lock_timeout = 0"] {
                sqlx::query(sql).execute(&mut *connection).await?;
            }
            let done = postgres.run_direct(None, &mut *connection, false).await;
            for sql in ["RESET statement_timeout", "RESET lock_timeout"] {
                sqlx::query(sql).execute(&mut *connection).await?;
            }
            done
        }
        Engine::Sqlite { .. } => {
            let mut transaction = engine.begin().await?;
            let sqlite = migrator(|step| step.sqlite);
            let done = match &mut transaction {
                Transaction::Sqlite(connection) => {
                    sqlite.run_direct(None, &mut **connection, false).await
                }
                Transaction::Postgres(_) => Ok(()),
            };
            if done.is_ok() {
                transaction.commit().await?;
            }
            done
        }
    };
    done.map_err(|error| StoreError::Migration(Box::new(error)))
}

/// Writes down which master key a new database belongs to.
async fn claim(engine: &Engine, master_check: &str) -> Result<(), StoreError> {
    let mut transaction = engine.begin().await?;
    transaction
        .execute(
            "INSERT INTO installation (id, master_check) VALUES (1, $1) ON CONFLICT (id) DO NOTHING",
            values![master_check],
        )
        .await?;
    transaction.commit().await?;
    check_master(engine, master_check).await
}
