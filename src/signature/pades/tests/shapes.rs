//! What may be added has one shape, and stands where nothing stood before: `PDFium`, `MuPDF`, Poppler,
//! Ghostscript or pdf.js showed another page, or another value, for one of each kind here.

use super::*;
use crate::domain::NotADocument;

const OTHER: &str = "<</Length 3>>stream\nq q\nendstream";

/// What is said when the catalog has these entries besides, and this stands there.
fn with_catalog(entries: &str, objects: &[(u32, &str)]) -> Outcome {
    let examined = judge_added(|draft| {
        draft.object(1, &format!("<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R{entries}>>"));
        for (number, body) in objects {
            draft.object(*number, body);
        }
        draft.end();
    });
    outcome(&examined)
}

#[test]
fn what_the_catalog_is_given_has_the_shape_of_its_standard() {
    let packet = packet("2026");
    let streams: &[(u32, &str)] = &[(30, OTHER), (31, "[30 0 R 30 0 R]"), (32, &packet)];
    for (entries, is_right) in [
        ("/DSS<<>>", true),
        ("/DSS<</Type/DSS/Certs[30 0 R]/CRLs 31 0 R/OCSPs[]>>", true),
        ("/DSS<</VRI<</0A<</Type/VRI/Cert[30 0 R]/TU(D:20260901)/TS 30 0 R>>>>>>", true),
        (
            "/Extensions<</ESIC<</Type/DeveloperExtensions/BaseVersion/1.7/ExtensionLevel 5>>>>",
            true,
        ),
        ("/Extensions<</ISO_[<</BaseVersion/2.0/URL(https://example.ua)>>]>>", true),
        ("/Metadata 30 0 R", false),
        ("/Metadata 32 0 R", true),
        ("/DSS[]", false),
        ("/DSS<</Certs[4294967295 0 R]>>", false),
        ("/DSS<</Certs[/Pages 30 0 R]>>", false),
        ("/DSS<</Certs[<<>>]>>", false),
        ("/DSS<</Certs 30 0 R>>", false),
        ("/DSS<</Certs 31 0 R/Kids[3 0 R]>>", false),
        ("/DSS<</VRI<</0A<</Cert[31 0 R]>>>>>>", false),
        ("/DSS<</VRI<</0A[30 0 R]>>>>", false),
        ("/DSS 30 0 R", false),
        ("/Extensions<</ADBE 30 0 R>>", false),
        ("/Extensions<</ADBE<</Pages 30 0 R>>>>", false),
        ("/Metadata 31 0 R", false),
        ("/Metadata 99 0 R", false),
        ("/Metadata(text)", false),
        ("/Metadata<</Length 0>>", false),
        ("/Outlines 30 0 R", false),
    ] {
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(with_catalog(entries, streams), due, "{entries}");
    }
    for key in ["Metadata", "Extensions", "DSS"] {
        let entry = format!("/{key}[4294967295 0 R /Pages 90 0 R]");
        let pages: &[(u32, &str)] = &[
            (90, "<</Kids[91 0 R]/Count 1>>"),
            (91, "<</Parent 90 0 R/MediaBox[0 0 9 9]/Contents 92 0 R>>"),
            (92, OTHER),
        ];
        assert_eq!(with_catalog(&entry, pages), NOT_SHOWN, "{key}");
    }
}

/// Readers call a field signed that has a signature.
#[test]
fn each_field_has_a_signature_of_its_own() {
    let signature = "<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 0 0 0]/Contents<00>>>";
    for (what, fields, is_right) in [
        ("none", "<</FT/Sig/T(x)>>", true),
        ("its own", "<</FT/Sig/T(x)/V 60 0 R>>", true),
        ("the signed one's", "<</FT/Sig/T(x)/V 6 0 R>>", false),
    ] {
        let examined = judge_added(|draft| {
            draft.object(40, fields);
            draft.object(60, signature);
            draft.object(7, "<</Fields[5 0 R 40 0 R]/SigFlags 3>>");
            draft.end();
        });
        let first = &examined.report().signatures[0];
        assert_eq!(first.indication == Indication::TotalPassed, is_right, "{what}");
    }
    for (what, second, is_right) in [("apart", 61, true), ("the same", 60, false)] {
        let mut draft = Draft::new();
        draft.end();
        draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
        draft.object(10, "<</FT/Sig/T(empty)>>");
        draft.sign_in(5, "<</Fields[5 0 R 10 0 R]/SigFlags 3>>");
        draft.object(10, "<</FT/Sig/T(empty)/V 60 0 R>>");
        draft.object(40, &format!("<</FT/Sig/T(x)/V {second} 0 R>>"));
        draft.object(60, signature);
        draft.object(61, signature);
        draft.object(7, "<</Fields[5 0 R 10 0 R 40 0 R]/SigFlags 3>>");
        draft.end();
        let examined = judge(draft.bytes);
        let first = &examined.report().signatures[0];
        assert_eq!(first.indication == Indication::TotalPassed, is_right, "{what}");
    }
}

