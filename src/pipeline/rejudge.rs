//! Judging one share again; `changes` says which, and when.
//!
//! Its raw mail is taken from the vault, opened and judged as at first: for the moment of receipt, by
//! the branch as it was, and by the trust and revocation data of now. What comes out takes the place
//! of what was said before, unless it differs by what is forgotten alone. Only what is said changes:
//! objects, data keys, which copies are hidden and which came before stay.
//!
//! Where that cannot be, see [`Otherwise`], the copies that are kept are judged, and no verdict is
//! raised: the share takes a worse one, and its documents stay as they are.
//!
//! Each step may be cut off and is done again by the next run.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{
    domain::{BranchScope, DocumentDetails, DocumentReport, FindingCode, ShareRow, Term},
    matching::{Judgement, Otherwise},
    metrics::{Part, Rejudging},
    registry::{Branch, Registry},
    store::{Grounds, KnownBy, Rejudged, Selected},
};

use super::{
    Floor, MAX_ATTEMPTS, Pipeline, PipelineError, chain,
    examine::{Material, Opened, Sources},
    forgotten::is_by_what_is_forgotten,
    keep::stale_from,
    remains::Kept,
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
        let Some(documents) = self.kept_documents(share).await? else {
            return Ok(Rejudging::Gone);
        };
        let version = self.store.branch_version(share).await?;
        let has_version = version.is_some();
        let registry = version.unwrap_or_else(|| remembered(&before, &documents));
        let _held = floor.open(selected.attempts).await;
        if self.store.begin_rejudging(share).await? > MAX_ATTEMPTS {
            tracing::error!(share.id = %share,
                "judging the share again stopped the program each time; it is not tried any more");
            self.metrics.failure(Part::Pipeline);
            let (opened, sources) = (Opened::unopened_after_crashes(), Sources::of(self));
            let again = self.judged(&before, &registry, &opened, &sources).await?;
            return self.lower(&before, &documents, again, Otherwise::Stopped).await;
        }
        let mail = self.kept_mail(share).await?;
        let has_mail = mail.is_some();
        if let Some(mail) = mail.filter(|_| has_version) {
            let again = self.judge_again(&before, &registry, Material::Mail(mail)).await?;
            if is_split_as(&again.judgement, &documents) {
                return self.replace(&before, &documents, again).await;
            }
        }
        let Some(copies) = self.kept_copies(share, &documents).await? else {
            return Ok(Rejudging::Gone);
        };
        let again = self.judge_again(&before, &registry, Material::Copies(copies)).await?;
        let otherwise = match (has_version, has_mail) {
            (false, _) => Otherwise::Service,
            (true, false) => Otherwise::Mail,
            (true, true) => Otherwise::Sorting,
        };
        self.lower(&before, &documents, again, otherwise).await
    }

    /// Opens, examines and judges, by the branch as it was.
    async fn judge_again(
        &self,
        before: &ShareRow,
        registry: &Registry,
        material: Material,
    ) -> Result<Again, PipelineError> {
        let sources = Sources::of(self);
        let opened = self.examine(material, before.received_at, &sources).await?;
        self.ask_for(opened.wanted());
        self.judged(before, registry, &opened, &sources).await
    }

    async fn judged(
        &self,
        before: &ShareRow,
        registry: &Registry,
        opened: &Opened,
        sources: &Sources,
    ) -> Result<Again, PipelineError> {
        let branch = registry.branch(&before.branch).ok_or(PipelineError::NoBranch)?;
        let (share, at) = (before.id, before.received_at);
        let named = self.named_service(before, registry).await?;
        let judgement = self.judgement_on(share, branch, named.as_ref(), at, opened);
        // What the DNS said then is not what it says now.
        let signals = before.findings.iter().filter(|finding| finding.code.is_of_sender());
        let judgement = judgement.noting(signals.cloned());
        let stale_from = stale_from(&judgement, branch);
        let known_by = KnownBy { stale_from, ..opened.known_by(at) };
        let grounds = self.grounds(at, sources, opened.relied_on());
        Ok(Again { judgement, known_by, grounds })
    }

    /// Takes the judgement where it is worse than the old one.
    async fn lower(
        &self,
        before: &ShareRow,
        documents: &[Kept],
        again: Again,
        otherwise: Otherwise,
    ) -> Result<Rejudging, PipelineError> {
        let Again { judgement, known_by, grounds } = again;
        let awaits = judgement.awaits();
        let judged = documents.iter().filter(|kept| kept.row.term == Term::Share);
        let lower = if is_by_what_is_forgotten(&judgement, before.verdict, reports(judged)) {
            None
        } else {
            judgement.lowering(before, otherwise)
        };
        let Some(judgement) = lower else {
            tracing::info!(share.id = %before.id, otherwise = otherwise.as_str(),
                "the share cannot be judged again as at first, and is worth no less: it stays as it is");
            self.store.end_rejudging(before.id, awaits, &grounds).await?;
            return Ok(Rejudging::Unchanged);
        };
        // The numbers are those of other documents.
        let known_by = KnownBy { documents: Vec::new(), ..known_by };
        let again = Again { judgement, known_by, grounds };
        self.put(before, again, Vec::new()).await
    }

    /// Puts the judgement in the place of the old one when it says anything else.
    async fn replace(
        &self,
        before: &ShareRow,
        documents: &[Kept],
        again: Again,
    ) -> Result<Rejudging, PipelineError> {
        let share = before.id;
        let Again { judgement, grounds, .. } = &again;
        if is_by_what_is_forgotten(judgement, before.verdict, reports(documents.iter())) {
            self.store.end_rejudging(share, judgement.awaits(), grounds).await?;
            return Ok(Rejudging::Unchanged);
        }
        // Those that came before are no matter of judging.
        let findings = before.findings.iter().filter(|one| one.code != FindingCode::Duplicate);
        let mut changed = before.verdict != judgement.verdict()
            || before.assurance != judgement.assurance()
            || before.service.as_ref() != judgement.service()
            || !findings.eq(judgement.findings());
        let mut sealed_details = Vec::new();
        for (kept, judged) in documents.iter().zip(judgement.documents()) {
            let Kept { row, details: Some(details) } = kept else { return Ok(Rejudging::Gone) };
            let Some(key) = self.kept_key(share, row.term).await? else {
                return Ok(Rejudging::Gone);
            };
            let report = judged.examined().report().clone();
            changed |= details.report != report;
            let details = DocumentDetails { report, ..details.clone() };
            let kind = DocumentDetails::kind(row.number);
            sealed_details.push(self.vault.seal_details(share, row.term, &kind, &key, &details)?);
        }
        if !changed {
            self.store.end_rejudging(share, judgement.awaits(), grounds).await?;
            return Ok(Rejudging::Unchanged);
        }
        self.put(before, again, sealed_details).await
    }

    /// Puts the judgement in the place of the old one.
    async fn put(
        &self,
        before: &ShareRow,
        again: Again,
        sealed_details: Vec<Vec<u8>>,
    ) -> Result<Rejudging, PipelineError> {
        let share = before.id;
        let judged_at = self.clock.now();
        let Again { judgement, known_by, grounds } = again;
        let judgement = &judgement;
        let new = Rejudged { before, judgement, judged_at, sealed_details, known_by, grounds };
        if !self.store.rejudge(&new).await? {
            return Ok(Rejudging::Gone);
        }
        tracing::info!(share.id = %share, branch = %before.branch, before = %before.verdict,
            verdict = %judgement.verdict(), "a share is judged again");
        Ok(Rejudging::Changed)
    }
}

