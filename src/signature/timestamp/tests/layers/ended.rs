//! Certificates and authorities that have ended: what still counts, and what moves nothing.

use super::*;
use crate::trust::{ServiceKind, ServiceStatus, TrustService};

/// ETSI EN 319 102-1 §5.3.4: a content time-stamp is a lower bound.
#[test]
fn a_content_time_stamp_keeps_no_expired_certificate_alive_and_proves_that_it_had_expired() {
    let authority = authority(7);
    let content = |time: &str| stamp(CONTENT_STAMP, &token(&authority, CONTENT, time));
    let expiring = || Identity::valid(1, [b"240101000000Z", b"260815000000Z"], &[]);
    let doubt = (Indication::Indeterminate, Some(SubIndication::OutOfBoundsNoPoe));
    let expired = (Indication::TotalFailed, Some(SubIndication::Expired));
    let disorder = (Indication::Indeterminate, Some(SubIndication::TimestampOrderFailure));
    for (contents, stamped, due) in [
        (vec![], None, doubt),
        (vec!["20260801100000Z"], None, doubt),
        (vec!["20260815000000Z"], None, doubt),
        (vec!["20260815000001Z"], None, expired),
        (vec!["20260801100000Z", "20260820100000Z"], None, expired),
        (vec!["20260801100000Z"], Some("20260802100000Z"), (Indication::TotalPassed, None)),
        (vec!["20260801100000Z"], Some("20260820100000Z"), doubt),
        (vec!["20260818100000Z"], Some("20260820100000Z"), expired),
        (vec!["20260820100000Z"], Some("20260801100000Z"), disorder),
    ] {
        let signed = contents.iter().map(|time| content(time)).collect();
        let mut growing = Growing { signer: expiring(), signed, unsigned: Vec::new() };
        if let Some(time) = stamped {
            growing = growing.stamped(&authority, time);
        }
        let report = growing.report(&[&authority]);
        let found = (report.indication, report.sub_indication);
        assert_eq!(found, due, "{contents:?} {stamped:?}: {:?}", report.reason);
    }
}

/// The two ways in which an authority ends, each on 2026-08-15, and one that goes on.
fn ended_and_lasting(withdrawn: bool) -> (Identity, Identity, TrustStore) {
    let end: &[u8] = if withdrawn { b"431231235959Z" } else { b"260815000000Z" };
    let (ended, lasting) = (authority_valid(7, [b"240101000000Z", end]), authority(8));
    let service = |identity: &Identity, history: &[(&str, bool)]| TrustService {
        kind: ServiceKind::QualifiedTimeStamping,
        provider: "Тест".to_owned(),
        name: "Тест".to_owned(),
        certificates: vec![certificate(identity)],
        key_ids: Vec::new(),
        subjects: Vec::new(),
        list: None,
        history: history
            .iter()
            .map(|(from, is_granted)| ServiceStatus::new(moment(from), *is_granted))
            .collect(),
    };
    let always = [("2024-01-01T00:00:00Z", true), ("2026-08-15T00:00:01Z", false)];
    let history = if withdrawn { &always[..] } else { &always[..1] };
    let services = vec![service(&ended, history), service(&lasting, &always[..1])];
    let trust = TrustStore::new(vec![certificate(&Identity::new(1))]).with_services(services);
    (ended, lasting, trust)
}

#[test]
fn an_authority_that_ended_moves_nothing_back_whatever_its_key_writes() {
    let now = moment("2026-09-01T10:00:05Z");
    let archived = |time: &str| (time.to_owned(), BestTimeSource::ArchiveTimestamp);
    for withdrawn in [true, false] {
        let (ended, lasting, trust) = ended_and_lasting(withdrawn);
        // What somebody with its key makes today, in every kind, order and number.
        for kinds in 1..32_u8 {
            for says in ["20250101000000Z", "20260814235959Z", "20260901100000Z"] {
                let mut forged = Growing::new();
                if kinds & 1 > 0 {
                    let content = stamp(CONTENT_STAMP, &token(&ended, CONTENT, says));
                    forged.signed.push(content);
                }
                if kinds & 2 > 0 {
                    forged = forged.stamped(&ended, says);
                }
                if kinds & 4 > 0 {
                    let covered = forged.for_archive_v2(true);
                    forged.unsigned.push(stamp(ARCHIVE_V2, &token(&ended, &covered, says)));
                }
                if kinds & 8 > 0 {
                    let index = forged.index();
                    forged.unsigned.push(forged.archive_v3(&ended, says, INDEX_V3, &index));
                }
                if kinds & 16 > 0 {
                    forged = forged.stamped(&ended, "20260101000000Z");
                }
                let report = forged.judge(&trust, now);
                let what = format!("{withdrawn} {kinds:05b} {says}: {:#?}", report.timestamps);
                assert_eq!(best(&report), receipt(), "{what}");
                let stamps = || report.timestamps.iter();
                assert!(stamps().all(|it| it.indication != Indication::TotalPassed), "{what}");
                assert!(stamps().all(|it| it.qualified == Some(false)), "{what}");
                assert!(report.warnings.iter().all(|w| w.code != WarningCode::ContentTimeOnly));

                // A time-stamp by an authority that goes on proves no more than its own time.
                let index = forged.index();
                let outer = forged.archive_v3(&lasting, "20260820100000Z", INDEX_V3, &index);
                forged.unsigned.push(outer);
                let report = forged.judge(&trust, now);
                let what = format!("{withdrawn} {kinds:05b} {says}: {:#?}", report.timestamps);
                assert_eq!(best(&report), archived("2026-08-20T10:00:00Z"), "{what}");
            }
        }
        // What it made while it lasted counts when one that goes on has vouched for it by then.
        let honest = Growing::new().stamped(&ended, "20260801100000Z");
        let by_signature = ("2026-08-01T10:00:00Z".to_owned(), BestTimeSource::SignatureTimestamp);
        for (time, due) in [
            ("20260814100000Z", by_signature),
            ("20260816100000Z", archived("2026-08-16T10:00:00Z")),
        ] {
            let outer = honest.archive_v3(&lasting, time, INDEX_V3, &honest.index());
            let unsigned = [honest.unsigned.clone(), vec![outer]].concat();
            let report = Growing { unsigned, ..Growing::new() }.judge(&trust, now);
            assert_eq!(best(&report), due, "{withdrawn} {time}: {:#?}", report.timestamps);
        }
    }
}
