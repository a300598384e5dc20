//! What is left of a share to judge it by.

use bytes::Bytes;

use crate::{
    archive::{ArchiveError, KeptDocument, KeptShare},
    bundle::Document,
    domain::{BranchScope, ServiceId, ShareDetails, ShareId, Term, without_trace},
    metrics::Part,
    registry::Registry,
    store::StoreError,
    trust::StatusRecord,
    vault::VaultError,
};

use super::{Pipeline, PipelineError, chain};

/// What is made of an object or a sealed value of one share that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A disk may just be mounted: nothing is judged without it.
    MayPass,
    /// It could not be read before, and it is this share's own matter: it is as good as damaged.
    Lasts,
}

/// A share as far as it can be read.
pub(super) struct Legible {
    pub(super) documents: Vec<KeptDocument>,
    /// What authorities said of its certificates; `None` when that cannot be read.
    pub(super) records: Option<Vec<StatusRecord>>,
    /// Who sent it, and where to.
    pub(super) details: Option<ShareDetails>,
    /// Whether there is nothing else.
    pub(super) is_whole: bool,
}

impl Legible {
    /// Its keys cannot be opened.
    fn nothing() -> Self {
        Self { documents: Vec::new(), records: None, details: None, is_whole: false }
    }
}

impl Pipeline {
    /// The mail of a share as it was sent; `None` when it is destroyed, as it is with the copies that
    /// nobody asked for, or damaged or missing on the disk, or cannot be read and that lasts.
    pub(super) async fn kept_mail(
        &self,
        kept: &KeptShare,
        fault: Fault,
    ) -> Result<Option<Bytes>, PipelineError> {
        let mail = match kept.mail().await {
            Ok(mail) => mail,
            Err(error) => {
                self.go_on_without(kept.row().id, error, fault).await?;
                None
            }
        };
        Ok(mail.map(|mail| mail.slice_ref(without_trace(&mail))))
    }

    /// The copies that are kept as long as the share itself, but for those damaged or missing on the disk,
    /// or that cannot be read when that lasts; `None` when it is destroyed.
    pub(super) async fn kept_copies(
        &self,
        kept: &KeptShare,
        documents: &[KeptDocument],
        fault: Fault,
    ) -> Result<Option<Vec<Document>>, PipelineError> {
        let mut copies = Vec::new();
        for document in documents.iter().filter(|one| one.row.term == Term::Share) {
            match kept.copy(document).await {
                Ok(Some(copy)) => copies.push(copy),
                Ok(None) => return Ok(None),
                Err(error) => self.go_on_without(kept.row().id, error, fault).await?,
            }
        }
        Ok(Some(copies))
    }

    /// A share with what the database has sealed of it; `None` when it is destroyed.
    pub(super) async fn legible(
        &self,
        share: ShareId,
        fault: Fault,
    ) -> Result<Option<(KeptShare, Legible)>, PipelineError> {
        let Some(row) = self.archive.store().share(share, &BranchScope::All).await? else {
            return Ok(None);
        };
        match self.archive.open_row(row.clone()).await {
            Ok(kept) if kept.is_destroyed() => Ok(None),
            Ok(kept) => {
                let values = self.kept_values(&kept, fault).await?;
                Ok(values.map(|values| (kept, values)))
            }
            Err(error) => {
                self.go_on_without(share, error, fault).await?;
                Ok(Some((self.archive.closed(row), Legible::nothing())))
            }
        }
    }

    /// What the database has sealed of a share; `None` when it is destroyed.
    async fn kept_values(
        &self,
        kept: &KeptShare,
        fault: Fault,
    ) -> Result<Option<Legible>, PipelineError> {
        let share = kept.row().id;
        let (mut documents, mut is_whole) = (Vec::new(), true);
        let rows = match kept.rows().await {
            Ok(rows) => rows,
            Err(error) => {
                self.go_on_without(share, error, fault).await?;
                is_whole = false;
                Vec::new()
            }
        };
        for row in rows {
            let is_kept_long = row.term == Term::Share;
            match kept.document(row) {
                Ok(document) if document.details.is_none() && is_kept_long => return Ok(None),
                Ok(document) => documents.push(document),
                Err(error) => {
                    self.go_on_without(share, error, fault).await?;
                    is_whole = false;
                }
            }
        }
        let records = match kept.records().await {
            Ok(records) => Some(records),
            Err(error) => {
                self.go_on_without(share, error, fault).await?;
                None
            }
        };
        let details = match kept.details() {
            Ok(details) => details,
            Err(error) => {
                self.go_on_without(share, error, fault).await?;
                is_whole = false;
                None
            }
        };
        is_whole &= records.is_some();
        Ok(Some(Legible { documents, records, details, is_whole }))
    }

    /// Goes on without what is damaged or missing, and without what cannot be read when that lasts: the
    /// database and the vault are there, and it is this share's alone.
    async fn go_on_without(
        &self,
        share: ShareId,
        error: ArchiveError,
        fault: Fault,
    ) -> Result<(), PipelineError> {
        let is_lost = match &error {
            // Trying again heals nothing.
            ArchiveError::Vault(VaultError::Damaged { .. } | VaultError::Missing { .. }) => true,
            ArchiveError::Vault(VaultError::NotThere { .. } | VaultError::Stopped) => false,
            ArchiveError::Vault(_) | ArchiveError::Store(StoreError::Corrupt { .. }) => {
                fault == Fault::Lasts
            }
            ArchiveError::Store(_) => false,
        };
        if !is_lost {
            return Err(error.into());
        }
        self.archive.vault().check().await.map_err(ArchiveError::from)?;
        self.metrics.failure(Part::Pipeline);
        tracing::error!(share.id = %share, error = chain(&error),
            "something that is kept of the share is damaged, missing or cannot be read; it is judged by \
             the rest");
        Ok(())
    }
}

/// The service that the recipient's sub-address names in `registry`. Which service a share was
/// matched with does not tell who chose it.
pub(super) fn named_service(
    details: Option<&ShareDetails>,
    registry: &Registry,
) -> Option<ServiceId> {
    details?.recipients.iter().find_map(|recipient| {
        registry.find(recipient).and_then(|found| Some(found.service?.id.clone()))
    })
}
