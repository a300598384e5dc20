//! Which parts become documents, and which signatures are paired with them.

#![expect(clippy::indexing_slicing, reason = "a test that counts wrongly fails")]

mod encrypted;

use bytes::Bytes;
use proptest::prelude::*;

use super::{Bundle, Limits, Opening, pairing};
use crate::{
    domain::{FindingCode, Indication, SubIndication},
    envelope::OrganisationKeys,
    message::Part,
    signature::{
        Conditions, examine,
        sample::{FilePlan, Identity, SignerPlan, attached, detached},
    },
    trust::{Certificate, TrustStore},
};

const COPY: &[u8] = b"%PDF-1.7 a copy";
const OTHER: &[u8] = b"%PDF-1.7 another copy";
const LOGO: &[u8] = b"\x89PNG logo";

fn part(name: &str, content: impl Into<Bytes>) -> Part {
    Part {
        name: (!name.is_empty()).then(|| name.to_owned()),
        media_type: "application/octet-stream".to_owned(),
        content: content.into(),
        inline_text: false,
    }
}

fn text(content: &'static [u8]) -> Part {
    Part {
        name: None,
        media_type: "text/plain".to_owned(),
        content: Bytes::from_static(content),
        inline_text: true,
    }
}

fn pair(parts: &[Part]) -> Bundle {
    let keys = OrganisationKeys::empty();
    pairing::pair(parts, &mut Opening::new(&keys, &[]), &Limits::default())
}

/// Name, signature files, and what is said of the document when [`identity`] is trusted.
fn told(bundle: &Bundle) -> Vec<(&str, usize, Outcome)> {
    let certificate = Certificate::parse(&identity().certificate).unwrap();
    let trust = TrustStore::new(vec![certificate]);
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    let documents = bundle.documents.iter();
    documents
        .map(|document| {
            let examined = examine(&document.signed, &Conditions::new(&trust, at));
            assert_eq!(document.signed.signatures.len(), document.signature_names.len());
            let report = examined.report();
            let files = document.signed.signatures.len();
            (document.name.as_str(), files, (report.indication, report.sub_indication))
        })
        .collect()
}

fn codes(bundle: &Bundle) -> Vec<(FindingCode, Option<u32>)> {
    bundle.findings.iter().map(|finding| (finding.code, finding.document)).collect()
}

fn identity() -> Identity {
    Identity::new(1)
}

type Outcome = (Option<Indication>, Option<SubIndication>);

const PASSED: Outcome = (Some(Indication::TotalPassed), None);
const BAD_HASH: Outcome = (Some(Indication::TotalFailed), Some(SubIndication::HashFailure));
const UNSIGNED: Outcome = (None, None);

/// Asserts the documents in order: name, signature files, and what is said.
#[track_caller]
fn expect(parts: &[Part], expected: &[(&str, usize, Outcome)]) -> Bundle {
    let bundle = pair(parts);
    assert_eq!(told(&bundle), expected);
    bundle
}

#[test]
fn pairs_a_detached_signature_with_its_content_whatever_the_names() {
    let signature = detached(&identity(), COPY);
    for (document, file) in
        [("X.pdf", "X.pdf.p7s"), ("scan.pdf", "signature.p7s"), ("a.pdf", "b.bin"), ("X.pdf", "")]
    {
        expect(
            &[text(b"hello"), part(document, COPY), part(file, signature.clone())],
            &[(document, 1, PASSED)],
        );
    }
}

/// RFC 8551 §3.5.2: mail programs label and name a signature with its content inside so.
#[test]
fn an_opaque_signature_of_a_mail_program_is_known_by_its_bytes() {
    let file = attached(&identity(), COPY);
    let opaque =
        Part { media_type: "application/pkcs7-mime".to_owned(), ..part("smime.p7m", file) };
    expect(&[opaque], &[("smime.p7m", 1, PASSED)]);
}

