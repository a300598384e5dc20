//! The registry as rows, there and back.

use crate::{
    domain::{BranchId, MailAddress, ServiceId},
    registry::{AcceptedImages, Branch, Registry, Requirement, Service, SignerPolicy},
    store::{
        StoreError,
        engine::Transaction,
        value::{Record, values},
    },
};

/// Puts the branches and services of `registry` in force, and no others.
pub(super) async fn write(
    registry: &Registry,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    transaction.execute("UPDATE branches SET in_force = 0", &[]).await?;
    transaction.execute("UPDATE services SET in_force = 0", &[]).await?;
    transaction.execute("DELETE FROM branch_addresses", &[]).await?;
    for (position, branch) in registry.branches.iter().enumerate() {
        write_branch(position, branch, transaction).await?;
        for (position, service) in branch.services.iter().enumerate() {
            write_service(position, service, &branch.id, transaction).await?;
            write_requirements(service, &branch.id, transaction).await?;
            write_signers(service, &branch.id, transaction).await?;
        }
    }
    Ok(())
}

/// The registry in force and its revision.
pub(super) async fn read(transaction: &mut Transaction) -> Result<(i64, Registry), StoreError> {
    let latest = transaction
        .row(
            "SELECT revision, organisation FROM registry_revisions ORDER BY revision DESC LIMIT 1",
            &[],
        )
        .await?;
    let Some(latest) = latest else {
        return Ok((0, Registry::default()));
    };
    let latest = Record::new(&latest, "registry_revisions", "revision");
    let mut registry =
        Registry { organisation: latest.read("organisation")?, branches: Vec::new() };
    let branches = transaction
        .rows("SELECT id, name FROM branches WHERE in_force = 1 ORDER BY position", &[])
        .await?;
    for row in &branches {
        let record = Record::new(row, "branches", "id");
        let id = record.read("id")?;
        let addresses = read_addresses(&id, transaction).await?;
        let services = read_services(&id, transaction).await?;
        registry.branches.push(Branch { id, name: record.read("name")?, addresses, services });
    }
    Ok((latest.read("revision")?, registry))
}

async fn write_branch(
    position: usize,
    branch: &Branch,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO branches (id, position, name, in_force) VALUES ($1, $2, $3, 1)
             ON CONFLICT (id) DO UPDATE SET position = $2, name = $3, in_force = 1",
            values![branch.id, position, branch.name],
        )
        .await?;
    for (position, address) in branch.addresses.iter().enumerate() {
        transaction
            .execute(
                "INSERT INTO branch_addresses (branch_id, position, address) VALUES ($1, $2, $3)",
                values![branch.id, position, address],
            )
            .await?;
    }
    Ok(())
}

async fn write_service(
    position: usize,
    service: &Service,
    branch: &BranchId,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO services (branch_id, id, position, name, legal_basis, legal_note,
                                   retention_days, qr_issued_on, signers, max_copy_age_hours,
                                   require_fresh, active, signers_by_default, accepts_jpeg,
                                   accepts_png, in_force)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)
             ON CONFLICT (branch_id, id) DO UPDATE
             SET position = $3, name = $4, legal_basis = $5, legal_note = $6, retention_days = $7,
                 qr_issued_on = $8, signers = $9, max_copy_age_hours = $10, require_fresh = $11,
                 active = $12, signers_by_default = $13, accepts_jpeg = $14, accepts_png = $15,
                 in_force = 1",
            values![
                branch,
                service.id,
                position,
                service.name,
                service.legal_basis,
                service.legal_note,
                service.retention_days,
                service.qr_issued_on,
                service.signers.as_ref().unwrap_or(&SignerPolicy::Anchors).as_str(),
                service.max_copy_age_hours,
                service.require_fresh,
                service.active,
                service.signers.is_none(),
                service.accept_images.jpeg,
                service.accept_images.png,
            ],
        )
        .await?;
    Ok(())
}

async fn write_requirements(
    service: &Service,
    branch: &BranchId,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "DELETE FROM service_requirements WHERE branch_id = $1 AND service_id = $2",
            values![branch, service.id],
        )
        .await?;
    for (position, requirement) in service.documents.iter().enumerate() {
        for (alternative, code) in requirement.any_of.iter().enumerate() {
            transaction
                .execute(
                    "INSERT INTO service_requirements (branch_id, service_id, position,
                                                       alternative, type_code, optional)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                    values![branch, service.id, position, alternative, code, requirement.optional],
                )
                .await?;
        }
    }
    Ok(())
}

