//! What is left of a share to judge it by.

use bytes::Bytes;

use crate::{
    archive::{ArchiveError, KeptDocument, KeptShare},
    bundle::Document,
    domain::{ServiceId, ShareId, Term, without_trace},
    metrics::Part,
    registry::Registry,
    vault::VaultError,
};

use super::{Pipeline, PipelineError, chain};

impl Pipeline {
    /// The mail of a share as it was sent; `None` when it is destroyed, as it is with the copies that
    /// nobody asked for, or damaged or missing on the disk.
    pub(super) async fn kept_mail(&self, kept: &KeptShare) -> Result<Option<Bytes>, PipelineError> {
        let mail = match kept.mail().await {
            Ok(mail) => mail,
            Err(error) => {
                self.tell_damaged(kept.row().id, error)?;
                None
            }
        };
        Ok(mail.map(|mail| mail.slice_ref(without_trace(&mail))))
    }

    /// The copies that are kept as long as the share itself, but for those damaged or missing on the disk;
    /// `None` when it is destroyed.
    pub(super) async fn kept_copies(
        &self,
        kept: &KeptShare,
        documents: &[KeptDocument],
    ) -> Result<Option<Vec<Document>>, PipelineError> {
        let mut copies = Vec::new();
        for document in documents.iter().filter(|one| one.row.term == Term::Share) {
            match kept.copy(document).await {
                Ok(Some(copy)) => copies.push(copy),
                Ok(None) => return Ok(None),
                Err(error) => self.tell_damaged(kept.row().id, error)?,
            }
        }
        Ok(Some(copies))
    }

    /// Goes on without what is damaged or missing: trying again heals nothing, and the vault is there.
    fn tell_damaged(&self, share: ShareId, error: ArchiveError) -> Result<(), PipelineError> {
        let ArchiveError::Vault(error @ (VaultError::Damaged { .. } | VaultError::Missing { .. })) =
            error
        else {
            return Err(error.into());
        };
        self.metrics.failure(Part::Pipeline);
        tracing::error!(share.id = %share, error = chain(&error),
            "what is kept of the share is damaged or missing; it is judged by the rest");
        Ok(())
    }
}

/// The documents of a share with their details; `None` when it is destroyed.
pub(super) async fn kept_documents(
    kept: &KeptShare,
) -> Result<Option<Vec<KeptDocument>>, PipelineError> {
    let mut all = Vec::new();
    for row in kept.rows().await? {
        let document = kept.document(row)?;
        if document.details.is_none() && document.row.term == Term::Share {
            return Ok(None);
        }
        all.push(document);
    }
    Ok(Some(all))
}

/// The service that the recipient's sub-address names in `registry`. Which service a share was
/// matched with does not tell who chose it.
pub(super) fn named_service(
    kept: &KeptShare,
    registry: &Registry,
) -> Result<Option<ServiceId>, PipelineError> {
    let Some(details) = kept.details()? else { return Ok(None) };
    let mut services = details.recipients.iter().filter_map(|recipient| {
        registry.find(recipient).and_then(|found| Some(found.service?.id.clone()))
    });
    Ok(services.next())
}
