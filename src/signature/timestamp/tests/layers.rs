//! Time-stamps around whole signatures, of every kind, and what they prove together.

use std::cell::RefCell;

use super::{certificate, moment, trust};
use crate::{
    algorithms::DigestAlgorithm,
    asn1::Element,
    domain::{BestTimeSource, Indication, SignatureReport, SubIndication, Timestamp, WarningCode},
    signature::{
        Budget, Conditions, Limits, Signed,
        cms::SignedData,
        examine,
        sample::{
            DATA, FilePlan, Identity, SHA256, SHA512, SignerPlan, algorithm, attribute, oid,
            sequence,
            time_stamp::{TokenPlan, authority, authority_valid, token},
            tlv,
        },
        signer::Basis,
        timestamp::judge_all,
    },
    trust::TrustStore,
};

mod again;
mod ended;

const CONTENT: &[u8] = b"%PDF-1.7 a copy";

const CERTIFICATE_REFS: u8 = 21;
const REVOCATION_REFS: u8 = 22;
const SIGNATURE: u8 = 14;
const CONTENT_STAMP: u8 = 20;
const CADES_C: u8 = 25;
const REFERENCES: u8 = 26;
const ARCHIVE: u8 = 27;
const ARCHIVE_V2: u8 = 48;
const ARCHIVE_V3: &[u8] = &[4, 0, 0x8d, 0x45, 2, 4];
const INDEX_OLD: &[u8] = &[4, 0, 0x8d, 0x45, 2, 5];
const INDEX_V3: &[u8] = &[4, 0, 0x81, 0x95, 0x32, 1, 5];

/// `1.2.840.113549.1.9.16.2.number`
fn aa(number: u8) -> Vec<u8> {
    vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, number]
}

fn stamp(number: u8, token: &[u8]) -> Vec<u8> {
    attribute(&aa(number), &[token])
}

/// A signature that grows.
struct Growing {
    signer: Identity,
    /// More signed attributes.
    signed: Vec<Vec<u8>>,
    unsigned: Vec<Vec<u8>>,
}

impl Growing {
    fn new() -> Self {
        Self { signer: Identity::new(1), signed: Vec::new(), unsigned: Vec::new() }
    }

    fn signer_info(&self) -> Vec<u8> {
        self.signer_info_with(&self.unsigned)
    }

    fn signer_info_with(&self, unsigned: &[Vec<u8>]) -> Vec<u8> {
        let mut plan = SignerPlan::new(&self.signer, CONTENT);
        plan.attributes.as_mut().unwrap().extend(self.signed.iter().cloned());
        plan.unsigned = (!unsigned.is_empty()).then(|| unsigned.to_vec());
        plan.write(CONTENT)
    }

    fn file(&self) -> bytes::Bytes {
        FilePlan::new(Some(CONTENT), &[&self.signer], &[self.signer_info()]).write()
    }

    fn value(&self) -> Vec<u8> {
        let read = SignedData::parse(&self.file(), &Limits::default()).unwrap();
        read.signers[0].signature.to_vec()
    }

    /// Adds a right signature time-stamp.
    fn stamped(mut self, authority: &Identity, time: &str) -> Self {
        self.unsigned.push(stamp(SIGNATURE, &token(authority, &self.value(), time)));
        self
    }

    /// What an archive time-stamp of the second version is over by annex K.
    fn for_archive_v2(&self, with_header: bool) -> Vec<u8> {
        let content = tlv(0xa0, &[&tlv(0x04, &[CONTENT])]);
        let fields = Element::only(&self.signer_info_with(&[])).unwrap().value.to_vec();
        let unsigned = self.unsigned.concat();
        [
            sequence(&[&oid(DATA), &content]),
            tlv(0xa0, &[&self.signer.certificate]),
            fields,
            if with_header { tlv(0xa1, &[&unsigned]) } else { unsigned },
        ]
        .concat()
    }

    /// The index of version 3 of all that is there.
    fn index(&self) -> Vec<u8> {
        let values = self.unsigned.iter().map(|attribute| {
            let mut fields = Element::only(attribute).unwrap().inside().unwrap();
            let id = fields.next().unwrap().raw;
            [id, fields.next().unwrap().value].concat()
        });
        let names = values.map(|value| name(&value)).collect::<Vec<_>>().concat();
        sequence(&[
            &algorithm(SHA256),
            &sequence(&[&name(&self.signer.certificate)]),
            &sequence(&[]),
            &sequence(&[&names]),
        ])
    }

