//! What is asked about one certificate, and what is found.

use super::{RevocationStore, claim::Answering, record::StatusRecord, wanted::Wanted};
use crate::{
    domain::{RevocationReport, RevocationSource, Timestamp},
    trust::{Certificate, TrustStore},
};

/// A certificate on a proved path, to be judged.
#[derive(Clone, Copy, Debug)]
pub struct RevocationRequest<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// Its issuer, next on the path.
    pub issuer: &'a Certificate,
    /// The moment to judge for.
    pub at: Timestamp,
    /// Which answers speak for it.
    pub answering: Answering,
    /// What is at hand.
    pub sources: &'a [(&'a RevocationStore, RevocationSource)],
    /// Certificates that came along and may be a responder's. Nothing in them is trusted.
    pub responders: &'a [Certificate],
    /// Certificates of the installation; those of responders may be among them.
    pub trust: &'a TrustStore,
    /// The most checks of a signature with a key. A list or an answer that came with a signature
    /// takes one more for each MiB.
    pub checks: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationOutcome {
    /// For the report on the certificate.
    pub report: RevocationReport,
    /// Whether an unchecked certificate was good at the moment by an answer that speaks for it, and
    /// only has to be heard again.
    pub was_good: bool,
    /// Responders of whom has to be known whether they were revoked, before anything is known.
    pub responders: Vec<Wanted>,
    /// All responders whose certificates may be revoked: the report changes with them.
    pub relied_on: Vec<Wanted>,
    /// What it rests on, to be remembered.
    pub records: Vec<StatusRecord>,
    /// How many checks of [`RevocationRequest::checks`] it took.
    pub signature_checks: usize,
    /// Whether more would have been needed: then the report may miss a revocation.
    pub gave_up: bool,
}
