//! Authorities of which nobody can say whether they were revoked.

use bytes::Bytes;

use super::moment;
use crate::{
    domain::{Indication, RevocationPolicy, SignatureReport, SubIndication, WarningCode},
    signature::{
        Conditions, Signed, examine,
        sample::{
            FilePlan, Identity, SIGNATURE_TIME_STAMP, SignerPlan, attribute, oid,
            time_stamp::token, tlv,
        },
    },
    trust::{
        Certificate, RevocationStore, TrustStore,
        revocation_sample::{
            AnswerDraft, Said, issuer, person, person_until, time_stamping_authority,
        },
    },
};

const CONTENT: &[u8] = b"%PDF-1.7 a copy";
const GOOD: Option<Said> = Some(Said::Good);

/// One judgement at 2026-07-01 of a signature with a time-stamp that says 2026-06-05.
struct Case {
    signer: Certificate,
    /// What the installation knows of the signer, and of the time-stamping authority.
    known: [Option<Said>; 2],
    /// Whether the signature brings an answer of the day after the time-stamp.
    brings_answer: bool,
    policy: RevocationPolicy,
}

impl Case {
    fn new(signer: Option<Said>, authority: Option<Said>) -> Self {
        let known = [signer, authority];
        let policy = RevocationPolicy::Prefer;
        Self { signer: person(), known, brings_answer: false, policy }
    }

    fn judge(&self) -> SignatureReport {
        let authority = time_stamping_authority(6);
        let certificates = [&self.signer, &authority];
        let mut store = RevocationStore::empty();
        for (certificate, said) in certificates.into_iter().zip(self.known) {
            if let Some(said) = said {
                store.add(&answer(certificate, said, "0701")).unwrap();
            }
        }
        let trust = TrustStore::new(vec![issuer()]);
        let conditions = Conditions {
            revocation: &store,
            revocation_policy: self.policy,
            ..Conditions::new(&trust, moment("2026-07-01T12:00:00Z"))
        };
        let signed = Signed { content: None, signatures: vec![self.file(&authority)] };
        let examined = examine(&signed, &conditions);
        examined.report().signatures.first().unwrap().clone()
    }

    fn file(&self, authority: &Certificate) -> Bytes {
        let signer = Identity::of(9, &self.signer);
        let mut plan = SignerPlan::new(&signer, CONTENT);
        let bare = plan.write(CONTENT);
        let (_, value) = bare.split_last_chunk::<64>().unwrap();
        let token = token(&Identity::of(6, authority), value, "20260605100000Z");
        plan.unsigned = Some(vec![attribute(SIGNATURE_TIME_STAMP, &[&token])]);
        let mut file = FilePlan::new(Some(CONTENT), &[&signer], &[plan.write(CONTENT)]);
        if self.brings_answer {
            let format = oid(&[0x2b, 6, 1, 5, 5, 7, 16, 2]);
            file.crls = vec![tlv(0xa1, &[&format, &answer(&self.signer, Said::Good, "0606")])];
            file.version = 5;
        }
        file.write()
    }
}

fn answer(certificate: &Certificate, said: Said, day: &'static str) -> Vec<u8> {
    AnswerDraft { certificate: certificate.clone(), ..AnswerDraft::new(said, day) }.der()
}

type Outcome = (Indication, Option<SubIndication>);
const PASSED: Outcome = (Indication::TotalPassed, None);

fn doubt(sub_indication: SubIndication) -> Outcome {
    (Indication::Indeterminate, Some(sub_indication))
}

fn outcome(report: &SignatureReport) -> Outcome {
    (report.indication, report.sub_indication)
}

fn has_reserve(report: &SignatureReport) -> bool {
    report.warnings.iter().any(|warning| warning.code == WarningCode::RevocationUnchecked)
}

#[test]
fn a_time_stamp_of_an_authority_that_nobody_checked_lifts_no_known_revocation() {
    let revoked = Some(Said::Revoked("0610", 1));
    let stolen = Some(Said::Revoked("0615", 1));
    for (authority, due) in [
        (None, doubt(SubIndication::RevokedNoPoe)),
        (stolen, doubt(SubIndication::RevokedNoPoe)),
        (GOOD, PASSED),
    ] {
        for brings_answer in [false, true] {
            for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
                let case = Case { brings_answer, policy, ..Case::new(revoked, authority) };
                let report = case.judge();
                let what = format!("{authority:?} {brings_answer} {policy:?}: {:?}", report.reason);
                assert_eq!(outcome(&report), due, "{what}");
            }
        }
    }
}

#[test]
fn a_time_stamp_of_an_authority_that_nobody_checked_outlives_no_certificate() {
    for (authority, due) in [(None, doubt(SubIndication::OutOfBoundsNoPoe)), (GOOD, PASSED)] {
        let signer = person_until("260615000000Z");
        let case = Case { signer, brings_answer: true, ..Case::new(None, authority) };
        let report = case.judge();
        assert_eq!(outcome(&report), due, "{authority:?}: {:?}", report.reason);
    }
}

#[test]
fn what_passes_with_an_authority_that_nobody_checked_passes_with_a_reserve() {
    for (signer, authority, brings_answer, reserve) in [
        (None, None, false, true),
        (None, None, true, true),
        (GOOD, None, false, true),
        (GOOD, None, true, true),
        (None, GOOD, false, true),
        // The answer that is brought is of before the receipt.
        (None, GOOD, true, true),
        (GOOD, GOOD, false, false),
        (GOOD, GOOD, true, false),
    ] {
        let report = Case { brings_answer, ..Case::new(signer, authority) }.judge();
        let what = format!("{signer:?} {authority:?} {brings_answer}: {:?}", report.warnings);
        assert_eq!((outcome(&report), has_reserve(&report)), (PASSED, reserve), "{what}");
        assert_eq!(report.best_time, moment("2026-06-05T10:00:00Z"), "{what}");
    }
}