#[test]
fn the_flags_of_the_form_are_not_taken_away() {
    for (flags, is_right) in [
        ("/SigFlags 3", true),
        ("", false),
        ("/SigFlags 0", false),
        ("/SigFlags 1", false),
        ("/SigFlags 7", false),
        ("/SigFlags/X", false),
    ] {
        let examined = judge_added(|draft| {
            draft.object(7, &format!("<</Fields[5 0 R]{flags}>>"));
            draft.end();
        });
        assert_eq!(outcome(&examined) == PASSED, is_right, "{flags}");
    }
}

#[test]
fn a_field_that_is_added_has_the_shape_of_its_standard() {
    let field = |entries: &str| {
        let examined = judge_added(|draft| {
            draft.object(
                40,
                &format!("<</Type/Annot/Subtype/Widget/FT/Sig/T(x)/Rect[0 0 0 0]{entries}>>"),
            );
            draft.object(41, "<</Type/SigFieldLock/Action/Include/Fields[(a)]>>");
            draft.object(61, OTHER);
            draft.object(7, "<</Fields[5 0 R 40 0 R]/SigFlags 3>>");
            draft.end();
        });
        outcome(&examined)
    };
    for (entries, is_right) in [
        ("", true),
        ("/F 132/Ff 1/P 3 0 R/DA(/F 9 Tf)/TU(name)", true),
        ("/Lock<</Action/All>>", true),
        ("/Lock 41 0 R", true),
        ("/SV<</Ff 1/SubFilter[/ETSI.CAdES.detached]>>", true),
        ("/Lock[4294967295 0 R /AP<</N 61 0 R>>/Rect[0 0 9 9]]", false),
        ("/Lock 61 0 R", false),
        ("/Lock<</Fields[61 0 R]>>", false),
        ("/F[132]", false),
        ("/F 132.0", false),
        ("/P 61 0 R", false),
        ("/P<<>>", false),
        ("/DA/F", false),
        ("/TU 61 0 R", false),
        ("/MK<</R 90>>", false),
        ("/Kids[61 0 R]", false),
        ("/Parent 7 0 R", false),
    ] {
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(field(entries), due, "{entries}");
    }
}

/// ISO 32000-1 §12.7.3.2: fields of one name are one field.
#[test]
fn a_field_that_is_added_has_a_name_of_its_own() {
    let old = "<</Type/Annot/Subtype/Widget/FT/Tx/T(Name.first)/V(1)/Rect[0 0 9 9]>>";
    for (name, form, is_right) in [
        ("(Other)", "[10 0 R 5 0 R 40 0 R]", true),
        ("<FEFF004F>", "[10 0 R 5 0 R 40 0 R]", true),
        ("(Other)", "[40 0 R 10 0 R 5 0 R]", false),
        ("(Name.first)", "[10 0 R 5 0 R 40 0 R]", false),
        ("(Name)", "[10 0 R 5 0 R 40 0 R]", false),
        ("(N\\141me)", "[10 0 R 5 0 R 40 0 R]", false),
        ("<4E616D65>", "[10 0 R 5 0 R 40 0 R]", false),
        ("<FEFF004E0061006D0065>", "[10 0 R 5 0 R 40 0 R]", false),
        ("<EFBBBF4E616D65>", "[10 0 R 5 0 R 40 0 R]", false),
        ("(Sig5)", "[10 0 R 5 0 R 40 0 R]", false),
        ("(New.one)", "[10 0 R 5 0 R 40 0 R]", false),
        ("()", "[10 0 R 5 0 R 40 0 R]", false),
        ("(Other)", "[10 0 R 5 0 R 40 0 R 41 0 R]", false),
    ] {
        let mut draft = Draft::new();
        draft.end();
        draft.object(
            3,
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Annots[10 0 R 5 0 R]>>",
        );
        draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
        draft.object(10, old);
        draft.sign_in(5, "<</Fields[10 0 R 5 0 R]/SigFlags 3>>");
        assert_eq!(outcome(&judge(draft.bytes.clone())), PASSED);
        for number in [40, 41] {
            draft.object(number, &format!("<</FT/Sig/T{name}/Rect[0 0 0 0]>>"));
        }
        draft.object(7, &format!("<</Fields{form}/SigFlags 3>>"));
        draft.end();
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(outcome(&judge(draft.bytes)), due, "{name} {form}");
    }
}

