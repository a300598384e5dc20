//! A document with all its signature files, from bytes to [`Examined`].

use std::cell::Cell;

use bytes::Bytes;

use super::{
    Conditions, Form, Signed,
    cms::{CmsError, SignedData},
    form,
    layers::{Layer, Layers},
    problem::Problems,
    signer::{self, Basis, Content},
};
use crate::{
    domain::{Container, DocumentReport, Sha256, SignatureReport, SubIndication},
    trust::Wanted,
};

/// A document whose signatures were judged. Only [`examine`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    content: Bytes,
    report: DocumentReport,
    signers: Vec<Sha256>,
    wanted: Vec<Wanted>,
}

impl Examined {
    /// The document: what the signatures in the report are over, directly or through the
    /// signatures inside them. When the document is not at hand, the file that is: the signature.
    #[must_use]
    pub fn content(&self) -> &Bytes {
        &self.content
    }

    /// What the signatures are worth.
    #[must_use]
    pub fn report(&self) -> &DocumentReport {
        &self.report
    }

    /// The SHA-256 of the certificate of each signer whose signature is `TOTAL_PASSED`.
    #[must_use]
    pub fn signer_fingerprints(&self) -> &[Sha256] {
        &self.signers
    }

    /// Certificates on proved paths whose revocation could not be checked.
    #[must_use]
    pub fn wanted(&self) -> &[Wanted] {
        &self.wanted
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
/// innermost content is the document. The overall indication is that of the worst signature.
#[must_use]
pub fn examine(signed: &Signed, conditions: &Conditions<'_>) -> Examined {
    let limits = &conditions.limits;
    let checks_left = Cell::new(limits.key_checks);
    let basis = Basis::new(conditions, &checks_left);
    let beside = signed.content.as_ref().filter(|content| Form::of(content) == Form::SignedData);
    let mut files: Vec<Layers> = Vec::new();
    files.extend(beside.map(|content| Layers::open(content, limits)));
    files
        .extend(signed.signatures.iter().take(limits.files).map(|file| Layers::open(file, limits)));

    let content = match (beside, &signed.content) {
        (None, Some(content)) => Some(content.clone()),
        _ => files.iter().find_map(|file| file.innermost.clone()),
    };
    let mut document = Document::new(basis, signed, content.as_ref());
    if signed.signatures.len() > limits.files {
        document.refuse(&CmsError::TooMany { things: "signature files", max: limits.files });
    }
    for file in &files {
        document.judge_file(file, content.as_ref());
    }
    if files.is_empty() {
        document.note_unsupported(content.as_ref());
    }

    let container = if files.iter().any(Layers::is_attached) {
        Container::CmsAttached
    } else if files.is_empty() {
        Container::None
    } else {
        Container::CmsDetached
    };
    let Document { reports, signers, .. } = document;
    let worst = reports.iter().rev().max_by_key(|report| report.indication);
    Examined {
        content: content
            .or_else(|| signed.content.iter().chain(&signed.signatures).next().cloned())
            .unwrap_or_default(),
        report: DocumentReport {
            container,
            indication: worst.map(|report| report.indication),
            sub_indication: worst.and_then(|report| report.sub_indication),
            signatures: reports,
            not_covered: Vec::new(),
        },
        signers,
        wanted: Vec::new(),
    }
}

/// The judgement on one document as it grows.
struct Document<'a> {
    basis: Basis<'a>,
    /// Everything that a signature here may be over, each hashed once per algorithm.
    contents: Vec<Content>,
    /// How many of `contents`, the first ones, a detached signature may be over.
    targets: usize,
    reports: Vec<SignatureReport>,
    signers: Vec<Sha256>,
}

impl<'a> Document<'a> {
    fn new(basis: Basis<'a>, signed: &Signed, content: Option<&Bytes>) -> Self {
        // A detached signature is over the file beside it, over the document inside that file, or
        // over another signature file, which in turn has to be right over the document.
        let files = signed.signatures.iter().take(basis.limits.files);
        let targets = signed.content.iter().chain(content).chain(files);
        let contents: Vec<Content> = targets.cloned().map(Content::new).collect();
        let has_document = content.is_some();
        let targets = if has_document { contents.len() } else { 0 };
        Self { basis, contents, targets, reports: Vec::new(), signers: Vec::new() }
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
        for layer in &file.layers {
            match layer {
                Layer::Read(signed_data) => self.judge_layer(signed_data, &known),
                Layer::Unreadable(error) => self.refuse(error),
            }
        }
    }

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
        for signer in &signed_data.signers {
            let max = self.basis.limits.signers;
            if self.reports.len() >= max {
                return self.refuse(&CmsError::TooMany { things: "signers", max });
            }
            let content = content.and_then(|index| self.contents.get_mut(index));
            let judged = signer::judge(signed_data, signer, content, known, self.basis);
            self.reports.push(judged.report);
            self.signers.extend(judged.proved_by);
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
        let targets = self.contents.get_mut(..self.targets).unwrap_or_default();
        let fitting = targets.iter_mut().position(|content| {
            signed_data
                .message_digests()
                .any(|(algorithm, digest)| content.digest(algorithm) == **digest)
        });
        fitting.or(if self.targets > 0 { Some(0) } else { None })
    }

    /// A signature file that cannot be read, or one too many.
    fn refuse(&mut self, error: &CmsError) {
        let mut problems = Problems::default();
        let (indication, sub_indication) = error.indication();
        problems.push(indication, sub_indication, error.to_string());
        self.reports.push(signer::unread(&problems, self.basis));
    }

    /// A document without signature files may be signed in a way that cannot be judged yet; to
    /// call it unsigned would be wrong.
    fn note_unsupported(&mut self, content: Option<&Bytes>) {
        let Some(content) = content else { return };
        let inside = form::is_signed_inside(content).then_some("PDF with a signature inside");
        if let Some(name) = Form::of(content).unsupported().or(inside) {
            self.refuse(&CmsError::Unsupported { name });
        }
    }
}
