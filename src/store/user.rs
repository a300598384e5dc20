//! Members of staff.

mod changes;

use std::fmt;

use super::{
    AuditAction, AuditEntry, Row, Store, StoreError, audit,
    engine::Transaction,
    scope,
    value::{Record, values},
};
use crate::domain::{Actor, BranchId, BranchScope, Role, Timestamp};

/// What a user is called in errors.
const KIND: &str = "user";

/// A member of staff, to be added.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// The name to sign in with.
    pub name: String,
    /// The password's hash, as a PHC string.
    pub password_hash: String,
    /// What they are there for.
    pub role: Role,
    /// The branches they see.
    pub scope: BranchScope,
}

/// A member of staff.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name to sign in with.
    pub name: String,
    /// The password's hash, as a PHC string.
    pub password_hash: String,
    /// What they are there for.
    pub role: Role,
    /// The branches they see.
    pub scope: BranchScope,
    /// When they were added.
    pub created_at: Timestamp,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// The name that they have now, where this one is a former one.
    pub renamed_to: Option<String>,
}

impl Store {
    /// Adds a user; writes it to the audit.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] when there is or was a user of that name,
    /// [`StoreError::Unknown`] when a branch of the scope is not in the registry; when the
    /// database fails.
    pub async fn add_user(
        &self,
        user: &NewUser,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        let (all_branches, branches) = scope::split(&user.scope);
        let added = transaction
            .execute(
                "INSERT INTO users (name, password_hash, role, all_branches, created_us)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (name) DO NOTHING",
                values![user.name, user.password_hash, user.role, all_branches, at],
            )
            .await?;
        if added == 0 {
            return Err(StoreError::NameTaken { kind: KIND, name: user.name.clone() });
        }
        add_branches(&user.name, branches, &mut transaction).await?;
        let detail = format!("{} ({}, {})", user.name, user.role, user.scope);
        audit_change(AuditAction::UserAdded, detail, actor, at, &mut transaction).await?;
        transaction.commit().await
    }

    /// All users, disabled ones and former names too, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let mut snapshot = self.engine.snapshot().await?;
        let users = snapshot
            .rows(
                "SELECT name, password_hash, role, all_branches, created_us, disabled_us, renamed_to
                 FROM users ORDER BY name",
                &[],
            )
            .await?;
        let branches = snapshot
            .rows(
                "SELECT user_name, branch_id FROM user_branches ORDER BY user_name, branch_id",
                &[],
            )
            .await?;
        users.iter().map(|row| read(row, &branches)).collect()
    }

    /// The user of this name, disabled or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let mut snapshot = self.engine.snapshot().await?;
        find(name, &mut snapshot).await
    }
}

/// The user of this name, disabled or not.
pub(super) async fn find(
    name: &str,
    transaction: &mut Transaction,
) -> Result<Option<User>, StoreError> {
    let user = transaction
        .row(
            "SELECT name, password_hash, role, all_branches, created_us, disabled_us, renamed_to
             FROM users WHERE name = $1",
            values![name],
        )
        .await?;
    let branches = transaction
        .rows(
            "SELECT user_name, branch_id FROM user_branches WHERE user_name = $1
             ORDER BY branch_id",
            values![name],
        )
        .await?;
    user.map(|row| read(&row, &branches)).transpose()
}

fn read(row: &Row, branches: &[Row]) -> Result<User, StoreError> {
    let record = Record::new(row, "users", "name");
    Ok(User {
        name: record.read("name")?,
        password_hash: record.read("password_hash")?,
        role: record.read("role")?,
        scope: scope::read(&record, branches, "user_branches", "user_name")?,
        created_at: record.read("created_us")?,
        disabled_at: record.read_optional("disabled_us")?,
        renamed_to: record.read_optional("renamed_to")?,
    })
}

async fn add_branches(
    name: &str,
    branches: &[BranchId],
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    for branch in branches {
        scope::check_branch(branch, transaction).await?;
        transaction
            .execute(
                "INSERT INTO user_branches (user_name, branch_id) VALUES ($1, $2)
                 ON CONFLICT (user_name, branch_id) DO NOTHING",
                values![name, branch],
            )
            .await?;
    }
    Ok(())
}

async fn audit_change(
    action: AuditAction,
    detail: String,
    actor: &Actor,
    at: Timestamp,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let entry = AuditEntry { detail: Some(detail), ..AuditEntry::new(at, actor.clone(), action) };
    audit::write(&entry, transaction).await
}

// The hash is no password, and still nothing for a log.

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("name", &self.name)
            .field("role", &self.role)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("role", &self.role)
            .field("scope", &self.scope)
            .field("disabled_at", &self.disabled_at)
            .finish_non_exhaustive()
    }
}
