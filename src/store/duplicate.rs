//! Which copies came before.
//!
//! A copy is known by keyed fingerprints: of its content, and of what each signature that passed
//! covers. Two copies with one of them in common are the same copy again, and the later one is a
//! duplicate of the earlier. Later is who was received later, whatever was judged or committed
//! first: so a share that is kept looks for earlier ones with its copies, and is made known to
//! later ones that are there already. Shares of one mail are in the order of its recipients.
//!
//! When a share is destroyed its fingerprints go, but for the row in `known_copies`: that one says
//! that the copy came, and on which day. It names no share and goes with a day of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    AcceptedTime, Row, Store, StoreError,
    engine::Transaction,
    value::{Record, values},
};
use crate::domain::{
    BranchScope, Finding, FindingCode, Fingerprint, FirstReceipt, MailId, ShareId, Term, Timestamp,
};

/// What the copies of a share are known by.
#[derive(Clone, Debug)]
pub struct KnownBy {
    /// For each document, its number and its fingerprints.
    pub documents: Vec<(u32, Vec<Fingerprint>)>,
    /// From when on nobody takes these copies for fresh: they are remembered until then, and as
    /// long as the share is kept.
    pub stale_from: Timestamp,
}

/// The place of a share in the order of receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Receipt {
    received_at: Timestamp,
    mail: MailId,
    /// Of the branch among those that the mail came to.
    place: u32,
}

impl Store {
    /// Forgets at most `limit` fingerprints that no kept copy has and whose day has come at `time`.
    /// Tells how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_copies(&self, time: AcceptedTime, limit: u32) -> Result<u64, StoreError> {
        let mut transaction = self.engine.begin().await?;
        // Asked for outside, too: it may have come again while this waits for its row.
        let forgotten = transaction
            .execute(
                "DELETE FROM known_copies
                 WHERE forget_us <= $1 AND fingerprint IN (
                     SELECT fingerprint FROM known_copies
                     WHERE forget_us <= $1 AND NOT EXISTS (
                         SELECT 1 FROM fingerprints
                         WHERE fingerprints.fingerprint = known_copies.fingerprint)
                     ORDER BY forget_us LIMIT $2)",
                values![time.moment(), limit],
            )
            .await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}

/// Makes the copies of a share known, and links those that came before, here and in later shares.
///
/// What was made known before stays. The share and its documents are in the database.
pub(super) async fn link(
    share: ShareId,
    known_by: &KnownBy,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let receipt = read_receipt(share, transaction).await?;
    let first_days = remember(known_by, receipt.received_at, transaction).await?;
    for (number, fingerprints) in &known_by.documents {
        let copy = (share, *number);
        let mut earliest: Option<(Receipt, ShareId)> = None;
        let mut came_before = false;
        for fingerprint in fingerprints {
            if !insert(copy, receipt, fingerprint, transaction).await? {
                continue;
            }
            let before = earlier(receipt, fingerprint, transaction).await?;
            earliest = earliest.into_iter().chain(before).min();
            let day = receipt.received_at.start_of_utc_day();
            came_before |= first_days.get(fingerprint).is_some_and(|first| *first < day);
            link_later(share, receipt, fingerprint, transaction).await?;
        }
        if earliest.is_some() || came_before {
            link_to(copy, earliest, transaction).await?;
        }
    }
    Ok(())
}

/// Takes away what the copies of a term are known by, and with the share itself the links from and
/// to it.
pub(super) async fn unlink(
    share: ShareId,
    term: Term,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "DELETE FROM fingerprints WHERE share_id = $1 AND number IN (
                 SELECT number FROM documents WHERE share_id = $1 AND term = $2)",
            values![share, term],
        )
        .await?;
    if term == Term::Share {
        transaction.execute("DELETE FROM duplicates WHERE share_id = $1", values![share]).await?;
        transaction
            .execute("UPDATE duplicates SET first_id = NULL WHERE first_id = $1", values![share])
            .await?;
    }
    Ok(())
}

/// The findings that rows of `duplicates` are, by share, as a reader with this scope may see them.
/// The rows have the columns `share_id`, `number`, `first_id`, `first_branch`.
pub(super) fn findings(
    rows: &[Row],
    scope: &BranchScope,
) -> Result<HashMap<ShareId, Vec<Finding>>, StoreError> {
    let mut of_share: HashMap<ShareId, Vec<Finding>> = HashMap::new();
    for row in rows {
        let record = Record::new(row, "duplicates", "share_id");
        let first = match (record.read_optional("first_id")?, record.read_optional("first_branch")?)
        {
            (Some(first), Some(branch)) if scope.contains(&branch) => FirstReceipt::Share(first),
            (Some(_), Some(_)) => FirstReceipt::Elsewhere,
            _ => FirstReceipt::Destroyed,
        };
        let finding = Finding::of_document(FindingCode::Duplicate, record.read("number")?);
        let finding = finding.with_detail(first.to_string());
        of_share.entry(record.read("share_id")?).or_default().push(finding);
    }
    Ok(of_share)
}

async fn read_receipt(
    share: ShareId,
    transaction: &mut Transaction,
) -> Result<Receipt, StoreError> {
    let sql = "SELECT id, received_us, mail_id, mail_place FROM shares WHERE id = $1";
    let row = transaction.one(sql, values![share]).await?;
    Receipt::read(&Record::new(&row, "shares", "id"))
}