#[test]
fn an_attached_signature_brings_its_document() {
    let file = attached(&identity(), COPY);
    expect(&[part("X.pdf.p7s", file.clone())], &[("X.pdf", 1, PASSED)]);
    expect(&[part("", file)], &[("attachment-1", 1, PASSED)]);
}

#[test]
fn a_document_beside_its_own_attached_signature_is_one_document() {
    let file = attached(&identity(), COPY);
    let parts = [part("X.pdf.p7s", file.clone()), part("X.pdf", COPY), part("again.p7s", file)];
    expect(&parts, &[("X.pdf", 1, PASSED)]);
}

/// One content is shown and another one is signed.
#[test]
fn an_attached_signature_over_another_content_is_another_document() {
    let parts = [part("X.pdf", COPY), part("X.pdf.p7s", attached(&identity(), OTHER))];
    expect(&parts, &[("X.pdf", 0, UNSIGNED), ("X.pdf", 1, PASSED)]);
}

#[test]
fn a_changed_document_beside_its_signature_is_broken_and_not_unsigned() {
    let signature = detached(&identity(), COPY);
    for (document, file) in [
        ("X.pdf", "X.pdf.p7s"),
        ("X (1).pdf", "X.pdf.P7S"),
        ("a-09_48_26.pdf", "a-09:48:26.pdf.p7s"),
        ("internal-passport-2858364170864-02.04.2021.pdf", "internal-passport-28583.p7s"),
        // Nothing else is there that they could be for.
        ("renamed.pdf", "signature.p7s"),
    ] {
        let parts = [part(document, OTHER), part("logo.png", LOGO), part(file, signature.clone())];
        expect(&parts, &[(document, 1, BAD_HASH)]);
    }
}

#[test]
fn documents_of_one_name_are_judged_each_on_its_own() {
    let signature = detached(&identity(), COPY);
    let parts = [part("X.pdf", COPY), part("X.pdf", OTHER), part("X.pdf.p7s", signature.clone())];
    expect(&parts, &[("X.pdf", 1, PASSED), ("X.pdf", 0, UNSIGNED)]);
    let parts = [part("X.pdf", OTHER), part("X.pdf", COPY), part("X.pdf.p7s", signature)];
    expect(&parts, &[("X.pdf", 0, UNSIGNED), ("X.pdf", 1, PASSED)]);
}

#[test]
fn one_content_sent_twice_is_one_document() {
    let parts = [
        part("driver-license-2858364170864-02.04.2021-09:48:26.pdf", COPY),
        part("internal-passport-2858364170864-02.04.2021-09:48:26.pdf", COPY),
        part("x.p7s", detached(&identity(), COPY)),
    ];
    let bundle =
        expect(&parts, &[("driver-license-2858364170864-02.04.2021-09:48:26.pdf", 1, PASSED)]);
    assert_eq!(bundle.documents[0].type_code.as_str(), "driver-license");
}

/// Two signers, each over another document, in one file: it fits both, and vouches for neither.
#[test]
fn one_signature_file_never_vouches_for_two_contents() {
    let identity = identity();
    let signers = [COPY, OTHER].map(|content| SignerPlan::new(&identity, content).write(content));
    let file = FilePlan::new(None, &[&identity], &signers).write();
    let parts = [part("a.pdf", COPY), part("b.pdf", OTHER), part("c.p7s", file)];
    expect(&parts, &[("a.pdf", 1, BAD_HASH), ("b.pdf", 0, UNSIGNED)]);
}

#[test]
fn several_signatures_over_one_document_are_all_judged() {
    let unknown = Identity::new(2);
    let parts = [
        part("X.pdf", COPY),
        part("X.pdf.p7s", detached(&identity(), COPY)),
        part("X.pdf.2.p7s", attached(&unknown, COPY)),
    ];
    let unknown_issuer =
        (Some(Indication::Indeterminate), Some(SubIndication::NoCertificateChainFound));
    expect(&parts, &[("X.pdf", 2, unknown_issuer)]);
}

