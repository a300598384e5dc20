//! One signature proves a copy; what stands beside it is a finding, or speaks against it.

use super::*;

/// A further signature on a copy that another one proves.
fn with(worth: Worth, sub: Option<SubIndication>) -> Sample {
    let mut copy = sample("u-id", Worth::Sealed);
    let mut second = sample("u-id", worth).report.signatures.remove(0);
    second.sub_indication = sub.or(second.sub_indication);
    copy.report.signatures.push(second);
    copy
}

#[test]
fn what_is_unreadable_or_unknown_beside_a_proof_is_a_finding() {
    use SubIndication as Sub;
    let branch = branch(&[("x", "[\"u-id\"]", "signers = \"seal\"")]);
    for sub in Sub::ALL {
        for worth in [Worth::IssuerUnknown, Worth::Forged] {
            let unread = [Sub::Expired, Sub::FormatFailure, Sub::NotYetValid];
            let is_broken = if worth == Worth::Forged {
                !unread.contains(&sub)
            } else {
                sub == Sub::RevokedNoPoe
            };
            let copy = with(worth, Some(sub));
            let mut turned = copy.clone();
            turned.report.signatures.reverse();
            turned.proofs = vec![Proof::sample(1, b"signer", b"u-id Sealed")];
            for copy in [copy, turned] {
                let decision = decide(&branch, None, &[copy], Vec::new());
                let verdict = if is_broken { Verdict::Invalid } else { Verdict::Verified };
                assert_eq!(decision.verdict, verdict, "{worth:?} {sub}");
                let code = if is_broken { "signature_invalid" } else { "signature_beside" };
                assert_eq!(shown(&decision.findings), [format!("{code} 1 {sub}")]);
            }
        }
    }
}

#[test]
fn a_contradicted_signature_speaks_against_the_copy_whatever_stands_beside_it() {
    let branch = one_service("[\"u-id\"]");
    let mut copy = with(Worth::IssuerUnknown, None);
    let warning = Warning::new(WarningCode::CertificateContradicted, "Changed.");
    copy.report.signatures.last_mut().unwrap().warnings.push(warning);
    assert_eq!(decide(&branch, None, &[copy], Vec::new()).verdict, Verdict::Invalid);
}

/// All on the same signature: passed, accepted, and over what is shown.
#[test]
fn two_signatures_do_not_prove_together_what_neither_proves() {
    let branch = branch(&[("x", "[\"u-id\"]", "signers = \"seal\"")]);
    // The issuer's seal over another file, and a stranger's signature over the document.
    let mut copy = with(Worth::Personal, None);
    copy.proofs = vec![
        Proof::sample(0, b"signer", b"a signature file").over_another_file(),
        Proof::sample(1, b"somebody", b"u-id Sealed"),
    ];
    let decision = decide(&branch, None, &[copy.clone()], Vec::new());
    assert_eq!(decision.verdict, Verdict::Undetermined);
    assert_eq!(decision.assurance, None);
    copy.proofs.truncate(1);
    assert_eq!(decide(&branch, None, &[copy], Vec::new()).verdict, Verdict::Undetermined);
}

/// A signature file without its document is no copy, and says nothing against one that is there.
#[test]
fn a_signature_without_its_document_neither_counts_nor_harms() {
    let branch = one_service("[\"u-id\"]");
    let good = sample("u-id", Worth::Sealed);
    for worth in [Worth::IssuerUnknown, Worth::Forged, Worth::National] {
        for code in ["u-id", "unknown", "pension-card"] {
            let orphan = Sample { content: None, ..sample(code, worth) };
            let alone = decide(&branch, None, std::slice::from_ref(&orphan), Vec::new());
            assert!(alone.verdict <= Verdict::Undetermined, "{code} {worth:?}");
            assert!(shown(&alone.findings).contains(&"missing_document - u-id".to_owned()));
            for copies in [[good.clone(), orphan.clone()], [orphan, good.clone()]] {
                let number = 1 + u32::from(copies[0].content.is_some());
                let noticed = Finding::of_document(FindingCode::SignatureWithoutContent, number);
                let decision = decide(&branch, None, &copies, vec![noticed]);
                assert_eq!(decision.verdict, Verdict::Verified, "{code} {worth:?}");
            }
        }
    }
}

