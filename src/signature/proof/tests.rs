//! One copy in every form that it may come in: whatever is changed around the signed bytes, it is
//! known again; and another copy is not taken for it.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that counts wrongly fails"
)]

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding as _};
use bytes::Bytes;

use crate::{
    algorithms::DigestAlgorithm,
    domain::{Indication, Sha256, WarningCode},
    signature::{
        Conditions, Encrypted, Signed,
        asic::sample::{Plan, archive},
        examine,
        pades::sample::{Draft, find, signed},
        sample::{FilePlan, Identity, SignerPlan, attached, attribute, detached, tlv},
    },
    trust::{Certificate, TrustStore},
};

const COPY: &[u8] = b"a copy";
const OTHER: &[u8] = b"another copy";
const SIMPLE: &[u8] = b"application/vnd.etsi.asic-s+zip";
const EXTENDED: &[u8] = b"application/vnd.etsi.asic-e+zip";

/// A form of a copy: what it is called here, the content beside its signatures, and these.
type Form = (&'static str, Option<Bytes>, Vec<Bytes>);

/// What the form is known by, and whether its signatures pass.
fn known_by((_, content, signatures): &Form) -> (BTreeSet<Sha256>, Option<Indication>) {
    let certificates = [1, 2].map(|seed| Identity::new(seed).certificate);
    let certificates = certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    let trust = TrustStore::new(certificates);
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    let signed = Signed { content: content.clone(), signatures: signatures.clone() };
    let examined = examine(&signed, &Conditions::new(&trust, at));
    (examined.known_by(), examined.report().indication)
}

/// The same copy again, whichever comes first.
fn expect_same(forms: &[Form]) {
    for one in forms {
        let (known, indication) = known_by(one);
        let is_signed = !one.2.is_empty() || one.0 != "without a signature";
        assert_eq!(indication, is_signed.then_some(Indication::TotalPassed), "{}", one.0);
        for other in forms {
            let again = known_by(other).0;
            assert!(!known.is_disjoint(&again), "{} after {}", other.0, one.0);
        }
    }
}

fn expect_different(forms: &[Form], others: &[Form]) {
    for (one, other) in forms.iter().flat_map(|one| others.iter().map(move |other| (one, other))) {
        assert!(known_by(one).0.is_disjoint(&known_by(other).0), "{} and {}", one.0, other.0);
    }
}

/// The outermost length left open, as BER allows (X.690 §8.1.3.6).
fn in_ber(der: &[u8]) -> Bytes {
    let header = 2 + usize::from(der[1].saturating_sub(0x80));
    [&[0x30, 0x80], &der[header..], &[0, 0]].concat().into()
}

/// With an attribute that no signature covers.
fn with_unsigned_attribute(content: &[u8]) -> Bytes {
    let identity = Identity::new(1);
    let mut signer = SignerPlan::new(&identity, content);
    let value = tlv(0x0c, &[b"anything"]);
    signer.unsigned = Some(vec![attribute(&[0x2a, 0x03], &[&value])]);
    FilePlan::new(Some(content), &[&identity], &[signer.write(content)]).write()
}

fn simple(content: &[u8], deflated: bool, is_described: bool) -> Bytes {
    let signature = detached(&Identity::new(1), content);
    let mut plans = vec![Plan::new("mimetype", SIMPLE)];
    plans.push(Plan { deflated, descriptor: is_described, ..Plan::new("copy.pdf", content) });
    plans.push(Plan::new("META-INF/signature.p7s", &signature));
    archive(&plans).into()
}

/// A container of these files, with a manifest that names them all.
fn extended(files: &[(&str, &[u8])]) -> Bytes {
    let named: Vec<String> = files
        .iter()
        .map(|(name, content)| {
            let digest = Base64::encode_string(&DigestAlgorithm::Sha256.digest(content));
            format!(
                "<DataObjectReference URI='{name}'><d:DigestMethod \
                 Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>\
                 <d:DigestValue>{digest}</d:DigestValue></DataObjectReference>"
            )
        })
        .collect();
    let manifest = format!(
        "<ASiCManifest xmlns='http://uri.etsi.org/02918/v1.2.1#' \
         xmlns:d='http://www.w3.org/2000/09/xmldsig#'>\
         <SigReference URI='META-INF/signature1.p7s'/>{}</ASiCManifest>",
        named.concat()
    );
    let signature = detached(&Identity::new(1), manifest.as_bytes());
    let mut plans = vec![Plan::new("mimetype", EXTENDED)];
    let files = files.iter().map(|(name, content)| Plan::new(name, content));
    plans.extend(files.map(|plan| Plan { deflated: true, ..plan }));
    plans.push(Plan::new("META-INF/ASiCManifest1.xml", manifest.as_bytes()));
    plans.push(Plan::new("META-INF/signature1.p7s", &signature));
    archive(&plans).into()
}

/// Every form of one copy that a signature lies beside or around.
fn forms(copy: &[u8]) -> Vec<Form> {
    let (one, two) = (Identity::new(1), Identity::new(2));
    let beside = |signatures| (Some(Bytes::copy_from_slice(copy)), signatures);
    let mut forms = Vec::new();
    let mut add = |name, (content, signatures): (Option<Bytes>, Vec<Bytes>)| {
        forms.push((name, content, signatures));
    };
    let (inside, apart) = (attached(&one, copy), detached(&one, copy));
    add("without a signature", beside(Vec::new()));
    add("signature around it", (None, vec![inside.clone()]));
    add("signature around it and it beside", beside(vec![inside.clone()]));
    add("signature beside it", beside(vec![apart.clone()]));
    add("signature by another", beside(vec![detached(&two, copy)]));
    add("two signatures", beside(vec![apart.clone(), detached(&two, copy)]));
    add("unsigned attribute", (None, vec![with_unsigned_attribute(copy)]));
    add("signature in BER", (None, vec![in_ber(&inside)]));
    add("signature around a signature", (None, vec![attached(&two, &inside)]));
    add("signature over a signature", beside(vec![apart.clone(), detached(&two, &apart)]));
    add("detached signature in another layer", beside(vec![attached(&two, &apart)]));
    add("simple container", (Some(simple(copy, false, false)), Vec::new()));
    add("packed again", (Some(simple(copy, true, false)), Vec::new()));
    add("packed in another way", (Some(simple(copy, true, true)), Vec::new()));
    add("extended container", (Some(extended(&[("copy.pdf", copy)])), Vec::new()));
    let beside_another = extended(&[("x.pdf", b"something"), ("copy.pdf", copy)]);
    add("with another file in an extended container", (Some(beside_another), Vec::new()));
    let container = simple(copy, false, false);
    let signature = detached(&two, &container);
    add("signed container", (Some(container), vec![signature]));
    forms
}

#[test]
fn a_copy_is_the_same_in_every_form_that_signatures_come_in() {
    expect_same(&forms(COPY));
    let mut others = forms(OTHER);
    // The file beside is the same one.
    others.retain(|(name, _, _)| *name != "with another file in an extended container");
    expect_different(&forms(COPY), &others);
}

#[test]
fn each_document_of_a_container_is_known_by_itself() {
    let both = extended(&[("a.pdf", COPY), ("b.pdf", OTHER)]);
    let both = known_by(&("both", Some(both), Vec::new())).0;
    for copy in [COPY, OTHER] {
        for form in forms(copy) {
            assert!(!both.is_disjoint(&known_by(&form).0), "{}", form.0);
        }
    }
}

fn pdf(name: &'static str, bytes: impl Into<Bytes>) -> Form {
    (name, Some(bytes.into()), Vec::new())
}

/// A sealed file with whatever can stand around the revision that was signed.
fn pdf_forms(of: fn() -> Draft) -> Vec<Form> {
    let added = |add: fn(&mut Draft)| {
        let mut draft = of();
        add(&mut draft);
        draft.bytes
    };
    let sealed = of().bytes;
    let mut respelled = sealed.clone();
    let start = find(&respelled, b"/Contents<");
    let end = start + find(&respelled[start..], b">");
    respelled[start + 10..end].make_ascii_uppercase();
    assert_ne!(respelled, sealed);
    let twice = added(|draft| {
        draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
        draft.sign_again(20, 7);
    });
    let by_hand = detached(&Identity::new(2), &sealed);
    let around = attached(&Identity::new(2), &sealed);
    vec![
        pdf("as sealed", sealed.clone()),
        pdf("a line behind it", [&sealed[..], b"\n"].concat()),
        pdf("lines behind it", [&sealed[..], b"\r\n\r\n"].concat()),
        pdf(
            "a revision that shows nothing",
            added(|draft| {
                draft.object(30, "<</Anything(at all)>>");
                draft.end();
            }),
        ),
        pdf("the digits of the signature in other letters", respelled),
        pdf("signed a second time", twice),
        ("a signature beside it", Some(sealed.clone().into()), vec![by_hand]),
        ("a signature around it", None, vec![around]),
        pdf("in a simple container", simple(&sealed, true, false)),
        pdf("in an extended container", extended(&[("copy.pdf", &sealed)])),
    ]
}

/// The same file with another page size.
fn other_pdf() -> Draft {
    let mut draft = Draft::new();
    draft.object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 8 8]/Contents 4 0 R>>");
    draft.end();
    draft.sign(5);
    draft
}

