//! What a judgement does not know any more.
//!
//! Lists and answers are forgotten: by the cache some time after their end, with the cache in a
//! restore, and by the authority when the certificate has ended. What they said stays true. So a
//! share that is judged again by less than before keeps what was said:
//!
//! * a certificate that was revoked stays so until an answer clears it: no verdict gets better;
//! * one that was cleared stays so: that nothing is at hand now is no reason for a worse verdict.

use crate::{
    domain::{
        CertificateReport, DocumentReport, Indication, RevocationStatus, SubIndication, Verdict,
    },
    matching::{JudgedDocument, Judgement},
};

/// Whether the judgement only differs from the one of `before`, of which these are the reports,
/// by what is forgotten.
pub(super) fn is_by_what_is_forgotten<'a>(
    judgement: &Judgement,
    before: Verdict,
    reports: impl Iterator<Item = Option<&'a DocumentReport>>,
) -> bool {
    let pairs = reports.zip(judgement.documents());
    let pairs: Vec<_> = pairs.filter_map(|(report, now)| Some((report?, now))).collect();
    if judgement.verdict() >= before && pairs.iter().any(|(then, now)| forgives(then, now)) {
        return true;
    }
    let mut fallen = pairs.iter().filter(|(then, now)| has_fallen(then, now)).peekable();
    fallen.peek().is_some() && fallen.all(|(then, now)| misses_answers(then, now))
}

/// Whether a certificate that was revoked is not called so any more, and nothing clears it.
fn forgives(then: &DocumentReport, now: &JudgedDocument) -> bool {
    let revoked = then.certificates().filter(|one| status(one) == Some(RevocationStatus::Revoked));
    revoked.into_iter().any(|one| !is_known(one, now.examined().report()))
}

fn has_fallen(then: &DocumentReport, now: &JudgedDocument) -> bool {
    let passed = Some(Indication::TotalPassed);
    then.indication == passed && now.indication() != passed
}

/// Whether all that is wrong is that nobody says any more what was said then.
fn misses_answers(then: &DocumentReport, now: &JudgedDocument) -> bool {
    let report = now.examined().report();
    let mut unchecked =
        report.certificates().filter(|one| status(one) == Some(RevocationStatus::Unchecked));
    now.sub_indication() == Some(SubIndication::TryLater)
        && unchecked.all(|one| is_known(one, then))
}

fn is_known(certificate: &CertificateReport, to: &DocumentReport) -> bool {
    to.certificates()
        .filter(|one| one.sha256 == certificate.sha256)
        .any(|one| status(one).is_some_and(|status| status != RevocationStatus::Unchecked))
}

fn status(certificate: &CertificateReport) -> Option<RevocationStatus> {
    certificate.revocation.as_ref().map(|report| report.status)
}
