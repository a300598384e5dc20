//! What of a share a reader gets to see: the one place that decides it, for pages and API.
//!
//! Personal details and bytes are opened here and nowhere else in `web`, and given only after the
//! audit has its line. What a reader may not see is not opened, rather than opened and left out.

use bytes::Bytes;

use super::{State, refusal::Refusal};
use crate::{
    archive::{KeptDocument, KeptShare},
    content::FileKind,
    domain::{
        Actor, BranchScope, DocumentDetails, DocumentRow, ShareDetails, ShareId, ShareRow, TypeCode,
    },
    store::{AuditAction, AuditEntry},
};

/// Somebody who reads shares, and what they may see of them.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// By what name the audit knows them.
    pub(super) actor: Actor,
    /// The branches they see; a share of another looks like one that does not exist.
    pub(super) scope: BranchScope,
    /// Whether they open documents and personal details.
    pub(super) opens_documents: bool,
    /// Whether they open what nobody asked for, and the raw mail.
    pub(super) opens_everything: bool,
}

/// A share as one reader may see it.
#[derive(Clone, Debug)]
pub(super) struct Disclosed {
    /// The share without personal data.
    pub(super) row: ShareRow,
    /// Its personal details; `None` when destroyed, or closed to the reader.
    pub(super) details: Option<ShareDetails>,
    /// Whether the reader's role opens no personal details at all.
    pub(super) details_closed: bool,
    /// Whether the reader may have the raw mail, and it is still there.
    pub(super) mail_open: bool,
    /// All its documents, the hidden ones too: that there are such is no secret.
    pub(super) documents: Vec<DisclosedDocument>,
}

/// A document as one reader may see it.
#[derive(Clone, Debug)]
pub(super) struct DisclosedDocument {
    /// The document without personal data.
    pub(super) row: DocumentRow,
    /// Nobody asked for it, and the reader opens only what was asked for.
    pub(super) hidden: bool,
    /// Its term is over.
    pub(super) destroyed: bool,
    /// Its personal details; `None` when destroyed, or closed to the reader.
    pub(super) details: Option<DocumentDetails>,
}

impl DisclosedDocument {
    /// Its type as far as the reader may know it: one that is made up is among the details.
    pub(super) fn type_code(&self) -> &TypeCode {
        let sealed = self.details.as_ref().and_then(|details| details.type_code.as_ref());
        sealed.unwrap_or(&self.row.type_code)
    }

    /// How many bytes of it are handed out.
    pub(super) fn size(&self) -> u64 {
        let revision = self.details.as_ref().and_then(|details| details.revision);
        revision.unwrap_or(self.row.size)
    }

    /// How many are not, for they were added after it was signed.
    pub(super) fn added(&self) -> u64 {
        self.row.size.saturating_sub(self.size())
    }
}

/// Bytes to be handed out, exactly as they came: of a document, without what was added after it was signed.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// The name they came with.
    pub(super) name: String,
    /// What they are.
    pub(super) kind: FileKind,
    /// The bytes.
    pub(super) content: Bytes,
}

impl Reader {
    /// The share of that id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when there is none within the reader's branches.
    pub(super) async fn find(&self, state: &State, id: ShareId) -> Result<ShareRow, Refusal> {
        state.store.share(id, &self.scope).await?.ok_or(Refusal::NotFound)
    }

    /// Opens a share that was found within the reader's branches. Leaves a line in the audit.
    pub(super) async fn open(&self, state: &State, row: ShareRow) -> Result<Disclosed, Refusal> {
        state.store.audit(&self.opening(state, &row)).await?;
        self.disclose(state, row).await
    }

    /// Opens shares that were found within the reader's branches, each with a line in the audit.
    pub(super) async fn open_all(
        &self,
        state: &State,
        rows: Vec<ShareRow>,
    ) -> Result<Vec<Disclosed>, Refusal> {
        let lines: Vec<AuditEntry> = rows.iter().map(|row| self.opening(state, row)).collect();
        state.store.audit_all(&lines).await?;
        let mut shares = Vec::with_capacity(rows.len());
        for row in rows {
            shares.push(self.disclose(state, row).await?);
        }
        Ok(shares)
    }

    /// The bytes of document `number`. Leaves a line in the audit before it gives them.
    pub(super) async fn document(
        &self,
        state: &State,
        id: ShareId,
        number: u32,
    ) -> Result<File, Refusal> {
        let (share, row) = self.find_document(state, id, number).await?;
        let kept = share.document(row)?;
        let content = share.content(&kept).await?.ok_or(Refusal::Gone)?;
        let name = kept.details.ok_or(Refusal::Gone)?.name;
        let line = self.line(state, AuditAction::DocumentOpened, share.row());
        state.store.audit(&AuditEntry { document: Some(number), ..line }).await?;
        Ok(File { name, kind: FileKind::of(&content), content })
    }