#[test]
fn a_sealed_pdf_is_the_same_whatever_surrounds_the_signed_revision() {
    expect_same(&pdf_forms(signed));
    expect_different(&pdf_forms(signed), &pdf_forms(other_pdf));
}

#[test]
fn nothing_at_all_is_no_copy_of_anything() {
    let empty = ("empty", Some(Bytes::new()), vec![detached(&Identity::new(1), b"")]);
    assert!(known_by(&empty).0.is_empty());
}

/// A signature over another signature file commits to that file; what a reader is shown has to be
/// signed by itself.
#[test]
fn a_signature_over_another_signature_file_is_not_over_the_document() {
    let (signer, witness) = (Identity::new(1), Identity::new(2));
    let over_document = detached(&signer, COPY);
    let over_signature = detached(&witness, &over_document);
    let around_document = attached(&signer, COPY);
    let trust = [&signer, &witness].map(|one| Certificate::parse(&one.certificate).unwrap());
    let trust = TrustStore::new(trust.to_vec());
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    let covers = |content: Option<&[u8]>, signatures: &[&Bytes]| -> Vec<bool> {
        let file = Signed {
            content: content.map(Bytes::copy_from_slice),
            signatures: signatures.iter().copied().cloned().collect(),
        };
        let examined = examine(&file, &Conditions::new(&trust, at));
        examined.proofs().iter().map(super::Proof::covers_document).collect()
    };
    for (what, covered, due) in [
        ("beside", covers(Some(COPY), &[&over_document]), vec![true]),
        ("around", covers(None, &[&around_document]), vec![true]),
        ("a witness", covers(Some(COPY), &[&over_document, &over_signature]), vec![true, false]),
        (
            "a witness first",
            covers(Some(COPY), &[&over_signature, &over_document]),
            vec![false, true],
        ),
        ("no document", covers(None, &[&over_document, &over_signature]), vec![]),
    ] {
        assert_eq!(covered, due, "{what}");
    }
}

