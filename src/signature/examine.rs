//! A document with all its signature files, from bytes to [`Examined`].

use std::{cell::RefCell, collections::BTreeSet};

use bytes::Bytes;

use super::{
    Budget, Conditions, Encrypted, Form, Proof, Resource, Signed,
    best_time::{self, BestTime, Scope},
    budget::Spent,
    cms::{CmsError, SignedData},
    container::{self, Embedded, Enclosed, Stamp, Unpacked},
    layers::{Layer, Layers, decrypted},
    problem::Problems,
    revocation::{Brought, Inquiry},
    signer::{self, Basis, Content, Judged, Known},
    timestamp::{self, JudgedTimestamp},
};
use crate::{
    algorithms::{DigestAlgorithm, Used},
    content::document as document_in,
    domain::{
        Container, DocumentForm, DocumentReport, NotADocument, Sha256, SignatureReport,
        SubIndication, Timestamp, TimestampReport,
    },
    trust::{Certificate, StatusRecord, Topic, Wanted},
};

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
    let mut document = Document::new(basis, signed, &files, content.as_ref(), encrypted);
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
            document.judge_enclosed(signature, &brought);
        }
    }
    let is_closed = content.as_ref().is_some_and(|content| Form::of(content) == Form::Envelope);
    if let Some(content) = content.as_ref().filter(|_| is_closed) {
        document.note_closed(content, encrypted);
        // Nobody has seen what is inside, so no signature around it is over what is shown.
        document.proofs.iter_mut().for_each(|proof| proof.covers_document = false);
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
    let not_covered = inside.iter_mut().flat_map(|own| own.not_covered.drain(..)).collect();
    let innermost = inside.pop().map(|unpacked: Unpacked| unpacked.document);
    let has_document = content.is_some();
    let content = innermost
        .or(content)
        .or_else(|| signed.content.iter().chain(&signed.signatures).next().cloned())
        .unwrap_or_default();
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

/// The judgement on one document as it grows.
struct Document<'a> {
    basis: Basis<'a>,
    /// Everything that a signature here may be over, each hashed once per algorithm.
    contents: Vec<Content>,
    /// How many of `contents`, the first ones, a detached signature may be over.
    targets: usize,
    /// Those of `contents` that are the document, or bring it.
    carriers: Vec<Bytes>,
    reports: Vec<SignatureReport>,
    proofs: Vec<Proof>,
}

impl<'a> Document<'a> {
    fn new(
        basis: Basis<'a>,
        signed: &Signed,
        layers: &[Layers],
        content: Option<&Bytes>,
        encrypted: &[Encrypted],
    ) -> Self {
        // A detached signature is over the file beside it, over the document inside that file,
        // over another signature file, which in turn has to be right over the document, or over
        // an encrypted file that one of them came out of.
        let files = signed.signatures.iter().take(basis.limits.files);
        let mut targets: Vec<&Bytes> = signed.content.iter().chain(content).chain(files).collect();
        let sources = encrypted.iter().filter(|one| {
            let came_out = decrypted(&one.file, encrypted);
            one.opened.is_ok() && targets.iter().any(|target| **target == came_out)
        });
        let sources: Vec<&Bytes> = sources.map(|one| &one.file).collect();
        targets.extend(sources);
        let brings_document = |file: &Bytes| {
            let opened = decrypted(file, encrypted);
            let inside = layers.iter().find(|one| one.file == opened);
            content == Some(&opened) || inside.is_some_and(|one| one.innermost.as_ref() == content)
        };
        let carriers = targets.iter().filter(|file| content.is_some() && brings_document(file));
        let carriers = carriers.map(|file| Bytes::clone(file)).collect();
        let contents: Vec<Content> = targets.into_iter().cloned().map(Content::new).collect();
        let has_document = content.is_some();
        let targets = if has_document { contents.len() } else { 0 };
        Self { basis, contents, targets, carriers, reports: Vec::new(), proofs: Vec::new() }
    }

    /// Judges every layer of a signature file.
    fn judge_file(&mut self, file: &Layers, document: Option<&Bytes>) {
        let mut known = Problems::default();
        if file.innermost.as_ref().is_some_and(|inner| Some(inner) != document) {
            known.fail(
                SubIndication::HashFailure,
                "the signature file carries another content than the document it stands beside",
            );
        }
        for layer in &file.all {
            match layer {
                Layer::Read(signed_data) => {
                    // Another content than the document's is known to be wrong.
                    self.judge_layer(signed_data, file.innermost.is_some(), &known);
                }
                Layer::Unreadable(error) => self.refuse(error),
            }
        }
    }

