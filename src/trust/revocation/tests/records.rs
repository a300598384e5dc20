//! What is remembered of lists and answers that are not at hand any more.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    super::{
        record::StatusRecord,
        sample::{AnswerDraft, ListDraft, Said, responder, root},
    },
    RevocationSource::{Cache, Signature},
    RevocationStatus::{Good, Revoked, Unchecked},
    *,
};
use crate::{algorithms::Policy, trust::sample::Draft};

const RECEIPT: Answering = Answering::Since { brought: false, again: None };
const PROVED: Answering = Answering::Since { brought: true, again: None };
const DAYS: [&str; 9] = ["0611", "0612", "0613", "0614", "0615", "0616", "0617", "0618", "0619"];
const HOLD: u8 = 6;

/// Judges by what was fetched, what was brought, and what is remembered.
fn judge(
    at: &str,
    answering: Answering,
    given: &[(RevocationSource, Vec<u8>)],
    records: &[StatusRecord],
) -> RevocationOutcome {
    let of = |wanted| {
        let own = given.iter().filter(|(source, _)| *source == wanted);
        store(&own.map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>())
    };
    let (cache, signature) = (of(Cache).with_records(records.to_vec()), of(Signature));
    revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &issuer(),
        at: day(at),
        answering,
        sources: &[(&cache, Cache), (&signature, Signature)],
        responders: &[],
        trust: &TrustStore::empty(),
        checks: 64,
    })
}

fn list(this_update: &'static str, revoked: Option<(&'static str, u8)>) -> Vec<u8> {
    list_since(this_update, revoked, None)
}

/// The same, where the key was in other hands since then.
fn list_since(
    this_update: &'static str,
    revoked: Option<(&'static str, u8)>,
    invalid: Option<&'static str>,
) -> Vec<u8> {
    let entries = revoked.map(|(at, reason)| (9, at, Some(reason), invalid));
    ListDraft::new(this_update, "0620").with(entries.as_slice()).der()
}

fn answer(this_update: &'static str, revoked: Option<(&'static str, u8)>) -> Vec<u8> {
    let said = revoked.map_or(Said::Good, |(at, reason)| Said::Revoked(at, reason));
    AnswerDraft::new(said, this_update).der()
}

proptest! {
    #[test]
    fn what_was_said_once_is_said_again(
        given in vec(
            (
                select(&DAYS[..]),
                proptest::option::of((select(&DAYS[..]), select(&[0, 1, 4, HOLD][..]))),
                proptest::option::of(select(&DAYS[..])),
                any::<bool>(),
                select(&[Cache, Signature][..]),
            ),
            0..4,
        ),
        at in select(&DAYS[..]),
        again in proptest::option::of(select(&DAYS[..])),
        brought in any::<bool>(),
    ) {
        let again = again.map(day);
        let answering = Answering::Since { brought, again };
        let given: Vec<_> = given
            .into_iter()
            .map(|(this_update, revoked, invalid, is_list, source)| {
                if is_list {
                    (source, list_since(this_update, revoked, invalid))
                } else {
                    (source, answer(this_update, revoked))
                }
            })
            .collect();
        let then = judge(at, answering, &given, &[]);
        // What came with the signature is still there.
        let all = given.clone();
        let given: Vec<_> =
            given.into_iter().filter(|(source, _)| *source == Signature).collect();
        let now = judge(at, answering, &given, &then.records);
        prop_assert_eq!(now.report.status, then.report.status);
        prop_assert_eq!(now.was_good, then.was_good);
        prop_assert_eq!(now.report.revoked_at, then.report.revoked_at);
        prop_assert_eq!(now.report.invalid_since, then.report.invalid_since);
        // For any other moment no revocation is forgotten, nor since when a key was lost.
        for other in DAYS {
            let full = judge(other, answering, &all, &[]).report;
            let rest = judge(other, answering, &given, &then.records).report;
            if full.status == Revoked {
                prop_assert_eq!(rest.status, Revoked, "{}", other);
            } else if full.invalid_since.is_some_and(|since| since <= day(other)) {
                let is_told = rest.status == Revoked || rest.invalid_since.is_some();
                prop_assert!(is_told, "{}", other);
            }
            // It goes on so from one judgement to the next.
            let next = judge(other, answering, &given, &then.records);
            let records = StatusRecord::renewed(&then.records, next.records);
            let again = judge(at, answering, &given, &records).report;
            if then.report.status == Revoked {
                prop_assert_eq!(again.status, Revoked, "{}", other);
            }
        }
        // Nothing that is brought undoes it; a suspension may have ended before the moment.
        let is_for_good = then.report.reason.as_deref() != Some("certificateHold");
        if then.report.status == Revoked && is_for_good {
            let more = [given, vec![(Signature, answer("0619", None))]].concat();
            let brought = judge(at, answering, &more, &then.records);
            prop_assert_eq!(brought.report.status, Revoked);
        }
    }
}

