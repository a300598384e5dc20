//! Revocation data counts while the policy accepts what it is signed with.

use super::{
    super::sample::{AnswerDraft, ListDraft, Said, responder},
    RevocationStatus::{Good, Revoked, Unchecked},
    *,
};
use crate::{algorithms::Policy, trust::sample::Draft};

/// Judges for the 15th of June with keys that are accepted until `end`.
fn until(end: &str, data: &[u8]) -> RevocationReport {
    let policy = Policy::built_in_but(&[("Ed25519", end)]);
    revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &issuer(),
        at: day("0615"),
        answering: Answering::InForce,
        sources: &[(&store(&[data.to_vec()]), RevocationSource::Signature)],
        responders: &[],
        trust: &TrustStore::empty().with_algorithms(policy),
        checks: 64,
    })
    .report
}

/// The later of the moment judged for and of the data's own: what it says of its age is the word
/// of the key that is doubted.
#[test]
fn lists_and_answers_count_by_the_later_of_both_moments() {
    // Whether a responder was revoked is another question.
    let no_check = ("1.3.6.1.5.5.7.48.1.5", false, vec![5, 0]);
    let delegated = Draft { others: vec![no_check], ..responder(5) };
    let certificate = delegated.make();
    let by_responder = AnswerDraft {
        responder: (certificate.clone(), delegated.key),
        certificates: vec![certificate],
        ..AnswerDraft::new(Said::Good, "0616")
    };
    for (name, data, last, before) in [
        ("an older list", ListDraft::new("0610", "0620").der(), "2026-06-15", "2026-06-14"),
        ("a younger list", ListDraft::new("0616", "0620").der(), "2026-06-16", "2026-06-15"),
        ("an answer", AnswerDraft::new(Said::Good, "0616").der(), "2026-06-16", "2026-06-15"),
        ("by a responder", by_responder.der(), "2026-06-16", "2026-06-15"),
    ] {
        assert_eq!(until(last, &data).status, Good, "{name}: {:?}", until(last, &data));
        let report = until(before, &data);
        assert_eq!(report.status, Unchecked, "{name}: {report:?}");
        let problem = report.problem.unwrap();
        assert!(problem.contains("the algorithm policy accepts Ed25519 until"), "{problem}");
    }
}

/// What proves nothing revokes nobody either: anybody could have written it.
#[test]
fn a_revocation_counts_by_the_same_rule() {
    let list = ListDraft::new("0610", "0620").with(&[(9, "0601", None, None)]).der();
    assert_eq!(until("2026-06-15", &list).status, Revoked);
    assert_eq!(until("2026-06-14", &list).status, Unchecked);
}
