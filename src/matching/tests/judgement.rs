use bytes::Bytes;

use super::*;
use crate::{
    signature::{self, Conditions, Signed},
    trust::TrustStore,
};

fn examined(
    code: &str,
    content: &'static [u8],
    signature: Option<&'static [u8]>,
) -> ExaminedDocument {
    let signed = Signed {
        content: Some(Bytes::from_static(content)),
        signatures: signature.map(Bytes::from_static).into_iter().collect(),
    };
    let trust = TrustStore::empty();
    let examined = signature::examine(&signed, &Conditions::new(&trust, received_at()));
    let document = Document {
        name: format!("{code}.pdf"),
        type_code: code.parse().unwrap(),
        type_source: None,
        made_at: None,
        signature_names: signed.signatures.iter().map(|_| "x.p7s".to_owned()).collect(),
        encrypted: Vec::new(),
        signed,
    };
    ExaminedDocument { document, examined }
}

fn judged(branch: &Branch, documents: Vec<ExaminedDocument>) -> Judgement {
    judge(Case {
        share: ShareId::from_bytes([1; 16]),
        branch,
        named: None,
        received_at: received_at(),
        has_trust_list: false,
        documents,
        opening: Vec::new(),
        policy: &Policy { quarantine_days: 30, issuers: Arc::new(issuers().clone()) },
    })
}

#[test]
fn judges_what_the_signature_part_has_examined() {
    let branch = one_service("[\"u-id\"]");
    let bare = judged(
        &branch,
        vec![examined("u-id", b"%PDF-1.4", None), examined("pension-card", b"%PDF", None)],
    );
    assert_eq!(bare.verdict(), Verdict::Unsigned);
    assert_eq!((bare.branch(), bare.service().unwrap().as_str()), (&branch.id, "enrolment"));
    let [asked_for, excess] = bare.documents() else { panic!("two documents") };
    assert_eq!((asked_for.number(), asked_for.size(), asked_for.term()), (1, 8, Term::Share));
    assert_eq!((excess.number(), excess.excess(), excess.term()), (2, true, Term::Short));
    assert_eq!(excess.type_code().as_str(), "pension-card");
    assert_eq!(bare.mail_term(), Term::Short);
    let end = received_at().plus_days(30);
    let quarantine = Retention { destroy_at: end, reason: RetentionReason::Quarantine };
    assert_eq!(bare.retention(), quarantine);
    assert_eq!(bare.retention_of(Term::Share), quarantine);
    assert_eq!(
        bare.retention_of(Term::Short),
        Retention { destroy_at: end, reason: RetentionReason::Excess }
    );

    let broken = judged(&branch, vec![examined("u-id", b"%PDF-1.4", Some(b"no signature"))]);
    assert_eq!(broken.verdict(), Verdict::Invalid);
    assert_eq!(shown(broken.findings()), ["signature_invalid 1 FORMAT_FAILURE"]);
    assert_eq!(broken.mail_term(), Term::Share);
    assert_eq!(broken.documents().first().unwrap().indication(), Some(Indication::TotalFailed));
}

#[test]
fn keeps_a_mail_that_cannot_be_opened_for_the_quarantine() {
    let finding = Finding::of_share(FindingCode::Unreadable).with_detail("empty");
    let branch = "school-5".parse().unwrap();
    let share = ShareId::from_bytes([1; 16]);
    let policy = Policy { quarantine_days: 7, issuers: Arc::new(issuers().clone()) };
    let judgement = Judgement::malformed(share, &branch, received_at(), finding.clone(), &policy);
    assert_eq!((judgement.verdict(), judgement.findings()), (Verdict::Malformed, &[finding][..]));
    assert_eq!(judgement.retention().destroy_at.to_string(), "2026-09-08T10:00:00Z");
    assert_eq!((judgement.documents().len(), judgement.mail_term()), (0, Term::Share));
}

#[test]
fn notes_stand_last_and_change_nothing_but_the_findings() {
    let branch = one_service("[\"u-id\"]");
    let bare = judged(&branch, vec![examined("u-id", b"%PDF-1.4", None)]);
    let fail = Finding::of_share(FindingCode::SenderSpf).with_detail("fail (diia.test)");
    let pass = Finding::of_share(FindingCode::SenderDkim).with_detail("pass (diia.test)");
    // Only what decides nothing may come this way.
    let error = Finding::of_share(FindingCode::NoDocument);
    let noted = bare.clone().noting([fail.clone(), pass, error, fail]);
    let mut expected = shown(bare.findings());
    expected.extend(
        ["sender_dkim - pass (diia.test)", "sender_spf - fail (diia.test)"].map(str::to_owned),
    );
    assert_eq!(shown(noted.findings()), expected);
    assert_eq!(
        (noted.verdict(), noted.assurance(), noted.retention(), noted.awaits()),
        (bare.verdict(), bare.assurance(), bare.retention(), bare.awaits())
    );
}
