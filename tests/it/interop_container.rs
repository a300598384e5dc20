//! `ASiC` containers and signed PDF files made by other software (`SKRYNKA_INTEROP_DATA`), as they
//! are and attacked. What no folder is named for is skipped, said aloud.

use std::path::Path;

use bytes::Bytes;
use skrynka::{
    domain::{Container, Indication, Level, SubIndication, Timestamp, WarningCode},
    signature::{
        Conditions, Examined, Signed,
        asic::{Archive, ArchiveLimits},
        cms::SignedData,
        examine,
    },
    trust::{TrustStore, read_certificates},
};

use crate::support::interop;

type Outcome = (Option<Indication>, Option<SubIndication>);
const PASSED: Outcome = (Some(Indication::TotalPassed), None);
const NOT_SHOWN: Outcome =
    (Some(Indication::Indeterminate), Some(SubIndication::SigConstraintsFailure));

fn read(folder: &Path, file: &str) -> Bytes {
    std::fs::read(folder.join(file)).expect(file).into()
}

fn judge(file: impl Into<Bytes>, trust: &TrustStore, at: &str) -> Examined {
    let signed = Signed { content: Some(file.into()), signatures: Vec::new() };
    let at: Timestamp = at.parse().expect("a moment");
    examine(&signed, &Conditions::new(trust, at))
}

fn outcome(examined: &Examined) -> Outcome {
    (examined.report().indication, examined.report().sub_indication)
}

/// The root of the PDF files.
fn root(folder: &Path) -> TrustStore {
    TrustStore::new(read_certificates(&read(folder, "ossl/dev-ca.pem")).expect("a certificate"))
}

/// Trust in the certificate that issued the signer's in a container.
fn trust_inside(container: &Bytes, signature: &str) -> TrustStore {
    let archive = Archive::read(container, &ArchiveLimits::default()).expect("an archive");
    let file = &archive.entry(signature).expect("a signature").content;
    let signed_data = SignedData::parse(file, &skrynka::signature::Limits::default());
    TrustStore::new(signed_data.expect("a signature").certificates().to_vec())
}

const SIGNED_AT: &str = "2019-07-31T00:00:00Z";
const PDF_AT: &str = "2026-11-22T12:00:00Z";

#[test]
fn judges_containers_of_other_software() {
    let Some(folder) = interop::data() else { return };
    let untrusted = (Some(Indication::Indeterminate), Some(SubIndication::NoCertificateChainFound));
    let broken = (Some(Indication::TotalFailed), Some(SubIndication::HashFailure));
    for (name, signature, container, trusted, unknown) in [
        ("onefile-ok.asics", "META-INF/signature.p7s", Container::AsicS, PASSED, untrusted),
        ("onefile-ok.asice", "META-INF/signature001.p7s", Container::AsicE, PASSED, untrusted),
        ("multifiles-ok.asice", "META-INF/signature001.p7s", Container::AsicE, PASSED, untrusted),
        ("brokenReference.asice", "META-INF/signature001.p7s", Container::AsicE, broken, broken),
    ] {
        let file = read(&folder, &format!("asic-dss/{name}"));
        let trust = trust_inside(&file, signature);
        let examined = judge(file.clone(), &trust, SIGNED_AT);
        assert_eq!(outcome(&examined), trusted, "{name}: {:#?}", examined.report());
        assert_eq!(examined.report().container, container, "{name}");
        let examined = judge(file, &TrustStore::empty(), SIGNED_AT);
        assert_eq!(outcome(&examined), unknown, "{name}: {:#?}", examined.report());
    }
    let examined =
        judge(read(&folder, "asic-dss/no-signature.asics"), &TrustStore::empty(), PDF_AT);
    let undecided = (Some(Indication::Indeterminate), Some(SubIndication::FormatFailure));
    assert_eq!(outcome(&examined), undecided);
    assert!(examined.report().signatures[0].reason.as_ref().expect("a reason").contains("XAdES"));
}

#[test]
fn the_document_of_a_container_is_its_only_file() {
    let Some(folder) = interop::data() else { return };
    for name in ["onefile-ok.asics", "onefile-ok.asice"] {
        let file = read(&folder, &format!("asic-dss/{name}"));
        let examined = judge(file, &TrustStore::empty(), SIGNED_AT);
        assert_eq!(examined.content().len(), 13, "{name}");
        assert_eq!(examined.report().signatures[0].covers, ["test.text"], "{name}");
    }
    let file = read(&folder, "asic-dss/multifiles-ok.asice");
    assert_eq!(judge(file.clone(), &TrustStore::empty(), SIGNED_AT).content(), &file);
}

#[test]
fn judges_containers_and_files_with_national_signatures() {
    let Some(folder) = interop::data() else { return };
    let authority = "diia/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer";
    let trust = TrustStore::new(read_certificates(&read(&folder, authority)).expect("one"));
    let expired = (Some(Indication::Indeterminate), Some(SubIndication::OutOfBoundsNoPoe));
    for (name, container) in [
        ("asics-cades-bb-gost34311.asics", Container::AsicS),
        ("asice-cades-bb-gost34311.asice", Container::AsicE),
        ("pades-bb-gost34311.pdf", Container::Pades),
    ] {
        let file = read(&folder, &format!("uapki-gen/{name}"));
        for (at, expected) in [("2023-10-01T12:00:00Z", PASSED), (PDF_AT, expired)] {
            let examined = judge(file.clone(), &trust, at);
            let report = examined.report();
            assert_eq!(report.container, container, "{name}");
            assert_eq!(report.signatures.len(), 1, "{name}");
            assert_eq!(outcome(&examined), expected, "{name}: {report:#?}");
            assert_eq!(report.signatures[0].covers.len(), 1, "{name}");
            assert!(report.not_covered.is_empty(), "{name}");
        }
    }
}