/// Remembers that these copies came, and tells the day on which each came first.
///
/// Whoever keeps one of them at the same time waits here, and then sees what this one has kept:
/// all go through their fingerprints in the same order, so none waits for another in a ring.
async fn remember(
    known_by: &KnownBy,
    received_at: Timestamp,
    transaction: &mut Transaction,
) -> Result<BTreeMap<Fingerprint, Timestamp>, StoreError> {
    let all = known_by.documents.iter().flat_map(|(_, fingerprints)| fingerprints);
    let all: BTreeSet<Fingerprint> = all.copied().collect();
    let forget_at = known_by.stale_from.start_of_utc_day().plus_days(1);
    let mut first_days = BTreeMap::new();
    for fingerprint in all {
        let row = transaction
            .one(
                "INSERT INTO known_copies (fingerprint, first_us, forget_us) VALUES ($1, $2, $3)
                 ON CONFLICT (fingerprint) DO UPDATE SET
                     first_us = CASE WHEN excluded.first_us < known_copies.first_us
                                     THEN excluded.first_us ELSE known_copies.first_us END,
                     forget_us = CASE WHEN excluded.forget_us > known_copies.forget_us
                                      THEN excluded.forget_us ELSE known_copies.forget_us END
                 RETURNING first_us",
                values![fingerprint, received_at.start_of_utc_day(), forget_at],
            )
            .await?;
        let record = Record::new(&row, "known_copies", "first_us");
        first_days.insert(fingerprint, record.read("first_us")?);
    }
    Ok(first_days)
}

/// Makes a copy known by a fingerprint, unless it is destroyed. Tells whether that was news.
async fn insert(
    (share, number): (ShareId, u32),
    receipt: Receipt,
    fingerprint: &Fingerprint,
    transaction: &mut Transaction,
) -> Result<bool, StoreError> {
    let Receipt { received_at, mail, place } = receipt;
    let inserted = transaction
        .execute(
            "INSERT INTO fingerprints (share_id, number, fingerprint, received_us, mail_id,
                                       mail_place)
             SELECT share_id, number, $3, $4, $5, $6 FROM documents
             WHERE share_id = $1 AND number = $2 AND sealed_details IS NOT NULL
             ON CONFLICT (share_id, number, fingerprint) DO NOTHING",
            values![share, number, fingerprint, received_at, mail, place],
        )
        .await?;
    Ok(inserted > 0)
}

/// The earliest share before `receipt` that has a copy with this fingerprint.
async fn earlier(
    receipt: Receipt,
    fingerprint: &Fingerprint,
    transaction: &mut Transaction,
) -> Result<Option<(Receipt, ShareId)>, StoreError> {
    let Receipt { received_at, mail, place } = receipt;
    let row = transaction
        .row(
            "SELECT share_id, received_us, mail_id, mail_place FROM fingerprints
             WHERE fingerprint = $1 AND (received_us, mail_id, mail_place) < ($2, $3, $4)
             ORDER BY received_us, mail_id, mail_place LIMIT 1",
            values![fingerprint, received_at, mail, place],
        )
        .await?;
    let read = |row| {
        let record = Record::new(&row, "fingerprints", "share_id");
        Ok((Receipt::read(&record)?, record.read("share_id")?))
    };
    row.map(read).transpose()
}

/// Links the copies in later shares that have this fingerprint to `share`, unless they are linked
/// to an earlier one.
async fn link_later(
    share: ShareId,
    receipt: Receipt,
    fingerprint: &Fingerprint,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let Receipt { received_at, mail, place } = receipt;
    transaction
        .execute(
            concat!(
                "INSERT INTO duplicates (share_id, number, first_id)
                 SELECT DISTINCT share_id, number, $1 FROM fingerprints
                 WHERE fingerprint = $5 AND (received_us, mail_id, mail_place) > ($2, $3, $4)",
                unless_linked_to_an_earlier_one!()
            ),
            values![share, received_at, mail, place, fingerprint],
        )
        .await?;
    Ok(())
}

/// Links a copy to the earliest share with the same one, or to one that is destroyed, unless it is
/// linked to an earlier one.
async fn link_to(
    (share, number): (ShareId, u32),
    first: Option<(Receipt, ShareId)>,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let (receipt, first) = first.unzip();
    transaction
        .execute(
            concat!(
                "INSERT INTO duplicates (share_id, number, first_id) VALUES ($5, $6, $1)",
                unless_linked_to_an_earlier_one!()
            ),
            values![
                first,
                receipt.map(|receipt| receipt.received_at),
                receipt.map(|receipt| receipt.mail),
                receipt.map(|receipt| receipt.place),
                share,
                number,
            ],
        )
        .await?;
    Ok(())
}

impl Receipt {
    fn read(record: &Record<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            received_at: record.read("received_us")?,
            mail: record.read("mail_id")?,
            place: record.read("mail_place")?,
        })
    }
}

/// What to do where a copy is linked already; `$1` to `$4` are the share to link to and its place
/// in the order of receipt. A share that is kept says more than one that is destroyed.
macro_rules! unless_linked_to_an_earlier_one {
    () => {
        " ON CONFLICT (share_id, number) DO UPDATE SET first_id = excluded.first_id
          WHERE excluded.first_id IS NOT NULL
            AND (duplicates.first_id IS NULL
                 OR ($2, $3, $4) < (SELECT received_us, mail_id, mail_place FROM shares
                                    WHERE shares.id = duplicates.first_id))"
    };
}
use unless_linked_to_an_earlier_one;
