#![expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use std::slice::from_ref;

use Indication::{Indeterminate, TotalFailed, TotalPassed};
use SubIndication as Sub;

use super::*;
use crate::trust::sample::{AGREEMENT, Draft, ISSUING, LOGIN, attribute, name, tlv};

mod limits;
mod overdue;
mod policy;
mod services;

const AT: &str = "2027-01-01T00:00:00Z";
const ROOT: (&str, u8) = ("Root", 1);
const MIDDLE: (&str, u8) = ("Middle", 2);

fn root() -> Draft {
    Draft::authority("Root", 1, ROOT)
}

fn middle() -> Draft {
    Draft::authority("Middle", 2, ROOT)
}

fn person(issuer: (&str, u8)) -> Draft {
    Draft::signer("Тестова Особа", 9, issuer)
}

fn judge(signer: &Draft, given: &[Draft], trusted: &[Draft]) -> PathOutcome {
    judge_at(AT, signer, given, trusted)
}

fn judge_at(at: &str, signer: &Draft, given: &[Draft], trusted: &[Draft]) -> PathOutcome {
    let signer = signer.make();
    let intermediates: Vec<_> = given.iter().map(Draft::make).collect();
    let trust = TrustStore::new(trusted.iter().map(Draft::make).collect());
    let request = PathRequest {
        signer: &signer,
        purpose: Purpose::Document,
        intermediates: &intermediates,
        at: at.parse().unwrap(),
        limits: PathLimits::default(),
        clock_tolerance_seconds: 0,
    };
    validate(&request, &trust)
}

fn roles(outcome: &PathOutcome) -> Vec<CertificateRole> {
    outcome.chain.iter().map(|link| link.role).collect()
}

#[track_caller]
fn assert_passed(outcome: &PathOutcome, length: usize) {
    assert_eq!(outcome.indication, TotalPassed, "{:?}", outcome.reason);
    assert_eq!((outcome.sub_indication, &outcome.reason), (None, &None));
    assert_eq!(outcome.chain.len(), length);
    assert!(outcome.chain.iter().all(|link| link.problem.is_none()));
}

/// `place` is that of the certificate to blame, the signer's being 0.
#[track_caller]
fn assert_refused(
    outcome: &PathOutcome,
    expected: (Indication, SubIndication),
    place: usize,
    words: &str,
) {
    let reason = outcome.reason.as_deref().unwrap_or("none");
    assert_eq!((outcome.indication, outcome.sub_indication), (expected.0, Some(expected.1)));
    assert!(reason.contains(words), "{reason}");
    let problem = outcome.chain[place].problem.as_deref().unwrap_or("none");
    assert!(problem.contains(words), "{:?}", outcome.chain);
}

#[test]
fn accepts_a_pinned_signer() {
    let outcome = judge(&person(ROOT), &[], &[person(ROOT)]);
    assert_passed(&outcome, 1);
    assert_eq!(roles(&outcome), [CertificateRole::PinnedSigner]);
    assert_eq!(outcome.chain[0].source, CertificateSource::TrustDirectory);
}

#[test]
fn accepts_a_signer_of_a_trusted_authority() {
    let outcome = judge(&person(ROOT), &[], &[root()]);
    assert_passed(&outcome, 2);
    assert_eq!(roles(&outcome), [CertificateRole::Signer, CertificateRole::Anchor]);
    assert_eq!(outcome.chain[0].source, CertificateSource::Signature);
    assert_eq!(outcome.chain[0].subject, "CN=Тестова Особа");
    assert_eq!(outcome.chain[0].key, "Ed25519");
    assert!(outcome.warnings.is_empty());
}

#[test]
fn accepts_an_authority_between_from_the_signature_or_the_trust_directory() {
    let from_signature = judge(&person(MIDDLE), &[middle()], &[root()]);
    assert_passed(&from_signature, 3);
    assert_eq!(
        roles(&from_signature),
        [CertificateRole::Signer, CertificateRole::Authority, CertificateRole::Anchor]
    );
    // One that is in the directory is trusted itself.
    assert_passed(&judge(&person(MIDDLE), &[], &[root(), middle()]), 2);
    assert_passed(&judge(&person(MIDDLE), &[], &[middle()]), 2);
}

