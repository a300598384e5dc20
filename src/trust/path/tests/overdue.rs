//! What an authority is worth when its trust list is overdue.

use super::*;
use crate::trust::{ServiceKind, ServiceStatus, TrustList, TrustService};

const DAY: i64 = 86_400;
const LAST: &str = "2026-12-01T00:00:00Z";

pub(super) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A list with the authority `Middle`, granted from 2020 on, or withdrawn in June 2026.
pub(super) fn list(sequence: u64, next_update: Option<&str>, is_granted: bool) -> TrustList {
    let mut history = vec![ServiceStatus::new(moment("2020-01-01T00:00:00Z"), true)];
    if !is_granted {
        history.push(ServiceStatus::new(moment("2026-06-01T00:00:00Z"), false));
    }
    TrustList {
        territory: "UA".to_owned(),
        sequence,
        issued_at: moment("2026-06-01T00:00:00Z"),
        next_update: next_update.map(moment),
        services: vec![TrustService {
            kind: ServiceKind::QualifiedAuthority,
            provider: "КНЕДП «Зразок»".to_owned(),
            name: "Підпис".to_owned(),
            certificates: vec![middle().make()],
            key_ids: Vec::new(),
            subjects: Vec::new(),
            list: None,
            history,
        }],
        problems: Vec::new(),
    }
}

pub(super) fn judge_by(
    trust: &TrustStore,
    given: &[Draft],
    signer: &Draft,
    at: &str,
) -> PathOutcome {
    let intermediates: Vec<_> = given.iter().map(Draft::make).collect();
    let request = PathRequest {
        signer: &signer.make(),
        purpose: Purpose::Document,
        intermediates: &intermediates,
        at: moment(at),
        clock_tolerance_seconds: 0,
        limits: PathLimits::default(),
    };
    validate(&request, trust)
}

#[test]
fn a_list_that_is_long_overdue_grants_nothing_for_what_came_later() {
    let overdue = "only a trust list vouches for it: the trust list of UA, issue 7 of \
                   2026-06-01T00:00:00Z, was to be replaced by 2026-12-01T00:00:00Z and says nothing";
    let next = Some(LAST);
    for (next, grace, at, is_known) in [
        (next, 7, LAST, true),
        (next, 7, "2026-12-08T00:00:00Z", true),
        (next, 7, "2026-12-08T00:00:01Z", false),
        (next, 7, "2027-12-01T00:00:00Z", false),
        (next, 0, LAST, true),
        (next, 0, "2026-12-01T00:00:01Z", false),
        (next, 90, AT, true),
        // What is proved to be older than the list's end is judged by it.
        (next, 0, "2026-11-01T00:00:00Z", true),
        // Closed: no other list follows.
        (None, 0, AT, true),
    ] {
        let trust = TrustStore::empty().with_list(list(7, next, true)).with_grace(grace * DAY);
        let below = Draft::authority("Below", 3, MIDDLE);
        for (signer, given, length) in
            [(person(MIDDLE), &[][..], 2), (person(("Below", 3)), from_ref(&below), 3)]
        {
            let outcome = judge_by(&trust, given, &signer, at);
            if is_known {
                assert_passed(&outcome, length);
            } else {
                let expected = (Indeterminate, Sub::CertificateChainGeneralFailure);
                assert_refused(&outcome, expected, length - 1, overdue);
            }
        }
    }
}

#[test]
fn an_overdue_list_takes_nothing_away_that_stands_without_it() {
    let old = |is_granted| list(7, Some(LAST), is_granted);
    let new = |is_granted| list(8, Some("2027-06-01T00:00:00Z"), is_granted);
    let in_directory = |drafts: &[Draft]| TrustStore::new(drafts.iter().map(Draft::make).collect());
    let constraints = (Indeterminate, Sub::ChainConstraintsFailure);
    for (what, lists, directory, due) in [
        ("it is in the directory", vec![old(true)], vec![middle()], Ok(2)),
        ("its root is in the directory", vec![old(true)], vec![root()], Ok(3)),
        ("both are", vec![old(true)], vec![root(), middle()], Ok(2)),
        ("a new list grants it", vec![old(true), new(true)], vec![], Ok(2)),
        ("the same in another order", vec![new(true), old(true)], vec![], Ok(2)),
        ("the new list brings it back", vec![old(false), new(true)], vec![], Ok(2)),
        ("the new list withdraws it", vec![old(true), new(false)], vec![], Err(constraints)),
        ("the same in another order", vec![new(false), old(true)], vec![], Err(constraints)),
        ("withdrawn, under a root", vec![old(true), new(false)], vec![root()], Err(constraints)),
        // What the list had taken back it did not give again.
        ("withdrawn before", vec![old(false)], vec![], Err(constraints)),
        ("withdrawn before, under a root", vec![old(false)], vec![root()], Err(constraints)),
    ] {
        let trust = lists.into_iter().fold(in_directory(&directory), TrustStore::with_list);
        let outcome = judge_by(&trust, &[], &person(MIDDLE), AT);
        match due {
            Ok(length) => {
                assert_passed(&outcome, length);
                let roles = roles(&outcome);
                let anchors = roles.iter().filter(|role| **role == CertificateRole::Anchor);
                assert_eq!((anchors.count(), roles.last()), (1, Some(&CertificateRole::Anchor)));
            }
            Err((indication, sub)) => {
                let found = (outcome.indication, outcome.sub_indication);
                assert_eq!(found, (indication, Some(sub)), "{what}: {:?}", outcome.reason);
            }
        }
    }
}

#[test]
fn a_new_list_is_other_trust_than_the_overdue_one() {
    let overdue = TrustStore::empty().with_list(list(7, Some(LAST), true));
    let replaced = TrustStore::empty().with_list(list(8, Some("2027-06-01T00:00:00Z"), true));
    assert_ne!(overdue.digest(), replaced.digest());
    assert_ne!(overdue.clone().with_grace(0).digest(), overdue.digest());
    let at = |trust: &TrustStore| judge_by(trust, &[], &person(MIDDLE), AT).indication;
    assert_eq!((at(&overdue), at(&replaced)), (Indeterminate, TotalPassed));
}
