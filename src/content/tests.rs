//! What is a document and what is not: made files, each bent in one way.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that counts wrongly fails"
)]

use std::cell::Cell;

use proptest::prelude::*;

use super::*;
use crate::sample::pdf;

mod image;

/// A purse with so many bytes in it.
struct Bytes(Cell<usize>);

impl Purse for Bytes {
    fn spend(&self, bytes: usize) -> bool {
        let left = self.0.get().checked_sub(bytes);
        self.0.set(left.unwrap_or_default());
        left.is_some()
    }

    fn affords(&self, bytes: usize) -> bool {
        self.0.get() >= bytes
    }
}

/// As much as one mail may cost.
fn purse() -> Bytes {
    Bytes(Cell::new(512 << 20))
}

fn judge(file: &[u8]) -> Result<DocumentForm, NotADocument> {
    document(file, &purse())
}

/// A PDF file with these objects, numbered from 1, and this in its trailer.
fn pdf_of(objects: &[&str], trailer: &str) -> Vec<u8> {
    let mut file = "%PDF-1.7\n".to_owned();
    let mut rows = String::new();
    for (number, object) in (1..).zip(objects) {
        rows.extend([format!("{:010} 00000 n \n", file.len())]);
        file.extend([format!("{number} 0 obj\n{object}\nendobj\n")]);
    }
    let (at, size) = (file.len(), objects.len() + 1);
    file.extend([
        format!("xref\n0 {size}\n0000000000 65535 f \n{rows}"),
        format!("trailer\n<</Size {size}{trailer}>>\nstartxref\n{at}\n%%EOF\n"),
    ]);
    file.into_bytes()
}

const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
const PAGES: &str = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>";
const ROOT: &str = "/Root 1 0 R";

/// The same as one file with a cross-reference stream, and its catalog, page tree and page in an
/// object stream (ISO 32000-1 §7.5.7, §7.5.8).
fn compressed() -> Vec<u8> {
    let mut file = b"%PDF-1.5\n".to_vec();
    let (head, objects) = ("1 0 2 30 3 66 ", format!("{CATALOG:30}{PAGES:36}{PAGE}"));
    let holder = file.len();
    let body = format!("{head}{objects}");
    file.extend(
        format!(
            "4 0 obj\n<</Type/ObjStm/N 3/First {}/Length {}>>stream\n{body}\nendstream\nendobj\n",
            head.len(),
            body.len()
        )
        .bytes(),
    );
    let at = file.len();
    let row = |kind: u8, second: usize, third: u8| {
        [&[kind][..], &u16::try_from(second).unwrap().to_be_bytes(), &[third]].concat()
    };
    let rows =
        [row(0, 0, 0), row(2, 4, 0), row(2, 4, 1), row(2, 4, 2), row(1, holder, 0), row(1, at, 0)]
            .concat();
    file.extend(
        format!("5 0 obj\n<</Type/XRef/Size 6/W[1 2 1]/Root 1 0 R/Length {}>>stream\n", rows.len())
            .bytes(),
    );
    file.extend(rows);
    file.extend(format!("\nendstream\nendobj\nstartxref\n{at}\n%%EOF\n").bytes());
    file
}

#[test]
fn a_pdf_file_with_a_page_is_a_document() {
    let whole = pdf_of(&[CATALOG, PAGES, PAGE], ROOT);
    let deep = pdf_of(
        &[CATALOG, PAGES, "<</Type/Pages/Kids 4 0 R/Count 1>>", "[9 0 R null 5 0 R]", PAGE],
        ROOT,
    );
    let moved = [b"%PDF-1.7\n", &whole[..]].concat();
    let with_junk = [&whole[..], b"\r\n<!-- a footer -->\r\n"].concat();
    let second = whole.strip_prefix(b"%PDF-1.7").unwrap();
    let newer = [b"%PDF-2.0", second].concat();
    for (what, file) in [
        ("whole", whole),
        ("a list of kids of its own, with what is not there", deep),
        ("something after the end", with_junk),
        ("places that are not right", moved),
        ("of version 2.0", newer),
        ("streams", compressed()),
        ("the sample", pdf::page(&["A", "B"])),
    ] {
        assert_eq!(judge(&file), Ok(DocumentForm::Pdf), "{what}");
    }
}

