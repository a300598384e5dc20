//! What a judgement does not know any more.
//!
//! Lists and answers are forgotten: by the cache some time after their end, with the cache in a
//! restore, and by the authority when the certificate has ended. What they said stays true. So a
//! share that is judged again by less than before keeps what was said:
//!
//! * a certificate that was revoked stays so until an answer clears it: no verdict gets better, and
//!   none stays that rests on another moment than before;
//! * one that was cleared stays so for the same moment: that nothing is at hand now is no reason for
//!   a worse verdict.

use crate::{
    domain::{CertificateReport, DocumentReport, RevocationStatus, SignatureReport, Verdict},
    matching::Judgement,
};

/// What is to be made of a judgement that knows less than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    /// It forgets nothing that matters.
    Whole,
    /// It differs by what is forgotten alone: what was said stays.
    Keep,
    /// A certificate was revoked, and whether the signature is older is not known any more.
    Doubt,
}

/// Compares a judgement with that of `before`, of which these are the reports. `unasked` is the
/// verdict that it would be if nobody had to say that a certificate is good.
pub(super) fn compare<'a>(
    judgement: &Judgement,
    unasked: Verdict,
    before: Verdict,
    reports: impl Iterator<Item = Option<&'a DocumentReport>>,
) -> Memory {
    let pairs = reports.zip(judgement.documents());
    let pairs: Vec<(&DocumentReport, &DocumentReport)> =
        pairs.filter_map(|(then, now)| Some((then?, now.examined().report()))).collect();
    if judgement.verdict() >= before {
        let forgiven: Vec<_> = pairs.iter().filter(|(then, now)| forgives(then, now)).collect();
        return if forgiven.is_empty() {
            Memory::Whole
        } else if forgiven.iter().all(|(then, now)| is_for_the_same_moments(then, now)) {
            Memory::Keep
        } else {
            Memory::Doubt
        };
    }
    let is_cleared = |(then, now): &(&DocumentReport, &DocumentReport)| {
        is_for_the_same_moments(then, now) && has_cleared(then, now)
    };
    if unasked >= before && pairs.iter().all(is_cleared) { Memory::Keep } else { Memory::Whole }
}

/// Whether a certificate that was revoked is not called so any more, and nothing clears it.
fn forgives(then: &DocumentReport, now: &DocumentReport) -> bool {
    use RevocationStatus::{Good, Revoked, RevokedLater};
    let mut revoked = then.certificates().filter(|one| has(one, &[Revoked, RevokedLater]));
    revoked.any(|one| !says(now, one, &[Good, Revoked, RevokedLater]))
}

/// Whether each certificate of which nobody says anything now was called good then.
fn has_cleared(then: &DocumentReport, now: &DocumentReport) -> bool {
    let mut unchecked = now.certificates().filter(|one| has(one, &[RevocationStatus::Unchecked]));
    unchecked.all(|one| says(then, one, &[RevocationStatus::Good]))
}

fn is_for_the_same_moments(then: &DocumentReport, now: &DocumentReport) -> bool {
    let moments = |report: &DocumentReport| -> Vec<_> {
        let of = |signature: &SignatureReport| (signature.best_time, signature.best_time_source);
        report.signatures.iter().map(of).collect()
    };
    moments(then) == moments(now)
}

fn says(report: &DocumentReport, of: &CertificateReport, known: &[RevocationStatus]) -> bool {
    report.certificates().any(|one| one.sha256 == of.sha256 && has(one, known))
}

fn has(certificate: &CertificateReport, known: &[RevocationStatus]) -> bool {
    certificate.revocation.as_ref().is_some_and(|report| known.contains(&report.status))
}
