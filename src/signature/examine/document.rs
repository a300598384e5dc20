//! The judgement on one document as it grows, signature by signature.

use bytes::Bytes;

use crate::{
    algorithms::{DigestAlgorithm, Used},
    domain::{
        Sha256, SignatureReport, SubIndication, Timestamp, TimestampReport, Warning, WarningCode,
    },
    signature::{
        Budget, Encrypted, Form, Proof, Signed,
        best_time::{self, BestTime, Scope},
        cms::{CmsError, SignedData},
        container::{Enclosed, Stamp},
        layers::{Layer, Layers, decrypted},
        problem::Problems,
        revocation::Brought,
        signer::{self, Basis, Content, Judged, Known},
        timestamp::{self, JudgedTimestamp},
    },
    trust::Certificate,
};

/// The judgement on one document as it grows.
pub(super) struct Document<'a> {
    basis: Basis<'a>,
    /// Everything that a signature here may be over, each hashed once per algorithm.
    contents: Vec<Content>,
    /// How many of `contents`, the first ones, a detached signature may be over.
    targets: usize,
    pub(super) reports: Vec<SignatureReport>,
    pub(super) proofs: Vec<Proof>,
    /// Which of `proofs` are by signature files, and what each of these is over.
    over: Vec<(usize, Bytes)>,
    /// Whether a limit kept a signature from being judged.
    pub(super) has_more: bool,
}

impl<'a> Document<'a> {
    pub(super) fn new(
        basis: Basis<'a>,
        signed: &Signed,
        content: Option<&Bytes>,
        encrypted: &[Encrypted],
    ) -> Self {
        // A detached signature is over the file beside it, over the document inside that file,
        // over another signature file, or over an encrypted file that one of them came out of.
        let files = signed.signatures.iter().take(basis.limits.files);
        let mut targets: Vec<&Bytes> = signed.content.iter().chain(content).chain(files).collect();
        let sources = encrypted.iter().filter(|one| {
            let came_out = decrypted(&one.file, encrypted);
            one.opened.is_ok() && targets.iter().any(|target| **target == came_out)
        });
        let sources: Vec<&Bytes> = sources.map(|one| &one.file).collect();
        targets.extend(sources);
        let contents: Vec<Content> = targets.into_iter().cloned().map(Content::new).collect();
        let has_document = content.is_some();
        let targets = if has_document { contents.len() } else { 0 };
        let (reports, proofs, over) = (Vec::new(), Vec::new(), Vec::new());
        Self { basis, contents, targets, reports, proofs, over, has_more: false }
    }

    /// Judges every layer of a signature file.
    pub(super) fn judge_file(&mut self, file: &Layers, document: Option<&Bytes>) {
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
                    self.judge_layer(signed_data, &known);
                }
                Layer::Unreadable(error) => self.refuse(error),
            }
        }
    }

    /// What it is over counts when all is known: [`Self::count_own`].
    fn judge_layer(&mut self, signed_data: &SignedData, known: &Problems) {
        if signed_data.signers.is_empty() {
            let mut problems = Problems::default();
            problems.fail(SubIndication::FormatFailure, "the signature file has no signer");
            self.reports.push(signer::unread(&problems, self.basis));
        }
        let content = match signed_data.encapsulated() {
            Some(content) => Some(self.find_or_add(content)),
            None => self.target_of(signed_data),
        };
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
            let over = content.as_ref().map(|content| content.bytes().clone());
            let covered = covered(&judged, content, basis.budget);
            let proof = self.proofs.len();
            self.push(judged, covered, None);
            self.over.extend(over.filter(|_| self.proofs.len() > proof).map(|over| (proof, over)));
        }
    }

    /// A signature file counts for the bytes that it is over. Who signs a file that brings the
    /// `document` (a signature file, a container, an encrypted file) may have seen something else in
    /// it: other programs show a page, a PDF file or, with another key, another content.
    pub(super) fn count_own(&mut self, document: &Bytes) {
        let is_container = Form::of(document) == Form::Asic;
        for (proof, over) in &self.over {
            let Some(proof) = self.proofs.get_mut(*proof) else { continue };
            let is_own = over == document && !is_container;
            proof.revision = is_own.then_some(document.len());
            if is_own {
                continue;
            }
            if let Some(report) = self.reports.get_mut(proof.signature) {
                report.warnings.push(Warning::new(
                    WarningCode::ContainerUnusual,
                    "The signature is over another file than the document, such as one that brings it: \
                     it does not count for what is shown here.",
                ));
            }
        }
    }

    fn push(&mut self, judged: Judged, covered: Vec<Sha256>, revision: Option<usize>) {
        self.proofs.extend(judged.proved_by.map(|signer| Proof {
            signature: self.reports.len(),
            signer,
            covered,
            revision,
        }));
        self.reports.push(judged.report);
    }

    /// Judges a signature in a container, or in a PDF file, whose document has this `length`.
    ///
    /// `brought` is what the container brings; nothing in it is trusted.
    pub(super) fn judge_enclosed(&mut self, enclosed: &Enclosed, length: usize, brought: &Brought) {
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
            self.has_more |= error.is_limit();
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
                    let revision = enclosed.revision.unwrap_or(length);
                    self.push(judged, covered, Some(revision));
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
            if enclosed.kept.is_some() && (enclosed.is_hidden_from_some || !is_of_a_pdf(report)) {
                report.warnings.push(Warning::new(WarningCode::PdfUnbound, UNBOUND));
            }
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
    pub(super) fn refuse(&mut self, error: &CmsError) {
        self.has_more |= error.is_limit();
        let mut problems = Problems::default();
        let (indication, sub_indication) = error.indication();
        problems.push(indication, sub_indication, error.to_string());
        self.reports.push(signer::unread(&problems, self.basis));
    }

    /// A document that stays encrypted is not proved by any signature: nobody saw it.
    pub(super) fn note_closed(&mut self, document: &Bytes, encrypted: &[Encrypted]) {
        let known = encrypted.iter().find(|one| one.file == document);
        let reason = known.and_then(|one| one.opened.as_ref().err().cloned());
        let reason = reason.unwrap_or_else(|| "the document is encrypted".to_owned());
        self.refuse(&CmsError::Closed { reason });
    }

    /// A document without signature files may be signed in a way that cannot be judged yet; to
    /// call it unsigned would be wrong.
    pub(super) fn note_unsupported(&mut self, content: Option<&Bytes>) {
        if let Some(name) = content.and_then(|content| Form::of(content).unsupported()) {
            self.refuse(&CmsError::Unsupported { name });
        }
    }
}

const UNBOUND: &str = "Nothing shows that the signature was made inside this PDF file: it may have been \
                       made over another file and put here. That counts where its signer signs what \
                       others have written.";

/// Whether a signature is one as PDF files have it (ETSI EN 319 142-1 §6.3: no signing-time, for the
/// file says it) and none as stands beside a file (ETSI EN 319 122-1 §6.3: with it).
fn is_of_a_pdf(report: &SignatureReport) -> bool {
    const OF_OTHERS: [WarningCode; 2] =
        [WarningCode::ClaimedTimeUnreadable, WarningCode::NoSignedAttributes];
    let has_other = |warning: &Warning| OF_OTHERS.contains(&warning.code);
    report.signing_time.is_none() && !report.warnings.iter().any(has_other)
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
