//! Opening a share that is kept, and sealing anew what is said of it.

use bytes::Bytes;

use super::{Archive, ArchiveError};
use crate::{
    bundle::{Document, read_name},
    domain::{
        Awaits, BranchScope, Container, DocumentDetails, DocumentRow, ShareDetails, ShareId,
        ShareRow, Term, TypeCode, TypeSource,
    },
    sealing::Key,
    signature::Signed,
    store::{Grounds, Rejudged, Resealed},
    trust::StatusRecord,
    vault::ObjectName,
};

/// A share that is kept, with the keys that are not destroyed. What is sealed is opened only when it is
/// asked for.
#[derive(Clone, Debug)]
pub struct KeptShare {
    archive: Archive,
    row: ShareRow,
    /// That of the share's own term, and that of the short one.
    keys: [Option<Key>; 2],
}

/// A document of a share that is kept.
#[derive(Clone, Debug)]
pub struct KeptDocument {
    /// What is in the clear.
    pub row: DocumentRow,
    /// `None` when it is destroyed.
    pub details: Option<DocumentDetails>,
}

impl KeptDocument {
    /// Its type, also where it is among what is sealed.
    #[must_use]
    pub fn type_code(&self) -> TypeCode {
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

impl Archive {
    /// Opens the share of that id; `None` when there is none within the scope.
    ///
    /// # Errors
    /// When the database fails, or a key is not what was kept.
    pub async fn open(
        &self,
        id: ShareId,
        scope: &BranchScope,
    ) -> Result<Option<KeptShare>, ArchiveError> {
        let Some(row) = self.store.share(id, scope).await? else { return Ok(None) };
        self.open_row(row).await.map(Some)
    }

    /// Opens a share that was found in the database.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_row(&self, row: ShareRow) -> Result<KeptShare, ArchiveError> {
        let mut keys = [None, None];
        for (key, term) in keys.iter_mut().zip(Term::ALL) {
            let wrapped = self.store.wrapped_key(row.id, term).await?;
            let opened = wrapped.map(|wrapped| self.vault.data_key(row.id, term, &wrapped));
            *key = opened.transpose()?;
        }
        Ok(KeptShare { archive: self.clone(), row, keys })
    }

    /// A share whose keys cannot be opened: as much of it as if they were destroyed.
    #[must_use]
    pub fn closed(&self, row: ShareRow) -> KeptShare {
        KeptShare { archive: self.clone(), row, keys: [None, None] }
    }
}

impl KeptShare {
    /// What is in the clear.
    #[must_use]
    pub fn row(&self) -> &ShareRow {
        &self.row
    }

    /// Whether it is destroyed.
    #[must_use]
    pub fn is_destroyed(&self) -> bool {
        self.row.destroyed_at.is_some() || self.key(Term::Share).is_none()
    }

    /// Who sent it, and where to; `None` when it is destroyed.
    ///
    /// # Errors
    /// When that was changed on the disk.
    pub fn details(&self) -> Result<Option<ShareDetails>, ArchiveError> {
        let (term, kind) = (Term::Share, ShareDetails::KIND);
        let (Some(key), Some(sealed)) = (self.key(term), &self.row.sealed_details) else {
            return Ok(None);
        };
        Ok(Some(self.archive.vault.open_details(self.row.id, term, kind, key, sealed)?))
    }

    /// Its documents as they stand in the database, by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows(&self) -> Result<Vec<DocumentRow>, ArchiveError> {
        Ok(self.archive.store.documents(self.row.id).await?)
    }

    /// A document with its details.
    ///
    /// # Errors
    /// When these were changed on the disk.
    pub fn document(&self, row: DocumentRow) -> Result<KeptDocument, ArchiveError> {
        let (share, kind) = (self.row.id, DocumentDetails::kind(row.number));
        let details = match (self.key(row.term), &row.sealed_details) {
            (Some(key), Some(sealed)) => {
                Some(self.archive.vault.open_details(share, row.term, &kind, key, sealed)?)
            }
            _ => None,
        };
        Ok(KeptDocument { row, details })
    }

    /// The bytes of a document that a reader gets, see [`DocumentDetails::revision`]; `None` when it is
    /// destroyed.
    ///
    /// # Errors
    /// When the vault fails, or has not what it should.
    pub async fn content(&self, kept: &KeptDocument) -> Result<Option<Bytes>, ArchiveError> {
        let KeptDocument { row, details: Some(details) } = kept else { return Ok(None) };
        let Some(whole) = self.whole(row).await? else { return Ok(None) };
        let length = details.revision.and_then(|length| usize::try_from(length).ok());
        Ok(Some(whole.slice(..length.unwrap_or(whole.len()).min(whole.len()))))
    }

    /// All bytes of a document, also what was added after it was signed.
    async fn whole(&self, row: &DocumentRow) -> Result<Option<Bytes>, ArchiveError> {
        self.read(row.term, ObjectName::document(row.number)).await
    }

