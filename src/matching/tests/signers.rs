//! Whose signatures count.

use super::*;

#[test]
fn accepts_only_the_signers_that_the_service_names() {
    let pinned = format!("[\"{}\"]", Sha256::of(b"signer"));
    let other = format!("[\"{}\"]", Sha256::of(b"another"));
    for (signers, worth, verdict, assurance) in [
        ("\"anchors\"", Worth::Nameless, Verdict::Verified, None),
        ("\"anchors\"", Worth::Personal, Verdict::Verified, Some(Assurance::PersonSigned)),
        ("\"seal\"", Worth::Sealed, Verdict::Verified, Some(Assurance::Sealed)),
        ("\"seal\"", Worth::Personal, Verdict::Invalid, None),
        ("\"person\"", Worth::Personal, Verdict::Verified, Some(Assurance::PersonSigned)),
        ("\"person\"", Worth::Sealed, Verdict::Invalid, None),
        ("\"seal-or-person\"", Worth::Sealed, Verdict::Verified, Some(Assurance::Sealed)),
        ("\"seal-or-person\"", Worth::Nameless, Verdict::Invalid, None),
        (&pinned, Worth::Personal, Verdict::Verified, Some(Assurance::PersonSigned)),
        (&other, Worth::Personal, Verdict::Invalid, None),
        (&other, Worth::Sealed, Verdict::Undetermined, None),
        (&other, Worth::Forged, Verdict::Invalid, None),
        ("[\"NTRUA-00000002\"]", Worth::OtherSeal, Verdict::Verified, Some(Assurance::Sealed)),
        ("[\"NTRUA-00000002\"]", Worth::Sealed, Verdict::Undetermined, None),
        ("[\"NTRUA-00000002\"]", Worth::Personal, Verdict::Invalid, None),
        ("\"seal\"", Worth::OtherSeal, Verdict::Undetermined, None),
        ("\"person\"", Worth::OtherSeal, Verdict::Invalid, None),
        ("\"seal-or-person\"", Worth::OtherSeal, Verdict::Undetermined, None),
        ("\"anchors\"", Worth::OtherSeal, Verdict::Verified, Some(Assurance::SealedByOther)),
    ] {
        let branch = branch(&[("x", "[\"u-id\"]", &format!("signers = {signers}"))]);
        let decision = decide(&branch, None, &[sample("u-id", worth)], Vec::new());
        assert_eq!(decision.verdict, verdict, "{signers} {worth:?}");
        assert_eq!(decision.assurance, assurance, "{signers} {worth:?}");
        let refused = decision.findings.iter().any(|f| f.code == FindingCode::SignerNotAccepted);
        assert_eq!(refused, verdict == Verdict::Invalid && worth != Worth::Forged);
    }
}

#[test]
fn says_whose_signatures_a_service_accepts_when_it_refuses_one() {
    for (signers, has_trust_list, detail) in [
        ("", false, None),
        ("", true, Some("default-seal-or-person")),
        ("signers = \"anchors\"", true, None),
        ("signers = \"seal\"", false, Some("seal")),
        ("signers = \"person\"", true, Some("person")),
        ("signers = \"seal-or-person\"", false, Some("seal-or-person")),
        (&format!("signers = [\"{}\"]", Sha256::of(b"other")), false, Some("pinned")),
    ] {
        let branch = branch(&[("x", "[\"u-id\"]", signers)]);
        let circumstances = circumstances(has_trust_list);
        let copies = [sample("u-id", Worth::Nameless)];
        let decision = decide_in(&branch, circumstances, &copies, Vec::new());
        let verdict = if detail.is_some() { Verdict::Invalid } else { Verdict::Verified };
        assert_eq!(decision.verdict, verdict, "{signers} {has_trust_list}");
        assert_eq!(decision.findings.first().and_then(|f| f.detail.as_deref()), detail);
    }
    let branch = one_service("[\"u-id\"]");
    let circumstances = circumstances(true);
    for worth in [Worth::Sealed, Worth::Personal] {
        let decision = decide_in(&branch, circumstances, &[sample("u-id", worth)], Vec::new());
        assert_eq!((decision.verdict, decision.findings), (Verdict::Verified, vec![]), "{worth:?}");
    }
}

#[test]
fn a_seal_of_somebody_who_is_not_pinned_says_nothing_beside_a_pinned_signer() {
    let pinned = format!("signers = [\"{}\"]", Sha256::of(b"signer"));
    let branch = branch(&[("x", "[\"u-id\"]", &pinned)]);
    let mut copy = sample("u-id", Worth::Personal);
    let mut seal = sample("u-id", Worth::Sealed).report.signatures.remove(0);
    seal.chain = vec![certificate("RSA 4096", b"somebody")];
    copy.report.signatures.push(seal);
    copy.proofs.push(Proof::sample(1, b"somebody", b"u-id"));
    let decision = decide(&branch, None, &[copy], Vec::new());
    assert_eq!(decision.verdict, Verdict::Verified);
    assert_eq!(decision.assurance, Some(Assurance::PersonSigned));
}

#[test]
fn a_share_is_sealed_only_when_every_copy_that_counts_is() {
    use Worth::{Personal, Sealed, Unsigned};
    let branch = one_service("[\"u-id\", { type = \"pension-card\", optional = true }]");
    for (documents, assurance) in [
        (vec![("u-id", Sealed), ("pension-card", Sealed)], Some(Assurance::Sealed)),
        (vec![("u-id", Sealed), ("pension-card", Personal)], Some(Assurance::PersonSigned)),
        (vec![("u-id", Sealed), ("pension-card", Unsigned)], None),
        (vec![("u-id", Sealed), ("driver-license", Unsigned)], Some(Assurance::Sealed)),
        (vec![], None),
    ] {
        let samples: Vec<_> = documents.iter().map(|(code, worth)| sample(code, *worth)).collect();
        let decision = decide(&branch, None, &samples, Vec::new());
        assert_eq!(decision.assurance, assurance, "{documents:?}");
    }
}

