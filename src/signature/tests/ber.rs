//! Signature files in BER.

use super::*;

/// `der` with every constructed element of indefinite length down to `depth`.
fn endless(der: &[u8], depth: usize) -> Vec<u8> {
    let mut elements = crate::asn1::Elements::new(der).unwrap();
    let mut written = Vec::new();
    while !elements.is_finished() {
        let element = elements.next().unwrap();
        if depth == 0 || element.raw[0] & 0x20 == 0 {
            written.extend(element.raw);
        } else {
            let inside = endless(element.value, depth - 1);
            written.extend([&[element.raw[0], 0x80], &inside[..], &[0, 0]].concat());
        }
    }
    written
}

#[test]
fn indefinite_lengths_are_read_down_to_the_attributes_and_told() {
    let identity = Identity::new(1);
    let der = attached(&identity, CONTENT);
    for depth in 1..12 {
        let file = endless(&der, depth);
        let examined = judge(None, &[file.into()], &trust(&[&identity]));
        assert_eq!(outcome(&examined), PASSED, "{depth}: {:?}", only(&examined).reason);
        assert_eq!(only(&examined).warnings[0].code, WarningCode::BerEncoding);
        assert_eq!(examined.content(), CONTENT);
    }
}

#[test]
fn a_content_in_pieces_is_the_pieces_together() {
    let identity = Identity::new(1);
    let signer = SignerPlan::new(&identity, CONTENT).write(CONTENT);
    let (first, second) = CONTENT.split_at(5);
    let pieces = tlv(0x24, &[&tlv(4, &[first]), &tlv(4, &[]), &tlv(4, &[second])]);
    let der = FilePlan::new(Some(CONTENT), &[&identity], &[signer]).write();
    let whole = tlv(4, &[CONTENT]);
    let file = endless(&der, 5);
    let start = file.windows(whole.len()).position(|window| window == whole).unwrap();
    let file = [&file[..start], &pieces, &file[start + whole.len()..]].concat();
    let examined = judge(None, &[file.into()], &trust(&[&identity]));
    assert_eq!(outcome(&examined), PASSED, "{:?}", only(&examined).reason);
    assert_eq!(examined.content(), CONTENT);
}

#[test]
fn ber_in_the_unsigned_attributes_alone_is_read() {
    let token = sequence(&[&tlv(2, &[&[1]])]);
    let der = attribute(SIGNATURE_TIME_STAMP, &[&token]);
    let attribute = endless(&der, 9);
    let examined = judge_bent(|plan| plan.unsigned = Some(vec![attribute]));
    assert_eq!(only(&examined).warnings[0].code, WarningCode::BerEncoding);
    assert_eq!(only(&examined).level, Level::CadesT);
}

#[test]
fn what_is_no_ber_and_what_follows_it_fails() {
    let identity = Identity::new(1);
    let ber = endless(&attached(&identity, CONTENT), 3);
    let deep = [SIGNED_DATA_START, &[0x30, 0x80].repeat(100), &[0; 208]].concat();
    for (name, file, due) in [
        ("cut", ber[..ber.len() - 1].to_vec(), BAD_FORMAT),
        ("trailing", [&ber[..], &[0, 0]].concat(), BAD_FORMAT),
        ("deep", deep, OVER_LIMIT),
    ] {
        let examined = judge(None, &[file.into()], &trust(&[&identity]));
        assert_eq!(outcome(&examined), due, "{name}: {:?}", only(&examined).reason);
    }
}

/// A `ContentInfo` of indefinite length, up to its `[0]`.
const SIGNED_DATA_START: &[u8] = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80";

#[test]
fn no_byte_of_a_file_in_ber_can_be_changed_unnoticed() {
    let identity = Identity::new(1);
    let trust = trust(&[&identity]);
    let original = endless(&attached(&identity, CONTENT), 5);
    for position in 0..original.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut changed = original.clone();
            changed[position] ^= mask;
            let examined = judge(None, &[changed.into()], &trust);
            assert_ne!(outcome(&examined), PASSED, "byte {position} ^ {mask:#x}");
        }
    }
}