#[test]
fn the_indication_of_a_copy_is_that_of_the_signature_that_decides() {
    let branch = one_service("[\"u-id\"]");
    for (worth, decisive) in [(Worth::IssuerUnknown, 0), (Worth::Forged, 1)] {
        let decision = decide(&branch, None, &[with(worth, None)], Vec::new());
        assert_eq!(decision.copies.first().unwrap().decisive, Some(decisive), "{worth:?}");
    }
}

/// Who adds to a sealed file and signs that is shown as who signs it, or not at all.
#[test]
fn of_two_that_are_accepted_the_one_that_proves_more_says_what_is_shown() {
    let branch = branch(&[("x", "[\"u-id\"]", "signers = \"seal-or-person\"")]);
    let mut copy = with(Worth::Personal, None);
    for (seal, person) in [(10, 20), (20, 10)] {
        copy.proofs = vec![
            Proof::sample(0, b"signer", b"u-id Sealed").over_the_first(seal),
            Proof::sample(1, b"somebody", b"u-id Sealed").over_the_first(person),
        ];
        let decision = decide(&branch, None, std::slice::from_ref(&copy), Vec::new());
        assert_eq!(decision.assurance, Some(Assurance::Sealed));
        assert_eq!(decision.copies.first().unwrap().revision, Some(seal));
        // The sender can see to it that something is open with the seal.
        let mut open = copy.clone();
        let warning = Warning::new(WarningCode::RevocationUnchecked, "Nobody answered.");
        open.report.signatures[0].warnings.push(warning);
        let decision = decide(&branch, None, &[open], Vec::new());
        assert_eq!(decision.assurance, Some(Assurance::PersonSigned));
        assert_eq!(decision.copies.first().unwrap().revision, Some(10));
    }
}

/// A signature in a PDF file that may have been made over another one: an issuer seals what it wrote.
#[test]
fn a_signature_that_may_have_been_moved_counts_by_an_issuer_alone() {
    for (worth, policy, verdict) in [
        (Worth::Sealed, "seal", Verdict::Verified),
        (Worth::Sealed, "anchors", Verdict::Verified),
        (Worth::Personal, "person", Verdict::Undetermined),
        (Worth::Personal, "seal-or-person", Verdict::Undetermined),
        (Worth::Personal, "anchors", Verdict::Undetermined),
    ] {
        let branch = branch(&[("x", "[\"u-id\"]", &format!("signers = \"{policy}\""))]);
        let mut copy = sample("u-id", worth);
        assert_eq!(
            decide(&branch, None, &[copy.clone()], Vec::new()).verdict,
            Verdict::Verified,
            "{worth:?} {policy}"
        );
        let warning = Warning::new(WarningCode::PdfUnbound, "Moved.");
        copy.report.signatures.first_mut().unwrap().warnings.push(warning);
        let decision = decide(&branch, None, &[copy], Vec::new());
        assert_eq!(decision.verdict, verdict, "{worth:?} {policy}");
        let due: &[&str] = if verdict == Verdict::Verified { &[] } else { &["pdf_unbound 1 -"] };
        assert_eq!(shown(&decision.findings), due, "{worth:?} {policy}");
    }
}

/// The moved signature covers what the one beside the file covers, so the two would be one document.
#[test]
fn a_signature_that_may_have_been_moved_makes_no_two_files_the_same() {
    let branch = branch(&[("x", "[\"u-id\"]", "signers = \"person\"")]);
    let beside = sample("u-id", Worth::Personal);
    let mut moved = sample("u-id", Worth::Personal);
    moved.content = Some(Sha256::of(b"another file"));
    let report = moved.report.signatures.first_mut().unwrap();
    report.covers = vec!["the whole file".to_owned()];
    let pair = [beside.clone(), moved.clone()];
    assert_eq!(decide(&branch, None, &pair, Vec::new()).verdict, Verdict::Verified, "the same");
    let warning = Warning::new(WarningCode::PdfUnbound, "Moved.");
    moved.report.signatures.first_mut().unwrap().warnings.push(warning);
    for copies in [[beside.clone(), moved.clone()], [moved, beside]] {
        let decision = decide(&branch, None, &copies, Vec::new());
        assert_eq!(decision.verdict, Verdict::Undetermined);
    }
}
