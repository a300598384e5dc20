//! Authorities that divide their certificates among lists without saying so in the lists.
//!
//! As CA-BED50831 of Diia does: some of its certificates name `…-Full.crl` and `…-Delta.crl`, others
//! `…-Full-S17.crl` and `…-Delta-S17.crl`; its lists have neither an issuing distribution point nor a
//! freshestCRL, and one row of numbers.

use std::collections::BTreeSet;

use super::{
    super::sample::ListDraft,
    RevocationSource::{Cache, Signature},
    RevocationStatus::{Good, Revoked, Unchecked},
    *,
};
use crate::{
    algorithms::Policy,
    trust::sample::{Draft, tlv},
};

const POINTS: &str = "2.5.29.31";
const FRESHEST: &str = "2.5.29.46";
const SCOPE: &str = "2.5.29.28";
const FULL: &str = "http://ca.example.ua/CA-Full-S17.crl";
const DELTA: &str = "http://ca.example.ua/CA-Delta-S17.crl";
const OTHER_FULL: &str = "http://ca.example.ua/CA-Full.crl";
const OTHER_DELTA: &str = "http://ca.example.ua/CA-Delta.crl";

fn point(url: &str) -> Vec<u8> {
    let uri = tlv(0x86, &[url.as_bytes().to_vec()]);
    tlv(0xa0, &[tlv(0xa0, &[uri])])
}

fn points(url: &str) -> Vec<u8> {
    tlv(0x30, &[tlv(0x30, &[point(url)])])
}

/// A certificate that names these addresses of lists.
fn certificate(full: Option<&str>, delta: Option<&str>) -> Certificate {
    let full = full.map(|url| (POINTS, false, points(url)));
    let others = full.into_iter().chain(delta.map(|url| (FRESHEST, false, points(url)))).collect();
    Draft { others, ..Draft::signer("Тестова Особа", 9, ("Issuer", 1)) }.make()
}

/// One of the part that is called S17.
fn s17() -> Certificate {
    certificate(Some(FULL), Some(DELTA))
}

/// Where a list is from.
#[derive(Clone, Copy)]
enum Place<'a> {
    Fetched(&'a str),
    Unknown,
    Chosen,
    Brought,
}

/// The end of a suspension is told by a list of the part, or by the authority asked: a sender can bring
/// the list of another part, which knows nothing of the certificate.
#[test]
fn a_list_of_another_part_ends_no_suspension() {
    use Place::{Brought, Chosen, Fetched};
    const HOLD: u8 = 6;
    let held = ListDraft::new("0610", "0620").with(&[(9, "0605", Some(HOLD), None)]);
    let (between, after) = (ListDraft::new("0612", "0620"), ListDraft::new("0616", "0620"));
    let known = (&held, Fetched(FULL));
    for (what, lists, expected) in [
        ("held", vec![known], Revoked),
        (
            "its own lists say that it is over",
            vec![known, (&between, Fetched(FULL)), (&after, Fetched(FULL))],
            Good,
        ),
        ("another part's", vec![known, (&between, Fetched(OTHER_FULL))], Revoked),
        ("brought", vec![known, (&between, Brought)], Revoked),
        (
            "brought, with one of after",
            vec![known, (&between, Brought), (&after, Brought)],
            Revoked,
        ),
        ("an administrator's", vec![known, (&between, Chosen), (&after, Chosen)], Good),
    ] {
        assert_eq!(status(&s17(), &lists), expected, "{what}");
    }
    // Nor of a certificate that names no address of lists.
    let none = certificate(None, None);
    assert_eq!(status(&none, &[known, (&between, Brought), (&after, Brought)]), Revoked);
    assert_eq!(status(&none, &[known, (&between, Chosen), (&after, Chosen)]), Good);
    let deltas = [ListDraft::new("0612", "0620").delta(), ListDraft::new("0616", "0620").delta()];
    let base = ListDraft::new("0604", "0620");
    let lists = [known, (&base, Brought), (&deltas[0], Brought), (&deltas[1], Brought)];
    assert_eq!(status(&none, &lists), Revoked, "delta lists");
}

