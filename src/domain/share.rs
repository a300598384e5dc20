//! What is known of a kept share: its terms, its personal details, its rows.

use serde::{Deserialize, Serialize};

use super::{
    Assurance, BranchId, DocumentReport, Finding, Indication, MailAddress, ServiceId, Sha256,
    ShareId, SubIndication, Timestamp, TypeCode, TypeSource, Verdict, named,
};

named! {
    /// How long something of a share is kept. Each term has its own data key, which is destroyed
    /// at the term's end together with all that is sealed with it.
    pub enum Term {
        /// As long as the share: the service's days, or the quarantine's when it is not verified.
        Share = "share",
        /// The quarantine's days, although the share stays longer: what nobody asked for.
        Short = "short",
    }
}

named! {
    /// What a judged share waits for: what may still change what is said of it.
    pub enum Awaits {
        /// A revocation list or an OCSP answer for a certificate in a proved chain; other trusted
        /// certificates may change it too.
        Revocation = "revocation",
        /// Other trusted certificates or lists.
        Trust = "trust",
    }
}

named! {
    /// Why a term ends on its day.
    pub enum RetentionReason {
        /// The service's own days.
        Service = "service",
        /// Not verified: the quarantine's days.
        Quarantine = "quarantine",
        /// Not asked for: the quarantine's days, in a share that stays longer.
        Excess = "excess",
    }
}

/// When something goes, and why then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The moment from which it must be destroyed, and before which it must not.
    pub destroy_at: Timestamp,
    /// Why then.
    pub reason: RetentionReason,
}

/// A keyed fingerprint of content: tells the same content again, and tells nothing to those
/// without the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// The personal data of a share, sealed with the data key of [`Term::Share`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareDetails {
    /// The reverse-path; `None` for `<>`.
    pub sender: Option<MailAddress>,
    /// The recipients that led to this branch.
    pub recipients: Vec<MailAddress>,
    /// The mail's own Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// The decoded subject, cut to 500 characters.
    pub subject: Option<String>,
    /// The client's address.
    pub peer: String,
}

impl ShareDetails {
    /// The kind that they are sealed under.
    pub const KIND: &'static str = "share";
    /// The kind of a Message-ID's keyed fingerprint; the content is the ID without angle brackets.
    pub const MESSAGE_ID_KIND: &'static str = "message-id";
}

/// The personal data of one document, sealed with the data key of its term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentDetails {
    /// The file name as sent, cleaned of path parts and control characters.
    pub name: String,
    /// SHA-256 of what a reader gets, lower-case hexadecimal.
    pub sha256: Sha256Hex,
    /// How many bytes of the content a reader gets, from the first one on: the signed revision of a PDF file
    /// to which more was added. `None` when all.
    #[serde(default)]
    pub revision: Option<u64>,
    /// The names of its signature files, in the order of their objects.
    pub signature_names: Vec<String>,
    /// Whether the last of them is the file that the document came in with its signatures: a
    /// container, or a signature that carries it.
    #[serde(default)]
    pub is_enclosed: bool,
    /// Its type. `None` in what earlier versions kept.
    #[serde(default)]
    pub type_code: Option<TypeCode>,
    /// What its signatures are worth.
    pub report: DocumentReport,
}

impl DocumentDetails {
    /// The names of the signature files that a reader gets: none where something was added to the document
    /// after it was signed, for they are over that too, or bring it.
    #[must_use]
    pub fn signature_files(&self) -> &[String] {
        if self.revision.is_some() { &[] } else { &self.signature_names }
    }

    /// The kind that those of document `number` are sealed under: details of two documents cannot
    /// be exchanged.
    #[must_use]
    pub fn kind(number: u32) -> String {
        format!("document-{number}")
    }
}

/// A SHA-256 as 64 lower-case hexadecimal digits, for reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sha256Hex(String);

impl From<Sha256> for Sha256Hex {
    fn from(digest: Sha256) -> Self {
        Self(digest.to_string())
    }
}

impl Sha256Hex {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// That a share was judged again and got another verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictChange {
    /// The verdict that was given before.
    pub before: Verdict,
    /// When it was replaced.
    pub at: Timestamp,
}

/// A share as the database holds it, without its personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareRow {
    /// Its id.
    pub id: ShareId,
    /// The branch it came to.
    pub branch: BranchId,
    /// The service it was matched with.
    pub service: Option<ServiceId>,
    /// The verdict.
    pub verdict: Verdict,
    /// What its signatures prove; `None` when nothing is proved.
    pub assurance: Option<Assurance>,
    /// When the mail was accepted.
    pub received_at: Timestamp,
    /// When what is said of it was said: at first, or when it was last judged again and anything
    /// was different.
    pub judged_at: Timestamp,
    /// The last change of the verdict; `None` when the first one stands. The audit has all.
    pub verdict_change: Option<VerdictChange>,
    /// When the share goes, and why then.
    pub retention: Retention,
    /// When it was destroyed; what is left then is this row.
    pub destroyed_at: Option<Timestamp>,
    /// The size of the raw mail, in bytes.
    pub mail_bytes: u64,
    /// The findings, worst severity first.
    pub findings: Vec<Finding>,
    /// [`ShareDetails`] as JSON, sealed; `None` once destroyed.
    pub sealed_details: Option<Vec<u8>>,
}

/// A document as the database holds it, without its personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its number within the share, from 1.
    pub number: u32,
    /// Its type.
    pub type_code: TypeCode,
    /// Where the type is taken from; `None` when nothing tells it.
    pub type_source: Option<TypeSource>,
    /// Whether nobody asked for it: hidden from operators.
    pub excess: bool,
    /// The term it is kept for.
    pub term: Term,
    /// The size of its content, in bytes.
    pub size: u64,
    /// The worst indication of its signatures; `None` when unsigned.
    pub indication: Option<Indication>,
    /// That signature's sub-indication.
    pub sub_indication: Option<SubIndication>,
    /// How many signature files are kept beside it.
    pub signature_files: u32,
    /// [`DocumentDetails`] as JSON, sealed; `None` once destroyed.
    pub sealed_details: Option<Vec<u8>>,
}
