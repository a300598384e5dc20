//! Revocation data counts while the policy accepts what it is signed with.

use super::{
    super::{
        record::StatusRecord,
        sample::{AnswerDraft, ListDraft, Said, responder},
    },
    RevocationStatus::{Good, Revoked, RevokedLater, Unchecked},
    *,
};
use crate::{algorithms::Policy, trust::sample::Draft};

const HOLD: u8 = 6;

/// Judges for the 15th of June with keys that are accepted until `end`.
fn until(end: &str, data: &[u8]) -> RevocationReport {
    by(end, &store(&[data.to_vec()]), RevocationSource::Signature).report
}

/// The same by what is remembered alone.
fn remembering(end: &str, records: &[StatusRecord]) -> RevocationOutcome {
    let known = RevocationStore::empty().with_records(records.to_vec());
    by(end, &known, RevocationSource::Cache)
}

fn by(end: &str, known: &RevocationStore, source: RevocationSource) -> RevocationOutcome {
    let policy = Policy::built_in_but(&[("Ed25519", end)]);
    revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &issuer(),
        at: day("0615"),
        answering: Answering::InForce,
        sources: &[(known, source)],
        responders: &[],
        trust: &TrustStore::empty().with_algorithms(policy),
        checks: 64,
    })
}

/// What is remembered of this data.
fn records(data: &[Vec<u8>]) -> Vec<StatusRecord> {
    by("2099-12-31", &store(data), RevocationSource::Cache).records
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

#[test]
fn what_is_remembered_clears_by_the_policy_of_the_moment() {
    let no_check = ("1.3.6.1.5.5.7.48.1.5", false, vec![5, 0]);
    let delegated = Draft { others: vec![no_check], ..responder(5) };
    let certificate = delegated.make();
    let by_responder = AnswerDraft {
        responder: (certificate.clone(), delegated.key),
        certificates: vec![certificate],
        ..AnswerDraft::new(Said::Good, "0616")
    };
    let (older, younger) = (ListDraft::new("0610", "0620"), ListDraft::new("0616", "0620"));
    let revoked_later = younger.clone().with(&[(9, "0616", Some(1), None)]).der();
    for (name, data, status, last, before) in [
        ("an older list", vec![older.der()], Good, "2026-06-15", "2026-06-14"),
        ("a younger list", vec![younger.der()], Good, "2026-06-16", "2026-06-15"),
        (
            "a delta list",
            vec![older.der(), younger.delta().der()],
            Good,
            "2026-06-16",
            "2026-06-15",
        ),
        (
            "an answer",
            vec![AnswerDraft::new(Said::Good, "0616").der()],
            Good,
            "2026-06-16",
            "2026-06-15",
        ),
        ("by a responder", vec![by_responder.der()], Good, "2026-06-16", "2026-06-15"),
        ("revoked later", vec![revoked_later], RevokedLater, "2026-06-16", "2026-06-15"),
    ] {
        let records = records(&data);
        assert_eq!(remembering(last, &records).report.status, status, "{name}");
        let refused = remembering(before, &records);
        assert_eq!(refused.report.status, Unchecked, "{name}: {:?}", refused.report);
        let problem = refused.report.problem.unwrap();
        assert!(problem.contains("the algorithm policy accepts Ed25519 until"), "{problem}");
        let alone = RevocationStore::empty().with_records(records.clone());
        let policy = Policy::built_in_but(&[("Ed25519", before)]);
        let (report, _) = alone.without_issuer(&person(), day("0615"), Answering::InForce, &policy);
        assert_eq!(report.status, Unchecked, "{name}, and its issuer is not known: {report:?}");
        // It may be accepted again.
        let records = StatusRecord::renewed(&records, refused.records);
        assert_eq!(remembering(last, &records).report.status, status, "{name}, once more");
    }
}

#[test]
fn what_is_remembered_to_revoke_goes_on_whatever_the_policy_refuses() {
    for (name, entry) in [
        ("revoked", (9, "0612", Some(1), None)),
        ("suspended", (9, "0612", Some(HOLD), None)),
        ("lost before it was revoked", (9, "0616", Some(1), Some("0612"))),
    ] {
        let list = ListDraft::new("0616", "0620").with(&[entry]);
        let known = records(&[list.der()]);
        let expected = remembering("2099-12-31", &known).report;
        let refused = remembering("2026-06-10", &known);
        assert_eq!(refused.report.status, expected.status, "{name}");
        assert_eq!(refused.report.invalid_since, expected.invalid_since, "{name}");
        let known = StatusRecord::renewed(&known, refused.records);
        assert_eq!(remembering("2026-06-10", &known).report.status, expected.status, "{name}");
    }
}

#[test]
fn a_refused_list_ends_no_suspension() {
    let suspending = ListDraft::new("0612", "0620").with(&[(9, "0611", Some(HOLD), None)]).der();
    let released = ListDraft::new("0613", "0620").der();
    let at_hand = store(&[suspending, released]);
    let records = by("2099-12-31", &at_hand, RevocationSource::Cache).records;
    let remembered = RevocationStore::empty().with_records(records);
    let (_, named) =
        at_hand.without_issuer(&person(), day("0615"), Answering::InForce, &Policy::built_in());
    let by_name = RevocationStore::empty().with_records(named);
    for (name, known) in
        [("at hand", &at_hand), ("remembered", &remembered), ("by the name", &by_name)]
    {
        for (end, is_revoked) in [("2026-06-15", false), ("2026-06-14", true)] {
            let policy = Policy::built_in_but(&[("Ed25519", end)]);
            let (report, _) =
                known.without_issuer(&person(), day("0615"), Answering::InForce, &policy);
            assert_eq!(report.status == Revoked, is_revoked, "{name} until {end}: {report:?}");
        }
    }
    for (name, known) in [("remembered", &remembered), ("by the name", &by_name)] {
        let report = by("2026-06-14", known, RevocationSource::Cache).report;
        assert_eq!(report.status, Revoked, "{name}, and the issuer is known: {report:?}");
    }
}

/// Nobody knows what they were proved by.
#[test]
fn records_of_an_earlier_version_revoke_and_clear_nobody() {
    let revoked = ListDraft::new("0616", "0620").with(&[(9, "0612", Some(1), None)]).der();
    let good = AnswerDraft::new(Said::Good, "0616").der();
    for (data, expected) in [(revoked, Revoked), (good, Unchecked)] {
        let mut text = serde_json::to_value(records(&[data])).unwrap();
        for record in text.as_array_mut().unwrap() {
            assert!(record.as_object_mut().unwrap().remove("rests_on").is_some());
        }
        let old: Vec<StatusRecord> = serde_json::from_value(text).unwrap();
        let report = remembering("2099-12-31", &old).report;
        assert_eq!(report.status, expected, "{report:?}");
        let says_why = |problem: &String| problem.contains("did not write down which algorithms");
        assert_eq!(report.problem.as_ref().is_some_and(says_why), expected == Unchecked);
    }
}
