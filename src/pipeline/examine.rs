//! Opening a mail and examining its documents: pure computation, no waiting.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;

use crate::{
    archive::Archive,
    bundle::{self, Bundle, Document, Opening},
    domain::{Finding, FindingCode, Fingerprint, Sha256, Timestamp, beginning},
    message,
    metrics::Stage,
    signature::{self, Budget, Conditions, Examined},
    store::KnownBy,
    trust::{RevocationStore, StatusRecord, Topic, TrustStore, Wanted},
};

use super::Pipeline;

/// Counts the changes of rules within a version.
const RULES: u32 = 2;

/// What is fingerprinted to see that it came before: the content of a copy, and each SHA-256 that
/// the copy is known by.
const CONTENT: &str = "document-content";
const KNOWN_BY: &str = "document-known-by";

/// What a mail is judged by, as it is at one moment.
#[derive(Clone)]
pub(super) struct Sources {
    trust: Arc<TrustStore>,
    revocation: Arc<RevocationStore>,
    /// From when on the share that is judged is to be looked at again.
    pub(super) look_at: Option<Timestamp>,
}

impl Sources {
    /// Those of this moment.
    pub(super) fn of(pipeline: &Pipeline) -> Self {
        let trust = Arc::clone(&pipeline.trust.borrow());
        Self { trust, revocation: Arc::clone(&pipeline.revocation.borrow()), look_at: None }
    }

    /// The same with what an earlier judgement knew of certificates.
    pub(super) fn remembering(self, records: Vec<StatusRecord>) -> Self {
        let revocation = RevocationStore::clone(&self.revocation).with_records(records);
        Self { revocation: Arc::new(revocation), ..self }
    }

    /// The same for a share that is to be looked at then.
    pub(super) fn looking_at(self, look_at: Option<Timestamp>) -> Self {
        Self { look_at, ..self }
    }

    /// Tells the trust, and the installation's own rules, from others: a share that was judged by
    /// others is judged again.
    pub(super) fn digest(&self, pipeline: &Pipeline) -> Sha256 {
        // Another version may judge otherwise.
        let version = (env!("CARGO_PKG_VERSION"), RULES);
        let rules = (&pipeline.policy.issuers, pipeline.revocation_policy, version);
        Sha256::of(format!("{} {rules:?}", self.trust.digest()).as_bytes())
    }

    /// Whether they are still in force.
    pub(super) fn are_in_force(&self, pipeline: &Pipeline) -> bool {
        Arc::ptr_eq(&self.trust, &pipeline.trust.borrow())
            && Arc::ptr_eq(&self.revocation, &pipeline.revocation.borrow())
    }
}

/// What is examined.
#[derive(Clone)]
pub(super) enum Material {
    /// A mail as it was sent.
    Mail(Bytes),
    /// Copies that are left of one that is destroyed.
    Copies(Vec<Document>),
}

/// What a mail turned out to hold, the same for every branch it came to.
pub(super) struct Opened {
    /// The mail's own Message-ID and subject, when it could be opened.
    pub(super) message_id: Option<String>,
    pub(super) subject: Option<String>,
    /// Whether a trust list was set up when its signatures were judged, see
    /// [`TrustStore::expects_list`].
    pub(super) has_trust_list: bool,
    /// What is said of its sender.
    pub(super) signals: Vec<Finding>,
    pub(super) content: Content,
}

/// The inside of a mail.
pub(super) enum Content {
    /// It could be opened.
    Documents { documents: Vec<Examination>, findings: Vec<Finding> },
    /// It could not, for this reason.
    Malformed(Finding),
}

/// One document of a mail.
pub(super) struct Examination {
    pub(super) document: Document,
    pub(super) examined: Examined,
    /// What it is known by when it comes again.
    pub(super) fingerprints: Vec<Fingerprint>,
}

impl Opened {
    /// Those of all its documents.
    pub(super) fn fingerprints(&self) -> Vec<Fingerprint> {
        self.documents().iter().flat_map(|one| one.fingerprints.iter().copied()).collect()
    }

    /// What the documents of a share of this mail are known by, those of a judgement that took them
    /// in this order; `stale_from` as in [`KnownBy`].
    pub(super) fn known_by(&self, stale_from: Timestamp) -> KnownBy {
        let documents = self.documents().iter().map(|one| one.fingerprints.clone());
        KnownBy { documents: (1..).zip(documents).collect(), stale_from }
    }

