//! What was signed has to be a document, and where its type comes from.

use super::*;

/// The decision on one copy of this form.
fn decided(images: &str, copy: Sample) -> (Verdict, Vec<String>) {
    let branch = branch(&[("enrolment", "[\"u-id\"]", images)]);
    let Decision { verdict, findings, .. } = decide(&branch, None, &[copy], Vec::new());
    (verdict, shown(&findings))
}

#[test]
fn what_is_no_document_is_never_verified() {
    for instead in NotADocument::ALL {
        let copy = Sample { form: Err(instead), ..sample("u-id", Worth::Sealed) };
        let expected = vec![format!("not_a_document 1 {instead}")];
        assert_eq!(decided("", copy), (Verdict::Undetermined, expected));
    }
}

/// A genuine signature on what is no document proves nothing as a copy, whoever made it.
#[test]
fn what_is_no_document_has_no_assurance() {
    let services = branch(&[("enrolment", "[\"u-id\", \"passport\"]", "")]);
    for worth in [Worth::Sealed, Worth::OtherSeal, Worth::Personal] {
        for instead in NotADocument::ALL {
            let genuine = sample("foreign-passport", worth);
            let other = Sample { form: Err(instead), ..sample("u-id", worth) };
            let assurance =
                |copies: &[Sample]| decide(&services, None, copies, Vec::new()).assurance;
            assert_eq!(assurance(std::slice::from_ref(&other)), None, "{worth:?} {instead}");
            assert_eq!(assurance(&[genuine.clone(), other]), None, "{worth:?} {instead}");
            assert_ne!(assurance(&[genuine]), None, "{worth:?}");
        }
        let picture = Sample { form: Ok(DocumentForm::Jpeg), ..sample("u-id", worth) };
        for (images, is_copy) in [("", false), ("accept_images = [\"jpeg\"]", true)] {
            let branch = branch(&[("enrolment", "[\"u-id\"]", images)]);
            let decision = decide(&branch, None, std::slice::from_ref(&picture), Vec::new());
            assert_eq!(decision.assurance.is_some(), is_copy, "{worth:?} {images}");
        }
    }
}

#[test]
fn a_picture_is_a_document_where_the_service_says_so() {
    use DocumentForm::{Jpeg, Pdf, Png};
    for (images, accepted) in [
        ("", &[Pdf][..]),
        ("accept_images = []", &[Pdf]),
        ("accept_images = [\"jpeg\"]", &[Pdf, Jpeg]),
        ("accept_images = [\"png\"]", &[Pdf, Png]),
        ("accept_images = [\"jpeg\", \"png\"]", &[Pdf, Jpeg, Png]),
    ] {
        for form in DocumentForm::ALL {
            let copy = Sample { form: Ok(form), ..sample("u-id", Worth::Sealed) };
            let expected = if accepted.contains(&form) {
                (Verdict::Verified, Vec::new())
            } else {
                let finding = "not_a_document 1 image-not-accepted".to_owned();
                (Verdict::Undetermined, vec![finding])
            };
            assert_eq!(decided(images, copy), expected, "{images} {form:?}");
        }
    }
}

#[test]
fn a_worse_verdict_stays_and_needs_no_second_reason() {
    for worth in WORTHS.into_iter().filter(|worth| *worth != Worth::Sealed) {
        let right = sample("u-id", worth);
        let text = Sample { form: Err(NotADocument::Text), ..right.clone() };
        let passed = right.report.indication == Some(Indication::TotalPassed);
        let (verdict, mut findings) = decided("", right);
        if passed {
            findings.insert(0, "not_a_document 1 text".to_owned());
        }
        let expected =
            (verdict.min(if passed { Verdict::Undetermined } else { verdict }), findings);
        assert_eq!(decided("", text), expected, "{worth:?}");
    }
}

#[test]
fn a_copy_that_nobody_asked_for_may_be_anything() {
    let asked_for = sample("u-id", Worth::Sealed);
    let text = Sample { form: Err(NotADocument::Text), ..sample("pension-card", Worth::Sealed) };
    let branch = one_service("[\"u-id\"]");
    let decision = decide(&branch, None, &[asked_for, text.clone()], Vec::new());
    assert_eq!(decision.verdict, Verdict::Verified);
    assert_eq!(shown(&decision.findings), ["excess_document 2 pension-card"]);
    // Alone it decides.
    let alone = decide(&branch, None, &[text], Vec::new());
    assert_eq!(alone.verdict, Verdict::Undetermined);
}

