//! Opening a database.

use std::{collections::BTreeSet, path::Path};

use skrynka::{
    domain::{MailId, Sha256, ShareId},
    store::{Store, StoreError},
};
use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};

use super::{
    Database,
    database::{Engine, MASTER_CHECK},
    moment, on_each_engine,
};

/// The URL, with a setting of PostgreSQL in it.
fn with_setting(url: &str, name: &str, value: &str) -> String {
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}options[{name}]={value}")
}

#[tokio::test]
async fn a_statement_that_postgres_lets_wait_ends_and_can_be_tried_again() {
    for setting in ["statement_timeout", "lock_timeout"] {
        let Some(database) = Database::postgres().await else { return };
        database.open().await.close().await;
        let store =
            Store::open(&with_setting(&database.url, setting, "50"), MASTER_CHECK).await.unwrap();
        let mut holder = PgConnection::connect(&database.url).await.unwrap();
        sqlx::raw_sql("BEGIN; LOCK TABLE shares IN ACCESS EXCLUSIVE MODE")
            .execute(&mut holder)
            .await
            .unwrap();
        let mail = MailId::new(moment(0), [1; 10]);
        let share = ShareId::of(mail, &"school-5".parse().unwrap());
        let error = store.has_share(share).await.unwrap_err();
        assert!(matches!(error, StoreError::Busy), "{setting}: {error:?}");
        holder.close().await.unwrap();
        assert!(!store.has_share(share).await.unwrap());
        store.close().await;
        database.end().await;
    }
}

/// And not that somebody else keeps it busy.
#[tokio::test]
async fn a_postgres_server_that_is_away_is_said_at_once() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Store::open(&format!("postgres://skrynka@{free}/none"), MASTER_CHECK).await;
    let error = error.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
}

on_each_engine! {
    opens_again_what_it_made,
    refuses_another_master_key_and_changes_nothing,
    refuses_a_newer_schema_and_changes_nothing,
    two_that_open_at_once_both_succeed,
}

async fn opens_again_what_it_made(database: &Database) {
    database.open().await.close().await;
    let store = database.open().await;
    assert_eq!(store.registry_revision().await.unwrap(), 0);
}

async fn refuses_another_master_key_and_changes_nothing(database: &Database) {
    database.open().await.close().await;
    let before = content(database).await;
    let error = Store::open(&database.url, "another").await.unwrap_err();
    assert!(matches!(&error, StoreError::OtherMasterKey { database, given }
        if database == MASTER_CHECK && given == "another"));
    assert_eq!(
        error.to_string(),
        "the database was made with another master key (its check value is 0123456789abcdef, the \
         one given has another); give the key it was made with"
    );
    assert_eq!(content(database).await, before);
}

async fn refuses_a_newer_schema_and_changes_nothing(database: &Database) {
    database.open().await.close().await;
    let newest = "(SELECT MAX(version) FROM _sqlx_migrations)";
    let newer = format!("UPDATE _sqlx_migrations SET version = 999 WHERE version = {newest}");
    database.tamper(&newer).await;
    let before = content(database).await;
    let error = Store::open(&database.url, MASTER_CHECK).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { database: 999, program: 9.. }), "{error}");
    assert_eq!(content(database).await, before);
}

async fn two_that_open_at_once_both_succeed(database: &Database) {
    let (one, other) = tokio::join!(
        Store::open(&database.url, MASTER_CHECK),
        Store::open(&database.url, MASTER_CHECK)
    );
    one.unwrap();
    other.unwrap();
}

#[tokio::test]
async fn refuses_a_url_that_names_no_database_and_keeps_its_password_to_itself() {
    for url in ["mysql://root:secret@db/x", "sqlite:", "sqlite::memory:", "secret"] {
        let error = Store::open(url, MASTER_CHECK).await.unwrap_err();
        assert!(matches!(error, StoreError::UnsupportedUrl { .. }), "{url}");
        assert!(!format!("{error} {error:?}").contains("root:secret"), "{error:?}");
    }
}

#[tokio::test]
async fn shows_nothing_of_the_url_that_it_was_opened_with() {
    let database = Database::sqlite();
    assert_eq!(format!("{:?}", database.open().await), "Store(\"SQLite\")");
}

#[tokio::test]
async fn names_the_file_that_cannot_be_made() {
    let error = Store::open("sqlite:/nowhere/skrynka.db", MASTER_CHECK).await.unwrap_err();
    assert_eq!(error.to_string(), "the database file /nowhere/skrynka.db cannot be opened or made");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_sqlite_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = Database::sqlite();
    let store = database.open().await;
    let Engine::Sqlite { directory } = &database.engine else { panic!("made as SQLite") };
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{entry:?}");
    }
    store.close().await;
}

#[test]
fn both_folders_of_migrations_hold_the_same_names() {
    let names = |engine: &str| -> BTreeSet<_> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        let files = std::fs::read_dir(folder).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    let sqlite = names("sqlite");
    assert_eq!(sqlite, names("postgres"));
    let source =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/schema.rs"))
            .unwrap();
    for name in &sqlite {
        let listed = name.trim_start_matches('0').trim_end_matches(".sql").replacen('_', " \"", 1);
        assert!(source.contains(&format!("{listed}\",")), "{name} is not listed in schema.rs");
    }
}

#[tokio::test]
async fn both_engines_end_in_the_same_tables_and_columns() {
    let Some(postgres) = Database::postgres().await else { return };
    let sqlite = Database::sqlite();
    postgres.open().await.close().await;
    sqlite.open().await.close().await;
    assert_eq!(columns(&sqlite).await, columns(&postgres).await);
    postgres.end().await;
}

/// Table, column, kind and whether it may be empty, of every table of ours.
async fn columns(database: &Database) -> BTreeSet<(String, String, String, bool)> {
    let rows: Vec<(String, String, String, bool)> = match &database.engine {
        Engine::Postgres { .. } => {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            let sql = "SELECT table_name::text, column_name::text, data_type::text,
                              is_nullable = 'NO'
                       FROM information_schema.columns WHERE table_schema = 'public'";
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
        }
        Engine::Sqlite { .. } => {
            let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
            let sql = "SELECT tables.name, columns.name, columns.type, columns.\"notnull\" = 1
                       FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
                       WHERE tables.type = 'table'";
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
        }
    };
    let ours = rows.into_iter().filter(|row| row.0 != "_sqlx_migrations");
    ours.map(|(table, column, kind, required)| {
        let kind = match kind.to_lowercase().as_str() {
            "bigint" | "integer" => "integer",
            "blob" | "bytea" => "bytes",
            "text" => "text",
            other => panic!("{table}.{column} is of kind {other}"),
        };
        (table, column, kind.to_owned(), required)
    })
    .collect()
}

/// What must not change when a database is refused: the file, or the list of its migrations.
async fn content(database: &Database) -> Sha256 {
    match &database.engine {
        Engine::Postgres { .. } => {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            let sql = "SELECT string_agg(migration::text, '' ORDER BY version)
                       FROM _sqlx_migrations AS migration";
            let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
            Sha256::of(row.get::<&str, _>(0).as_bytes())
        }
        Engine::Sqlite { directory } => {
            Sha256::of(&std::fs::read(directory.path().join("skrynka.db")).unwrap())
        }
    }
}