#[test]
fn a_pdf_file_without_a_readable_page_is_none() {
    use NotADocument::{PdfEncrypted, PdfUnreadable, PdfWithoutPage};
    let empty_tree = "<</Type/Pages/Kids[]/Count 0>>";
    let looping = "<</Type/Pages/Kids[3 0 R 2 0 R]/Count 2>>";
    let twice = "<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>";
    let below = "<</Type/Pages/Kids[2 0 R]/Count 1>>";
    let encrypted = format!("{ROOT}/Encrypt<</Filter/Standard/V 4/R 4>>");
    let whole = pdf_of(&[CATALOG, PAGES, PAGE], ROOT);
    let cut = whole[..whole.len() - 40].to_vec();
    let no_root = pdf_of(&[CATALOG, PAGES, PAGE], "");
    for (what, file, instead) in [
        ("the header alone", b"%PDF-1.7\n".to_vec(), PdfUnreadable),
        ("cut", cut, PdfUnreadable),
        ("no root", no_root, PdfUnreadable),
        ("no catalog", pdf_of(&["<</Pages 2 0 R>>", PAGES, PAGE], ROOT), PdfUnreadable),
        ("no tree", pdf_of(&["<</Type/Catalog>>", PAGES, PAGE], ROOT), PdfUnreadable),
        ("no object for the tree", pdf_of(&[CATALOG], ROOT), PdfWithoutPage),
        ("no page", pdf_of(&[CATALOG, empty_tree], ROOT), PdfWithoutPage),
        ("a page in place of the tree", pdf_of(&[CATALOG, PAGE], ROOT), PdfWithoutPage),
        ("a kid that is no page", pdf_of(&[CATALOG, PAGES, "<</A 1>>"], ROOT), PdfWithoutPage),
        ("a kid that is not there", pdf_of(&[CATALOG, PAGES], ROOT), PdfWithoutPage),
        ("a tree in itself", pdf_of(&[CATALOG, looping, PAGE], ROOT), PdfUnreadable),
        ("a tree in its kid", pdf_of(&[CATALOG, PAGES, below], ROOT), PdfUnreadable),
        ("a page twice", pdf_of(&[CATALOG, twice, PAGE], ROOT), PdfUnreadable),
        ("encrypted", pdf_of(&[CATALOG, PAGES, PAGE], &encrypted), PdfEncrypted),
    ] {
        assert_eq!(judge(&file), Err(instead), "{what}");
    }
}