#[test]
fn a_type_by_the_name_alone_is_said_once_of_each_copy_that_counts() {
    for (source, said) in [
        (None, false),
        (Some(TypeSource::Name), true),
        (Some(TypeSource::Face), false),
        (Some(TypeSource::Staff), false),
        (Some(TypeSource::Metadata), false),
    ] {
        let copy = |code| Sample { type_source: source, ..sample(code, Worth::Sealed) };
        let branch = one_service("[\"u-id\", \"passport\"]");
        let copies = [copy("u-id"), copy("foreign-passport"), copy("pension-card")];
        let decision = decide(&branch, None, &copies, Vec::new());
        assert_eq!(decision.verdict, Verdict::Verified);
        let mut expected = vec!["excess_document 3 pension-card"];
        if said {
            expected.extend(["type_by_name 1 -", "type_by_name 2 -"]);
        }
        assert_eq!(shown(&decision.findings), expected, "{source:?}");
    }
}

#[test]
fn nobody_is_asked_to_look_at_what_is_no_document() {
    for instead in NotADocument::ALL {
        let type_source = Some(TypeSource::Name);
        let file = Sample { form: Err(instead), type_source, ..sample("u-id", Worth::Sealed) };
        assert_eq!(decided("", file).1, [format!("not_a_document 1 {instead}")]);
    }
}

/// From the bytes of a mail to its judgement, with everything in between.
mod whole {
    use base64ct::{Base64, Encoding as _};
    use bytes::Bytes;
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::{
        bundle::{self, Opening},
        envelope::OrganisationKeys,
        message,
        sample::{
            mail::{Attachment, Draft},
            pdf,
        },
        signature::{
            self, Budget, Conditions, Limits,
            asic::sample::{Plan, archive, manifest},
            pades::sample::{Draft as PdfDraft, signed},
            sample::{Identity, attached, detached},
        },
        trust::{Certificate, TrustStore},
    };

    const PASSPORT: &str = "internal-passport-2858364170864-01.09.2026-12_48_26";

    fn attachment(name: String, content: impl Into<Vec<u8>>) -> Attachment {
        let media_type = "application/octet-stream".to_owned();
        Attachment { name, media_type, content: content.into() }
    }

    /// Ways in which a signed content travels.
    #[derive(Clone, Copy, Debug)]
    enum Way {
        Attached,
        Twice,
        Beside,
        Simple,
        Extended,
    }

    const WAYS: [Way; 5] = [Way::Attached, Way::Twice, Way::Beside, Way::Simple, Way::Extended];

    fn attachments(way: Way, content: &[u8], ending: &str) -> Vec<Attachment> {
        let signer = Identity::new(1);
        let name = format!("{PASSPORT}{ending}");
        let file = attached(&signer, content);
        let container = |kind: &str, more: &[Plan<'_>]| {
            let mimetype = format!("application/vnd.etsi.asic-{kind}+zip");
            let mut plans = vec![Plan::new("mimetype", mimetype.as_bytes())];
            plans.push(Plan::new(&name, content));
            plans.extend_from_slice(more);
            vec![attachment(format!("{PASSPORT}.asic{kind}"), archive(&plans))]
        };
        match way {
            Way::Attached => vec![attachment(format!("{name}.p7s"), file)],
            Way::Twice => {
                vec![attachment(format!("{name}.p7s"), attached(&Identity::new(1), &file))]
            }
            Way::Beside => vec![
                attachment(format!("{name}.p7s"), detached(&signer, content)),
                attachment(name, content),
            ],
            Way::Simple => {
                let signature = detached(&signer, content);
                container("s", &[Plan::new("META-INF/signature.p7s", &signature)])
            }
            Way::Extended => {
                let manifest = manifest("META-INF/signature1.p7s", &[(&name, content)]);
                let signature = detached(&signer, &manifest);
                container(
                    "e",
                    &[
                        Plan::new("META-INF/ASiCManifest1.xml", &manifest),
                        Plan::new("META-INF/signature1.p7s", &signature),
                    ],
                )
            }
        }
    }

    fn judged(attachments: Vec<Attachment>) -> Judgement {
        let mail = Draft {
            message_id: "1@mail.example.ua".to_owned(),
            from: "testova.osoba@mail.example.ua".parse().unwrap(),
            to: "school5@docs.example.ua".parse().unwrap(),
            date: received_at(),
            subject: "copies".to_owned(),
            text: String::new(),
            attachments,
        };
        let message = message::open(mail.compose().into(), &message::Limits::default()).unwrap();
        let certificate = Certificate::parse(&Identity::new(1).certificate).unwrap();
        let trust = TrustStore::new(vec![certificate]);
        let keys = OrganisationKeys::default();
        let mut opening = Opening::new(&keys, trust.certificates());
        let bundle = bundle::assemble(&message, &mut opening, &bundle::Limits::default());
        let limits = Limits::default();
        let budget = Budget::new(&limits);
        let conditions =
            Conditions { budget: Some(&budget), ..Conditions::new(&trust, received_at()) };
        let documents = bundle.documents.into_iter().map(|document| {
            let examined = signature::examine(&document.signed, &conditions);
            ExaminedDocument { document, examined }
        });
        judge(Case {
            share: ShareId::from_bytes([1; 16]),
            branch: &one_service("[\"internal-passport\"]"),
            named: None,
            received_at: received_at(),
            has_trust_list: false,
            documents: documents.collect(),
            opening: bundle.findings,
            policy: &Policy { quarantine_days: 30, issuers: Arc::new(issuers().clone()) },
        })
    }

