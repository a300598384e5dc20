//! A fresh database for each case.

#![expect(clippy::disallowed_types, reason = "databases are made and damaged by texts of our own")]

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use skrynka::{domain::Timestamp, store::Store};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, SqlSafeStr as _, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
};
use tempfile::TempDir;

/// The check value that the databases of the cases are made with.
pub(super) const MASTER_CHECK: &str = "0123456789abcdef";

/// A database of one case.
pub(super) struct Database {
    pub(super) url: String,
    pub(super) engine: Engine,
}

/// Where a case's database is.
pub(super) enum Engine {
    Postgres { server: String, name: String },
    Sqlite { directory: TempDir },
}

impl Database {
    pub(super) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("skrynka.db").display());
        Self { url, engine: Engine::Sqlite { directory } }
    }

    /// `None` when there is no server to make it on.
    pub(super) async fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Some(server) = variable("TEST_POSTGRES_URL") else {
            assert!(
                variable("REQUIRE_POSTGRES").is_none(),
                "REQUIRE_POSTGRES is set and TEST_POSTGRES_URL is not: run it in ci/with-postgres"
            );
            return None;
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("case_{}_{number}", std::process::id());
        run_on_postgres(&server, &format!("CREATE DATABASE {name}")).await;
        let (address, options) = server.split_once('?').unwrap_or((&server, ""));
        let (address, _) = address.rsplit_once('/').unwrap();
        let url = format!("{address}/{name}?{options}");
        Some(Self { url, engine: Engine::Postgres { server, name } })
    }

    pub(super) async fn open(&self) -> Store {
        Store::open(&self.url, MASTER_CHECK).await.unwrap()
    }

    /// Makes the database as a version of the program left it that knew this many migrations.
    pub(super) async fn of_schema(&self, version: i64) {
        let engine = match &self.engine {
            Engine::Postgres { .. } => "postgres",
            Engine::Sqlite { .. } => "sqlite",
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let steps = files.map(|path| {
            let file = path.file_stem().unwrap().to_str().unwrap();
            let (number, name) = file.split_once('_').unwrap();
            let sql = AssertSqlSafe(std::fs::read_to_string(&path).unwrap()).into_sql_str();
            let (number, name) = (number.parse().unwrap(), name.to_owned().into());
            Migration::new(number, name, MigrationType::Simple, sql, false)
        });
        let mut steps: Vec<_> = steps.filter(|step| step.version <= version).collect();
        steps.sort_unstable_by_key(|step| step.version);
        let migrator = Migrator::with_migrations(steps);
        if let Engine::Postgres { .. } = self.engine {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            migrator.run_direct(None, &mut connection, false).await.unwrap();
        } else {
            let url = format!("{}?mode=rwc", self.url);
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            migrator.run_direct(None, &mut connection, false).await.unwrap();
            connection.close().await.unwrap();
        }
    }

    /// Does to the database what the program never does.
    pub(super) async fn tamper(&self, sql: &str) {
        self.try_to_tamper(sql).await.unwrap();
    }

    /// The same; the engine may refuse.
    pub(super) async fn try_to_tamper(&self, sql: &str) -> Result<(), String> {
        let sql = AssertSqlSafe(sql);
        let done = match &self.engine {
            Engine::Postgres { .. } => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.map(drop)
            }
            Engine::Sqlite { .. } => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                let done = sqlx::raw_sql(sql).execute(&mut connection).await.map(drop);
                connection.close().await.unwrap();
                done
            }
        };
        done.map_err(|error| error.to_string())
    }

    pub(super) async fn end(self) {
        if let Engine::Postgres { server, name } = &self.engine {
            run_on_postgres(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// A moment, `seconds` after a fixed one.
pub(super) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

/// Makes a test on each engine of `async fn case(database: &Database)`.
macro_rules! on_each_engine {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    let database = super::Database::sqlite();
                    super::$case(&database).await;
                    database.end().await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some(database) = super::Database::postgres().await {
                        super::$case(&database).await;
                        database.end().await;
                    }
                }
            )+
        }
    };
}
pub(super) use on_each_engine;

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the variable says where to test")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn run_on_postgres(server: &str, sql: &str) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}
