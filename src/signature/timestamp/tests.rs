//! What a token is worth: right ones, and every way to bend one.

#![expect(clippy::indexing_slicing, reason = "a test that counts wrongly fails")]

use std::cell::RefCell;

use bytes::Bytes;
use proptest::prelude::*;

use super::{
    super::{
        Budget, Conditions, Limits,
        sample::{
            ALGORITHM_PROTECTION, CONTENT_TYPE, DATA, Identity, SHA1, SignerPlan, attached,
            attribute, oid, sequence,
            time_stamp::{
                TokenPlan, authority, authority_valid, field, for_time_stamping, imprint, token,
            },
            tlv,
        },
        signer::Basis,
    },
    JudgedTimestamp, judge,
};
use crate::{
    algorithms::DigestAlgorithm,
    domain::{Indication, SubIndication, Timestamp, WarningCode},
    trust::{Certificate, ServiceKind, ServiceStatus, TrustList, TrustService, TrustStore},
};

mod layers;
mod unchecked;

const MD5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05];
const COVERED: &[u8] = b"a signature value";
const TIME: &str = "20260801100000Z";

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn certificate(identity: &Identity) -> Certificate {
    Certificate::parse(&identity.certificate).unwrap()
}

fn trust(identities: &[&Identity]) -> TrustStore {
    TrustStore::new(identities.iter().map(|identity| certificate(identity)).collect())
}

/// Judges a token over [`COVERED`] on 2026-09-01.
fn judge_by(token: &Bytes, trust: &TrustStore, beside: &[Certificate]) -> JudgedTimestamp {
    judge_at(token, trust, beside, moment("2026-09-01T10:00:00Z"))
}

fn judge_at(
    token: &Bytes,
    trust: &TrustStore,
    beside: &[Certificate],
    at: Timestamp,
) -> JudgedTimestamp {
    let conditions = Conditions::new(trust, at);
    let budget = Budget::new(&Limits::default());
    let parts = [Bytes::from_static(&COVERED[..2]), Bytes::from_static(&COVERED[2..])];
    let inquiry = RefCell::default();
    let basis = Basis::new(&conditions, &budget, &inquiry);
    judge(token, &parts, "signature-time-stamp", beside, basis)
}

fn outcome(judged: &JudgedTimestamp) -> (Indication, Option<SubIndication>) {
    assert_eq!(judged.proved.is_some(), judged.report.indication == Indication::TotalPassed);
    (judged.report.indication, judged.report.sub_indication)
}

const PASSED: (Indication, Option<SubIndication>) = (Indication::TotalPassed, None);

fn doubt(sub_indication: SubIndication) -> (Indication, Option<SubIndication>) {
    (Indication::Indeterminate, Some(sub_indication))
}

fn failure(sub_indication: SubIndication) -> (Indication, Option<SubIndication>) {
    (Indication::TotalFailed, Some(sub_indication))
}

#[test]
fn a_right_token_proves_its_time_and_tells_who_says_so() {
    let authority = authority(7);
    let judged = judge_by(&token(&authority, COVERED, TIME), &trust(&[&authority]), &[]);
    assert_eq!(outcome(&judged), PASSED, "{:#?}", judged.report);
    let time = judged.proved.map(|proved| proved.time);
    assert_eq!(time, Some(moment("2026-08-01T10:00:00Z")));
    let report = judged.report;
    assert_eq!(report.kind, "signature-time-stamp");
    assert_eq!(report.time, time);
    assert_eq!(report.policy.as_deref(), Some("1.2.804.2.1.1.1.2.3.1"));
    assert_eq!(report.algorithm.as_deref(), Some("Ed25519"));
    assert_eq!(report.digest_algorithm.as_deref(), Some("SHA-256"));
    assert_eq!(report.authority.map(|authority| authority.serial).as_deref(), Some("07"));
    assert_eq!(report.chain.len(), 1);
    assert_eq!(report.qualified, None);
    assert_eq!(report.warnings, []);
}

