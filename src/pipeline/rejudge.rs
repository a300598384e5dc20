//! Judging one share again; `changes` says which, and when.
//!
//! Its raw mail is taken from the vault, opened and judged as at first: for the moment of receipt, by
//! the branch as it was, and by the trust and revocation data of now, with what authorities said of
//! its certificates before. What comes out takes the place of what was said before. Only what is said
//! changes: objects, data keys, which copies are hidden and which came before stay.
//!
//! Where that cannot be, see [`Otherwise`], the copies that are kept are judged, and no verdict is
//! raised: the share takes a worse one, or the reserve that a signer is unchecked, and its documents stay
//! as they are.
//!
//! Each step may be cut off and is done again by the next run.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{
    archive::{KeptDocument, KeptShare},
    domain::{
        BranchScope, DocumentDetails, DocumentRow, FindingCode, ServiceId, Sha256, ShareId,
        ShareRow, Term, Timestamp, TypeCode,
    },
    matching::{Judgement, Otherwise},
    metrics::{Part, Rejudging},
    registry::{Branch, Registry},
    store::{Grounds, KnownBy, Rejudged, Selected},
    trust::StatusRecord,
};

use super::{
    MAX_ATTEMPTS, Pipeline, PipelineError, Workers, chain,
    examine::{Material, Opened, Sources},
    keep::stale_from,
    remains::{Fault, Legible, named_service},
};

