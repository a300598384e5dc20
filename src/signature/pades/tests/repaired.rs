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
    rows.sort_unstable();
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

/// A revision of these objects that ends with a cross-reference stream.
fn by_stream(objects: &[(u32, &str)]) -> Vec<u8> {
    let mut draft = signed();
    for (number, body) in objects {
        draft.object(*number, body);
    }
    draft.end_by_stream(62, &[], None);
    draft.bytes
}

/// Poppler takes the number of an object stream for an offset, pdf.js for the place of another object,
/// `PDFium` its number for another object of it, and where it has a generation some have none of it.
#[test]
fn no_object_stream_is_added() {
    let field = "<</FT/Sig/Subtype/Widget/T(x)/Rect[0 0 0 0]>>";
    let form = (7, "<</Fields[5 0 R 40 0 R]/SigFlags 3>>");
    assert_eq!(outcome(&judge(by_stream(&[form, (40, field)]))), PASSED);
    let inside = in_stream(&[40], "40 0 ", field, &[form]);
    assert_eq!(outcome(&judge(inside)), NOT_SHOWN);
    assert_eq!(outcome(&judge(in_stream(&[90], "90 0 ", "true", &[]))), NOT_SHOWN);
}

/// `PDFium` keeps the greatest generation of a number that it has met, whatever a newer revision says.
#[test]
fn what_is_added_has_the_generation_that_its_number_has() {
    for (first, second, due) in [(0, 0, PASSED), (5, 0, NOT_SHOWN), (0, 5, NOT_SHOWN)] {
        let mut draft = signed();
        for generation in [first, second] {
            draft.places.push((50, draft.bytes.len()));
            draft.bytes.extend(format!("50 {generation} obj\n[5 0 R]\nendobj\n").bytes());
            let start = draft.bytes.len();
            draft.end();
            let row = find(&draft.bytes[start..], b" 00000 n") + start + b" 0000".len();
            draft.bytes[row] = b'0' + generation;
        }
        assert_eq!(outcome(&judge(draft.bytes)), due, "{first} {second}");
    }
}

/// For Poppler a string ends by the offset that the head of the free entries has.
#[test]
fn the_head_of_the_free_entries_points_nowhere() {
    for (place, due) in [(0, PASSED), (9, NOT_SHOWN)] {
        let rows = [[0, 0, 0, 0, place, 255]];
        let mut draft = signed();
        let start = memchr::memmem::rfind(&draft.bytes, b"\nxref\n").unwrap() + 1;
        let at = draft.bytes.len();
        let head = format!(
            "62 0 obj\n<</Type/XRef/Size 99/Root 1 0 R/Prev {start}/W[1 4 1]/Index[0 1]/Length \
             6>>stream\n"
        );
        let tail = format!("\nendstream\nendobj\nstartxref\n{at}\n%%EOF\n");
        draft.bytes.extend([head.as_bytes(), &rows.concat(), tail.as_bytes()].concat());
        assert_eq!(outcome(&judge(draft.bytes)), due, "{place}");
    }
}

