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
    domain::{
        BranchScope, DocumentDetails, FindingCode, RevocationPolicy, ShareRow, Term, Verdict,
    },
    matching::{Judgement, Otherwise},
    metrics::{Part, Rejudging},
    registry::{Branch, Registry},
    store::{Grounds, KnownBy, Rejudged, Selected},
};

use super::{
    Floor, MAX_ATTEMPTS, Pipeline, PipelineError, chain,
    examine::{Material, Opened, Sources},
    forgotten::{Memory, compare},
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
            return self.lower(&before, documents.iter(), again, Otherwise::Stopped).await;
        }
        let mail = self.kept_mail(share).await?;
        let has_mail = mail.is_some();
        if let Some(mail) = mail {
            let again = self.judge_again(&before, &registry, Material::Mail(mail)).await?;
            if is_split_as(&again.judgement, &documents) {
                return if has_version {
                    self.replace(&before, &documents, again).await
                } else {
                    self.lower(&before, documents.iter(), again, Otherwise::Service).await
                };
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
        let judged = documents.iter().filter(|kept| kept.row.term == Term::Share);
        self.lower(&before, judged, again, otherwise).await
    }

    /// Opens, examines and judges, by the branch as it was.
    async fn judge_again(
        &self,
        before: &ShareRow,
        registry: &Registry,
        material: Material,
    ) -> Result<Again, PipelineError> {
        let sources = Sources::of(self);
        let opened = self.examine(material.clone(), before.received_at, &sources).await?;
        self.ask_for(opened.wanted());
        let mut again = self.judged(before, registry, &opened, &sources).await?;
        let is_strict = self.revocation_policy == RevocationPolicy::Require;
        if is_strict && again.judgement.verdict() < before.verdict {
            let lenient = Self { revocation_policy: RevocationPolicy::Prefer, ..self.clone() };
            let opened = lenient.examine(material, before.received_at, &sources).await?;
            let unasked = lenient.judged(before, registry, &opened, &sources).await?;
            again.unasked = unasked.judgement.verdict();
        }
        Ok(again)
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
        Ok(Again { unasked: judgement.verdict(), judgement, known_by, grounds })
    }

    /// Takes the judgement where it is worse than the old one.
    async fn lower(
        &self,
        before: &ShareRow,
        judged: impl Iterator<Item = &Kept>,
        again: Again,
        otherwise: Otherwise,
    ) -> Result<Rejudging, PipelineError> {
        let otherwise = match again.compare(before, judged) {
            Memory::Whole => Some(otherwise),
            Memory::Keep => None,
            Memory::Doubt => Some(Otherwise::Forgotten),
        };
        self.take_worse(before, again, otherwise).await
    }

    /// Takes what the judgement makes of the share where that is worse; nothing without a reason.
    async fn take_worse(
        &self,
        before: &ShareRow,
        again: Again,
        otherwise: Option<Otherwise>,
    ) -> Result<Rejudging, PipelineError> {
        let Again { judgement, known_by, grounds, unasked } = again;
        let awaits = judgement.awaits();
        let lower = otherwise.and_then(|otherwise| judgement.lowering(before, otherwise));
        let Some(judgement) = lower else {
            tracing::info!(share.id = %before.id, otherwise = otherwise.map(Otherwise::as_str),
                "the share cannot be judged again as at first, and is worth no less: it stays as it is");
            self.store.end_rejudging(before.id, awaits, &grounds).await?;
            return Ok(Rejudging::Unchanged);
        };
        // The numbers are those of other documents.
        let known_by = KnownBy { documents: Vec::new(), ..known_by };
        let again = Again { judgement, unasked, known_by, grounds };
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
        match again.compare(before, documents.iter()) {
            Memory::Whole => {}
            Memory::Keep => return self.take_worse(before, again, None).await,
            Memory::Doubt => {
                return self.take_worse(before, again, Some(Otherwise::Forgotten)).await;
            }
        }
        let Again { judgement, grounds, .. } = &again;
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
        let Again { judgement, known_by, grounds, .. } = again;
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
    /// The verdict if nobody had to say that a certificate is good.
    unasked: Verdict,
    known_by: KnownBy,
    grounds: Grounds,
}

/// The registry as far as the share tells.
fn remembered(before: &ShareRow, documents: &[Kept]) -> Registry {
    let asked_for = documents.iter().filter(|kept| !kept.row.excess);
    let types = asked_for.map(|kept| kept.row.type_code.clone()).collect();
    Registry::alone(Branch::remembered(before.branch.clone(), before.service.clone(), &types))
}

impl Again {
    /// Compares it with what was said of the share, and of each of the documents that it judges.
    fn compare<'a>(&self, before: &ShareRow, documents: impl Iterator<Item = &'a Kept>) -> Memory {
        // The reports of a share that was lowered are older than its verdict, and do not have the
        // revocation.
        let was_lowered = before.verdict < Verdict::Undetermined
            && before.findings.iter().any(|one| one.code == FindingCode::JudgedOtherwise);
        if was_lowered && self.judgement.verdict() > before.verdict && !self.is_all_heard() {
            return Memory::Keep;
        }
        let reports = documents.map(|kept| kept.details.as_ref().map(|details| &details.report));
        compare(&self.judgement, self.unasked, before.verdict, reports)
    }

    /// Whether no certificate is left of which nobody says whether it was revoked.
    fn is_all_heard(&self) -> bool {
        self.judgement.documents().iter().all(|judged| judged.examined().wanted().is_empty())
    }
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
