//! Who may answer.

use super::{
    super::sample::{AnswerDraft, ListDraft, Said, responder},
    RevocationStatus::{Good, Unchecked},
    *,
};
use crate::trust::sample::{Draft, LOGIN};

const NO_CHECK: (&str, bool, Vec<u8>) = ("1.3.6.1.5.5.7.48.1.5", false, Vec::new());

fn exempt(seed: u8) -> Draft {
    Draft { others: vec![(NO_CHECK.0, NO_CHECK.1, vec![5, 0])], ..responder(seed) }
}

fn by(draft: &Draft) -> AnswerDraft {
    let certificate = draft.make();
    AnswerDraft {
        responder: (certificate.clone(), draft.key),
        certificates: vec![certificate],
        ..AnswerDraft::new(Said::Good, "0616")
    }
}

#[test]
fn the_issuer_and_those_that_it_has_delegated_may_answer() {
    let draft = exempt(5);
    let certificate = draft.make();
    let apart = AnswerDraft { certificates: Vec::new(), ..by(&draft) };
    assert_eq!(status(&[AnswerDraft::new(Said::Good, "0616").der()]), Good);
    for answer in [by(&draft), AnswerDraft { by_key: true, ..by(&draft) }] {
        let report = judged(&[answer.der()]);
        assert_eq!((report.status, report.problem), (Good, None));
        assert_eq!(status(&[answer.basic()]), Good);
    }
    assert!(problem(&[apart.der()]).contains("its certificate is not at hand"));
    assert_eq!(outcome(&[apart.der()], std::slice::from_ref(&certificate)).report.status, Good);
    let report = revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &issuer(),
        at: day("0615"),
        answering: Answering::InForce,
        sources: &[(&store(&[apart.der()]), RevocationSource::Cache)],
        responders: &[],
        trust: &TrustStore::new(vec![certificate]),
        checks: 64,
    })
    .report;
    assert_eq!(report.status, Good);
}

#[test]
fn nobody_else_may() {
    let signer = Draft::signer("Responder", 5, ("Issuer", 1));
    let foreign = Draft {
        authority_key_id: None,
        purposes: exempt(5).purposes,
        ..Draft::signer("Responder", 5, ("Other", 2))
    };
    let forged = Draft { issuer_key: 2, ..exempt(5) };
    let expired = Draft { not_after: "260601000000Z", ..exempt(5) };
    let agreement = Draft { key_usage: Some(0b0000_1000), ..exempt(5) };
    let other_key = AnswerDraft { responder: (exempt(5).make(), 6), ..by(&exempt(5)) };
    for (answer, words) in [
        (by(&signer), "its certificate is not for OCSP answers"),
        (by(&foreign), "another authority has issued its certificate"),
        (by(&forged), "of the issuer's signature on its certificate"),
        (by(&expired), "its certificate is valid from"),
        (by(&agreement), "its key usage does not allow it to sign"),
        (other_key, "does not fit the key"),
    ] {
        let told = problem(&[answer.der()]);
        assert!(told.contains(words), "{told}");
    }
    let login = Draft { key_usage: Some(LOGIN), ..exempt(5) };
    assert_eq!(status(&[by(&login).der()]), Good);
}

#[test]
fn a_responder_that_was_revoked_may_not() {
    let draft = Draft { serial: vec![33], ..responder(5) };
    let answer = by(&draft).der();
    let unknown = judged(std::slice::from_ref(&answer));
    assert_eq!(unknown.status, Unchecked);
    let note = unknown.problem.unwrap();
    assert!(note.contains("certificate of the responder Responder was revoked is not"), "{note}");

    // In force when the answer was made, and no answer for the person's moment itself.
    let clean = ListDraft::new("0614", "0617");
    let known = judged(&[answer.clone(), clean.der()]);
    assert_eq!((known.status, known.problem), (Good, None));
    // Too old to say anything of the person, and never too old to say who was revoked.
    let listed = ListDraft::new("0601", "0602").with(&[(33, "0601", None, None)]).der();
    let told = problem(&[answer, listed]);
    assert!(told.contains("its certificate was revoked"), "{told}");
}

#[test]
fn a_responder_says_nothing_for_a_moment_after_the_end_of_its_certificate() {
    let ended = Draft { not_after: "260610120000Z", ..exempt(5) };
    let early = AnswerDraft { this_update: "0609", next_update: Some("0620"), ..by(&ended) };
    let told = problem(&[early.der()]);
    assert!(told.contains("the answer was true until 2026-06-10T12:00:00Z"), "{told}");
    let revoked = AnswerDraft { said: Said::Revoked("0601", 1), ..early };
    assert_eq!(status(&[revoked.der()]), RevocationStatus::Revoked);
    let longer = Draft { not_after: "260616000000Z", ..exempt(5) };
    let in_force = AnswerDraft { this_update: "0609", next_update: Some("0620"), ..by(&longer) };
    assert_eq!(status(&[in_force.der()]), Good);
}

