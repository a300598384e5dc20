//! Authorities of archived signatures that were good by what was said before the receipt.

use super::*;
use crate::{
    domain::RevocationPolicy,
    signature::Examined,
    trust::{
        RevocationStore,
        revocation_sample::{
            AnswerDraft, Said, issuer, person, person_until, time_stamping_authority,
        },
    },
};

/// Judged on 2026-07-01: time-stamped on the 5th of June, by an authority that has to be asked, and
/// archived on the 20th under one that is trusted by itself.
fn judge(
    signer_until: &'static str,
    policy: RevocationPolicy,
    of_authority: &[(Said, &'static str)],
) -> Examined {
    let signer = person_until(signer_until);
    let asked = time_stamping_authority(6);
    let archive = authority(8);
    let growing = Growing { signer: Identity::of(9, &signer), ..Growing::new() };
    let mut growing = growing.stamped(&Identity::of(6, &asked), "20260605100000Z");
    let covered = growing.for_archive_v2(true);
    growing.unsigned.push(stamp(ARCHIVE_V2, &token(&archive, &covered, "20260620100000Z")));
    let mut store = RevocationStore::empty();
    store.add(&AnswerDraft::new(Said::Good, "0606").der()).unwrap();
    for (said, day) in of_authority {
        let about = AnswerDraft { certificate: asked.clone(), ..AnswerDraft::new(*said, day) };
        store.add(&about.der()).unwrap();
    }
    let trust = TrustStore::new(vec![issuer(), certificate(&archive)]);
    let conditions = Conditions {
        revocation: &store,
        revocation_policy: policy,
        ..Conditions::new(&trust, moment("2026-07-01T12:00:00Z"))
    };
    examine(&Signed { content: None, signatures: vec![growing.file()] }, &conditions)
}

fn has_reserve(report: &SignatureReport) -> bool {
    report.warnings.iter().any(|warning| warning.code == WarningCode::RevocationUnchecked)
}

/// The signer's certificate ended between the two time-stamps: the signature rests on the first.
#[test]
fn an_archived_signature_passes_with_a_reserve_until_its_authority_is_heard_again() {
    use Said::{Good, Revoked};
    const ENDED: &str = "260610000000Z";
    let old = (Good, "0621");
    let passed = (Indication::TotalPassed, None);
    let ended = (Indication::Indeterminate, Some(SubIndication::OutOfBoundsNoPoe));
    let prefer = RevocationPolicy::Prefer;
    for (policy, of_authority, due, reserve, is_asked) in [
        (prefer, vec![old], passed, true, true),
        (prefer, vec![old, (Good, "0701")], passed, false, false),
        (prefer, vec![(Good, "0701")], passed, false, false),
        // Nothing says that it was good when the archive time-stamp was made.
        (prefer, vec![(Good, "0619")], ended, true, true),
        (prefer, vec![], ended, true, true),
        (prefer, vec![old, (Revoked("0604", 1), "0701")], ended, false, false),
        (prefer, vec![old, (Revoked("0625", 4), "0701")], passed, false, false),
        (RevocationPolicy::Require, vec![old], ended, false, true),
        (RevocationPolicy::Require, vec![old, (Good, "0701")], passed, false, false),
    ] {
        let examined = judge(ENDED, policy, &of_authority);
        let report = &examined.report().signatures[0];
        let what = format!("{policy:?} {of_authority:?}: {:?}", report.reason);
        assert_eq!((report.indication, report.sub_indication), due, "{what}");
        assert_eq!(has_reserve(report), reserve, "{what}: {:?}", report.warnings);
        let asked: Vec<_> = examined.wanted().iter().map(|it| &it.certificate).collect();
        let expected = time_stamping_authority(6);
        assert_eq!(asked == [&expected], is_asked, "{what}: {asked:?}");
        assert!(examined.wanted().iter().all(|it| it.since >= moment("2026-06-20T10:00:00Z")));
    }
}

/// Both authorities of a certificate that is still valid are asked at once.
#[test]
fn an_archived_signature_by_a_valid_certificate_is_asked_about_with_its_authorities() {
    let examined = judge("271231235959Z", RevocationPolicy::Prefer, &[(Said::Good, "0621")]);
    let report = &examined.report().signatures[0];
    assert_eq!((report.indication, has_reserve(report)), (Indication::TotalPassed, true));
    assert_eq!(report.best_time, moment("2026-06-05T10:00:00Z"));
    let asked: Vec<_> = examined.wanted().iter().map(|it| (&it.certificate, it.since)).collect();
    let received_at = moment("2026-07-01T12:00:00Z");
    let (first, second) = (time_stamping_authority(6), person());
    assert_eq!(asked, [(&first, received_at), (&second, received_at)]);
}