impl Pipeline {
    /// Judges a share again. It came to an end, changed or not, unless this fails.
    pub(super) async fn try_rejudge(
        &self,
        selected: Selected,
        fault: Fault,
        workers: &Arc<Workers>,
    ) -> Result<(), PipelineError> {
        let share = selected.place.share();
        let (pipeline, workers) = (self.clone(), Arc::clone(workers));
        // On a task of its own, so that a panic ends there.
        let mut task = JoinSet::new();
        task.spawn(async move { pipeline.rejudge(selected, fault, &workers).await });
        let outcome = match task.join_next().await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) | None => Err(PipelineError::Broken),
        };
        let error = match outcome {
            Ok(outcome) => {
                self.metrics.share_rejudged(outcome);
                return Ok(());
            }
            Err(error) => error,
        };
        self.metrics.failure(Part::Pipeline);
        tracing::error!(share.id = %share, error = chain(&error),
            "a share could not be judged again; it stays as it is and is tried again");
        // What is no fault of the share counts for nothing, or a vault that is away some minutes would
        // end its verdict.
        if !matches!(error, PipelineError::Panicked)
            && let Err(error) = self.archive.store().end_attempt(share).await
        {
            tracing::error!(error = chain(&error), "the end of an attempt cannot be written down");
        }
        Err(error)
    }

    async fn rejudge(
        &self,
        selected: Selected,
        fault: Fault,
        workers: &Workers,
    ) -> Result<Rejudging, PipelineError> {
        let share = selected.place.share();
        let before = self.before(selected, fault).await?;
        let Some(before) = before else { return Ok(Rejudging::Gone) };
        let _held = workers.open(selected.attempts).await;
        if self.archive.store().begin_rejudging(share).await? > MAX_ATTEMPTS {
            tracing::error!(share.id = %share,
                "judging the share again stopped the program each time; it is not tried any more");
            self.metrics.failure(Part::Pipeline);
            let (opened, sources) = (Opened::unopened_after_crashes(), Sources::of(self));
            let again = self.judged(&before, &opened, &sources)?;
            return self.lower(&before, again, Otherwise::Stopped).await;
        }
        let mail = self.kept_mail(&before.kept, fault).await?;
        let has_mail = mail.is_some();
        if let Some(mail) = mail {
            let again = self.judge_again(&before, Material::Mail(mail)).await?;
            if !before.is_whole {
                return self.lower(&before, again, Otherwise::Copy).await;
            }
            if is_split_as(&again.judgement, &before.documents) {
                return if before.has_version {
                    self.replace(&before, again).await
                } else {
                    self.lower(&before, again, Otherwise::Service).await
                };
            }
        }
        let copies = self.kept_copies(&before.kept, &before.documents, fault).await?;
        let Some(copies) = copies else { return self.overtaken(share).await };
        let kept = before.documents.iter().filter(|kept| kept.row.term == Term::Share);
        let is_whole = before.is_whole && copies.len() == kept.count();
        let again = self.judge_again(&before, Material::Copies(copies)).await?;
        let otherwise = match (before.has_version, has_mail) {
            _ if !is_whole => Otherwise::Copy,
            (false, _) => Otherwise::Service,
            (true, false) => Otherwise::Mail,
            (true, true) => Otherwise::Sorting,
        };
        self.lower(&before, again, otherwise).await
    }

    /// The share as it stands; `None` when it is destroyed.
    async fn before(
        &self,
        selected: Selected,
        fault: Fault,
    ) -> Result<Option<Before>, PipelineError> {
        let share = selected.place.share();
        let Some((kept, legible)) = self.legible(share, fault).await? else { return Ok(None) };
        let Legible { documents, records, details, is_whole } = legible;
        let version = self.archive.store().branch_version(share).await?;
        let version = version.and_then(|text| match Registry::parse(&text) {
            Ok(registry) => Some(registry),
            Err(error) => {
                tracing::warn!(share.id = %share, error = chain(&error),
                    "the share's branch as it was cannot be read; its proofs alone are judged again");
                None
            }
        });
        let has_version = version.is_some();
        let registry = version.unwrap_or_else(|| remembered(kept.row(), &documents));
        let named = named_service(details.as_ref(), &registry);
        let look_at = selected.look_at;
        Ok(Some(Before {
            kept,
            documents,
            records,
            registry,
            named,
            has_version,
            is_whole,
            look_at,
        }))
    }

    /// Opens, examines and judges, by the branch as it was.
    async fn judge_again(
        &self,
        before: &Before,
        material: Material,
    ) -> Result<Again, PipelineError> {
        let known = before.records.clone().unwrap_or_default();
        let sources = Sources::of(self).remembering(known);
        let sources = sources.looking_at(before.look_at);
        let opened = self.examine(material, before.kept.row().received_at, &sources).await?;
        self.ask_for(opened.wanted());
        self.judged(before, &opened, &sources)
    }

    fn judged(
        &self,
        before: &Before,
        opened: &Opened,
        sources: &Sources,
    ) -> Result<Again, PipelineError> {
        let Before { kept, registry, .. } = before;
        let row = kept.row();
        let branch = registry.branch(&row.branch).ok_or(PipelineError::NoBranch)?;
        let (share, at) = (row.id, row.received_at);
        let judgement = self.judgement_on(share, branch, before.named.as_ref(), at, opened);
        // What the DNS said then is not what it says now.
        let signals = row.findings.iter().filter(|finding| finding.code.is_of_sender());
        let judgement = judgement.noting(signals.cloned());
        let stale_from = stale_from(&judgement, branch);
        let known_by = KnownBy { stale_from, ..opened.known_by(at) };
        let records = before.records.as_ref().map(|known| opened.records(known));
        let grounds = self.grounds(at, sources, opened);
        Ok(Again { judgement, known_by, grounds, records })
    }

    /// Takes what the judgement makes of the share where that is worse, or the reserve another.
    async fn lower(
        &self,
        before: &Before,
        again: Again,
        otherwise: Otherwise,
    ) -> Result<Rejudging, PipelineError> {
        let (kept, row) = (&before.kept, before.kept.row());
        let Again { judgement, known_by, grounds, records } = again;
        let awaits = judgement.awaits();
        let shows_less = shows_less(&judgement, &before.documents);
        let Some(judgement) = judgement.lowering(row, otherwise, shows_less) else {
            tracing::info!(share.id = %row.id, otherwise = otherwise.as_str(),
                "the share cannot be judged again as at first, and is worth no less: it stays as it is");
            kept.confirm(awaits, &grounds, records.as_deref()).await?;
            return Ok(Rejudging::Unchanged);
        };
        // The numbers are those of other documents.
        let known_by = KnownBy { documents: Vec::new(), ..known_by };
        self.put(kept, Again { judgement, known_by, grounds, records }, &[]).await
    }

    /// Puts the judgement in the place of the old one when it says anything else.
    async fn replace(&self, before: &Before, again: Again) -> Result<Rejudging, PipelineError> {
        let Before { kept, documents, .. } = before;
        let row = kept.row();
        let Again { judgement, grounds, records, .. } = &again;
        // Those that came before are no matter of judging.
        let findings = row.findings.iter().filter(|one| one.code != FindingCode::Duplicate);
        let mut changed = row.verdict != judgement.verdict()
            || row.assurance != judgement.assurance()
            || row.service.as_ref() != judgement.service()
            || !findings.eq(judgement.findings());
        let mut said = Vec::new();
        for (document, judged) in documents.iter().zip(judgement.documents()) {
            let Some(details) = &document.details else { return self.overtaken(row.id).await };
            let report = judged.examined().report().clone();
            let (revision, sha256) = (judged.revision(), Sha256::of(&judged.shown()).into());
            changed |= details.report != report || details.revision != revision;
            let details = DocumentDetails { sha256, revision, report, ..details.clone() };
            said.push((&document.row, details));
        }
        if !changed {
            kept.confirm(judgement.awaits(), grounds, records.as_deref()).await?;
            return Ok(Rejudging::Unchanged);
        }
        self.put(kept, again, &said).await
    }

    /// What was read is not there any more: the share is gone, or it is judged again once more.
    async fn overtaken(&self, share: ShareId) -> Result<Rejudging, PipelineError> {
        let row = self.archive.store().share(share, &BranchScope::All).await?;
        if row.is_some_and(|row| row.destroyed_at.is_none()) {
            return Err(PipelineError::Overtaken);
        }
        Ok(Rejudging::Gone)
    }

    /// Puts the judgement in the place of the old one.
    async fn put(
        &self,
        kept: &KeptShare,
        again: Again,
        documents: &[(&DocumentRow, DocumentDetails)],
    ) -> Result<Rejudging, PipelineError> {
        let before = kept.row();
        let (judged_at, surely_past) = (self.clock.now(), self.surely_past());
        let Again { judgement, known_by, grounds, records } = again;
        let judgement = &judgement;
        let new = Rejudged { before, judgement, judged_at, surely_past, known_by, grounds };
        if !kept.replace(&new, documents, records.as_deref()).await? {
            return self.overtaken(before.id).await;
        }
        tracing::info!(share.id = %before.id, branch = %before.branch, before = %before.verdict,
            verdict = %judgement.verdict(), "a share is judged again");
        Ok(Rejudging::Changed)
    }
}

