//! The greatest time seen, and what is done by it.
//!
//! Whatever is destroyed for its time is destroyed by an [`AcceptedTime`], and only this file makes
//! one: of a clock that goes on from the greatest time seen, or that a witness agrees with.
//!
//! Terms are fixed by the moment of receipt. A share that was received or judged by another clock is
//! noted as doubted, by what the database knows when it is kept. So is, when the time leaps ahead, what
//! came since somebody agreed with the clock last: it may have stood behind. What is doubted is not
//! destroyed as such: its terms begin at the next accepted time, which is no earlier than the true
//! receipt.
//!
//! The time that moves on by more than a restart takes is also how a database that was put back is
//! known, and what authorities said since is lost with it. So whoever moves it on leaves, in the same
//! transaction, a debt: all kept shares are to be looked at again. It is paid by an accepted time alone.

use super::{
    AuditAction, AuditEntry, Row, Store, StoreError, audit,
    engine::Transaction,
    value::{Record, values},
};
use crate::domain::{
    Actor, CLOCK_TOLERANCE_SECONDS, ClockStanding, ClockState, ClockWitness, ShareId, Timestamp,
};

/// How far the time may go on before that is written down, in seconds.
const STEP_SECONDS: i64 = 5 * 60;

/// How far the time may go on at once, in seconds, before the database may have been put back: for
/// longer than what is not written down yet and a server that is started anew.
const AWAY_SECONDS: i64 = 15 * 60;

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

/// Kept shares that are to be looked at again, for what authorities said may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// How many they are.
    pub shares: u64,
    /// Whether that is all: answers of an accepted time or later are wanted. Until then the look is
    /// owed.
    pub is_paid: bool,
}