#[test]
fn a_signature_over_a_signature_file_counts_for_the_document_inside() {
    let file = attached(&identity(), COPY);
    let over = detached(&identity(), &file);
    let parts = [part("X.pdf.p7s", file), part("X.pdf.p7s.p7s", over)];
    expect(&parts, &[("X.pdf", 2, PASSED)]);
}

#[test]
fn a_signature_without_its_document_is_told() {
    let missing = (Some(Indication::Indeterminate), Some(SubIndication::SignedDataNotFound));
    let bundle = expect(
        &[text(b"hello"), part("X.pdf.p7s", detached(&identity(), COPY))],
        &[("X.pdf", 1, missing)],
    );
    assert_eq!(codes(&bundle), [(FindingCode::SignatureWithoutContent, Some(1))]);
}

#[test]
fn what_is_named_a_signature_and_is_none_fails() {
    let broken = (Some(Indication::TotalFailed), Some(SubIndication::FormatFailure));
    for garbage in [&b"garbage"[..], b"", b"\x30\x82"] {
        let parts = [part("X.pdf", COPY), part("X.pdf.p7s", Bytes::from_static(garbage))];
        expect(&parts, &[("X.pdf", 1, broken)]);
    }
    expect(&[part("X.p7s", Bytes::from_static(b"garbage"))], &[("X", 1, broken)]);
}

#[test]
fn what_a_mail_client_signs_and_decorates_with_is_left_alone() {
    let parts = [
        text(b"%PDF- is written in a letter"),
        part("logo.png", LOGO),
        part("smime.p7s", detached(&identity(), b"the whole mail")),
        part("letter.docx", Bytes::from_static(b"PK\x03\x04[Content_Types].xml")),
        part("certificates.p7b", FilePlan::new(None, &[&identity()], &[]).write()),
    ];
    let bundle = pair(&parts[1..]);
    assert_eq!(bundle, Bundle::default());
}

/// The name that mail programs give the signature on a whole mail is a hint as any other.
#[test]
fn a_signature_on_a_copy_counts_by_whatever_name() {
    let signed = [part("X.pdf", COPY), part("smime.p7s", detached(&identity(), COPY))];
    expect(&signed, &[("X.pdf", 1, PASSED)]);
    let junk = pair(&[part("X.pdf.p7s", attached(&identity(), COPY)), part("smime.p7s", LOGO)]);
    assert_eq!(junk.documents.len(), 2, "it is told");
}

#[test]
fn a_file_is_a_document_when_it_is_signed_or_named_like_a_copy() {
    let name = "birth-certificate-2858364170864-02.04.2021-09:48:26.pdf";
    let bundle = expect(&[part(name, Bytes::from_static(b"torn"))], &[(name, 0, UNSIGNED)]);
    assert_eq!(bundle.documents[0].type_code.as_str(), "birth-certificate");
    assert!(bundle.documents[0].made_at.is_some());
    let parts = [part("data.json", LOGO), part("data.json.p7s", detached(&identity(), LOGO))];
    expect(&parts, &[("data.json", 1, PASSED)]);
}

/// An unsigned picture that is named as a passport is reported, also beside a whole set of signed copies.
#[test]
fn a_picture_that_is_called_by_a_type_is_a_document() {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";
    const JPEG: &[u8] = b"\xff\xd8\xff and more";
    for content in [PNG, JPEG] {
        for name in
            ["internal-passport.png", "Copy of internal_passport (2).jpg", "internal-passport"]
        {
            let bundle = expect(&[part(name, Bytes::from_static(content))], &[(name, 0, UNSIGNED)]);
            assert_eq!(bundle.documents[0].type_code.as_str(), "internal-passport");
        }
        for logo in ["logo.png", "image001.jpg", "passport.png", ""] {
            assert_eq!(pair(&[part(logo, Bytes::from_static(content))]), Bundle::default());
        }
    }
    let other = part("internal-passport.txt", Bytes::from_static(b"a text"));
    assert_eq!(pair(&[other]), Bundle::default());
}