    /// A signature file around the genuine copy, and a signature over that file: neither makes an
    /// unsigned file with the same bytes in it the same document.
    #[test]
    fn signature_files_hide_no_unsigned_copy() {
        let page = pdf::page(&["A"]);
        let signer = Identity::new(1);
        let text = Base64::encode_string(&attached(&signer, &page));
        let around = format!("-----BEGIN CMS-----\n{text}\n-----END CMS-----\n");
        let name = format!("{PASSPORT}.pdf");
        let genuine = [
            attachment("seal.p7s".to_owned(), detached(&signer, &page)),
            attachment(name.clone(), page),
        ];
        let over = detached(&signer, around.as_bytes());
        let further = [
            attachment("around.p7s".to_owned(), around.as_bytes()),
            attachment("over.p7s".to_owned(), over),
        ];
        let plans = [Plan::new(&name, around.as_bytes()), Plan::new("META-INF/signature.xml", b"")];
        let unsigned = attachment(format!("{PASSPORT}.asice"), archive(&plans));
        let bare = judged([&genuine[..], std::slice::from_ref(&unsigned)].concat());
        assert_ne!(bare.verdict(), Verdict::Verified);
        let covered = judged([&genuine[..], &further, &[unsigned]].concat());
        assert_eq!(covered.verdict(), bare.verdict(), "{:?}", shown(covered.findings()));
        let is_same = |finding: &Finding| finding.code == FindingCode::SameDocument;
        assert!(!covered.findings().iter().any(is_same));
    }

    /// Labels and names are hints: what nobody signed is no broken signature for being called one, and
    /// what can be read as none is told.
    #[test]
    fn nothing_comes_unremarked_beside_a_whole_set_under_the_name_of_a_signature() {
        let picture = include_bytes!("../../../tests/fixtures/content/baseline.jpg").to_vec();
        let drawing = include_bytes!("../../../tests/fixtures/content/palette.png").to_vec();
        let page = pdf::page(&["B"]);
        for (content, is_copy) in [
            (picture, true),
            (drawing, true),
            (page, true),
            (b"<html>Card</html>".to_vec(), false),
            (b"junk".to_vec(), false),
            (Vec::new(), false),
            (b"PK\x03\x04\x14\x00\x00\x00".to_vec(), false),
        ] {
            let other = PASSPORT.replace("2858364170864", "2858364170865");
            for (ending, label) in [
                ("", "application/pkcs7-signature"),
                (".jpg", "application/x-pkcs7-signature"),
                (".jpg.p7s", "application/octet-stream"),
                (".p7s", "image/jpeg"),
            ] {
                let mut all = attachments(Way::Attached, &pdf::page(&["A"]), ".pdf");
                let name = format!("{other}{ending}");
                let media_type = label.to_owned();
                all.push(Attachment { name, media_type, content: content.clone() });
                let judgement = judged(all);
                let told = shown(judgement.findings());
                if is_copy {
                    assert_eq!(judgement.verdict(), Verdict::Unsigned, "{label} {ending} {told:?}");
                } else if judgement.verdict() == Verdict::Verified {
                    let is_told = |one: &Finding| {
                        one.document == Some(2) && one.severity >= Severity::Warning
                    };
                    assert!(judgement.findings().iter().any(is_told), "{label} {ending} {told:?}");
                }
            }
        }
    }