/// A share as it stands before it is judged again.
struct Before {
    kept: KeptShare,
    documents: Vec<KeptDocument>,
    /// What authorities said of its certificates; `None` when that cannot be read.
    records: Option<Vec<StatusRecord>>,
    /// Its branch as it was, or as far as the share tells.
    registry: Registry,
    /// The service that the recipient's sub-address names there.
    named: Option<ServiceId>,
    /// Which of the two.
    has_version: bool,
    /// Whether all of what the database has sealed of it can be read.
    is_whole: bool,
    /// When it is to be looked at, whatever changes.
    look_at: Option<Timestamp>,
}

/// A share was judged again: what is said of it, what its documents are known by, and what the
/// judgement rests on.
struct Again {
    judgement: Judgement,
    known_by: KnownBy,
    grounds: Grounds,
    /// `None`: what is kept and cannot be read stays as it is, for nobody knows what it says.
    records: Option<Vec<StatusRecord>>,
}

/// The registry as far as the share tells.
fn remembered(before: &ShareRow, documents: &[KeptDocument]) -> Registry {
    let asked_for = documents.iter().filter(|kept| !kept.row.excess);
    let types = asked_for.map(KeptDocument::type_code).collect();
    Registry::alone(Branch::remembered(before.branch.clone(), before.service.clone(), &types))
}

/// Whether the documents are those that are kept, each for the term that it is kept for.
fn is_split_as(judgement: &Judgement, kept: &[KeptDocument]) -> bool {
    let judged = judgement.documents();
    judged.len() == kept.len()
        && judged.iter().zip(kept).all(|(judged, KeptDocument { row: kept, .. })| {
            judged.number() == kept.number
                && judged.size() == kept.size
                && judged.term() == kept.term
                && is_type(judged.type_code(), kept)
        })
}

/// Whether less is shown of a kept document than before: who signed the rest is not trusted any more. Which
/// document that is is told by its size alone, for numbers are others where copies are judged: of two of one
/// size the worse is taken.
fn shows_less(judgement: &Judgement, kept: &[KeptDocument]) -> bool {
    judgement.documents().iter().any(|judged| {
        let Some(shown) = judged.revision() else { return false };
        kept.iter().any(|kept| {
            let before = kept.details.as_ref().and_then(|details| details.revision);
            kept.row.size == judged.size() && before.unwrap_or(kept.row.size) > shown
        })
    })
}

/// Whether `code` is what stands in the clear of a document: of a type that is not listed, nothing
/// may.
fn is_type(code: &TypeCode, kept: &DocumentRow) -> bool {
    *code == kept.type_code || (kept.type_code.is_unknown() && !code.is_listed())
}
