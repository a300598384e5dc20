//! Files in which some readers find something else than others, or found it before the signature was
//! put in.

use super::*;

/// What is said of a file with one revision before it is signed, bent by `bend`.
fn bent(bend: impl FnOnce(&mut Draft)) -> Outcome {
    let mut draft = Draft::new();
    bend(&mut draft);
    draft.end();
    draft.sign(5);
    outcome(&judge(draft.bytes))
}

/// An object with this header, which the table names.
fn headed(header: &str, named: u32) -> Outcome {
    bent(|draft| {
        let at = draft.bytes.len() + header.len() - header.trim_start().len();
        draft.bytes.extend(format!("{header}\nnull\nendobj\n").bytes());
        draft.places.push((named, at));
    })
}

#[test]
fn headers_are_as_writers_write_them_and_as_the_table_says() {
    for (header, named, due) in [
        ("90 0 obj", 90, PASSED),
        ("90 0 obj %", 90, PASSED),
        ("90 0 obj%", 90, NOT_SHOWN),
        (" 90 0 obj", 90, NOT_SHOWN),
        ("90  0 obj", 90, NOT_SHOWN),
        ("90\n0\nobj", 90, NOT_SHOWN),
        ("90 0%\nobj", 90, NOT_SHOWN),
        ("90\x00 0 obj", 90, NOT_SHOWN),
        ("090 0 obj", 90, NOT_SHOWN),
        ("90 00 obj", 90, NOT_SHOWN),
        ("90 1 obj", 90, NOT_SHOWN),
        ("90 0 obj", 91, NOT_SHOWN),
    ] {
        assert_eq!(headed(header, named), due, "{header:?} as {named}");
    }
    // For some the place nought is that of no object, for others that of the first.
    assert_eq!(bent(|draft| draft.places.push((1, 0))), NOT_SHOWN);
    assert_eq!(bent(|draft| draft.places.push((90, 0))), NOT_SHOWN);
}

#[test]
fn an_object_has_one_end() {
    for (body, due) in [
        ("<</Length 3>>stream\nq Q\nendstream", PASSED),
        ("<</Length 13>>stream\nq\nendstream\nQ\nendstream", NOT_SHOWN),
        ("<</Length 10>>stream\nq\nendobj\nQ\nendstream", NOT_SHOWN),
        ("<</A(endstream)>>", PASSED),
        ("<</A(xref)>>", NOT_SHOWN),
        ("<</A/XRef>>", NOT_SHOWN),
        ("<</A(/XRef )>>", NOT_SHOWN),
    ] {
        assert_eq!(bent(|draft| draft.object(90, body)), due, "{body}");
    }
}

#[test]
fn what_is_in_an_object_stream_stands_nowhere_else() {
    let with = |number: u32| {
        let mut draft = Draft::new();
        draft.object(92, "null");
        draft.end_by_stream(94, &[], None);
        let stream =
            format!("<</Type/ObjStm/N 1/First 5/Length 9>>stream\n{number} 0 null\nendstream");
        draft.object(91, &stream);
        draft.end_by_stream(95, &[number], None);
        let budget = crate::signature::Budget::new(&Limits::default());
        let pdf = crate::content::pdf::Pdf::open(&draft.bytes, &budget).unwrap();
        let length = draft.bytes.len();
        let layout = super::super::layout::Layout::read(&draft.bytes, [length; 3], &pdf).unwrap();
        layout.plainness()
    };
    assert_eq!(with(93), super::super::layout::Plainness::ForAll);
    assert_eq!(with(92), super::super::layout::Plainness::None);
}

/// Who signs in a field gives it an appearance of his own, and takes away the one that it had.
#[test]
fn a_field_that_was_seen_before_it_was_signed_is_not_given_anew() {
    for (field, due) in [
        ("<</FT/Sig/T(S)/Rect[0 0 9 9]>>", PASSED),
        ("<</FT/Sig/T(S)/Rect[0 0 9 9]/AP<</N 4 0 R>>>>", NOT_SHOWN),
    ] {
        let mut draft = Draft::new();
        draft.object(5, field);
        draft.end();
        draft.sign(5);
        assert_eq!(outcome(&judge(draft.bytes)), due, "{field}");
    }
}

