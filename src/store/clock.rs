//! The greatest time seen, and what is done by it.
//!
//! Whatever is destroyed for its time is destroyed by an [`AcceptedTime`], and only this file makes
//! one: of a clock that goes on from the greatest time seen, or that a witness agrees with.
//!
//! Terms are fixed by the moment of receipt. A share that was received or judged by another clock is
//! noted as doubted, by what the database knows when it is kept. It is not destroyed as such: its
//! terms begin at the next accepted time, which is no earlier than the true receipt.

use super::{
    AuditAction, AuditEntry, Row, Store, StoreError, audit,
    engine::Transaction,
    value::{Record, values},
};
use crate::domain::{Actor, CLOCK_TOLERANCE_SECONDS, ClockState, ClockWitness, ShareId, Timestamp};

/// How far the time may go on before that is written down, in seconds.
const STEP_SECONDS: i64 = 30 * 60;

/// A moment by which things may be destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedTime(Timestamp);

impl AcceptedTime {
    /// The moment.
    #[must_use]
    pub fn moment(self) -> Timestamp {
        self.0
    }
}

/// What the database knows of the time.
struct Seen {
    greatest: Option<Timestamp>,
    has_doubted: bool,
}

impl Store {
    /// The greatest time that was accepted; `None` before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn greatest_time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.seen().await?.greatest)
    }

    /// Accepts `now` when it goes on from the greatest time seen or `witness` agrees with it, and
    /// tells otherwise how it stands. An accepted time is the greatest from then on, written down
    /// every half hour; what a witness agreed with is, and is audited, though it be earlier. Terms of
    /// doubted shares begin with it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_time(
        &self,
        now: Timestamp,
        witness: Option<ClockWitness>,
    ) -> Result<Result<AcceptedTime, ClockState>, StoreError> {
        let Seen { greatest, has_doubted } = self.seen().await?;
        let state = ClockState { now, greatest };
        if !state.is_accepted() && witness.is_none() {
            return Ok(Err(state));
        }
        let is_written = greatest.is_some_and(|seen| now < seen.plus_seconds(STEP_SECONDS));
        if state.is_accepted() && is_written && !has_doubted {
            return Ok(Ok(AcceptedTime(now)));
        }
        let mut transaction = self.engine.begin().await?;
        let state = ClockState { now, greatest: lock(&mut transaction).await? };
        match witness {
            _ if state.is_accepted() => {
                let greatest = state.greatest.map_or(now, |greatest| greatest.max(now));
                write(greatest, &mut transaction).await?;
            }
            Some(witness) => {
                let by = format!("witness: {}", witness.as_str());
                leap(state, &by, Actor::System, &mut transaction).await?;
            }
            None => return Ok(Err(state)),
        }
        settle(now, &mut transaction).await?;
        transaction.commit().await?;
        Ok(Ok(AcceptedTime(now)))
    }

    /// Makes `now` the greatest time seen, though it be earlier than that, with a line in the audit,
    /// and tells what it was before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accept_time(
        &self,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let state = ClockState { now, greatest: lock(&mut transaction).await? };
        leap(state, "accepted by hand", actor.clone(), &mut transaction).await?;
        settle(now, &mut transaction).await?;
        transaction.commit().await?;
        Ok(state.greatest)
    }

    async fn seen(&self) -> Result<Seen, StoreError> {
        let row = self
            .engine
            .one(
                "SELECT (SELECT greatest_us FROM clock_seen) AS greatest_us,
                        (SELECT count(*) FROM doubted_receipts) AS doubted",
                &[],
            )
            .await?;
        let doubted: u64 = Record::new(&row, "doubted_receipts", "doubted").read("doubted")?;
        Ok(Seen { greatest: read_greatest(&row)?, has_doubted: doubted > 0 })
    }
}