#[test]
fn what_is_no_document_is_named() {
    use NotADocument::{
        Archive, Empty, Encrypted, Html, ImageNotAccepted, Mail, Office, Other, PdfNotAtStart,
        Program, Signature, Text, Xml,
    };
    let page = pdf::page(&["A"]);
    let behind = |before: &[u8]| [before, &page].concat();
    let wide: Vec<u8> = "\u{feff}<html>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (file, instead) in [
        (&b""[..], Empty),
        (b" \r\n\t", Empty),
        ("Паспорт громадянина України".as_bytes(), Text),
        (b"\xcf\xe0\xf1\xef\xee\xf0\xf2 1, 2, 3", Text),
        (b"%PDF", Text),
        (b"%PDF-x.y and so on", PdfNotAtStart),
        (&behind(b"\n"), PdfNotAtStart),
        (&behind(b"MZ\x90\x00"), PdfNotAtStart),
        (&behind(b"<html><script>alert(1)</script>"), PdfNotAtStart),
        (b"<!DOCTYPE html><title>x", Html),
        (b"\xef\xbb\xbf\r\n<HTML>", Html),
        (b"<!-- x --><hta:application>", Html),
        (&wide, Html),
        (b"<?xml version=\"1.0\"?><a/>", Xml),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Xml),
        (b"MZ\x90\x00\x03\x00\x00\x00", Program),
        (b"\x7fELF\x02\x01\x01\x00", Program),
        (b"#!/bin/sh\n", Program),
        (b"@echo off\r\nstart calc\r\n", Program),
        (b"Content-Type: application/pdf\r\n\r\n", Mail),
        (b"MIME-Version: 1.0\r\n", Mail),
        (b"From: a@example.ua\r\n", Mail),
        (b"PK\x03\x04\x14\x00copy.pdf", Archive),
        (b"Rar!\x1a\x07\x01\x00", Archive),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", Archive),
        (b"PK\x03\x04[Content_Types].xml", Office),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", Office),
        (b"{\\rtf1 x", Office),
        (b"GIF89a\x01\x00", ImageNotAccepted),
        (b"II*\x00\x08\x00\x00\x00", ImageNotAccepted),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", ImageNotAccepted),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", ImageNotAccepted),
        (b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", Signature),
        (b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", Encrypted),
        (b"\x00\x01\x02\x03", Other),
    ] {
        assert_eq!(judge(file), Err(instead), "{}", String::from_utf8_lossy(file));
    }
}

