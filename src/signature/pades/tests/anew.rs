//! What is given anew under a number that the signed revision has: readers that repair files, merge
//! trailers or take an older page take it for what it was.

use super::{shapes::packet, *};

const OTHER: &str = "<</Length 3>>stream\nq q\nendstream";

/// The signed revision gave the page other contents: object 4 belongs to the older state alone, and
/// nothing compares it.
#[test]
fn an_object_of_an_older_state_is_not_given_anew() {
    let older = || {
        let mut draft = Draft::new();
        draft.end();
        draft.object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 8 0 R>>");
        draft.object(8, "<</Length 3>>stream\nQ Q\nendstream");
        draft.sign(5);
        draft
    };
    assert_eq!(outcome(&judge(older().bytes)), PASSED);
    for (number, catalog) in [(4, ""), (4, "/Metadata 4 0 R"), (4, "/DSS<</Certs[4 0 R]>>")] {
        let mut draft = older();
        draft.object(number, OTHER);
        draft.object(1, &format!("<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R{catalog}>>"));
        draft.end();
        assert_eq!(outcome(&judge(draft.bytes)), NOT_SHOWN, "{catalog}");
    }
}

/// Viewers show the title in place of the file's name.
#[test]
fn the_title_stays_wherever_it_is_given_anew() {
    const SIGNED: &str = "<</Title(Signed)>>";
    for (trailer, number, body, is_right) in [
        ("/Info 50 0 R", 40, SIGNED, true),
        ("/Info 50 0 R", 50, "<</Title(Signed)/ModDate(D:2027)>>", true),
        ("/Info 50 0 R", 50, "<</Title(Other)>>", false),
        ("/Info 50 0 R", 50, "null", false),
        ("/Info 50 0 R", 50, "[(Signed)]", false),
        ("/Info 50 0 R", 50, OTHER, false),
        ("/Info 40 0 R", 40, "<</Title(Signed)/ModDate(D:2027)>>", true),
        ("/Info 40 0 R", 40, "<</Title(Other)>>", false),
        ("/Info 40 0 R", 40, "<<>>", false),
        // Some programs leave it out of what they add; PDFium merges trailers, and so it still is
        // what it was.
        ("", 40, SIGNED, true),
        ("", 50, "<</Title(Signed)/ModDate(D:2027)>>", true),
        ("", 50, "<</Title(Other)>>", false),
        ("", 50, "(Other)", false),
    ] {
        let mut draft = Draft::new();
        draft.trailer = "/Info 50 0 R";
        draft.object(50, SIGNED);
        draft.end();
        draft.sign(5);
        assert_eq!(outcome(&judge(draft.bytes.clone())), PASSED);
        draft.trailer = trailer;
        draft.object(number, body);
        draft.end();
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(outcome(&judge(draft.bytes)), due, "{trailer} {number} {body}");
    }
}

/// Who takes the signed page, or the signed catalog, takes the newer object that it refers to.
#[test]
fn a_list_that_is_referred_to_no_more_stays_as_it_was() {
    const NOTE: &str = "<</Type/Annot/Subtype/FreeText/Rect[0 0 9 9]/Contents(x)>>";
    const FIELD: &str = "<</FT/Sig/T(Other)/Rect[0 0 0 0]>>";
    let page = |list: u32| {
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Annots {list} 0 R>>")
    };
    for (number, body, more, is_right) in [
        (20, "[5 0 R]", NOTE, true),
        (20, "[5 0 R 41 0 R]", FIELD, true),
        (20, "[5 0 R 41 0 R]", NOTE, false),
        (20, "null", NOTE, false),
        (21, "[5 0 R]", NOTE, true),
        (21, "[5 0 R 41 0 R]", NOTE, false),
        (7, "<</Fields 21 0 R/SigFlags 3>>", NOTE, true),
        (7, "<</Fields 21 0 R/SigFlags 3/XFA 41 0 R>>", NOTE, false),
        (7, "<</Fields 21 0 R/SigFlags 3/NeedAppearances true>>", NOTE, false),
    ] {
        let mut draft = Draft::new();
        draft.end();
        draft.object(3, &page(20));
        draft.object(20, "[5 0 R]");
        draft.object(21, "[5 0 R]");
        draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
        draft.sign_in(5, "<</Fields 21 0 R/SigFlags 3>>");
        assert_eq!(outcome(&judge(draft.bytes.clone())), PASSED);
        draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 37 0 R>>");
        draft.object(3, &page(30));
        draft.object(30, "[5 0 R]");
        draft.object(37, "<</Fields 31 0 R/SigFlags 3>>");
        draft.object(31, "[5 0 R]");
        draft.object(41, more);
        draft.object(number, body);
        draft.end();
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(outcome(&judge(draft.bytes)), due, "{number} {body} {more}");
    }
}

