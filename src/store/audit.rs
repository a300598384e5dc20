//! The audit: who did what, when, with which share. Rows are only added; the database itself
//! refuses to change or delete one.

use super::{
    Store, StoreError,
    engine::Transaction,
    value::{Record, values},
};
use crate::domain::{Actor, BranchId, ShareId, Timestamp, named};

named! {
    /// What was done.
    #[non_exhaustive]
    pub enum AuditAction {
        /// A time was accepted that does not go on from the greatest time seen, by hand or for a
        /// witness; the detail is the greatest time before, the time accepted, and by whom.
        ClockAccepted = "clock-accepted",
        /// A document or one of its signature files was opened or downloaded.
        DocumentOpened = "document-opened",
        /// The raw mail was opened or downloaded.
        MailOpened = "mail-opened",
        /// A password was set by somebody who may.
        PasswordSet = "password-set",
        /// Another registry is in force.
        RegistryApplied = "registry-applied",
        /// A data key and all that was sealed with it was destroyed; the detail is the term.
        ShareDestroyed = "share-destroyed",
        /// A share's personal details were shown.
        ShareOpened = "share-opened",
        /// A share was judged again, for trusted certificates or revocation data had changed; the
        /// detail is the verdict before and the verdict now.
        ShareRejudged = "share-rejudged",
        /// A share came in and was judged; the detail is the verdict.
        ShareReceived = "share-received",
        /// A sign-in with a wrong password, an unknown name or under a lock.
        SignInRefused = "sign-in-refused",
        /// A member of staff signed in.
        SignedIn = "signed-in",
        /// A member of staff signed out.
        SignedOut = "signed-out",
        /// An API token was made.
        TokenAdded = "token-added",
        /// An API token was revoked.
        TokenRevoked = "token-revoked",
        /// A user was added; the detail is their role and their branches.
        UserAdded = "user-added",
        /// A user sees other branches; the detail is those before and those now.
        UserBranchesSet = "user-branches-set",
        /// A user was disabled.
        UserDisabled = "user-disabled",
        /// A disabled user may sign in again.
        UserEnabled = "user-enabled",
        /// A user has another name; the detail is the one before and the one now.
        UserRenamed = "user-renamed",
        /// A user has another role; the detail is the one before and the one now.
        UserRoleSet = "user-role-set",
    }
}

/// One line of the audit, to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
    /// With which share.
    pub share: Option<ShareId>,
    /// In which branch.
    pub branch: Option<BranchId>,
    /// With which document of the share, by number.
    pub document: Option<u32>,
    /// What the action's name leaves open. Never personal data of a visitor.
    pub detail: Option<String>,
}

impl AuditEntry {
    /// A line about no share in particular.
    #[must_use]
    pub fn new(at: Timestamp, actor: Actor, action: AuditAction) -> Self {
        Self { at, actor, action, share: None, branch: None, document: None, detail: None }
    }
}

/// One line of the audit, as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place in the audit: lines are numbered in the order in which they were written.
    pub number: i64,
    /// The line.
    pub entry: AuditEntry,
}

/// Which lines of the audit; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this share only.
    pub share: Option<ShareId>,
    /// Of this branch only.
    pub branch: Option<BranchId>,
    /// Of this action only.
    pub action: Option<AuditAction>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
    /// Older than the line of this number: the last number of the page before.
    pub before: Option<i64>,
}

impl Store {
    /// Writes a line of the audit.
    ///
    /// # Errors
    /// When the database fails. What was to be audited must then not happen.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        write(entry, &mut transaction).await?;
        transaction.commit().await
    }

    /// Writes several lines of the audit, all or none.
    ///
    /// # Errors
    /// When the database fails. What was to be audited must then not happen.
    pub async fn audit_all(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        for entry in entries {
            write(entry, &mut transaction).await?;
        }
        transaction.commit().await
    }

    /// At most `limit` lines of the audit, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_rows(
        &self,
        filter: &AuditFilter,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let rows = self
            .engine
            .rows(
                "SELECT number, at_us, actor_kind, actor_name, action, share_id, branch_id,
                        document, detail
                 FROM audit
                 WHERE ($1 IS NULL OR share_id = $1)
                   AND ($2 IS NULL OR branch_id = $2)
                   AND ($3 IS NULL OR action = $3)
                   AND ($4 IS NULL OR at_us >= $4)
                   AND ($5 IS NULL OR at_us < $5)
                   AND ($6 IS NULL OR number < $6)
                 ORDER BY number DESC
                 LIMIT $7",
                values![
                    filter.share,
                    filter.branch,
                    filter.action,
                    filter.from,
                    filter.to,
                    filter.before,
                    limit,
                ],
            )
            .await?;
        rows.iter().map(|row| read(&Record::new(row, "audit", "number"))).collect()
    }
}

/// Writes a line of the audit together with what it tells of.
pub(super) async fn write(
    entry: &AuditEntry,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let (kind, name) = match &entry.actor {
        Actor::System => ("system", None),
        Actor::CommandLine => ("command-line", None),
        Actor::User(name) => ("user", Some(name)),
        Actor::Token(name) => ("token", Some(name)),
    };
    transaction
        .execute(
            "INSERT INTO audit (at_us, actor_kind, actor_name, action, share_id, branch_id,
                                document, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                entry.at,
                kind,
                name,
                entry.action,
                entry.share,
                entry.branch,
                entry.document,
                entry.detail,
            ],
        )
        .await?;
    Ok(())
}

fn read(record: &Record<'_>) -> Result<AuditRow, StoreError> {
    let kind: String = record.read("actor_kind")?;
    let actor = match kind.as_str() {
        "system" => Actor::System,
        "command-line" => Actor::CommandLine,
        "user" => Actor::User(record.read("actor_name")?),
        "token" => Actor::Token(record.read("actor_name")?),
        _ => return Err(record.corrupt("actor_kind")),
    };
    let entry = AuditEntry {
        at: record.read("at_us")?,
        actor,
        action: record.read("action")?,
        share: record.read_optional("share_id")?,
        branch: record.read_optional("branch_id")?,
        document: record.read_optional("document")?,
        detail: record.read_optional("detail")?,
    };
    Ok(AuditRow { number: record.read("number")?, entry })
}
