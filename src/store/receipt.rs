//! Keeping a share that was judged.

use super::{
    AuditAction, AuditEntry, KnownBy, Store, StoreError, audit, clock, duplicate,
    engine::Transaction, value::values,
};
use crate::{
    domain::{Actor, Fingerprint, MailId, Sha256, ShareId, Term, Timestamp, TypeCode},
    matching::{JudgedDocument, Judgement},
    registry::{Branch, Registry, Service},
};

/// A judged share, to be kept.
#[derive(Clone, Debug)]
pub struct NewShare<'a> {
    /// What `matching` says of it: its branch, verdict, findings, terms.
    pub judgement: &'a Judgement,
    /// The mail it came in.
    pub mail: MailId,
    /// The place of the branch's first address among the mail's recipients, from 0.
    pub mail_place: u32,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// The size of the raw mail, in bytes.
    pub mail_bytes: u64,
    /// What its documents are known by when they come again.
    pub known_by: KnownBy,
    /// What the judgement rests on.
    pub grounds: Grounds,
    /// The branch that it was judged for.
    pub branch: &'a Branch,
}

/// What of a share is kept sealed, beside its objects.
#[derive(Clone, Debug, Default)]
pub struct Sealed {
    /// The data keys, one for each term that something of the share is kept for; the judgement
    /// says until when.
    pub keys: Vec<NewKey>,
    /// [`ShareDetails`](crate::domain::ShareDetails).
    pub details: Vec<u8>,
    /// The fingerprint of the mail's Message-ID.
    pub message_id: Option<Fingerprint>,
    /// What authorities said of the certificates on its paths, for the share's own term.
    pub records: Vec<u8>,
    /// One for each of its documents.
    pub documents: Vec<SealedDocument>,
}

/// What a judgement rests on besides the mail: when that changes, the share is judged again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// Tells the trusted certificates and lists of the judgement from others.
    pub trust: Sha256,
    /// When it is judged again though nothing has changed.
    pub look_at: Option<Timestamp>,
    /// What its revocation data is about.
    pub topics: Vec<Fingerprint>,
}

/// A data key, to be kept.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The term it is for.
    pub term: Term,
    /// The key, wrapped by the vault.
    pub wrapped: Vec<u8>,
}

/// What of a document is kept sealed, beside its objects.
#[derive(Clone, Debug)]
pub struct SealedDocument {
    /// Its number within the share, from 1.
    pub number: u32,
    /// [`DocumentDetails`](crate::domain::DocumentDetails).
    pub details: Vec<u8>,
    /// How many signature files are kept beside it.
    pub signature_files: u32,
}

/// What became of a share that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It was there, of an attempt before; nothing is changed.
    AlreadyThere,
    /// It is kept.
    New,
}

impl Store {
    /// Keeps a share with its documents, findings, data keys and its line in the audit: all of it
    /// or nothing. A share of the same id is left as it is. Copies that came before are linked to
    /// the earliest share that has them, and the same copies in shares received later to this one.
    /// Where the clock is doubted that it was received or judged by, its terms begin at the next
    /// time that is accepted.
    ///
    /// # Errors
    /// [`StoreError::DocumentMissing`] and [`StoreError::KeyMissing`] when `sealed` is not whole;
    /// when the database fails. Nothing is kept then, and never will be, but with
    /// [`StoreError::Uncertain`].
    pub async fn insert_share(
        &self,
        new: &NewShare<'_>,
        sealed: &Sealed,
    ) -> Result<Inserted, StoreError> {
        sealed.check_keys(new.judgement)?;
        let mut transaction = self.engine.begin().await?;
        let version = insert_version(new.branch, &mut transaction).await?;
        if !new.insert_row(version, sealed, &mut transaction).await? {
            return Ok(Inserted::AlreadyThere);
        }
        let (share, received_at) = (new.judgement.share(), new.judgement.received_at());
        clock::note_doubts(share, received_at, new.judged_at, &mut transaction).await?;
        sealed.insert_keys(new.judgement, &mut transaction).await?;
        new.insert_documents(sealed, &mut transaction).await?;
        insert_findings(new.judgement, &mut transaction).await?;
        duplicate::link(new.judgement.share(), &new.known_by, &mut transaction).await?;
        insert_topics(new.judgement.share(), &new.grounds, &mut transaction).await?;
        let judgement = new.judgement;
        let entry = AuditEntry {
            share: Some(judgement.share()),
            branch: Some(judgement.branch().clone()),
            detail: Some(judgement.verdict().to_string()),
            ..AuditEntry::new(new.judged_at, Actor::System, AuditAction::ShareReceived)
        };
        audit::write(&entry, &mut transaction).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;
        Ok(Inserted::New)
    }

    /// Whether a share of this id is kept, or was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_share(&self, share: ShareId) -> Result<bool, StoreError> {
        let row = self.engine.row("SELECT 1 FROM shares WHERE id = $1", values![share]).await?;
        Ok(row.is_some())
    }
}

impl Sealed {
    /// Refuses a share of which something would be kept without the key to read it.
    fn check_keys(&self, judgement: &Judgement) -> Result<(), StoreError> {
        let documents = judgement.documents().iter().map(JudgedDocument::term);
        for term in documents.chain([Term::Share, judgement.mail_term()]) {
            if !self.keys.iter().any(|key| key.term == term) {
                return Err(StoreError::KeyMissing { share: judgement.share(), term });
            }
        }
        Ok(())
    }

