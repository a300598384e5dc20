//! Judging what a mail brought to one branch, and keeping it.
//!
//! Order: sealed objects first, each synced; then the share with its keys in one transaction. Each
//! try seals with keys of its own, and no try touches what another has sealed. So a share that is
//! in the database has its objects, however late its commit was seen. A try that was certainly
//! not committed takes its objects away; what a crash leaves is noise without a key.

use std::time::Instant;

use crate::{
    domain::{DocumentDetails, ServiceId, Sha256, ShareDetails, ShareId, Term, Timestamp},
    matching::{self, Case, ExaminedDocument, JudgedDocument, Judgement},
    metrics::Stage,
    registry::Branch,
    sealing::Key,
    spool::SpooledMail,
    store::{Inserted, NewDocument, NewKey, NewShare, StoreError},
    trust::StatusRecord,
    vault::{ObjectName, VaultError},
};

use super::{
    Pipeline, PipelineError, Target, chain,
    examine::{Content, Opened, Sources},
};

/// What sealed status records are called.
pub(super) const RECORDS: &str = "status-records";

/// A judgement with what it rests on.
#[derive(Clone, Copy)]
struct Judged<'a> {
    judgement: &'a Judgement,
    sources: &'a Sources,
}

/// The fresh data keys of one share.
struct Keys(Vec<(Term, Key, Vec<u8>)>);

impl Keys {
    fn of(&self, term: Term) -> &Key {
        let found = self.0.iter().find(|(of, _, _)| *of == term);
        found.map(|(_, key, _)| key).expect("a key is made for every term that is used")
    }
}

impl Pipeline {
    /// Judges the mail for one branch, which has no share of it yet, and keeps the share.
    pub(super) async fn keep(
        &self,
        mail: &SpooledMail,
        target: &Target,
        opened: &Opened,
        sources: &Sources,
    ) -> Result<(), PipelineError> {
        let share = ShareId::of(mail.id, &target.branch.id);
        let start = Instant::now();
        let (received_at, named) = (mail.envelope.received_at, target.service.as_ref());
        let judgement = self.judgement_on(share, &target.branch, named, received_at, opened);
        let judgement = judgement.noting(opened.signals.iter().cloned());
        self.metrics.stage(Stage::Match, start.elapsed());
        let start = Instant::now();
        let judged = Judged { judgement: &judgement, sources };
        self.seal_and_commit(share, mail, target, opened, judged).await?;
        self.metrics.stage(Stage::Keep, start.elapsed());
        self.metrics.share_judged(judgement.verdict());
        tracing::info!(share.id = %share, branch = %target.branch.id,
            verdict = %judgement.verdict(), "a share is judged");
        Ok(())
    }

    /// Judges what a mail turned out to hold, for a share of one branch.
    pub(super) fn judgement_on(
        &self,
        share: ShareId,
        branch: &Branch,
        named: Option<&ServiceId>,
        received_at: Timestamp,
        opened: &Opened,
    ) -> Judgement {
        let (documents, findings) = match &opened.content {
            Content::Malformed(finding) => {
                let finding = finding.clone();
                return Judgement::malformed(share, &branch.id, received_at, finding, &self.policy);
            }
            Content::Documents { documents, findings } => (documents, findings),
        };
        let documents = documents
            .iter()
            .map(|examination| ExaminedDocument {
                document: examination.document.clone(),
                examined: examination.examined.clone(),
            })
            .collect();
        matching::judge(Case {
            share,
            branch,
            named,
            received_at,
            has_trust_list: opened.has_trust_list,
            documents,
            opening: findings.clone(),
            policy: &self.policy,
        })
    }

    async fn seal_and_commit(
        &self,
        share: ShareId,
        mail: &SpooledMail,
        target: &Target,
        opened: &Opened,
        judged: Judged<'_>,
    ) -> Result<(), PipelineError> {
        let keys = self.keys(share, judged.judgement)?;
        let outcome = self.try_keys(share, mail, target, opened, judged, &keys).await;
        match outcome {
            Ok(Inserted::New) | Err(PipelineError::Store(StoreError::Uncertain(_))) => {}
            // An earlier try was committed although its connection failed, or nothing is kept.
            Ok(Inserted::AlreadyThere) | Err(_) => self.discard(share, &keys).await,
        }
        outcome.map(|_| ())
    }

