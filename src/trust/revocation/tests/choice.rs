//! Which of several answers counts.

use proptest::{prelude::*, sample::select};

use super::{
    super::{
        record::StatusRecord,
        sample::{AnswerDraft, Entry, ListDraft, Said},
    },
    RevocationStatus::{Good, Revoked, RevokedLater, Unchecked},
    *,
};
use crate::{algorithms::Policy, domain::RevocationKind, trust::sample::Draft};

fn good(this_update: &'static str) -> Vec<u8> {
    AnswerDraft::new(Said::Good, this_update).der()
}

fn revoked(this_update: &'static str, at: &'static str, reason: u8) -> Vec<u8> {
    AnswerDraft::new(Said::Revoked(at, reason), this_update).der()
}

fn list(this: &'static str, next: &'static str, entries: &[Entry]) -> Vec<u8> {
    ListDraft::new(this, next).with(entries).der()
}

const HOLD: u8 = 6;
const SUPERSEDED: u8 = 4;
const COMPROMISED: u8 = 1;

#[test]
fn an_answer_counts_when_it_is_younger_or_in_force() {
    for (what, answers, expected) in [
        ("nothing", vec![], Unchecked),
        ("younger", vec![good("0616")], Good),
        ("at the moment", vec![good("0615")], Good),
        ("older, without an end", vec![good("0614")], Unchecked),
        ("a list in force", vec![list("0610", "0620", &[])], Good),
        ("a list until the moment", vec![list("0610", "0615", &[])], Good),
        ("a list that has run out", vec![list("0601", "0614", &[])], Unchecked),
        ("of two the fresh one", vec![good("0614"), list("0610", "0620", &[])], Good),
        ("unknown", vec![AnswerDraft::new(Said::Unknown, "0616").der()], Unchecked),
    ] {
        assert_eq!(status(&answers), expected, "{what}");
    }
}

#[test]
fn a_revocation_before_the_moment_counts_whatever_else_is_said() {
    for (what, answers, expected) in [
        ("revoked before", vec![revoked("0616", "0610", SUPERSEDED)], Revoked),
        ("revoked at the moment", vec![revoked("0616", "0615", SUPERSEDED)], Revoked),
        ("revoked later", vec![revoked("0620", "0618", SUPERSEDED)], RevokedLater),
        ("an old answer", vec![revoked("0602", "0601", SUPERSEDED)], Revoked),
        ("an old list", vec![list("0602", "0603", &[(9, "0601", None, None)])], Revoked),
        (
            "a newer good",
            vec![revoked("0602", "0601", SUPERSEDED), good("0616"), good("0614")],
            Revoked,
        ),
        ("revoked after a good", vec![good("0616"), revoked("0620", "0618", 0)], RevokedLater),
        ("good, then revoked at once", vec![good("0614"), revoked("0616", "0615", 0)], Revoked),
        ("another's entry", vec![list("0610", "0620", &[(8, "0601", None, None)])], Good),
    ] {
        assert_eq!(status(&answers), expected, "{what}");
    }
}

