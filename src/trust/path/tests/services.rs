//! What the services that lists name with an authority's key say for a document.

use super::{
    overdue::{judge_by, list, moment},
    *,
};
use crate::trust::{
    CertificateUse::{self, Seals, Signatures},
    ServiceExtensions, ServiceKind, ServiceStatus, TrustList,
};

const NEXT: Option<&str> = Some("2027-06-01T00:00:00Z");
const PAST: Option<&str> = Some("2026-12-01T00:00:00Z");

fn of(territory: &str, list: TrustList) -> TrustList {
    TrustList { territory: territory.to_owned(), ..list }
}

/// The same for time-stamps.
fn stamps(mut list: TrustList) -> TrustList {
    for service in &mut list.services {
        service.kind = ServiceKind::QualifiedTimeStamping;
    }
    list
}

/// The same for this use, whether it is granted or not.
fn used(mut list: TrustList, used: CertificateUse) -> TrustList {
    for status in list.services.iter_mut().flat_map(|service| &mut service.history) {
        status.extensions = ServiceExtensions { uses: vec![used], ..ServiceExtensions::default() };
    }
    list
}

/// Both of one list.
fn both(mut list: TrustList, other: TrustList) -> TrustList {
    list.services.extend(other.services);
    list
}

/// Whichever certificate of the authority the sender brings: its root lies in the trust directory.
#[test]
fn a_service_for_time_stamps_says_nothing_for_documents() {
    let issues = |sequence, next, is_granted| list(sequence, next, is_granted);
    let time =
        |territory, sequence, is_granted| of(territory, stamps(list(sequence, NEXT, is_granted)));
    let lost = || Some(("UA".to_owned(), 7));
    let base = || TrustStore::new(vec![root().make()]);
    let missing = Some(Sub::CertificateChainGeneralFailure);
    let withdrawn = Some(Sub::ChainConstraintsFailure);
    let renewed = || Draft { serial: vec![77], not_before: "260301000000Z", ..middle() };
    for (what, trust, due) in [
        ("no list", base(), None),
        ("granted for time-stamps alone", base().with_list(time("UA", 8, true)), None),
        ("withdrawn for time-stamps alone", base().with_list(time("UA", 8, false)), None),
        ("withdrawn", base().with_list(issues(7, NEXT, false)), withdrawn),
        (
            "withdrawn, by a newer issue for time-stamps",
            base().with_list(issues(7, NEXT, false)).with_list(time("UA", 8, true)),
            withdrawn,
        ),
        (
            "withdrawn, by another country for time-stamps",
            base().with_list(issues(7, NEXT, false)).with_list(time("PL", 3, true)),
            withdrawn,
        ),
        (
            "withdrawn by a list that is overdue, by another country for time-stamps",
            base().with_list(issues(7, PAST, false)).with_list(time("PL", 3, true)),
            withdrawn,
        ),
        ("the list is lost", base().with_lost_list(lost()), missing),
        (
            "the list is lost, by another country for time-stamps",
            base().with_lost_list(lost()).with_list(time("PL", 3, true)),
            missing,
        ),
        (
            "the list is lost, another country's grants it and is overdue",
            base().with_lost_list(lost()).with_list(of("PL", issues(3, PAST, true))),
            missing,
        ),
        (
            "the same where lists alone vouch for it",
            TrustStore::empty().with_lost_list(lost()).with_list(of("PL", issues(3, PAST, true))),
            missing,
        ),
        (
            "the list is lost, another country grants it",
            base().with_lost_list(lost()).with_list(of("PL", issues(3, NEXT, true))),
            None,
        ),
    ] {
        for given in [middle(), renewed()] {
            let outcome = judge_by(&trust, from_ref(&given), &person(MIDDLE), AT);
            assert_eq!(outcome.sub_indication, due, "{what}: {:?}", outcome.reason);
        }
    }
    // Beside an own service, a listed certificate is an authority's for time-stamps and no more.
    let alone = TrustStore::empty().with_list(time("UA", 8, true));
    let outcome = judge_by(&alone, &[], &person(MIDDLE), AT);
    assert_eq!(outcome.sub_indication, withdrawn, "{:?}", outcome.reason);
}

