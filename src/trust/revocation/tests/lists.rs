//! What lists say, for whom, and which ones are not read.

use super::{
    super::{
        RevocationError, Wanted,
        sample::{AnswerDraft, ListDraft, Said},
    },
    RevocationStatus::{Good, Revoked, Unchecked},
    *,
};
use crate::{
    domain::RevocationKind,
    trust::sample::{Draft, object_identifier, pem, tlv},
};

const DISTRIBUTION_POINT: &str = "2.5.29.28";
const CERTIFICATE_ISSUER: &str = "2.5.29.29";
const FRESHEST: &str = "2.5.29.46";
const HOLD: u8 = 6;
const REMOVED: u8 = 8;

fn full() -> ListDraft {
    ListDraft::new("0610", "0612")
}

fn delta() -> ListDraft {
    ListDraft::new("0613", "0616").delta()
}

fn with(others: &[(&'static str, bool, Vec<u8>)]) -> ListDraft {
    ListDraft { others: others.to_vec(), ..ListDraft::new("0610", "0620") }
}

fn uri(text: &str) -> Vec<u8> {
    tlv(0x86, &[text.as_bytes().to_vec()])
}

fn points(text: &str) -> Vec<u8> {
    tlv(0x30, &[tlv(0x30, &[tlv(0xa0, &[tlv(0xa0, &[uri(text)])])])])
}

#[test]
fn a_delta_list_continues_the_full_list_before_it() {
    let entry = |reason| [(9, "0601", reason, None)];
    let continued = judged(&[full().der(), delta().der()]);
    assert_eq!((continued.status, continued.kind), (Good, Some(RevocationKind::DeltaCrl)));
    assert_eq!(continued.this_update, Some(day("0613")));
    for (what, lists, expected) in [
        ("the full list alone is too old", vec![full()], Unchecked),
        ("a delta list alone says nothing", vec![delta()], Unchecked),
        ("in both", vec![full().with(&entry(None)), delta()], Revoked),
        ("in the delta list alone", vec![delta().with(&entry(None))], Revoked),
        (
            "no longer suspended",
            vec![full().with(&entry(Some(HOLD))), delta().with(&entry(Some(REMOVED)))],
            Good,
        ),
        ("still suspended", vec![full().with(&entry(Some(HOLD))), delta()], Revoked),
        (
            "what is revoked for good does not come back",
            vec![full().with(&entry(None)), delta().with(&entry(Some(REMOVED)))],
            Revoked,
        ),
        (
            "base after the full list",
            vec![full(), ListDraft { base: Some(6), ..delta() }],
            Unchecked,
        ),
        (
            "number before the full list",
            vec![full(), ListDraft { number: Some(4), base: Some(4), ..delta() }],
            Unchecked,
        ),
        (
            "a full list without a number",
            vec![ListDraft { number: None, ..full() }, delta()],
            Unchecked,
        ),
        ("a full list by another key", vec![ListDraft { key: 7, ..full() }, delta()], Unchecked),
        ("a delta list by another key", vec![full(), ListDraft { key: 7, ..delta() }], Unchecked),
        (
            "another scope",
            vec![
                full(),
                ListDraft {
                    others: vec![(
                        DISTRIBUTION_POINT,
                        true,
                        tlv(0x30, &[tlv(0x81, &[vec![0xff]])]),
                    )],
                    ..delta()
                },
            ],
            Unchecked,
        ),
    ] {
        let lists: Vec<_> = lists.iter().map(ListDraft::der).collect();
        assert_eq!(status(&lists), expected, "{what}");
    }
}

#[test]
fn a_list_speaks_of_the_certificates_that_it_says() {
    let flag = |number: u8| tlv(0x30, &[tlv(0x80 | number, &[vec![0xff]])]);
    let name = tlv(0x30, &[tlv(0xa0, &[tlv(0xa0, &[uri("http://ca.example/other.crl")])])]);
    for (what, scope, expected) in [
        ("users only", flag(1), None),
        ("authorities only", flag(2), Some("of authorities only")),
        ("attributes only", flag(5), Some("of attribute certificates only")),
        ("some reasons", tlv(0x30, &[tlv(0x83, &[vec![1, 0x40]])]), Some("only of some reasons")),
        ("another point", name, Some("for another distribution point")),
    ] {
        let list = with(&[(DISTRIBUTION_POINT, true, scope)]).der();
        match expected {
            None => assert_eq!(status(&[list]), Good, "{what}"),
            Some(words) => {
                let told = problem(&[list]);
                assert!(told.contains(words), "{what}: {told}");
            }
        }
    }
}

/// RFC 5280 §4.1.2.2: an authority gives each serial number once, so a list of its that names one
/// tells of this certificate, whatever part of the certificates its silence is about.
#[test]
fn who_is_on_a_list_is_revoked_whatever_certificates_the_list_is_of() {
    let flag = |number: u8| tlv(0x30, &[tlv(0x80 | number, &[vec![0xff]])]);
    let name = tlv(0x30, &[tlv(0xa0, &[tlv(0xa0, &[uri("http://ca.example/other.crl")])])]);
    let point = |scope: &[u8]| vec![(DISTRIBUTION_POINT, true, scope.to_vec())];
    let scopes = [
        ("users only", point(&flag(1))),
        ("authorities only", point(&flag(2))),
        ("some reasons", point(&tlv(0x30, &[tlv(0x83, &[vec![1, 0x40]])]))),
        ("another point", point(&name)),
        ("another delta list", vec![(FRESHEST, false, points("http://ca.example/Delta-18.crl"))]),
    ];
    let others = vec![(FRESHEST, false, points("http://ca.example/Delta-17.crl"))];
    let named = Draft { others, ..Draft::signer("Тестова Особа", 9, ("Issuer", 1)) }.make();
    let good = AnswerDraft::new(Said::Good, "0620").der();
    for (what, others) in scopes {
        for (entry, key, expected) in [
            ((9, "0601", None, None), 1, Revoked),
            ((9, "0601", Some(HOLD), None), 1, Revoked),
            ((9, "0616", None, None), 1, Good),
            ((10, "0601", None, None), 1, Good),
            ((9, "0601", Some(REMOVED), None), 1, Good),
            ((9, "0601", None, None), 7, Good),
        ] {
            for is_delta in [false, true] {
                let list = ListDraft { key, others: others.clone(), ..with(&[]) }.with(&[entry]);
                let list = if is_delta { list.delta() } else { list };
                for certificate in [&person(), &named] {
                    // A suspension is over once the authority says so later.
                    let later = if entry.2 == Some(HOLD) { Vec::new() } else { vec![good.clone()] };
                    let all: Vec<_> = later.into_iter().chain([list.der()]).collect();
                    let said = judge_by(certificate, &all);
                    assert_eq!(
                        said.status, expected,
                        "{what} {entry:?} {key} {is_delta}: {said:?}"
                    );
                }
                let wanted = Wanted::new(named.clone(), issuer(), day("0610"));
                let kept = wanted.answers(&list.der(), day("0615"), &TrustStore::empty());
                assert!(kept.is_ok() || expected == Good, "{what} {entry:?}: {kept:?}");
            }
        }
    }
}

/// What is numbered apart, or by others, is another certificate.
#[test]
fn an_entry_of_another_kind_or_another_issuer_revokes_nobody_here() {
    let flag = |number: u8| tlv(0x30, &[tlv(0x80 | number, &[vec![0xff]])]);
    let good = AnswerDraft::new(Said::Good, "0620").der();
    // RFC 5755 §4.2.5 and §4.5: attribute certificates have numbers of their own.
    let attributes = with(&[(DISTRIBUTION_POINT, true, flag(5))]);
    let listed = attributes.with(&[(9, "0601", None, None)]).der();
    assert_eq!(judge_by(&person(), &[listed, good]).status, Good);
    // RFC 5280 §5.3.3: whose a serial number is, is said by an entry, for those after it too.
    let other = tlv(0x30, &[tlv(0xa4, &[Draft::authority("Other", 2, ("Other", 2)).subject])]);
    for is_indirect in [false, true] {
        for is_critical in [false, true] {
            for first in [9, 33] {
                let scope = is_indirect.then(|| (DISTRIBUTION_POINT, true, flag(4)));
                let others: Vec<_> = scope.into_iter().collect();
                let entries = [(first, "0601", None, None), (9, "0602", None, None)];
                let draft = ListDraft {
                    entry_others: vec![(CERTIFICATE_ISSUER, is_critical, other.clone())],
                    ..with(&others).with(&entries)
                };
                let mut all = RevocationStore::empty();
                let told = all.add(&draft.der()).unwrap_err().to_string();
                assert!(told.contains("not supported"), "{is_indirect} {is_critical}: {told}");
            }
        }
    }
}

fn judge_by(certificate: &Certificate, all: &[Vec<u8>]) -> RevocationReport {
    revocation(&RevocationRequest {
        certificate,
        issuer: &issuer(),
        at: day("0615"),
        answering: Answering::InForce,
        sources: &[(&store(all), RevocationSource::Cache)],
        responders: &[],
        trust: &TrustStore::empty(),
        checks: 64,
    })
    .report
}

#[test]
fn a_list_for_a_point_is_for_the_certificates_that_name_it() {
    let person = |point: &str, fresh: &str| {
        let others = vec![("2.5.29.31", false, points(point)), (FRESHEST, false, points(fresh))];
        Draft { others, ..Draft::signer("Тестова Особа", 9, ("Issuer", 1)) }.make()
    };
    let judge = |certificate: &Certificate, list: Vec<u8>| {
        revocation(&RevocationRequest {
            certificate,
            issuer: &issuer(),
            at: day("0615"),
            answering: Answering::InForce,
            sources: &[(&store(&[list]), RevocationSource::Cache)],
            responders: &[],
            trust: &TrustStore::empty(),
            checks: 64,
        })
        .report
        .status
    };
    let point = |text| tlv(0x30, &[tlv(0xa0, &[tlv(0xa0, &[uri(text)])])]);
    let certificate = person("http://ca.example/17.crl", "http://ca.example/Delta-17.crl");
    let list = |text| with(&[(DISTRIBUTION_POINT, true, point(text))]).der();
    assert_eq!(judge(&certificate, list("http://ca.example/17.crl")), Good);
    assert_eq!(judge(&certificate, list("http://ca.example/18.crl")), Unchecked);
    let fresh = |text| with(&[(FRESHEST, false, points(text))]).der();
    assert_eq!(judge(&certificate, fresh("http://new.example/delta-17.crl")), Good);
    assert_eq!(judge(&certificate, fresh("http://ca.example/Delta-18.crl")), Unchecked);
}

#[test]
fn a_list_is_proved_by_its_issuers_key_or_not_used() {
    let other = Draft::authority("Other", 2, ("Other", 2)).make();
    let key_id = tlv(0x30, &[tlv(0x80, &[vec![3; 20]])]);
    for (list, words) in [
        (ListDraft { key: 7, ..with(&[]) }, "does not fit the key"),
        (with(&[("2.5.29.35", false, key_id)]), "names another key of the issuer"),
        (ListDraft { issuer: other, ..with(&[]) }, "no list of its issuer"),
    ] {
        let told = problem(&[list.der()]);
        assert!(told.contains(words), "{told}");
    }
    let mute =
        Draft { key_usage: Some(0b0000_0100), ..Draft::authority("Issuer", 1, ("Issuer", 1)) };
    let report = revocation(&RevocationRequest {
        certificate: &person(),
        issuer: &mute.make(),
        at: day("0615"),
        answering: Answering::InForce,
        sources: &[(&store(&[with(&[]).der()]), RevocationSource::Cache)],
        responders: &[],
        trust: &TrustStore::empty(),
        checks: 64,
    })
    .report;
    let told = report.problem.unwrap();
    assert!(told.contains("its key usage does not allow it to sign lists"), "{told}");
}

#[test]
fn finds_an_entry_among_many_in_any_order() {
    let entries: Vec<_> = (0..=200_u8)
        .map(|n| n.wrapping_mul(77) % 100 + 20)
        .chain([9])
        .chain(100..=127)
        .map(|serial| (serial, "0601", None, None))
        .collect();
    assert_eq!(status(&[with(&[]).with(&entries).der()]), Revoked);
    let without: Vec<_> = entries.into_iter().filter(|(serial, ..)| *serial != 9).collect();
    assert_eq!(status(&[with(&[]).with(&without).der()]), Good);
}

#[test]
fn refuses_what_it_could_only_guess_at() {
    let whole = with(&[]).der();
    let other_algorithm = {
        let mut bytes = whole.clone();
        let oid = object_identifier("1.3.101.112");
        let last = memchr::memmem::rfind(&bytes, &oid).unwrap();
        bytes[last + oid.len() - 1] ^= 1;
        bytes
    };
    let indirect = with(&[(DISTRIBUTION_POINT, true, tlv(0x30, &[tlv(0x84, &[vec![0xff]])]))]);
    let critical = with(&[("1.2.3.4", true, vec![5, 0])]);
    let twice = with(&[("1.2.3.4", false, vec![5, 0]), ("1.2.3.4", false, vec![5, 0])]);
    for (bytes, words) in [
        (Vec::new(), "neither a revocation list nor an OCSP answer"),
        (b"text".to_vec(), "neither a revocation list nor an OCSP answer"),
        (whole[..whole.len() - 1].to_vec(), "neither a revocation list nor an OCSP answer"),
        ([&whole[..], &[0]].concat(), "neither a revocation list nor an OCSP answer"),
        (other_algorithm, "two different signature algorithms"),
        (indirect.der(), "a list of what other authorities have revoked"),
        (critical.der(), "the critical extension 1.2.3.4 of the list"),
        (twice.der(), "cannot be read as a revocation list"),
    ] {
        let mut store = RevocationStore::empty();
        let told = store.add(&bytes).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        assert!(store.is_empty());
    }
    let length = RevocationStore::MAX_LEN + 1;
    let long = [&tlv(0x30, &[])[..1], &vec![0; length - 1]].concat();
    assert_eq!(
        RevocationStore::empty().add(&long).unwrap_err(),
        RevocationError::TooLong { length }
    );
}

#[test]
fn keeps_the_same_bytes_once_and_reads_pem() {
    let der = with(&[]).der();
    let mut store = RevocationStore::empty();
    let kept = store.add(&der).unwrap();
    assert_eq!(store.add(pem("X509 CRL", &der).as_bytes()).unwrap(), kept);
    assert_eq!((store.len(), kept.issuer.as_str()), (1, "CN=Issuer"));
    assert_eq!((kept.kind, kept.this_update), (RevocationKind::Crl, day("0610")));
    let mut other = RevocationStore::empty();
    other.add(&delta().der()).unwrap();
    other.extend(&store);
    other.extend(&store);
    assert_eq!(other.len(), 2);
}