/// Of a certificate whose issuer is not known, by the name that it gives for it.
#[test]
fn without_its_issuer_what_is_at_hand_counts_against_a_certificate_and_never_for_it() {
    for (what, answers, expected) in [
        ("nothing", vec![], Unchecked),
        ("good", vec![good("0616"), list("0616", "0620", &[])], Unchecked),
        ("revoked", vec![revoked("0616", "0610", SUPERSEDED)], Revoked),
        ("revoked by a list", vec![list("0616", "0620", &[(9, "0610", None, None)])], Revoked),
        ("revoked later", vec![revoked("0620", "0618", SUPERSEDED)], Unchecked),
        (
            "compromised before",
            vec![list("0620", "0630", &[(9, "0618", Some(COMPROMISED), Some("0610"))])],
            RevokedLater,
        ),
        ("suspended", vec![revoked("0612", "0610", HOLD)], Revoked),
        (
            "suspended by a list",
            vec![list("0612", "0620", &[(9, "0610", Some(HOLD), None)])],
            Revoked,
        ),
        ("and released", vec![revoked("0612", "0610", HOLD), good("0614")], Unchecked),
        (
            "and not listed",
            vec![revoked("0612", "0610", HOLD), list("0614", "0620", &[])],
            Unchecked,
        ),
        ("released, then suspended", vec![good("0611"), revoked("0612", "0610", HOLD)], Revoked),
        ("released after the moment", vec![revoked("0612", "0610", HOLD), good("0616")], Revoked),
        (
            "not listed after the moment",
            vec![list("0612", "0620", &[(9, "0610", Some(HOLD), None)]), list("0616", "0620", &[])],
            Revoked,
        ),
        ("known when it was over", vec![revoked("0617", "0610", HOLD), good("0618")], Revoked),
        (
            "and nobody knows",
            vec![revoked("0612", "0610", HOLD), AnswerDraft::new(Said::Unknown, "0614").der()],
            Revoked,
        ),
        (
            "released, as was known before it was said",
            vec![
                revoked("0612", "0610", HOLD),
                AnswerDraft { produced_at: Some("0613"), ..AnswerDraft::new(Said::Good, "0614") }
                    .der(),
            ],
            Revoked,
        ),
        ("another's entry", vec![list("0610", "0620", &[(8, "0601", None, None)])], Unchecked),
        (
            "another issuer's",
            vec![
                ListDraft {
                    issuer: Draft::authority("Other", 2, ("Other", 2)).make(),
                    ..ListDraft::new("0616", "0620").with(&[(9, "0610", None, None)])
                }
                .der(),
            ],
            Unchecked,
        ),
    ] {
        let answering = Answering::Since { brought: false, again: None };
        let at_hand = store(&answers);
        let (report, records) =
            at_hand.without_issuer(&person(), day("0615"), answering, &Policy::built_in());
        assert_eq!(report.status, expected, "{what}");
        let revokes = !at_hand.news_since(&RevocationStore::empty()).revoked.is_empty();
        let is_about_it = revokes && !what.starts_with("another");
        assert_eq!(records.is_empty(), !is_about_it, "{what}");
        // What counted is remembered when nothing is at hand.
        let remembering = RevocationStore::empty().with_records(records);
        let (again, new) =
            remembering.without_issuer(&person(), day("0615"), answering, &Policy::built_in());
        assert_eq!((again.status, new), (expected, Vec::new()), "{what}, remembered");
    }
}

#[test]
fn a_suspension_counts_until_an_answer_before_the_moment_says_that_it_is_over() {
    let held = || revoked("0602", "0601", HOLD);
    for (what, answers, expected) in [
        ("suspended", vec![held()], Revoked),
        ("over before the moment", vec![held(), good("0610"), good("0616")], Good),
        ("over, and nothing for the moment", vec![held(), good("0610")], Unchecked),
        ("over when nobody can say", vec![held(), good("0616")], Revoked),
        ("held again", vec![held(), good("0605"), revoked("0610", "0608", HOLD)], Revoked),
        ("held later", vec![revoked("0620", "0618", HOLD)], RevokedLater),
        (
            "suspended, then revoked",
            vec![list("0610", "0620", &[(9, "0601", Some(HOLD), None), (9, "0605", None, None)])],
            Revoked,
        ),
    ] {
        assert_eq!(status(&answers), expected, "{what}");
    }
}

#[test]
fn a_compromise_reaches_back_to_when_the_key_was_lost() {
    let entry = |reason| [(9, "0618", Some(reason), Some("0610"))];
    let compromised = judged(&[list("0619", "0630", &entry(COMPROMISED))]);
    assert_eq!(compromised.status, RevokedLater);
    assert_eq!(compromised.revoked_at, Some(day("0618")));
    assert_eq!(compromised.invalid_since, Some(day("0610")));
    assert_eq!(compromised.reason.as_deref(), Some("keyCompromise"));
    let superseded = judged(&[list("0619", "0630", &entry(SUPERSEDED))]);
    assert_eq!((superseded.status, superseded.invalid_since), (RevokedLater, None));
    // What a newer answer leaves out stays known.
    let both = judged(&[list("0619", "0630", &entry(COMPROMISED)), good("0620")]);
    assert_eq!((both.status, both.invalid_since), (RevokedLater, Some(day("0610"))));
}

#[test]
fn the_history_in_one_list_is_told_from_its_beginning() {
    let entries = [(9, "0605", Some(SUPERSEDED), None), (9, "0601", Some(HOLD), None)];
    let report = judged(&[list("0610", "0620", &entries)]);
    assert_eq!(report.revoked_at, Some(day("0601")));
    assert_eq!(report.reason.as_deref(), Some("superseded"));
}

#[test]
fn says_what_was_used_and_why_others_were_not() {
    let report = judged(&[list("0610", "0620", &[])]);
    assert_eq!(report.kind, Some(RevocationKind::Crl));
    assert_eq!(report.source, Some(RevocationSource::Signature));
    assert_eq!(report.this_update, Some(day("0610")));
    assert_eq!(report.next_update, Some(day("0620")));
    assert_eq!(report.problem, None);
    let told = problem(&[list("0601", "0610", &[]), good("0614")]);
    for words in [
        "the list of 2026-06-01T12:00:00Z is not used: too old: it was true until 2026-06-10",
        "the OCSP answer of 2026-06-14T12:00:00Z is not used: too old: it names no end",
    ] {
        assert!(told.contains(words), "{told}");
    }
    assert_eq!(problem(&[]), "no list of its issuer and no answer about it is at hand");
}

