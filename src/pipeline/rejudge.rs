//! Judging one share again; `changes` says which, and when.
//!
//! Its raw mail is taken from the vault, opened and judged as at first: for the moment of receipt and
//! for the service it was matched with, by the registry of now. What comes out takes the place of
//! what was said before. Only what is said changes: objects, data keys, which copies are hidden and
//! which came before stay. A mail that would be split otherwise than it is kept raises no verdict: the
//! share takes the worse one, and its documents stay as they are.
//!
//! Each step may be cut off and is done again by the next run. A share that stops the program when
//! it is judged again is given up after a few times.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    domain::{
        BranchScope, DocumentDetails, DocumentRow, FindingCode, ServiceId, ShareDetails, ShareId,
        ShareRow, Term, without_trace,
    },
    matching::{self, Address, Case, ExaminedDocument, Judgement},
    metrics::{Part, Rejudging},
    sealing::Key,
    store::{Grounds, KnownBy, Rejudged, Waiting},
    trust::Wanted,
    vault::{ObjectName, VaultError},
};

use super::{
    Floor, MAX_ATTEMPTS, Pipeline, PipelineError, chain,
    examine::{Content, Opened, Sources},
    keep::stale_from,
};

impl Pipeline {
    /// Judges a share again; whether it came to an end, changed or not.
    pub(super) async fn try_rejudge(&self, waiting: Waiting, floor: &Floor) -> bool {
        let share = waiting.place.share();
        match self.rejudge(waiting, floor).await {
            Ok(outcome) => {
                self.metrics.share_rejudged(outcome);
                true
            }
            Err(error) => {
                self.metrics.failure(Part::Pipeline);
                tracing::error!(share.id = %share, error = chain(&error),
                    "a share could not be judged again; it stays as it is and is tried again");
                // An attempt that ended with an error did not stop the program: it counts for
                // nothing, or a vault that is away some minutes would leave the share as it is for
                // good.
                if let Err(error) = self.store.end_attempt(share).await {
                    tracing::error!(
                        error = chain(&error),
                        "the end of an attempt cannot be written down"
                    );
                }
                false
            }
        }
    }

    async fn rejudge(&self, waiting: Waiting, floor: &Floor) -> Result<Rejudging, PipelineError> {
        let share = waiting.place.share();
        let before = self.store.share(share, &BranchScope::All).await?;
        let Some(before) = before.filter(|before| before.destroyed_at.is_none()) else {
            return Ok(Rejudging::Gone);
        };
        let sources = Sources::of(self);
        let nothing = self.grounds(before.received_at, &sources, &[]);
        let Some(mail) = self.kept_mail(share).await? else {
            self.store.end_rejudging(share, None, &nothing).await?;
            return Ok(Rejudging::Gone);
        };
        if self.store.begin_rejudging(share).await? > MAX_ATTEMPTS {
            tracing::error!(share.id = %share,
                "judging the share again stopped the program each time; it stays as it is");
            self.metrics.failure(Part::Pipeline);
            self.store.end_rejudging(share, None, &nothing).await?;
            return Ok(Rejudging::Gone);
        }
        let opened = {
            // A mail that may have stopped the program is opened alone.
            let _beside = floor.opening.read().await;
            self.examine(mail, before.received_at, &sources).await?
        };
        self.ask_for(opened.wanted());
        let relied_on: Vec<Wanted> = opened.relied_on().cloned().collect();
        let grounds = self.grounds(before.received_at, &sources, &relied_on);
        let documents = self.store.documents(share).await?;
        // What the DNS said then is not what it says now.
        let signals = before.findings.iter().filter(|finding| finding.code.is_of_sender());
        let named = self.named_service(&before).await?;
        let judgement = self.judge_again(&before, named.as_ref(), opened);
        let judgement =
            judgement.map(|(judgement, known_by)| (judgement.noting(signals.cloned()), known_by));
        let Some((judgement, known_by)) = judgement else {
            tracing::info!(share.id = %share, "the registry has no longer what the share was judged \
                by: it stays as it is");
            self.store.end_rejudging(share, waiting.awaits, &grounds).await?;
            return Ok(Rejudging::Unchanged);
        };
        if is_split_as(&judgement, &documents) {
            return self.replace(&before, &documents, &judgement, (known_by, grounds)).await;
        }
        let Some(judgement) = judgement.lowering(&before) else {
            tracing::info!(share.id = %share, "the share would be split otherwise now, and is worth \
                no less: it stays as it is");
            self.store.end_rejudging(share, waiting.awaits, &grounds).await?;
            return Ok(Rejudging::Unchanged);
        };
        // The numbers are those of other documents.
        let known_by = KnownBy { documents: Vec::new(), ..known_by };
        self.put(&before, &judgement, Vec::new(), (known_by, grounds)).await
    }

