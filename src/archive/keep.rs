//! Sealing what a share holds, and keeping it.
//!
//! Order: sealed objects first, each synced; then the share with its keys in one transaction. Each
//! try seals with keys of its own, and no try touches what another has sealed. So a share that is
//! in the database has its objects, however late its commit was seen. A try that was certainly
//! not committed takes its objects away; what a crash leaves is noise without a key.

use bytes::Bytes;

use super::{Archive, ArchiveError};
use crate::{
    domain::{DocumentDetails, Sha256, ShareDetails, ShareId, Term},
    matching::{JudgedDocument, Judgement},
    sealing::Key,
    store::{Inserted, NewKey, NewShare, Sealed, SealedDocument, StoreError},
    trust::StatusRecord,
    vault::{ObjectName, VaultError},
};

/// What sealed status records are called.
const RECORDS: &str = "status-records";

/// What a share holds beside its documents.
#[derive(Clone, Debug)]
pub struct Contents<'a> {
    /// The raw mail.
    pub mail: Vec<u8>,
    /// Who sent it, and where to.
    pub details: &'a ShareDetails,
    /// What authorities said of the certificates that the judgement rests on.
    pub records: &'a [StatusRecord],
}

impl Archive {
    /// Seals and keeps a share that was judged. One of the same id is left as it is.
    ///
    /// # Errors
    /// When the vault or the database fails. Nothing is kept then, and never will be, but with
    /// [`StoreError::Uncertain`].
    pub async fn keep(
        &self,
        new: &NewShare<'_>,
        contents: Contents<'_>,
    ) -> Result<Inserted, ArchiveError> {
        let keys = Keys::new(self, new.judgement)?;
        let outcome = self.seal_and_insert(new, contents, &keys).await;
        match outcome {
            Ok(Inserted::New) | Err(ArchiveError::Store(StoreError::Uncertain(_))) => {}
            // An earlier try was committed although its connection failed, or nothing is kept.
            Ok(Inserted::AlreadyThere) | Err(_) => self.discard(&keys).await,
        }
        outcome
    }

    async fn seal_and_insert(
        &self,
        new: &NewShare<'_>,
        contents: Contents<'_>,
        keys: &Keys,
    ) -> Result<Inserted, ArchiveError> {
        let (judgement, vault) = (new.judgement, &self.vault);
        let Contents { mail, details, records } = contents;
        let files = judgement.documents().iter().flat_map(|judged| {
            let signed = &judged.document().signed;
            let came = signed.content.iter().chain(&signed.signatures);
            came.chain([judged.examined().content()]).map(Bytes::len)
        });
        let bytes = files.fold(mail.len(), usize::saturating_add);
        vault.check_room(u64::try_from(bytes).unwrap_or(u64::MAX))?;
        let (share, term) = (keys.share, judgement.mail_term());
        vault.put(share, term, &ObjectName::mail(), keys.of(term), &mail).await?;
        drop(mail);
        let mut documents = Vec::new();
        for document in judgement.documents() {
            documents.push(self.seal_document(document, keys).await?);
        }
        let (term, kind) = (Term::Share, ShareDetails::KIND);
        let message_id = details.message_id.as_ref();
        let sealed = Sealed {
            keys: keys.wrapped(),
            details: vault.seal_details(share, term, kind, keys.of(term), details)?,
            message_id: message_id
                .map(|id| vault.fingerprint(ShareDetails::MESSAGE_ID_KIND, id.as_bytes())),
            records: self.seal_records(share, keys.of(term), records)?,
            documents,
        };
        // A volume that was away while an object was written, back by now or not, has not got it.
        self.confirm(judgement, &sealed.documents, keys).await?;
        Ok(self.store.insert_share(new, &sealed).await?)
    }