/// Where nobody knows the issuer, another list by its name ends a suspension as little.
#[test]
fn a_list_of_another_part_ends_no_suspension_where_the_issuer_is_left_out() {
    use Place::{Chosen, Fetched, Unknown};
    const HOLD: u8 = 6;
    const REMOVED: u8 = 8;
    let held = ListDraft::new("0610", "0620").with(&[(9, "0605", Some(HOLD), None)]);
    let between = ListDraft::new("0612", "0620");
    let full = ListDraft { number: Some(5), ..ListDraft::new("0609", "0620") };
    let removed = ListDraft::new("0613", "0620").with(&[(9, "0605", Some(REMOVED), None)]).delta();
    let only_authorities = tlv(0x30, &[tlv(0x82, &[vec![0xff]])]);
    let only_authorities =
        ListDraft { others: vec![(SCOPE, true, only_authorities)], ..between.clone() };
    let some_reasons = tlv(0x30, &[tlv(0x83, &[vec![0, 0x7f]])]);
    let some_reasons = ListDraft { others: vec![(SCOPE, true, some_reasons)], ..between.clone() };
    let another_key = [&[0x30, 22, 0x80, 20][..], &[77; 20]].concat();
    let another_key =
        ListDraft { others: vec![("2.5.29.35", false, another_key)], ..between.clone() };
    let named_key = [&[0x30, 22, 0x80, 20][..], &[1; 20]].concat();
    let named_key = ListDraft { others: vec![("2.5.29.35", false, named_key)], ..between.clone() };
    let known = (&held, Fetched(FULL));
    for (what, lists, expected) in [
        ("its own list", vec![known, (&between, Fetched(FULL))], Unchecked),
        ("an administrator's", vec![known, (&between, Chosen)], Unchecked),
        ("by its issuer's key", vec![known, (&named_key, Fetched(FULL))], Unchecked),
        ("by another key", vec![known, (&another_key, Fetched(FULL))], Revoked),
        ("another part's", vec![known, (&between, Fetched(OTHER_FULL))], Revoked),
        ("from nobody knows where", vec![known, (&between, Unknown)], Revoked),
        ("of authorities", vec![known, (&only_authorities, Fetched(FULL))], Revoked),
        ("of some reasons", vec![known, (&some_reasons, Fetched(FULL))], Revoked),
        (
            "removed by its delta list",
            vec![known, (&full, Fetched(FULL)), (&removed, Fetched(DELTA))],
            Unchecked,
        ),
        (
            "removed by the delta list of another part",
            vec![known, (&full, Fetched(FULL)), (&removed, Fetched(OTHER_DELTA))],
            Revoked,
        ),
    ] {
        let (own, _) = stores(&lists);
        let answering = Answering::Since { brought: true, again: None };
        let (report, _) = own.without_issuer(&s17(), day("0615"), answering, &Policy::built_in());
        assert_eq!(report.status, expected, "{what}");
        assert_eq!(status(&s17(), &lists) == Revoked, expected == Revoked, "{what}, issuer known");
    }
}