/// What can bring a document, one around the other.
#[derive(Clone, Copy, Debug)]
enum Carrier {
    Ber,
    Encrypted,
    Pem,
    Signature,
    UnsignedAttribute,
}

impl Carrier {
    const ALL: [Self; 5] =
        [Self::Ber, Self::Encrypted, Self::Pem, Self::Signature, Self::UnsignedAttribute];

    fn around(self, file: &Bytes, encrypted: &mut Vec<Encrypted>) -> Bytes {
        let signature = attached(&Identity::new(1), file);
        match self {
            Self::Ber => in_ber(&signature),
            Self::Encrypted => {
                let envelope = b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
                let around =
                    Bytes::from([&envelope[..], &Sha256::of(file).as_bytes()[..]].concat());
                encrypted.push(Encrypted { file: around.clone(), opened: Ok(file.clone()) });
                around
            }
            Self::Pem => {
                let text = Base64::encode_string(&signature);
                format!("-----BEGIN <h1>a page-----\n{text}\n-----END <h1>a page-----\n").into()
            }
            Self::Signature => signature,
            Self::UnsignedAttribute => with_unsigned_attribute(file),
        }
    }

    /// All rows of so many.
    fn rows(count: usize) -> Vec<Vec<Self>> {
        (0..count).fold(vec![Vec::new()], |rows, _| {
            let longer = |row: Vec<Self>| Self::ALL.map(|one| [&row[..], &[one]].concat());
            rows.into_iter().flat_map(longer).collect()
        })
    }
}