#[test]
fn an_authority_corrects_itself_and_ends_no_suspension_after_the_moment() {
    for (what, reason, correction, expected) in [
        ("a later answer", 1, (Cache, answer("0617", None)), Good),
        ("a later list", 1, (Cache, list("0617", None)), Good),
        ("an older one", 1, (Cache, answer("0615", None)), Revoked),
        ("one of the sender", 1, (Signature, answer("0617", None)), Revoked),
        ("revoked later than was said", 1, (Cache, answer("0617", Some(("0617", 1)))), Revoked),
        ("suspended at the moment", HOLD, (Cache, answer("0617", None)), Revoked),
    ] {
        let then = judge("0615", RECEIPT, &[(Cache, answer("0616", Some(("0612", reason))))], &[]);
        assert_eq!(then.report.status, Revoked);
        let corrected = judge("0615", RECEIPT, &[correction], &then.records);
        assert_eq!(corrected.report.status, expected, "{what}");
        let later = StatusRecord::renewed(&then.records, corrected.records);
        let forgotten = judge("0615", RECEIPT, &[], &later);
        assert_eq!(forgotten.report.status, expected, "{what}, and it is forgotten");
    }
}

/// What counted while nobody knew the issuer, whose key is known now.
#[test]
fn what_was_said_by_the_issuers_name_counts_until_its_key_clears_it() {
    let by_another_key =
        AnswerDraft { responder: (issuer(), 7), ..AnswerDraft::new(Said::Good, "0617") }.der();
    let (revoked, held) = (("0612", 1), ("0612", HOLD));
    for (what, said, at_hand, expected) in [
        ("revoked", revoked, vec![], Revoked),
        ("and good before that", revoked, vec![(Cache, answer("0615", None))], Revoked),
        ("and good, as the sender says", revoked, vec![(Signature, answer("0617", None))], Revoked),
        ("and good by another key", revoked, vec![(Cache, by_another_key)], Revoked),
        ("and good later", revoked, vec![(Cache, answer("0617", None))], Good),
        ("and not on a later list", revoked, vec![(Cache, list("0617", None))], Good),
        ("suspended", held, vec![], Revoked),
        ("and released after the moment", held, vec![(Cache, answer("0617", None))], Revoked),
        ("and released", held, vec![(Cache, answer("0614", None))], Unchecked),
        (
            "and released, and good",
            held,
            vec![(Cache, answer("0614", None)), (Cache, answer("0617", None))],
            Good,
        ),
    ] {
        let this_update = if said == held { "0613" } else { "0616" };
        let named = store(&[list(this_update, Some(said))]);
        let (report, records) =
            named.without_issuer(&person(), day("0613"), RECEIPT, &Policy::built_in());
        assert_eq!(report.status, Revoked, "{what}");
        let now = judge("0615", RECEIPT, &at_hand, &records);
        assert_eq!(now.report.status, expected, "{what}");
        let at_hand: Vec<_> = at_hand.into_iter().filter(|(from, _)| *from == Signature).collect();
        let records = StatusRecord::renewed(&records, now.records);
        let again = judge("0615", RECEIPT, &at_hand, &records);
        assert_eq!(again.report.status, expected, "{what}, and it is forgotten");
        let records = StatusRecord::renewed(&records, again.records);
        let third = judge("0615", RECEIPT, &at_hand, &records);
        assert_eq!(third.report.status, expected, "{what}, and it is judged once more");
        let remembering = RevocationStore::empty().with_records(records);
        let (left_out, _) =
            remembering.without_issuer(&person(), day("0615"), RECEIPT, &Policy::built_in());
        assert_eq!(left_out.status, expected, "{what}, and the issuer is left out again");
    }
}

