//! A document with all its signature files, from bytes to [`Examined`].

use std::{cell::RefCell, collections::BTreeSet};

use bytes::Bytes;

use super::{
    Budget, Conditions, Form, Proof, Resource, Signed,
    budget::Spent,
    cms::CmsError,
    container::{self, Embedded, Unpacked},
    layers::Layers,
    revocation::{Brought, Inquiry},
    signer::Basis,
};
use crate::{
    content::document as document_in,
    domain::{Container, DocumentForm, DocumentReport, NotADocument, Sha256},
    trust::{StatusRecord, Topic, Wanted},
};

mod document;

use document::Document;

/// A document whose signatures were judged. Only [`examine`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    content: Bytes,
    has_document: bool,
    form: Result<DocumentForm, NotADocument>,
    report: DocumentReport,
    proofs: Vec<Proof>,
    wanted: Vec<Wanted>,
    relied_on: BTreeSet<Topic>,
    records: Vec<StatusRecord>,
    over_budget: Option<Resource>,
}

impl Examined {
    /// The document: what the signatures in the report are over, directly or through the
    /// signatures inside them. When the document is not at hand, the file that is: the signature.
    #[must_use]
    pub fn content(&self) -> &Bytes {
        &self.content
    }

    /// The same; `None` when the document is not at hand.
    #[must_use]
    pub fn document(&self) -> Option<&Bytes> {
        self.has_document.then_some(&self.content)
    }

    /// What document [`Self::content`] is, or what it is instead. Judged whoever signed it, and not
    /// by any name.
    ///
    /// # Errors
    /// What it is instead.
    pub fn form(&self) -> Result<DocumentForm, NotADocument> {
        self.form
    }

    /// What the signatures are worth.
    #[must_use]
    pub fn report(&self) -> &DocumentReport {
        &self.report
    }

    /// One for each signature that is `TOTAL_PASSED`, in the order of the report.
    #[must_use]
    pub fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    /// What the copy is known by when it comes again: the SHA-256 of its content and of whatever a
    /// signature that passed covers. One in common makes two files the same copy: what surrounds
    /// the signed bytes is in the content's at most. Nothing at all is no copy of anything.
    #[must_use]
    pub fn known_by(&self) -> BTreeSet<Sha256> {
        let nothing = Sha256::of(b"");
        let covered = self.proofs.iter().flat_map(Proof::covered).copied();
        covered.chain([Sha256::of(&self.content)]).filter(|digest| *digest != nothing).collect()
    }

    /// Certificates on proved paths of which an answer is missing, and responders' for them: nobody
    /// could say whether they were revoked, or somebody is to say it again.
    #[must_use]
    pub fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }

    /// What revocation data about the certificates on proved paths is about: when one of them turns out
    /// to be revoked, the judgement changes.
    #[must_use]
    pub fn relied_on(&self) -> &BTreeSet<Topic> {
        &self.relied_on
    }

    /// What authorities said of these certificates, for the next judgement to begin with.
    #[must_use]
    pub fn records(&self) -> &[StatusRecord] {
        &self.records
    }

    /// Whether the mail that the document came in asks for more work than one mail may.
    ///
    /// Then the report is not complete, nobody is proved to have signed, and what was judged with
    /// the same [`Budget`] before is no better.
    #[must_use]
    pub fn is_over_budget(&self) -> bool {
        self.over_budget.is_some()
    }

    /// What there is too much of; `None` when [`Self::is_over_budget`] is false.
    #[must_use]
    pub fn over_budget(&self) -> Option<Resource> {
        self.over_budget
    }

    /// Whether there is any signature, good or bad.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        !self.report.signatures.is_empty()
    }
}

