//! Judging a share again: which shares are selected, and the new judgement in the place of the old.
//!
//! Objects, data keys and the row's place in the list stay as they are. What changes is what is
//! said of the share: verdict, findings, and what the report says of each document. The audit has
//! each change, the share's row the verdict before and when it changed.

use std::collections::{BTreeMap, HashSet};

use super::{
    AuditAction, AuditEntry, Cursor, Grounds, KnownBy, Store, StoreError, audit, clock, duplicate,
    engine::Transaction,
    receipt::{insert_findings, insert_topics},
    value::{Record, values},
};
use crate::{
    domain::{Actor, Awaits, Fingerprint, Sha256, ShareId, ShareRow, Term, Timestamp},
    matching::Judgement,
};

/// Which shares are to be judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// Those that wait for something.
    Awaiting,
    /// Those that wait for revocation data about this.
    AwaitingAbout(Fingerprint),
    /// Those whose time to be looked at again has come.
    Due,
    /// This one.
    One(ShareId),
    /// Those whose judgement rests on this, waiting or not.
    RestingOn(Fingerprint),
    /// Those with a signature that were judged by another trust than this.
    TrustingOther(Sha256),
}

/// A share that is to be judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The share, as the place that the next page starts after.
    pub place: Cursor,
    /// How often judging it again was begun since it last came to an end.
    pub attempts: u32,
    /// When it is looked at though nothing has changed; then answers of this moment or later are
    /// wanted.
    pub look_at: Option<Timestamp>,
}

/// A share that was judged again.
#[derive(Clone, Debug)]
pub struct Rejudged<'a> {
    /// The share as it stood when it was read.
    pub before: &'a ShareRow,
    /// What `matching` says of it now. Its documents are those of `before`, each with the same
    /// number and term; or it has none, and those of `before` stay as they are.
    pub judgement: &'a Judgement,
    /// When it was judged again.
    pub judged_at: Timestamp,
    /// The latest moment that has surely come; a share that is due by then is left as it is.
    pub surely_past: Timestamp,
    /// What its documents are known by now: a signature that passes for the first time adds to it.
    pub known_by: KnownBy,
    /// What the judgement rests on.
    pub grounds: Grounds,
}

/// What is sealed anew of a share that was judged again.
#[derive(Clone, Debug, Default)]
pub struct Resealed {
    /// What authorities said of the certificates on its paths.
    pub records: Vec<u8>,
    /// [`DocumentDetails`](crate::domain::DocumentDetails) of each document of the judgement, by its
    /// number.
    pub details: BTreeMap<u32, Vec<u8>>,
}

impl Store {
    /// At most `limit` shares that are to be judged again and are kept beyond `past`, the newest
    /// first, after the cursor's. `past` has surely come: what a clock that is ahead leaves out is
    /// told of no change when it is right again. Nor is a doubted share left out, which is not due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn selected(
        &self,
        select: Select,
        past: Timestamp,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Selected>, StoreError> {
        macro_rules! page {
            ($condition:literal) => {
                concat!(
                    "SELECT id, received_us, rejudge_attempts, look_us FROM shares
                     WHERE destroyed_us IS NULL
                       AND (destroy_us > $4 OR id IN (SELECT share_id FROM doubted_receipts))
                       AND (received_us, id) < ($1, $2) AND ",
                    $condition,
                    " ORDER BY received_us DESC, id DESC LIMIT $3"
                )
            };
        }
        let (before, before_id) = after.map_or_else(
            || (i64::MAX, String::new()),
            |last| (last.received_at.as_micros(), last.share.to_string()),
        );
        let mut values = values![before, before_id, limit, past].to_vec();
        let sql = match select {
            Select::Awaiting => page!("awaits IS NOT NULL"),
            Select::AwaitingAbout(topic) => {
                values.extend_from_slice(values![Awaits::Revocation, topic]);
                page!(
                    "awaits = $5
                     AND id IN (SELECT share_id FROM grounds WHERE fingerprint = $6)"
                )
            }
            Select::Due => page!("look_us <= $4"),
            Select::One(share) => {
                values.extend_from_slice(values![share]);
                page!("id = $5")
            }
            Select::RestingOn(topic) => {
                values.extend_from_slice(values![topic]);
                page!("id IN (SELECT share_id FROM grounds WHERE fingerprint = $5)")
            }
            Select::TrustingOther(trust) => {
                values.extend_from_slice(values![trust]);
                page!(
                    "(judged_by IS NULL OR judged_by <> $5)
                     AND EXISTS (SELECT 1 FROM documents
                                 WHERE share_id = shares.id AND indication IS NOT NULL)"
                )
            }
        };
        let read = |row| {
            let record = Record::new(row, "shares", "id");
            let place =
                Cursor { received_at: record.read("received_us")?, share: record.read("id")? };
            Ok(Selected {
                place,
                attempts: record.read("rejudge_attempts")?,
                look_at: record.read_optional("look_us")?,
            })
        };
        self.engine.rows(sql, &values).await?.iter().map(read).collect()
    }

