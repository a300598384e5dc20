#![no_main]
//! Time-stamps on a right signature: the input as the token of a signature time-stamp. Whatever it
//! is, the signature stays as right as it is, and nothing is proved by a stranger's token.

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use skrynka::{
    domain::{Indication, Timestamp},
    signature::{Conditions, Signed, examine},
    trust::TrustStore,
};

const SIGNATURE: &[u8] = include_bytes!("../seeds/verify/attached-p256.p7s");
/// id-aa-signatureTimeStampToken.
const KIND: &[u8] = &[0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e];

fuzz_target!(|token: &[u8]| {
    let attribute = element(0x30, &[KIND, &element(0x31, token)].concat());
    let Some(file) = with_unsigned(SIGNATURE, &element(0xa1, &attribute)) else { return };
    let trust = TrustStore::empty();
    let conditions = Conditions::new(&trust, Timestamp::from_seconds(1_790_000_000));
    let signed = Signed { content: None, signatures: vec![Bytes::from(file)] };
    let examined = examine(&signed, &conditions);
    for stamp in examined.report().signatures.iter().flat_map(|one| &one.timestamps) {
        assert_ne!(stamp.indication, Indication::TotalPassed);
    }
});

fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).expect("short").to_be_bytes();
    [&[tag, 0x84], &length[..], value].concat()
}

/// Adds to the last element, down to the only SignerInfo: every length on the way is rewritten,
/// in BER, which is read too.
fn with_unsigned(file: &[u8], attributes: &[u8]) -> Option<Vec<u8>> {
    // ContentInfo, [0], SignedData, signerInfos, SignerInfo.
    fn last(value: &[u8], depth: usize, attributes: &[u8]) -> Option<Vec<u8>> {
        if depth == 0 {
            return Some([value, attributes].concat());
        }
        let mut at = 0;
        loop {
            let first = usize::from(*value.get(at + 1)?);
            let (header, length) = if first < 0x80 {
                (2, first)
            } else {
                let octets = value.get(at + 2..at + 2 + (first & 0x7f))?;
                (
                    2 + octets.len(),
                    octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)),
                )
            };
            let end = at + header + length;
            if end == value.len() {
                let inner = last(value.get(at + header..)?, depth - 1, attributes)?;
                return Some([&value[..at], &element(value[at], &inner)].concat());
            }
            at = end;
        }
    }
    last(file, 5, attributes)
}