#[test]
fn finds_its_way_in_any_order_among_strangers_and_repetitions() {
    let stranger = Draft::authority("Stranger", 7, ("Stranger", 7));
    let given = [stranger, root(), middle(), middle(), person(MIDDLE)];
    assert_passed(&judge(&person(MIDDLE), &given, &[root()]), 3);
}

#[test]
fn trusts_nothing_that_came_with_the_signature() {
    let outcome = judge(&person(ROOT), &[root()], &[]);
    let expected = (Indeterminate, Sub::NoCertificateChainFound);
    assert_refused(&outcome, expected, 1, "names itself as its issuer");
    assert_eq!(roles(&outcome), [CertificateRole::Signer, CertificateRole::Authority]);
}

#[test]
fn says_when_nothing_is_known_of_the_issuer() {
    let outcome = judge(&person(MIDDLE), &[], &[root()]);
    let expected = (Indeterminate, Sub::NoCertificateChainFound);
    assert_refused(&outcome, expected, 0, "no certificate of its issuer, CN=Middle, is in");
}

#[test]
fn refuses_a_self_signed_signer_that_is_not_in_the_directory() {
    let alone = person(("Тестова Особа", 9));
    let outcome = judge(&alone, from_ref(&alone), &[root()]);
    let expected = (Indeterminate, Sub::NoCertificateChainFound);
    assert_refused(&outcome, expected, 0, "names itself as its issuer");
    assert_passed(&judge(&alone, &[], from_ref(&alone)), 1);
}

#[test]
fn refuses_the_right_name_with_the_wrong_key() {
    let mut forger = root();
    (forger.key, forger.issuer_key) = (66, 66);
    for (signer, trusted) in [(person(ROOT), &forger), (person(("Root", 66)), &root())] {
        let mut signer = signer;
        signer.authority_key_id = None;
        let outcome = judge(&signer, &[], from_ref(trusted));
        let expected = (Indeterminate, Sub::NoCertificateChainFound);
        assert_refused(&outcome, expected, 0, "no known key of its issuer, CN=Root, has signed it");
    }
}

#[test]
fn refuses_the_wrong_name_with_the_right_key() {
    let outcome = judge(&person(("Other", 1)), &[], &[root()]);
    let expected = (Indeterminate, Sub::NoCertificateChainFound);
    assert_refused(&outcome, expected, 0, "no certificate of its issuer, CN=Other");
}

#[test]
fn refuses_another_key_identifier() {
    let mut signer = person(ROOT);
    signer.authority_key_id = Some(vec![0xee; 20]);
    let outcome = judge(&signer, &[], &[root()]);
    let expected = (Indeterminate, Sub::NoCertificateChainFound);
    assert_refused(&outcome, expected, 0, "only with another key identifier");
}

#[test]
fn needs_no_key_identifiers() {
    let (mut signer, mut anchor) = (person(ROOT), root());
    signer.authority_key_id = None;
    assert_passed(&judge(&signer, &[], from_ref(&anchor)), 2);
    anchor.subject_key_id = None;
    assert_passed(&judge(&person(ROOT), &[], &[anchor]), 2);
}

#[test]
fn compares_names_as_people_read_them() {
    let mut anchor = root();
    // PrintableString, other case, more spaces.
    let common_name = attribute("2.5.4.3", 0x13, b" tEST   rOOT ");
    anchor.subject = tlv(0x30, &[tlv(0x31, &[common_name])]);
    assert_passed(&judge(&person(("Test Root", 1)), &[], from_ref(&anchor)), 2);
    anchor.subject = name(&[("2.5.4.10", "Test Root")]);
    let outcome = judge(&person(("Test Root", 1)), &[], &[anchor]);
    assert_eq!(outcome.sub_indication, Some(Sub::NoCertificateChainFound));
}

#[test]
fn judges_the_signer_at_the_given_second() {
    for (at, expected) in [
        ("2025-12-31T23:59:59.999999Z", Some((TotalFailed, Sub::NotYetValid))),
        ("2026-01-01T00:00:00Z", None),
        ("2027-12-31T23:59:59.999999Z", None),
        ("2028-01-01T00:00:00Z", Some((Indeterminate, Sub::OutOfBoundsNoPoe))),
    ] {
        let mut anchor = root();
        (anchor.not_before, anchor.not_after) = ("200101000000Z", "20500101000000Z");
        for trusted in [anchor, person(ROOT)] {
            let outcome = judge_at(at, &person(ROOT), &[], &[trusted]);
            let found = outcome.sub_indication.map(|sub| (outcome.indication, sub));
            assert_eq!(found, expected, "{at}");
        }
    }
}