    /// The raw mail of a share as it was sent; `None` when it is destroyed.
    async fn kept_mail(&self, share: ShareId) -> Result<Option<Bytes>, PipelineError> {
        let Some(term) = self.store.mail_term(share).await? else { return Ok(None) };
        let Some(key) = self.kept_key(share, term).await? else { return Ok(None) };
        match self.vault.read(share, term, &ObjectName::mail(), &key).await {
            Ok(kept) => Ok(Some(kept.slice_ref(without_trace(&kept)))),
            // The purge has just been here.
            Err(VaultError::Missing { .. }) if self.kept_key(share, term).await?.is_none() => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn kept_key(&self, share: ShareId, term: Term) -> Result<Option<Key>, PipelineError> {
        let wrapped = self.store.wrapped_key(share, term).await?;
        let key = wrapped.map(|wrapped| self.vault.data_key(share, term, &wrapped));
        Ok(key.transpose()?)
    }

    /// The service that the recipient's sub-address names. Which service a share was matched with
    /// does not tell who chose it.
    async fn named_service(&self, before: &ShareRow) -> Result<Option<ServiceId>, PipelineError> {
        let key = self.kept_key(before.id, Term::Share).await?;
        let (Some(key), Some(sealed)) = (key, &before.sealed_details) else { return Ok(None) };
        let (term, kind) = (Term::Share, ShareDetails::KIND);
        let details: ShareDetails = self.vault.open_details(before.id, term, kind, &key, sealed)?;
        let registry = Arc::clone(&self.registry.borrow());
        let mut services = details.recipients.iter().filter_map(|recipient| {
            registry.find(recipient).and_then(|found| Some(found.service?.id.clone()))
        });
        Ok(services.next())
    }

    /// Judges by the registry of now, and says what the documents are known by; `None` when the
    /// registry no longer has the branch or the service.
    fn judge_again(
        &self,
        before: &ShareRow,
        named: Option<&ServiceId>,
        opened: Opened,
    ) -> Option<(Judgement, KnownBy)> {
        let known_by = opened.known_by(before.received_at);
        let (documents, opening) = match opened.content {
            Content::Documents { documents, findings } => (documents, findings),
            Content::Malformed(finding) => {
                let (share, branch, at) = (before.id, &before.branch, before.received_at);
                let judgement = Judgement::malformed(share, branch, at, finding, &self.policy);
                return Some((judgement, known_by));
            }
        };
        let registry = Arc::clone(&self.registry.borrow());
        let branch = registry.branch(&before.branch)?;
        if let Some(service) = &before.service {
            branch.service(service)?;
        }
        // A service that was offered then counts as offered, whatever the registry says now.
        let was_retired =
            before.findings.iter().any(|finding| finding.code == FindingCode::ServiceRetired);
        let matched = before.service.as_ref().filter(|_| !was_retired);
        let documents = documents
            .into_iter()
            .map(|examination| ExaminedDocument {
                document: examination.document,
                examined: examination.examined,
            })
            .collect();
        let judgement = matching::judge(Case {
            share: before.id,
            branch,
            address: Address { named, before: matched },
            received_at: before.received_at,
            has_trust_list: opened.has_trust_list,
            documents,
            opening,
            policy: &self.policy,
        });
        let stale_from = stale_from(&judgement, branch);
        Some((judgement, KnownBy { stale_from, ..known_by }))
    }

    /// Puts the judgement in the place of the old one when it says anything else.
    async fn replace(
        &self,
        before: &ShareRow,
        documents: &[DocumentRow],
        judgement: &Judgement,
        (known_by, grounds): (KnownBy, Grounds),
    ) -> Result<Rejudging, PipelineError> {
        let share = before.id;
        // Those that came before are no matter of judging.
        let findings = before.findings.iter().filter(|one| one.code != FindingCode::Duplicate);
        let mut changed = before.verdict != judgement.verdict()
            || before.assurance != judgement.assurance()
            || before.service.as_ref() != judgement.service()
            || !findings.eq(judgement.findings());
        let mut sealed_details = Vec::new();
        for (row, judged) in documents.iter().zip(judgement.documents()) {
            let key = self.kept_key(share, row.term).await?;
            let (Some(key), Some(sealed)) = (key, &row.sealed_details) else {
                self.store.end_rejudging(share, None, &grounds).await?;
                return Ok(Rejudging::Gone);
            };
            let kind = DocumentDetails::kind(row.number);
            let mut details: DocumentDetails =
                self.vault.open_details(share, row.term, &kind, &key, sealed)?;
            let report = judged.examined().report();
            changed |= details.report != *report;
            details.report = report.clone();
            sealed_details.push(self.vault.seal_details(share, row.term, &kind, &key, &details)?);
        }
        if !changed {
            self.store.end_rejudging(share, judgement.awaits(), &grounds).await?;
            return Ok(Rejudging::Unchanged);
        }
        self.put(before, judgement, sealed_details, (known_by, grounds)).await
    }

    /// Puts the judgement in the place of the old one.
    async fn put(
        &self,
        before: &ShareRow,
        judgement: &Judgement,
        sealed_details: Vec<Vec<u8>>,
        (known_by, grounds): (KnownBy, Grounds),
    ) -> Result<Rejudging, PipelineError> {
        let share = before.id;
        let judged_at = self.clock.now();
        let new = Rejudged { before, judgement, judged_at, sealed_details, known_by, grounds };
        if !self.store.rejudge(&new).await? {
            return Ok(Rejudging::Gone);
        }
        tracing::info!(share.id = %share, branch = %before.branch, before = %before.verdict,
            verdict = %judgement.verdict(), "a share is judged again");
        Ok(Rejudging::Changed)
    }
}

/// Whether the documents are those that are kept, each for the term that it is kept for.
fn is_split_as(judgement: &Judgement, kept: &[DocumentRow]) -> bool {
    let judged = judgement.documents();
    judged.len() == kept.len()
        && judged.iter().zip(kept).all(|(judged, kept)| {
            judged.number() == kept.number
                && judged.size() == kept.size
                && judged.term() == kept.term
                && *judged.type_code() == kept.type_code
        })
}