/// What the installation has, and what came with the signature.
fn stores(lists: &[(&ListDraft, Place<'_>)]) -> (RevocationStore, RevocationStore) {
    let (mut own, mut brought) = (RevocationStore::empty(), RevocationStore::empty());
    for (list, from) in lists {
        let none = BTreeSet::new();
        let added = match from {
            Place::Fetched(url) => own.add_fetched(&list.der(), &[(*url).to_owned()].into()),
            Place::Unknown => own.add_fetched(&list.der(), &none),
            Place::Chosen => own.add(&list.der()),
            Place::Brought => brought.add(&list.der()),
        };
        added.unwrap();
    }
    (own, brought)
}

/// Judges for the 15th of June what nobody could be asked about any more.
fn status(certificate: &Certificate, lists: &[(&ListDraft, Place<'_>)]) -> RevocationStatus {
    let (own, brought) = stores(lists);
    let outcome = revocation(&RevocationRequest {
        certificate,
        issuer: &issuer(),
        at: day("0615"),
        answering: Answering::Since { brought: true, again: None },
        sources: &[(&own, Cache), (&brought, Signature)],
        responders: &[],
        trust: &TrustStore::empty(),
        checks: 64,
    });
    outcome.report.status
}

#[test]
fn a_list_without_a_scope_clears_those_alone_that_name_where_it_is_from() {
    use Place::{Brought, Chosen, Fetched, Unknown};
    let list = ListDraft::new("0616", "0620");
    let scoped =
        |url| ListDraft { others: vec![(SCOPE, true, tlv(0x30, &[point(url)]))], ..list.clone() };
    let bare = certificate(None, None);
    let divided = certificate(Some(FULL), None);
    for (what, certificate, list, from, expected) in [
        ("from its address", s17(), &list, Fetched(FULL), Good),
        ("from another part's", s17(), &list, Fetched(OTHER_FULL), Unchecked),
        ("from the address of its delta lists", s17(), &list, Fetched(DELTA), Unchecked),
        ("from nobody knows where", s17(), &list, Unknown, Unchecked),
        ("chosen for it", s17(), &list, Chosen, Good),
        ("brought, of a certificate that has ended", s17(), &list, Brought, Good),
        ("it names full lists alone", divided.clone(), &list, Fetched(FULL), Good),
        ("it names another full list alone", divided, &list, Fetched(OTHER_FULL), Unchecked),
        ("it names no lists", bare.clone(), &list, Fetched(OTHER_FULL), Good),
        ("it names no lists, from nobody knows where", bare, &list, Unknown, Good),
        ("the list names its part", s17(), &scoped(FULL), Unknown, Good),
        ("the list names another part", s17(), &scoped(OTHER_FULL), Fetched(FULL), Unchecked),
    ] {
        assert_eq!(status(&certificate, &[(list, from)]), expected, "{what}");
        let revoking = list.clone().with(&[(9, "0612", Some(1), None)]);
        assert_eq!(status(&certificate, &[(&revoking, from)]), Revoked, "{what}, and he is on it");
    }
}

#[test]
fn a_delta_list_continues_the_full_list_of_the_same_part_alone() {
    use Place::{Brought, Chosen, Fetched, Unknown};
    let full = ListDraft::new("0610", "0620");
    let naming = ListDraft { others: vec![(FRESHEST, false, points(DELTA))], ..full.clone() };
    let delta = ListDraft::new("0616", "0617").delta();
    let divided = certificate(Some(FULL), None);
    let bare = certificate(None, None);
    for (what, certificate, full, full_from, delta_from, expected) in [
        ("both of its part", s17(), &full, Fetched(FULL), Fetched(DELTA), Good),
        ("the delta list of another", s17(), &full, Fetched(FULL), Fetched(OTHER_DELTA), Unchecked),
        ("the full list of another", s17(), &full, Fetched(OTHER_FULL), Fetched(DELTA), Unchecked),
        ("both of another", s17(), &full, Fetched(OTHER_FULL), Fetched(OTHER_DELTA), Unchecked),
        ("from each other's address", s17(), &full, Fetched(DELTA), Fetched(FULL), Unchecked),
        ("a delta list of unknown origin", s17(), &full, Fetched(FULL), Unknown, Unchecked),
        ("a full list of unknown origin", s17(), &full, Unknown, Fetched(DELTA), Unchecked),
        ("a brought delta list", s17(), &full, Fetched(FULL), Brought, Unchecked),
        ("a brought full list", s17(), &full, Brought, Fetched(DELTA), Unchecked),
        ("both brought", s17(), &full, Brought, Brought, Unchecked),
        ("both chosen", s17(), &full, Chosen, Chosen, Good),
        ("no delta lists named", divided.clone(), &full, Fetched(FULL), Fetched(DELTA), Unchecked),
        ("named by the full list", divided, &naming, Fetched(FULL), Fetched(DELTA), Good),
        ("it names no lists", bare.clone(), &full, Fetched(OTHER_FULL), Unknown, Good),
        ("it names no lists, both brought", bare, &full, Brought, Brought, Good),
    ] {
        let lists = [(full, full_from), (&delta, delta_from)];
        assert_eq!(status(&certificate, &lists), expected, "{what}");
    }
}

#[test]
fn a_delta_list_of_another_part_hides_no_revocation() {
    let full = ListDraft::new("0610", "0620");
    let other = ListDraft { number: Some(7), ..ListDraft::new("0617", "0618").delta() };
    let own = ListDraft::new("0616", "0617").with(&[(9, "0612", Some(1), None)]).delta();
    let lists = [
        (&full, Place::Fetched(FULL)),
        (&other, Place::Fetched(OTHER_DELTA)),
        (&own, Place::Fetched(DELTA)),
    ];
    assert_eq!(status(&s17(), &lists[..2]), Unchecked);
    assert_eq!(status(&s17(), &lists), Revoked);
}

/// What is fetched from an address that names it besides is news for those who wait.
#[test]
fn one_list_at_two_addresses_is_of_both_and_that_is_news() {
    let der = ListDraft::new("0616", "0620").der();
    let from = |urls: &[&str]| {
        let mut store = RevocationStore::empty();
        store.add_fetched(&der, &urls.iter().map(|url| (*url).to_owned()).collect()).unwrap();
        store
    };
    let before = from(&[OTHER_FULL]);
    let mut after = before.clone();
    after.extend(&from(&[FULL]));
    assert_eq!(after.len(), 1);
    assert!(!after.news_since(&before).topics.is_empty());
    assert!(after.news_since(&from(&[FULL, OTHER_FULL])).topics.is_empty());
    let outcome = revocation(&RevocationRequest {
        certificate: &s17(),
        issuer: &issuer(),
        at: day("0615"),
        answering: Answering::Since { brought: false, again: None },
        sources: &[(&after, Cache)],
        responders: &[],
        trust: &TrustStore::empty(),
        checks: 64,
    });
    assert_eq!(outcome.report.status, Good);
}