#[test]
fn after_the_end_of_a_certificate_silence_says_nothing() {
    let judge = |bytes: Vec<u8>| {
        let person = Draft {
            not_after: "260612120000Z",
            ..Draft::signer("Тестова Особа", 9, ("Issuer", 1))
        };
        revocation(&RevocationRequest {
            certificate: &person.make(),
            issuer: &issuer(),
            at: day("0611"),
            answering: Answering::InForce,
            sources: &[(&store(&[bytes]), RevocationSource::Cache)],
            responders: &[],
            trust: &TrustStore::empty(),
            checks: 64,
        })
        .report
        .status
    };
    let since = super::super::sample::general_time("0101");
    let tells = |oid| vec![(oid, false, since.clone())];
    assert_eq!(judge(good("0612")), Good);
    assert_eq!(judge(good("0613")), Unchecked);
    assert_eq!(judge(list("0613", "0620", &[])), Unchecked);
    assert_eq!(judge(revoked("0613", "0601", 0)), Revoked);
    let others = tells("1.3.6.1.5.5.7.48.1.6");
    assert_eq!(judge(AnswerDraft { others, ..AnswerDraft::new(Said::Good, "0613") }.der()), Good);
    let others = tells("2.5.29.60");
    assert_eq!(judge(ListDraft { others, ..ListDraft::new("0613", "0620") }.der()), Good);
}

#[test]
fn a_budget_that_does_not_suffice_is_told() {
    let limited = |checks| {
        revocation(&RevocationRequest {
            certificate: &person(),
            issuer: &issuer(),
            at: day("0615"),
            answering: Answering::InForce,
            sources: &[(&store(&[good("0616")]), RevocationSource::Cache)],
            responders: &[],
            trust: &TrustStore::empty(),
            checks,
        })
    };
    let none = limited(0);
    assert!(none.gave_up);
    assert_eq!((none.report.status, none.signature_checks), (Unchecked, 0));
    let one = limited(1);
    assert!(!one.gave_up);
    assert_eq!((one.report.status, one.signature_checks), (Good, 1));
}

/// Right answers of every kind, and ones that look right and are signed by nobody who may.
fn any_answer() -> impl Strategy<Value = (Vec<u8>, bool)> {
    const DAYS: [&str; 8] = ["0601", "0605", "0610", "0614", "0615", "0616", "0620", "0625"];
    let day = || (0..DAYS.len()).prop_map(|index| DAYS[index]);
    let reason = prop_oneof![Just(SUPERSEDED), Just(HOLD), Just(COMPROMISED)];
    (day(), day(), day(), reason, 0..5_u8, any::<bool>()).prop_map(
        |(this, next, at, reason, kind, is_right)| {
            let key = if is_right { 1 } else { 7 };
            let entries = [(9, at, Some(reason), None)];
            let listed = |draft: ListDraft| ListDraft { key, ..draft }.der();
            let said = |said| {
                AnswerDraft {
                    responder: (issuer(), key),
                    next_update: Some(next),
                    ..AnswerDraft::new(said, this)
                }
                .der()
            };
            let bytes = match kind {
                0 => said(Said::Good),
                1 => said(Said::Revoked(at, reason)),
                2 => listed(ListDraft::new(this, next)),
                3 => listed(ListDraft::new(this, next).with(&entries)),
                _ => listed(ListDraft::new(this, next).delta()),
            };
            (bytes, is_right)
        },
    )
}

