//! Which answers speak for the moment of receipt, for a proved moment, and for one that is named.

use proptest::{prelude::*, sample::select};

use super::{
    super::sample::{AnswerDraft, ListDraft, Said, responder},
    RevocationSource::{Cache, Signature},
    RevocationStatus::{Good, Revoked, RevokedLater, Unchecked},
    *,
};
use crate::trust::Wanted;

const RECEIPT: Answering = Answering::Since { brought: false, again: None };
const PROVED: Answering = Answering::Since { brought: true, again: None };
/// For a proved moment, and heard again since the 17th.
fn again() -> Answering {
    Answering::Since { brought: true, again: Some(day("0617")) }
}

const DAYS: [&str; 9] = ["0611", "0612", "0613", "0614", "0615", "0616", "0617", "0618", "0619"];

/// Judges for the 15th of June.
fn judge(answering: Answering, given: &[(RevocationSource, Vec<u8>)]) -> RevocationOutcome {
    let of = |wanted| {
        let own = given.iter().filter(|(source, _)| *source == wanted);
        store(&own.map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>())
    };
    let (cache, signature) = (of(Cache), of(Signature));
    revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &issuer(),
        at: day("0615"),
        answering,
        sources: &[(&cache, Cache), (&signature, Signature)],
        responders: &[],
        trust: &TrustStore::empty(),
        checks: 64,
    })
}

fn good(this_update: &'static str) -> Vec<u8> {
    AnswerDraft::new(Said::Good, this_update).der()
}

fn list(this: &'static str, next: &'static str) -> Vec<u8> {
    ListDraft::new(this, next).der()
}

#[test]
fn who_says_it_and_when_decides_for_which_moment_good_is_an_answer() {
    for (what, source, answer, at_receipt, proved, named) in [
        ("a list in force, fetched", Cache, list("0610", "0620"), Unchecked, Unchecked, Good),
        ("a list in force, stapled", Signature, list("0610", "0620"), Unchecked, Unchecked, Good),
        ("a list of then, fetched", Cache, list("0615", "0620"), Good, Good, Good),
        ("a list of then, stapled", Signature, list("0615", "0620"), Unchecked, Good, Good),
        ("a later answer, fetched", Cache, good("0616"), Good, Good, Good),
        ("a later answer, stapled", Signature, good("0616"), Unchecked, Good, Good),
        ("an older answer", Cache, good("0614"), Unchecked, Unchecked, Unchecked),
    ] {
        let status = |answering| judge(answering, &[(source, answer.clone())]).report.status;
        let all = [RECEIPT, PROVED, Answering::InForce].map(status);
        assert_eq!(all, [at_receipt, proved, named], "{what}");
    }
}

#[test]
fn what_does_not_suffice_is_told_with_its_date() {
    let report = judge(RECEIPT, &[(Cache, list("0610", "0620"))]).report;
    assert_eq!((report.status, report.source), (Unchecked, Some(Cache)));
    assert_eq!(report.this_update, Some(day("0610")));
    assert_eq!(report.next_update, Some(day("0620")));
    assert_eq!(
        report.problem.as_deref(),
        Some(
            "the list of 2026-06-10T12:00:00Z says that it was good then; a later answer, for \
             2026-06-15T12:00:00Z, is not at hand"
        )
    );
    let stapled = judge(RECEIPT, &[(Signature, good("0616"))]).report.problem.unwrap();
    assert!(stapled.contains("it came with the signature, and an answer of the authority"));
}

#[test]
fn what_has_to_be_heard_again_is_told_with_its_date() {
    let said = |answers: &[(RevocationSource, Vec<u8>)]| judge(again(), answers).report.problem;
    let revoked = AnswerDraft::new(Said::Revoked("0616", 4), "0616").der();
    for (source, answer, words) in [
        (
            Cache,
            good("0616"),
            "the OCSP answer of 2026-06-16T12:00:00Z says that it was good then; a later answer, \
             for 2026-06-17T12:00:00Z, is not at hand",
        ),
        (
            Signature,
            good("0618"),
            "the OCSP answer of 2026-06-18T12:00:00Z says that it was good then; it came with the \
             signature, and an answer of the authority for 2026-06-17T12:00:00Z is not at hand",
        ),
        (
            Cache,
            revoked,
            "the OCSP answer of 2026-06-16T12:00:00Z says that it was revoked at \
             2026-06-16T12:00:00Z; a later answer, for 2026-06-17T12:00:00Z, is not at hand",
        ),
    ] {
        assert_eq!(said(&[(source, answer)]).as_deref(), Some(words));
    }
    assert_eq!(said(&[(Cache, good("0617")), (Signature, good("0618"))]), None);
}

#[test]
fn a_good_answer_of_the_sender_hides_no_revocation() {
    let revoked = AnswerDraft::new(Said::Revoked("0614", 1), "0616").der();
    for answering in [RECEIPT, PROVED, Answering::InForce] {
        for (good_is, revoked_is) in [(Signature, Cache), (Cache, Signature)] {
            let given = [(good_is, good("0618")), (revoked_is, revoked.clone())];
            assert_eq!(judge(answering, &given).report.status, Revoked, "{answering:?}");
        }
    }
}