    /// `is_around` says whether the file carries the document, inside this layer.
    fn judge_layer(&mut self, signed_data: &SignedData, is_around: bool, known: &Problems) {
        if signed_data.signers.is_empty() {
            let mut problems = Problems::default();
            problems.fail(SubIndication::FormatFailure, "the signature file has no signer");
            self.reports.push(signer::unread(&problems, self.basis));
        }
        let content = match signed_data.encapsulated() {
            Some(content) => Some(self.find_or_add(content)),
            None => self.target_of(signed_data),
        };
        let covers_document = is_around
            || content
                .and_then(|index| self.contents.get(index))
                .is_some_and(|content| self.carriers.contains(content.bytes()));
        let brought = Brought::with(self.basis.brought, signed_data, self.basis.budget);
        let basis = Basis { brought: Some(&brought), ..self.basis };
        for signer in &signed_data.signers {
            let max = basis.limits.signers;
            if self.reports.len() >= max {
                return self.refuse(&CmsError::TooMany { things: "signers", max });
            }
            let mut content = content.and_then(|index| self.contents.get_mut(index));
            let known = Known { problems: known, binding: &[] };
            let judged = signer::judge(signed_data, signer, content.as_deref_mut(), known, basis);
            let covered = covered(&judged, content, basis.budget);
            self.push(judged, covered, covers_document);
        }
    }

    fn push(&mut self, judged: Judged, covered: Vec<Sha256>, covers_document: bool) {
        self.proofs.extend(judged.proved_by.map(|signer| Proof {
            signature: self.reports.len(),
            signer,
            covered,
            covers_document,
        }));
        self.reports.push(judged.report);
    }

    /// Judges a signature in a container, or in a PDF file.
    ///
    /// `brought` is what the container brings; nothing in it is trusted.
    fn judge_enclosed(&mut self, enclosed: &Enclosed, brought: &Brought) {
        let around = Basis { brought: Some(brought), ..self.basis };
        let (best, time_stamps) = judge_stamps(enclosed, around);
        let basis = Basis { source: best.proof.source, ..around.at_moment(best.proof.moment) };
        let mut known = enclosed.known.clone();
        best.check_order(&mut known);
        let parsed = match &enclosed.file {
            Some(file) => {
                SignedData::parse_within(file, self.basis.limits, self.basis.budget).map(Some)
            }
            None => Ok(None),
        };
        let signed_data = parsed.unwrap_or_else(|error| {
            let (indication, sub_indication) = error.indication();
            known.push(indication, sub_indication, error.to_string());
            None
        });
        let first = self.reports.len();
        match signed_data {
            Some(signed_data) if !signed_data.signers.is_empty() => {
                let mut content = enclosed.content().map(Content::new);
                if let (Some(own), Some(due)) = (signed_data.encapsulated(), &content)
                    && own != due.bytes()
                {
                    known.fail(
                        SubIndication::HashFailure,
                        "the signature carries another content than what it stands over",
                    );
                }
                let brought = Brought::with(basis.brought, &signed_data, basis.budget);
                let basis = Basis { brought: Some(&brought), ..basis };
                for signer in &signed_data.signers {
                    let max = basis.limits.signers;
                    if self.reports.len() >= max {
                        return self.refuse(&CmsError::TooMany { things: "signers", max });
                    }
                    let known = Known { problems: &known, binding: &enclosed.binding };
                    let judged =
                        signer::judge(&signed_data, signer, content.as_mut(), known, basis);
                    // What an opened container says against its signatures keeps each from passing
                    // that does not cover all of it, or whose revision is not what is shown.
                    let mut covered = covered(&judged, content.as_mut(), basis.budget);
                    if !enclosed.documents.is_empty() && !covered.is_empty() {
                        let documents = enclosed.documents.iter().cloned().map(Content::new);
                        covered = documents
                            .filter_map(|mut one| sha256(&mut one, basis.budget))
                            .collect();
                    }
                    self.push(judged, covered, true);
                }
            }
            signed_data => {
                if signed_data.is_some() {
                    known.fail(SubIndication::FormatFailure, "the signature has no signer");
                }
                self.reports.push(signer::unread(&known, basis));
            }
        }
        for report in self.reports.get_mut(first..).unwrap_or_default() {
            report.covers.clone_from(&enclosed.covers);
            report.signing_time = report.signing_time.or(enclosed.claimed);
            report.warnings.extend(enclosed.warnings.iter().cloned());
            report.timestamps.extend(time_stamps.iter().cloned());
            report.level = enclosed.kept.map_or(report.level, |kept| kept.level(report.level));
        }
    }