/// What the database knows of the time.
#[derive(Clone, Copy)]
struct Seen {
    greatest: Option<Timestamp>,
    /// Until when somebody has agreed with the clock: a witness, or an administrator.
    agreed: Option<Timestamp>,
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
    /// tells otherwise how it stands. An accepted time is the greatest from then on, and one that a
    /// witness agrees with is remembered as such, written down every five minutes; one that leaps with a
    /// witness is the greatest, and is audited, though it be earlier. Terms of doubted shares begin
    /// with it. One that leaps, or moves on by more than a quarter of an hour, owes a
    /// [look](Self::look_again_where_owed).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_time(
        &self,
        now: Timestamp,
        witness: Option<ClockWitness>,
    ) -> Result<Result<AcceptedTime, ClockState>, StoreError> {
        let Seen { greatest, agreed, has_doubted } = self.seen().await?;
        let state = ClockState { now, greatest };
        if !state.is_accepted() && witness.is_none() {
            return Ok(Err(state));
        }
        let is_recent = |seen: Timestamp| now < seen.plus_seconds(STEP_SECONDS);
        let is_written =
            greatest.is_some_and(is_recent) && (witness.is_none() || agreed.is_some_and(is_recent));
        if state.is_accepted() && is_written && !has_doubted {
            return Ok(Ok(AcceptedTime(now)));
        }
        let mut transaction = self.engine.begin().await?;
        let (greatest, agreed) = lock(&mut transaction).await?;
        let state = ClockState { now, greatest };
        match witness {
            _ if state.is_accepted() => {
                let agreed = if witness.is_some() { Some(now) } else { agreed };
                let new = greatest.map_or(now, |greatest| greatest.max(now));
                write((greatest, new), agreed, &mut transaction).await?;
            }
            Some(witness) => {
                let by = format!("witness: {}", witness.as_str());
                leap(state, agreed, &by, Actor::System, &mut transaction).await?;
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
        let (greatest, agreed) = lock(&mut transaction).await?;
        let state = ClockState { now, greatest };
        leap(state, agreed, "accepted by hand", actor.clone(), &mut transaction).await?;
        settle(now, &mut transaction).await?;
        transaction.commit().await?;
        Ok(state.greatest)
    }

    /// Notes that what authorities said may be lost, with the cache of it: a look is owed. Before the
    /// first accepted time there is no need, for that one owes it anyway.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owe_look(&self) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        transaction.execute("UPDATE clock_seen SET owes_look = 1", &[]).await?;
        transaction.commit().await
    }

    /// Whether a look at all kept shares is owed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owes_look(&self) -> Result<bool, StoreError> {
        let row = self.engine.row("SELECT owes_look FROM clock_seen", &[]).await?;
        row.map_or(Ok(false), |row| Record::new(&row, "clock_seen", "owes_look").read("owes_look"))
    }

    /// Where a look is owed, lets every kept share that rests on certificates be looked at again:
    /// answers of `now` or later are wanted then, and the debt is paid, where `now` goes on from the
    /// greatest time seen. By another clock those of the latest moment that has surely come are
    /// wanted, and the look stays owed. `None` where none is.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn look_again_where_owed(&self, now: Timestamp) -> Result<Option<Look>, StoreError> {
        if !self.owes_look().await? {
            return Ok(None);
        }
        let mut transaction = self.engine.begin().await?;
        let (greatest, _) = lock(&mut transaction).await?;
        let state = ClockState { now, greatest };
        let sql = "UPDATE shares SET look_us = $1
                   WHERE destroyed_us IS NULL AND id IN (SELECT share_id FROM grounds)";
        let shares = transaction.execute(sql, values![state.surely_past()]).await?;
        let is_paid = state.is_accepted();
        if is_paid {
            transaction.execute("UPDATE clock_seen SET owes_look = 0", &[]).await?;
        }
        transaction.commit().await?;
        Ok(Some(Look { shares, is_paid }))
    }

    async fn seen(&self) -> Result<Seen, StoreError> {
        let row = self
            .engine
            .one(
                "SELECT (SELECT greatest_us FROM clock_seen) AS greatest_us,
                        (SELECT agreed_us FROM clock_seen) AS agreed_us,
                        (SELECT count(*) FROM doubted_receipts) AS doubted",
                &[],
            )
            .await?;
        let doubted: u64 = Record::new(&row, "doubted_receipts", "doubted").read("doubted")?;
        let (greatest, agreed) = (read_greatest(&row)?, read_agreed(&row)?);
        Ok(Seen { greatest, agreed, has_doubted: doubted > 0 })
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

fn read_agreed(row: &Row) -> Result<Option<Timestamp>, StoreError> {
    Record::new(row, "clock_seen", "agreed_us").read_optional("agreed_us")
}

/// Holds the row against others and reads the greatest time, and until when the clock was agreed with.
async fn lock(
    transaction: &mut Transaction,
) -> Result<(Option<Timestamp>, Option<Timestamp>), StoreError> {
    let sql = "UPDATE clock_seen SET greatest_us = greatest_us RETURNING greatest_us, agreed_us";
    let row = transaction.row(sql, &[]).await?;
    row.map_or(Ok((None, None)), |row| Ok((read_greatest(&row)?, read_agreed(&row)?)))
}

/// Writes down the greatest time, after the one `before`, and until when the clock was agreed with. Of
/// a database that was `before` elsewhere nobody knows what it has missed: it owes a look.
async fn write(
    (before, greatest): (Option<Timestamp>, Timestamp),
    agreed: Option<Timestamp>,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let goes_on = -CLOCK_TOLERANCE_SECONDS..=AWAY_SECONDS;
    let owes_look = before.is_none_or(|before| !goes_on.contains(&greatest.seconds_since(before)));
    transaction
        .execute(
            "INSERT INTO clock_seen (id, greatest_us, agreed_us, owes_look) VALUES (1, $1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET greatest_us = excluded.greatest_us,
                                            agreed_us = excluded.agreed_us,
                                            owes_look = CASE excluded.owes_look WHEN 1 THEN 1
                                                        ELSE clock_seen.owes_look END",
            values![greatest, agreed, owes_look],
        )
        .await?;
    Ok(())
}

/// Makes the time the greatest seen, wherever it stands. What was received after it was received by
/// a wrong clock. So was, perhaps, what came since the clock was `agreed` with, when the time leaps
/// ahead: a clock that stood behind would have it destroyed early.
async fn leap(
    state: ClockState,
    agreed: Option<Timestamp>,
    by: &str,
    actor: Actor,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let ClockState { now, greatest } = state;
    write((greatest, now), Some(now), transaction).await?;
    let after = now.plus_seconds(CLOCK_TOLERANCE_SECONDS);
    let is_ahead = state.standing() == ClockStanding::Ahead;
    let sure = match agreed {
        _ if !is_ahead => after,
        Some(agreed) => agreed.min(after),
        None => Timestamp::from_micros(i64::MIN),
    };
    transaction
        .execute(
            "INSERT INTO doubted_receipts (share_id)
             SELECT id FROM shares
             WHERE destroyed_us IS NULL AND COALESCE(counted_from_us, received_us) > $1
             ON CONFLICT (share_id) DO NOTHING",
            values![sure],
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
        // A share before its keys, as who destroys and who judges again take them.
        let hold = "UPDATE shares SET destroyed_us = destroyed_us WHERE id = $1";
        transaction.execute(hold, values![share]).await?;
        // What tells its copies again is a matter of days.
        for sql in [
            "UPDATE data_keys SET destroy_us = destroy_us + $2 - (
                 SELECT COALESCE(counted_from_us, received_us) FROM shares WHERE id = $1)
             WHERE share_id = $1",
            "UPDATE known_copies SET forget_us = forget_us + (
                 SELECT CASE WHEN $2 > COALESCE(counted_from_us, received_us)
                             THEN ($2 - COALESCE(counted_from_us, received_us) + 86399999999)
                                  / 86400000000 * 86400000000
                             ELSE 0 END
                 FROM shares WHERE id = $1)
             WHERE fingerprint IN (SELECT fingerprint FROM fingerprints WHERE share_id = $1)",
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