/// On hold by a list, and by the delta list after it; an answer in between said that it was good.
#[test]
fn a_suspension_goes_on_in_a_delta_list_without_its_issuer_too() {
    let entries = [(9, "0601", Some(HOLD), None)];
    let at_hand = store(&[
        ListDraft::new("0601", "0605").with(&entries).der(),
        ListDraft::new("0616", "0620").delta().der(),
        AnswerDraft { next_update: Some("0610"), ..AnswerDraft::new(Said::Good, "0605") }.der(),
    ]);
    let answering = Answering::Since { brought: false, again: None };
    let (left_out, _) =
        at_hand.without_issuer(&person(), day("0610"), answering, &Policy::built_in());
    assert_eq!(left_out.status, Revoked);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn answers_that_are_not_proved_never_change_what_is_said(
        all in prop::collection::vec(any_answer(), 0..8),
    ) {
        let right = all.iter().filter(|(_, is_right)| *is_right);
        let right: Vec<Vec<u8>> = right.map(|(bytes, _)| bytes.clone()).collect();
        let all: Vec<Vec<u8>> = all.into_iter().map(|(bytes, _)| bytes).collect();
        let with = RevocationReport { problem: None, ..judged(&all) };
        let without = RevocationReport { problem: None, ..judged(&right) };
        prop_assert_eq!(with, without);
    }

    #[test]
    fn the_order_in_which_answers_came_does_not_matter(
        all in prop::collection::vec(any_answer(), 0..8).prop_flat_map(|all| {
            let all: Vec<Vec<u8>> = all.into_iter().map(|(bytes, _)| bytes).collect();
            (Just(all.clone()), Just(all).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(outcome(&all.0, &[]), outcome(&all.1, &[]));
    }

    #[test]
    fn who_leaves_out_the_issuer_ends_no_revocation(
        all in prop::collection::vec(any_answer(), 0..8),
        at in select(&["0604", "0610", "0615", "0618"][..]),
    ) {
        let right = all.into_iter().filter(|(_, is_right)| *is_right);
        let at_hand = store(&right.map(|(bytes, _)| bytes).collect::<Vec<_>>());
        let answering = Answering::Since { brought: false, again: None };
        let known = revocation(&RevocationRequest {
            certificate: &person(),
            issuer: &issuer(),
            at: day(at),
            answering,
            sources: &[(&at_hand, RevocationSource::Cache)],
            responders: &[],
            trust: &TrustStore::empty(),
            checks: 64,
        });
        let (left_out, _) = at_hand.without_issuer(&person(), day(at), answering, &Policy::built_in());
        if known.report.status == Revoked {
            prop_assert_eq!(left_out.status, Revoked);
        }
        prop_assert_ne!(left_out.status, Good);
    }

    #[test]
    fn what_revokes_without_its_issuer_is_remembered_for_every_moment(
        all in prop::collection::vec(any_answer(), 0..8),
        first in select(&["0604", "0610", "0615", "0618"][..]),
        second in select(&["0604", "0610", "0615", "0618"][..]),
        then in select(&["0604", "0610", "0615", "0618"][..]),
        is_known in any::<bool>(),
    ) {
        let at_hand = store(&all.into_iter().map(|(bytes, _)| bytes).collect::<Vec<_>>());
        let answering = Answering::Since { brought: false, again: None };
        let (whole, _) = at_hand.without_issuer(&person(), day(then), answering, &Policy::built_in());
        let (_, records) = at_hand.without_issuer(&person(), day(first), answering, &Policy::built_in());
        // It is judged once more before all is forgotten.
        let remembering = at_hand.with_records(records.clone());
        let (_, again) = remembering.without_issuer(&person(), day(second), answering, &Policy::built_in());
        let mut records = StatusRecord::renewed(&records, again);
        let mut forgetful = RevocationStore::empty().with_records(records.clone());
        if is_known {
            let known = revocation(&RevocationRequest {
                certificate: &person(),
                issuer: &issuer(),
                at: day(second),
                answering,
                sources: &[(&forgetful, RevocationSource::Cache)],
                responders: &[],
                trust: &TrustStore::empty(),
                checks: 64,
            });
            records = StatusRecord::renewed(&records, known.records);
            forgetful = RevocationStore::empty().with_records(records);
        }
        let (left, _) = forgetful.without_issuer(&person(), day(then), answering, &Policy::built_in());
        prop_assert!(
            left.status == whole.status || left.status == Revoked,
            "{:?}, then {:?}", whole, left
        );
    }

    #[test]
    fn no_bytes_make_a_store_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = RevocationStore::empty().add(&bytes);
    }

    #[test]
    fn a_changed_byte_never_makes_a_revoked_certificate_good(
        place in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        is_list in any::<bool>(),
    ) {
        let mut bytes = if is_list {
            list("0610", "0620", &[(9, "0601", None, None)])
        } else {
            revoked("0616", "0610", SUPERSEDED)
        };
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let mut store = RevocationStore::empty();
        if store.add(&bytes).is_ok() {
            let report = revocation(&RevocationRequest {
                certificate: &person(),
                issuer: &issuer(),
                at: day("0615"),
                answering: Answering::InForce,
                sources: &[(&store, RevocationSource::Signature)],
                responders: &[],
                trust: &TrustStore::empty(),
                checks: 64,
            })
            .report;
            prop_assert_ne!(report.status, Good);
        }
    }
}