/// Judges every signature of a document under `conditions`.
///
/// The document is the content beside the signatures, or what the first signature file that has a
/// content carries; signatures inside signatures are opened, each layer is reported, and the
/// innermost content is the document. When that is a container, or a PDF file with signatures
/// inside, those are judged too. The overall indication is that of the worst signature.
#[must_use]
pub fn examine(signed: &Signed, conditions: &Conditions<'_>) -> Examined {
    let Conditions { limits, encrypted, .. } = conditions;
    let own = Budget::new(limits);
    let budget = conditions.budget.unwrap_or(&own);
    let inquiry = RefCell::default();
    let basis = Basis::new(conditions, budget, &inquiry);
    let beside = signed.content.as_ref().filter(|content| Form::of(content) == Form::SignedData);
    let mut files: Vec<Layers> = Vec::new();
    files.extend(beside.map(|content| Layers::open(content, encrypted, limits, budget)));
    let given = signed.signatures.iter().take(limits.files);
    files.extend(given.map(|file| Layers::open(file, encrypted, limits, budget)));

    let content = match (beside, &signed.content) {
        (None, Some(content)) => Some(content.clone()),
        _ => files.iter().find_map(|file| file.innermost.clone()),
    };
    let mut document = Document::new(basis, signed, content.as_ref(), encrypted);
    if signed.signatures.len() > limits.files {
        document.refuse(&CmsError::TooMany { things: "signature files", max: limits.files });
    }
    for file in &files {
        document.judge_file(file, content.as_ref());
    }
    let mut inside = match &content {
        Some(content) => container::open_all(content, budget),
        None => Vec::new(),
    };
    for unpacked in &inside {
        let beside = unpacked.embedded.certificates();
        let mut brought = Brought::default();
        let Embedded { crls, ocsp, .. } = &unpacked.embedded;
        brought.add(crls.iter().chain(ocsp), &beside, budget);
        for signature in &unpacked.signatures {
            document.judge_enclosed(signature, unpacked.document.len(), &brought);
        }
        document.has_more |= unpacked.has_more;
    }
    let is_closed = content.as_ref().is_some_and(|content| Form::of(content) == Form::Envelope);
    if let Some(content) = content.as_ref().filter(|_| is_closed) {
        document.note_closed(content, encrypted);
    } else if files.is_empty() && inside.is_empty() {
        document.note_unsupported(content.as_ref());
    }

    let container = if files.iter().any(Layers::is_attached) {
        Container::CmsAttached
    } else if files.is_empty() && is_closed {
        Container::Envelope
    } else if files.is_empty() {
        inside.first().map_or(Container::None, |unpacked| unpacked.container)
    } else {
        Container::CmsDetached
    };
    let not_covered: Vec<String> =
        inside.iter_mut().flat_map(|own| own.not_covered.drain(..)).collect();
    let innermost = inside.pop().map(|unpacked: Unpacked| unpacked.document);
    let has_document = content.is_some();
    let content = innermost
        .or(content)
        .or_else(|| signed.content.iter().chain(&signed.signatures).next().cloned())
        .unwrap_or_default();
    if has_document {
        document.count_own(&content);
    }
    if is_closed || document.has_more {
        // Nobody has seen what is inside, so no signature around it is over what is shown; and one that
        // was not judged may speak against the copy.
        document.proofs.iter_mut().for_each(|proof| proof.revision = None);
    }
    let form = document_in(&content, budget);
    let over_budget = budget.spent();
    if let Some(resource) = over_budget {
        document.refuse(&Spent(resource).into());
        document.proofs.clear();
        inquiry.take();
    }
    let Document { reports, proofs, .. } = document;
    let Inquiry { wanted, relied_on, records } = inquiry.take();
    let worst = reports.iter().rev().max_by_key(|report| report.indication);
    Examined {
        has_document,
        content,
        form,
        report: DocumentReport {
            container,
            indication: worst.map(|report| report.indication),
            sub_indication: worst.and_then(|report| report.sub_indication),
            signatures: reports,
            not_covered,
            encrypted: is_closed || !encrypted.is_empty(),
        },
        proofs,
        wanted,
        relied_on,
        records,
        over_budget,
    }
}
