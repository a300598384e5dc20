//! What is left of a share to judge it by.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    bundle::{Document, read_name},
    domain::{
        DocumentDetails, DocumentRow, ServiceId, ShareDetails, ShareId, ShareRow, Term,
        without_trace,
    },
    sealing::Key,
    signature::Signed,
    vault::{ObjectName, VaultError},
};

use super::{Pipeline, PipelineError, examine::Material};

impl Pipeline {
    /// The mail of a share; where that is destroyed, as it is with the copies that nobody asked for,
    /// the copies that are kept as long as the share itself. `None` when the share is destroyed.
    pub(super) async fn remains(
        &self,
        share: ShareId,
        documents: &[DocumentRow],
    ) -> Result<Option<Material>, PipelineError> {
        let Some(term) = self.store.mail_term(share).await? else { return Ok(None) };
        if let Some(key) = self.kept_key(share, term).await?
            && let Some(kept) = self.kept(share, term, &ObjectName::mail(), &key).await?
        {
            return Ok(Some(Material::Mail(kept.slice_ref(without_trace(&kept)))));
        }
        let Some(key) = self.kept_key(share, Term::Share).await? else { return Ok(None) };
        let mut copies = Vec::new();
        for row in documents.iter().filter(|row| row.term == Term::Share) {
            let Some(copy) = self.kept_copy(share, row, &key).await? else { return Ok(None) };
            copies.push(copy);
        }
        Ok(Some(Material::Copies(copies)))
    }

    async fn kept_copy(
        &self,
        share: ShareId,
        row: &DocumentRow,
        key: &Key,
    ) -> Result<Option<Document>, PipelineError> {
        let Some(sealed) = &row.sealed_details else { return Ok(None) };
        let kind = DocumentDetails::kind(row.number);
        let details: DocumentDetails =
            self.vault.open_details(share, row.term, &kind, key, sealed)?;
        let name = ObjectName::document(row.number);
        let Some(content) = self.kept(share, row.term, &name, key).await? else { return Ok(None) };
        let mut signatures = Vec::new();
        for number in 1..=row.signature_files {
            let name = ObjectName::signature(row.number, number);
            let Some(file) = self.kept(share, row.term, &name, key).await? else { return Ok(None) };
            signatures.push(file);
        }
        // Of a signature without its document, the signature itself is kept in its place.
        let is_document = signatures.first() != Some(&content);
        let made_at = [&details.name]
            .into_iter()
            .chain(&details.signature_names)
            .find_map(|name| read_name(name).made_at);
        Ok(Some(Document {
            type_code: row.type_code.clone(),
            type_source: row.type_source,
            made_at,
            signed: Signed { content: is_document.then_some(content), signatures },
            name: details.name,
            signature_names: details.signature_names,
            encrypted: Vec::new(),
        }))
    }

    /// An object of a share; `None` when the purge has just been there.
    async fn kept(
        &self,
        share: ShareId,
        term: Term,
        name: &ObjectName,
        key: &Key,
    ) -> Result<Option<Bytes>, PipelineError> {
        match self.vault.read(share, term, name, key).await {
            Ok(kept) => Ok(Some(kept)),
            Err(VaultError::Missing { .. }) if self.kept_key(share, term).await?.is_none() => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn kept_key(
        &self,
        share: ShareId,
        term: Term,
    ) -> Result<Option<Key>, PipelineError> {
        let wrapped = self.store.wrapped_key(share, term).await?;
        let key = wrapped.map(|wrapped| self.vault.data_key(share, term, &wrapped));
        Ok(key.transpose()?)
    }

    /// The service that the recipient's sub-address names. Which service a share was matched with
    /// does not tell who chose it.
    pub(super) async fn named_service(
        &self,
        before: &ShareRow,
    ) -> Result<Option<ServiceId>, PipelineError> {
        let key = self.kept_key(before.id, Term::Share).await?;
        let (Some(key), Some(sealed)) = (key, &before.sealed_details) else { return Ok(None) };
        let (term, kind) = (Term::Share, ShareDetails::KIND);
        let details: ShareDetails = self.vault.open_details(before.id, term, kind, &key, sealed)?;
        let registry = Arc::clone(&self.registry.borrow());
        let mut services = details.recipients.iter().filter_map(|recipient| {
            registry.find(recipient).and_then(|found| Some(found.service?.id.clone()))
        });
        Ok(services.next())
    }
}
