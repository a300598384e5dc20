//! Reading shares.

use std::{cmp::Reverse, collections::HashMap, fmt, str::FromStr};

use super::{
    Row, Store, StoreError, duplicate,
    engine::Transaction,
    value::{Record, values},
};
use crate::domain::{
    BranchId, BranchScope, DocumentRow, Finding, Fingerprint, Retention, ServiceId, ShareId,
    ShareRow, Term, Timestamp, Verdict, VerdictChange,
};

/// Which shares; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShareFilter {
    /// Of this branch only.
    pub branch: Option<BranchId>,
    /// Of this service only.
    pub service: Option<ServiceId>,
    /// Of this verdict only.
    pub verdict: Option<Verdict>,
    /// Of the mail with this Message-ID only; the fingerprint is the vault's.
    pub message_id: Option<Fingerprint>,
    /// Received from this moment on.
    pub from: Option<Timestamp>,
    /// Received before this moment.
    pub to: Option<Timestamp>,
}

/// Where a page of shares ended. Opaque to clients: print it, parse it, give it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) received_at: Timestamp,
    pub(super) share: ShareId,
}

impl Cursor {
    /// The share that the page ended with.
    #[must_use]
    pub fn share(self) -> ShareId {
        self.share
    }
}

/// The text is not a cursor that we gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor: take the one in \"next\" of the page before, as it is")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.received_at.as_micros(), self.share)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (micros, share) = text.split_once('.').ok_or(CursorError)?;
        let micros = micros.parse().map_err(|_| CursorError)?;
        let share = share.parse().map_err(|_| CursorError)?;
        Ok(Self { received_at: Timestamp::from_micros(micros), share })
    }
}

/// A page of shares, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharePage {
    /// The shares.
    pub items: Vec<ShareRow>,
    /// Where the next page starts; `None` when this is the last one.
    pub next: Option<Cursor>,
}

impl Store {
    /// At most `limit` shares within the scope, and never more than 500, the newest first, after
    /// the cursor's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shares(
        &self,
        scope: &BranchScope,
        filter: &ShareFilter,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<SharePage, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut snapshot = self.engine.snapshot().await?;
        let mut items = Vec::new();
        // One query for each branch, and the newest of all of them: so each walks along an index
        // and stops after a page.
        for branch in branches_of(scope, filter.branch.as_ref()) {
            let page = Page { branch, scope, filter, cursor, limit: limit.saturating_add(1) };
            items.extend(page.read(&mut snapshot).await?);
        }
        items.sort_by_key(|share| Reverse((share.received_at, share.id)));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next = last.map(|last| Cursor { received_at: last.received_at, share: last.id });
        Ok(SharePage { items, next })
    }

    /// A share within the scope. One outside it looks like one that does not exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn share(
        &self,
        id: ShareId,
        scope: &BranchScope,
    ) -> Result<Option<ShareRow>, StoreError> {
        let mut snapshot = self.engine.snapshot().await?;
        let sql = concat!("SELECT ", share_columns!(), " FROM shares WHERE id = $1");
        let shares = snapshot.rows(sql, values![id]).await?;
        let findings = snapshot
            .rows(
                "SELECT share_id, code, severity, document, detail FROM findings
                 WHERE share_id = $1 ORDER BY position",
                values![id],
            )
            .await?;
        let sql = concat!(duplicate_columns!(), " WHERE duplicates.share_id = $1");
        let duplicates = snapshot.rows(sql, values![id]).await?;
        let share = read_shares(&shares, &findings, &duplicates, scope)?.pop();
        Ok(share.filter(|share| scope.contains(&share.branch)))
    }

    /// The documents of a share, by number. The caller has asked [`Store::share`] for it within
    /// the reader's scope.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn documents(&self, share: ShareId) -> Result<Vec<DocumentRow>, StoreError> {
        let rows = self
            .engine
            .rows(
                "SELECT share_id, number, type_code, type_source, excess, term, size_bytes,
                        indication, sub_indication, signature_files, sealed_details
                 FROM documents WHERE share_id = $1 ORDER BY number",
                values![share],
            )
            .await?;
        rows.iter().map(|row| read_document(&Record::new(row, "documents", "share_id"))).collect()
    }

    /// The wrapped data key of a share's term; `None` when there is none or it is destroyed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wrapped_key(
        &self,
        share: ShareId,
        term: Term,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self
            .engine
            .row(
                "SELECT share_id, wrapped FROM data_keys WHERE share_id = $1 AND term = $2",
                values![share, term],
            )
            .await?;
        row.map(|row| Record::new(&row, "data_keys", "share_id").read("wrapped")).transpose()
    }

    /// The term that a share's raw mail is kept for; `None` when there is no such share.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mail_term(&self, share: ShareId) -> Result<Option<Term>, StoreError> {
        let row = self
            .engine
            .row("SELECT id, mail_term FROM shares WHERE id = $1", values![share])
            .await?;
        row.map(|row| Record::new(&row, "shares", "id").read("mail_term")).transpose()
    }

    /// How many shares within the scope are kept, by verdict, the worst first; every verdict is
    /// there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verdict_counts(
        &self,
        scope: &BranchScope,
    ) -> Result<Vec<(Verdict, u64)>, StoreError> {
        let mut counts = Verdict::ALL.map(|verdict| (verdict, 0_u64));
        let mut snapshot = self.engine.snapshot().await?;
        for branch in branches_of(scope, None) {
            let rows = match branch {
                None => {
                    let sql = "SELECT verdict, count(*) AS kept FROM shares
                               WHERE destroyed_us IS NULL GROUP BY verdict";
                    snapshot.rows(sql, &[]).await?
                }
                Some(branch) => {
                    let sql = "SELECT verdict, count(*) AS kept FROM shares
                               WHERE destroyed_us IS NULL AND branch_id = $1 GROUP BY verdict";
                    snapshot.rows(sql, values![branch]).await?
                }
            };
            for row in &rows {
                let record = Record::new(row, "shares", "verdict");
                let verdict: Verdict = record.read("verdict")?;
                let kept: u64 = record.read("kept")?;
                for count in counts.iter_mut().filter(|count| count.0 == verdict) {
                    count.1 = count.1.saturating_add(kept);
                }
            }
        }
        Ok(counts.to_vec())
    }
}

