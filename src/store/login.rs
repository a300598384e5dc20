//! Counting sign-ins that fail, so that passwords cannot be tried out.
//!
//! An attempt is counted before the password is looked at, and forgotten when it was right:
//! attempts side by side cannot slip past the count. Names that belong to nobody are counted like
//! the others, so that a lock tells nothing about who exists; names fall into a fixed number of
//! slots, so that made-up names cannot fill the database.

use super::{
    Store, StoreError,
    value::{Record, values},
};
use crate::domain::{Sha256, Timestamp};

/// As many failures in a row lock.
const FAILURES_TO_LOCK: u32 = 5;

/// The first lock; each further failure doubles it.
const FIRST_LOCK_SECONDS: i64 = 60;

/// No lock is longer, so that nobody can keep others out for good.
const LONGEST_LOCK_SECONDS: i64 = 15 * 60;

/// Failures count together while no more than this lies between them.
const MEMORY_SECONDS: i64 = 24 * 60 * 60;

/// Whether a password may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum LoginGate {
    /// Look at it. The attempt is counted as failed until [`Store::login_succeeded`].
    Open,
    /// Do not: too many attempts failed.
    Locked {
        /// The first moment when it is open again.
        until: Timestamp,
    },
}

impl Store {
    /// Counts an attempt to sign in as `name`, unless too many have failed lately. The fifth
    /// failure in a row locks for a minute, each further one for twice as long, up to 15 minutes;
    /// failures are forgotten a day after the last one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn attempt_login(&self, name: &str, now: Timestamp) -> Result<LoginGate, StoreError> {
        let slot = slot(name);
        let mut transaction = self.engine.begin().await?;
        let counted = transaction
            .row(
                "INSERT INTO login_failures (slot, failures, latest_us, locked_until_us)
                 VALUES ($1, 1, $2, $2)
                 ON CONFLICT (slot) DO UPDATE
                 SET failures = CASE WHEN login_failures.latest_us < $3 THEN 1
                                     ELSE login_failures.failures + 1 END,
                     latest_us = $2
                 WHERE login_failures.locked_until_us <= $2
                 RETURNING slot, failures",
                values![slot, now, now.plus_seconds(-MEMORY_SECONDS)],
            )
            .await?;
        let Some(counted) = counted else {
            let row = transaction
                .row(
                    "SELECT slot, locked_until_us FROM login_failures WHERE slot = $1",
                    values![slot],
                )
                .await?;
            let until = match row {
                Some(row) => Record::new(&row, "login_failures", "slot").read("locked_until_us")?,
                None => now,
            };
            return Ok(LoginGate::Locked { until });
        };
        let failures = Record::new(&counted, "login_failures", "slot").read("failures")?;
        if let Some(seconds) = lock_seconds(failures) {
            transaction
                .execute(
                    "UPDATE login_failures SET locked_until_us = $2 WHERE slot = $1",
                    values![slot, now.plus_seconds(seconds)],
                )
                .await?;
        }
        transaction.commit().await?;
        Ok(LoginGate::Open)
    }

    /// Forgets the failures of `name`: the password was right.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn login_succeeded(&self, name: &str) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        transaction
            .execute("DELETE FROM login_failures WHERE slot = $1", values![slot(name)])
            .await?;
        transaction.commit().await
    }
}

fn slot(name: &str) -> u32 {
    let [first, second, ..] = *Sha256::of(name.as_bytes()).as_bytes();
    u32::from(u16::from_be_bytes([first, second]))
}

/// How long the failure of this number in a row locks.
fn lock_seconds(failures: u32) -> Option<i64> {
    let doublings = failures.checked_sub(FAILURES_TO_LOCK)?;
    Some(FIRST_LOCK_SECONDS.saturating_mul(1 << doublings.min(10)).min(LONGEST_LOCK_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_from_the_fifth_failure_on_and_never_for_longer_than_a_quarter_of_an_hour() {
        let locks = [1, 4, 5, 6, 7, 8, 9, u32::MAX].map(lock_seconds);
        let expected =
            [None, None, Some(60), Some(120), Some(240), Some(480), Some(900), Some(900)];
        assert_eq!(locks, expected);
    }
}