/// Nobody knows whose word it was: it is not forgiven with the key of one who has that name.
#[test]
fn what_was_said_by_a_name_is_not_taken_for_what_one_key_said() {
    let named = store(&[list("0616", Some(("0612", 1)))]);
    let (_, records) = named.without_issuer(&person(), day("0615"), RECEIPT, &Policy::built_in());
    let first = judge("0615", RECEIPT, &[(Cache, list("0616", Some(("0612", 1))))], &records);
    let records = StatusRecord::renewed(&records, first.records);
    let another = Draft::authority("Issuer", 3, ("Root", 2)).make();
    let known = RevocationStore::empty().with_records(records);
    let now = revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &another,
        at: day("0615"),
        answering: RECEIPT,
        sources: &[(&known, Cache)],
        responders: &[],
        trust: &TrustStore::empty(),
        checks: 64,
    });
    assert_eq!(now.report.status, Revoked);
}

#[test]
fn what_a_judgement_does_not_ask_about_is_still_remembered() {
    let revoked = judge("0615", RECEIPT, &[(Cache, answer("0616", Some(("0612", 1))))], &[]);
    let nothing = StatusRecord::renewed(&revoked.records, []);
    assert_eq!(judge("0615", RECEIPT, &[], &nothing).report.status, Revoked);
}

#[test]
fn what_one_key_said_another_says_not() {
    let then = judge("0615", RECEIPT, &[(Cache, answer("0616", None))], &[]);
    assert_eq!(then.report.status, Good);
    let known = RevocationStore::empty().with_records(then.records);
    let now = revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &root(),
        at: day("0615"),
        answering: RECEIPT,
        sources: &[(&known, Cache)],
        responders: &[],
        trust: &TrustStore::empty(),
        checks: 64,
    });
    assert_eq!(now.report.status, Unchecked);
}

/// An answer is not true for ever because it is remembered.
#[test]
fn a_responder_that_turns_out_to_be_revoked_says_nothing_any_more() {
    let certificate = responder(5).make();
    let good = AnswerDraft {
        responder: (certificate.clone(), 5),
        certificates: vec![certificate],
        ..AnswerDraft::new(Said::Good, "0616")
    };
    let vouching = ListDraft::new("0610", "0620");
    let vouched = [(Cache, good.der()), (Cache, vouching.der())];
    let then = judge("0615", RECEIPT, &vouched, &[]);
    assert_eq!(then.report.status, Good);
    assert_eq!(judge("0615", RECEIPT, &[], &then.records).report.status, Good);
    let revoking = ListDraft::new("0612", "0620").with(&[(5, "0609", Some(1), None)]);
    let now = judge("0615", RECEIPT, &[(Cache, revoking.der())], &then.records);
    assert_eq!(now.report.status, Unchecked);
}

