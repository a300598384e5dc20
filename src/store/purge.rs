//! The end of data keys: what is due, what is being destroyed, and the ledger of what was.
//!
//! `retention` strings the steps together; each is one transaction, and each can be done again.

use super::{
    AcceptedTime, AuditAction, AuditEntry, Row, Store, StoreError, audit, duplicate,
    value::{Record, values},
};
use crate::domain::{
    Actor, BranchId, FindingCode, RetentionReason, ShareId, Term, Timestamp, named,
};

/// A data key whose moment has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueKey {
    /// The share.
    pub share: ShareId,
    /// The term.
    pub term: Term,
    /// The branch that the share came to.
    pub branch: BranchId,
    /// Since when it is due.
    pub destroy_at: Timestamp,
    /// Why then.
    pub reason: RetentionReason,
}

/// A line of the ledger: what was destroyed. It holds no personal data and is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destruction {
    /// What was due.
    pub key: DueKey,
    /// How many documents the key was for.
    pub documents: u32,
    /// When the key was destroyed: from then on nothing sealed with it can be read.
    pub key_destroyed_at: Timestamp,
    /// When the objects were gone too.
    pub finished_at: Timestamp,
}

/// A run of the purge, as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeRun {
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs, and for ever when it was cut off.
    pub finished_at: Option<Timestamp>,
    /// What came of it.
    pub report: PurgeReport,
}

/// What comes of a run of the purge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurgeReport {
    /// How many data keys it found due, and left over from a run that was cut off.
    pub considered: usize,
    /// How many of them are gone with their objects.
    pub destroyed: usize,
    /// How many of them it could not destroy; the next run tries again.
    pub failed: usize,
    /// How many fingerprints of copies that are gone it forgot, for their day had come.
    pub forgotten: u64,
    /// The first thing that went wrong.
    pub problem: Option<PurgeProblem>,
}

named! {
    /// What can go wrong with a run of the purge.
    pub enum PurgeProblem {
        /// The clock stands more than a day past the greatest time seen, and nobody agrees with it.
        ClockAhead = "clock-ahead",
        /// The clock stands before the greatest time seen, and nobody agrees with it.
        ClockBehind = "clock-behind",
        /// Objects could not be deleted.
        Objects = "objects",
        /// The database failed.
        Store = "store",
    }
}