#[test]
fn judges_pdf_files_of_other_software() {
    let Some(folder) = interop::data() else { return };
    for name in ["dev-p256-pades-b.pdf", "dev-rsa-pades-b.pdf"] {
        let file = read(&folder, &format!("pades/{name}"));
        let examined = judge(file.clone(), &root(&folder), PDF_AT);
        let report = examined.report();
        assert_eq!(outcome(&examined), PASSED, "{name}: {report:#?}");
        assert_eq!(report.container, Container::Pades);
        assert_eq!(report.signatures[0].level, Level::PadesB);
        assert_eq!(
            report.signatures[0].covers,
            [format!("the whole file of {} bytes", file.len())]
        );
        assert!(report.not_covered.is_empty());
        assert_eq!(examined.content(), &file);
    }
}

#[test]
fn a_revision_added_by_somebody_else_is_told() {
    let Some(folder) = interop::data() else { return };
    let trust = root(&folder);
    let file = read(&folder, "pades/dev-rsa-pades-b.pdf");
    for (what, objects) in [
        ("contents", &[(4, "<</Length 3>>stream\nQ q\nendstream")][..]),
        ("another page", &[(2, "<</Type/Pages/Kids[3 0 R 20 0 R]/Count 2>>"), (20, "<<>>")]),
        (
            "another catalog",
            &[(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R/OpenAction 9 0 R>>")],
        ),
        (
            "an annotation",
            &[(
                3,
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>\
             /Annots[7 0 R<</Subtype/FreeText/Rect[0 0 9 9]>>]>>",
            )],
        ),
    ] {
        let examined = judge(interop::added(&file, objects), &trust, PDF_AT);
        assert_eq!(outcome(&examined), NOT_SHOWN, "{what}: {:#?}", examined.report());
        assert_eq!(examined.report().not_covered.len(), 1, "{what}");
    }
    let store = "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R/DSS<<>>/Extensions<<>>>>";
    let examined = judge(interop::added(&file, &[(1, store)]), &trust, PDF_AT);
    assert_eq!(outcome(&examined), PASSED, "{:#?}", examined.report());
    let warnings = &examined.report().signatures[0].warnings;
    assert!(warnings.iter().any(|warning| warning.code == WarningCode::LaterRevisions));
}

/// Every byte of each file is changed, one at a time. Those that may pass are listed with why.
#[test]
fn no_change_of_one_byte_passes() {
    let Some(folder) = interop::data() else { return };
    let trust = root(&folder);
    for (name, step) in [("dev-p256-pades-b.pdf", 1), ("dev-rsa-pades-b.pdf", 7)] {
        let file = read(&folder, &format!("pades/{name}"));
        let free = root_inside(&file, &trust);
        assert!(!free.is_empty(), "{name}");
        for at in (0..file.len()).step_by(step).filter(|at| !free.contains(at)) {
            let mut bent = file.to_vec();
            // Not the case of a letter: of a hexadecimal digit it means the same octet.
            bent[at] ^= 1;
            assert_ne!(outcome(&judge(bent, &trust, PDF_AT)), PASSED, "{name}: byte {at}");
        }
    }
    for (name, signature) in [
        ("onefile-ok.asics", "META-INF/signature.p7s"),
        ("onefile-ok.asice", "META-INF/signature001.p7s"),
    ] {
        let file = read(&folder, &format!("asic-dss/{name}"));
        let trust = trust_inside(&file, signature);
        let free = free_bytes(&file);
        for at in (0..file.len()).filter(|at| !free.contains(at)) {
            for change in [1, 0x80] {
                let mut bent = file.to_vec();
                bent[at] ^= change;
                let examined = judge(bent, &trust, SIGNED_AT);
                assert_ne!(outcome(&examined), PASSED, "{name}: byte {at} xor {change}");
            }
        }
    }
}

/// The digits of the root that a PDF file brings along: the one that is trusted lies elsewhere,
/// and nobody needs this one.
fn root_inside(file: &[u8], trust: &TrustStore) -> std::ops::Range<usize> {
    let der = trust.certificates()[0].der();
    let digits = der.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().concat();
    let start = file.windows(digits.len()).position(|window| window == digits.as_bytes());
    start.map_or(0..0, |start| start..start + digits.len())
}

/// The bytes of an archive on which nothing rests: versions, dates and file attributes, which
/// say nothing of a document and are reported nowhere, and the last byte of a file in it, whose
/// upper bits may lie behind the end of what was deflated.
fn free_bytes(file: &[u8]) -> Vec<usize> {
    let mut free = Vec::new();
    for at in 0..file.len().saturating_sub(4) {
        match &file[at..at + 4] {
            b"PK\x03\x04" => free.extend([4..6, 10..14].into_iter().flatten().map(|by| at + by)),
            b"PK\x01\x02" => {
                free.extend([4..8, 12..16, 36..42].into_iter().flatten().map(|by| at + by));
            }
            b"PK\x07\x08" => free.push(at - 1),
            _ => {}
        }
    }
    free
}