/// What the seal of an organisation is worth that is no issuer: every firm can buy one.
#[test]
fn a_firms_own_seal_is_never_the_issuers() {
    type Row = (&'static str, Verdict, Option<Assurance>, Option<Severity>);
    let table: [Row; 7] = [
        ("", Verdict::Verified, Some(Assurance::SealedByOther), Some(Severity::Warning)),
        (
            "signers = \"anchors\"",
            Verdict::Verified,
            Some(Assurance::SealedByOther),
            Some(Severity::Warning),
        ),
        ("signers = \"seal\"", Verdict::Undetermined, None, Some(Severity::Error)),
        ("signers = \"seal-or-person\"", Verdict::Undetermined, None, Some(Severity::Error)),
        ("signers = \"person\"", Verdict::Invalid, None, None),
        ("signers = [\"NTRUA-00000001\"]", Verdict::Undetermined, None, Some(Severity::Error)),
        ("signers = [\"NTRUA-00000002\"]", Verdict::Verified, Some(Assurance::Sealed), None),
    ];
    for (signers, verdict, assurance, severity) in table {
        let branch = branch(&[("x", "[\"u-id\"]", signers)]);
        let decision = decide(&branch, None, &[sample("u-id", Worth::OtherSeal)], Vec::new());
        assert_eq!((decision.verdict, decision.assurance), (verdict, assurance), "{signers}");
        let named = decision.findings.iter().find(|one| one.code == FindingCode::OtherIssuer);
        assert_eq!(named.map(|one| one.severity), severity, "{signers}");
        let detail = named.and_then(|one| one.detail.as_deref());
        assert_eq!(detail, severity.map(|_| "NTRUA-00000002"), "{signers}");
    }
}

/// Findings stand in the clear: a sole trader's code is a person's tax number.
#[test]
fn only_a_legal_entity_is_named_in_a_finding() {
    let branch = branch(&[("x", "[\"u-id\"]", "signers = \"seal\"")]);
    for (id, detail) in [
        (Some("NTRUA-00000002"), Some("NTRUA-00000002")),
        (Some("TINUA-0000000000"), None),
        (Some("NTRUA-0000000000"), None),
        (None, None),
    ] {
        let mut copy = sample("u-id", Worth::OtherSeal);
        signer(&mut copy).organisation_id = id.map(|id| id.parse().unwrap());
        let decision = decide(&branch, None, &[copy], Vec::new());
        assert_eq!(decision.verdict, Verdict::Undetermined);
        let finding = decision.findings.first().unwrap();
        assert_eq!((finding.code, finding.detail.as_deref()), (FindingCode::OtherIssuer, detail));
    }
}

/// Who issued the certificate of a seal has checked the organisation's name only where a list grants
/// him to issue qualified certificates; the trust directory may hold anybody beside it.
#[test]
fn with_a_trust_list_a_seal_has_to_be_qualified_to_be_the_issuers() {
    use Qualification::{
        AdvancedSealWithQualifiedCertificate, AdvancedWithQualifiedCertificate, NotQualified,
        QualifiedSeal, QualifiedSignature, Undetermined,
    };
    for (kind, counts) in [
        (Some(QualifiedSeal), true),
        (Some(AdvancedSealWithQualifiedCertificate), true),
        (Some(AdvancedWithQualifiedCertificate), false),
        (Some(QualifiedSignature), false),
        (Some(NotQualified), false),
        (Some(Undetermined), false),
        (None, false),
    ] {
        for signers in ["\"seal\"", "\"seal-or-person\"", "[\"NTRUA-00000001\"]"] {
            let branch = branch(&[("x", "[\"u-id\"]", &format!("signers = {signers}"))]);
            let mut copy = sample("u-id", Worth::Sealed);
            let report =
                kind.map(|kind| QualificationReport { kind, reasons: Vec::new(), list: None });
            copy.report.signatures.first_mut().unwrap().qualification = report;
            let copies = [copy];
            let listed = decide_in(&branch, circumstances(true), &copies, Vec::new());
            let verdict = if counts { Verdict::Verified } else { Verdict::Undetermined };
            assert_eq!(listed.verdict, verdict, "{kind:?} {signers}");
            let unlisted = decide_in(&branch, circumstances(false), &copies, Vec::new());
            assert_eq!(unlisted.verdict, Verdict::Verified, "{kind:?} {signers}");
        }
    }
}

/// An organisation is named by its seal. A person's certificate that names it is an employee's.
#[test]
fn a_persons_certificate_with_the_issuers_code_is_no_seal() {
    for kind in [Some(SignerKind::Person), None] {
        for signers in ["\"seal\"", "[\"NTRUA-00000001\"]"] {
            let branch = branch(&[("x", "[\"u-id\"]", &format!("signers = {signers}"))]);
            let mut copy = sample("u-id", Worth::Sealed);
            signer(&mut copy).kind = kind;
            let decision = decide(&branch, None, &[copy], Vec::new());
            assert_eq!(decision.verdict, Verdict::Invalid, "{kind:?} {signers}");
        }
    }
}

fn signer(copy: &mut Sample) -> &mut SignerReport {
    &mut copy.report.signatures.first_mut().unwrap().signer
}
