//! API tokens: only their digests.

use super::{
    AuditAction, AuditEntry, Row, Store, StoreError, audit, scope,
    value::{Record, values},
};
use crate::domain::{Actor, BranchScope, Sha256, Timestamp, TokenScope};

/// What a token is called in errors.
const KIND: &str = "token";

/// An API token, to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// Its name, for people.
    pub name: String,
    /// The token's digest.
    pub digest: Sha256,
    /// What it may do.
    pub scope: TokenScope,
    /// The branches it sees.
    pub branches: BranchScope,
}

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name, for people.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// The branches it sees.
    pub branches: BranchScope,
    /// When it was added.
    pub created_at: Timestamp,
    /// Since when it opens nothing.
    pub revoked_at: Option<Timestamp>,
}

impl Store {
    /// Adds a token; writes it to the audit.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] when there is or was a token of that name,
    /// [`StoreError::Unknown`] when a branch of the scope is not in the registry; when the
    /// database fails.
    pub async fn add_token(
        &self,
        token: &NewToken,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        let (all_branches, branches) = scope::split(&token.branches);
        let added = transaction
            .execute(
                "INSERT INTO tokens (name, digest, scope, all_branches, created_us)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (name) DO NOTHING",
                values![token.name, token.digest, token.scope, all_branches, at],
            )
            .await?;
        if added == 0 {
            return Err(StoreError::NameTaken { kind: KIND, name: token.name.clone() });
        }
        for branch in branches {
            scope::check_branch(branch, &mut transaction).await?;
            transaction
                .execute(
                    "INSERT INTO token_branches (token_name, branch_id) VALUES ($1, $2)
                     ON CONFLICT (token_name, branch_id) DO NOTHING",
                    values![token.name, branch],
                )
                .await?;
        }
        let entry = AuditEntry {
            detail: Some(format!("{} ({})", token.name, token.scope.as_str())),
            ..AuditEntry::new(at, actor.clone(), AuditAction::TokenAdded)
        };
        audit::write(&entry, &mut transaction).await?;
        transaction.commit().await
    }

    /// The token with this digest, unless it is revoked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token(&self, digest: &Sha256) -> Result<Option<Token>, StoreError> {
        let mut snapshot = self.engine.snapshot().await?;
        let row = snapshot
            .row(
                "SELECT name, scope, all_branches, created_us, revoked_us
                 FROM tokens WHERE digest = $1 AND revoked_us IS NULL",
                values![digest],
            )
            .await?;
        let branches = snapshot
            .rows(
                "SELECT token_name, branch_id
                 FROM token_branches JOIN tokens ON tokens.name = token_branches.token_name
                 WHERE digest = $1 ORDER BY branch_id",
                values![digest],
            )
            .await?;
        row.map(|row| read(&row, &branches)).transpose()
    }

    /// Lets a token open nothing from now on; writes it to the audit. Nothing happens to one
    /// that is revoked already.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] when there is no such token; when the database fails.
    pub async fn revoke_token(
        &self,
        name: &str,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        let changed = transaction
            .execute(
                "UPDATE tokens SET revoked_us = $2 WHERE name = $1 AND revoked_us IS NULL",
                values![name, at],
            )
            .await?;
        if changed == 0 {
            let known =
                transaction.row("SELECT 1 FROM tokens WHERE name = $1", values![name]).await?;
            return match known {
                Some(_) => Ok(()),
                None => Err(StoreError::Unknown { kind: KIND, name: name.to_owned() }),
            };
        }
        let entry = AuditEntry {
            detail: Some(name.to_owned()),
            ..AuditEntry::new(at, actor.clone(), AuditAction::TokenRevoked)
        };
        audit::write(&entry, &mut transaction).await?;
        transaction.commit().await
    }

    /// All tokens, revoked ones too, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let mut snapshot = self.engine.snapshot().await?;
        let tokens = snapshot
            .rows(
                "SELECT name, scope, all_branches, created_us, revoked_us
                 FROM tokens ORDER BY name",
                &[],
            )
            .await?;
        let branches = snapshot
            .rows(
                "SELECT token_name, branch_id FROM token_branches ORDER BY token_name, branch_id",
                &[],
            )
            .await?;
        tokens.iter().map(|row| read(row, &branches)).collect()
    }
}

fn read(row: &Row, branches: &[Row]) -> Result<Token, StoreError> {
    let record = Record::new(row, "tokens", "name");
    Ok(Token {
        name: record.read("name")?,
        scope: record.read("scope")?,
        branches: scope::read(&record, branches, "token_branches", "token_name")?,
        created_at: record.read("created_us")?,
        revoked_at: record.read_optional("revoked_us")?,
    })
}