    /// The bytes of the signature file `index` (from 1) of document `number`.
    pub(super) async fn signature(
        &self,
        state: &State,
        id: ShareId,
        number: u32,
        index: u32,
    ) -> Result<File, Refusal> {
        let (share, row) = self.find_document(state, id, number).await?;
        if index == 0 || index > row.signature_files {
            return Err(Refusal::NotFound);
        }
        let details = share.document(row.clone())?.details.ok_or(Refusal::Gone)?;
        let place = usize::try_from(index - 1).map_err(|_| Refusal::NotFound)?;
        let name = details.signature_files().get(place).cloned().ok_or(Refusal::NotFound)?;
        let content = share.signature(&row, index).await?.ok_or(Refusal::Gone)?;
        let line = self.line(state, AuditAction::DocumentOpened, share.row());
        let detail = Some(format!("signature {index}"));
        state.store.audit(&AuditEntry { document: Some(number), detail, ..line }).await?;
        Ok(File { name, kind: FileKind::of(&content), content })
    }

    /// The raw mail, byte for byte as it was received, behind the trace that we put before it.
    pub(super) async fn mail(&self, state: &State, id: ShareId) -> Result<File, Refusal> {
        let row = self.find(state, id).await?;
        if !self.opens_everything {
            return Err(Refusal::Forbidden);
        }
        let share = state.archive.open_row(row).await?;
        let content = share.mail().await?.ok_or(Refusal::Gone)?;
        state.store.audit(&self.line(state, AuditAction::MailOpened, share.row())).await?;
        Ok(File { name: format!("{id}.eml"), kind: FileKind::Mail, content })
    }

    async fn disclose(&self, state: &State, row: ShareRow) -> Result<Disclosed, Refusal> {
        let rows = state.store.documents(row.id).await?;
        let share = if self.sees_no_details(&row) {
            None
        } else {
            Some(state.archive.open_row(row.clone()).await?)
        };
        let documents = rows.into_iter().map(|row| self.open_document(share.as_ref(), row));
        let documents = documents.collect::<Result<_, _>>()?;
        let mail_open = match &share {
            Some(share) if self.opens_everything => share.has_mail().await?,
            _ => false,
        };
        let details = share.map(|share| share.details()).transpose()?.flatten();
        Ok(Disclosed { row, details, details_closed: !self.opens_documents, mail_open, documents })
    }

    fn sees_no_details(&self, row: &ShareRow) -> bool {
        !self.opens_documents || row.destroyed_at.is_some()
    }

    /// The audit's line for opening a share.
    fn opening(&self, state: &State, row: &ShareRow) -> AuditEntry {
        let closed = self.sees_no_details(row);
        AuditEntry {
            detail: closed.then(|| "without personal details".to_owned()),
            ..self.line(state, AuditAction::ShareOpened, row)
        }
    }

    /// A document of a share within the reader's branches that the reader may open.
    async fn find_document(
        &self,
        state: &State,
        id: ShareId,
        number: u32,
    ) -> Result<(KeptShare, DocumentRow), Refusal> {
        let row = self.find(state, id).await?;
        if !self.opens_documents {
            return Err(Refusal::Forbidden);
        }
        let documents = state.store.documents(id).await?;
        let document = documents
            .into_iter()
            .find(|document| document.number == number)
            .ok_or(Refusal::NotFound)?;
        if document.excess && !self.opens_everything {
            return Err(Refusal::Forbidden);
        }
        Ok((state.archive.open_row(row).await?, document))
    }

    fn open_document(
        &self,
        share: Option<&KeptShare>,
        row: DocumentRow,
    ) -> Result<DisclosedDocument, Refusal> {
        let hidden = row.excess && !self.opens_everything;
        let KeptDocument { row, details } = match share {
            Some(share) if !hidden => share.document(row)?,
            _ => KeptDocument { row, details: None },
        };
        Ok(DisclosedDocument { hidden, destroyed: row.sealed_details.is_none(), details, row })
    }

    fn line(&self, state: &State, action: AuditAction, share: &ShareRow) -> AuditEntry {
        AuditEntry {
            share: Some(share.id),
            branch: Some(share.branch.clone()),
            ..AuditEntry::new(state.clock.now(), self.actor.clone(), action)
        }
    }
}
