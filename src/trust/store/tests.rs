use super::*;

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
