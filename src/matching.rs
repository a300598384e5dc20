//! The judge: the examined documents of a share and what its branch asks for → [`Judgement`].
//!
//! A judgement is made here and nowhere else, and only from documents that
//! [`crate::signature::examine()`] has seen: what is stored as verified has been verified. The
//! judge reads no clock: the moment of receipt is the moment that everything is judged for.
//!
//! The verdict is the worst that applies, in the order of [`Verdict`]. Documents that the service
//! asked for decide it. Others are excess: they are hidden from operators, kept for the short
//! term, and neither help nor harm, unless nothing that was asked for came at all.
//!
//! Whether a copy came before changes no verdict, and is a matter of all shares: the store, which
//! has them, adds the finding `duplicate`.

mod copy;
mod decision;
mod offer;
mod role;
mod signer;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;

use self::{
    copy::Copy,
    decision::{Circumstances, Decision, Place},
};
use crate::{
    bundle::Document,
    domain::{
        Assurance, Awaits, BranchId, Finding, FindingCode, Indication, Retention, RetentionReason,
        ServiceId, Severity, Sha256, ShareId, ShareRow, SignatureReport, SubIndication, Term,
        Timestamp, TypeCode, TypeSource, Verdict, named,
    },
    registry::{Branch, Issuers},
    signature::Examined,
};

/// A document of a share, with what its signatures are worth.
#[derive(Clone, Debug)]
pub struct ExaminedDocument {
    /// The document as it came.
    pub document: Document,
    /// What its signatures are worth.
    pub examined: Examined,
}

/// What holds for every share of the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a share that is not verified is kept, and a document that nobody asked for at
    /// most: days of 24 hours from receipt.
    pub quarantine_days: u32,
    /// Whose seals count as issuing copies.
    pub issuers: Arc<Issuers>,
}

/// Everything that a share is judged by.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// The share.
    pub share: ShareId,
    /// The branch it came to.
    pub branch: &'a Branch,
    /// The service that the recipient's sub-address names.
    pub named: Option<&'a ServiceId>,
    /// When the mail was accepted.
    pub received_at: Timestamp,
    /// Whether a trust list is in use: services that say nothing of signers accept less then, and a
    /// seal has to be qualified to count as the issuer's.
    pub has_trust_list: bool,
    /// Its documents, in the order of the mail.
    pub documents: Vec<ExaminedDocument>,
    /// What was noticed while the mail was opened and its parts were paired.
    pub opening: Vec<Finding>,
    /// The installation's policy.
    pub policy: &'a Policy,
}

named! {
    /// Why a share could not be judged again as it was judged at first.
    pub enum Otherwise {
        /// One of its kept copies is damaged, and the mail cannot tell any more what it was.
        Copy = "copy",
        /// Its mail is destroyed or damaged.
        Mail = "mail",
        /// An earlier version kept it, and not what its service asked for.
        Service = "service",
        /// Its mail gives other documents now than are kept, or none.
        Sorting = "sorting",
        /// It stopped the program each time.
        Stopped = "stopped",
    }
}

/// The judgement on one share.
#[derive(Clone, Debug)]
pub struct Judgement {
    share: ShareId,
    branch: BranchId,
    service: Option<ServiceId>,
    received_at: Timestamp,
    verdict: Verdict,
    assurance: Option<Assurance>,
    findings: Vec<Finding>,
    documents: Vec<JudgedDocument>,
    retention: Retention,
    excess_retention: Retention,
    awaits: Option<Awaits>,
}

/// A document with its place in the judgement.
#[derive(Clone, Debug)]
pub struct JudgedDocument {
    number: u32,
    place: Place,
    source: ExaminedDocument,
}

/// Judges a share.
#[must_use]
pub fn judge(case: Case<'_>) -> Judgement {
    let decision = {
        let copies: Vec<Copy<'_>> =
            (1..).zip(&case.documents).map(|(number, source)| source.copy(number)).collect();
        let circumstances = Circumstances {
            named: case.named,
            received_at: case.received_at,
            has_trust_list: case.has_trust_list,
            issuers: &case.policy.issuers,
        };
        decision::decide(case.branch, circumstances, &copies, case.opening)
    };
    let Decision { service, verdict, assurance, findings, copies } = decision;
    let quarantine = case.policy.quarantine_days;
    let (days, reason) = match service {
        Some(service) if verdict == Verdict::Verified => {
            (service.retention_days, RetentionReason::Service)
        }
        _ => (quarantine, RetentionReason::Quarantine),
    };
    let documents: Vec<JudgedDocument> = (1..)
        .zip(case.documents)
        .zip(copies)
        .map(|((number, source), place)| JudgedDocument { number, place, source })
        .collect();
    Judgement {
        share: case.share,
        branch: case.branch.id.clone(),
        service: service.map(|service| service.id.clone()),
        received_at: case.received_at,
        verdict,
        assurance,
        findings,
        awaits: awaited(&documents),
        documents,
        retention: Retention { destroy_at: case.received_at.plus_days(days), reason },
        excess_retention: Retention {
            destroy_at: case.received_at.plus_days(days.min(quarantine)),
            reason: RetentionReason::Excess,
        },
    }
}