#[test]
fn says_when_the_signer_expired() {
    let outcome = judge_at("2030-05-06T07:08:09Z", &person(ROOT), &[], &[person(ROOT)]);
    let words = "its validity ended at 2027-12-31T23:59:59Z, and it is judged for \
                 2030-05-06T07:08:09Z";
    assert_refused(&outcome, (Indeterminate, Sub::OutOfBoundsNoPoe), 0, words);
    assert_eq!(
        outcome.reason.as_deref(),
        Some(format!("the certificate of Тестова Особа: {words}").as_str())
    );
}

#[test]
fn refuses_authorities_and_anchors_outside_their_validity() {
    let early = |mut draft: Draft| {
        draft.not_after = "261231235959Z";
        draft
    };
    let late = |mut draft: Draft| {
        draft.not_before = "270101000001Z";
        draft
    };
    let expected = (Indeterminate, Sub::CertificateChainGeneralFailure);
    for (given, trusted, place, words) in [
        (early(middle()), root(), 1, "ended at 2026-12-31T23:59:59Z"),
        (late(middle()), root(), 1, "begins at 2027-01-01T00:00:01Z"),
        (middle(), early(root()), 2, "ended at 2026-12-31T23:59:59Z"),
        (middle(), late(root()), 2, "begins at 2027-01-01T00:00:01Z"),
    ] {
        assert_refused(&judge(&person(MIDDLE), &[given], &[trusted]), expected, place, words);
    }
}

#[test]
fn refuses_an_issuer_that_is_no_authority() {
    let expected = (Indeterminate, Sub::ChainConstraintsFailure);
    for constraints in [None, Some((false, None))] {
        let mut issuer = middle();
        issuer.constraints = constraints;
        let trusted = [root()];
        let outcome = judge(&person(MIDDLE), from_ref(&issuer), &trusted);
        assert_refused(&outcome, expected, 1, "is not an authority's");
        // Being in the directory does not make it one.
        let outcome = judge(&person(MIDDLE), &[], &[issuer]);
        assert_refused(&outcome, expected, 1, "is not an authority's");
    }
}

#[test]
fn refuses_what_a_pinned_person_has_issued() {
    let pinned = person(("Тестова Особа", 9));
    let forged = Draft::signer("Інша Особа", 8, ("Тестова Особа", 9));
    let outcome = judge(&forged, &[], &[pinned]);
    let expected = (Indeterminate, Sub::ChainConstraintsFailure);
    assert_refused(&outcome, expected, 1, "is not an authority's");
}

#[test]
fn refuses_an_authority_without_certificate_signing() {
    let expected = (Indeterminate, Sub::ChainConstraintsFailure);
    let mut issuer = middle();
    issuer.key_usage = Some(AGREEMENT);
    let outcome = judge(&person(MIDDLE), from_ref(&issuer), &[root()]);
    assert_refused(&outcome, expected, 1, "does not allow it to issue");
    issuer.key_usage = None;
    assert_passed(&judge(&person(MIDDLE), &[issuer], &[root()]), 3);
}

#[test]
fn counts_the_authorities_below_one() {
    let limited = |mut draft: Draft, allowed| {
        draft.constraints = Some((true, Some(allowed)));
        draft
    };
    let lower = Draft::authority("Lower", 3, MIDDLE);
    let signer = person(("Lower", 3));
    let given = [lower.clone(), limited(middle(), 1)];
    assert_passed(&judge(&signer, &given, &[limited(root(), 2)]), 4);

    let expected = (Indeterminate, Sub::ChainConstraintsFailure);
    let outcome = judge(&signer, &given, &[limited(root(), 1)]);
    assert_refused(&outcome, expected, 3, "2 authorities stand between");
    let outcome = judge(&signer, &[lower, limited(middle(), 0)], &[root()]);
    assert_refused(&outcome, expected, 2, "1 authorities stand between");
}

#[test]
fn does_not_count_self_issued_authorities() {
    // The same name with a new key, signed with the old one.
    let mut renewed = Draft::authority("Root", 4, ROOT);
    renewed.constraints = Some((true, Some(0)));
    let mut anchor = root();
    anchor.constraints = Some((true, Some(0)));
    assert_passed(&judge(&person(("Root", 4)), &[renewed], &[anchor]), 3);
}