impl Store {
    /// At most `limit` data keys that are due at `now`, the longest due first; those of doubted
    /// shares are not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueKey>, StoreError> {
        let rows = self
            .engine
            .rows(
                "SELECT share_id, term, branch_id, data_keys.destroy_us AS due_us, reason
                 FROM data_keys JOIN shares ON shares.id = data_keys.share_id
                 WHERE data_keys.destroy_us <= $1
                   AND share_id NOT IN (SELECT share_id FROM doubted_receipts)
                 ORDER BY data_keys.destroy_us, share_id, term
                 LIMIT $2",
                values![now, limit],
            )
            .await?;
        rows.iter().map(|row| read_key(&Record::new(row, "data_keys", "share_id"))).collect()
    }

    /// How many data keys are due at `now` or destroyed with objects left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_count(&self, now: Timestamp) -> Result<usize, StoreError> {
        let row = self
            .engine
            .one(
                "SELECT (SELECT count(*) FROM data_keys
                         WHERE destroy_us <= $1
                           AND share_id NOT IN (SELECT share_id FROM doubted_receipts))
                      + (SELECT count(*) FROM pending_destructions) AS due",
                values![now],
            )
            .await?;
        Record::new(&row, "data_keys", "due").read("due")
    }

    /// Destroys a data key that is due at `time`, with the sealed details and fingerprints of what
    /// it was for and the links between it and other shares, and marks its objects as to be deleted. Tells whether there was such a key; one
    /// that is not due, or of a doubted share, stays.
    ///
    /// # Errors
    /// When the database fails; nothing is destroyed then.
    pub async fn destroy_key(
        &self,
        share: ShareId,
        term: Term,
        time: AcceptedTime,
    ) -> Result<bool, StoreError> {
        let now = time.moment();
        let mut transaction = self.engine.begin().await?;
        // A share before its documents and keys, as a judgement takes them: of two that take them in
        // opposite orders PostgreSQL ends one.
        let hold = "UPDATE shares SET destroyed_us = destroyed_us WHERE id = $1";
        transaction.execute(hold, values![share]).await?;
        // Of two runs side by side, the one that deletes the row does the rest.
        let key = transaction
            .row(
                "DELETE FROM data_keys WHERE share_id = $1 AND term = $2 AND destroy_us <= $3
                   AND share_id NOT IN (SELECT share_id FROM doubted_receipts)
                 RETURNING share_id, destroy_us, reason",
                values![share, term, now],
            )
            .await?;
        let Some(key) = key else {
            return Ok(false);
        };
        let key = Record::new(&key, "data_keys", "share_id");
        let due: Timestamp = key.read("destroy_us")?;
        let reason: RetentionReason = key.read("reason")?;
        transaction
            .execute(
                "INSERT INTO pending_destructions (share_id, term, branch_id, reason, due_us,
                                                   key_destroyed_us, documents)
                 SELECT id, $2, branch_id, $3, $4, $5,
                        (SELECT count(*) FROM documents WHERE share_id = $1 AND term = $2)
                 FROM shares WHERE id = $1",
                values![share, term, reason, due, now],
            )
            .await?;
        transaction
            .execute(
                "UPDATE documents SET sealed_details = NULL WHERE share_id = $1 AND term = $2",
                values![share, term],
            )
            .await?;
        duplicate::unlink(share, term, &mut transaction).await?;
        if term == Term::Share {
            transaction
                .execute(
                    "UPDATE shares SET sealed_details = NULL, sealed_records = NULL,
                                       message_fingerprint = NULL, destroyed_us = $2
                     WHERE id = $1",
                    values![share, now],
                )
                .await?;
            transaction.execute("DELETE FROM grounds WHERE share_id = $1", values![share]).await?;
            // They name the sender's domain, which may be a person's own.
            for code in FindingCode::OF_SENDER {
                transaction
                    .execute(
                        "DELETE FROM findings WHERE share_id = $1 AND code = $2",
                        values![share, code],
                    )
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Lets nothing that was deleted linger where the engine keeps the past: SQLite's write-ahead
    /// log is taken over and cut, and deleted content is overwritten with zeros; PostgreSQL's dead
    /// rows are given free, while its log and its backups are the operator's to bound.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when a reader still looks at the past; when the database fails.
    pub async fn forget_remnants(&self) -> Result<(), StoreError> {
        self.engine.forget_remnants().await
    }

    /// At most `limit` keys that are destroyed and whose objects may still be there, the longest
    /// due first, after `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pending_destructions(
        &self,
        after: Option<&DueKey>,
        limit: u32,
    ) -> Result<Vec<DueKey>, StoreError> {
        let (due, share, term) = after.map_or_else(
            || (i64::MIN, String::new(), ""),
            |key| (key.destroy_at.as_micros(), key.share.to_string(), key.term.as_str()),
        );
        let rows = self
            .engine
            .rows(
                "SELECT share_id, term, branch_id, reason, due_us FROM pending_destructions
                 WHERE (due_us, share_id, term) > ($1, $2, $3)
                 ORDER BY due_us, share_id, term LIMIT $4",
                values![due, share, term, limit],
            )
            .await?;
        let record = |row| Record::new(row, "pending_destructions", "share_id");
        rows.iter().map(|row| read_key(&record(row))).collect()
    }

    /// Writes into ledger and audit that the objects of a destroyed key are gone. Tells whether
    /// that was news.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_destruction(
        &self,
        key: &DueKey,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let finished = transaction
            .execute(
                "INSERT INTO destructions (share_id, term, branch_id, reason, due_us,
                                           key_destroyed_us, finished_us, documents)
                 SELECT share_id, term, branch_id, reason, due_us, key_destroyed_us, $3, documents
                 FROM pending_destructions WHERE share_id = $1 AND term = $2
                 ON CONFLICT (share_id, term) DO NOTHING",
                values![key.share, key.term, now],
            )
            .await?;
        transaction
            .execute(
                "DELETE FROM pending_destructions WHERE share_id = $1 AND term = $2",
                values![key.share, key.term],
            )
            .await?;
        if finished > 0 {
            let entry = AuditEntry {
                share: Some(key.share),
                branch: Some(key.branch.clone()),
                detail: Some(format!("{} ({})", key.term.as_str(), key.reason.as_str())),
                ..AuditEntry::new(now, Actor::System, AuditAction::ShareDestroyed)
            };
            audit::write(&entry, &mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(finished > 0)
    }

    /// The ledger's lines about a share.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn destructions(&self, share: ShareId) -> Result<Vec<Destruction>, StoreError> {
        let rows = self
            .engine
            .rows(
                "SELECT share_id, term, branch_id, reason, due_us, key_destroyed_us, finished_us,
                        documents
                 FROM destructions WHERE share_id = $1 ORDER BY term",
                values![share],
            )
            .await?;
        rows.iter().map(read_destruction).collect()
    }

    /// Records that a run of the purge starts, and tells its number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start_purge_run(&self, now: Timestamp) -> Result<i64, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let sql = "INSERT INTO purge_runs (started_us, considered, destroyed, failed)
                   VALUES ($1, 0, 0, 0) RETURNING number";
        let started = transaction.one(sql, values![now]).await?;
        transaction.commit().await?;
        Record::new(&started, "purge_runs", "number").read("number")
    }

    /// Records how a run of the purge ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_purge_run(
        &self,
        number: i64,
        report: &PurgeReport,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        transaction
            .execute(
                "UPDATE purge_runs SET finished_us = $2, considered = $3, destroyed = $4,
                                       failed = $5, problem = $6, forgotten = $7
                 WHERE number = $1",
                values![
                    number,
                    now,
                    report.considered,
                    report.destroyed,
                    report.failed,
                    report.problem.map(PurgeProblem::as_str),
                    report.forgotten,
                ],
            )
            .await?;
        transaction.commit().await
    }

    /// At most `limit` runs of the purge, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge_runs(&self, limit: u32) -> Result<Vec<PurgeRun>, StoreError> {
        let rows = self
            .engine
            .rows(
                "SELECT number, started_us, finished_us, considered, destroyed, failed, problem,
                        forgotten
                 FROM purge_runs ORDER BY number DESC LIMIT $1",
                values![limit],
            )
            .await?;
        rows.iter().map(read_run).collect()
    }
}

fn read_key(record: &Record<'_>) -> Result<DueKey, StoreError> {
    Ok(DueKey {
        share: record.read("share_id")?,
        term: record.read("term")?,
        branch: record.read("branch_id")?,
        destroy_at: record.read("due_us")?,
        reason: record.read("reason")?,
    })
}

fn read_destruction(row: &Row) -> Result<Destruction, StoreError> {
    let record = Record::new(row, "destructions", "share_id");
    Ok(Destruction {
        key: read_key(&record)?,
        documents: record.read("documents")?,
        key_destroyed_at: record.read("key_destroyed_us")?,
        finished_at: record.read("finished_us")?,
    })
}

fn read_run(row: &Row) -> Result<PurgeRun, StoreError> {
    let record = Record::new(row, "purge_runs", "number");
    Ok(PurgeRun {
        started_at: record.read("started_us")?,
        finished_at: record.read_optional("finished_us")?,
        report: PurgeReport {
            considered: record.read("considered")?,
            destroyed: record.read("destroyed")?,
            failed: record.read("failed")?,
            problem: record.read_optional("problem")?,
            forgotten: record.read("forgotten")?,
        },
    })
}