    fn find_or_add(&mut self, content: &Bytes) -> usize {
        let found = self.contents.iter().position(|known| known.bytes() == content);
        found.unwrap_or_else(|| {
            self.contents.push(Content::new(content.clone()));
            self.contents.len().saturating_sub(1)
        })
    }

    /// The content that a detached signature speaks of; the first when it fits none.
    fn target_of(&mut self, signed_data: &SignedData) -> Option<usize> {
        let budget = self.basis.budget;
        let targets = self.contents.get_mut(..self.targets).unwrap_or_default();
        let fitting = targets.iter_mut().position(|content| {
            signed_data.message_digests().any(|(algorithm, digest)| {
                content.digest(algorithm, budget).is_ok_and(|actual| actual == **digest)
            })
        });
        fitting.or(if self.targets > 0 { Some(0) } else { None })
    }

    /// A signature file that cannot be read, or one too many, or too much work.
    fn refuse(&mut self, error: &CmsError) {
        let mut problems = Problems::default();
        let (indication, sub_indication) = error.indication();
        problems.push(indication, sub_indication, error.to_string());
        self.reports.push(signer::unread(&problems, self.basis));
    }

    /// A document that stays encrypted is not proved by any signature: nobody saw it.
    fn note_closed(&mut self, document: &Bytes, encrypted: &[Encrypted]) {
        let known = encrypted.iter().find(|one| one.file == document);
        let reason = known.and_then(|one| one.opened.as_ref().err().cloned());
        let reason = reason.unwrap_or_else(|| "the document is encrypted".to_owned());
        self.refuse(&CmsError::Closed { reason });
    }

    /// A document without signature files may be signed in a way that cannot be judged yet; to
    /// call it unsigned would be wrong.
    fn note_unsupported(&mut self, content: Option<&Bytes>) {
        if let Some(name) = content.and_then(|content| Form::of(content).unsupported()) {
            self.refuse(&CmsError::Unsupported { name });
        }
    }
}

/// The SHA-256 of what a signature that passed is over.
fn covered(judged: &Judged, content: Option<&mut Content>, budget: &Budget) -> Vec<Sha256> {
    let content = content.filter(|_| judged.proved_by.is_some());
    content.and_then(|content| sha256(content, budget)).into_iter().collect()
}

/// `None` when there is no budget left for it.
fn sha256(content: &mut Content, budget: &Budget) -> Option<Sha256> {
    let digest = content.digest(DigestAlgorithm::Sha256, budget).ok()?;
    Some(Sha256::from_bytes(digest.try_into().ok()?))
}

/// Judges the time-stamps around a signature, each for the moment that those around it prove, and
/// finds the moment at which judging the signature begins.
fn judge_stamps(enclosed: &Enclosed, basis: Basis<'_>) -> (BestTime, Vec<TimestampReport>) {
    let beside = basis.brought.map_or(&[][..], Brought::certificates);
    let binds = |used: &Used| basis.trust.algorithms().check(used, basis.sure).is_ok();
    let scopes: Vec<Scope> = enclosed.stamps.iter().map(|stamp| stamp.scope(binds)).collect();
    let mut reports = Vec::new();
    let start = best_time::Proof { moment: basis.moment(), source: basis.source };
    let best = best_time::find(start, &scopes, |place, moment| {
        let judged = judge_stamp(enclosed.stamps.get(place)?, beside, basis.at_moment(moment));
        reports.push(judged.report);
        judged.proved
    });
    (best, reports)
}

fn judge_stamp(stamp: &Stamp, beside: &[Certificate], basis: Basis<'_>) -> JudgedTimestamp {
    let mut known = stamp.known.clone();
    if let Some(used) = &stamp.binding {
        let when = basis.when(Timestamp::from_micros(i64::MIN));
        known.rely(used, when, "of what the time-stamp is over, ");
    }
    match stamp.token.as_ref().filter(|_| known.len() == 0) {
        Some(token) => timestamp::judge(token, &stamp.over, &stamp.name, beside, basis),
        None => JudgedTimestamp { report: stamp.unjudged(&known), proved: None },
    }
}