/// Metadata that say when the file was changed.
pub(super) fn packet(changed: &str) -> String {
    let packet = format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <r:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/'><xmp:ModifyDate>{changed}</xmp:ModifyDate>\
         </r:Description></r:RDF></x:xmpmeta>"
    );
    format!("<</Type/Metadata/Subtype/XML/Length {}>>stream\n{packet}\nendstream", packet.len())
}

/// What has a place of its own already may be given anew there.
#[test]
fn metadata_and_the_store_are_given_anew_in_their_places() {
    let mut draft = Draft::new();
    draft.end();
    let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/Metadata 50 0 R/DSS 51 0 R>>";
    draft.object(1, catalog);
    draft.object(50, &packet("2026"));
    draft.object(51, "<</Certs 52 0 R>>");
    draft.object(52, "[53 0 R]");
    draft.object(53, OTHER);
    draft.sign_in(5, "<</Fields[5 0 R]/SigFlags 3>>");
    draft.object(1, catalog);
    draft.object(50, &packet("2027"));
    draft.object(51, "<</Certs 52 0 R/CRLs[54 0 R]>>");
    draft.object(52, "[53 0 R 54 0 R]");
    draft.object(54, OTHER);
    draft.end();
    let examined = judge(draft.bytes);
    assert_eq!(outcome(&examined), PASSED, "{:?}", examined.report().signatures[0].reason);
}

/// pdf.js shows the form in place of the pages, or does not, by which fields and flags there are.
#[test]
fn nothing_is_added_to_a_form_that_stands_for_the_pages() {
    for (catalog, form, is_right) in [
        ("", "", true),
        ("/NeedsRendering true", "", false),
        ("/NeedsRendering true", "/XFA 50 0 R", false),
        ("", "/XFA 50 0 R", false),
    ] {
        let mut draft = Draft::new();
        draft.end();
        draft.object(1, &format!("<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R{catalog}>>"));
        draft.object(50, OTHER);
        draft.sign_in(5, &format!("<</Fields[5 0 R]{form}>>"));
        let due = if is_right { PASSED } else { NOT_SHOWN };
        // Signing adds a field as well.
        assert_eq!(outcome(&judge(draft.bytes.clone())), due, "{catalog} {form}");
        draft.object(40, "<</FT/Sig/T(N)/Rect[5 5 5 5]>>");
        draft.object(7, &format!("<</Fields[5 0 R 40 0 R]/SigFlags 3{form}>>"));
        draft.end();
        assert_eq!(outcome(&judge(draft.bytes)), due, "{catalog} {form}");
    }
}

/// What two share costs as much as they are many, each time that it is looked at.
#[test]
fn what_a_field_is_made_of_belongs_to_no_other() {
    for (what, first, second, is_right) in [
        ("each its own", "/Lock 60 0 R", "/Lock 61 0 R", true),
        ("one lock", "/Lock 60 0 R", "/Lock 60 0 R", false),
        ("a lock and a seed value", "/Lock 60 0 R", "/SV 60 0 R", false),
        ("one of the signed revision", "/Lock 7 0 R", "", false),
    ] {
        let mut draft = signed();
        for (number, entry) in [(40, first), (41, second)] {
            let field = format!("<</FT/Sig/T(N{number})/Rect[0 0 0 0]{entry}>>");
            draft.object(number, &field);
        }
        draft.object(60, "<</Type/SigFieldLock/Action/All>>");
        draft.object(61, "<</Type/SigFieldLock/Action/All>>");
        draft.object(7, "<</Fields[5 0 R 40 0 R 41 0 R]/SigFlags 3>>");
        draft.end();
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(outcome(&judge(draft.bytes)), due, "{what}");
    }
}

/// What is said when this object is added, and the rest is bent.
fn added_object(body: &str, from: &str, to: &str) -> Outcome {
    let mut draft = signed();
    draft.object(50, body);
    let start = draft.bytes.len();
    draft.end();
    let text = str::from_utf8(&draft.bytes[start..]).unwrap().replace(from, to);
    outcome(&judge([&draft.bytes[..start], text.as_bytes()].concat()))
}