#[test]
fn a_file_is_called_by_what_it_is() {
    let page = pdf::page(&["A"]);
    let zip = |name: &str| [b"PK\x03\x04", name.as_bytes()].concat();
    for (file, ending) in [
        (&page[..], ".pdf"),
        (&[b"\n", &page[..]].concat(), ".bin"),
        (b"\xff\xd8\xff\xe0", ".jpg"),
        (b"\x89PNG\r\n\x1a\n", ".png"),
        (b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", ".p7s"),
        (b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", ".p7e"),
        (&zip("mimetypeapplication/vnd.etsi.asic-e+zip"), ".asice"),
        (&zip("META-INF/ASiCManifest1.xml"), ".asice"),
        (&zip("mimetypeapplication/vnd.etsi.asic-s+zip"), ".asics"),
        (&zip("copy.pdf"), ".bin"),
        (b"MZ\x90\x00", ".bin"),
        (b"<html>", ".bin"),
        (b"", ".bin"),
    ] {
        assert_eq!(FileKind::of(file).ending(), ending, "{}", String::from_utf8_lossy(file));
    }
}

#[test]
fn reading_counts_for_the_mail_and_ends_with_it() {
    let file = pdf_of(&[CATALOG, PAGES, PAGE], ROOT);
    let mail = purse();
    let before = mail.0.get();
    assert_eq!(document(&file, &mail), Ok(DocumentForm::Pdf));
    let cost = before - mail.0.get();
    assert!(cost >= file.len() / 4 && cost < file.len() * 8, "{cost} for {}", file.len());
    for share in 0..4 {
        let poor = Bytes(Cell::new(cost * share / 4));
        assert_eq!(document(&file, &poor), Err(NotADocument::TooLarge), "{share} quarters");
    }
}

/// Nodes that have one long list of kids between them: what is read grows with the file alone.
#[test]
fn a_list_of_kids_that_many_share_is_read_once() {
    let kids: Vec<String> = (4..2000).map(|number| format!("{number} 0 R")).collect();
    let list = format!("[{}]", kids.join(" "));
    let mut objects = vec![CATALOG, "<</Type/Pages/Kids 3 0 R/Count 1>>", &list];
    objects.extend(std::iter::repeat_n("<</Type/Pages/Kids 3 0 R/Count 1>>", 1996));
    let file = pdf_of(&objects, ROOT);
    let mail = purse();
    assert_eq!(document(&file, &mail), Err(NotADocument::PdfUnreadable));
    let cost = (512 << 20) - mail.0.get();
    assert!(cost < file.len() * 16, "{cost} for {}", file.len());
}

/// Whoever signed it may have looked at what another program finds in it.
#[test]
fn a_picture_in_which_other_programs_find_a_document_is_none() {
    use NotADocument::{Archive, Html, PdfNotAtStart};
    let page = pdf::page(&["HARMLESS"]);
    let without_header = &page[b"%PDF-".len()..];
    let blanks = [&[b' '; 1100][..], &page].concat();
    let zip: &[u8] = b"PK\x03\x04 a.txt HARMLESS PK\x01\x02 a.txt PK\x05\x06";
    let harmless: [&[u8]; 6] = [
        b"a picture",
        b"PK\x05\x06",
        b"5 < 6 > 4",
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>",
        b"obj",
        b"7z",
    ];
    let hostile: [(&[u8], NotADocument); 12] = [
        (b"%PDF-1.7\n", PdfNotAtStart),
        (&page, PdfNotAtStart),
        (&blanks, PdfNotAtStart),
        (without_header, PdfNotAtStart),
        (b"1 0 obj<</Type/Catalog>>endobj", PdfNotAtStart),
        (b"<div style=position:fixed>HARMLESS</div><!--", Html),
        (b"<html><body>HARMLESS", Html),
        (b"<script src=//example.ua/>", Html),
        (zip, Archive),
        (b"PK\x01\x02 and PK\x05\x06", Archive),
        (b"Rar!\x1a\x07\x01\0", Archive),
        (b"7z\xbc\xaf\x27\x1c", Archive),
    ];
    let first = [(&b"<h1>HARMLESS"[..], Html), (b"HARMLESS<!--", Html)];
    for (judged_as, picture) in
        [(DocumentForm::Jpeg, image::jpeg()), (DocumentForm::Png, image::png(6, 8, 0))]
    {
        let places = |text: &[u8]| [image::commented(&picture, text), [&picture, text].concat()];
        for text in harmless {
            for file in places(text) {
                assert_eq!(judge(&file), Ok(judged_as), "{}", text.escape_ascii());
            }
        }
        for (text, instead) in hostile {
            for file in places(text) {
                assert_eq!(judge(&file), Err(instead), "{}", text.escape_ascii());
            }
        }
        for (text, instead) in first {
            let file = image::commented(&picture, text);
            assert_eq!(judge(&file), Err(instead), "{}", text.escape_ascii());
        }
    }
}

/// What unpacks archives finds the last one in a file.
#[test]
fn a_pdf_file_that_is_an_archive_too_is_none() {
    let file = pdf::page(&["A"]);
    let archived: &[u8] = b"PK\x03\x04 a.txt HARMLESS PK\x01\x02 a.txt PK\x05\x06";
    assert_eq!(judge(&[&file[..], b"PK\x05\x06"].concat()), Ok(DocumentForm::Pdf));
    assert_eq!(judge(&[&file[..], archived].concat()), Err(NotADocument::Archive));
}

proptest! {
    /// Whatever stands before the header, the file is not taken for a PDF file.
    #[test]
    fn a_header_behind_the_first_byte_is_none(before in prop::collection::vec(any::<u8>(), 1..64)) {
        let file = [&before[..], &pdf::page(&["A"])].concat();
        prop_assert_ne!(judge(&file), Ok(DocumentForm::Pdf));
        prop_assert_ne!(FileKind::of(&file), FileKind::Pdf);
    }

    /// One byte of a document changed: it stays one or becomes none, without a panic.
    #[test]
    fn a_changed_document_is_one_or_none(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        for mut file in [compressed(), pdf::page(&["A"]), image::png(6, 8, 1), image::jpeg()] {
            let at = at.index(file.len());
            file[at] = to;
            let _ = judge(&file);
            let _ = judge(&file[..at]);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        head in prop::sample::select(vec![&b"%PDF-1.7\n"[..], b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b""]),
        bytes in prop::collection::vec(any::<u8>(), 0..512),
    ) {
        let _ = judge(&[head, &bytes].concat());
    }
}