#[test]
fn the_authority_is_found_in_the_token_beside_it_or_in_the_trust_directory() {
    let authority = authority(7);
    let bare = TokenPlan { certificate: false, ..TokenPlan::new(&authority, COVERED, TIME) };
    let by_key = |signer: &mut SignerPlan<'_>| {
        signer.id = signer.identity.key_id();
        signer.version = 3;
    };
    let trusted = trust(&[&authority]);
    assert_eq!(outcome(&judge_by(&bare.write(), &trusted, &[])), PASSED);
    assert_eq!(outcome(&judge_by(&bare.write_with(by_key), &trusted, &[])), PASSED);
    let stranger = Identity::new(1);
    let unknown = judge_by(&bare.write(), &trust(&[&stranger]), &[]);
    assert_eq!(outcome(&unknown), doubt(SubIndication::NoSigningCertificateFound));
    let beside = judge_by(&bare.write(), &trust(&[&stranger]), &[certificate(&authority)]);
    assert_eq!(outcome(&beside), doubt(SubIndication::NoCertificateChainFound));
    assert_eq!(beside.report.chain.len(), 1);
}

#[test]
fn a_bent_statement_proves_nothing() {
    let bend = |place: usize, with: Vec<u8>| {
        let authority = authority(7);
        let mut plan = TokenPlan::new(&authority, COVERED, TIME);
        if place < plan.info.len() {
            plan.info[place] = with;
        } else {
            plan.info.push(with);
        }
        judge_by(&plan.write(), &trust(&[&authority]), &[])
    };
    let extension = |critical: &[u8]| {
        let extension = sequence(&[&oid(&[0x2a, 3]), critical, &tlv(0x04, &[&[]])]);
        tlv(0xa1, &[&extension])
    };
    let time = |text: &str| tlv(0x18, &[text.as_bytes()]);
    for (place, with, due) in [
        (field::VERSION, tlv(0x02, &[&[2]]), failure(SubIndication::FormatFailure)),
        (field::IMPRINT, imprint(SHA1, &[1; 20]), failure(SubIndication::HashFailure)),
        (
            field::IMPRINT,
            imprint(SHA1, &DigestAlgorithm::Sha1.digest(COVERED)),
            doubt(SubIndication::CryptoConstraintsFailure),
        ),
        (field::IMPRINT, imprint(MD5, &[1; 16]), doubt(SubIndication::CryptoConstraintsFailure)),
        (field::IMPRINT, imprint(SHA1, &[1; 65]), failure(SubIndication::FormatFailure)),
        (
            field::IMPRINT,
            imprint(super::super::sample::SHA256, &[1; 32]),
            failure(SubIndication::HashFailure),
        ),
        (
            field::IMPRINT,
            imprint(super::super::sample::SHA256, &[]),
            failure(SubIndication::HashFailure),
        ),
        (field::TIME, time("20260901101000Z"), PASSED),
        (field::TIME, time("20260901101000.1Z"), doubt(SubIndication::TimestampOrderFailure)),
        (field::TIME, time("20231231235959Z"), doubt(SubIndication::NotYetValid)),
        (field::TIME, time("202608011000Z"), failure(SubIndication::FormatFailure)),
        (field::END, sequence(&[&tlv(0x02, &[&[1]]), &tlv(0x81, &[&[5]])]), PASSED),
        (field::END, sequence(&[&tlv(0x04, &[&[1]])]), failure(SubIndication::FormatFailure)),
        (field::END, tlv(0x01, &[&[0]]), PASSED),
        (field::END, tlv(0x01, &[&[1]]), failure(SubIndication::FormatFailure)),
        (field::END, tlv(0x02, &[&[9; 20]]), PASSED),
        (field::END, tlv(0x02, &[&[9; 65]]), failure(SubIndication::FormatFailure)),
        (field::END, tlv(0xa0, &[&tlv(0x0c, &["ЦСК".as_bytes()])]), PASSED),
        (field::END, tlv(0xa0, &[]), failure(SubIndication::FormatFailure)),
        (field::END, extension(&[]), PASSED),
        (field::END, extension(&[1, 1, 0]), PASSED),
        (field::END, extension(&[1, 1, 0xff]), doubt(SubIndication::SigConstraintsFailure)),
        (field::END, tlv(0xa2, &[]), failure(SubIndication::FormatFailure)),
    ] {
        let judged = bend(place, with.clone());
        assert_eq!(outcome(&judged), due, "{place} {with:02x?} {:?}", judged.report.reason);
    }
}