#[test]
fn every_trailer_says_what_the_newest_says() {
    let with = |trailer: &'static str| {
        let mut draft = Draft::new();
        draft.object(90, "<<>>");
        draft.trailer = trailer;
        draft.end();
        draft.trailer = "";
        draft.sign(5);
        judge(draft.bytes)
    };
    assert_eq!(outcome(&with("/Info 90 0 R")), PASSED);
    let encrypted = with("/Encrypt 90 0 R");
    assert_eq!(outcome(&encrypted), NOT_SHOWN);
    assert_eq!(encrypted.form(), Err(crate::domain::NotADocument::PdfEncrypted));
    // The program that signs takes the numbers of its objects from there on.
    assert_eq!(bent(|draft| draft.object(98, "null")), PASSED);
    assert_eq!(bent(|draft| draft.object(99, "null")), NOT_SHOWN);
}

/// What leads nowhere leads somewhere once the number is given: to who reads the signed file.
#[test]
fn nothing_refers_to_what_only_a_later_revision_gives() {
    const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources[<</A 8 0 R>>]>>";
    for (field, due) in [(6, NOT_SHOWN), (7, NOT_SHOWN), (8, NOT_SHOWN), (5, PASSED), (9, PASSED)] {
        let mut draft = Draft::new();
        draft.end();
        draft.object(3, PAGE);
        draft.end();
        draft.sign(field);
        assert_eq!(outcome(&judge(draft.bytes)), due, "{field}");
    }
}

/// A reader that takes the file for linearised begins at its front: as long as the file was before it
/// was signed, too.
#[test]
fn a_file_that_had_its_length_at_the_front_began_there() {
    let with = |length: usize| {
        let mut draft = Draft::new();
        draft.object(90, &format!("<</Linearized 1/L {length:08}>>"));
        draft.end();
        let first = draft.bytes.len();
        draft.object(4, "<</Length 3>>stream\nQ q\nendstream");
        draft.end();
        let second = draft.bytes.len();
        draft.sign(5);
        (outcome(&judge(draft.bytes)), first, second)
    };
    let (_, first, second) = with(0);
    assert_eq!(with(first).0, PASSED);
    assert_eq!(with(second).0, NOT_SHOWN);
    assert_eq!(with(first - 40).0, NOT_SHOWN, "no file ends there");
}

#[test]
fn a_revision_ends_where_readers_look_for_the_end() {
    for (between, due) in [(512, PASSED), (1200, NOT_SHOWN)] {
        for filling in [&b"\n"[..], b" ", b"%%%%%%%\n"] {
            let mut draft = Draft::new();
            draft.end();
            draft.bytes.extend(filling.iter().cycle().take(between));
            draft.bytes.push(b'\n');
            draft.sign(5);
            assert_eq!(outcome(&judge(draft.bytes)), due, "{between} {filling:?}");
        }
    }
}

#[test]
fn sections_that_are_streams_say_each_row_and_none_that_is_hidden_by_a_table() {
    let with = |inside: &[u32], index: Option<&str>| {
        let mut draft = Draft::new();
        draft.end();
        if !inside.is_empty() {
            draft.object(91, "<</Type/ObjStm/N 1/First 5/Length 9>>stream\n92 0 null\nendstream");
        }
        draft.object(90, "null");
        draft.end_by_stream(95, inside, index);
        draft.sign(5);
        outcome(&judge(draft.bytes))
    };
    assert_eq!(with(&[], None), PASSED);
    assert_eq!(with(&[], Some("")), NOT_SHOWN, "PDFium takes rows for all of /Size");
    assert_eq!(with(&[], Some("0 0")), NOT_SHOWN);
    // Who begins from a trailer does not look into object streams.
    assert_eq!(with(&[92], None), NOT_SHOWN);
}

