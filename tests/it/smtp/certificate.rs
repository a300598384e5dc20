//! A self-signed certificate for a host name, written as DER by hand (RFC 5280 §4.1): no more of
//! X.509 than a TLS client asks for.

use std::fmt::Write as _;

use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};

/// A certificate and its key, in PEM form.
pub(super) struct Certificate {
    pub(super) chain_der: Vec<u8>,
    pub(super) chain_pem: String,
    pub(super) key_pem: String,
}

const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const DNS_NAME: u8 = 0x82;

/// A certificate for `host`, valid to 2049, with the key that `seed` makes.
pub(super) fn self_signed(host: &str, seed: u8) -> Certificate {
    let secret = [seed; 32];
    let key = SigningKey::from_slice(&secret).expect("a small number is a key");
    let point = key.verifying_key().to_sec1_point(false);
    let algorithm = der(SEQUENCE, &[&der(OBJECT_ID, &[ECDSA_WITH_SHA256])]);
    let common_name = [der(OBJECT_ID, &[COMMON_NAME]), der(UTF8_STRING, &[host.as_bytes()])];
    let name = der(SEQUENCE, &[&der(SET, &[&der(SEQUENCE, &[&common_name.concat()])])]);
    let validity = [der(UTC_TIME, &[b"250101000000Z"]), der(UTC_TIME, &[b"491231235959Z"])];
    let key_kind = [der(OBJECT_ID, &[EC_PUBLIC_KEY]), der(OBJECT_ID, &[P256])];
    let public_key = [der(SEQUENCE, &[&key_kind.concat()]), bits(point.as_bytes())];
    let hosts = der(SEQUENCE, &[&der(DNS_NAME, &[host.as_bytes()])]);
    let extension = [der(OBJECT_ID, &[SUBJECT_ALT_NAME]), der(OCTET_STRING, &[&hosts])];
    let extensions = der(SEQUENCE, &[&der(SEQUENCE, &[&extension.concat()])]);
    let to_be_signed = der(
        SEQUENCE,
        &[
            &der(0xa0, &[&der(INTEGER, &[&[2]])]),
            &der(INTEGER, &[&[1]]),
            &algorithm,
            &name,
            &der(SEQUENCE, &[&validity.concat()]),
            &name,
            &der(SEQUENCE, &[&public_key.concat()]),
            &der(0xa3, &[&extensions]),
        ],
    );
    let signature: Signature = key.sign(&to_be_signed);
    let signature = bits(signature.to_der().as_bytes());
    let chain_der = der(SEQUENCE, &[&to_be_signed, &algorithm, &signature]);
    let sec1 = [
        der(INTEGER, &[&[1]]),
        der(OCTET_STRING, &[&secret]),
        der(0xa0, &[&der(OBJECT_ID, &[P256])]),
        der(0xa1, &[&bits(point.as_bytes())]),
    ];
    Certificate {
        chain_pem: pem("CERTIFICATE", &chain_der),
        key_pem: pem("EC PRIVATE KEY", &der(SEQUENCE, &[&sec1.concat()])),
        chain_der,
    }
}

fn bits(content: &[u8]) -> Vec<u8> {
    der(BIT_STRING, &[&[0], content])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len()).expect("certificates are small").to_be_bytes();
    let length = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag][..], &length, &content].concat()
}

fn pem(label: &str, content: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in content.chunks(48) {
        for three in line.chunks(3) {
            let padded = [0, three[0], *three.get(1).unwrap_or(&0), *three.get(2).unwrap_or(&0)];
            let bits = u32::from_be_bytes(padded);
            for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
                let index = usize::try_from(bits >> shift & 63).expect("six bits");
                let letter = if place > three.len() { b'=' } else { LETTERS[index] };
                text.push(char::from(letter));
            }
        }
        text.push('\n');
    }
    writeln!(text, "-----END {label}-----").expect("writing to a string succeeds");
    text
}