/// The responder falls later; what the issuer said itself stays.
#[test]
fn what_a_responder_said_too_is_remembered_from_the_issuer_itself() {
    let certificate = responder(5).make();
    for (by_responder, by_list) in [("0616", "0615"), ("0615", "0616")] {
        let revoked = AnswerDraft {
            responder: (certificate.clone(), 5),
            certificates: vec![certificate.clone()],
            ..AnswerDraft::new(Said::Revoked("0611", 1), by_responder)
        };
        let vouching = ListDraft::new("0610", "0620").with(&[(9, "0611", Some(1), None)]);
        let both = [
            (Cache, revoked.der()),
            (Cache, list(by_list, Some(("0611", 1)))),
            (Cache, vouching.der()),
        ];
        let then = judge("0614", RECEIPT, &both, &[]);
        assert_eq!(then.report.status, Revoked);
        let fallen = ListDraft::new("0617", "0620").with(&[(5, "0610", Some(1), None)]).delta();
        let now = judge("0614", RECEIPT, &[(Cache, fallen.der())], &then.records);
        assert_eq!(now.report.status, Revoked, "answer of {by_responder}, list of {by_list}");
    }
}

#[test]
fn records_are_read_as_they_were_written() {
    let certificate = responder(5).make();
    let revoked = AnswerDraft {
        responder: (certificate.clone(), 5),
        certificates: vec![certificate],
        ..AnswerDraft::new(Said::Revoked("0612", 1), "0616")
    };
    for given in [revoked.der(), list("0616", Some(("0612", HOLD))), answer("0616", None)] {
        let records = judge("0615", RECEIPT, &[(Cache, given)], &[]).records;
        assert!(!records.is_empty());
        let text = serde_json::to_string(&records).unwrap();
        assert_eq!(serde_json::from_str::<Vec<StatusRecord>>(&text).unwrap(), records);
    }
}

/// The mail has used up its checks; the time-stamp that it rests on falls later.
#[test]
fn no_budget_keeps_a_revocation_for_another_moment_from_being_remembered() {
    let later = list("0619", Some(("0618", 1)));
    let good = answer("0616", None);
    let suspended = list("0612", Some(("0611", HOLD)));
    let released = answer("0613", None);
    let ask = |known: &RevocationStore, at, checks| {
        revocation(&RevocationRequest {
            certificate: &person(),
            issuer: &issuer(),
            at: day(at),
            answering: PROVED,
            sources: &[(known, Cache)],
            responders: &[],
            trust: &TrustStore::empty(),
            checks,
        })
    };
    for (what, said, other) in [
        ("revoked later", vec![later, good.clone()], "0619"),
        ("suspended before", vec![suspended, released, good], "0612"),
    ] {
        let known = store(&said);
        let enough = ask(&known, "0615", 64);
        assert!(!enough.gave_up, "{what}");
        for checks in 0..enough.signature_checks {
            assert!(ask(&known, "0615", checks).gave_up, "{what}, {checks} checks");
        }
        let just_enough = ask(&known, "0615", enough.signature_checks);
        assert_eq!(just_enough, enough, "{what}");
        // What is remembered costs nothing.
        let remembering = RevocationStore::empty().with_records(enough.records);
        let again = ask(&remembering, "0615", 0);
        assert_eq!((again.gave_up, again.signature_checks), (false, 0), "{what}");
        let remembering = RevocationStore::empty().with_records(again.records);
        assert_eq!(ask(&remembering, other, 0).report.status, Revoked, "{what}");
    }
}

#[test]
fn a_responder_that_was_revoked_stays_so() {
    let nobody_need_ask = ("1.3.6.1.5.5.7.48.1.5", false, vec![5, 0]);
    let certificate = Draft { others: vec![nobody_need_ask], ..responder(5) }.make();
    let good = AnswerDraft {
        responder: (certificate.clone(), 5),
        certificates: vec![certificate],
        ..AnswerDraft::new(Said::Good, "0616")
    };
    let good = (Signature, good.der());
    assert_eq!(judge("0615", PROVED, std::slice::from_ref(&good), &[]).report.status, Good);
    let revoked = ListDraft::new("0613", "0614").with(&[(5, "0609", Some(1), None)]).der();
    let then = judge("0615", PROVED, &[good.clone(), (Cache, revoked)], &[]);
    assert_eq!(then.report.status, Unchecked);
    let now = judge("0615", PROVED, &[good], &then.records);
    assert_eq!(now.report.status, Unchecked, "what revoked it is forgotten by others");
}
