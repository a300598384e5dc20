//! In which order those take a share and its keys who change both: of two that take them in opposite
//! orders PostgreSQL ends one.

use sqlx::{Connection as _, PgConnection};

use super::*;

/// Lets `work` wait for a share that a judgement has changed, which goes on to its keys then.
async fn beside_a_judgement<T: Send + 'static>(
    database: &Database,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let connect = || PgConnection::connect(&database.url);
    let (mut judging, mut looking) = (connect().await.unwrap(), connect().await.unwrap());
    let share = SHARE.share().to_string();
    let mut judgement = judging.begin().await.unwrap();
    let first = "UPDATE shares SET judged_us = judged_us WHERE id = $1";
    sqlx::query(first).bind(&share).execute(&mut *judgement).await.unwrap();
    let working = tokio::spawn(work);
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_as::<_, (i64,)>(waiting).fetch_one(&mut looking).await.unwrap() == (0,) {
        tokio::task::yield_now().await;
    }
    let then = "UPDATE data_keys SET destroy_us = destroy_us WHERE share_id = $1";
    sqlx::query(then).bind(&share).execute(&mut *judgement).await.unwrap();
    judgement.commit().await.unwrap();
    working.await.unwrap()
}

#[tokio::test]
async fn the_purge_holds_a_share_before_its_keys_as_a_judgement_does() {
    let Some(database) = Database::postgres().await else { return };
    let house = House::new(&database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    house.pass_to(end());
    let purge = house.purge(&store, &vault);
    let purging = Box::pin(async move { purge.run().await });
    let report = beside_a_judgement(&database, purging).await.unwrap();
    assert_eq!((report.destroyed, report.failed, report.problem), (2, 0, None));
    store.close().await;
    database.end().await;
}

#[tokio::test]
async fn who_accepts_a_time_holds_a_share_before_its_keys_too() {
    let Some(database) = Database::postgres().await else { return };
    let house = House::new(&database);
    let (store, vault) = house.open().await;
    house.keep(&SHARE, &store, &vault).await;
    let share = SHARE.share();
    database.tamper(&format!("INSERT INTO doubted_receipts (share_id) VALUES ('{share}')")).await;
    let own = store.clone();
    let accepting =
        Box::pin(async move { own.accept_time(end(), &Actor::CommandLine).await.map(drop) });
    beside_a_judgement(&database, accepting).await.unwrap();
    store.close().await;
    database.end().await;
}