/// What an issue says of a time it says of that time, also when a newer issue is silent.
#[test]
fn what_an_older_issue_withdrew_for_a_time_stays_withdrawn_for_it() {
    let for_a_time = |sequence| {
        let mut list = list(sequence, NEXT, true);
        for (from, is_granted) in [("2026-03-01", false), ("2026-05-01", true)] {
            let from = moment(&format!("{from}T00:00:00Z"));
            list.services[0].history.push(ServiceStatus::new(from, is_granted));
        }
        list
    };
    let silent = TrustList { services: Vec::new(), ..list(8, NEXT, true) };
    let base = || TrustStore::new(vec![root().make()]);
    for (at, is_withdrawn) in [("2026-02-15", false), ("2026-04-01", true), ("2026-06-01", false)] {
        for (what, trust) in [
            ("alone", base().with_list(for_a_time(7))),
            ("the newest is silent", base().with_list(for_a_time(7)).with_list(silent.clone())),
        ] {
            let outcome =
                judge_by(&trust, &[middle()], &person(MIDDLE), &format!("{at}T00:00:00Z"));
            let due = is_withdrawn.then_some(Sub::ChainConstraintsFailure);
            assert_eq!(outcome.sub_indication, due, "{what}, {at}: {:?}", outcome.reason);
        }
    }
}

/// The signer is a person; each period of a service that is withdrawn names a use, or none, and
/// another service of the key is granted.
#[test]
fn what_was_for_all_is_withdrawn_for_all_whatever_another_period_names() {
    let withdrawn = Some(Sub::ChainConstraintsFailure);
    for (what, before, since, granted, due) in [
        ("all, then for seals; seals", None, Some(Seals), Some(Seals), withdrawn),
        ("all, then for seals; all", None, Some(Seals), None, withdrawn),
        ("all, then for seals; signatures", None, Some(Seals), Some(Signatures), None),
        ("all, then none; seals", None, None, Some(Seals), withdrawn),
        ("seals, then none; seals", Some(Seals), None, Some(Seals), None),
        ("seals, then none; all", Some(Seals), None, None, None),
        ("signatures, then none; all", Some(Signatures), None, None, withdrawn),
        ("signatures, then for seals; all", Some(Signatures), Some(Seals), None, withdrawn),
    ] {
        let named = |used: Option<CertificateUse>| ServiceExtensions {
            uses: used.into_iter().collect(),
            ..ServiceExtensions::default()
        };
        let mut service = list(7, NEXT, false);
        for (status, used) in service.services[0].history.iter_mut().zip([before, since]) {
            status.extensions = named(used);
        }
        let mut other = list(7, NEXT, true);
        other.services[0].history[0].extensions = named(granted);
        for base in [vec![], vec![root().make()]] {
            let trust = TrustStore::new(base).with_list(both(service.clone(), other.clone()));
            let outcome = judge_by(&trust, &[middle()], &person(MIDDLE), AT);
            assert_eq!(outcome.sub_indication, due, "{what}: {:?}", outcome.reason);
        }
    }
}

