//! The registry in the database: each revision as one text in the form of `registry.toml`, and the
//! names of all branches and services, those that are gone too.
//!
//! A revision is read by the reader of `registry.toml`, so that a key means the same in both and one
//! that this program does not know is refused.

use std::collections::BTreeMap;

use super::{
    AuditAction, AuditEntry, Store, StoreError, audit,
    engine::Transaction,
    value::{Record, values},
};
use crate::{
    domain::{Actor, BranchId, ServiceId, Timestamp},
    registry::Registry,
};

/// The names of all branches and services, those that are gone too: old shares stay readable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    branches: BTreeMap<BranchId, String>,
    services: BTreeMap<(BranchId, ServiceId), String>,
}

impl Names {
    /// The name of a branch.
    #[must_use]
    pub fn branch(&self, id: &BranchId) -> Option<&str> {
        self.branches.get(id).map(String::as_str)
    }

    /// The name of a branch's service.
    #[must_use]
    pub fn service(&self, branch: &BranchId, id: &ServiceId) -> Option<&str> {
        self.services.get(&(branch.clone(), id.clone())).map(String::as_str)
    }
}

impl Store {
    /// Puts a registry in force and tells its revision; writes it to the audit. The names of
    /// branches and services that it does not have are kept. The registry that is in force already
    /// changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn apply_registry(
        &self,
        registry: &Registry,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<i64, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let (revision, in_force) = read(&mut transaction).await?;
        if *registry == in_force {
            return Ok(revision);
        }
        let revision = revision.saturating_add(1);
        transaction
            .execute(
                "INSERT INTO registry_revisions (revision, applied_us, document)
                 VALUES ($1, $2, $3)",
                values![revision, at, registry.to_toml()],
            )
            .await?;
        // What would be read back as something else must not come in force.
        if read(&mut transaction).await? != (revision, registry.clone()) {
            let (table, column) = ("registry_revisions", "document");
            return Err(StoreError::Corrupt { table, column, row: revision.to_string() });
        }
        write_names(registry, &mut transaction).await?;
        let changes = Registry::changes(&in_force, registry);
        let mut detail = format!("revision {revision}");
        for change in changes {
            detail.push('\n');
            detail.push_str(&change.to_string());
        }
        let entry = AuditEntry {
            detail: Some(detail),
            ..AuditEntry::new(at, actor.clone(), AuditAction::RegistryApplied)
        };
        audit::write(&entry, &mut transaction).await?;
        transaction.commit().await?;
        Ok(revision)
    }

    /// The registry in force and its revision; revision 0 is the empty one of a new database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registry(&self) -> Result<(i64, Registry), StoreError> {
        read(&mut self.engine.snapshot().await?).await
    }

    /// The revision of the registry in force: a cheap way to see whether it changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registry_revision(&self) -> Result<i64, StoreError> {
        let sql = "SELECT COALESCE(MAX(revision), 0) AS revision FROM registry_revisions";
        let row = self.engine.one(sql, &[]).await?;
        Record::new(&row, "registry_revisions", "revision").read("revision")
    }

    /// The names of all branches and services there are or were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names(&self) -> Result<Names, StoreError> {
        let mut snapshot = self.engine.snapshot().await?;
        let mut names = Names::default();
        for row in &snapshot.rows("SELECT id, name FROM branches", &[]).await? {
            let record = Record::new(row, "branches", "id");
            names.branches.insert(record.read("id")?, record.read("name")?);
        }
        for row in &snapshot.rows("SELECT branch_id, id, name FROM services", &[]).await? {
            let record = Record::new(row, "services", "id");
            let key = (record.read("branch_id")?, record.read("id")?);
            names.services.insert(key, record.read("name")?);
        }
        Ok(names)
    }
}

/// The registry in force and its revision.
async fn read(transaction: &mut Transaction) -> Result<(i64, Registry), StoreError> {
    let sql = "SELECT revision, document FROM registry_revisions ORDER BY revision DESC LIMIT 1";
    let Some(row) = transaction.row(sql, &[]).await? else {
        return Ok((0, Registry::default()));
    };
    let latest = Record::new(&row, "registry_revisions", "revision");
    let revision = latest.read("revision")?;
    let document: String = latest.read("document")?;
    let registry =
        Registry::parse(&document).map_err(|source| StoreError::Registry { revision, source })?;
    Ok((revision, registry))
}

/// Keeps what shares and scopes refer to, with the names that people read.
async fn write_names(registry: &Registry, transaction: &mut Transaction) -> Result<(), StoreError> {
    for branch in &registry.branches {
        transaction
            .execute(
                "INSERT INTO branches (id, name) VALUES ($1, $2)
                 ON CONFLICT (id) DO UPDATE SET name = $2",
                values![branch.id, branch.name],
            )
            .await?;
        for service in &branch.services {
            transaction
                .execute(
                    "INSERT INTO services (branch_id, id, name) VALUES ($1, $2, $3)
                     ON CONFLICT (branch_id, id) DO UPDATE SET name = $3",
                    values![branch.id, service.id, service.name],
                )
                .await?;
        }
    }
    Ok(())
}
