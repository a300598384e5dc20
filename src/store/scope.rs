//! The branches that a user or a token sees, as rows.

use super::{
    Row, StoreError,
    engine::Transaction,
    value::{Record, values},
};
use crate::domain::{BranchId, BranchScope};

/// Whether a scope is every branch, and the branches that it lists otherwise.
pub(super) fn split(scope: &BranchScope) -> (bool, &[BranchId]) {
    match scope {
        BranchScope::All => (true, &[]),
        BranchScope::Only(branches) => (false, branches),
    }
}

/// Refuses a branch that never was in the registry.
pub(super) async fn check_branch(
    branch: &BranchId,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    let known = transaction.row("SELECT 1 FROM branches WHERE id = $1", values![branch]).await?;
    match known {
        Some(_) => Ok(()),
        None => Err(StoreError::Unknown { kind: "branch", name: branch.to_string() }),
    }
}

/// The scope of the row that `record` is, given the rows that list its branches.
pub(super) fn read(
    record: &Record<'_>,
    branches: &[Row],
    table: &'static str,
    owner: &'static str,
) -> Result<BranchScope, StoreError> {
    if record.read("all_branches")? {
        return Ok(BranchScope::All);
    }
    let name: String = record.read("name")?;
    let mut listed = Vec::new();
    for row in branches {
        let row = Record::new(row, table, owner);
        if row.read::<String>(owner)? == name {
            listed.push(row.read("branch_id")?);
        }
    }
    Ok(BranchScope::Only(listed))
}
