//! Which service a share is for, and what the sender may say of it.

use super::*;

#[test]
fn chooses_the_service_by_hint_then_alone_then_by_types() {
    type Row<'a> = (&'a Branch, Option<&'a str>, &'a [&'a str], Option<&'a str>);

    let two = branch(&[
        ("uid", "[\"u-id\"]", ""),
        ("full", "[\"u-id\", \"pension-card\"]", ""),
        ("old", "[\"driver-license\"]", "active = false"),
    ]);
    let twins = branch(&[("a", "[\"u-id\"]", ""), ("b", "[\"u-id\"]", "")]);
    let one =
        branch(&[("now", "[\"u-id\"]", ""), ("old", "[\"driver-license\"]", "active = false")]);
    let none = branch(&[]);
    let table: &[Row<'_>] = &[
        (&two, Some("full"), &["u-id"], Some("full")),
        (&two, Some("old"), &["u-id"], Some("old")),
        (&two, Some("gone"), &["u-id"], Some("uid")),
        (&two, None, &["u-id"], Some("uid")),
        (&two, None, &["u-id", "unknown"], Some("uid")),
        (&two, None, &["pension-card", "u-id"], Some("full")),
        (&two, None, &["pension-card"], Some("full")),
        (&two, None, &["u-id", "student-id-card"], Some("uid")),
        (&two, None, &["u-id", "pension-card", "student-id-card"], None),
        (&two, None, &["driver-license"], None),
        (&two, None, &["unknown"], None),
        (&twins, None, &["u-id"], None),
        (&one, None, &["driver-license"], Some("now")),
        (&one, None, &[], Some("now")),
        (&none, None, &["u-id"], None),
    ];
    for (branch, hint, types, service) in table {
        let samples: Vec<_> = types.iter().map(|code| sample(code, Worth::Sealed)).collect();
        let decision = decide(branch, *hint, &samples, Vec::new());
        assert_eq!(decision.service.map(|s| s.id.as_str()), *service, "{hint:?} {types:?}");
        let ambiguous = decision.findings.iter().any(|f| f.code == FindingCode::ServiceAmbiguous);
        assert_eq!(ambiguous, service.is_none(), "{types:?}");
        assert!(service.is_some() || decision.verdict == Verdict::Undetermined);
        assert!(service.is_some() || decision.copies.iter().all(|place| !place.excess));
    }
    let forged = [sample("u-id", Worth::Forged)];
    assert_eq!(decide(&twins, None, &forged, Vec::new()).verdict, Verdict::Invalid);
}

/// A service that is retired may have taken what is refused today.
#[test]
fn a_sub_address_of_a_retired_service_leaves_a_doubt() {
    let branch = branch(&[
        ("strong", "[\"u-id\", \"pension-card\"]", "signers = \"seal\""),
        ("old", "[\"u-id\"]", "signers = \"anchors\"\nactive = false"),
    ]);
    for worth in WORTHS {
        let copies = [sample("u-id", worth)];
        let decision = decide(&branch, Some("old"), &copies, Vec::new());
        assert!(decision.verdict <= Verdict::Undetermined, "{worth:?}");
        assert!(shown(&decision.findings).contains(&"service_retired - -".to_owned()));
    }
}

/// What a service may have and need not is the sender's to add: it chooses no service.
#[test]
fn an_optional_type_breaks_no_tie() {
    let filler = ("pension-card", Worth::Personal);
    for order in [["strong", "weak"], ["weak", "strong"]] {
        let services: Vec<_> = order
            .into_iter()
            .map(|id| match id {
                "strong" => (id, "[\"u-id\"]", "signers = \"seal\""),
                _ => (
                    id,
                    "[\"u-id\", { type = \"pension-card\", optional = true }]",
                    "signers = \"anchors\"",
                ),
            })
            .collect();
        let branch = branch(&services);
        for documents in [
            vec![("u-id", Worth::Personal)],
            vec![("u-id", Worth::Personal), filler],
            vec![filler, ("u-id", Worth::Personal)],
        ] {
            let (verdict, findings) = decided(&branch, &documents);
            assert_eq!(verdict, Verdict::Undetermined, "{documents:?}");
            assert!(findings.contains(&"service_ambiguous - -".to_owned()), "{findings:?}");
        }
    }
}

