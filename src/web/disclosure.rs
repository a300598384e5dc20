//! What of a share a reader gets to see: the one place that decides it, for pages and API.
//!
//! Personal details and bytes are opened here and nowhere else in `web`, and given only after the
//! audit has its line. What a reader may not see is not opened, rather than opened and left out.

use bytes::Bytes;

use super::{State, refusal::Refusal};
use crate::{
    content::FileKind,
    domain::{
        Actor, BranchScope, DocumentDetails, DocumentRow, ShareDetails, ShareId, ShareRow, Term,
        TypeCode,
    },
    sealing::Key,
    store::{AuditAction, AuditEntry},
    vault::ObjectName,
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
}

/// Bytes to be handed out, exactly as they came.
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
        let (row, document) = self.find_document(state, id, number).await?;
        let (key, details) = open_for_bytes(state, id, &document).await?;
        let object = ObjectName::document(number);
        let content = read(state, id, document.term, &object, &key).await?;
        let line = self.line(state, AuditAction::DocumentOpened, &row);
        state.store.audit(&AuditEntry { document: Some(number), ..line }).await?;
        Ok(File { name: details.name, kind: FileKind::of(&content), content })
    }

    /// The bytes of the signature file `index` (from 1) of document `number`.
    pub(super) async fn signature(
        &self,
        state: &State,
        id: ShareId,
        number: u32,
        index: u32,
    ) -> Result<File, Refusal> {
        let (row, document) = self.find_document(state, id, number).await?;
        if index == 0 || index > document.signature_files {
            return Err(Refusal::NotFound);
        }
        let (key, details) = open_for_bytes(state, id, &document).await?;
        let place = usize::try_from(index - 1).map_err(|_| Refusal::NotFound)?;
        let name = details.signature_names.into_iter().nth(place).unwrap_or_default();
        let object = ObjectName::signature(number, index);
        let content = read(state, id, document.term, &object, &key).await?;
        let line = self.line(state, AuditAction::DocumentOpened, &row);
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
        let (term, key) = mail_key(state, id).await?.ok_or(Refusal::Gone)?;
        let content = read(state, id, term, &ObjectName::mail(), &key).await?;
        state.store.audit(&self.line(state, AuditAction::MailOpened, &row)).await?;
        Ok(File { name: format!("{id}.eml"), kind: FileKind::Mail, content })
    }

    async fn disclose(&self, state: &State, row: ShareRow) -> Result<Disclosed, Refusal> {
        let closed = self.sees_no_details(&row);
        let share_key = if closed { None } else { data_key(state, row.id, Term::Share).await? };
        let short_key = if closed { None } else { data_key(state, row.id, Term::Short).await? };
        let details = match (&share_key, &row.sealed_details) {
            (Some(key), Some(sealed)) => {
                let kind = ShareDetails::KIND;
                Some(state.vault.open_details(row.id, Term::Share, kind, key, sealed)?)
            }
            _ => None,
        };
        let mut documents = Vec::new();
        for document in state.store.documents(row.id).await? {
            let key = match document.term {
                Term::Share => share_key.as_ref(),
                Term::Short => short_key.as_ref(),
            };
            documents.push(self.open_document(state, row.id, document, key)?);
        }
        let mail_open =
            self.opens_everything && !closed && mail_key(state, row.id).await?.is_some();
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
    ) -> Result<(ShareRow, DocumentRow), Refusal> {
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
        Ok((row, document))
    }

    fn open_document(
        &self,
        state: &State,
        share: ShareId,
        row: DocumentRow,
        key: Option<&Key>,
    ) -> Result<DisclosedDocument, Refusal> {
        let hidden = row.excess && !self.opens_everything;
        let details = match (key, &row.sealed_details) {
            (Some(key), Some(sealed)) if self.opens_documents && !hidden => {
                Some(state.vault.open_details(
                    share,
                    row.term,
                    &DocumentDetails::kind(row.number),
                    key,
                    sealed,
                )?)
            }
            _ => None,
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

async fn open_for_bytes(
    state: &State,
    id: ShareId,
    document: &DocumentRow,
) -> Result<(Key, DocumentDetails), Refusal> {
    let sealed = document.sealed_details.as_ref().ok_or(Refusal::Gone)?;
    let key = data_key(state, id, document.term).await?.ok_or(Refusal::Gone)?;
    let kind = DocumentDetails::kind(document.number);
    let details = state.vault.open_details(id, document.term, &kind, &key, sealed)?;
    Ok((key, details))
}

/// The bytes of an object. What the purge takes away meanwhile is gone, and no failure of ours.
async fn read(
    state: &State,
    id: ShareId,
    term: Term,
    object: &ObjectName,
    key: &Key,
) -> Result<Bytes, Refusal> {
    let read = state.vault.read(id, term, object, key).await;
    if read.is_err() && state.store.wrapped_key(id, term).await?.is_none() {
        return Err(Refusal::Gone);
    }
    Ok(read?)
}

async fn data_key(state: &State, id: ShareId, term: Term) -> Result<Option<Key>, Refusal> {
    let wrapped = state.store.wrapped_key(id, term).await?;
    Ok(wrapped.map(|wrapped| state.vault.data_key(id, term, &wrapped)).transpose()?)
}

async fn mail_key(state: &State, id: ShareId) -> Result<Option<(Term, Key)>, Refusal> {
    let Some(term) = state.store.mail_term(id).await? else { return Ok(None) };
    Ok(data_key(state, id, term).await?.map(|key| (term, key)))
}