/// Each object that once was what the file says of itself stays that.
#[test]
fn the_title_stays_in_revision_after_revision() {
    for (number, title, due) in
        [(40, "Signed", PASSED), (40, "Other", NOT_SHOWN), (50, "Other", NOT_SHOWN)]
    {
        let mut draft = Draft::new();
        draft.trailer = "/Info 50 0 R";
        draft.object(50, "<</Title(Signed)>>");
        draft.end();
        draft.sign(5);
        draft.trailer = "/Info 40 0 R";
        draft.object(40, "<</Title(Signed)>>");
        draft.end();
        draft.trailer = "";
        draft.object(number, &format!("<</Title({title})>>"));
        draft.end();
        assert_eq!(outcome(&judge(draft.bytes)), due, "{number} {title}");
    }
}

#[test]
fn a_title_that_is_nowhere_is_not_added() {
    for (title, due) in [("50 0 R", PASSED), ("60 0 R", NOT_SHOWN)] {
        let mut draft = Draft::new();
        draft.trailer = "/Info 51 0 R";
        draft.object(50, "(Signed)");
        draft.object(51, &format!("<</Title {title}>>"));
        draft.end();
        draft.sign(5);
        draft.object(60, "(Other)");
        draft.end();
        assert_eq!(outcome(&judge(draft.bytes)), due, "{title}");
    }
}

/// A reader that cannot read an object in its new place has none.
#[test]
fn nothing_is_given_anew_that_need_not_be() {
    for (number, body, is_right) in [
        (1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>", true),
        (3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>", true),
        (7, "<</Fields[5 0 R]/SigFlags 3>>", true),
        (2, "<</Type/Pages/Kids[3 0 R]/Count 1>>", false),
        (4, "<</Length 3>>stream\nq Q\nendstream", false),
    ] {
        let examined = judge_added(|draft| {
            draft.object(number, body);
            draft.end();
        });
        let due = if is_right { PASSED } else { NOT_SHOWN };
        assert_eq!(outcome(&examined), due, "{body}");
    }
}

#[test]
fn a_packet_that_is_referred_to_no_more_stays_as_it_was() {
    const OTHER: &str = "<</Type/Metadata/Subtype/XML/Length 1>>stream\nx\nendstream";
    let anew = packet("2027");
    for (body, due) in [(anew.as_str(), PASSED), (OTHER, NOT_SHOWN)] {
        let catalog = |packet: u32| {
            format!("<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/Metadata {packet} 0 R>>")
        };
        let mut draft = Draft::new();
        draft.end();
        draft.object(1, &catalog(50));
        draft.object(50, &packet("2026"));
        draft.sign_in(5, "<</Fields[5 0 R]/SigFlags 3>>");
        draft.object(1, &catalog(60));
        draft.object(60, &packet("2027"));
        draft.object(50, body);
        draft.end();
        assert_eq!(outcome(&judge(draft.bytes)), due, "{body}");
    }
}
