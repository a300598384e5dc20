//! Files made to cost much, or to be shown otherwise by readers that repair them.

use super::*;

/// Ends a revision with a table that names `places`, after the section at `previous`.
fn end(bytes: &mut Vec<u8>, places: &[(u32, usize, usize)], previous: usize) -> usize {
    let at = bytes.len();
    bytes.extend_from_slice(b"xref\n");
    for (number, place, generation) in places {
        let row = format!("{number} 1\n{place:010} {generation:05} n \n");
        bytes.extend_from_slice(row.as_bytes());
    }
    let rest =
        format!("trailer\n<</Size 99/Root 1 0 R/Prev {previous}>>\nstartxref\n{at}\n%%EOF\n");
    bytes.extend_from_slice(rest.as_bytes());
    at
}

fn last_section(file: &[u8]) -> usize {
    memchr::memmem::rfind(file, b"\nxref\n").unwrap() + 1
}

#[test]
fn a_change_that_a_later_revision_takes_back_is_a_change() {
    let examined = judge_added(|draft| {
        for turned in ["/Rotate 90", ""] {
            let page =
                format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R{turned}>>");
            draft.object(3, &page);
            draft.end();
        }
    });
    assert_eq!(outcome(&examined), NOT_SHOWN);
    expect_reason(&examined, "the page in object 3 is not what was signed");
}

#[test]
fn each_reading_of_a_file_counts_for_the_mail() {
    const BYTES: usize = 2 << 20;
    let over_budget = |file: &[u8]| {
        let certificate = Certificate::parse(&Identity::new(1).certificate).unwrap();
        let trust = TrustStore::new(vec![certificate]);
        let at = "2026-09-01T10:00:05Z".parse().unwrap();
        let limits = Limits { hashed_bytes: BYTES, ..Limits::default() };
        let signed = Signed { content: Some(file.to_vec().into()), signatures: Vec::new() };
        examine(&signed, &Conditions { limits, ..Conditions::new(&trust, at) }).over_budget()
    };
    let mut draft = signed();
    for _ in 0..50 {
        for number in 50..99 {
            draft.object(number, "null");
        }
        draft.end();
    }
    assert!(draft.bytes.len() < BYTES / 4);
    assert_eq!(over_budget(&signed().bytes), None);
    assert_eq!(over_budget(&draft.bytes), Some(Resource::Bytes));
}

#[test]
fn a_revision_that_stands_before_the_one_it_follows_is_not_allowed() {
    let mut file = signed().bytes;
    let (first, page) = (last_section(&file), find(&file, b"4 0 obj"));
    // The newest section stands first, and names the other, which stands last.
    let length = {
        let mut probe = file.clone();
        end(&mut probe, &[(4, page, 0)], 1_000_000);
        probe.len()
    };
    let object = b"4 0 obj\n<</Length 3>>stream\nQ q\nendstream\nendobj\n";
    let newest = file.len();
    let digits = (length + object.len()).to_string().len();
    let other = length - 7 + digits;
    end(&mut file, &[(4, page, 0)], other + object.len());
    assert_eq!(file.len(), other);
    file.extend_from_slice(object);
    end(&mut file, &[(4, other, 0)], first);
    file.extend_from_slice(format!("startxref\n{newest}\n%%EOF\n").as_bytes());
    let examined = judge(file);
    assert_eq!(outcome(&examined), NOT_SHOWN);
    expect_reason(&examined, "do not follow the signed one plainly");
}

#[test]
fn a_table_that_gives_an_object_another_generation_hides_it() {
    let mut file = signed().bytes;
    let (first, page) = (last_section(&file), find(&file, b"4 0 obj"));
    end(&mut file, &[(4, page, 1)], first);
    let examined = judge(file);
    assert_eq!(outcome(&examined), NOT_SHOWN);
    expect_reason(&examined, "does not say what was added");
}

#[test]
fn a_reference_to_another_generation_is_another_reference() {
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 1 R>>";
    let examined = judge_added(|draft| {
        draft.object(3, page);
        draft.end();
    });
    assert_eq!(outcome(&examined), NOT_SHOWN);
    expect_reason(&examined, "the page in object 3 is not what was signed");
}

#[test]
fn what_looks_like_an_object_inside_another_is_not_allowed() {
    for hidden in [
        "<</A(4 0 obj\n<</Length 3>>stream\nQ q\nendstream endobj)>>",
        "<</A 1 % 4  0\tobj\n>>",
        "<</Length 7>>stream\n4 0 obj\nendstream",
    ] {
        let examined = judge_added(|draft| {
            draft.object(50, hidden);
            draft.end();
        });
        assert_eq!(outcome(&examined), NOT_SHOWN, "{hidden}");
        expect_reason(&examined, "belong to no object");
    }
}

#[test]
fn a_form_whose_fields_branch_without_end_is_left() {
    let mut draft = Draft::new();
    let last = 39;
    draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 10 0 R>>>>");
    for list in 10..last {
        let kid = format!("<</Kids {} 0 R>>", list + 1);
        draft.object(list, &format!("[{}]", kid.repeat(100)));
    }
    draft.object(last, "[]");
    draft.end();
    draft.sign_in(5, "<</Fields 10 0 R>>");
    assert_eq!(outcome(&judge(draft.bytes)), NOT_SHOWN);
}

#[test]
fn objects_that_lie_inside_each_other_are_not_read_without_end() {
    let mut draft = Draft::new();
    let kids = (100..1100).map(|number| format!("{number} 0 R ")).collect::<Vec<_>>().concat();
    draft.object(1, &format!("<</Type/Catalog/Pages 2 0 R/Nested[{kids}]>>"));
    // Each is a string that holds all that follow.
    for number in 100..1100 {
        draft.places.push((number, draft.bytes.len()));
        draft.bytes.extend(format!("{number} 0 obj\n(").bytes());
    }
    draft.bytes.extend(vec![b' '; 1 << 17]);
    draft.bytes.extend(b")\nendobj\n".repeat(1000));
    draft.end();
    let form = "<</Fields[5 0 R]/SigFlags 3>>";
    draft.object(1, &format!("<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R/Nested[{kids}]>>"));
    draft.sign_in(5, form);
    draft.object(50, "null");
    draft.end();
    let examined = judge(draft.bytes);
    assert_eq!(outcome(&examined), NOT_SHOWN);
    expect_reason(&examined, "cannot be read");
}

/// What is behind it may be a signature that is broken.
#[test]
fn beside_a_form_that_is_not_looked_through_none_proves_the_file() {
    for (count, is_proved) in [(4000, true), (4100, false)] {
        let mut draft = Draft::new();
        draft.end();
        let others = "<</FT/Tx>>".repeat(count);
        draft.object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
        draft.sign_in(5, &format!("<</Fields[5 0 R{others}]/SigFlags 3>>"));
        let examined = judge(draft.bytes);
        assert_eq!(outcome(&examined), PASSED, "{count}");
        assert_eq!(examined.proofs()[0].covers_document(), is_proved, "{count}");
    }
}

/// The seventeenth may be the one that is broken.
#[test]
fn beside_more_signatures_than_are_judged_none_proves_the_file() {
    for (count, is_proved) in [(15, true), (16, false)] {
        let mut draft = Draft::new();
        draft.end();
        for number in 0..count {
            draft.object(50 + number, "<</Type/Sig/ByteRange[0 1 2 3]>>");
        }
        draft.sign(5);
        let examined = judge(draft.bytes);
        let proofs = examined.proofs();
        assert_eq!(!proofs.is_empty() && proofs[0].covers_document(), is_proved, "{count}");
    }
}