/// The greatest number of shares in one page.
const MAX_PAGE: u32 = 500;

macro_rules! share_columns {
    () => {
        "id, branch_id, service_id, verdict, assurance, received_us, judged_us, destroy_us,
         retention_reason, destroyed_us, mail_bytes, sealed_details, verdict_before,
         verdict_changed_us"
    };
}
use share_columns;

/// The first share that a copy is linked to has no branch here once it is destroyed.
macro_rules! duplicate_columns {
    () => {
        "SELECT duplicates.share_id, number, first_id, firsts.branch_id AS first_branch
         FROM duplicates LEFT JOIN shares AS firsts
              ON firsts.id = first_id AND firsts.destroyed_us IS NULL"
    };
}
use duplicate_columns;

/// The statements for a page of shares, for the findings of these shares, and for their copies that
/// came before.
macro_rules! page_statements {
    ($condition:literal) => {
        (
            concat!("SELECT ", share_columns!(), page_statements!(@from $condition)),
            concat!(
                "SELECT share_id, code, severity, document, detail
                 FROM findings JOIN (SELECT id",
                page_statements!(@from $condition),
                ") AS page ON page.id = findings.share_id ORDER BY share_id, position"
            ),
            concat!(
                duplicate_columns!(),
                " JOIN (SELECT id",
                page_statements!(@from $condition),
                ") AS page ON page.id = duplicates.share_id"
            ),
        )
    };
    (@from $condition:literal) => {
        concat!(
            " FROM shares
              WHERE received_us >= $1 AND (received_us, id) < ($2, $3)
                AND ($4 IS NULL OR service_id = $4) AND ($5 IS NULL OR verdict = $5)",
            $condition,
            " ORDER BY received_us DESC, id DESC LIMIT $6"
        )
    };
}

/// A page of one branch, or of all.
struct Page<'a> {
    branch: Option<&'a BranchId>,
    scope: &'a BranchScope,
    filter: &'a ShareFilter,
    cursor: Option<Cursor>,
    limit: u32,
}