async fn write_signers(
    service: &Service,
    branch: &BranchId,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "DELETE FROM service_signers WHERE branch_id = $1 AND service_id = $2",
            values![branch, service.id],
        )
        .await?;
    let Some(SignerPolicy::Pinned(signers)) = &service.signers else {
        return Ok(());
    };
    for (position, signer) in signers.iter().enumerate() {
        transaction
            .execute(
                "INSERT INTO service_signers (branch_id, service_id, position, signer)
                 VALUES ($1, $2, $3, $4)",
                values![branch, service.id, position, signer],
            )
            .await?;
    }
    Ok(())
}

async fn read_addresses(
    branch: &BranchId,
    transaction: &mut Transaction,
) -> Result<Vec<MailAddress>, StoreError> {
    let rows = transaction
        .rows(
            "SELECT branch_id, address FROM branch_addresses WHERE branch_id = $1
             ORDER BY position",
            values![branch],
        )
        .await?;
    let address = |row| Record::new(row, "branch_addresses", "branch_id").read("address");
    rows.iter().map(address).collect()
}

async fn read_services(
    branch: &BranchId,
    transaction: &mut Transaction,
) -> Result<Vec<Service>, StoreError> {
    let rows = transaction
        .rows(
            "SELECT id, name, legal_basis, legal_note, retention_days, qr_issued_on, signers,
                    max_copy_age_hours, require_fresh, active, signers_by_default,
                    accepts_jpeg, accepts_png
             FROM services WHERE branch_id = $1 AND in_force = 1 ORDER BY position",
            values![branch],
        )
        .await?;
    let mut services = Vec::with_capacity(rows.len());
    for row in &rows {
        let record = Record::new(row, "services", "id");
        let id = record.read("id")?;
        let documents = read_requirements(branch, &id, transaction).await?;
        services.push(Service {
            documents,
            signers: read_signers(&record, branch, &id, transaction).await?,
            id,
            name: record.read("name")?,
            legal_basis: record.read("legal_basis")?,
            legal_note: record.read_optional("legal_note")?,
            retention_days: record.read("retention_days")?,
            qr_issued_on: record.read_optional("qr_issued_on")?,
            max_copy_age_hours: record.read("max_copy_age_hours")?,
            accept_images: AcceptedImages {
                jpeg: record.read("accepts_jpeg")?,
                png: record.read("accepts_png")?,
            },
            require_fresh: record.read("require_fresh")?,
            active: record.read("active")?,
        });
    }
    Ok(services)
}

async fn read_requirements(
    branch: &BranchId,
    service: &ServiceId,
    transaction: &mut Transaction,
) -> Result<Vec<Requirement>, StoreError> {
    let rows = transaction
        .rows(
            "SELECT service_id, position, type_code, optional FROM service_requirements
             WHERE branch_id = $1 AND service_id = $2 ORDER BY position, alternative",
            values![branch, service],
        )
        .await?;
    let mut requirements: Vec<Requirement> = Vec::new();
    let mut latest = None;
    for row in &rows {
        let record = Record::new(row, "service_requirements", "service_id");
        let position: i64 = record.read("position")?;
        let code = record.read("type_code")?;
        let same = requirements.last_mut().filter(|_| latest == Some(position));
        if let Some(requirement) = same {
            requirement.any_of.push(code);
        } else {
            let optional = record.read("optional")?;
            requirements.push(Requirement { any_of: vec![code], optional });
        }
        latest = Some(position);
    }
    Ok(requirements)
}

async fn read_signers(
    record: &Record<'_>,
    branch: &BranchId,
    service: &ServiceId,
    transaction: &mut Transaction,
) -> Result<Option<SignerPolicy>, StoreError> {
    if record.read("signers_by_default")? {
        return Ok(None);
    }
    let name: String = record.read("signers")?;
    match name.as_str() {
        "anchors" => Ok(Some(SignerPolicy::Anchors)),
        "person" => Ok(Some(SignerPolicy::Person)),
        "seal" => Ok(Some(SignerPolicy::Seal)),
        "seal-or-person" => Ok(Some(SignerPolicy::SealOrPerson)),
        "pinned" => {
            let rows = transaction
                .rows(
                    "SELECT service_id, signer FROM service_signers
                     WHERE branch_id = $1 AND service_id = $2 ORDER BY position",
                    values![branch, service],
                )
                .await?;
            let signer = |row| Record::new(row, "service_signers", "service_id").read("signer");
            let signers = rows.iter().map(signer).collect::<Result<_, _>>()?;
            Ok(Some(SignerPolicy::Pinned(signers)))
        }
        _ => Err(record.corrupt("signers")),
    }
}