    /// Certificates of which nobody could say whether they were revoked.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Wanted> {
        self.documents().iter().flat_map(|examination| examination.examined.wanted())
    }

    /// Certificates that its judgement rests on.
    pub(super) fn relied_on(&self) -> impl Iterator<Item = &Topic> {
        self.documents().iter().flat_map(|examination| examination.examined.relied_on())
    }

    /// What authorities said of them, and of certificates that were `known` before.
    pub(super) fn records(&self, known: &[StatusRecord]) -> Vec<StatusRecord> {
        let documents = self.documents().iter();
        let new = documents.flat_map(|examination| examination.examined.records());
        StatusRecord::renewed(known, new.cloned())
    }

    fn documents(&self) -> &[Examination] {
        match &self.content {
            Content::Documents { documents, .. } => documents,
            Content::Malformed(_) => &[],
        }
    }

    /// A mail that stopped the program each time it was opened.
    pub(super) fn unopened_after_crashes() -> Self {
        let finding = Finding::of_share(FindingCode::CrashedWhileOpening);
        Self::inside(Content::Malformed(finding), false)
    }

    /// What is known without the mail's own header.
    fn inside(content: Content, has_trust_list: bool) -> Self {
        Self { message_id: None, subject: None, has_trust_list, signals: Vec::new(), content }
    }
}

/// Opens a mail, pairs its documents with their signatures, and judges each for `received_at`;
/// copies are judged as they are.
pub(super) fn examine(
    material: Material,
    sources: &Sources,
    received_at: Timestamp,
    pipeline: &Pipeline,
) -> Opened {
    let metrics = &pipeline.metrics;
    let has_trust_list = sources.trust.expects_list();
    let raw = match material {
        Material::Mail(raw) => raw,
        Material::Copies(documents) => {
            let bundle = Bundle { documents, findings: Vec::new() };
            let content = judge_documents(bundle, sources, received_at, pipeline);
            return Opened::inside(content, has_trust_list);
        }
    };
    // Nothing that is known stops the program here; the tests have a mail that does.
    #[cfg(test)]
    assert!(!raw.starts_with(b"X-Stops-The-Program:"));
    let start = Instant::now();
    let opened = message::open(raw, &message::Limits::default());
    metrics.stage(Stage::Open, start.elapsed());
    let message = match opened {
        Ok(message) => message,
        Err(error) => {
            return Opened::inside(Content::Malformed(error.finding()), has_trust_list);
        }
    };

    let start = Instant::now();
    let mut opening = Opening::new(&pipeline.organisation_keys, sources.trust.certificates());
    let bundle = bundle::assemble(&message, &mut opening, &bundle::Limits::default());
    metrics.stage(Stage::Bundle, start.elapsed());

    let content = judge_documents(bundle, sources, received_at, pipeline);
    Opened {
        message_id: message.message_id().map(str::to_owned),
        subject: message.subject().map(shorten),
        has_trust_list,
        signals: Vec::new(),
        content,
    }
}

/// Judges the documents of one mail, each with its signatures, for `received_at`.
fn judge_documents(
    bundle: Bundle,
    sources: &Sources,
    received_at: Timestamp,
    pipeline: &Pipeline,
) -> Content {
    let start = Instant::now();
    let limits = signature::Limits::default();
    let budget = Budget::new(&limits);
    let conditions = Conditions {
        revocation: &sources.revocation,
        revocation_policy: pipeline.revocation_policy,
        look_again: pipeline.look_again(received_at, sources.look_at),
        limits,
        budget: Some(&budget),
        ..Conditions::new(&sources.trust, received_at)
    };
    let documents: Vec<Examination> = bundle
        .documents
        .into_iter()
        .map(|document| {
            let conditions = Conditions { encrypted: &document.encrypted, ..conditions };
            let examined = signature::examine(&document.signed, &conditions);
            let fingerprints = fingerprints(&examined, &pipeline.archive);
            Examination { document, examined, fingerprints }
        })
        .collect();
    pipeline.metrics.stage(Stage::Verify, start.elapsed());
    // What was judged before the budget ran out is not taken either: of a mail made to exhaust it
    // nothing is trusted.
    if let Some(resource) = budget.spent() {
        let finding = Finding::of_share(FindingCode::LimitExceeded);
        Content::Malformed(finding.with_detail(resource.name()))
    } else {
        let mut findings = bundle.findings;
        if sources.trust.lacks_list_at(received_at) {
            findings.push(Finding::of_share(FindingCode::TrustListStale));
        }
        Content::Documents { documents, findings }
    }
}

/// What a copy is known by. The content itself is among it for copies that an earlier version kept.
fn fingerprints(examined: &Examined, archive: &Archive) -> Vec<Fingerprint> {
    let content = examined.content();
    let digests = examined.known_by();
    let known_by = digests.iter().map(|digest| archive.fingerprint(KNOWN_BY, digest.as_bytes()));
    let content = (!content.is_empty()).then(|| archive.fingerprint(CONTENT, content));
    known_by.chain(content).collect()
}

fn shorten(subject: &str) -> String {
    const MAX_CHARS: usize = 500;
    beginning(subject, MAX_CHARS).to_owned()
}