#[test]
fn a_responder_says_nothing_of_a_moment_after_its_answer_was_made() {
    let draft = Draft { not_after: "260610120000Z", ..exempt(5) };
    let forged = AnswerDraft { produced_at: Some("0609"), ..by(&draft) };
    assert_eq!(status(&[forged.der()]), Unchecked);
    let later = AnswerDraft { produced_at: Some("0609"), ..by(&exempt(5)) };
    let told = problem(&[later.der()]);
    assert!(told.contains("a moment after the one at which it was made"), "{told}");
}

#[test]
fn a_responder_that_was_revoked_before_the_moment_may_not_with_an_earlier_date() {
    let draft = Draft { serial: vec![33], ..responder(5) };
    let answer = AnswerDraft { this_update: "0609", next_update: Some("0620"), ..by(&draft) };
    // Too old to say anything of the person.
    let listed = ListDraft::new("0613", "0614").with(&[(33, "0612", Some(1), None)]);
    let told = problem(&[answer.der(), listed.der()]);
    assert!(told.contains("its certificate was revoked"), "{told}");
    let after = listed.with(&[(33, "0616", Some(4), None)]);
    let told = problem(&[answer.der(), after.der()]);
    assert!(told.contains("of the responder Responder was revoked is not known"), "{told}");
}

/// RFC 6960 §4.2.2.2.1: nobody need ask about such a responder. What is known of it counts.
#[test]
fn a_responder_about_whom_nobody_need_ask_may_not_answer_once_it_is_known_to_be_revoked() {
    let draft = Draft { serial: vec![33], ..exempt(5) };
    let answer = by(&draft).der();
    let asked = outcome(std::slice::from_ref(&answer), &[]);
    assert_eq!((asked.report.status, asked.responders.len()), (Good, 0), "nothing is known");
    assert_eq!(asked.relied_on.len(), 1, "its revocation changes what is known");
    let listed = |at, reason| ListDraft::new("0613", "0614").with(&[(33, at, reason, None)]);
    for (what, list, expected) in [
        ("an old list", ListDraft::new("0601", "0602"), Good),
        ("revoked", listed("0612", None), Unchecked),
        ("suspended", listed("0612", Some(6)), Unchecked),
        ("its key was stolen", listed("0612", Some(1)), Unchecked),
        ("another was revoked", listed("0612", None).with(&[(34, "0612", None, None)]), Good),
        ("revoked after the answer", listed("0618", Some(4)), Good),
        ("by nobody's list", ListDraft { key: 7, ..listed("0612", None) }, Good),
    ] {
        let found = outcome(&[answer.clone(), list.der()], &[]);
        assert_eq!(found.report.status, expected, "{what}: {:?}", found.report.problem);
        assert!(found.responders.is_empty(), "{what}: it is not asked about");
        if expected == Unchecked {
            let told = found.report.problem.unwrap();
            assert!(told.contains("its certificate was revoked"), "{what}: {told}");
        }
    }
}

#[test]
fn certificates_that_a_signature_brings_do_not_hide_the_right_responder() {
    let right = exempt(5);
    let said =
        AnswerDraft { said: Said::Revoked("0601", 1), certificates: Vec::new(), ..by(&right) };
    let strangers: Vec<_> =
        (20..28).map(|seed| Draft { issuer_key: seed, ..exempt(seed) }.make()).collect();
    let report = revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &issuer(),
        at: day("0615"),
        answering: Answering::InForce,
        sources: &[(&store(&[said.der()]), RevocationSource::Cache)],
        responders: &strangers,
        trust: &TrustStore::new(vec![right.make()]),
        checks: 64,
    })
    .report;
    assert_eq!(report.status, RevocationStatus::Revoked, "{:?}", report.problem);
}

#[test]
fn an_answer_about_another_certificate_says_nothing() {
    let neighbour =
        Draft { serial: vec![10], ..Draft::signer("Тестова Особа", 9, ("Issuer", 1)) };
    let namesake = Draft::authority("Issuer", 3, ("Issuer", 3)).make();
    for answer in [
        AnswerDraft { certificate: neighbour.make(), ..AnswerDraft::new(Said::Good, "0616") },
        AnswerDraft { issuer: namesake, ..AnswerDraft::new(Said::Good, "0616") },
    ] {
        assert_eq!(status(&[answer.der()]), Unchecked);
    }
}

#[test]
fn a_responders_own_certificate_may_be_exempt() {
    let judge = |draft: &Draft| {
        revocation(&RevocationRequest {
            certificate: &draft.make(),
            issuer: &issuer(),
            at: day("0615"),
            answering: Answering::InForce,
            sources: &[],
            responders: &[],
            trust: &TrustStore::empty(),
            checks: 64,
        })
        .report
    };
    let kind = Some(crate::domain::RevocationKind::NoCheck);
    let report = judge(&exempt(5));
    assert_eq!((report.status, report.kind), (Good, kind));
    assert_eq!(judge(&responder(5)).status, Unchecked);
    let signer = Draft { purposes: &[], ..exempt(5) };
    assert_eq!(judge(&signer).status, Unchecked);
}