#[test]
fn a_responder_that_nobody_vouches_for_is_no_answer_and_is_asked_about() {
    let certificate = responder(5).make();
    let answer = AnswerDraft {
        responder: (certificate.clone(), 5),
        certificates: vec![certificate.clone()],
        ..AnswerDraft::new(Said::Good, "0616")
    };
    let given = (Cache, answer.der());
    let outcome = judge(RECEIPT, std::slice::from_ref(&given));
    assert_eq!((outcome.report.status, outcome.report.this_update), (Unchecked, Some(day("0616"))));
    let [wanted] = &outcome.responders[..] else { panic!("one is wanted") };
    assert_eq!((&wanted.certificate, &wanted.issuer), (&certificate, &issuer()));
    assert!(wanted.ocsp_urls().is_empty(), "it would answer for itself");
    // A list that is in force at the moment of its answer vouches for it.
    let vouched = judge(RECEIPT, &[given.clone(), (Cache, list("0610", "0617"))]);
    assert_eq!((vouched.report.status, vouched.responders), (Good, Vec::<Wanted>::new()));
    assert_eq!(vouched.relied_on, outcome.responders, "until it is revoked");
    // A list about the certificate itself needs no responder.
    let other = judge(RECEIPT, &[given, (Cache, list("0615", "0615"))]);
    assert_eq!((other.report.status, other.responders), (Good, Vec::new()));
}

/// Whoever has the key of a revoked responder brings its answer and a list from before that.
#[test]
fn a_responder_whose_answer_is_brought_needs_a_list_of_the_moment() {
    let certificate = responder(5).make();
    let answer = AnswerDraft {
        responder: (certificate.clone(), 5),
        certificates: vec![certificate],
        ..AnswerDraft::new(Said::Good, "0615")
    };
    let older = list("0610", "0620");
    // Nothing but the responder says that the person's certificate is good.
    let status = |answer_from, list_from, list: &Vec<u8>| {
        let given = [(answer_from, answer.der()), (list_from, list.clone())];
        let outcome = judge(PROVED, &given);
        (outcome.report.status, outcome.responders.len())
    };
    assert_eq!(status(Signature, Signature, &older), (Unchecked, 1), "both brought");
    assert_eq!(status(Signature, Cache, &older), (Unchecked, 1), "the list is fetched");
    assert_eq!(status(Cache, Cache, &older), (Good, 0), "the answer is the authority's own");
    assert_eq!(status(Signature, Signature, &list("0615", "0620")).0, Good, "a list of then");
}

/// A suspension is proved, and what says that it is over is the word of a responder that may
/// itself be revoked.
#[test]
fn a_suspension_is_not_over_because_somebody_in_doubt_says_so() {
    let certificate = responder(5).make();
    let hold = AnswerDraft::new(Said::Revoked("0612", 6), "0613").der();
    let doubtful = AnswerDraft {
        responder: (certificate.clone(), 5),
        certificates: vec![certificate],
        next_update: Some("0620"),
        ..AnswerDraft::new(Said::Good, "0614")
    };
    for answering in [RECEIPT, PROVED, Answering::InForce] {
        for source in [Cache, Signature] {
            let given = [(Cache, hold.clone()), (source, doubtful.der())];
            assert_eq!(judge(answering, &given).report.status, Revoked, "{answering:?} {source:?}");
        }
    }
}

proptest! {
    #[test]
    fn good_needs_an_answer_of_the_moment_or_later_and_revoked_needs_none(
        this_update in select(&DAYS[..]),
        next_update in proptest::option::of(select(&DAYS[..])),
        revoked in proptest::option::of(select(&DAYS[..])),
        source in select(&[Cache, Signature][..]),
        answering in select(vec![RECEIPT, PROVED, again(), Answering::InForce]),
    ) {
        let said = revoked.map_or(Said::Good, |at| Said::Revoked(at, 4));
        let draft = AnswerDraft { next_update, ..AnswerDraft::new(said, this_update) };
        let is_of_then = this_update >= "0615";
        let speaks = match answering {
            Answering::InForce => is_of_then || next_update.is_some_and(|next| next >= "0615"),
            Answering::Since { again: Some(_), .. } => this_update >= "0617" && source == Cache,
            Answering::Since { brought, .. } => is_of_then && (brought || source == Cache),
        };
        let expected = match revoked {
            Some(at) if at <= "0615" => Revoked,
            _ if !speaks => Unchecked,
            Some(_) => RevokedLater,
            None => Good,
        };
        let outcome = judge(answering, &[(source, draft.der())]);
        prop_assert_eq!(outcome.report.status, expected);
        let was_good = answering == again() && expected == Unchecked && is_of_then;
        prop_assert_eq!(outcome.was_good, was_good);
    }
}
