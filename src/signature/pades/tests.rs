//! Signed PDF files, and the attacks on them that are known: incremental saving, signature
//! wrapping, universal forgery, and shadow content.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that counts wrongly fails"
)]

use bytes::Bytes;
use proptest::prelude::*;

use super::sample::{Draft, find, signed};
use crate::{
    content::pdf::hex_byte,
    domain::{Container, Indication, Level, SubIndication, WarningCode},
    signature::{
        Conditions, Examined, Limits, Resource, Signed, examine,
        sample::{Identity, detached},
    },
    trust::{Certificate, TrustStore},
};

mod anew;
mod hostile;
mod laid_out;
mod repaired;
mod rows;
mod shapes;
mod turned;

type Outcome = (Option<Indication>, Option<SubIndication>);
const PASSED: Outcome = (Some(Indication::TotalPassed), None);
const BAD_FORMAT: Outcome = (Some(Indication::TotalFailed), Some(SubIndication::FormatFailure));
const BAD_HASH: Outcome = (Some(Indication::TotalFailed), Some(SubIndication::HashFailure));
const NOT_SHOWN: Outcome =
    (Some(Indication::Indeterminate), Some(SubIndication::SigConstraintsFailure));

fn judge(file: impl Into<Bytes>) -> Examined {
    let certificate = Certificate::parse(&Identity::new(1).certificate).unwrap();
    let trust = TrustStore::new(vec![certificate]);
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    let signed = Signed { content: Some(file.into()), signatures: Vec::new() };
    examine(&signed, &Conditions::new(&trust, at))
}

fn outcome(examined: &Examined) -> Outcome {
    (examined.report().indication, examined.report().sub_indication)
}

/// What is said of a signed file to which a revision was added.
fn judge_added(add: impl FnOnce(&mut Draft)) -> Examined {
    let mut draft = signed();
    add(&mut draft);
    judge(draft.bytes)
}

#[track_caller]
fn expect_reason(examined: &Examined, reason: &str) {
    let told = examined.report().signatures[0].reason.clone().unwrap_or_default();
    assert!(told.contains(reason), "{told}");
}

/// Replaces `from`, once, by something of the same length.
fn bend(from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut file = signed().bytes;
    let at = find(&file, from);
    file[at..at + to.len()].copy_from_slice(to);
    file
}

#[test]
fn judges_a_signature_over_the_whole_file() {
    let file = signed().bytes;
    let examined = judge(file.clone());
    assert_eq!(outcome(&examined), PASSED);
    let report = examined.report();
    assert_eq!(report.container, Container::Pades);
    assert!(report.not_covered.is_empty());
    let signature = &report.signatures[0];
    assert_eq!(signature.level, Level::PadesB);
    assert_eq!(signature.covers, [format!("the whole file of {} bytes", file.len())]);
    assert!(signature.warnings.is_empty());
    assert_eq!(examined.content(), &file);
}

#[test]
fn a_signature_without_its_byte_range_does_not_make_the_file_unsigned() {
    for (from, to) in [(&b"/ByteRange"[..], &b"/ByteRangf"[..]), (b"/ByteRange", b"/Xxxxxxxxx")] {
        let mut file = bend(from, to);
        assert_eq!(outcome(&judge(file.clone())), BAD_FORMAT);
        // Nor when no form shows it either.
        let at = find(&file, b"/AcroForm");
        file[at..at + 9].copy_from_slice(b"/Xxxxxxxx");
        assert_eq!(outcome(&judge(file)).0, Some(Indication::TotalFailed));
    }
}

#[test]
fn a_pdf_beside_a_detached_signature_is_judged_by_both() {
    let certificate = Certificate::parse(&Identity::new(1).certificate).unwrap();
    let trust = TrustStore::new(vec![certificate]);
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    for (file, expected) in [
        (signed().bytes, PASSED),
        // The signature beside it is right over the bent file, the one inside is not.
        (bend(b"q Q", b"Q q"), BAD_HASH),
    ] {
        let signatures = vec![detached(&Identity::new(1), &file)];
        let document = Signed { content: Some(file.into()), signatures };
        let examined = examine(&document, &Conditions::new(&trust, at));
        assert_eq!(examined.report().signatures.len(), 2);
        assert_eq!(outcome(&examined), expected);
    }
}