    /// What the judgements on all kept shares rest on, each once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn topics(&self) -> Result<HashSet<Fingerprint>, StoreError> {
        let rows = self.engine.rows("SELECT DISTINCT fingerprint FROM grounds", &[]).await?;
        let read = |row| Record::new(row, "grounds", "fingerprint").read("fingerprint");
        rows.iter().map(read).collect()
    }

    /// The text of a registry of the share's branch alone, as it was when the share was judged at
    /// first; `None` for a share that an earlier version kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn branch_version(&self, share: ShareId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT shares.id, text FROM shares
                   JOIN branch_versions ON digest = branch_version WHERE shares.id = $1";
        let Some(row) = self.engine.row(sql, values![share]).await? else { return Ok(None) };
        Record::new(&row, "branch_versions", "id").read("text").map(Some)
    }

    /// What authorities said of the certificates on the share's paths, sealed; `None` for a share
    /// that is destroyed, or that an earlier version kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_records(&self, share: ShareId) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT id, sealed_records FROM shares WHERE id = $1";
        let row = self.engine.row(sql, values![share]).await?;
        let read = |row| Record::new(row, "shares", "id").read_optional("sealed_records");
        Ok(row.as_ref().map(read).transpose()?.flatten())
    }

    /// Makes all shares such as an earlier version kept.
    #[cfg(test)]
    pub(crate) async fn forget_branch_versions(&self) {
        let mut transaction = self.engine.begin().await.unwrap();
        transaction.execute("UPDATE shares SET branch_version = NULL", &[]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Puts something else in the place of all sealed values of a column.
    #[cfg(test)]
    pub(crate) async fn spoil(&self, table: &str, column: &str) {
        let mut transaction = self.engine.begin().await.unwrap();
        let sql = match (table, column) {
            ("shares", "sealed_records") => "UPDATE shares SET sealed_records = $1",
            ("shares", "sealed_details") => "UPDATE shares SET sealed_details = $1",
            ("data_keys", "wrapped") => "UPDATE data_keys SET wrapped = $1",
            ("documents", "sealed_details") => "UPDATE documents SET sealed_details = $1",
            other => panic!("no sealed column: {other:?}"),
        };
        transaction.execute(sql, values![vec![0_u8, 17]]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Writes down that judging the share again begins, and tells how often it was begun since it
    /// last came to an end, this time included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_rejudging(&self, share: ShareId) -> Result<u32, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let row = transaction
            .row(
                "UPDATE shares SET rejudge_attempts = rejudge_attempts + 1 WHERE id = $1
                 RETURNING id, rejudge_attempts",
                values![share],
            )
            .await?;
        transaction.commit().await?;
        row.map_or(Ok(0), |row| Record::new(&row, "shares", "id").read("rejudge_attempts"))
    }

    /// Writes down that judging the share again came to an end and changed nothing: what it waits
    /// for from now on, `None` when nothing is missing, what the judgement rests on, and what
    /// authorities said, sealed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_rejudging(
        &self,
        share: ShareId,
        awaits: Option<Awaits>,
        grounds: &Grounds,
        sealed_records: &[u8],
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        let changed = transaction
            .execute(
                "UPDATE shares SET awaits = $2, judged_by = $3, look_us = $4, sealed_records = $5,
                                   rejudge_attempts = 0
                 WHERE id = $1 AND destroyed_us IS NULL",
                values![share, awaits, grounds.trust, grounds.look_at, sealed_records],
            )
            .await?;
        if changed > 0 {
            replace_topics(share, grounds, &mut transaction).await?;
        }
        transaction.commit().await
    }

    /// Writes down that an attempt to judge the share again did not stop the program.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_attempt(&self, share: ShareId) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        let sql = "UPDATE shares SET rejudge_attempts = 0 WHERE id = $1";
        transaction.execute(sql, values![share]).await?;
        transaction.commit().await
    }

    /// Puts a new judgement in the place of the old one, with a line in the audit: all of it or
    /// nothing. Tells whether it did: a share that was destroyed meanwhile, or judged again by
    /// somebody else, is left as it is.
    ///
    /// No term moves nearer: what is kept is kept until the later of the day it was promised for
    /// and the day that the new judgement gives. Staff have read the first on the share's page,
    /// and a copy that turns out to be forged is not to vanish for it. Nor is a copy forgotten that
    /// came before: what links it stays.
    ///
    /// # Errors
    /// [`StoreError::DocumentMissing`] when a document of the judgement has no sealed details;
    /// when the database fails. Nothing is changed then.
    pub async fn rejudge(&self, new: &Rejudged<'_>, sealed: &Resealed) -> Result<bool, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let delay = clock::delay_of_terms(new.before.id, &mut transaction).await?;
        if !new.update_row(delay, &sealed.records, &mut transaction).await? {
            return Ok(false);
        }
        new.update_documents(sealed, &mut transaction).await?;
        new.prolong_keys(delay, &mut transaction).await?;
        let share = new.before.id;
        transaction.execute("DELETE FROM findings WHERE share_id = $1", values![share]).await?;
        insert_findings(new.judgement, &mut transaction).await?;
        let stale_from = delayed(new.known_by.stale_from, delay);
        let known_by = KnownBy { stale_from, ..new.known_by.clone() };
        duplicate::link(share, &known_by, &mut transaction).await?;
        replace_topics(share, &new.grounds, &mut transaction).await?;
        let (old, verdict) = (new.before.verdict, new.judgement.verdict());
        let entry = AuditEntry {
            share: Some(share),
            branch: Some(new.before.branch.clone()),
            detail: Some(format!("{old} -> {verdict}")),
            ..AuditEntry::new(new.judged_at, Actor::System, AuditAction::ShareRejudged)
        };
        audit::write(&entry, &mut transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

impl Rejudged<'_> {
    async fn update_row(
        &self,
        delay: i64,
        sealed_records: &[u8],
        transaction: &mut Transaction,
    ) -> Result<bool, StoreError> {
        let (before, judgement) = (self.before, self.judgement);
        let retention = judgement.retention();
        let changed = transaction
            .execute(
                "UPDATE shares SET service_id = $4, verdict = $5, assurance = $6, judged_us = $7,
                                   awaits = $10,
                                   judged_by = $11, look_us = $12, sealed_records = $13,
                                   rejudge_attempts = 0,
                                   destroy_us = CASE WHEN destroy_us < $8 THEN $8
                                                     ELSE destroy_us END,
                                   retention_reason = CASE WHEN destroy_us < $8 THEN $9
                                                           ELSE retention_reason END,
                                   verdict_before = CASE WHEN verdict = $5 THEN verdict_before
                                                         ELSE verdict END,
                                   verdict_changed_us = CASE WHEN verdict = $5
                                                             THEN verdict_changed_us ELSE $7 END
                 WHERE id = $1 AND destroyed_us IS NULL AND verdict = $2
                   AND (destroy_us > $14 OR id IN (SELECT share_id FROM doubted_receipts))
                   AND judged_us = $3",
                values![
                    before.id,
                    before.verdict,
                    before.judged_at,
                    judgement.service(),
                    judgement.verdict(),
                    judgement.assurance(),
                    self.judged_at,
                    delayed(retention.destroy_at, delay),
                    retention.reason,
                    judgement.awaits(),
                    self.grounds.trust,
                    self.grounds.look_at,
                    sealed_records,
                    self.surely_past,
                ],
            )
            .await?;
        Ok(changed > 0)
    }

    async fn update_documents(
        &self,
        sealed: &Resealed,
        transaction: &mut Transaction,
    ) -> Result<(), StoreError> {
        for judged in self.judgement.documents() {
            let (share, number) = (self.before.id, judged.number());
            let details = sealed.details.get(&number);
            let details = details.ok_or(StoreError::DocumentMissing { share, number })?;
            // What is destroyed stays without details.
            transaction
                .execute(
                    "UPDATE documents SET indication = $3, sub_indication = $4,
                                          sealed_details = $5, type_source = $6
                     WHERE share_id = $1 AND number = $2 AND sealed_details IS NOT NULL",
                    values![
                        share,
                        number,
                        judged.indication(),
                        judged.sub_indication(),
                        details,
                        judged.type_source(),
                    ],
                )
                .await?;
        }
        Ok(())
    }

    async fn prolong_keys(
        &self,
        delay: i64,
        transaction: &mut Transaction,
    ) -> Result<(), StoreError> {
        for term in Term::ALL {
            let retention = self.judgement.retention_of(term);
            transaction
                .execute(
                    "UPDATE data_keys SET destroy_us = $3, reason = $4
                     WHERE share_id = $1 AND term = $2 AND destroy_us < $3
                       AND (destroy_us > $5
                            OR share_id IN (SELECT share_id FROM doubted_receipts))",
                    values![
                        self.before.id,
                        term,
                        delayed(retention.destroy_at, delay),
                        retention.reason,
                        self.surely_past,
                    ],
                )
                .await?;
        }
        Ok(())
    }
}

async fn replace_topics(
    share: ShareId,
    grounds: &Grounds,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM grounds WHERE share_id = $1", values![share]).await?;
    insert_topics(share, grounds, transaction).await
}

/// A moment that counts from the receipt, where terms begin `delay` microseconds after it.
fn delayed(moment: Timestamp, delay: i64) -> Timestamp {
    Timestamp::from_micros(moment.as_micros().saturating_add(delay))
}