    /// An archive time-stamp of the third version with this index.
    fn archive_v3(&self, authority: &Identity, time: &str, id: &[u8], index: &[u8]) -> Vec<u8> {
        let covered = [
            oid(DATA),
            DigestAlgorithm::Sha256.digest(CONTENT),
            Element::only(&self.signer_info_with(&[])).unwrap().value.to_vec(),
            index.to_vec(),
        ];
        let mut plan = TokenPlan::new(authority, &covered.concat(), time);
        plan.unsigned = Some(vec![attribute(id, &[index])]);
        attribute(ARCHIVE_V3, &[&plan.write()])
    }

    fn judge(&self, trust: &TrustStore, at: Timestamp) -> SignatureReport {
        let signed = Signed { content: None, signatures: vec![self.file()] };
        let examined = examine(&signed, &Conditions::new(trust, at));
        examined.report().signatures[0].clone()
    }

    /// Judged on 2026-09-01 by somebody who trusts the signer and these authorities.
    fn report(&self, authorities: &[&Identity]) -> SignatureReport {
        let all = [&[&self.signer], authorities].concat();
        self.judge(&trust(&all), moment("2026-09-01T10:00:05Z"))
    }
}

/// The name of something in an index.
fn name(thing: &[u8]) -> Vec<u8> {
    tlv(0x04, &[&DigestAlgorithm::Sha256.digest(thing)])
}

fn best(report: &SignatureReport) -> (String, BestTimeSource) {
    (report.best_time.to_string(), report.best_time_source)
}

fn receipt() -> (String, BestTimeSource) {
    ("2026-09-01T10:00:05Z".to_owned(), BestTimeSource::Receipt)
}

#[test]
fn every_kind_is_judged_over_what_it_is_over() {
    let authority = authority(7);
    let time = "20260801100000Z";
    let proved = |source| ("2026-08-01T10:00:00Z".to_owned(), source);
    let by_signature = proved(BestTimeSource::SignatureTimestamp);
    let by_archive = proved(BestTimeSource::ArchiveTimestamp);
    let with = |unsigned: Vec<Vec<u8>>| Growing { unsigned, ..Growing::new() };
    let add = |mut growing: Growing, attribute| {
        growing.unsigned.push(attribute);
        growing
    };

    let value = Growing::new().value();
    let refs = [
        attribute(&aa(CERTIFICATE_REFS), &[&sequence(&[])]),
        attribute(&aa(REVOCATION_REFS), &[&sequence(&[])]),
    ];
    let bare_refs = refs.each_ref().map(|raw| Element::only(raw).unwrap().value.to_vec()).concat();
    let signature = stamp(SIGNATURE, &token(&authority, &value, time));
    let bare_signature = Element::only(&signature).unwrap().value;
    let cades_c = [&value[..], bare_signature, &bare_refs].concat();
    let whole = Growing::new().stamped(&authority, time);
    let archived = [true, false].map(|with_header| {
        let token = token(&authority, &whole.for_archive_v2(with_header), "20260801100001Z");
        with(vec![signature.clone(), stamp(ARCHIVE_V2, &token)])
    });
    let [with_header, without_header] = archived;
    let index = whole.index();
    let v3 = whole.archive_v3(&authority, "20260801100001Z", INDEX_V3, &index);
    let old_index = sequence(&[
        &sequence(&[&name(&whole.signer.certificate)]),
        &sequence(&[]),
        &sequence(&[&name(&signature)]),
    ]);
    let v3_old = whole.archive_v3(&authority, "20260801100001Z", INDEX_OLD, &old_index);
    let alone = Growing::new();
    let v3_alone = alone.archive_v3(&authority, time, INDEX_V3, &alone.index());
    let content = Growing {
        signed: vec![stamp(CONTENT_STAMP, &token(&authority, CONTENT, time))],
        ..Growing::new()
    };
    for (growing, rights, due) in [
        (with(vec![signature.clone()]), 1, by_signature.clone()),
        (
            add(
                with([std::slice::from_ref(&signature), &refs[..]].concat()),
                stamp(CADES_C, &token(&authority, &cades_c, "20260801100001Z")),
            ),
            2,
            by_signature.clone(),
        ),
        (
            add(with(refs.to_vec()), stamp(REFERENCES, &token(&authority, &bare_refs, time))),
            1,
            receipt(),
        ),
        (with_header, 2, by_signature.clone()),
        (without_header, 2, by_signature.clone()),
        (add(whole, v3), 2, by_signature.clone()),
        (with(vec![signature.clone(), v3_old]), 2, by_signature),
        (with(vec![v3_alone]), 1, by_archive),
        (content, 1, receipt()),
    ] {
        let report = growing.report(&[&authority]);
        assert_eq!(report.indication, Indication::TotalPassed, "{report:#?}");
        for stamp in &report.timestamps {
            assert_eq!(stamp.indication, Indication::TotalPassed, "{stamp:#?}");
            assert_eq!(stamp.warnings, [], "{}", stamp.kind);
        }
        assert_eq!(report.timestamps.len(), rights);
        assert_eq!(best(&report), due);
        let only_content = report.warnings.iter().any(|w| w.code == WarningCode::ContentTimeOnly);
        assert_eq!(only_content, !growing.signed.is_empty());
    }
}