#[test]
fn containers_are_documents_that_cannot_be_judged() {
    const ENVELOPE: &[u8] = b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
    for (name, content, sub_indication, code) in [
        (
            "X.zip",
            &b"PK\x03\x04X.pdf"[..],
            SubIndication::FormatFailure,
            FindingCode::AlgorithmUnsupported,
        ),
        (
            "X.pdf.p7s.p7e",
            ENVELOPE,
            SubIndication::SignedDataNotFound,
            FindingCode::EncryptedUnopened,
        ),
    ] {
        let undecided = (Some(Indication::Indeterminate), Some(sub_indication));
        // Its name would fit, and yet the signature is not over the container.
        let parts = [part(name, Bytes::from_static(content))];
        let bundle = expect(&parts, &[(name, 0, undecided)]);
        assert_eq!(codes(&bundle), [(code, Some(1))]);
        let beside = part("X.pdf.p7s", detached(&identity(), COPY));
        let bundle = pair(&[parts[0].clone(), beside]);
        assert_eq!(bundle.documents.len(), 2);
    }
}

#[test]
fn a_container_with_signatures_is_a_document() {
    let container = Bytes::from_static(b"PK\x03\x04META-INF/signature.p7s");
    let broken = (Some(Indication::TotalFailed), Some(SubIndication::FormatFailure));
    let bundle = expect(&[part("X.asice", container)], &[("X.asice", 0, broken)]);
    assert!(codes(&bundle).is_empty());
}

#[test]
fn the_type_comes_from_the_signature_s_name_when_only_that_tells() {
    let file = attached(&identity(), COPY);
    let name = "taxpayer-card-2858364170864-02.04.2021-09_48_26.pdf.p7s";
    let bundle = pair(&[part("scan.pdf", COPY), part(name, file)]);
    assert_eq!(bundle.documents[0].type_code.as_str(), "taxpayer-card");
    assert_eq!(bundle.documents[0].name, "scan.pdf");
    assert_eq!(bundle.documents[0].signature_names, [name]);
}

#[test]
fn more_documents_than_allowed_are_left_out_with_a_finding() {
    let parts: Vec<Part> =
        (0..70).map(|number| part("X.pdf", format!("%PDF-1.7 {number}").into_bytes())).collect();
    let bundle = pair(&parts);
    assert_eq!(bundle.documents.len(), 64);
    assert_eq!(codes(&bundle), [(FindingCode::LimitExceeded, None)]);
}

/// What a part of a random mail is.
fn any_part() -> impl Strategy<Value = Part> {
    let contents = [COPY, OTHER, LOGO].map(Bytes::from_static);
    let content = prop_oneof![
        prop::sample::select(contents.to_vec()),
        prop::sample::select(contents.to_vec()).prop_map(|inner| attached(&identity(), &inner)),
        prop::sample::select(contents.to_vec()).prop_map(|inner| detached(&identity(), &inner)),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from),
    ];
    let names = ["X.pdf", "X.pdf.p7s", "y.pdf", "y.p7s", "smime.p7s", ""];
    (prop::sample::select(names.to_vec()), content).prop_map(|(name, content)| part(name, content))
}

proptest! {
    #[test]
    fn no_mail_makes_a_document_pass_that_nobody_signed(
        parts in prop::collection::vec(any_part(), 0..8),
    ) {
        let bundle = pair(&parts);
        let signed: Vec<&[u8]> = [COPY, OTHER, LOGO]
            .into_iter()
            .filter(|content| {
                let files = [attached(&identity(), content), detached(&identity(), content)];
                parts.iter().any(|part| files.contains(&part.content))
            })
            .collect();
        for (document, (.., outcome)) in bundle.documents.iter().zip(told(&bundle)) {
            let content = document.signed.content.as_ref();
            if outcome == PASSED && let Some(content) = content {
                prop_assert!(signed.contains(&&content[..]));
            }
        }
        let contents: Vec<_> =
            bundle.documents.iter().filter_map(|document| document.signed.content.as_ref()).collect();
        let distinct: std::collections::BTreeSet<_> = contents.iter().collect();
        prop_assert_eq!(contents.len(), distinct.len());
    }
}