    /// A reader gets the revision that the decisive signature covers, whatever somebody else added and
    /// signed after it. Of a copy that no signature proves he gets the whole file.
    #[test]
    fn a_copy_is_shown_as_it_was_signed() {
        const STORE: &str = "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/DSS<</Certs[30 0 R]>>>>";
        let add_store = |draft: &mut PdfDraft| {
            draft.object(1, STORE);
            draft.object(30, "<</Length 1>>stream\n0\nendstream");
            draft.end();
        };
        let sign_by = |draft: &mut PdfDraft, signer| {
            draft.signer = signer;
            draft.sign_again(20, 7);
        };
        let mut drafts = vec![signed(); 6];
        drafts[1].bytes.extend(b"\r\n");
        add_store(&mut drafts[2]);
        sign_by(&mut drafts[3], 2);
        sign_by(&mut drafts[4], 1);
        sign_by(&mut drafts[5], 1);
        let twice = drafts[5].bytes.len();
        add_store(&mut drafts[5]);
        let once = signed().bytes.len();
        let whole = [0, 1, 4].map(|place: usize| (place, drafts[place].bytes.len()));
        for (place, shown) in whole.into_iter().chain([(2, once), (3, once), (5, twice)]) {
            let file = &drafts[place].bytes;
            let judgement = judged(vec![attachment(format!("{PASSPORT}.pdf"), file.clone())]);
            assert_eq!(judgement.verdict(), Verdict::Verified, "{place}");
            let document = &judgement.documents()[0];
            assert_eq!(document.shown(), file[..shown], "{place}");
            let cut = (shown < file.len()).then(|| u64::try_from(shown).unwrap());
            assert_eq!(document.revision(), cut, "{place}");
        }
        let mut changed = signed();
        changed.object(4, "<</Length 3>>stream\nQ q\nendstream");
        changed.end();
        let judgement = judged(vec![attachment(format!("{PASSPORT}.pdf"), changed.bytes.clone())]);
        assert_eq!(judgement.verdict(), Verdict::Undetermined);
        assert_eq!(judgement.documents()[0].shown(), changed.bytes);
    }

    /// A PDF file without pages.
    fn without_page() -> PdfDraft {
        let mut draft = PdfDraft::new();
        draft.object(2, "<</Type/Pages/Kids[]/Count 0>>");
        draft.end();
        draft
    }

    fn contents() -> impl Strategy<Value = Vec<u8>> {
        let page = pdf::page(&["A"]);
        let behind = [b"MZ\x90\x00", &page[..]].concat();
        let web = [b"<html>", &page[..]].concat();
        let made = vec![
            Vec::new(),
            b" \r\n".to_vec(),
            b"%PDF-1.7\n".to_vec(),
            b"%PDF-1.7\n%%EOF\n".to_vec(),
            page[..page.len() / 2].to_vec(),
            b"GIF89a\x01\x00\x01\x00".to_vec(),
            b"MZ\x90\x00\x03\x00\x00\x00".to_vec(),
            b"PK\x03\x04\x14\x00\x00\x00".to_vec(),
            b"\x89PNG\r\n\x1a\n".to_vec(),
            b"\xff\xd8\xff\xe0\x00\x10JFIF".to_vec(),
            include_bytes!("../../../tests/fixtures/content/baseline.jpg").to_vec(),
            include_bytes!("../../../tests/fixtures/content/palette.png").to_vec(),
            "<!DOCTYPE html><title>Паспорт</title>".as_bytes().to_vec(),
            "Паспорт громадянина України".as_bytes().to_vec(),
            b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nA\r\n".to_vec(),
            without_page().bytes,
            behind,
            web,
        ];
        let random = proptest::collection::vec(any::<u8>(), 0..64);
        prop_oneof![6 => select(made), 1 => random, 1 => "\\PC{0,40}".prop_map(String::into_bytes)]
    }

    const ENDINGS: [&str; 9] =
        ["", ".pdf", ".PDF", ".txt", ".exe", ".pdf.bat", ".hta", ".pdf (1)", ".jpg"];

    #[test]
    fn a_genuine_copy_is_verified_in_whatever_way_it_comes() {
        let page = pdf::page(&["A"]);
        for way in WAYS {
            let judgement = judged(attachments(way, &page, ".pdf"));
            assert_eq!(shown(judgement.findings()), ["type_by_name 1 -"], "{way:?}");
            assert_eq!(judgement.verdict(), Verdict::Verified, "{way:?}");
            let document = judgement.documents().first().unwrap();
            assert_eq!(document.examined().content(), &Bytes::from(page.clone()), "{way:?}");
        }
    }

    #[test]
    fn a_signed_pdf_file_needs_a_page() {
        let with_page = |is_as_beside| {
            let mut draft = PdfDraft::new();
            draft.is_as_beside = is_as_beside;
            draft.end();
            draft
        };
        for (mut draft, verdict) in [
            (without_page(), Verdict::Undetermined),
            (with_page(false), Verdict::Verified),
            // The signature may have been made over another file.
            (with_page(true), Verdict::Undetermined),
        ] {
            draft.sign(5);
            let judgement = judged(vec![attachment(format!("{PASSPORT}.pdf"), draft.bytes)]);
            assert_eq!(judgement.verdict(), verdict, "{:?}", shown(judgement.findings()));
        }
    }

    proptest! {
        #[test]
        fn nothing_else_is_verified_whatever_it_is_called_and_comes_in(
            way in select(WAYS.to_vec()),
            content in contents(),
            ending in select(ENDINGS.to_vec()),
        ) {
            let judgement = judged(attachments(way, &content, ending));
            prop_assert_ne!(judgement.verdict(), Verdict::Verified);
            prop_assert!(judgement.verdict() <= Verdict::Undetermined);
        }
    }
}
