//! Judging what a mail brought to one branch, and keeping it.
//!
//! Order: sealed objects first, each synced; then the share with its keys in one transaction. A
//! crash in between leaves objects that no key opens, and the next try writes over them.

use std::time::Instant;

use crate::{
    domain::{DocumentDetails, Fingerprint, Sha256, ShareDetails, ShareId, Term},
    matching::{self, Case, ExaminedDocument, JudgedDocument, Judgement},
    metrics::Stage,
    sealing::Key,
    spool::SpooledMail,
    store::{Inserted, NewDocument, NewKey, NewShare},
    vault::ObjectName,
};

use super::{
    Pipeline, PipelineError, Target,
    examine::{Content, Opened},
};

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
    ) -> Result<(), PipelineError> {
        let share = ShareId::of(mail.id, &target.branch.id);
        let judgement = self.judge_for(share, mail, target, opened).await?;
        let start = Instant::now();
        self.seal_and_commit(share, mail, target, opened, &judgement).await?;
        self.metrics.stage(Stage::Keep, start.elapsed());
        self.metrics.share_judged(judgement.verdict());
        tracing::info!(share.id = %share, branch = %target.branch.id,
            verdict = %judgement.verdict(), "a share is judged");
        Ok(())
    }

    async fn judge_for(
        &self,
        share: ShareId,
        mail: &SpooledMail,
        target: &Target,
        opened: &Opened,
    ) -> Result<Judgement, PipelineError> {
        let received_at = mail.envelope.received_at;
        let branch = &target.branch;
        let (documents, findings) = match &opened.content {
            Content::Malformed(finding) => {
                return Ok(Judgement::malformed(
                    share,
                    &branch.id,
                    received_at,
                    finding.clone(),
                    self.policy,
                ));
            }
            Content::Documents { documents, findings } => (documents, findings),
        };
        let first_receipts = self.store.first_receipts(mail.id, &opened.fingerprints()).await?;
        let documents = documents
            .iter()
            .zip(first_receipts)
            .map(|(examination, first_receipt)| ExaminedDocument {
                document: examination.document.clone(),
                examined: examination.examined.clone(),
                first_receipt,
            })
            .collect();
        let start = Instant::now();
        let judgement = matching::judge(Case {
            share,
            branch,
            service_hint: target.service.as_ref(),
            received_at,
            has_trust_list: opened.has_trust_list,
            documents,
            opening: findings.clone(),
            policy: self.policy,
        });
        self.metrics.stage(Stage::Match, start.elapsed());
        Ok(judgement)
    }

    async fn seal_and_commit(
        &self,
        share: ShareId,
        mail: &SpooledMail,
        target: &Target,
        opened: &Opened,
        judgement: &Judgement,
    ) -> Result<(), PipelineError> {
        let keys = self.keys(share, judgement)?;
        let documents = self.seal(share, mail, opened, judgement, &keys).await?;
        let details = ShareDetails {
            sender: mail.envelope.sender.clone(),
            recipients: target.recipients.clone(),
            message_id: opened.message_id.clone(),
            subject: opened.subject.clone(),
            peer: mail.envelope.peer.to_string(),
        };
        let key = keys.of(Term::Share);
        let sealed_details =
            self.vault.seal_details(share, Term::Share, ShareDetails::KIND, key, &details)?;
        let message_id = opened.message_id.as_ref();
        let inserted = self
            .store
            .insert_share(&NewShare {
                judgement,
                mail: mail.id,
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
            })
            .await?;
        if inserted == Inserted::AlreadyThere {
            // An earlier try was committed although its connection failed, and its objects were
            // just replaced: they are sealed once more, with the keys that are committed.
            let keys = self.committed_keys(share, keys).await?;
            self.seal(share, mail, opened, judgement, &keys).await?;
        }
        Ok(())
    }

    /// Puts the mail and its documents into the vault.
    async fn seal(
        &self,
        share: ShareId,
        mail: &SpooledMail,
        opened: &Opened,
        judgement: &Judgement,
        keys: &Keys,
    ) -> Result<Vec<NewDocument>, PipelineError> {
        let term = judgement.mail_term();
        self.vault.put(share, term, &ObjectName::mail(), keys.of(term), &mail.message).await?;
        let mut documents = Vec::new();
        for (document, fingerprint) in judgement.documents().iter().zip(opened.fingerprints()) {
            let key = keys.of(document.term());
            documents.push(self.seal_document(share, document, fingerprint, key).await?);
        }
        Ok(documents)
    }

    /// The keys that the database has for a share, in place of `fresh` ones. A term that it has
    /// none for keeps the fresh one: nothing is to be read there.
    async fn committed_keys(&self, share: ShareId, fresh: Keys) -> Result<Keys, PipelineError> {
        let mut keys = fresh;
        for (term, key, wrapped) in &mut keys.0 {
            if let Some(committed) = self.store.wrapped_key(share, *term).await? {
                *key = self.vault.data_key(share, *term, &committed)?;
                *wrapped = committed;
            }
        }
        Ok(keys)
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
        fingerprint: Fingerprint,
        key: &Key,
    ) -> Result<NewDocument, PipelineError> {
        let (number, term) = (judged.number(), judged.term());
        let (document, examined) = (judged.document(), judged.examined());
        let content = examined.content();
        self.vault.put(share, term, &ObjectName::document(number), key, content).await?;
        let mut signature_files = 0;
        for signature in &document.signed.signatures {
            signature_files += 1;
            let name = ObjectName::signature(number, signature_files);
            self.vault.put(share, term, &name, key, signature).await?;
        }
        let details = DocumentDetails {
            name: document.name.clone(),
            sha256: Sha256::of(content).into(),
            signature_names: document.signature_names.clone(),
            report: examined.report().clone(),
        };
        let kind = DocumentDetails::kind(number);
        Ok(NewDocument {
            number,
            sealed_details: self.vault.seal_details(share, term, &kind, key, &details)?,
            fingerprint,
            signature_files,
        })
    }
}