#[test]
fn a_changed_page_fails() {
    assert_eq!(outcome(&judge(bend(b"q Q", b"Q q"))), BAD_HASH);
}

#[test]
fn white_space_after_the_end_is_no_revision() {
    for white in [&b"\r\n \0"[..], &[b'\n'; 512]] {
        let examined = judge([&signed().bytes[..], white].concat());
        assert_eq!(outcome(&examined), PASSED);
        assert!(examined.report().not_covered.is_empty());
    }
    // Readers no longer find the end mark, and repair the file.
    let examined = judge([&signed().bytes[..], &[b'\n'; 1100]].concat());
    assert_eq!(outcome(&examined), NOT_SHOWN);
}

#[test]
fn an_update_that_changes_the_page_is_not_what_was_signed() {
    let bodies = [
        (4, "<</Length 3>>stream\nQ q\nendstream"),
        (3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 9 0 R>>"),
        (2, "<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>"),
        (1, "<</Type/Catalog/Pages 9 0 R/AcroForm 7 0 R>>"),
        (1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/OpenAction 9 0 R>>"),
        (1, "<</Type/Catalog/Pages 2 0 R>>"),
        (7, "<</Fields[]/SigFlags 3>>"),
        (7, "<</Fields[5 0 R]/SigFlags 3/NeedAppearances true>>"),
        (6, "<</Type/Sig>>"),
    ];
    for (number, body) in bodies {
        let examined = judge_added(|draft| {
            draft.object(number, body);
            draft.end();
        });
        assert_ne!(examined.report().indication, PASSED.0, "{body}");
        if number < 5 && (body.contains("AcroForm 7") || number > 1) {
            assert_eq!(outcome(&examined), NOT_SHOWN, "{body}");
            assert_eq!(examined.report().not_covered.len(), 1);
            expect_reason(&examined, "signed revision is not the shown file");
        }
    }
}

#[test]
fn bytes_that_no_table_accounts_for_are_not_allowed() {
    // Readers that repair files take a loose object for the newest.
    let examined = judge_added(|draft| {
        draft.bytes.extend(b"4 0 obj<</Length 3>>stream\nQ q\nendstream endobj");
    });
    assert_eq!(outcome(&examined), NOT_SHOWN);
    expect_reason(&examined, "belong to no object");
    let examined = judge_added(|draft| draft.bytes.extend(b"% a comment"));
    assert_eq!(outcome(&examined), NOT_SHOWN);
}

/// A signed revision in which a reader finds more than its tables say.
#[test]
fn a_revision_that_hides_something_proves_nothing() {
    const HIDDEN: &str = "4 0 obj\n<</Length 3>>stream\nQ q\nendstream\nendobj\n";
    const OTHER: &str = "trailer %x\n<</Size 99/Root 3 0 R>>\n";
    type Hide = fn(&mut Draft);
    let hide: [(&str, Hide, Outcome); 18] = [
        ("nothing", |_| (), PASSED),
        ("an object", |draft| draft.bytes.extend(HIDDEN.bytes()), NOT_SHOWN),
        (
            "an object of its own",
            |draft| draft.bytes.extend(b"90%\n0%\nobj null endobj\n"),
            NOT_SHOWN,
        ),
        ("an object within another", |draft| draft.object(90, "(8 0 obj null)"), NOT_SHOWN),
        ("a trailer", |draft| draft.bytes.extend(OTHER.bytes()), NOT_SHOWN),
        (
            "a trailer within a stream",
            |draft| {
                draft.object(90, &format!("<</Length {}>>stream\n{OTHER}\nendstream", OTHER.len()));
            },
            NOT_SHOWN,
        ),
        ("the word in a text", |draft| draft.object(90, "(in a trailer 4 0)"), PASSED),
        ("the end in a text", |draft| draft.object(90, "(4 0 endobj)"), NOT_SHOWN),
        ("a bare dictionary", |draft| draft.bytes.extend(b"<</Root 3 0 R>>\n"), NOT_SHOWN),
        (
            "a number before it",
            |draft| draft.bytes.extend(b"trailer 0 <</Root 3 0 R>>\n"),
            NOT_SHOWN,
        ),
        ("another catalog", |draft| draft.object(90, "<</Type/Catalog/Pages 2 0 R>>"), NOT_SHOWN),
        (
            "a section that is none",
            |draft| {
                draft.object(
                    90,
                    "<</Type/XRef/W[1 4 2]/Size 1/Root 3 0 R/Length 0>>stream\n\nendstream",
                );
            },
            NOT_SHOWN,
        ),
        ("a section by reference", |draft| draft.object(90, "<</Type 91 0 R>>"), NOT_SHOWN),
        (
            "an object that nothing names in a stream",
            |draft| {
                draft.object(
                    90,
                    "<</Type/ObjStm/N 1/First 5/Length 9>>stream\n91 0 null\nendstream",
                );
            },
            NOT_SHOWN,
        ),
        (
            "an object under the end of its number",
            |draft| {
                let at = draft.bytes.len();
                draft.bytes.extend(b"90 0 obj null endobj\n1");
                draft.object(4, "<</Length 3>>stream\nQ q\nendstream");
                draft.places.push((90, at));
            },
            NOT_SHOWN,
        ),
        (
            "the same apart",
            |draft| {
                let at = draft.bytes.len();
                draft.bytes.extend(b"90 0 obj null endobj\n");
                draft.places.push((90, at));
            },
            PASSED,
        ),
        ("the name of the range", |draft| draft.object(90, "<</Byte#52ange[0 1 2 3]>>"), PASSED),
        (
            "an object that comes last and is not in force",
            |draft| {
                let at = draft.bytes.len();
                draft.object(4, "<</Length 3>>stream\nQ q\nendstream");
                draft.object(4, "<</Length 3>>stream\nq Q\nendstream");
                draft.end();
                draft.places.push((4, at));
            },
            NOT_SHOWN,
        ),
    ];
    for (what, hide, due) in hide {
        let mut draft = Draft::new();
        draft.end();
        hide(&mut draft);
        draft.sign(5);
        assert_eq!(outcome(&judge(draft.bytes.clone())), due, "{what}");
    }
}

/// A reader that takes the file for linearised begins at its front (ISO 32000-1 annex F).
#[test]
fn a_file_that_has_its_length_at_the_front_when_it_is_signed_proves_nothing() {
    let with = |length: usize| {
        let mut draft = Draft::new();
        draft.object(90, &format!("<</Linearized 1/L {length:08}>>"));
        draft.end();
        draft.sign(5);
        draft.bytes
    };
    let length = with(0).len();
    for (own, due) in [(length, NOT_SHOWN), (length + 1, PASSED)] {
        assert_eq!(outcome(&judge(with(own))), due, "{own} of {length}");
    }
}

#[test]
fn a_dangling_reference_that_is_filled_later_is_a_change() {
    let mut draft = Draft::new();
    draft.object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents[4 0 R 50 0 R]>>");
    draft.end();
    draft.sign(5);
    draft.object(50, "<</Length 3>>stream\nQ q\nendstream");
    draft.end();
    assert_eq!(outcome(&judge(draft.bytes)), NOT_SHOWN);
}

#[test]
fn a_second_signature_leaves_the_first_right() {
    let examined = judge_added(|draft| {
        draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/DSS<</Certs[30 0 R]>>>>");
        draft.object(30, "<</Length 1>>stream\n0\nendstream");
        draft.sign_again(20, 7);
    });
    assert_eq!(outcome(&examined), PASSED, "{:?}", examined.report().signatures[0].reason);
    let signatures = &examined.report().signatures;
    assert_eq!(signatures.len(), 2);
    assert_eq!(signatures[0].warnings[0].code, WarningCode::LaterRevisions);
    assert!(signatures[1].warnings.is_empty());
    assert!(examined.report().not_covered.is_empty());
}

#[test]
fn a_field_that_is_seen_or_acts_is_not_allowed() {
    for body in [
        "<</FT/Sig/Subtype/Widget/T(x)/Rect[0 0 9 9]>>",
        "<</FT/Tx/Subtype/Widget/T(x)/Rect[0 0 0 0]>>",
        "<</FT/Sig/Subtype/Widget/T(x)/Rect[0 0 0 0]/AA<<>>>>",
        "<</FT/Sig/Subtype/FreeText/T(x)/Rect[0 0 0 0]>>",
        "<</FT/Sig/Subtype/Widget/T(x)/Rect[0 0 0 0]/V 4 0 R>>",
        // Some readers show an appearance in its own size.
        "<</FT/Sig/Subtype/Widget/T(x)/Rect[0 0 0 0]/AP<</N 4 0 R>>>>",
    ] {
        let examined = judge_added(|draft| {
            draft.object(40, body);
            draft.object(7, "<</Fields[5 0 R 40 0 R]/SigFlags 3>>");
            draft.end();
        });
        assert_ne!(examined.report().indication, PASSED.0, "{body}");
    }
    let harmless = judge_added(|draft| {
        draft.object(40, "<</FT/Sig/Subtype/Widget/T(x)/Rect[0 0 0 0]>>");
        draft.object(7, "<</Fields[5 0 R 40 0 R]/SigFlags 3>>");
        draft.end();
    });
    assert_eq!(outcome(&harmless), PASSED);
    assert_eq!(harmless.report().not_covered.len(), 1);
}

/// ISO 32000-2 §12.8.2.2.2: a certification may permit no changes but for what proves it.
#[test]
fn after_a_certification_without_changes_nobody_signs() {
    for (permitted, is_right) in [(1, false), (2, true), (3, true)] {
        let certified = || {
            let mut draft = Draft::new();
            draft.end();
            draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
            let entries = format!(
                "/Reference[<</TransformMethod/DocMDP/TransformParams<</P {permitted}>>>>]"
            );
            draft.sign_with(5, "<</Fields[5 0 R]/SigFlags 3>>", &entries);
            draft
        };
        let mut signed_again = certified();
        signed_again.sign_again(20, 7);
        let mut described = certified();
        described.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/Metadata 30 0 R>>");
        let packet = "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";
        let length = packet.len();
        let names = "/Type/Metadata/Subtype/XML";
        let stream = format!("<<{names}/Length {length}>>stream\n{packet}\nendstream");
        described.object(30, &stream);
        described.end();
        let mut with_field = certified();
        with_field.object(40, "<</FT/Sig/Subtype/Widget/T(x)/Rect[0 0 0 0]>>");
        with_field.object(7, "<</Fields[5 0 R 40 0 R]/SigFlags 3>>");
        with_field.end();
        for draft in [signed_again, described, with_field] {
            let due = if is_right { PASSED.0 } else { NOT_SHOWN.0 };
            let found = judge(draft.bytes).report().signatures[0].indication;
            assert_eq!(Some(found), due, "{permitted}");
        }
        let mut proved = certified();
        proved.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/DSS<</Certs[30 0 R]>>>>");
        proved.object(30, "<</Length 1>>stream\n0\nendstream");
        proved.end();
        assert_eq!(outcome(&judge(proved.bytes)), PASSED, "{permitted}");
    }
}

#[test]
fn a_bent_byte_range_fails() {
    let file = signed().bytes;
    let at = find(&file, b"/ByteRange[");
    let end = at + find(&file[at..], b"]") + 1;
    let range = String::from_utf8(file[at..end].to_vec()).unwrap();
    let numbers: Vec<&str> = range["/ByteRange[".len()..range.len() - 1].split(' ').collect();
    let [_, first, second, length] = numbers[..] else { panic!("{range}") };
    let wider = format!("{:08}", second.parse::<usize>().unwrap() + 1);
    for bent in [
        format!("/ByteRange[0 {first} {second} 0]"),
        format!("/ByteRange[1 {first} {second} {length}]"),
        format!("/ByteRange[0 {first} {wider} {length}]"),
        format!("/ByteRange[0 {second} {second} {length}]"),
        format!("/ByteRange[0 {first} {second}]"),
        format!("/ByteRange[0 {first} {second} {length} 0]"),
        format!("/ByteRange[0 {first} {second} -1]"),
        format!("/ByteRange[0 {first} {second} 99999999999999999999]"),
        "/ByteRange null".to_owned(),
        "/ByteRange[]".to_owned(),
        String::new(),
        format!("{range}/ByteRange[0 {first} {second} {length}]"),
        format!("{range}/By#74eRange[0 {first} {second} {length}]"),
    ] {
        // Where it is longer, what stands after it moves, and no table fits: part of the attack.
        let bent = format!("{bent:width$}", width = range.len());
        let bent = [&file[..at], bent.as_bytes(), &file[end..]].concat();
        let examined = judge(bent);
        assert_ne!(examined.report().indication, PASSED.0);
        assert_ne!(examined.report().indication, None);
    }
}

#[test]
fn what_hides_in_the_gap_fails() {
    let file = signed().bytes;
    let start = find(&file, b"/Contents<") + "/Contents<".len();
    let end = start + find(&file[start..], b">");
    for (at, byte) in [(end - 1, b'1'), (end - 1, b' '), (end - 2, b'>')] {
        let mut bent = file.clone();
        bent[at] = byte;
        assert_eq!(outcome(&judge(bent)), BAD_FORMAT, "{}", char::from(byte));
    }
    for contents in ["/Contents null", "/Contents()", "/Contents<>", ""] {
        let bent = [&file[..start - 10], contents.as_bytes(), &file[end + 1..]].concat();
        assert_eq!(judge(bent).report().indication, Some(Indication::TotalFailed), "{contents}");
    }
}

#[test]
fn a_signature_that_no_field_refers_to_is_not_shown() {
    let mut draft = Draft::new();
    draft.object(1, "<</Type/Catalog/Pages 2 0 R>>");
    draft.sign_in(5, "<<>>");
    let examined = judge(draft.bytes);
    assert_eq!(outcome(&examined), NOT_SHOWN);
    expect_reason(&examined, "form field refers to the signature");
}

#[test]
fn names_the_kinds_that_are_not_supported() {
    let examined = judge(bend(b"/ETSI.CAdES.detached", b"/adbe.x509.rsa_sha1 "));
    expect_reason(&examined, "adbe.x509.rsa_sha1 are not supported");
    let examined = judge(bend(b"/ETSI.CAdES.detached", b"/ETSI.RFC3161       "));
    assert_eq!(examined.report().indication, Some(Indication::Indeterminate));
    expect_reason(&examined, "a document time-stamp and no signature");
}

#[test]
fn a_file_whose_structure_cannot_be_followed_is_searched() {
    let mut file = signed().bytes;
    let at = memchr::memmem::rfind(&file, b"startxref\n").unwrap() + "startxref\n".len();
    file[at] = b'9';
    let examined = judge(file);
    assert_eq!(outcome(&examined), BAD_HASH);
    let warnings = &examined.report().signatures[0].warnings;
    assert!(warnings.iter().any(|warning| warning.code == WarningCode::ContainerUnusual));
}

/// The octets of the signature, and the file around it.
fn taken_apart(file: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let start = find(file, b"/Contents<") + "/Contents<".len();
    let end = start + file[start..].iter().position(|&byte| byte == b'>').unwrap();
    let octets = file[start..end].chunks(2).filter_map(hex_byte).collect();
    (octets, [&file[..start], &file[end..]].concat())
}

/// Whether two files differ in the case of letters alone: of hexadecimal digits, or of the name
/// by which a signature tells whose it is (RFC 5280 section 7.1 compares names so, and such a name
/// is a hint: the key decides).
fn says_the_same(original: &[u8], changed: &[u8]) -> bool {
    const NAME: &str = "Тестова Особа";
    let (original, around) = taken_apart(original);
    let (changed, around_changed) = taken_apart(changed);
    let at = memchr::memmem::rfind(&original, NAME.as_bytes()).unwrap();
    let without = |octets: &[u8]| [&octets[..at], &octets[at + NAME.len()..]].concat();
    around == around_changed
        && original.len() == changed.len()
        && without(&original) == without(&changed)
        && str::from_utf8(&changed[at..at + NAME.len()])
            .is_ok_and(|name| name.to_lowercase() == NAME.to_lowercase())
}

proptest! {
    #[test]
    fn no_change_of_a_byte_passes(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let original = signed().bytes;
        let at = at.index(original.len());
        let mut file = original.clone();
        file[at] ^= change;
        let passes = outcome(&judge(file.clone())) == PASSED;
        prop_assert!(!passes || says_the_same(&original, &file), "byte {at} xor {change}");
    }

    #[test]
    fn never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = signed().bytes;
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        file.truncate(cut.index(file.len()));
        let examined = judge(file);
        prop_assert_ne!(examined.report().indication, Some(Indication::TotalPassed));
    }
}