impl Page<'_> {
    async fn read(&self, snapshot: &mut Transaction) -> Result<Vec<ShareRow>, StoreError> {
        let filter = self.filter;
        let from = filter.from.map_or(i64::MIN, Timestamp::as_micros);
        // One upper bound for both, so that the engine starts to read there.
        let to = (filter.to.map_or(i64::MAX, Timestamp::as_micros), String::new());
        let after = self.cursor.map(|last| (last.received_at.as_micros(), last.share.to_string()));
        let (before, before_id) = after.map_or_else(|| to.clone(), |after| after.min(to.clone()));
        let limit = self.limit;
        let common = values![from, before, before_id, filter.service, filter.verdict, limit];
        let mut values = common.to_vec();
        let (shares, findings, duplicates) = match (filter.message_id, self.branch) {
            (None, None) => page_statements!(""),
            (None, Some(branch)) => {
                values.extend_from_slice(values![branch]);
                page_statements!(" AND branch_id = $7")
            }
            (Some(message), None) => {
                values.extend_from_slice(values![message]);
                page_statements!(" AND message_fingerprint = $7")
            }
            (Some(message), Some(branch)) => {
                values.extend_from_slice(values![message, branch]);
                page_statements!(" AND message_fingerprint = $7 AND branch_id = $8")
            }
        };
        let shares = snapshot.rows(shares, &values).await?;
        if shares.is_empty() {
            return Ok(Vec::new());
        }
        let findings = snapshot.rows(findings, &values).await?;
        let duplicates = snapshot.rows(duplicates, &values).await?;
        read_shares(&shares, &findings, &duplicates, self.scope)
    }
}

/// The branches to ask for one by one; one `None` stands for all of them.
fn branches_of<'a>(
    scope: &'a BranchScope,
    only: Option<&'a BranchId>,
) -> Vec<Option<&'a BranchId>> {
    match (scope, only) {
        (BranchScope::All, only) => vec![only],
        (BranchScope::Only(_), Some(branch)) => {
            if scope.contains(branch) {
                vec![Some(branch)]
            } else {
                Vec::new()
            }
        }
        (BranchScope::Only(branches), None) => {
            let mut branches: Vec<_> = branches.iter().map(Some).collect();
            branches.sort_unstable();
            branches.dedup();
            branches
        }
    }
}

fn read_shares(
    shares: &[Row],
    findings: &[Row],
    duplicates: &[Row],
    scope: &BranchScope,
) -> Result<Vec<ShareRow>, StoreError> {
    let mut of_share = duplicate::findings(duplicates, scope)?;
    for row in findings {
        let record = Record::new(row, "findings", "share_id");
        let finding = Finding {
            code: record.read("code")?,
            severity: record.read("severity")?,
            document: record.read_optional("document")?,
            detail: record.read_optional("detail")?,
        };
        of_share.entry(record.read("share_id")?).or_default().push(finding);
    }
    of_share.values_mut().for_each(Finding::sort);
    shares.iter().map(|row| read_share(&Record::new(row, "shares", "id"), &mut of_share)).collect()
}

fn read_share(
    record: &Record<'_>,
    findings: &mut HashMap<ShareId, Vec<Finding>>,
) -> Result<ShareRow, StoreError> {
    let id = record.read("id")?;
    let before: Option<Verdict> = record.read_optional("verdict_before")?;
    let changed_at = record.read_optional("verdict_changed_us")?;
    Ok(ShareRow {
        id,
        branch: record.read("branch_id")?,
        service: record.read_optional("service_id")?,
        verdict: record.read("verdict")?,
        assurance: record.read_optional("assurance")?,
        received_at: record.read("received_us")?,
        judged_at: record.read("judged_us")?,
        verdict_change: before.zip(changed_at).map(|(before, at)| VerdictChange { before, at }),
        retention: Retention {
            destroy_at: record.read("destroy_us")?,
            reason: record.read("retention_reason")?,
        },
        destroyed_at: record.read_optional("destroyed_us")?,
        mail_bytes: record.read("mail_bytes")?,
        findings: findings.remove(&id).unwrap_or_default(),
        sealed_details: record.read_optional("sealed_details")?,
    })
}

fn read_document(record: &Record<'_>) -> Result<DocumentRow, StoreError> {
    Ok(DocumentRow {
        number: record.read("number")?,
        type_code: record.read("type_code")?,
        type_source: record.read_optional("type_source")?,
        excess: record.read("excess")?,
        term: record.read("term")?,
        size: record.read("size_bytes")?,
        indication: record.read_optional("indication")?,
        sub_indication: record.read_optional("sub_indication")?,
        signature_files: record.read("signature_files")?,
        sealed_details: record.read_optional("sealed_details")?,
    })
}
