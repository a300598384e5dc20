//! Certificates for host names, written as DER by hand (RFC 5280 §4.1): no more of
//! X.509 than a TLS client asks for.

use std::fmt::Write as _;

use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use skrynka::domain::Timestamp;

/// A certificate and its key, in PEM form.
pub(crate) struct Certificate {
    pub(crate) chain_der: Vec<u8>,
    pub(crate) chain_pem: String,
    pub(crate) key_pem: String,
}

const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const DNS_NAME: u8 = 0x82;

/// What a certificate is to say.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The common name.
    pub(crate) subject: &'a str,
    pub(crate) hosts: &'a [&'a str],
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Makes its key.
    pub(crate) seed: u8,
    pub(crate) is_authority: bool,
}

/// A certificate for `host`, valid to 2049, with the key that `seed` makes.
pub(crate) fn self_signed(host: &str, seed: u8) -> Certificate {
    let (from, to) = ("2025-01-01T00:00:00Z", "2049-12-31T23:59:59Z");
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    let wanted = Wanted { subject: host, hosts: &[host], from, to, seed, is_authority: false };
    issue(wanted, wanted)
}

/// A certificate by `issuer`.
pub(crate) fn issue(wanted: Wanted<'_>, issuer: Wanted<'_>) -> Certificate {
    let (secret, key) = secret_and_key(wanted.seed);
    let point = key.verifying_key().to_sec1_point(false);
    let algorithm = der(SEQUENCE, &[&der(OBJECT_ID, &[ECDSA_WITH_SHA256])]);
    let validity = [utc_time(wanted.from), utc_time(wanted.to)];
    let key_kind = [der(OBJECT_ID, &[EC_PUBLIC_KEY]), der(OBJECT_ID, &[P256])];
    let public_key = [der(SEQUENCE, &[&key_kind.concat()]), bits(point.as_bytes())];
    let extension =
        |oid, value: &[u8]| der(SEQUENCE, &[&der(OBJECT_ID, &[oid]), &der(OCTET_STRING, &[value])]);
    let mut extensions = Vec::new();
    if !wanted.hosts.is_empty() {
        let names = wanted.hosts.iter().map(|host| der(DNS_NAME, &[host.as_bytes()]));
        let names = names.collect::<Vec<_>>().concat();
        extensions.push(extension(SUBJECT_ALT_NAME, &der(SEQUENCE, &[&names])));
    }
    if wanted.is_authority {
        let value = der(SEQUENCE, &[&der(BOOLEAN, &[&[0xff]])]);
        extensions.push(extension(BASIC_CONSTRAINTS, &value));
    }
    let to_be_signed = der(
        SEQUENCE,
        &[
            &der(0xa0, &[&der(INTEGER, &[&[2]])]),
            &der(INTEGER, &[&[1]]),
            &algorithm,
            &name(issuer.subject),
            &der(SEQUENCE, &[&validity.concat()]),
            &name(wanted.subject),
            &der(SEQUENCE, &[&public_key.concat()]),
            &der(0xa3, &[&der(SEQUENCE, &[&extensions.concat()])]),
        ],
    );
    let signature: Signature = secret_and_key(issuer.seed).1.sign(&to_be_signed);
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

fn secret_and_key(seed: u8) -> ([u8; 32], SigningKey) {
    let secret = [seed; 32];
    (secret, SigningKey::from_slice(&secret).expect("a small number is a key"))
}

fn name(common_name: &str) -> Vec<u8> {
    let value = [der(OBJECT_ID, &[COMMON_NAME]), der(UTF8_STRING, &[common_name.as_bytes()])];
    der(SEQUENCE, &[&der(SET, &[&der(SEQUENCE, &[&value.concat()])])])
}

/// Without the century, and to the second.
fn utc_time(moment: Timestamp) -> Vec<u8> {
    let text = Timestamp::from_seconds(moment.as_seconds()).to_string();
    let digits: String = text.chars().skip(2).filter(char::is_ascii_digit).collect();
    der(UTC_TIME, &[digits.as_bytes(), b"Z"])
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
