//! What is left of a share to judge it by.

use bytes::Bytes;

use crate::{
    bundle::{Document, read_name},
    domain::{
        Container, DocumentDetails, DocumentRow, ServiceId, ShareDetails, ShareId, ShareRow, Term,
        TypeCode, TypeSource, without_trace,
    },
    metrics::Part,
    registry::Registry,
    sealing::Key,
    signature::Signed,
    trust::StatusRecord,
    vault::{ObjectName, VaultError},
};

use super::{Pipeline, PipelineError, chain, keep::RECORDS};

/// What is kept of a document.
pub(super) struct Kept {
    pub(super) row: DocumentRow,
    /// `None` when it is destroyed.
    pub(super) details: Option<DocumentDetails>,
}

impl Kept {
    /// Its type, also where it is among what is sealed.
    pub(super) fn type_code(&self) -> TypeCode {
        let row = &self.row;
        match &self.details {
            Some(DocumentDetails { type_code: Some(code), .. }) => code.clone(),
            // An earlier version kept it in the clear alone, from where it was taken away.
            Some(details)
                if row.type_code.is_unknown() && row.type_source == Some(TypeSource::Name) =>
            {
                read_name(&details.name).type_code
            }
            Some(_) | None => row.type_code.clone(),
        }
    }
}

impl Pipeline {
    /// The mail of a share as it was sent; `None` when it is destroyed, as it is with the copies that
    /// nobody asked for, or damaged or missing on the disk.
    pub(super) async fn kept_mail(&self, share: ShareId) -> Result<Option<Bytes>, PipelineError> {
        let Some(term) = self.store.mail_term(share).await? else { return Ok(None) };
        let Some(key) = self.kept_key(share, term).await? else { return Ok(None) };
        let kept = match self.kept(share, term, &ObjectName::mail(), &key).await {
            Ok(kept) => kept,
            Err(error) => {
                self.tell_damaged(share, error)?;
                None
            }
        };
        Ok(kept.map(|kept| kept.slice_ref(without_trace(&kept))))
    }

    /// What is kept of each document; `None` when the share is destroyed.
    pub(super) async fn kept_documents(
        &self,
        share: ShareId,
    ) -> Result<Option<Vec<Kept>>, PipelineError> {
        let mut all = Vec::new();
        for row in self.store.documents(share).await? {
            let key = self.kept_key(share, row.term).await?;
            let details = match (&row.sealed_details, key) {
                (Some(sealed), Some(key)) => {
                    let kind = DocumentDetails::kind(row.number);
                    Some(self.vault.open_details(share, row.term, &kind, &key, sealed)?)
                }
                _ if row.term == Term::Share => return Ok(None),
                _ => None,
            };
            all.push(Kept { row, details });
        }
        Ok(Some(all))
    }

    /// The copies that are kept as long as the share itself, but for those damaged or missing on the disk;
    /// `None` when it is destroyed.
    pub(super) async fn kept_copies(
        &self,
        share: ShareId,
        documents: &[Kept],
        key: &Key,
    ) -> Result<Option<Vec<Document>>, PipelineError> {
        let mut copies = Vec::new();
        for kept in documents.iter().filter(|kept| kept.row.term == Term::Share) {
            let Some(details) = &kept.details else { return Ok(None) };
            match self.kept_copy(share, kept, details, key).await {
                Ok(Some(copy)) => copies.push(copy),
                Ok(None) => return Ok(None),
                Err(error) => self.tell_damaged(share, error)?,
            }
        }
        Ok(Some(copies))
    }

    /// Goes on without what is damaged or missing: trying again heals nothing, and the vault is there.
    fn tell_damaged(&self, share: ShareId, error: PipelineError) -> Result<(), PipelineError> {
        let PipelineError::Vault(error @ (VaultError::Damaged { .. } | VaultError::Missing { .. })) =
            error
        else {
            return Err(error);
        };
        self.metrics.failure(Part::Pipeline);
        tracing::error!(share.id = %share, error = chain(&error),
            "what is kept of the share is damaged or missing; it is judged by the rest");
        Ok(())
    }

    async fn kept_copy(
        &self,
        share: ShareId,
        kept: &Kept,
        details: &DocumentDetails,
        key: &Key,
    ) -> Result<Option<Document>, PipelineError> {
        let Kept { row, .. } = kept;
        let name = ObjectName::document(row.number);
        let Some(content) = self.kept(share, row.term, &name, key).await? else { return Ok(None) };
        let mut signatures = Vec::new();
        for number in 1..=row.signature_files {
            let name = ObjectName::signature(row.number, number);
            let Some(file) = self.kept(share, row.term, &name, key).await? else { return Ok(None) };
            signatures.push(file);
        }
        let mut signature_names = details.signature_names.clone();
        let content = if details.is_enclosed {
            signature_names.pop();
            signatures.pop()
        } else {
            // Of a signature without its document, the signature itself is kept in its place.
            let is_carried = details.report.container == Container::CmsAttached
                || signatures.first() == Some(&content);
            (!is_carried).then_some(content)
        };
        let mut names = [&details.name].into_iter().chain(&details.signature_names);
        Ok(Some(Document {
            name: details.name.clone(),
            type_code: kept.type_code(),
            type_source: row.type_source,
            made_at: names.find_map(|name| read_name(name).made_at),
            signed: Signed { content, signatures },
            signature_names,
            encrypted: Vec::new(),
        }))
    }

    /// What authorities said of the share's certificates; nothing for a share that an earlier version
    /// kept.
    pub(super) async fn kept_records(
        &self,
        share: ShareId,
        key: &Key,
    ) -> Result<Vec<StatusRecord>, PipelineError> {
        let Some(sealed) = self.store.sealed_records(share).await? else { return Ok(Vec::new()) };
        Ok(self.vault.open_details(share, Term::Share, RECORDS, key, &sealed)?)
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

    /// The service that the recipient's sub-address names in `registry`. Which service a share was
    /// matched with does not tell who chose it.
    pub(super) fn named_service(
        &self,
        row: &ShareRow,
        key: &Key,
        registry: &Registry,
    ) -> Result<Option<ServiceId>, PipelineError> {
        let Some(sealed) = &row.sealed_details else { return Ok(None) };
        let (term, kind) = (Term::Share, ShareDetails::KIND);
        let details: ShareDetails = self.vault.open_details(row.id, term, kind, key, sealed)?;
        let mut services = details.recipients.iter().filter_map(|recipient| {
            registry.find(recipient).and_then(|found| Some(found.service?.id.clone()))
        });
        Ok(services.next())
    }
}
