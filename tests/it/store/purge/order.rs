//! In which order the purge takes what it destroys.

use sqlx::{Connection as _, PgConnection};

use super::*;

/// A judgement changes the share and then its keys; in the opposite order PostgreSQL would end one of
/// the two.
#[tokio::test]
async fn the_purge_holds_a_share_before_its_keys_as_a_judgement_does() {
    let Some(database) = Database::postgres().await else { return };
    let house = House::new(&database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    house.pass_to(end());
    let mut judging = PgConnection::connect(&database.url).await.unwrap();
    let own = format!("WHERE id = '{}'", SHARE.share());
    let first = format!("BEGIN; UPDATE shares SET judged_us = judged_us {own}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(first)).execute(&mut judging).await.unwrap();
    let purge = house.purge(&store, &vault);
    let purging = tokio::spawn(async move { purge.run().await });
    let mut looking = PgConnection::connect(&database.url).await.unwrap();
    loop {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        let waiting: (i64,) = sqlx::query_as(waiting).fetch_one(&mut looking).await.unwrap();
        if waiting.0 > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let then = format!(
        "UPDATE data_keys SET destroy_us = destroy_us WHERE share_id = '{}'; COMMIT",
        SHARE.share()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(then)).execute(&mut judging).await.unwrap();
    let report = purging.await.unwrap().unwrap();
    assert_eq!((report.destroyed, report.failed, report.problem), (2, 0, None));
    store.close().await;
    database.end().await;
}