#[test]
fn a_signer_that_expired_since_is_judged_for_the_moment_that_is_proved() {
    let authority = authority(7);
    let mut growing = Growing::new();
    growing.signer = Identity::valid(1, [b"240101000000Z", b"260815000000Z"], &[]);
    let report = growing.report(&[&authority]);
    assert_eq!(report.sub_indication, Some(SubIndication::OutOfBoundsNoPoe));
    let report = growing.stamped(&authority, "20260801100000Z").report(&[&authority]);
    assert_eq!(report.indication, Indication::TotalPassed, "{report:#?}");
}

#[test]
fn a_wrong_time_stamp_is_told_and_changes_nothing_else() {
    let (authority, other) = (authority(7), authority(8));
    let value = Growing::new().value();
    let time = "20260801100000Z";
    for (attribute, due) in [
        (stamp(SIGNATURE, &token(&authority, b"other", time)), SubIndication::HashFailure),
        (stamp(SIGNATURE, &token(&other, &value, time)), SubIndication::NoCertificateChainFound),
        (stamp(SIGNATURE, &tlv(0x0c, &[b"no token"])), SubIndication::FormatFailure),
        (stamp(ARCHIVE, &token(&authority, &value, time)), SubIndication::FormatFailure),
        (stamp(ARCHIVE_V2, &token(&authority, &value, time)), SubIndication::HashFailure),
        (attribute(ARCHIVE_V3, &[&token(&authority, &value, time)]), SubIndication::FormatFailure),
        (stamp(CADES_C, &token(&authority, b"other", time)), SubIndication::HashFailure),
    ] {
        let growing = Growing { unsigned: vec![attribute], ..Growing::new() };
        let report = growing.report(&[&authority]);
        assert_eq!(report.indication, Indication::TotalPassed, "{report:#?}");
        assert_eq!(best(&report), receipt());
        let [stamp] = report.timestamps.as_slice() else { panic!("{report:#?}") };
        assert_eq!(stamp.sub_indication, Some(due), "{:?}", stamp.reason);
        assert_ne!(stamp.indication, Indication::TotalPassed);
    }
}

#[test]
fn an_expired_authority_counts_when_an_archive_time_stamp_is_from_before_its_end() {
    let short = authority_valid(7, [b"240101000000Z", b"260815000000Z"]);
    let long = authority(8);
    let growing = Growing::new().stamped(&short, "20260801100000Z");
    let alone = growing.report(&[&short, &long]);
    assert_eq!(alone.timestamps[0].sub_indication, Some(SubIndication::OutOfBoundsNoPoe));
    assert_eq!(best(&alone), receipt());

    let nothing = sequence(&[
        &algorithm(SHA256),
        &sequence(&[&name(&growing.signer.certificate)]),
        &sequence(&[]),
        &sequence(&[]),
    ]);
    let by_signature = ("2026-08-01T10:00:00Z".to_owned(), BestTimeSource::SignatureTimestamp);
    let by_archive = |time: &str| (time.to_owned(), BestTimeSource::ArchiveTimestamp);
    let v2 = |time: &str| stamp(ARCHIVE_V2, &token(&long, &growing.for_archive_v2(true), time));
    let v3 = |time: &str, index: &[u8]| growing.archive_v3(&long, time, INDEX_V3, index);
    for (archive, due) in [
        (v2("20260810100000Z"), by_signature.clone()),
        (v2("20260820100000Z"), by_archive("2026-08-20T10:00:00Z")),
        (v3("20260810100000Z", &growing.index()), by_signature),
        (v3("20260820100000Z", &growing.index()), by_archive("2026-08-20T10:00:00Z")),
        // Over the signature, and not over the other time-stamp.
        (v3("20260810100000Z", &nothing), by_archive("2026-08-10T10:00:00Z")),
    ] {
        let unsigned = [growing.unsigned.clone(), vec![archive]].concat();
        let archived = Growing { unsigned, ..Growing::new() };
        let report = archived.report(&[&short, &long]);
        assert_eq!(report.indication, Indication::TotalPassed);
        assert_eq!(best(&report), due, "{:#?}", report.timestamps);
    }
}