#[test]
fn a_bent_signer_proves_nothing() {
    type Bend = fn(&mut SignerPlan<'_>);
    let cases: [(Bend, (Indication, Option<SubIndication>)); 6] = [
        (|_| {}, PASSED),
        (|signer| signer.attributes = None, failure(SubIndication::FormatFailure)),
        (
            |signer| {
                signer.attributes.as_mut().unwrap()[0] = attribute(CONTENT_TYPE, &[&oid(DATA)]);
            },
            failure(SubIndication::FormatFailure),
        ),
        (
            |signer| {
                signer.attributes.as_mut().unwrap().remove(1);
            },
            doubt(SubIndication::SigConstraintsFailure),
        ),
        (
            |signer| {
                let other = Identity::new(9);
                let reference = Identity::reference_to(&other.certificate);
                signer.attributes.as_mut().unwrap()[1] = reference;
            },
            doubt(SubIndication::NoSigningCertificateFound),
        ),
        (
            |signer| {
                let protection = attribute(ALGORITHM_PROTECTION, &[&sequence(&[])]);
                signer.attributes.as_mut().unwrap().push(protection);
            },
            failure(SubIndication::FormatFailure),
        ),
    ];
    let authority = authority(7);
    for (place, (bend, due)) in cases.into_iter().enumerate() {
        let token = TokenPlan::new(&authority, COVERED, TIME).write_with(bend);
        let judged = judge_by(&token, &trust(&[&authority]), &[]);
        assert_eq!(outcome(&judged), due, "{place} {:?}", judged.report.reason);
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let person = Identity::new(1);
    let trusted = trust(&[&person]);
    for (token, due) in [
        (attached(&person, COVERED), failure(SubIndication::FormatFailure)),
        (Bytes::new(), failure(SubIndication::FormatFailure)),
        (Bytes::from_static(b"MIIB"), failure(SubIndication::FormatFailure)),
        // A person's certificate is not for time-stamping.
        (token(&person, COVERED, TIME), doubt(SubIndication::ChainConstraintsFailure)),
    ] {
        let judged = judge_by(&token, &trusted, &[]);
        assert_eq!(outcome(&judged), due, "{:?}", judged.report.reason);
        assert!(judged.report.reason.is_some());
    }
}

#[test]
fn an_expired_authority_proves_nothing_by_itself() {
    let authority = authority_valid(7, [b"240101000000Z", b"260815000000Z"]);
    let token = token(&authority, COVERED, TIME);
    let trusted = trust(&[&authority]);
    assert_eq!(outcome(&judge_by(&token, &trusted, &[])), doubt(SubIndication::OutOfBoundsNoPoe));
    let earlier = judge_at(&token, &trusted, &[], moment("2026-08-10T00:00:00Z"));
    assert_eq!(outcome(&earlier), PASSED);
}

#[test]
fn unusual_purposes_are_told() {
    let document = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04];
    let time_stamping = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
    let usage = |critical: &[u8], purposes: &[&[u8]]| {
        let purposes: Vec<_> = purposes.iter().map(|purpose| oid(purpose)).collect();
        let purposes = sequence(&purposes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        sequence(&[&oid(&[0x55, 0x1d, 0x25]), critical, &tlv(0x04, &[&purposes])])
    };
    for (usage, tolerated) in [
        (for_time_stamping(), false),
        (usage(&[], &[time_stamping]), true),
        (usage(&[1, 1, 0xff], &[time_stamping, document]), true),
    ] {
        let authority = Identity::valid(7, [b"240101000000Z", b"431231235959Z"], &[&usage]);
        let judged = judge_by(&token(&authority, COVERED, TIME), &trust(&[&authority]), &[]);
        assert_eq!(outcome(&judged), PASSED);
        let codes: Vec<_> = judged.report.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes == [WarningCode::Tolerated], tolerated, "{codes:?}");
    }
}

#[test]
fn is_qualified_when_a_list_had_granted_the_service_at_that_time() {
    let authority = authority(7);
    let service = |kind, from: &str, is_granted| TrustService {
        kind,
        provider: "Тест".to_owned(),
        name: "Тест".to_owned(),
        certificates: vec![certificate(&authority)],
        key_ids: Vec::new(),
        subjects: Vec::new(),
        list: None,
        history: vec![ServiceStatus::new(moment(from), is_granted)],
    };
    let early = "2025-01-01T00:00:00Z";
    for (service, qualified, is_right) in [
        (service(ServiceKind::QualifiedTimeStamping, early, true), true, true),
        (service(ServiceKind::QualifiedTimeStamping, early, false), false, false),
        (service(ServiceKind::QualifiedTimeStamping, "2026-08-02T00:00:00Z", true), false, false),
        (service(ServiceKind::QualifiedAuthority, early, true), false, true),
    ] {
        let trust = TrustStore::empty().with_services(vec![service]);
        let right = judge_by(&token(&authority, COVERED, TIME), &trust, &[]);
        assert_eq!(right.report.qualified, Some(qualified));
        assert_eq!(right.proved.is_some(), is_right, "{:?}", right.report.reason);
        let wrong = judge_by(&token(&authority, b"other", TIME), &trust, &[]);
        assert_eq!(wrong.report.qualified, Some(false));
    }
}

#[test]
fn whether_a_service_is_granted_is_unknown_when_its_list_is_long_overdue() {
    let authority = authority(7);
    let service = TrustService {
        kind: ServiceKind::QualifiedTimeStamping,
        provider: "Тест".to_owned(),
        name: "Тест".to_owned(),
        certificates: vec![certificate(&authority)],
        key_ids: Vec::new(),
        subjects: Vec::new(),
        list: None,
        history: vec![ServiceStatus::new(moment("2025-01-01T00:00:00Z"), true)],
    };
    let overdue = doubt(SubIndication::CertificateChainGeneralFailure);
    for (next_update, by_hand, qualified, due) in [
        (Some("2026-09-01T00:00:00Z"), false, Some(true), PASSED),
        (Some("2026-08-25T10:00:00Z"), false, Some(true), PASSED),
        (Some("2026-08-25T09:59:59Z"), false, None, overdue),
        (Some("2026-08-25T09:59:59Z"), true, None, PASSED),
        // The time that the token states is its authority's word.
        (Some("2026-08-10T00:00:00Z"), false, None, overdue),
        (None, false, Some(true), PASSED),
    ] {
        let list = TrustList {
            territory: "UA".to_owned(),
            sequence: 1,
            issued_at: moment("2026-01-01T00:00:00Z"),
            next_update: next_update.map(moment),
            services: vec![service.clone()],
            problems: Vec::new(),
        };
        let directory = if by_hand { trust(&[&authority]) } else { TrustStore::empty() };
        let trust = directory.with_list(list);
        let judged = judge_by(&token(&authority, COVERED, TIME), &trust, &[]);
        assert_eq!(outcome(&judged), due, "{next_update:?}: {:?}", judged.report.reason);
        assert_eq!(judged.report.qualified, qualified, "{next_update:?}");
        if due == overdue {
            let reason = judged.report.reason.unwrap();
            assert!(reason.contains("the trust list of UA"), "{reason}");
            assert!(reason.contains(next_update.unwrap()), "{reason}");
        }
    }
}

/// Every byte in three ways: the lowest bit, the highest, and all.
#[test]
fn no_byte_of_a_token_can_be_changed() {
    let authority = authority(7);
    let trusted = trust(&[&authority]);
    for certificate in [true, false] {
        let token = TokenPlan { certificate, ..TokenPlan::new(&authority, COVERED, TIME) }.write();
        for place in 0..token.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut bent = token.to_vec();
                bent[place] ^= mask;
                let judged = judge_by(&bent.into(), &trusted, &[]);
                assert_ne!(outcome(&judged), PASSED, "byte {place} ^ {mask:02x}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), place in 0..900_usize) {
        let authority = authority(7);
        let trusted = trust(&[&authority]);
        judge_by(&bytes.clone().into(), &trusted, &[]);
        let mut token = token(&authority, COVERED, TIME).to_vec();
        let place = place.min(token.len());
        let end = place.saturating_add(bytes.len()).min(token.len());
        let is_changed = token[place..end] != bytes[..];
        token.splice(place..end, bytes);
        let judged = judge_by(&token.into(), &trusted, &[]);
        prop_assert!(!is_changed || judged.proved.is_none());
    }
}
