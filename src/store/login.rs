//! Counting sign-ins that fail, so that passwords cannot be tried out.
//!
//! An attempt is counted before the password is looked at, and forgotten when it was right:
//! attempts side by side cannot slip past the counts. What is counted is the caller's choice and
//! comes as keyed fingerprints, which fall into a fixed number of slots: made-up names cannot fill
//! the database, and nobody without the key can aim at the slot of somebody else.

use super::{
    Store, StoreError,
    value::{Record, values},
};
use crate::domain::{Fingerprint, Timestamp};

/// The first lock; each further failure doubles it.
const FIRST_LOCK_SECONDS: i64 = 60;

/// No lock is longer, so that nobody can keep others out for good.
const LONGEST_LOCK_SECONDS: i64 = 15 * 60;

/// One count of failures in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginCount {
    /// Whose failures.
    pub of: Fingerprint,
    /// As many lock.
    pub limit: u32,
    /// Failures count together while no more than this lies between them.
    pub memory_seconds: i64,
}

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
    /// Counts an attempt to sign in under each of `counts`, unless one of them locks. The failure
    /// that reaches a limit locks for a minute, each further one for twice as long, up to 15
    /// minutes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn attempt_login(
        &self,
        counts: &[LoginCount],
        now: Timestamp,
    ) -> Result<LoginGate, StoreError> {
        // What is locked stays as it is under the other counts too, and writes nothing.
        let mut until = None;
        for count in counts {
            until = until.max(self.locked_until(count, now).await?);
        }
        if let Some(until) = until {
            return Ok(LoginGate::Locked { until });
        }
        let mut transaction = self.engine.begin().await?;
        for count in counts {
            let slot = slot(&count.of);
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
                    values![slot, now, now.plus_seconds(-count.memory_seconds)],
                )
                .await?;
            // Locked by an attempt beside this one.
            let Some(counted) = counted else {
                return Ok(LoginGate::Locked { until: now.plus_seconds(FIRST_LOCK_SECONDS) });
            };
            let failures = Record::new(&counted, "login_failures", "slot").read("failures")?;
            if let Some(seconds) = lock_seconds(failures, count.limit) {
                transaction
                    .execute(
                        "UPDATE login_failures SET locked_until_us = $2 WHERE slot = $1",
                        values![slot, now.plus_seconds(seconds)],
                    )
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(LoginGate::Open)
    }

    /// Forgets the failures of these: the password was right.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn login_succeeded(&self, counts: &[LoginCount]) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        for count in counts {
            transaction
                .execute("DELETE FROM login_failures WHERE slot = $1", values![slot(&count.of)])
                .await?;
        }
        transaction.commit().await
    }

    async fn locked_until(
        &self,
        count: &LoginCount,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let rows = self
            .engine
            .rows(
                "SELECT slot, locked_until_us FROM login_failures
                 WHERE slot = $1 AND locked_until_us > $2",
                values![slot(&count.of), now],
            )
            .await?;
        let read = |row| Record::new(row, "login_failures", "slot").read("locked_until_us");
        rows.first().map(read).transpose()
    }
}

fn slot(of: &Fingerprint) -> u32 {
    let [first, second, ..] = of.0;
    u32::from(u16::from_be_bytes([first, second]))
}

/// How long the failure of this number in a row locks, where `limit` of them do.
fn lock_seconds(failures: u32, limit: u32) -> Option<i64> {
    let doublings = failures.checked_sub(limit)?;
    Some(FIRST_LOCK_SECONDS.saturating_mul(1 << doublings.min(10)).min(LONGEST_LOCK_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_from_the_limit_on_and_never_for_longer_than_a_quarter_of_an_hour() {
        let locks = [1, 4, 5, 6, 7, 8, 9, u32::MAX].map(|failures| lock_seconds(failures, 5));
        let expected =
            [None, None, Some(60), Some(120), Some(240), Some(480), Some(900), Some(900)];
        assert_eq!(locks, expected);
    }
}
