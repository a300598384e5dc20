//! Files that were made to be shown otherwise by readers that repair them: `MuPDF`, Poppler,
//! Ghostscript and `PDFium` each showed another page for some of these.

use super::*;

const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 51 0 R>>";

/// A revision that ends with a cross-reference stream, and whose `inside` objects are in an object
/// stream, which holds what it says in this text.
fn in_stream(inside: &[u32], header: &str, objects: &str, plain: &[(u32, &str)]) -> Vec<u8> {
    let mut draft = signed();
    let start = memchr::memmem::rfind(&draft.bytes, b"\nxref\n").unwrap() + 1;
    draft.places.clear();
    for (number, body) in plain {
        draft.object(*number, body);
    }
    let length = header.len() + objects.len();
    let count = header.split_ascii_whitespace().count() / 2;
    let first = header.len();
    draft.object(
        61,
        &format!(
            "<</Type/ObjStm/N {count}/First {first}/Length {length}>>stream\n{header}{objects}\n\
             endstream"
        ),
    );
    let at = draft.bytes.len();
    let mut rows: Vec<(u32, [u8; 7])> = Vec::new();
    let row = |kind: u8, second: usize, third: u8| {
        let [.., a, b, c, d] = second.to_be_bytes();
        [kind, a, b, c, d, 0, third]
    };
    for (number, place) in draft.places.drain(..) {
        rows.push((number, row(1, place, 0)));
    }
    for (index, number) in inside.iter().enumerate() {
        rows.push((*number, row(2, 61, u8::try_from(index).unwrap())));
    }
    rows.push((62, row(1, at, 0)));
    let index: Vec<String> = rows.iter().map(|(number, _)| format!("{number} 1")).collect();
    let table: Vec<u8> = rows.iter().flat_map(|(_, row)| *row).collect();
    let head = format!(
        "62 0 obj\n<</Type/XRef/Size 99/Root 1 0 R/Prev {start}/W[1 4 2]/Index[{}]/Length \
         {}>>stream\n",
        index.join(" "),
        table.len()
    );
    let tail = format!("\nendstream\nendobj\nstartxref\n{at}\n%%EOF\n");
    [&draft.bytes, head.as_bytes(), &table, tail.as_bytes()].concat()
}

#[test]
fn an_object_stream_may_hold_what_its_section_names_and_nothing_else() {
    let field = "<</FT/Sig/Subtype/Widget/T(x)/Rect[0 0 0 0]>>";
    let form = [(7, "<</Fields[5 0 R 40 0 R]/SigFlags 3>>")];
    let named = in_stream(&[40], "40 0 ", field, &form);
    assert_eq!(outcome(&judge(named)), PASSED);
    let more = format!("{field} {PAGE}");
    let second = format!("40 0 3 {} ", field.len());
    let unnamed = in_stream(&[40], &second, &more, &form);
    let all_named = in_stream(&[40, 70], &second.replace(" 3 ", " 70 "), &more, &form);
    for (what, file) in [("an unnamed page", unnamed), ("a page of its own", all_named)] {
        assert_eq!(outcome(&judge(file)), NOT_SHOWN, "{what}");
    }
}

#[test]
fn nothing_added_is_what_a_reader_would_begin_from() {
    let trailer = "\ntrailer\n<</Size 99/Root 54 0 R>>\n";
    let stream = |text: &str| format!("<</Length {}>>stream\n{text}\nendstream", text.len());
    for body in [
        "<</Type/Catalog/Pages 53 0 R>>".to_owned(),
        "<</Type/Pages/Kids[52 0 R]/Count 1>>".to_owned(),
        PAGE.to_owned(),
        "<</Type 55 0 R/Pages 53 0 R>>".to_owned(),
        "<</Type/XRef/Size 99/Root 54 0 R/W[1 2 1]/Index[98 1]/Length 4>>stream\n0000\nendstream"
            .to_owned(),
        format!(
            "<</Type/ObjStm/N 1/First 4/Length {}>>stream\n3 0 {PAGE}\nendstream",
            PAGE.len() + 4
        ),
        stream(trailer),
        stream("\nstartxref\n0\n"),
        stream("\nxref\n"),
        stream("%%EOF"),
        stream("4 0obj"),
        format!("<</A({trailer})>>"),
    ] {
        let examined = judge_added(|draft| {
            draft.object(50, &body);
            draft.end();
        });
        assert_eq!(outcome(&examined), NOT_SHOWN, "{body}");
        expect_reason(&examined, "belong to no object");
    }
}

#[test]
fn a_section_is_written_as_every_reader_reads_it() {
    let added = |change: fn(String) -> String| {
        let mut draft = signed();
        let signed = draft.bytes.len();
        draft.object(50, "<<>>");
        draft.end();
        let revision = String::from_utf8(draft.bytes.split_off(signed)).unwrap();
        draft.bytes.extend(change(revision).bytes());
        judge(draft.bytes)
    };
    assert_eq!(outcome(&added(|revision| revision)), PASSED);
    for change in [
        |revision: String| revision.replace("startxref\n", "startxref %7\n"),
        |revision: String| revision.replace("startxref\n", "startxref\n%7\n"),
        |revision: String| revision.replace(" n \n", " n  \n"),
        |revision: String| revision.replace(" n \n", " n\n"),
        |revision: String| revision.replace(" 00000 n", " 0000 n "),
        |revision: String| revision.replace("50 1\n", "50 % \n1\n"),
        |revision: String| revision.replace("%%EOF\n", "%%EOF%%EOF\n"),
        |revision: String| format!("{revision}{}", "\n".repeat(1100)),
    ] {
        assert_eq!(outcome(&added(change)), NOT_SHOWN);
    }
}

/// Readers take the date that a signature shows from its dictionary.
#[test]
fn a_signature_dictionary_counts_where_it_stands_in_the_file() {
    let file = signed().bytes;
    let start = find(&file, b"6 0 obj\n") + b"6 0 obj\n".len();
    let end = start + find(&file[start..], b"\nendobj");
    let own = String::from_utf8(file[start..end].to_vec()).unwrap();
    // At the same place in an object stream: another, which leaves out the same bytes.
    let other = own.replace("/Type/Sig/", "/Type/Sid/");
    assert_ne!(own, other);
    let header = "60 0 ".to_owned() + &" ".repeat(start - 5);
    let value = "<</FT/Sig/Subtype/Widget/T(y)/Rect[0 0 0 0]/V 60 0 R>>";
    let plain = [(7, "<</Fields[20 0 R 5 0 R]/SigFlags 3>>"), (20, value)];
    let examined = judge(in_stream(&[60], &header, &other, &plain));
    assert_eq!(examined.report().indication, Some(Indication::TotalFailed));
}