/// Where several services fit, the sender has chosen among them: he wins nothing by it.
#[test]
fn the_strictest_of_the_services_that_fit_holds() {
    let both = [("u-id", Worth::Personal), ("pension-card", Worth::Personal)];
    for (uid, full, verdict) in [
        ("signers = \"seal\"", "signers = \"anchors\"", Verdict::Undetermined),
        ("signers = \"anchors\"", "signers = \"anchors\"", Verdict::Verified),
        ("signers = \"anchors\"", "signers = \"person\"", Verdict::Verified),
        ("require_fresh = true", "", Verdict::Undetermined),
        ("signers = \"anchors\"", "signers = \"seal\"", Verdict::Invalid),
    ] {
        let branch =
            branch(&[("uid", "[\"u-id\"]", uid), ("full", "[\"u-id\", \"pension-card\"]", full)]);
        let samples: Vec<_> = both.iter().map(|(code, worth)| sample(code, *worth)).collect();
        let decision = decide(&branch, None, &samples, Vec::new());
        assert_eq!(decision.verdict, verdict, "{uid} {full}");
        assert_eq!(decision.service.map(|service| service.id.as_str()), Some("full"));
        // The address on the printed code names the service: nobody had to guess.
        let named = decide(&branch, Some("full"), &samples, Vec::new());
        let expected = if verdict == Verdict::Undetermined { Verdict::Verified } else { verdict };
        assert_eq!(named.verdict, expected, "{uid} {full}");
    }
}

/// What may be a picture in one of them has to be a PDF file where the other takes no pictures.
#[test]
fn pictures_are_chosen_by_no_sender() {
    use DocumentForm::{Jpeg, Pdf, Png};
    let (none, jpeg, both) =
        ("", "accept_images = [\"jpeg\"]", "accept_images = [\"jpeg\", \"png\"]");
    for (uid, full, form, verdict) in [
        (none, jpeg, Pdf, Verdict::Verified),
        (none, jpeg, Jpeg, Verdict::Undetermined),
        (jpeg, jpeg, Jpeg, Verdict::Verified),
        (jpeg, both, Jpeg, Verdict::Verified),
        (jpeg, both, Png, Verdict::Undetermined),
        (both, both, Png, Verdict::Verified),
        (both, none, Pdf, Verdict::Verified),
    ] {
        let branch =
            branch(&[("uid", "[\"u-id\"]", uid), ("full", "[\"u-id\", \"pension-card\"]", full)]);
        let one = Sample { form: Ok(form), ..sample("u-id", Worth::Sealed) };
        let filler = sample("pension-card", Worth::Sealed);
        for copies in [[one.clone(), filler.clone()], [filler, one]] {
            let decision = decide(&branch, None, &copies, Vec::new());
            assert_eq!(decision.verdict, verdict, "{uid} {full} {form:?}");
            assert_eq!(decision.service.map(|service| service.id.as_str()), Some("full"));
            let is_told = shown(&decision.findings).contains(&"service_ambiguous - -".to_owned());
            assert_eq!(is_told, verdict == Verdict::Undetermined, "{uid} {full} {form:?}");
            let named = decide(&branch, Some("full"), &copies, Vec::new());
            assert_eq!(named.verdict, Verdict::Verified, "{uid} {full} {form:?}");
        }
    }
}

/// One document satisfies one requirement, under whatever names and in whatever containers.
#[test]
fn one_content_counts_once() {
    let branch = one_service("[\"u-id\", \"pension-card\"]");
    let one = sample("u-id", Worth::Sealed);
    // The same content; the same signed bytes in another file; a signature over the same bytes.
    let mut in_another_file = Sample { content: Some(Sha256::of(b"another")), ..one.clone() };
    in_another_file.report.signatures.first_mut().unwrap().covers = vec!["bytes".to_owned()];
    let with_another_signature = Sample {
        proofs: vec![Proof::sample(0, b"other", b"u-id Sealed")],
        ..in_another_file.clone()
    };
    for same in [one.clone(), in_another_file, with_another_signature] {
        let renamed = Sample { type_code: "pension-card".parse().unwrap(), ..same };
        for copies in [[one.clone(), renamed.clone()], [renamed.clone(), one.clone()]] {
            let decision = decide(&branch, None, &copies, Vec::new());
            assert_eq!(decision.verdict, Verdict::Incomplete);
            assert!(shown(&decision.findings).contains(&"same_document 2 1".to_owned()));
        }
        let beside = [one.clone(), renamed, sample("pension-card", Worth::Sealed)];
        assert_eq!(decide(&branch, None, &beside, Vec::new()).verdict, Verdict::Verified);
    }
}