fn awaited(documents: &[JudgedDocument]) -> Option<Awaits> {
    if documents.iter().any(|document| !document.examined().wanted().is_empty()) {
        return Some(Awaits::Revocation);
    }
    documents
        .iter()
        .any(|document| document.indication() == Some(Indication::Indeterminate))
        .then_some(Awaits::Trust)
}

impl Judgement {
    /// The judgement on a mail that cannot be opened, for the reason that `finding` gives.
    #[must_use]
    pub fn malformed(
        share: ShareId,
        branch: &BranchId,
        received_at: Timestamp,
        finding: Finding,
        policy: &Policy,
    ) -> Self {
        let destroy_at = received_at.plus_days(policy.quarantine_days);
        Self {
            share,
            branch: branch.clone(),
            service: None,
            received_at,
            verdict: Verdict::Malformed,
            assurance: None,
            findings: vec![finding],
            documents: Vec::new(),
            retention: Retention { destroy_at, reason: RetentionReason::Quarantine },
            excess_retention: Retention { destroy_at, reason: RetentionReason::Excess },
            awaits: None,
        }
    }

    /// What this judgement, which is not made as the first one was, makes of the share that was judged
    /// before; `None` when it is worth no less and no other reserve belongs to it. The judgement that
    /// comes out has no documents: the kept ones stay as they are, and so does what was found with them.
    /// It waits for what this one waits for.
    ///
    /// With `shows_less` it is worth less too: by this judgement a reader would get less of a kept document
    /// than he gets now.
    ///
    /// No verdict becomes better. It is the worse of the two, and `undetermined` at best, because the kept
    /// documents do not show what would prove a better one. Where the verdict stays, the finding
    /// `revocation_unchecked` may be added or taken away.
    #[must_use]
    pub fn lowering(
        self,
        before: &ShareRow,
        otherwise: Otherwise,
        shows_less: bool,
    ) -> Option<Self> {
        let is_worse = match otherwise {
            Otherwise::Copy => before.verdict > Verdict::Undetermined,
            Otherwise::Mail | Otherwise::Service | Otherwise::Sorting | Otherwise::Stopped => {
                self.verdict < before.verdict || self.assurance < before.assurance
            }
        };
        let is_worse = is_worse || shows_less && before.verdict > Verdict::Undetermined;
        if !is_worse {
            return self.reserving(before, otherwise);
        }
        // What was encrypted is kept in clear, and a signature over the encrypted file cannot be told
        // from a broken one.
        let is_sure = otherwise == Otherwise::Stopped
            || self
                .documents
                .iter()
                .any(|one| one.sub_indication().is_some_and(SubIndication::is_revocation));
        let verdict = if is_sure { self.verdict } else { Verdict::Undetermined };
        let verdict = verdict.min(before.verdict).min(Verdict::Undetermined);
        let is_said = |finding: &Finding| {
            finding.code == FindingCode::JudgedOtherwise
                && finding.detail.as_deref() == Some(otherwise.as_str())
        };
        if verdict == before.verdict && before.findings.iter().any(is_said) {
            return None;
        }
        // A number of this judgement is another document's there, and what came before is kept
        // elsewhere.
        let own = self.findings.into_iter().filter(|finding| finding.document.is_none());
        let kept = before.findings.iter().filter(|one| {
            !matches!(one.code, FindingCode::Duplicate | FindingCode::JudgedOtherwise)
        });
        let mut findings: Vec<Finding> = own.chain(kept.cloned()).collect();
        let reason = Finding::of_share(FindingCode::JudgedOtherwise);
        findings.push(reason.with_detail(otherwise.as_str()));
        Finding::sort(&mut findings);
        Some(Self {
            service: before.service.clone(),
            verdict,
            assurance: None,
            findings,
            documents: Vec::new(),
            ..self
        })
    }

    /// What was judged before, with the reserve that a certificate is unchecked by now, or without it where
    /// that is over; `None` when it is as it was.
    fn reserving(self, before: &ShareRow, otherwise: Otherwise) -> Option<Self> {
        if matches!(otherwise, Otherwise::Copy | Otherwise::Stopped) {
            // Not all of it was judged.
            return None;
        }
        let is_reserve = |one: &Finding| one.code == FindingCode::RevocationUnchecked;
        let reserve = Finding::of_share(FindingCode::RevocationUnchecked);
        let was_unchecked = before.findings.iter().any(is_reserve);
        let is_unchecked = self.findings.iter().any(is_reserve);
        let is_as_before = match (was_unchecked, is_unchecked) {
            (false, true) => false,
            // What was found with a document stays with it.
            (true, false) => !before.findings.contains(&reserve),
            (true, true) | (false, false) => true,
        };
        if is_as_before {
            return None;
        }
        let kept = before
            .findings
            .iter()
            .filter(|one| one.code != FindingCode::Duplicate && **one != reserve);
        let mut findings: Vec<Finding> = kept.cloned().collect();
        findings.extend(is_unchecked.then_some(reserve));
        Finding::sort(&mut findings);
        Some(Self {
            service: before.service.clone(),
            verdict: before.verdict,
            assurance: before.assurance,
            findings,
            documents: Vec::new(),
            ..self
        })
    }