#[test]
fn nothing_added_brings_a_reader_to_repair() {
    for (what, from, to, is_right) in [
        ("nothing", "50 1\n", "50 1\n", true),
        ("a blank", "50 1\n", "50 1 \n", true),
        ("blanks, for MuPDF", "50 1\n", "50 1   \n", false),
        ("a form feed, for pdf.js", "startxref\n", "startxref\x0c\n", false),
    ] {
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(added_object("<</A 1>>", from, to), due, "{what}");
    }
    for (body, is_right) in [
        ("<</A 8388607 65535 R>>", true),
        ("<</A 8388608 0 R>>", false),
        ("<</A 0 0 R>>", false),
        ("<</A 1 65536 R>>", false),
        ("<</A[-2147483648 2147483647]>>", true),
        ("<</A 2147483648>>", false),
        ("<</A -2147483649>>", false),
        ("<</A#20b/c#23#2f>>", true),
        ("<</#41 1>>", false),
        ("<</A#2 1>>", false),
        ("<</A\x0c1>>", false),
        ("<</A<00\x0c>>>", false),
    ] {
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(added_object(body, "", ""), due, "{body}");
    }
}

/// What is said when object 50 is added, and its section is a stream with this index, these widths, and
/// rows of more bytes.
fn with_section(entries: &str, widths: [usize; 3], more: &[u8]) -> Outcome {
    let mut draft = signed();
    let start = memchr::memmem::rfind(&draft.bytes, b"\nxref\n").unwrap() + 1;
    draft.object(50, "<</A 1>>");
    let place = draft.places.iter().find(|(number, _)| *number == 50).unwrap().1;
    let at = draft.bytes.len();
    let columns = [1, place, 0].into_iter().zip(widths);
    let mut rows: Vec<u8> =
        columns.flat_map(|(number, width)| number.to_be_bytes()[8 - width..].to_vec()).collect();
    rows.extend_from_slice(more);
    let mut file = draft.bytes;
    let [kind, second, third] = widths;
    file.extend(
        format!(
            "62 0 obj\n<</Type/XRef/Size 99/Root 1 0 R/Prev {start}/W[{kind} {second} {third}]\
             {entries}/Length {}>>stream\n",
            rows.len()
        )
        .bytes(),
    );
    file.extend(rows);
    file.extend(format!("\nendstream\nendobj\nstartxref\n{at}\n%%EOF\n").bytes());
    outcome(&judge(file))
}

#[test]
fn an_added_section_has_the_widths_that_readers_read() {
    for (widths, is_right) in [
        ([1, 4, 2], true),
        ([1, 3, 0], true),
        ([1, 4, 4], true),
        ([2, 4, 2], false),
        ([8, 8, 8], false),
        ([1, 8, 1], false),
        ([0, 4, 1], false),
    ] {
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(with_section("/Index[50 1]", widths, b""), due, "{widths:?}");
    }
}

/// For `PDFium` an index without rows is all of `/Size`: rows that no other reader looks at freed
/// objects of the signed revision.
#[test]
fn an_added_section_has_the_rows_that_it_says() {
    const WIDTHS: [usize; 3] = [1, 4, 1];
    let free = [0; 6];
    for (index, more, is_right) in [
        ("/Index[50 1]", &b""[..], true),
        ("/Index[50 1]", &free, false),
        ("/Index[50 1]", b"\0", false),
        ("/Index[50 1 60 0]", b"", false),
        ("/Index[4 0 50 1]", b"", false),
        ("/Index[]", b"", false),
        ("/Index[0 0]", b"", false),
        ("", b"", false),
        ("/Index[50 1]/DecodeParms<</Columns 6>>", b"", false),
    ] {
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(with_section(index, WIDTHS, more), due, "{index} {more:?}");
    }
}

/// The bytes of `/ByteRange` without the gap are another file, which every reader has to repair; the
/// signature is right over it as a detached one.
#[test]
fn what_a_signature_inside_is_over_is_no_document_by_itself() {
    let file = signed().bytes;
    let first = find(&file, b"/Contents<3") + b"/Contents".len();
    let second = first + find(&file[first..], b">") + 1;
    let octets: Vec<u8> = file[first + 1..second - 1]
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let length = 4 + (usize::from(octets[2]) << 8 | usize::from(octets[3]));
    let document = [&file[..first], &file[second..]].concat();
    let certificate = Certificate::parse(&Identity::new(1).certificate).unwrap();
    let trust = TrustStore::new(vec![certificate]);
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    let signed = Signed {
        content: Some(document.into()),
        signatures: vec![octets[..length].to_vec().into()],
    };
    let examined = examine(&signed, &Conditions::new(&trust, at));
    assert_eq!(examined.proofs().len(), 1, "the digest is right");
    assert_eq!(examined.form(), Err(NotADocument::PdfUnreadable));
}