/// `PDFium` keeps 255 bytes of a word, Poppler, `MuPDF` and pdf.js know a filter by a shorter name: each
/// showed another page for one of these, and repaired nothing.
#[test]
fn what_is_added_is_read_alike_by_every_reader() {
    let field = "<</FT/Sig/Subtype/Widget/T(x)/Rect[0 0 0 0]>>";
    let form = "<</Fields[5 0 R 40 0 R]/SigFlags 3>>";
    let stream = |keys: &str| format!("<</Length 2{keys}>>stream\nab\nendstream");
    let zeros = "0".repeat(300);
    let name = "N".repeat(128);
    for (form, extra, is_allowed) in [
        (form.to_owned(), stream(""), true),
        (form.to_owned(), stream("/Type/Metadata/Subtype/XML"), true),
        (form.to_owned(), stream("/F/RunLengthDecode"), false),
        (form.to_owned(), stream("/F(other.pdf)"), false),
        (form.to_owned(), stream("/FFilter/FlateDecode"), false),
        (form.to_owned(), stream("/DL 2"), false),
        (form.to_owned(), stream("/Extends 61 0 R"), false),
        (form.to_owned(), stream("/Filter/Fl"), false),
        (form.to_owned(), stream("/Filter/FlateDecode/DecodeParms<</Predictor 12>>"), false),
        (form.to_owned(), stream("/Filter/FlateDecode/DecodeParms<</Columns 2147483647>>"), false),
        (form.to_owned(), stream("/Filter/FlateDecode"), true),
        (form.to_owned(), stream("/Filter[/FlateDecode]"), true),
        (form.to_owned(), stream("/Filter[/FlateDecode/FlateDecode]"), false),
        (form.to_owned(), stream("/Filter/FlateDecode/DecodeParms<</Predictor 16>>"), false),
        (form.to_owned(), stream("/Filter/FlateDecode/DecodeParms[<</Predictor 12>>]"), false),
        (form.to_owned(), stream("/Filter[/FlateDecode]/DecodeParms<</Predictor 12>>"), false),
        (form.to_owned(), stream("/DecodeParms<</Predictor 12>>"), false),
        (form.to_owned(), stream("/Filter/RunLengthDecode"), false),
        (form.to_owned(), stream("/Filter[/FlateDecode/LZWDecode]"), false),
        (form.to_owned(), stream("/Filter/FlateDecode/DecodeParms<</Crypt/X>>"), false),
        (form.replace("40 0 R", &format!("{zeros}40 0 R")), stream(""), false),
        (form.replace("SigFlags 3", &format!("SigFlags {zeros}3")), stream(""), false),
        (form.replace("SigFlags 3", "SigFlags +3"), stream(""), false),
        (form.replace("/SigFlags", &format!("/{name} 1/SigFlags")), stream(""), false),
        (form.replace("/SigFlags", "/N\u{80} 1/SigFlags"), stream(""), false),
    ] {
        let file = by_stream(&[(7, &form), (40, field), (60, &extra)]);
        assert_eq!(outcome(&judge(file)) == PASSED, is_allowed, "{form} {extra}");
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
        expect_reason(&examined, " bytes were added, and the ");
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

/// How a section is written that readers do not like, so that they repair the file.
struct Bent {
    what: &'static str,
    root: &'static str,
    size: &'static str,
    previous: Option<&'static str>,
    /// Further entries of the trailer.
    trailer: &'static str,
    /// Further lines of the table.
    lines: &'static str,
}

const PLAIN: Bent =
    Bent { what: "nothing", root: "1 0 R", size: "99", previous: None, trailer: "", lines: "" };

const BENT: [Bent; 33] = [
    Bent { what: "generation of the root", root: "1 1 R", ..PLAIN },
    Bent { what: "another root", root: "2 0 R", ..PLAIN },
    Bent { what: "a root that is none", root: "<</Type/Catalog/Pages 2 0 R>>", ..PLAIN },
    Bent { what: "size below nought", size: "-1", ..PLAIN },
    Bent { what: "size nought", size: "0", ..PLAIN },
    Bent { what: "smaller size", size: "98", ..PLAIN },
    Bent { what: "great size", size: "4294967295", ..PLAIN },
    Bent { what: "real size", size: "99.0", ..PLAIN },
    Bent { what: "size as a string", size: "(99)", ..PLAIN },
    Bent { what: "size as a name", size: "/X", ..PLAIN },
    Bent { what: "size elsewhere", size: "51 0 R", ..PLAIN },
    Bent { what: "previous elsewhere", previous: Some("51 0 R"), ..PLAIN },
    Bent { what: "another previous", previous: Some("9"), ..PLAIN },
    Bent { what: "no previous", previous: Some("null"), ..PLAIN },
    Bent { what: "information beyond the file", trailer: "/Info 70 0 R", lines: BEYOND, ..PLAIN },
    Bent { what: "information nowhere", trailer: "/Info 70 0 R", ..PLAIN },
    Bent { what: "information in another place", trailer: "/Info 4 0 R", ..PLAIN },
    Bent { what: "information of another generation", trailer: "/Info 50 1 R", ..PLAIN },
    Bent { what: "information as a number", trailer: "/Info 5", ..PLAIN },
    Bent { what: "identifier as a number", trailer: "/ID 5", ..PLAIN },
    Bent { what: "identifier of numbers", trailer: "/ID[1 2]", ..PLAIN },
    Bent { what: "encryption", trailer: "/Encrypt null", ..PLAIN },
    Bent { what: "a table as a stream", trailer: "/Type/XRef", ..PLAIN },
    Bent { what: "a hybrid", trailer: "/XRefStm 9", ..PLAIN },
    Bent { what: "an unknown key", trailer: "/A 1", ..PLAIN },
    Bent { what: "entry beyond the file", lines: BEYOND, ..PLAIN },
    Bent { what: "entry at nought", lines: "70 1\n0000000000 00000 n \n", ..PLAIN },
    Bent { what: "entry in the header", lines: "70 1\n0000000003 00000 n \n", ..PLAIN },
    Bent { what: "greatest number", lines: "4294967290 1\n0000000009 00000 n \n", ..PLAIN },
    Bent { what: "great number", lines: "8388600 1\n0000000009 00000 n \n", ..PLAIN },
    Bent { what: "object nought", lines: "0 1\n0000000000 00000 n \n", ..PLAIN },
    Bent { what: "a free object", lines: "50 1\n0000000000 00001 f \n", ..PLAIN },
    Bent { what: "an empty part", lines: "50 0\n", ..PLAIN },
];

const BEYOND: &str = "70 1\n0009999999 00000 n \n";

/// A signed file to which these objects were added, with a section that is bent.
fn bent(bent: &Bent, objects: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut file = signed().bytes;
    let last = memchr::memmem::rfind(&file, b"\nxref\n").unwrap() + 1;
    let mut table = "xref\n".to_owned();
    for (number, body) in objects {
        table.extend([format!("{number} 1\n{:010} 00000 n \n", file.len())]);
        let head = format!("{number} 0 obj\n");
        file.extend([head.as_bytes(), body, b"\nendobj\n"].concat());
    }
    let at = file.len();
    let previous = bent.previous.map_or_else(|| last.to_string(), str::to_owned);
    let Bent { root, size, trailer, lines, .. } = bent;
    file.extend(
        format!(
            "{table}{lines}trailer\n<</Size {size}/Root {root}/Prev {previous}{trailer}>>\n\
             startxref\n{at}\n%%EOF\n"
        )
        .bytes(),
    );
    file
}

#[test]
fn a_section_that_readers_repair_is_not_allowed() {
    let objects = [(50, b"<<>>".to_vec()), (51, b"99".to_vec())];
    assert_eq!(outcome(&judge(bent(&PLAIN, &objects))), PASSED);
    let known = Bent { trailer: "/Info 50 0 R/ID[<00>(a)]", ..PLAIN };
    assert_eq!(outcome(&judge(bent(&known, &objects))), PASSED);
    for (information, due) in [("<</ModDate(D:2027)>>", PASSED), ("<</Title(T)>>", NOT_SHOWN)] {
        let objects = [(50, information.into())];
        assert_eq!(outcome(&judge(bent(&known, &objects))), due, "{information}");
    }
    for change in BENT {
        let examined = judge(bent(&change, &objects));
        assert_ne!(examined.report().indication, PASSED.0, "{}", change.what);
    }
}

/// What some reader skips between the generation of an object and `obj`.
const SKIPPED: [&[u8]; 18] = [
    b" ",
    b"",
    b" %x\n",
    b"%x\n",
    b" %x\r",
    b"% \n% z\r",
    b"\0",
    b"\0%x\n",
    b".",
    b".\n",
    b"+ ",
    b"- ",
    b"\x0b",
    b"\x1c",
    b"\x80",
    b"\x85",
    b"\xa0",
    b"\xff",
];

/// `PDFium`, `MuPDF` and Poppler showed object 4 of such a stream, with another name on the page;
/// Poppler, `pdf.js` and Ghostscript a page without it.
#[test]
fn no_object_hides_in_an_added_stream_or_string() {
    let mut whole: Vec<Bent> = BENT.into_iter().take(1).chain([PLAIN]).collect();
    whole.extend(BENT.into_iter().filter(|change| change.lines == BENT[28].lines));
    for change in &whole {
        for between in SKIPPED {
            let object = b"obj\n<</Length 3>>stream\nQ q\n";
            let header = [b"\n4 0", between, object].concat();
            let ended = [b"\nendstream endobj", header.as_slice(), b"endstream\nendobj\n"].concat();
            for hidden in [header, ended] {
                let stream = |length: &str| {
                    let head = format!("<</Length {length}>>stream\n");
                    [head.as_bytes(), &hidden, b"\nendstream"].concat()
                };
                let length = hidden.len().to_string();
                for objects in [
                    vec![(50, stream(&length))],
                    vec![(50, stream("51 0 R")), (51, length.clone().into_bytes())],
                    vec![(51, length.clone().into_bytes()), (50, stream("51 0 R"))],
                    vec![(50, [b"<</A(", hidden.as_slice(), b")>>"].concat())],
                ] {
                    let examined = judge(bent(change, &objects));
                    let what = (change.what, between.escape_ascii());
                    assert_eq!(outcome(&examined), NOT_SHOWN, "{what:?}");
                }
            }
        }
    }
}

#[test]
fn a_stream_is_as_long_as_it_says_itself() {
    for (body, is_right) in [
        ("<</Length 3>>stream\nQ q\nendstream", true),
        ("<</Length 3>>stream\r\nQ q\r\nendstream", true),
        ("<</Length 3>>stream\nQ qendstream", true),
        ("<</Length 0>>stream\nendstream", true),
        ("<</Length 51 0 R>>stream\nQ q\nendstream", false),
        ("<</Length 2>>stream\nQ q\nendstream", false),
        ("<</Length 3>>stream\nQ q\n\nendstream", false),
        ("<</Length 3>>stream\nQ q %\nendstream", false),
        ("<</Length 3>>stream\nQ q\nendstream %", false),
        ("<</Length 3>>%\nstream\nQ q\nendstream", false),
        ("<</Length 3>>\0stream\nQ q\nendstream", false),
        ("<</Length 3>>stream\rQ q\nendstream", false),
        ("<</Length 3>>stream Q q\nendstream", false),
        ("<</Length 17>>stream\nQ q\nendstream\n\n\n\nendstream", false),
    ] {
        let objects = [(50, body.as_bytes().to_vec()), (51, b"3".to_vec())];
        let examined = judge(bent(&PLAIN, &objects));
        assert_eq!(outcome(&examined) == PASSED, is_right, "{body}");
    }
}

/// A reader that repairs files would take the section for the object.
#[test]
fn the_number_of_a_cross_reference_stream_is_its_own() {
    let numbered = |number: u32| {
        let mut file =
            by_stream(&[(7, FORM), (40, "<</FT/Sig/T(x)/Rect[0 0 0 0]>>"), (61, "null")]);
        let at = memchr::memmem::rfind(&file, b"62 0 obj").unwrap();
        file[at..at + 2].copy_from_slice(number.to_string().as_bytes());
        file
    };
    assert_eq!(outcome(&judge(numbered(62))), PASSED);
    for number in [40, 61] {
        assert_eq!(outcome(&judge(numbered(number))), NOT_SHOWN, "{number}");
    }
}

const FORM: &str = "<</Fields[5 0 R 40 0 R]/SigFlags 3>>";