    /// The same judgement with `notes` among its findings: of severity info alone, for what changes
    /// no verdict is no reason for one.
    #[must_use]
    pub fn noting(mut self, notes: impl IntoIterator<Item = Finding>) -> Self {
        let notes = notes.into_iter().filter(|note| note.severity == Severity::Info);
        self.findings.extend(notes);
        Finding::sort(&mut self.findings);
        self
    }

    /// The share.
    #[must_use]
    pub fn share(&self) -> ShareId {
        self.share
    }

    /// The branch it came to.
    #[must_use]
    pub fn branch(&self) -> &BranchId {
        &self.branch
    }

    /// The service it is for; `None` when that cannot be told.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceId> {
        self.service.as_ref()
    }

    /// When the mail was accepted: the moment that everything was judged for.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What the signatures on the documents that decided prove; `None` when one of them proves
    /// nothing.
    #[must_use]
    pub fn assurance(&self) -> Option<Assurance> {
        self.assurance
    }

    /// What was noticed, the worst severity first, then by document.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The documents, in the order of the mail, numbered from 1.
    #[must_use]
    pub fn documents(&self) -> &[JudgedDocument] {
        &self.documents
    }

    /// How long the share is kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        self.retention
    }

    /// How long what is kept for `term` is kept: the share, or a document that nobody asked for.
    #[must_use]
    pub fn retention_of(&self, term: Term) -> Retention {
        match term {
            Term::Share => self.retention,
            Term::Short => self.excess_retention,
        }
    }

    /// What may still change what is said here; `None` when nothing can. A copy of which nobody
    /// could say whether its certificates were revoked waits for that, also when the share is
    /// verified; one that is `INDETERMINATE` for another reason waits for other trusted
    /// certificates.
    #[must_use]
    pub fn awaits(&self) -> Option<Awaits> {
        self.awaits
    }

    /// The term of the raw mail: it holds every document, also those that nobody asked for.
    #[must_use]
    pub fn mail_term(&self) -> Term {
        let excess = self.documents.iter().any(JudgedDocument::excess);
        if excess { Term::Short } else { Term::Share }
    }
}

impl JudgedDocument {
    /// Its number within the share, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Its type.
    #[must_use]
    pub fn type_code(&self) -> &TypeCode {
        &self.source.document.type_code
    }

    /// Where its type is taken from; `None` when nothing tells it.
    #[must_use]
    pub fn type_source(&self) -> Option<TypeSource> {
        self.source.document.type_source
    }

    /// Whether the service did not ask for it: hidden from operators.
    #[must_use]
    pub fn excess(&self) -> bool {
        self.place.excess
    }

    /// The term it is kept for.
    #[must_use]
    pub fn term(&self) -> Term {
        if self.place.excess { Term::Short } else { Term::Share }
    }

    /// The size of its content, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::try_from(self.source.examined.content().len()).unwrap_or(u64::MAX)
    }

    /// What a reader gets: of a PDF file to which more was added after it was signed, the revision that the
    /// signature is over which is decisive for it, where that passed; of anything else, the whole content.
    #[must_use]
    pub fn shown(&self) -> Bytes {
        let content = self.source.examined.content();
        let length = self.place.revision.unwrap_or(content.len());
        content.slice(..length.min(content.len()))
    }

    /// How many bytes a reader gets, where those are not all.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        let shown = u64::try_from(self.shown().len()).unwrap_or(u64::MAX);
        (shown < self.size()).then_some(shown)
    }

    /// The indication of the signature that is decisive for it; `None` when unsigned.
    #[must_use]
    pub fn indication(&self) -> Option<Indication> {
        self.decisive().map(|signature| signature.indication)
    }

    /// That signature's sub-indication.
    #[must_use]
    pub fn sub_indication(&self) -> Option<SubIndication> {
        self.decisive()?.sub_indication
    }

    fn decisive(&self) -> Option<&SignatureReport> {
        self.source.examined.report().signatures.get(self.place.decisive?)
    }

    /// The document as it came.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.source.document
    }

    /// What its signatures are worth.
    #[must_use]
    pub fn examined(&self) -> &Examined {
        &self.source.examined
    }
}

impl ExaminedDocument {
    fn copy(&self, number: u32) -> Copy<'_> {
        Copy {
            number,
            type_code: &self.document.type_code,
            type_source: self.document.type_source,
            form: self.examined.form(),
            made_at: self.document.made_at,
            report: self.examined.report(),
            proofs: self.examined.proofs(),
            content: self.examined.document().map(|content| Sha256::of(content)),
        }
    }
}
