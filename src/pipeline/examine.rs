//! Opening a mail and examining its documents: pure computation, no waiting.

use std::time::Instant;

use bytes::Bytes;

use crate::{
    bundle::{self, Document},
    domain::{Finding, FindingCode, Fingerprint, Timestamp},
    message,
    metrics::Stage,
    signature::{self, Conditions, Examined},
    trust::TrustStore,
};

use super::Pipeline;

/// What content is fingerprinted for: to see that it came before.
const CONTENT: &str = "document-content";

/// What a mail turned out to hold, the same for every branch it came to.
pub(super) struct Opened {
    /// The mail's own Message-ID and subject, when it could be opened.
    pub(super) message_id: Option<String>,
    pub(super) subject: Option<String>,
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
    /// Of its content: tells when it comes again.
    pub(super) fingerprint: Fingerprint,
}

impl Opened {
    /// Those of all its documents.
    pub(super) fn fingerprints(&self) -> Vec<Fingerprint> {
        match &self.content {
            Content::Documents { documents, .. } => {
                documents.iter().map(|examination| examination.fingerprint).collect()
            }
            Content::Malformed(_) => Vec::new(),
        }
    }

    /// A mail that stopped the program each time it was opened.
    pub(super) fn unopened_after_crashes() -> Self {
        let finding = Finding::of_share(FindingCode::CrashedWhileOpening);
        Self { message_id: None, subject: None, content: Content::Malformed(finding) }
    }
}

/// Opens `raw`, pairs its documents with their signatures, and judges each for `received_at`.
pub(super) fn open_and_examine(
    raw: Bytes,
    trust: &TrustStore,
    received_at: Timestamp,
    pipeline: &Pipeline,
) -> Opened {
    let metrics = &pipeline.metrics;
    let start = Instant::now();
    let opened = message::open(raw, &message::Limits::default());
    metrics.stage(Stage::Open, start.elapsed());
    let message = match opened {
        Ok(message) => message,
        Err(error) => {
            let content = Content::Malformed(error.finding());
            return Opened { message_id: None, subject: None, content };
        }
    };

    let start = Instant::now();
    let bundle = bundle::assemble(&message, &bundle::Limits::default());
    metrics.stage(Stage::Bundle, start.elapsed());

    let start = Instant::now();
    let limits = signature::Limits::default().shared_by(bundle.documents.len());
    let conditions = Conditions { limits, ..Conditions::new(trust, received_at) };
    let documents = bundle
        .documents
        .into_iter()
        .map(|document| {
            let examined = signature::examine(&document.signed, &conditions);
            let fingerprint = pipeline.vault.fingerprint(CONTENT, examined.content());
            Examination { document, examined, fingerprint }
        })
        .collect();
    metrics.stage(Stage::Verify, start.elapsed());

    Opened {
        message_id: message.message_id().map(str::to_owned),
        subject: message.subject().map(shorten),
        content: Content::Documents { documents, findings: bundle.findings },
    }
}

fn shorten(subject: &str) -> String {
    const MAX_CHARS: usize = 500;
    subject.chars().take(MAX_CHARS).collect()
}
