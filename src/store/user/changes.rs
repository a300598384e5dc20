//! What is changed of a user, each with its line in the audit.
//!
//! Role and branches are read anew with each request, so a change of them is in force at once, in
//! sessions that are open too. What takes the right to sign in away ends the sessions.

use super::{
    super::{AuditAction, Store, StoreError, scope, value::values},
    KIND, User, add_branches, audit_change, find,
};
use crate::{
    domain::{Actor, BranchScope, Role, Timestamp},
    store::engine::Transaction,
};

impl Store {
    /// Gives a user another password and ends their sessions; writes it to the audit. A disabled
    /// user stays disabled.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] when there is no such user, [`StoreError::Renamed`] when they have
    /// another name; when the database fails.
    pub async fn set_password(
        &self,
        name: &str,
        password_hash: &str,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        current(name, &mut transaction).await?;
        transaction
            .execute(
                "UPDATE users SET password_hash = $2 WHERE name = $1",
                values![name, password_hash],
            )
            .await?;
        end_sessions(name, &mut transaction).await?;
        let action = AuditAction::PasswordSet;
        audit_change(action, name.to_owned(), actor, at, &mut transaction).await?;
        transaction.commit().await
    }

    /// Lets a user sign in no more and ends their sessions; writes it to the audit. Nothing
    /// happens to one who is disabled already.
    ///
    /// # Errors
    /// As [`Self::set_password`].
    pub async fn disable_user(
        &self,
        name: &str,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        if current(name, &mut transaction).await?.disabled_at.is_some() {
            return Ok(());
        }
        transaction
            .execute("UPDATE users SET disabled_us = $2 WHERE name = $1", values![name, at])
            .await?;
        end_sessions(name, &mut transaction).await?;
        let action = AuditAction::UserDisabled;
        audit_change(action, name.to_owned(), actor, at, &mut transaction).await?;
        transaction.commit().await
    }

    /// Lets a disabled user sign in again, with the password, role and branches that they had;
    /// writes it to the audit. Nothing happens to one who is not disabled.
    ///
    /// # Errors
    /// As [`Self::set_password`].
    pub async fn enable_user(
        &self,
        name: &str,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        if current(name, &mut transaction).await?.disabled_at.is_none() {
            return Ok(());
        }
        transaction
            .execute("UPDATE users SET disabled_us = NULL WHERE name = $1", values![name])
            .await?;
        let action = AuditAction::UserEnabled;
        audit_change(action, name.to_owned(), actor, at, &mut transaction).await?;
        transaction.commit().await
    }

    /// Gives a user another role, in force with their next request; writes it to the audit, unless
    /// they have it already.
    ///
    /// # Errors
    /// As [`Self::set_password`].
    pub async fn set_role(
        &self,
        name: &str,
        role: Role,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        let before = current(name, &mut transaction).await?.role;
        if before == role {
            return Ok(());
        }
        transaction
            .execute("UPDATE users SET role = $2 WHERE name = $1", values![name, role])
            .await?;
        let detail = format!("{name}: {before} → {role}");
        audit_change(AuditAction::UserRoleSet, detail, actor, at, &mut transaction).await?;
        transaction.commit().await
    }

    /// Lets a user see these branches and no others, from their next request on; writes it to the
    /// audit.
    ///
    /// # Errors
    /// As [`Self::set_password`], and [`StoreError::Unknown`] when a branch is not in the registry.
    pub async fn set_scope(
        &self,
        name: &str,
        scope: &BranchScope,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        let before = current(name, &mut transaction).await?.scope;
        let (all_branches, branches) = scope::split(scope);
        transaction
            .execute(
                "UPDATE users SET all_branches = $2 WHERE name = $1",
                values![name, all_branches],
            )
            .await?;
        transaction
            .execute("DELETE FROM user_branches WHERE user_name = $1", values![name])
            .await?;
        add_branches(name, branches, &mut transaction).await?;
        let detail = format!("{name}: {before} → {scope}");
        audit_change(AuditAction::UserBranchesSet, detail, actor, at, &mut transaction).await?;
        transaction.commit().await
    }

    /// Gives a user another name to sign in with, and ends their sessions; writes it to the audit.
    /// The former name stays taken: what the audit says of it was done by this user.
    ///
    /// # Errors
    /// As [`Self::set_password`], and [`StoreError::NameTaken`] when there is or was a user of the
    /// new name.
    pub async fn rename_user(
        &self,
        name: &str,
        new_name: &str,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        current(name, &mut transaction).await?;
        let added = transaction
            .execute(
                "INSERT INTO users
                     (name, password_hash, role, all_branches, created_us, disabled_us)
                 SELECT $2, password_hash, role, all_branches, created_us, disabled_us
                 FROM users WHERE name = $1
                 ON CONFLICT (name) DO NOTHING",
                values![name, new_name],
            )
            .await?;
        if added == 0 {
            return Err(StoreError::NameTaken { kind: KIND, name: new_name.to_owned() });
        }
        end_sessions(name, &mut transaction).await?;
        transaction
            .execute(
                "UPDATE user_branches SET user_name = $2 WHERE user_name = $1",
                values![name, new_name],
            )
            .await?;
        transaction
            .execute(
                "UPDATE users SET renamed_to = $2, password_hash = '',
                     disabled_us = COALESCE(disabled_us, $3)
                 WHERE name = $1",
                values![name, new_name, at],
            )
            .await?;
        let detail = format!("{name} → {new_name}");
        audit_change(AuditAction::UserRenamed, detail, actor, at, &mut transaction).await?;
        transaction.commit().await
    }
}

/// The user of this name, who may be disabled.
async fn current(name: &str, transaction: &mut Transaction) -> Result<User, StoreError> {
    let name = || name.to_owned();
    match find(&name(), transaction).await? {
        None => Err(StoreError::Unknown { kind: KIND, name: name() }),
        Some(User { renamed_to: Some(now), .. }) => Err(StoreError::Renamed { name: name(), now }),
        Some(user) => Ok(user),
    }
}

async fn end_sessions(name: &str, transaction: &mut Transaction) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM sessions WHERE user_name = $1", values![name]).await?;
    Ok(())
}