#[test]
fn refuses_critical_extensions_that_it_does_not_understand() {
    let expected = (Indeterminate, Sub::ChainConstraintsFailure);
    let with = |mut draft: Draft, oid, critical| {
        draft.others.push((oid, critical, tlv(0x30, &[])));
        draft
    };
    for (oid, words) in
        [("2.5.29.30", "nameConstraints (2.5.29.30)"), ("1.2.3.4", "not understood: 1.2.3.4")]
    {
        let outcome = judge(&with(person(MIDDLE), oid, true), &[middle()], &[root()]);
        assert_refused(&outcome, expected, 0, words);
        let outcome = judge(&person(MIDDLE), &[with(middle(), oid, true)], &[root()]);
        assert_refused(&outcome, expected, 1, words);
        let outcome = judge(&person(MIDDLE), &[middle()], &[with(root(), oid, true)]);
        assert_refused(&outcome, expected, 2, words);
        let pinned = with(person(MIDDLE), oid, true);
        let outcome = judge(&pinned, &[], from_ref(&pinned));
        assert_refused(&outcome, expected, 0, words);
    }
    assert_passed(&judge(&with(person(ROOT), "1.2.3.4", false), &[], &[root()]), 2);
}

#[test]
fn refuses_constraints_on_names_that_are_not_marked_as_critical() {
    let mut constrained = middle();
    constrained.others.push(("2.5.29.30", false, tlv(0x30, &[])));
    let outcome = judge(&person(MIDDLE), &[constrained], &[root()]);
    let expected = (Indeterminate, Sub::ChainConstraintsFailure);
    assert_refused(&outcome, expected, 1, "nameConstraints (2.5.29.30)");
}

#[test]
fn understands_the_critical_extensions_of_ukrainian_certificates() {
    let mut signer = person(ROOT);
    signer.others = vec![
        ("2.5.29.32", true, tlv(0x30, &[])),
        ("2.5.29.17", true, tlv(0x30, &[])),
        ("1.3.6.1.5.5.7.1.3", true, tlv(0x30, &[])),
    ];
    assert_passed(&judge(&signer, &[], &[root()]), 2);
    signer.others = vec![("1.3.6.1.5.5.7.1.3", true, vec![0x30, 0x05])];
    let outcome = judge(&signer, &[], &[root()]);
    let expected = (Indeterminate, Sub::ChainConstraintsFailure);
    assert_refused(&outcome, expected, 0, "qcStatements (1.3.6.1.5.5.7.1.3) that cannot be read");
}

#[test]
fn refuses_a_signer_whose_key_is_not_for_signing() {
    let expected = (Indeterminate, Sub::ChainConstraintsFailure);
    for usage in [AGREEMENT, ISSUING] {
        let mut signer = person(ROOT);
        signer.key_usage = Some(usage);
        for trusted in [root(), signer.clone()] {
            let outcome = judge(&signer, &[], &[trusted]);
            assert_refused(&outcome, expected, 0, "neither digitalSignature nor nonRepudiation");
        }
    }
}

#[test]
fn warns_of_a_key_that_looks_like_one_for_logging_in() {
    let mut signer = person(ROOT);
    signer.key_usage = Some(LOGIN);
    let outcome = judge(&signer, &[], &[root()]);
    assert_passed(&outcome, 2);
    assert_eq!(outcome.warnings.len(), 1);
    signer.key_usage = None;
    assert!(judge(&signer, &[], &[root()]).warnings.is_empty());
}