/// The dictionary of the signature is nothing else: without the signature its entries would shift.
#[test]
fn a_signature_dictionary_has_what_signatures_have() {
    for (entries, due) in [
        ("/Name(A)/Reason(B)/M(D:2026)/Prop_Build<</App<</Name/X>>>>", PASSED),
        ("/XObject<<>>", NOT_SHOWN),
        ("/A/Name/B/C", NOT_SHOWN),
    ] {
        let mut draft = Draft::new();
        draft.end();
        draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
        draft.sign_with(5, "<</Fields[5 0 R]/SigFlags 3>>", entries);
        assert_eq!(outcome(&judge(draft.bytes)), due, "{entries}");
    }
}

#[test]
fn nothing_but_its_field_is_made_of_a_signature_dictionary() {
    for (page, due) in [
        ("/Resources 9 0 R", PASSED),
        ("/Resources 6 0 R", NOT_SHOWN),
        ("/Resources<</Properties<</A 6 0 R>>>>", NOT_SHOWN),
        ("/A[6 0 R]", NOT_SHOWN),
    ] {
        let mut draft = Draft::new();
        draft.end();
        draft.object(3, &format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]{page}>>"));
        draft.sign(5);
        assert_eq!(outcome(&judge(draft.bytes)), due, "{page}");
    }
}

/// `PDFium` draws widgets only where there is a form, which the signature may bring.
#[test]
fn a_widget_belongs_to_a_field_of_the_form() {
    const WIDGET: &str = "<</Type/Annot/Subtype/Widget/FT/Btn/T(B)/Rect[0 0 9 9]/Parent 11 0 R>>";
    for (annotations, parent, fields, due) in [
        ("[10 0 R]", "<<>>", "5 0 R 10 0 R", PASSED),
        ("[10 0 R]", "<</T(P)/Kids[10 0 R]>>", "5 0 R 11 0 R", PASSED),
        ("[10 0 R]", "<<>>", "5 0 R", NOT_SHOWN),
        ("[10 0 R<</Subtype/Widget>>]", "<<>>", "5 0 R 10 0 R", NOT_SHOWN),
        ("[10 0 R<</Subtype/Link>>]", "<<>>", "5 0 R 10 0 R", PASSED),
        ("[10 0 R<</Subtype 12 0 R>>]", "<<>>", "5 0 R 10 0 R", NOT_SHOWN),
    ] {
        let mut draft = Draft::new();
        draft.end();
        draft.object(10, WIDGET);
        draft.object(11, parent);
        draft.object(12, "/Widget");
        draft.object(
            3,
            &format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots{annotations}>>"),
        );
        draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
        draft.sign_in(5, &format!("<</Fields[{fields}]/SigFlags 3>>"));
        assert_eq!(outcome(&judge(draft.bytes)), due, "{annotations} {parent} {fields}");
    }
}

/// Beside a file a signature has a signing time (ETSI EN 319 122-1 §6.3), in a PDF file none (ETSI EN
/// 319 142-1 §6.3): with one it may have been moved here. So it may where readers that repair the
/// file miss a part of it.
#[test]
fn a_signature_that_may_have_been_made_elsewhere_says_so() {
    let unbound = |draft: Draft| {
        let examined = judge(draft.bytes);
        assert_eq!(outcome(&examined), PASSED);
        let warnings = &examined.report().signatures[0].warnings;
        warnings.iter().any(|warning| warning.code == WarningCode::PdfUnbound)
    };
    let draft = |is_as_beside: bool, end: &[u8]| {
        let mut draft = Draft::new();
        draft.is_as_beside = is_as_beside;
        draft.end();
        assert_eq!(draft.bytes.pop(), Some(b'\n'));
        draft.bytes.extend(end);
        draft.sign(5);
        draft
    };
    for (is_as_beside, end, due) in
        [(false, &b"\n"[..], false), (true, b"\n", true), (false, b"", true), (false, b"\r", false)]
    {
        assert_eq!(unbound(draft(is_as_beside, end)), due, "{is_as_beside} {end:?}");
    }
}