#[test]
fn an_index_names_what_is_there_and_what_it_leaves_out_is_told() {
    let authority = authority(7);
    let growing = Growing::new().stamped(&authority, "20260801100000Z");
    let own = name(&growing.signer.certificate);
    let index = |hash: &[u8], certificates: &[u8]| {
        let none = sequence(&[]);
        sequence(&[&algorithm(hash), &sequence(&[certificates]), &none, &none])
    };
    for (index, due, left_out) in [
        (index(SHA256, &own), None, 1),
        (index(SHA256, &[]), None, 2),
        (index(SHA256, &name(b"gone")), Some(SubIndication::SigConstraintsFailure), 2),
        (index(SHA512, &own), Some(SubIndication::SigConstraintsFailure), 0),
        (sequence(&[]), Some(SubIndication::FormatFailure), 0),
        (sequence(&[&sequence(&[]), &sequence(&[])]), Some(SubIndication::FormatFailure), 0),
    ] {
        let archive = growing.archive_v3(&authority, "20260801100001Z", INDEX_V3, &index);
        let unsigned = [growing.unsigned.clone(), vec![archive]].concat();
        let report = Growing { unsigned, ..Growing::new() }.report(&[&authority]);
        let stamp = &report.timestamps[1];
        assert_eq!(stamp.sub_indication, due, "{:?}", stamp.reason);
        let told = stamp.warnings.iter().filter(|w| w.code == WarningCode::NotProtected);
        assert_eq!(told.count(), left_out, "{stamp:#?}");
    }
}

#[test]
fn time_stamps_that_contradict_each_other_are_no_proof() {
    let authority = authority(7);
    let content = |time: &str| stamp(CONTENT_STAMP, &token(&authority, CONTENT, time));
    for (time, due) in [
        ("20260801100000Z", None),
        ("20260801100000.1Z", Some(SubIndication::TimestampOrderFailure)),
    ] {
        let growing = Growing { signed: vec![content(time)], ..Growing::new() };
        let report = growing.stamped(&authority, "20260801100000Z").report(&[&authority]);
        assert_eq!(report.sub_indication, due, "{time}");
        assert_eq!(report.best_time_source, BestTimeSource::SignatureTimestamp);
    }
}

#[test]
fn a_detached_signature_is_time_stamped_with_its_document() {
    let (signer, authority) = (Identity::new(1), authority(7));
    let mut plan = SignerPlan::new(&signer, CONTENT);
    let content = stamp(CONTENT_STAMP, &token(&authority, CONTENT, "20260801100000Z"));
    plan.attributes.as_mut().unwrap().push(content);
    let file = FilePlan::new(None, &[&signer], &[plan.write(CONTENT)]).write();
    let trust = TrustStore::new(vec![certificate(&signer), certificate(&authority)]);
    for (content, due) in [
        (Some(CONTENT), None),
        (Some(&b"other"[..]), Some(SubIndication::HashFailure)),
        (None, Some(SubIndication::SignedDataNotFound)),
    ] {
        let content = content.map(bytes::Bytes::from_static);
        let detached = Signed { content, signatures: vec![file.clone()] };
        let conditions = Conditions::new(&trust, moment("2026-09-01T10:00:05Z"));
        let examined = examine(&detached, &conditions);
        let stamp = &examined.report().signatures[0].timestamps[0];
        assert_eq!(stamp.sub_indication, due, "{:?}", stamp.reason);
    }
}