/// What a signature says of another file than the document makes no copy the same. A signature
/// around a signature file that carries the document counts for it, and is not over it directly.
#[test]
fn only_what_covers_the_document_says_that_it_is_the_same() {
    let branch = branch(&[("x", "[\"u-id\"]", "signers = \"seal\"")]);
    let around = |content: &[u8]| Proof::sample(0, b"signer", content);
    let beside = |content: &[u8]| around(content).over_another_file();
    let genuine = b"u-id Sealed";
    for (name, on_the_first, worth, on_the_second, verdict) in [
        ("beside it", Some(beside(b"forged")), Worth::Unsigned, None, Verdict::Unsigned),
        ("around it", Some(around(b"forged")), Worth::Unsigned, None, Verdict::Unsigned),
        (
            "around it, and over the other",
            Some(around(b"forged")),
            Worth::OtherSeal,
            Some(around(b"forged")),
            Verdict::Undetermined,
        ),
        (
            "the genuine one in the other file",
            None,
            Worth::Sealed,
            Some(beside(genuine)),
            Verdict::Undetermined,
        ),
        ("unread", Some(around(b"forged")), Worth::IssuerUnknown, None, Verdict::Undetermined),
    ] {
        let mut first = sample("u-id", Worth::Sealed);
        first.proofs.extend(on_the_first);
        let second = Sample {
            content: Some(Sha256::of(b"forged")),
            proofs: on_the_second.into_iter().collect(),
            ..sample("u-id", worth)
        };
        for copies in [[first.clone(), second.clone()], [second, first]] {
            let decision = decide(&branch, None, &copies, Vec::new());
            assert_eq!(decision.verdict, verdict, "{name}");
            let is_same = |finding: &Finding| finding.code == FindingCode::SameDocument;
            assert!(!decision.findings.iter().any(is_same), "{name}");
        }
    }
}

/// Of two files with the same signed bytes one is no document, for no reader opens it: the share is
/// not verified by the other one.
#[test]
fn the_same_again_that_is_no_document_decides() {
    let branch = one_service("[\"u-id\"]");
    let good = sample("u-id", Worth::Sealed);
    for instead in NotADocument::ALL {
        let content = Some(Sha256::of(b"another"));
        let mut again = Sample { content, form: Err(instead), ..good.clone() };
        again.report.signatures.first_mut().unwrap().covers = vec!["bytes".to_owned()];
        for copies in [[good.clone(), again.clone()], [again, good.clone()]] {
            let decision = decide(&branch, None, &copies, Vec::new());
            assert_eq!(decision.verdict, Verdict::Undetermined, "{instead}");
            let is_same = |finding: &Finding| finding.code == FindingCode::SameDocument;
            assert!(decision.findings.iter().any(is_same), "{instead}");
        }
    }
}

#[test]
fn the_same_document_broken_in_another_file_speaks_against_it() {
    let branch = one_service("[\"u-id\"]");
    let good = sample("u-id", Worth::Sealed);
    for (worth, verdict) in [
        (Worth::Forged, Verdict::Invalid),
        (Worth::IssuerUnknown, Verdict::Verified),
        (Worth::Unsigned, Verdict::Verified),
    ] {
        let again = Sample { content: good.content, ..sample("u-id", worth) };
        for copies in [[good.clone(), again.clone()], [again, good.clone()]] {
            assert_eq!(decide(&branch, None, &copies, Vec::new()).verdict, verdict, "{worth:?}");
        }
    }
}
