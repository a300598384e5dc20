//! A signature that was made over one file and is put into another whose `/ByteRange` names the same
//! bytes: somebody signs a harmless file in which room for a second signature is prepared.

use super::*;

/// How many bytes the signature takes that is put in.
const GAP: usize = 8194;

/// The objects of two documents in one file, and a table for each, `GAP` bytes apart: the end names the
/// second, and with a signature put in where the second document expects it, the first.
fn two_faced() -> (Vec<u8>, usize) {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, body) in [
        (1, "<</Type/Catalog/Pages 2 0 R>>"),
        (2, "<</Type/Pages/Kids[3 0 R]/Count 1>>"),
        (3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"),
        (11, "<</Type/Catalog/Pages 12 0 R/AcroForm<</Fields[15 0 R]/SigFlags 3>>>>"),
        (12, "<</Type/Pages/Kids[13 0 R]/Count 1>>"),
        (13, "<</Type/Page/Parent 12 0 R/MediaBox[0 0 99 99]>>"),
        (15, "<</FT/Sig/T(S)/Rect[0 0 0 0]/V 16 0 R>>"),
        (
            16,
            "<</Type/Sig/Filter/A/SubFilter/ETSI.CAdES.detached/ByteRange[0 AAAAAAAA BBBBBBBB \
             CCCCCCCC]/Contents>>",
        ),
    ] {
        places.push((number, bytes.len()));
        bytes.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }
    let at = find(&bytes, b"/Contents>>") + b"/Contents".len();
    let table = |numbers: std::ops::Range<u32>| {
        let mut rows = String::new();
        for (number, at) in places.iter().filter(|(number, _)| numbers.contains(number)) {
            rows.extend([format!("{number} 1\n{at:010} 00000 n \n")]);
        }
        format!("xref\n{rows}trailer\n<</Size 20/Root {} 0 R>>\n", numbers.start)
    };
    let first = bytes.len();
    bytes.extend(table(11..20).bytes());
    let second = first + GAP;
    bytes.resize(second, b'\n');
    bytes.extend(table(1..10).bytes());
    bytes.extend(format!("startxref\n{second}\n%%EOF\n").bytes());
    let rest = bytes.len() - at;
    for (mark, number) in [("AAAAAAAA", at), ("BBBBBBBB", at + GAP), ("CCCCCCCC", rest)] {
        let place = find(&bytes, mark.as_bytes());
        bytes[place..place + 8].copy_from_slice(format!("{number:08}").as_bytes());
    }
    (bytes, at)
}

#[test]
fn a_signature_beside_a_file_is_none_inside_another() {
    let (harmless, at) = two_faced();
    let signature = detached(&Identity::new(1), &harmless);
    let mut digits = String::new();
    for octet in &signature {
        digits.extend([format!("{octet:02x}")]);
    }
    digits.extend(std::iter::repeat_n('0', GAP - 2 - digits.len()));
    let other = [&harmless[..at], b"<", digits.as_bytes(), b">", &harmless[at..]].concat();
    let examined = judge(other);
    assert_eq!(outcome(&examined), NOT_SHOWN);
    expect_reason(&examined, "made over another file");
}

/// The same where the signer's program puts the signature inside: then it can be moved.
#[test]
fn a_file_has_room_for_one_signature_over_the_same_bytes() {
    // What looks like a second one is judged beside it.
    let passes = |file: &[u8]| {
        let examined = judge(file.to_vec());
        examined.report().signatures.iter().any(|one| Some(one.indication) == PASSED.0)
    };
    for (what, [before, after], off, is_right) in [
        ("room for a second one", ["(/ByteRange", ")"], 0, false),
        ("what leaves other bytes out", ["(/ByteRange", ")"], 1, true),
        ("the word in other letters", ["<</Byte#52ange", ">>"], 0, false),
        ("the word within", ["[<</A<</#42yteRange", ">>>>]"], 0, false),
    ] {
        let mut draft = Draft::new();
        draft.end();
        draft.object(50, &format!("{before}[0 11111111 00009999 00000000]{after}"));
        draft.sign(5);
        // How long it will be is known before: its length does not change with the numbers.
        assert!(passes(&draft.bytes), "{what}");
        let text = String::from_utf8_lossy(&draft.bytes).into_owned();
        let own = text.rfind("/ByteRange[0 ").unwrap();
        let numbers = text[own + 13..].split(']').next().unwrap();
        let numbers: Vec<usize> = numbers.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let over = numbers[0] + numbers[2];
        let first = find(&draft.bytes, b"11111111");

        let mut again = Draft::new();
        again.end();
        let room = format!("[0 {first:08} 00009999 {:08}]", over - first + off);
        again.object(50, &format!("{before}{room}{after}"));
        again.sign(5);
        assert_eq!(again.bytes.len(), draft.bytes.len());
        assert_eq!(passes(&again.bytes), is_right, "{what}");
    }
}