#[test]
fn refuses_signers_that_are_for_another_purpose() {
    const TLS: &str = "1.3.6.1.5.5.7.3.1";
    const LOGIN: &str = "1.3.6.1.5.5.7.3.2";
    const MAIL: &str = "1.3.6.1.5.5.7.3.4";
    const STAMP: &str = "1.3.6.1.5.5.7.3.8";
    const SEAL: &str = "1.2.804.2.1.1.1.3.9";
    let cases: [(&'static [&'static str], Option<&str>); 6] = [
        (&[TLS], Some("(TLS servers)")),
        (&[TLS, LOGIN], Some("(TLS servers, TLS clients)")),
        (&[STAMP], Some("(time-stamping)")),
        (&[STAMP, SEAL], Some("(time-stamping, 1.2.804.2.1.1.1.3.9)")),
        (&[LOGIN, MAIL], None),
        (&[SEAL], None),
    ];
    for (purposes, refused) in cases {
        let mut signer = person(ROOT);
        signer.purposes = purposes;
        let outcome = judge(&signer, &[], &[root()]);
        match refused {
            None => assert_passed(&outcome, 2),
            Some(words) => {
                let expected = (Indeterminate, Sub::ChainConstraintsFailure);
                assert_refused(&outcome, expected, 0, words);
            }
        }
    }
}

#[test]
fn takes_the_right_one_of_two_cross_signed_ways() {
    // Middle is certified by Root and by Other; only one way is right at a time.
    let mut expired = middle();
    expired.not_after = "260601000000Z";
    let by_other = Draft::authority("Middle", 2, ("Other", 5));
    let other = Draft::authority("Other", 5, ("Other", 5));
    let signer = person(MIDDLE);
    for given in [[expired.clone(), by_other.clone()], [by_other, expired]] {
        let outcome = judge(&signer, &given, &[root(), other.clone()]);
        assert_passed(&outcome, 3);
        assert_eq!(outcome.chain[2].subject, "CN=Other");
        let outcome = judge(&signer, &given, &[root()]);
        let expected = (Indeterminate, Sub::CertificateChainGeneralFailure);
        assert_refused(&outcome, expected, 1, "its validity ended");
    }
}

#[test]
fn ends_in_a_loop_of_two_authorities() {
    let given =
        [Draft::authority("A", 20, ("B", 21)), Draft::authority("B", 21, ("A", 20)), root()];
    let outcome = judge(&person(("A", 20)), &given, &[root()]);
    assert_eq!(outcome.sub_indication, Some(Sub::NoCertificateChainFound));
    assert_eq!(outcome.chain.len(), 3);
}

#[test]
fn names_an_algorithm_that_it_cannot_check() {
    for (oid, words) in [
        ("1.2.643.7.1.1.3.2", "GOST R 34.10-2012 of 256 bits is not supported"),
        ("1.2.840.113549.1.1.4", "RSA with MD5 is not supported"),
    ] {
        let mut signer = person(MIDDLE);
        signer.algorithms = [oid; 2];
        let outcome = judge(&signer, &[middle()], &[root()]);
        let expected = (Indeterminate, Sub::CryptoConstraintsFailure);
        assert_refused(&outcome, expected, 0, words);
        assert_eq!(outcome.chain.len(), 3);
    }
}

#[test]
fn tells_of_an_unproved_path_before_what_is_said_on_it() {
    let mut signer = person(ROOT);
    signer.algorithms = ["1.2.643.7.1.1.3.2"; 2];
    let outcome = judge_at("2020-01-01T00:00:00Z", &signer, &[], &[root()]);
    let expected = (Indeterminate, Sub::CryptoConstraintsFailure);
    assert_refused(&outcome, expected, 0, "GOST R");
}

#[test]
fn tells_of_the_signer_before_the_authorities_when_both_expired() {
    let outcome = judge_at("2040-01-01T00:00:00Z", &person(ROOT), &[], &[root()]);
    assert_eq!(outcome.sub_indication, Some(Sub::OutOfBoundsNoPoe));
    assert!(outcome.chain.iter().all(|link| link.problem.is_some()));
}

#[test]
fn refuses_a_certificate_changed_after_signing() {
    let signer = person(ROOT);
    let der = signer.der();
    let place = der.windows(4).position(|bytes| bytes == [9, 9, 9, 9]).unwrap();
    let mut changed = der;
    changed[place] ^= 1;
    let changed = Certificate::parse(&changed).unwrap();
    let trust = TrustStore::new(vec![root().make()]);
    let (at, limits) = (AT.parse().unwrap(), PathLimits::default());
    let request = PathRequest {
        signer: &changed,
        purpose: Purpose::Document,
        intermediates: &[],
        at,
        limits,
        clock_tolerance_seconds: 0,
    };
    let outcome = validate(&request, &trust);
    let expected = (Indeterminate, Sub::NoCertificateChainFound);
    assert_refused(&outcome, expected, 0, "no known key of its issuer");
}
