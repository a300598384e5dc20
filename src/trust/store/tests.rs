use super::*;
use crate::trust::{Purpose, ServiceKind, ServiceStatus, sample::Draft};

fn moment(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

fn list(territory: &str, issued_at: &str, next_update: Option<&str>) -> TrustList {
    TrustList {
        territory: territory.to_owned(),
        sequence: 1,
        issued_at: moment(issued_at),
        next_update: next_update.map(moment),
        services: Vec::new(),
        problems: Vec::new(),
    }
}

#[test]
fn a_list_is_lacking_when_it_is_stale_or_missing_where_one_is_expected() {
    let stale = || list("UA", "2026-01-01", Some("2026-06-01"));
    let fresh = || list("UA", "2026-06-01", Some("2026-12-01"));
    let closed = || list("UA", "2026-01-01", None);
    let other = || list("PL", "2026-07-01", Some("2026-12-01"));
    for (what, expected, lists, lacks) in [
        ("none is expected", false, vec![], false),
        ("none is there", true, vec![], true),
        ("in time", false, vec![fresh()], false),
        ("past its next update", false, vec![stale()], true),
        ("closed", false, vec![closed()], false),
        ("replaced", false, vec![stale(), fresh()], false),
        ("replaced, in another order", false, vec![fresh(), stale()], false),
        ("one of another country is fresh", false, vec![stale(), other()], true),
    ] {
        let none = TrustStore::empty();
        let store = if expected { none.expecting_list() } else { none };
        let store = lists.into_iter().fold(store, TrustStore::with_list);
        assert_eq!(store.lacks_list_at(moment("2026-08-01")), lacks, "{what}");
    }
    let store = TrustStore::empty().with_list(stale());
    assert!(!store.lacks_list_at(moment("2026-06-01")), "the last moment");
}

/// What a list narrows stays narrow: who takes it away opens nothing.
#[test]
fn a_list_that_goes_is_still_expected() {
    let with = || TrustStore::empty().with_list(list("UA", "2026-01-01", Some("2026-06-01")));
    let never = TrustStore::empty();
    assert!(!never.expects_list());
    assert!(with().expects_list());
    assert!(TrustStore::empty().in_place_of(&with()).expects_list());
    assert!(!TrustStore::empty().in_place_of(&never).expects_list());
    assert!(never.merged(with()).expects_list());
}

/// Granted from 2020 on, or withdrawn in June 2026.
fn granting(certificate: &Certificate, is_granted: bool) -> TrustService {
    let mut history = vec![ServiceStatus::new(moment("2020-01-01"), true)];
    if !is_granted {
        history.push(ServiceStatus::new(moment("2026-06-01"), false));
    }
    TrustService {
        kind: ServiceKind::QualifiedAuthority,
        provider: "КНЕДП «Зразок»".to_owned(),
        name: "Підпис".to_owned(),
        certificates: vec![certificate.clone()],
        key_ids: Vec::new(),
        subjects: Vec::new(),
        list: None,
        history,
    }
}

/// In every order, put together in one store or two.
#[test]
fn of_several_issues_of_one_country_the_newest_alone_counts() {
    let authority = Draft::authority("Issuer", 1, ("Root", 2)).make();
    let issue = |territory, sequence, services: &[bool]| TrustList {
        sequence,
        services: services.iter().map(|is_granted| granting(&authority, *is_granted)).collect(),
        ..list(territory, "2026-06-01", None)
    };
    let at = moment("2026-08-01");
    for (what, lists, is_trusted, lacks_grant, known) in [
        ("one", vec![issue("UA", 7, &[true])], true, false, 1),
        ("withdrawn", vec![issue("UA", 7, &[true]), issue("UA", 8, &[false])], true, true, 1),
        ("given again", vec![issue("UA", 7, &[false]), issue("UA", 8, &[true])], true, false, 1),
        ("left out", vec![issue("UA", 7, &[true]), issue("UA", 8, &[])], false, false, 1),
        (
            "withdrawn, then left out",
            vec![issue("UA", 7, &[false]), issue("UA", 8, &[])],
            false,
            true,
            1,
        ),
        (
            "withdrawn two issues ago",
            vec![issue("UA", 6, &[true]), issue("UA", 7, &[true]), issue("UA", 8, &[false])],
            true,
            true,
            1,
        ),
        (
            "twice the same issue",
            vec![issue("UA", 7, &[]), issue("UA", 7, &[true])],
            true,
            false,
            2,
        ),
        ("two countries", vec![issue("PL", 7, &[true]), issue("UA", 8, &[])], true, false, 2),
    ] {
        let one_by_one = |lists: Vec<TrustList>| {
            lists.into_iter().fold(TrustStore::empty(), TrustStore::with_list)
        };
        let merged = |lists: Vec<TrustList>| {
            let stores = lists.into_iter().map(|list| TrustStore::empty().with_list(list));
            stores.fold(TrustStore::empty(), TrustStore::merged)
        };
        let backwards: Vec<_> = lists.iter().rev().cloned().collect();
        for store in [
            one_by_one(lists.clone()),
            one_by_one(backwards.clone()),
            merged(lists.clone()),
            merged(backwards),
        ] {
            assert_eq!(store.contains(&authority), is_trusted, "{what}");
            assert_eq!(store.certificates().len(), usize::from(is_trusted), "{what}");
            assert_eq!(store.is_listed(&authority), is_trusted, "{what}");
            let question = Question { purpose: Purpose::Document, used: None, at };
            let is_withdrawn = store.said_of(&authority, question) == Said::Withdrawn;
            assert_eq!(is_withdrawn, lacks_grant, "{what}");
            assert_eq!(store.lists.len(), known, "{what}");
            // Who lies in the directory stands without any list.
            let own = TrustStore::new(vec![authority.clone()]).merged(store);
            assert!(own.contains(&authority) && !own.is_listed(&authority), "{what}");
        }
    }
}

/// Of a certificate that a list names, and of another for its key that none names.
#[test]
fn the_lists_say_one_thing_of_a_key_for_a_purpose() {
    use Purpose::{Document, TimeStamping};
    let listed = Draft::authority("Issuer", 1, ("Root", 2)).make();
    let other = Draft::authority("Issuer anew", 1, ("Root", 2)).make();
    let at = moment("2026-08-01");
    let issues = |is_granted| granting(&listed, is_granted);
    let stamps = |is_granted| TrustService {
        kind: ServiceKind::QualifiedTimeStamping,
        ..granting(&listed, is_granted)
    };
    let of = |territory, next_update, services: Vec<TrustService>| {
        let next_update = Some(next_update);
        TrustList { services, ..list(territory, "2026-01-01", next_update) }
    };
    let (fresh, late) = ("2026-12-01", "2026-06-01");
    let lost = || TrustStore::empty().with_lost_list(Some(("UA".to_owned(), 1)));
    let with =
        |lists: Vec<TrustList>| lists.into_iter().fold(TrustStore::empty(), TrustStore::with_list);
    let overdue = |territory| {
        let late = with(vec![of(territory, late, vec![])]);
        Said::Overdue(late.newest_list().unwrap().outdated_at(at).unwrap())
    };
    let both = |one, other| vec![issues(one), stamps(other)];
    for (what, trust, document, stamp) in [
        ("no list", TrustStore::empty(), Said::Silent, Said::Silent),
        ("a lost list", lost(), Said::Lost, Said::Lost),
        (
            "for certificates",
            with(vec![of("UA", fresh, vec![issues(true)])]),
            Said::Granted,
            Said::Granted,
        ),
        (
            "for time-stamps",
            with(vec![of("UA", fresh, vec![stamps(true)])]),
            Said::Silent,
            Said::Granted,
        ),
        (
            "for time-stamps, and another list is lost",
            lost().with_list(of("PL", fresh, vec![stamps(true)])),
            Said::Lost,
            Said::Granted,
        ),
        (
            "withdrawn for certificates alone",
            with(vec![of("UA", fresh, both(false, true))]),
            Said::Withdrawn,
            Said::Granted,
        ),
        (
            "withdrawn for time-stamps alone",
            with(vec![of("UA", fresh, both(true, false))]),
            Said::Granted,
            Said::Granted,
        ),
        (
            "the same, and overdue",
            with(vec![of("UA", late, both(true, false))]),
            overdue("UA"),
            overdue("UA"),
        ),
        (
            "withdrawn for certificates, and overdue",
            with(vec![of("UA", late, both(false, true))]),
            Said::Withdrawn,
            overdue("UA"),
        ),
        (
            "withdrawn by an overdue list, granted by another for time-stamps",
            with(vec![of("UA", late, vec![issues(false)]), of("PL", fresh, vec![stamps(true)])]),
            Said::Withdrawn,
            Said::Granted,
        ),
        (
            "both are overdue",
            with(vec![of("UA", late, vec![issues(false)]), of("PL", late, vec![stamps(true)])]),
            Said::Withdrawn,
            Said::Withdrawn,
        ),
    ] {
        for (purpose, due) in [(Document, document), (TimeStamping, stamp)] {
            let question = Question { purpose, used: None, at };
            let said = trust.said_of(&listed, question);
            assert_eq!(said, due, "{what}, {purpose:?}");
            // What is not trusted by lists does not fall with them.
            let due = if matches!(due, Said::Overdue(_)) { Said::Silent } else { due };
            assert_eq!(trust.said_of(&other, question), due, "{what}, {purpose:?}, not listed");
            let own = TrustStore::new(vec![listed.clone()]).merged(trust.clone());
            assert_eq!(own.said_of(&listed, question), Said::Granted, "{what}, in the directory");
        }
    }
}