    /// That of a document that was judged.
    fn document(&self, share: ShareId, number: u32) -> Result<&SealedDocument, StoreError> {
        let mut documents = self.documents.iter();
        let found = documents.find(|document| document.number == number);
        found.ok_or(StoreError::DocumentMissing { share, number })
    }

    async fn insert_keys(
        &self,
        judgement: &Judgement,
        transaction: &mut Transaction,
    ) -> Result<(), StoreError> {
        for key in &self.keys {
            let retention = judgement.retention_of(key.term);
            transaction
                .execute(
                    "INSERT INTO data_keys (share_id, term, wrapped, destroy_us, reason)
                     VALUES ($1, $2, $3, $4, $5)",
                    values![
                        judgement.share(),
                        key.term,
                        key.wrapped,
                        retention.destroy_at,
                        retention.reason,
                    ],
                )
                .await?;
        }
        Ok(())
    }
}

impl NewShare<'_> {
    async fn insert_row(
        &self,
        version: Sha256,
        sealed: &Sealed,
        transaction: &mut Transaction,
    ) -> Result<bool, StoreError> {
        let judgement = self.judgement;
        let retention = judgement.retention();
        let inserted = transaction
            .execute(
                "INSERT INTO shares (id, mail_id, branch_id, service_id, verdict, assurance,
                                     received_us, judged_us, destroy_us, retention_reason,
                                     mail_bytes, mail_term, sealed_details, message_fingerprint,
                                     awaits, mail_place, judged_by, look_us,
                                     branch_version, sealed_records)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                         $17, $18, $19, $20)
                 ON CONFLICT (id) DO NOTHING",
                values![
                    judgement.share(),
                    self.mail,
                    judgement.branch(),
                    judgement.service(),
                    judgement.verdict(),
                    judgement.assurance(),
                    judgement.received_at(),
                    self.judged_at,
                    retention.destroy_at,
                    retention.reason,
                    self.mail_bytes,
                    judgement.mail_term(),
                    sealed.details,
                    sealed.message_id,
                    judgement.awaits(),
                    self.mail_place,
                    self.grounds.trust,
                    self.grounds.look_at,
                    version,
                    sealed.records,
                ],
            )
            .await?;
        Ok(inserted > 0)
    }

    /// The type as it stands in the clear. One that is not listed and that no service of the branch
    /// asks for is whatever the sender wrote into a file name, a person's name for example: the sealed
    /// details have it.
    fn type_in_clear(&self, judged: &JudgedDocument) -> TypeCode {
        let code = judged.type_code();
        let asks = |service: &Service| service.requirement(code).is_some();
        let is_known = code.is_listed() || self.branch.services.iter().any(asks);
        if is_known { code.clone() } else { TypeCode::unknown() }
    }

    async fn insert_documents(
        &self,
        sealed: &Sealed,
        transaction: &mut Transaction,
    ) -> Result<(), StoreError> {
        let share = self.judgement.share();
        for judged in self.judgement.documents() {
            let kept = sealed.document(share, judged.number())?;
            transaction
                .execute(
                    "INSERT INTO documents (share_id, number, type_code, type_source, excess, term,
                                            size_bytes, indication, sub_indication,
                                            signature_files, sealed_details)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                    values![
                        share,
                        judged.number(),
                        self.type_in_clear(judged),
                        judged.type_source(),
                        judged.excess(),
                        judged.term(),
                        judged.size(),
                        judged.indication(),
                        judged.sub_indication(),
                        kept.signature_files,
                        kept.details,
                    ],
                )
                .await?;
        }
        Ok(())
    }
}

/// Keeps the branch as it is now, once.
async fn insert_version(
    branch: &Branch,
    transaction: &mut Transaction,
) -> Result<Sha256, StoreError> {
    let text = Registry::alone(branch.clone()).to_toml();
    let digest = Sha256::of(text.as_bytes());
    transaction
        .execute(
            "INSERT INTO branch_versions (digest, text) VALUES ($1, $2)
             ON CONFLICT (digest) DO NOTHING",
            values![digest, text],
        )
        .await?;
    Ok(digest)
}

/// Keeps what the judgement's revocation data is about.
pub(super) async fn insert_topics(
    share: ShareId,
    grounds: &Grounds,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    for topic in &grounds.topics {
        transaction
            .execute(
                "INSERT INTO grounds (share_id, fingerprint) VALUES ($1, $2)
                 ON CONFLICT (share_id, fingerprint) DO NOTHING",
                values![share, topic],
            )
            .await?;
    }
    Ok(())
}

/// Keeps the findings of a judgement.
pub(super) async fn insert_findings(
    judgement: &Judgement,
    transaction: &mut Transaction,
) -> Result<(), StoreError> {
    for (position, finding) in judgement.findings().iter().enumerate() {
        transaction
            .execute(
                "INSERT INTO findings (share_id, position, code, severity, document, detail)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                values![
                    judgement.share(),
                    position,
                    finding.code,
                    finding.severity,
                    finding.document,
                    finding.detail,
                ],
            )
            .await?;
    }
    Ok(())
}