    /// The bytes of a document's signature file, from 1; `None` when it is destroyed.
    ///
    /// # Errors
    /// As [`Self::content`].
    pub async fn signature(
        &self,
        row: &DocumentRow,
        index: u32,
    ) -> Result<Option<Bytes>, ArchiveError> {
        self.read(row.term, ObjectName::signature(row.number, index)).await
    }

    /// Whether the raw mail is not destroyed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_mail(&self) -> Result<bool, ArchiveError> {
        let term = self.archive.store.mail_term(self.row.id).await?;
        Ok(term.is_some_and(|term| self.key(term).is_some()))
    }

    /// The raw mail as it is kept; `None` when it is destroyed.
    ///
    /// # Errors
    /// As [`Self::content`].
    pub async fn mail(&self) -> Result<Option<Bytes>, ArchiveError> {
        match self.archive.store.mail_term(self.row.id).await? {
            Some(term) => self.read(term, ObjectName::mail()).await,
            None => Ok(None),
        }
    }

    /// A document as it came, to be judged again; `None` when it is destroyed.
    ///
    /// # Errors
    /// As [`Self::content`].
    pub async fn copy(&self, kept: &KeptDocument) -> Result<Option<Document>, ArchiveError> {
        let KeptDocument { row, details: Some(details) } = kept else { return Ok(None) };
        let Some(content) = self.whole(row).await? else { return Ok(None) };
        let mut signatures = Vec::new();
        for index in 1..=row.signature_files {
            let Some(file) = self.signature(row, index).await? else { return Ok(None) };
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

    /// What authorities said of the share's certificates; nothing for a share that is destroyed, or
    /// that an earlier version kept.
    ///
    /// # Errors
    /// When the database fails, or that was changed on the disk.
    pub async fn records(&self) -> Result<Vec<StatusRecord>, ArchiveError> {
        let Some(key) = self.key(Term::Share) else { return Ok(Vec::new()) };
        let sealed = self.archive.store.sealed_records(self.row.id).await?;
        let opened = sealed.map(|sealed| self.archive.open_records(self.row.id, key, &sealed));
        Ok(opened.transpose()?.unwrap_or_default())
    }

    /// What is to be kept of what authorities said: as it is where nothing else is given. `None` when
    /// the key is destroyed.
    async fn resealed(
        &self,
        records: Option<&[StatusRecord]>,
    ) -> Result<Option<Vec<u8>>, ArchiveError> {
        let share = self.row.id;
        let Some(records) = records else {
            let sealed = self.archive.store.sealed_records(share).await?;
            return Ok(Some(sealed.unwrap_or_default()));
        };
        let Some(key) = self.key(Term::Share) else { return Ok(None) };
        Ok(Some(self.archive.seal_records(share, key, records)?))
    }

    /// Puts a judgement in the place of the one before, with what is said now of its documents and,
    /// where it is given, what authorities said. Tells
    /// whether it did: a share that was destroyed meanwhile, or judged again by somebody else, is left
    /// as it is.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn replace(
        &self,
        new: &Rejudged<'_>,
        documents: &[(&DocumentRow, DocumentDetails)],
        records: Option<&[StatusRecord]>,
    ) -> Result<bool, ArchiveError> {
        let (share, vault) = (self.row.id, &self.archive.vault);
        let Some(records) = self.resealed(records).await? else { return Ok(false) };
        let mut sealed = Resealed { records, ..Resealed::default() };
        for (row, details) in documents {
            let Some(key) = self.key(row.term) else { return Ok(false) };
            let kind = DocumentDetails::kind(row.number);
            let details = vault.seal_details(share, row.term, &kind, key, details)?;
            sealed.details.insert(row.number, details);
        }
        Ok(self.archive.store.rejudge(new, &sealed).await?)
    }

    /// Writes down that judging it again changed nothing: what it waits for from now on, what the
    /// judgement rests on, and, where it is given, what authorities said.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm(
        &self,
        awaits: Option<Awaits>,
        grounds: &Grounds,
        records: Option<&[StatusRecord]>,
    ) -> Result<(), ArchiveError> {
        let Some(sealed) = self.resealed(records).await? else { return Ok(()) };
        Ok(self.archive.store.end_rejudging(self.row.id, awaits, grounds, &sealed).await?)
    }

    fn key(&self, term: Term) -> Option<&Key> {
        let mut keys = Term::ALL.iter().zip(&self.keys);
        keys.find(|(of, _)| **of == term).and_then(|(_, key)| key.as_ref())
    }

    /// An object; `None` when it is destroyed. What the purge takes away meanwhile is no failure.
    async fn read(&self, term: Term, name: ObjectName) -> Result<Option<Bytes>, ArchiveError> {
        let Some(key) = self.key(term) else { return Ok(None) };
        let read = self.archive.vault.read(self.row.id, term, &name, key).await;
        if read.is_err() && self.archive.store.wrapped_key(self.row.id, term).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(read?))
    }
}