/// A share was judged again: what is said of it, what its documents are known by, and what the
/// judgement rests on.
struct Again {
    judgement: Judgement,
    known_by: KnownBy,
    grounds: Grounds,
}

/// The registry as far as the share tells.
fn remembered(before: &ShareRow, documents: &[Kept]) -> Registry {
    let asked_for = documents.iter().filter(|kept| !kept.row.excess);
    let types = asked_for.map(|kept| kept.row.type_code.clone()).collect();
    Registry::alone(Branch::remembered(before.branch.clone(), before.service.clone(), &types))
}

/// What was said of each document; `None` where it is destroyed.
fn reports<'a>(
    documents: impl Iterator<Item = &'a Kept>,
) -> impl Iterator<Item = Option<&'a DocumentReport>> {
    documents.map(|kept| kept.details.as_ref().map(|details| &details.report))
}

/// Whether the documents are those that are kept, each for the term that it is kept for.
fn is_split_as(judgement: &Judgement, kept: &[Kept]) -> bool {
    let judged = judgement.documents();
    judged.len() == kept.len()
        && judged.iter().zip(kept).all(|(judged, Kept { row: kept, .. })| {
            judged.number() == kept.number
                && judged.size() == kept.size
                && judged.term() == kept.term
                && *judged.type_code() == kept.type_code
        })
}