#[test]
fn time_stamps_beyond_the_limit_are_told_and_not_judged() {
    let authority = authority(7);
    let mut growing = Growing::new();
    for second in 10..30 {
        growing = growing.stamped(&authority, &format!("202608011000{second}Z"));
    }
    let report = growing.report(&[&authority]);
    assert_eq!(report.timestamps.len(), 20);
    let judged = report.timestamps.iter().filter(|stamp| stamp.policy.is_some());
    assert_eq!(judged.count(), 16);
    assert_eq!(report.indication, Indication::TotalPassed);
}

/// The lowest and the highest bit of every byte.
#[test]
fn no_byte_of_an_archived_signature_can_be_changed_unnoticed() {
    let authority = authority(7);
    let growing = Growing::new().stamped(&authority, "20260801100000Z");
    let archive = growing.archive_v3(&authority, "20260801100001Z", INDEX_V3, &growing.index());
    let unsigned = [growing.unsigned.clone(), vec![archive]].concat();
    let file = Growing { unsigned, ..Growing::new() }.file();
    let trust = trust(&[&growing.signer, &authority]);
    let conditions = Conditions::new(&trust, moment("2026-09-01T10:00:05Z"));
    let told = |file: Vec<u8>| {
        let signed = Signed { content: None, signatures: vec![file.into()] };
        let examined = examine(&signed, &conditions);
        let report = examined.report().signatures.first().cloned();
        report.map(|report| {
            let stamps = report.timestamps.into_iter();
            let stamps: Vec<_> = stamps.map(|stamp| (stamp.indication, stamp.warnings)).collect();
            (report.indication, report.warnings, stamps)
        })
    };
    let right = told(file.to_vec()).unwrap();
    assert_eq!(right.0, Indication::TotalPassed);
    assert!(right.2.iter().all(|stamp| stamp.0 == Indication::TotalPassed && stamp.1.is_empty()));
    for place in 0..file.len() {
        for mask in [0x01, 0x80] {
            let mut bent = file.to_vec();
            bent[place] ^= mask;
            assert_ne!(told(bent), Some(right.clone()), "byte {place} ^ {mask:02x}");
        }
    }
}

#[test]
fn an_archive_time_stamp_vouches_for_no_other_that_it_is_not_over() {
    let (outer, ended) = (authority(7), authority_valid(8, [b"240101000000Z", b"260815000000Z"]));
    let mut growing = Growing::new();
    // What the outer one is over does not have the attribute that is added to it later: one of its
    // values cannot be read.
    let covered = growing.for_archive_v2(false);
    let right = stamp(ARCHIVE_V2, &token(&outer, &covered, "20260810100000Z"));
    let forged = token(&ended, &covered, "20260801100000Z");
    growing.unsigned = vec![right, attribute(&aa(ARCHIVE_V2), &[&sequence(&[]), &forged])];
    let report = growing.report(&[&outer, &ended]);
    assert_eq!(report.timestamps[0].indication, Indication::TotalPassed, "{:?}", report.timestamps);
    assert_eq!(report.best_time, moment("2026-08-10T10:00:00Z"));
    assert!(report.timestamps.iter().skip(1).all(|it| it.indication != Indication::TotalPassed));
}

#[test]
fn the_work_on_indexes_is_bounded() {
    let authority = authority(7);
    let mut growing = Growing::new();
    let index = growing.index();
    let archived = growing.archive_v3(&authority, "20260810100000Z", INDEX_V3, &index);
    growing.unsigned = vec![archived];
    let signed_data = SignedData::parse(&growing.file(), &Limits::default()).unwrap();
    let trusted = trust(&[&growing.signer, &authority]);
    let content = bytes::Bytes::from(vec![0; 9 << 20]);
    for (hashed_bytes, words) in
        [(64 << 20, "is over other bytes"), (8 << 20, "more bytes would have to be hashed")]
    {
        let conditions = Conditions::new(&trusted, moment("2026-09-01T10:00:05Z"));
        let budget = Budget::new(&Limits { hashed_bytes, ..Limits::default() });
        let wanted = RefCell::default();
        let basis = Basis::new(&conditions, &budget, &wanted);
        let stamped = judge_all(&signed_data, &signed_data.signers[0], Some(&content), basis);
        let reason = stamped.reports[0].reason.clone().unwrap();
        assert!(reason.contains(words), "{reason}");
    }
}