    /// Makes sure that the vault has all that was put into it for a share.
    async fn confirm(
        &self,
        judgement: &Judgement,
        documents: &[SealedDocument],
        keys: &Keys,
    ) -> Result<(), VaultError> {
        let (share, term) = (keys.share, judgement.mail_term());
        self.vault.confirm(share, term, &ObjectName::mail(), keys.of(term)).await?;
        for (judged, sealed) in judgement.documents().iter().zip(documents) {
            let (number, term) = (judged.number(), judged.term());
            let signatures = 1..=sealed.signature_files;
            let signatures = signatures.map(|signature| ObjectName::signature(number, signature));
            for name in std::iter::once(ObjectName::document(number)).chain(signatures) {
                self.vault.confirm(share, term, &name, keys.of(term)).await?;
            }
        }
        Ok(())
    }

    /// Puts a document and its signature files into the vault.
    async fn seal_document(
        &self,
        judged: &JudgedDocument,
        keys: &Keys,
    ) -> Result<SealedDocument, ArchiveError> {
        let (number, term) = (judged.number(), judged.term());
        let (share, key) = (keys.share, keys.of(term));
        let (document, examined) = (judged.document(), judged.examined());
        let content = examined.content();
        self.vault.put(share, term, &ObjectName::document(number), key, content).await?;
        let mut signature_files = 0;
        // Without the file that it came in nobody could prove the document again.
        let enclosing = document.signed.content.as_ref().filter(|file| *file != content);
        let mut signature_names = document.signature_names.clone();
        signature_names.extend(enclosing.map(|_| document.name.clone()));
        for signature in document.signed.signatures.iter().chain(enclosing) {
            signature_files += 1;
            let name = ObjectName::signature(number, signature_files);
            self.vault.put(share, term, &name, key, signature).await?;
        }
        let details = DocumentDetails {
            name: document.name.clone(),
            sha256: Sha256::of(&judged.shown()).into(),
            revision: judged.revision(),
            signature_names,
            is_enclosed: enclosing.is_some(),
            type_code: Some(document.type_code.clone()),
            report: examined.report().clone(),
        };
        let kind = DocumentDetails::kind(number);
        let details = self.vault.seal_details(share, term, &kind, key, &details)?;
        Ok(SealedDocument { number, details, signature_files })
    }

    /// Seals what authorities said with the share's own key.
    pub(super) fn seal_records(
        &self,
        share: ShareId,
        key: &Key,
        records: &[StatusRecord],
    ) -> Result<Vec<u8>, VaultError> {
        self.vault.seal_details(share, Term::Share, RECORDS, key, &records)
    }

    /// Opens what [`Self::seal_records`] sealed.
    pub(super) fn open_records(
        &self,
        share: ShareId,
        key: &Key,
        sealed: &[u8],
    ) -> Result<Vec<StatusRecord>, VaultError> {
        self.vault.open_details(share, Term::Share, RECORDS, key, sealed)
    }

    /// Takes away what was sealed with keys that are not kept. What stays is noise.
    async fn discard(&self, keys: &Keys) {
        for (term, key, _) in &keys.all {
            if let Err(error) = self.vault.discard(keys.share, *term, key).await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(share.id = %keys.share, error,
                    "what a try that failed has sealed stays in the vault; nothing opens it");
            }
        }
    }
}

/// The fresh data keys of a share, one for each term that something of it is kept for.
struct Keys {
    share: ShareId,
    /// Each with the same key wrapped.
    all: Vec<(Term, Key, Vec<u8>)>,
}

impl Keys {
    fn new(archive: &Archive, judgement: &Judgement) -> Result<Self, VaultError> {
        let share = judgement.share();
        let short = judgement.mail_term() == Term::Short
            || judgement.documents().iter().any(|document| document.term() == Term::Short);
        let mut all = Vec::new();
        for term in Term::ALL {
            if term == Term::Share || short {
                let (key, wrapped) = archive.vault.new_data_key(share, term)?;
                all.push((term, key, wrapped));
            }
        }
        Ok(Self { share, all })
    }

    fn of(&self, term: Term) -> &Key {
        let found = self.all.iter().find(|(of, _, _)| *of == term);
        found.map(|(_, key, _)| key).expect("a key is made for every term that is used")
    }

    fn wrapped(&self) -> Vec<NewKey> {
        let wrapped = self.all.iter();
        wrapped.map(|(term, _, wrapped)| NewKey { term: *term, wrapped: wrapped.clone() }).collect()
    }
}