/// The signer is a person, and lists name the authority's key for signatures and for seals.
#[test]
fn what_an_overdue_list_withdrew_stays_withdrawn_by_kind_and_use() {
    let ua = |next, is_granted, use_of| used(list(7, next, is_granted), use_of);
    let pl = |next, is_granted, use_of| of("PL", used(list(3, next, is_granted), use_of));
    let for_all = |next, is_granted| list(7, next, is_granted);
    let newest = |services| TrustList { services, ..list(8, NEXT, true) };
    let service = |use_of| used(list(8, NEXT, true), use_of).services.remove(0);
    let (for_seals, begun, mut later) = (service(Seals), service(Signatures), service(Signatures));
    later.history.iter_mut().for_each(|status| status.from = moment("2090-01-01T00:00:00Z"));
    let withdrawn = Some(Sub::ChainConstraintsFailure);
    let overdue = Some(Sub::CertificateChainGeneralFailure);
    for (what, lists, due, under_root) in [
        (
            "withdrawn, and granted elsewhere for seals",
            vec![ua(NEXT, false, Signatures), pl(NEXT, true, Seals)],
            withdrawn,
            withdrawn,
        ),
        (
            "the same when the withdrawing list is overdue",
            vec![ua(PAST, false, Signatures), pl(NEXT, true, Seals)],
            withdrawn,
            withdrawn,
        ),
        (
            "the same when both are",
            vec![ua(PAST, false, Signatures), pl(PAST, true, Seals)],
            withdrawn,
            withdrawn,
        ),
        (
            "withdrawn by an overdue list, and granted elsewhere for signatures",
            vec![ua(PAST, false, Signatures), pl(NEXT, true, Signatures)],
            None,
            None,
        ),
        (
            "that grant is overdue too",
            vec![ua(PAST, false, Signatures), pl(PAST, true, Signatures)],
            withdrawn,
            withdrawn,
        ),
        (
            "the overdue list grants it, and elsewhere it is withdrawn for seals",
            vec![ua(PAST, true, Signatures), pl(NEXT, false, Seals)],
            overdue,
            None,
        ),
        (
            "the overdue list grants it, and elsewhere it is granted for seals",
            vec![ua(PAST, true, Signatures), pl(NEXT, true, Seals)],
            overdue,
            None,
        ),
        (
            "the overdue list grants it, and elsewhere it is withdrawn",
            vec![ua(PAST, true, Signatures), pl(NEXT, false, Signatures)],
            withdrawn,
            withdrawn,
        ),
        (
            "an overdue list had withdrawn one service and granted another for the use",
            vec![both(for_all(PAST, false), ua(PAST, true, Signatures))],
            overdue,
            None,
        ),
        (
            "an older issue had withdrawn it, and the newest grants seals",
            vec![ua(NEXT, false, Signatures), used(list(8, NEXT, true), Seals)],
            withdrawn,
            withdrawn,
        ),
        (
            "an older issue had withdrawn it, and the newest grants it for seals, for signatures later",
            vec![for_all(NEXT, false), newest(vec![for_seals.clone(), later.clone()])],
            withdrawn,
            withdrawn,
        ),
        (
            "the same, and that has begun",
            vec![for_all(NEXT, false), newest(vec![for_seals, begun])],
            None,
            None,
        ),
        (
            "an older issue had withdrawn it, and another country grants it",
            vec![for_all(NEXT, false), newest(vec![]), of("PL", list(3, NEXT, true))],
            withdrawn,
            withdrawn,
        ),
        (
            "the same, and the other country's list is overdue",
            vec![for_all(NEXT, false), newest(vec![]), of("PL", list(3, PAST, true))],
            withdrawn,
            withdrawn,
        ),
        (
            "the same, and the other country grants it for the use",
            vec![for_all(NEXT, false), newest(vec![]), pl(NEXT, true, Signatures)],
            None,
            None,
        ),
        (
            "an older issue had withdrawn it, and the newest grants it",
            vec![ua(NEXT, false, Signatures), list(8, NEXT, true)],
            None,
            None,
        ),
    ] {
        for (directory, due) in [(vec![], due), (vec![root().make()], under_root)] {
            for lists in [lists.clone(), lists.iter().rev().cloned().collect()] {
                let trust = lists
                    .into_iter()
                    .fold(TrustStore::new(directory.clone()), TrustStore::with_list);
                let outcome = judge_by(&trust, &[], &person(MIDDLE), AT);
                assert_eq!(outcome.sub_indication, due, "{what}: {:?}", outcome.reason);
            }
        }
    }
    assert!(moment(AT) > moment(PAST.unwrap()).plus_seconds(7 * 86_400), "it is long overdue");
}