/// Notes a share as doubted when the clock that it was judged by at `judged_at` was not accepted, or
/// may not be the one that it was received by: a mail that has waited may have come by another, and its
/// terms lose nothing when they begin with its judgement.
pub(super) async fn note_doubts(
    share: ShareId,
    received_at: Timestamp,
    judged_at: Timestamp,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    // Whoever lowers the time waits for this share, and then finds it.
    let sql = match transaction {
        Transaction::Postgres(_) => "SELECT greatest_us FROM clock_seen FOR SHARE",
        Transaction::Sqlite(_) => "SELECT greatest_us FROM clock_seen",
    };
    let row = transaction.row(sql, &[]).await?;
    let greatest = row.as_ref().map(read_greatest).transpose()?.flatten();
    let is_accepted = ClockState { now: judged_at, greatest }.is_accepted();
    let waited = judged_at.seconds_since(received_at).abs();
    if !is_accepted || waited > CLOCK_TOLERANCE_SECONDS {
        let sql = "INSERT INTO doubted_receipts (share_id) VALUES ($1)";
        transaction.execute(sql, values![share]).await?;
    }
    Ok(())
}

/// By how many microseconds the terms of a share begin after its receipt.
pub(super) async fn delay_of_terms(
    share: ShareId,
    transaction: &mut Transaction,
) -> Result<i64, StoreError> {
    let row = transaction
        .row(
            "SELECT id, counted_from_us - received_us AS delay FROM shares WHERE id = $1",
            values![share],
        )
        .await?;
    let delay = row.map(|row| Record::new(&row, "shares", "id").read_optional("delay"));
    Ok(delay.transpose()?.flatten().unwrap_or(0))
}

fn read_greatest(row: &Row) -> Result<Option<Timestamp>, StoreError> {
    Record::new(row, "clock_seen", "greatest_us").read_optional("greatest_us")
}

/// Holds the row against others and reads it.
async fn lock(transaction: &mut Transaction) -> Result<Option<Timestamp>, StoreError> {
    let sql = "UPDATE clock_seen SET greatest_us = greatest_us RETURNING greatest_us";
    let row = transaction.row(sql, &[]).await?;
    row.map_or(Ok(None), |row| read_greatest(&row))
}

async fn write(greatest: Timestamp, transaction: &mut Transaction) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO clock_seen (id, greatest_us) VALUES (1, $1)
             ON CONFLICT (id) DO UPDATE SET greatest_us = excluded.greatest_us",
            values![greatest],
        )
        .await?;
    Ok(())
}

/// Makes the time the greatest seen, wherever it stands. What was received after it was received by
/// a wrong clock.
async fn leap(
    state: ClockState,
    by: &str,
    actor: Actor,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let ClockState { now, greatest } = state;
    write(now, transaction).await?;
    transaction
        .execute(
            "INSERT INTO doubted_receipts (share_id)
             SELECT id FROM shares
             WHERE destroyed_us IS NULL AND COALESCE(counted_from_us, received_us) > $1
             ON CONFLICT (share_id) DO NOTHING",
            values![now.plus_seconds(CLOCK_TOLERANCE_SECONDS)],
        )
        .await?;
    let before = greatest.map_or_else(|| "none".to_owned(), |greatest| greatest.to_string());
    let entry = AuditEntry {
        detail: Some(format!("{before} -> {now}, {by}")),
        ..AuditEntry::new(now, actor, AuditAction::ClockAccepted)
    };
    audit::write(&entry, transaction).await
}

/// Lets the terms of doubted shares begin at `now`, each as long as it was.
async fn settle(now: Timestamp, transaction: &mut Transaction) -> Result<(), StoreError> {
    let sql = "DELETE FROM doubted_receipts RETURNING share_id";
    let doubted = transaction.rows(sql, &[]).await?;
    for row in &doubted {
        let share: ShareId = Record::new(row, "doubted_receipts", "share_id").read("share_id")?;
        // First the keys: who destroys goes the same way.
        for sql in [
            "UPDATE data_keys SET destroy_us = destroy_us + $2 - (
                 SELECT COALESCE(counted_from_us, received_us) FROM shares WHERE id = $1)
             WHERE share_id = $1",
            "UPDATE shares SET destroy_us = destroy_us + $2 - COALESCE(counted_from_us, received_us),
                               counted_from_us = $2
             WHERE id = $1",
        ] {
            transaction.execute(sql, values![share, now]).await?;
        }
    }
    if !doubted.is_empty() {
        let day = now.plus_seconds(CLOCK_TOLERANCE_SECONDS).start_of_utc_day();
        transaction
            .execute(
                "UPDATE known_copies SET forget_us = forget_us - (first_us - $1), first_us = $1
                 WHERE first_us > $1",
                values![day],
            )
            .await?;
    }
    Ok(())
}
