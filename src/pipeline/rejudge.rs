//! Judging one share again; `changes` says which, and when.
//!
//! Its raw mail is taken from the vault, opened and judged as at first: for the moment of receipt and
//! for the service it was matched with, by the registry of now. What comes out takes the place of
//! what was said before. Only what is said changes: objects, data keys, which copies are hidden and
//! which came before stay.
//!
//! Where that cannot be, see [`Otherwise`], no verdict is raised: the share takes a worse one, and
//! its documents stay as they are.
//!
//! Each step may be cut off and is done again by the next run.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{
    domain::{BranchScope, DocumentDetails, DocumentRow, FindingCode, ServiceId, ShareRow},
    matching::{self, Address, Case, ExaminedDocument, Judgement, Otherwise},
    metrics::{Part, Rejudging},
    registry::Branch,
    store::{Grounds, KnownBy, Rejudged, Selected},
    trust::Wanted,
};

use super::{
    Floor, MAX_ATTEMPTS, Pipeline, PipelineError, chain,
    examine::{Content, Material, Opened, Sources},
    keep::stale_from,
};

impl Pipeline {
    /// Judges a share again; whether it came to an end, changed or not.
    pub(super) async fn try_rejudge(&self, selected: Selected, floor: &Arc<Floor>) -> bool {
        let share = selected.place.share();
        let (pipeline, floor) = (self.clone(), Arc::clone(floor));
        // On a task of its own, so that a panic ends there.
        let mut task = JoinSet::new();
        task.spawn(async move { pipeline.rejudge(selected, &floor).await });
        let outcome = match task.join_next().await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) | None => Err(PipelineError::Panicked),
        };
        match outcome {
            Ok(outcome) => {
                self.metrics.share_rejudged(outcome);
                true
            }
            Err(error) => {
                self.metrics.failure(Part::Pipeline);
                tracing::error!(share.id = %share, error = chain(&error),
                    "a share could not be judged again; it stays as it is and is tried again");
                // What is no fault of the share counts for nothing, or a vault that is away some
                // minutes would end its verdict.
                if !matches!(error, PipelineError::Panicked)
                    && let Err(error) = self.store.end_attempt(share).await
                {
                    tracing::error!(
                        error = chain(&error),
                        "the end of an attempt cannot be written down"
                    );
                }
                false
            }
        }
    }

    async fn rejudge(&self, selected: Selected, floor: &Floor) -> Result<Rejudging, PipelineError> {
        let share = selected.place.share();
        let before = self.store.share(share, &BranchScope::All).await?;
        let Some(before) = before.filter(|before| before.destroyed_at.is_none()) else {
            return Ok(Rejudging::Gone);
        };
        let sources = Sources::of(self);
        let documents = self.store.documents(share).await?;
        let Some(material) = self.remains(share, &documents).await? else {
            let nothing = self.grounds(before.received_at, &sources, &[]);
            self.store.end_rejudging(share, None, &nothing).await?;
            return Ok(Rejudging::Gone);
        };
        let has_mail = matches!(material, Material::Mail(_));
        let opened = self.open_again(selected, material, &before, &sources, floor).await?;
        let has_stopped = opened.is_none();
        let opened = opened.unwrap_or_else(Opened::unopened_after_crashes);
        self.ask_for(opened.wanted());
        let relied_on: Vec<Wanted> = opened.relied_on().cloned().collect();
        let grounds = self.grounds(before.received_at, &sources, &relied_on);
        // What the DNS said then is not what it says now.
        let signals = before.findings.iter().filter(|finding| finding.code.is_of_sender());
        let named = self.named_service(&before).await?;
        let known_by = opened.known_by(before.received_at);
        let (branch, is_remembered) = self.branch_of(&before, &documents);
        let judgement = self.judge_again(&before, &branch, named.as_ref(), opened);
        let judgement = judgement.noting(signals.cloned());
        let otherwise = if has_stopped {
            Some(Otherwise::Stopped)
        } else if !has_mail {
            Some(Otherwise::Mail)
        } else if is_remembered {
            Some(Otherwise::Registry)
        } else {
            (!is_split_as(&judgement, &documents)).then_some(Otherwise::Sorting)
        };
        let stale_from = stale_from(&judgement, &branch);
        let Some(otherwise) = otherwise else {
            let known_by = KnownBy { stale_from, ..known_by };
            return self.replace(&before, &documents, &judgement, (known_by, grounds)).await;
        };
        let awaits = judgement.awaits();
        let Some(judgement) = judgement.lowering(&before, otherwise) else {
            tracing::info!(share.id = %share, otherwise = otherwise.as_str(),
                "the share cannot be judged again as at first, and is worth no less: it stays as it is");
            self.store.end_rejudging(share, awaits, &grounds).await?;
            return Ok(Rejudging::Unchanged);
        };
        // The numbers are those of other documents.
        let known_by = KnownBy { documents: Vec::new(), stale_from };
        self.put(&before, &judgement, Vec::new(), (known_by, grounds)).await
    }

    /// Opens and examines, counting attempts that stop the program; `None` after too many.
    async fn open_again(
        &self,
        selected: Selected,
        material: Material,
        before: &ShareRow,
        sources: &Sources,
        floor: &Floor,
    ) -> Result<Option<Opened>, PipelineError> {
        let _held = floor.open(selected.attempts).await;
        if self.store.begin_rejudging(before.id).await? > MAX_ATTEMPTS {
            tracing::error!(share.id = %before.id,
                "judging the share again stopped the program each time; it is not tried any more");
            self.metrics.failure(Part::Pipeline);
            return Ok(None);
        }
        self.examine(material, before.received_at, sources).await.map(Some)
    }

    /// The branch of the share by the registry of now; as far as the share tells, where the registry
    /// has no longer what it was judged by. Whether it is the latter.
    fn branch_of(&self, before: &ShareRow, documents: &[DocumentRow]) -> (Branch, bool) {
        let registry = Arc::clone(&self.registry.borrow());
        let has_service = |branch: &&Branch| {
            before.service.as_ref().is_none_or(|id| branch.service(id).is_some())
        };
        if let Some(branch) = registry.branch(&before.branch).filter(has_service) {
            return (branch.clone(), false);
        }
        let asked_for = documents.iter().filter(|row| !row.excess);
        let types = asked_for.map(|row| row.type_code.clone()).collect();
        (Branch::remembered(before.branch.clone(), before.service.clone(), &types), true)
    }

    fn judge_again(
        &self,
        before: &ShareRow,
        branch: &Branch,
        named: Option<&ServiceId>,
        opened: Opened,
    ) -> Judgement {
        let (documents, opening) = match opened.content {
            Content::Documents { documents, findings } => (documents, findings),
            Content::Malformed(finding) => {
                let (share, id, at) = (before.id, &branch.id, before.received_at);
                return Judgement::malformed(share, id, at, finding, &self.policy);
            }
        };
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
        matching::judge(Case {
            share: before.id,
            branch,
            address: Address { named, before: matched },
            received_at: before.received_at,
            has_trust_list: opened.has_trust_list,
            documents,
            opening,
            policy: &self.policy,
        })
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