    /// Seals all of the share with these keys, and commits it with them.
    async fn try_keys(
        &self,
        share: ShareId,
        mail: &SpooledMail,
        target: &Target,
        opened: &Opened,
        judged: Judged<'_>,
        keys: &Keys,
    ) -> Result<Inserted, PipelineError> {
        let Judged { judgement, sources } = judged;
        let documents = self.seal(share, mail, judgement, keys).await?;
        let details = ShareDetails {
            sender: mail.envelope.sender.clone(),
            recipients: target.recipients.clone(),
            message_id: opened.message_id.clone(),
            subject: opened.subject.clone(),
            peer: mail.envelope.peer.map(|peer| peer.to_string()).unwrap_or_default(),
        };
        let key = keys.of(Term::Share);
        let sealed_details =
            self.vault.seal_details(share, Term::Share, ShareDetails::KIND, key, &details)?;
        let sealed_records = self.seal_records(share, key, &opened.records(&[]))?;
        let grounds = self.grounds(mail.envelope.received_at, sources, opened, sealed_records);
        let message_id = opened.message_id.as_ref();
        let new = NewShare {
            judgement,
            mail: mail.id,
            mail_place: target.place,
            judged_at: self.clock.now(),
            mail_bytes: u64::try_from(mail.message.len()).unwrap_or(u64::MAX),
            keys: keys
                .0
                .iter()
                .map(|(term, _, wrapped)| NewKey { term: *term, wrapped: wrapped.clone() })
                .collect(),
            sealed_details,
            message_id: message_id
                .map(|id| self.vault.fingerprint(ShareDetails::MESSAGE_ID_KIND, id.as_bytes())),
            documents,
            known_by: opened.known_by(stale_from(judgement, &target.branch)),
            grounds,
            branch: &target.branch,
        };
        // A volume that went since the first object was written would take the others with it.
        self.vault.check().await?;
        Ok(self.store.insert_share(&new).await?)
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

    /// Takes away what was sealed with keys that are not kept. What stays is noise.
    async fn discard(&self, share: ShareId, keys: &Keys) {
        for (term, key, _) in &keys.0 {
            if let Err(error) = self.vault.discard(share, *term, key).await {
                tracing::warn!(share.id = %share, error = chain(&error),
                    "what a try that failed has sealed stays in the vault; nothing opens it");
            }
        }
    }

    /// Puts the mail and its documents into the vault.
    async fn seal(
        &self,
        share: ShareId,
        mail: &SpooledMail,
        judgement: &Judgement,
        keys: &Keys,
    ) -> Result<Vec<NewDocument>, PipelineError> {
        let term = judgement.mail_term();
        let kept = mail.envelope.stamp(mail.id, &self.hostname, &mail.message);
        self.vault.put(share, term, &ObjectName::mail(), keys.of(term), &kept).await?;
        drop(kept);
        let mut documents = Vec::new();
        for document in judgement.documents() {
            let key = keys.of(document.term());
            documents.push(self.seal_document(share, document, key).await?);
        }
        Ok(documents)
    }

    /// A key for each term that something of the share is kept for.
    fn keys(&self, share: ShareId, judgement: &Judgement) -> Result<Keys, PipelineError> {
        let short = judgement.mail_term() == Term::Short
            || judgement.documents().iter().any(|document| document.term() == Term::Short);
        let mut keys = Vec::new();
        for term in Term::ALL {
            if term == Term::Share || short {
                let (key, wrapped) = self.vault.new_data_key(share, term)?;
                keys.push((term, key, wrapped));
            }
        }
        Ok(Keys(keys))
    }

    /// Puts a document and its signature files into the vault.
    async fn seal_document(
        &self,
        share: ShareId,
        judged: &JudgedDocument,
        key: &Key,
    ) -> Result<NewDocument, PipelineError> {
        let (number, term) = (judged.number(), judged.term());
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
            sha256: Sha256::of(content).into(),
            signature_names,
            is_enclosed: enclosing.is_some(),
            type_code: Some(document.type_code.clone()),
            report: examined.report().clone(),
        };
        let kind = DocumentDetails::kind(number);
        Ok(NewDocument {
            number,
            sealed_details: self.vault.seal_details(share, term, &kind, key, &details)?,
            signature_files,
        })
    }
}

/// When the copies of a share are too old to be taken for fresh where it was judged.
pub(super) fn stale_from(judgement: &Judgement, branch: &Branch) -> Timestamp {
    let hours = branch.max_copy_age_hours(judgement.service());
    judgement.received_at().plus_seconds(i64::from(hours) * 3600)
}