/// To its signer a file that brings the document may have been a page, a PDF file, or another document.
#[test]
fn a_signature_over_what_brings_the_document_is_not_over_the_document() {
    let (sender, victim) = (Identity::new(1), Identity::new(2));
    let trust = [&sender, &victim].map(|one| Certificate::parse(&one.certificate).unwrap());
    let trust = TrustStore::new(trust.to_vec());
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    let strange = |name, content: &[u8]| -> Bytes {
        let signature = detached(&sender, COPY);
        let signature = Plan::new("META-INF/signature.p7s", &signature);
        let copy = Plan { deflated: true, ..Plan::new("<h1>a page<plaintext>.pdf", COPY) };
        archive(&[Plan::new("mimetype", SIMPLE), copy, signature, Plan::new(name, content)]).into()
    };
    let bases = [
        ("the copy", Bytes::from_static(COPY)),
        ("a simple container", simple(COPY, false, false)),
        ("an extended container", extended(&[("copy.pdf", COPY)])),
        ("a container of many", extended(&[("copy.pdf", COPY), ("other.pdf", OTHER)])),
        ("a container with a time-stamp", strange("META-INF/a.tst", b"<h1>a page")),
        ("a container with a PDF file", strange("META-INF/a.p7s", b"4 0 obj<</Type/Catalog>>")),
        ("a container with a book", strange("META-INF/container.xml", b"a book")),
    ];
    let rows: Vec<Vec<Carrier>> = (0..=2).flat_map(Carrier::rows).collect();
    for ((base, bytes), row, is_around) in bases.iter().flat_map(|base| {
        let rows = rows.iter().flat_map(|row| [(row, false), (row, true)]);
        rows.map(move |(row, is_around)| (base, row, is_around))
    }) {
        let what = format!("{row:?} over {base}, signed around: {is_around}");
        let mut encrypted = Vec::new();
        let file = row.iter().fold(bytes.clone(), |file, one| one.around(&file, &mut encrypted));
        let opened = encrypted.iter().rev().fold(file.clone(), |file, one| match &one.opened {
            Ok(inside) if one.file == file => inside.clone(),
            _ => file,
        });
        let signed = if is_around {
            Signed { content: None, signatures: vec![attached(&victim, &file)] }
        } else {
            Signed { content: Some(opened), signatures: vec![detached(&victim, &file)] }
        };
        let conditions = Conditions { encrypted: &encrypted, ..Conditions::new(&trust, at) };
        let examined = examine(&signed, &conditions);
        let by = |one: &Identity| {
            let own = Sha256::of(&one.certificate);
            let proofs = examined.proofs().iter().filter(move |proof| proof.signer() == own);
            proofs.cloned().collect::<Vec<_>>()
        };
        let own = by(&victim);
        assert_eq!(own.len(), 1, "{what}: {:?}", examined.report());
        let is_own = *base == "the copy" && row.is_empty();
        assert_eq!(own[0].covers_document(), is_own, "{what}");
        let warnings = &examined.report().signatures[own[0].signature()].warnings;
        let is_told = warnings.iter().any(|one| one.code == WarningCode::ContainerUnusual);
        assert_eq!(is_told, !is_own, "{what}");
        let is_signed_itself = match *base {
            "the copy" => matches!(row.first(), Some(one) if !matches!(one, Carrier::Encrypted)),
            other => !other.contains("PDF") && !other.contains("book"),
        };
        let is_proved = by(&sender).iter().any(super::Proof::covers_document);
        assert!(is_proved || !is_signed_itself, "{what}");
    }
}

/// For another recipient another content may come out of the same file.
#[test]
fn a_signature_over_an_encrypted_file_is_not_over_what_comes_out() {
    let (signer, witness) = (Identity::new(1), Identity::new(2));
    let trust = [&signer, &witness].map(|one| Certificate::parse(&one.certificate).unwrap());
    let trust = TrustStore::new(trust.to_vec());
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    let file = Bytes::from_static(b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03");
    for (what, inside, signatures, due) in [
        ("beside", Bytes::from_static(COPY), vec![detached(&witness, &file)], vec![false]),
        ("around", Bytes::from_static(COPY), vec![attached(&witness, &file)], vec![false]),
        ("inside", attached(&signer, COPY), vec![detached(&witness, &file)], vec![true, false]),
    ] {
        let encrypted = [Encrypted { file: file.clone(), opened: Ok(inside.clone()) }];
        let conditions = Conditions { encrypted: &encrypted, ..Conditions::new(&trust, at) };
        let content = (what != "around").then_some(inside);
        let examined = examine(&Signed { content, signatures }, &conditions);
        assert_eq!(examined.content(), COPY, "{what}");
        let covers: Vec<bool> =
            examined.proofs().iter().map(super::Proof::covers_document).collect();
        assert_eq!(covers, due, "{what}: {:?}", examined.report());
    }
}
