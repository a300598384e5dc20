//! Certificates for tests, right and wrong in every way, written byte by byte.
//!
//! Keys are Ed25519 from a one-byte seed, so every certificate is the same in every run.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use std::slice::from_ref;

use ed25519_dalek::{Signer as _, SigningKey};
use x509_parser::asn1_rs::Oid;

use super::Certificate;

pub(super) const SIGNING: u8 = 0b1100_0000;
pub(super) const LOGIN: u8 = 0b1000_0000;
pub(super) const AGREEMENT: u8 = 0b0000_1000;
pub(super) const ISSUING: u8 = 0b0000_0110;

const ED25519: &str = "1.3.101.112";

/// A certificate to be made. Valid through 2026 and 2027.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) subject: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) key: u8,
    pub(super) issuer_key: u8,
    pub(super) serial: Vec<u8>,
    pub(super) not_before: &'static str,
    pub(super) not_after: &'static str,
    /// `basicConstraints`: `cA` and the path length.
    pub(super) constraints: Option<(bool, Option<u8>)>,
    /// The bits of `keyUsage`, the first one highest.
    pub(super) key_usage: Option<u8>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    pub(super) purposes: &'static [&'static str],
    /// Identifier, criticality, value.
    pub(super) others: Vec<(&'static str, bool, Vec<u8>)>,
    /// The algorithm inside the signed part and the one beside the signature.
    pub(super) algorithms: [&'static str; 2],
}

impl Draft {
    /// A person's certificate by `issuer`, a name and the seed of a key.
    pub(super) fn signer(subject: &str, key: u8, issuer: (&str, u8)) -> Self {
        Self {
            subject: name(&[(COMMON_NAME, subject)]),
            issuer: name(&[(COMMON_NAME, issuer.0)]),
            key,
            issuer_key: issuer.1,
            serial: vec![key],
            not_before: "260101000000Z",
            not_after: "271231235959Z",
            constraints: None,
            key_usage: Some(SIGNING),
            subject_key_id: Some(vec![key; 20]),
            authority_key_id: Some(vec![issuer.1; 20]),
            purposes: &[],
            others: Vec::new(),
            algorithms: [ED25519; 2],
        }
    }

    /// An authority's certificate.
    pub(super) fn authority(subject: &str, key: u8, issuer: (&str, u8)) -> Self {
        Self {
            constraints: Some((true, None)),
            key_usage: Some(ISSUING),
            ..Self::signer(subject, key, issuer)
        }
    }

    pub(super) fn make(&self) -> Certificate {
        Certificate::parse(&self.der()).unwrap()
    }

    pub(super) fn der(&self) -> Vec<u8> {
        let [inner, outer] = self.algorithms.map(|oid| tlv(0x30, &[object_identifier(oid)]));
        let body = self.body(&inner);
        let signature = signing_key(self.issuer_key).sign(&body).to_bytes();
        tlv(0x30, &[body, outer, tlv(0x03, &[vec![0], signature.to_vec()])])
    }

    fn body(&self, algorithm: &[u8]) -> Vec<u8> {
        let key = signing_key(self.key).verifying_key().to_bytes();
        let key_algorithm = tlv(0x30, &[object_identifier(ED25519)]);
        let public_key = tlv(0x30, &[key_algorithm, tlv(0x03, &[vec![0], key.to_vec()])]);
        let validity = tlv(0x30, &[self.not_before, self.not_after].map(moment));
        tlv(
            0x30,
            &[
                tlv(0xa0, &[integer(&[2])]),
                integer(&self.serial),
                algorithm.to_vec(),
                self.issuer.clone(),
                validity,
                self.subject.clone(),
                public_key,
                tlv(0xa3, &[tlv(0x30, &self.extensions())]),
            ],
        )
    }

    fn extensions(&self) -> Vec<Vec<u8>> {
        let mut extensions = Vec::new();
        if let Some((authority, path_length)) = self.constraints {
            let authority = if authority { tlv(0x01, &[vec![0xff]]) } else { Vec::new() };
            let length = path_length.map_or_else(Vec::new, |length| integer(&[length]));
            extensions.push(extension("2.5.29.19", true, &tlv(0x30, &[authority, length])));
        }
        if let Some(bits) = self.key_usage {
            extensions.push(extension("2.5.29.15", true, &tlv(0x03, &[vec![0, bits]])));
        }
        if let Some(id) = &self.subject_key_id {
            extensions.push(extension("2.5.29.14", false, &tlv(0x04, from_ref(id))));
        }
        if let Some(id) = &self.authority_key_id {
            let value = tlv(0x30, &[tlv(0x80, from_ref(id))]);
            extensions.push(extension("2.5.29.35", false, &value));
        }
        if !self.purposes.is_empty() {
            let purposes: Vec<_> = self.purposes.iter().map(|oid| object_identifier(oid)).collect();
            extensions.push(extension("2.5.29.37", false, &tlv(0x30, &purposes)));
        }
        let others = self.others.iter();
        extensions.extend(others.map(|(oid, critical, value)| extension(oid, *critical, value)));
        extensions
    }
}

pub(super) const COMMON_NAME: &str = "2.5.4.3";

/// A name of these attributes in UTF-8, each an RDN of its own.
pub(super) fn name(attributes: &[(&str, &str)]) -> Vec<u8> {
    let parts: Vec<_> = attributes
        .iter()
        .map(|(oid, value)| attribute(oid, 0x0c, value.as_bytes()))
        .map(|attribute| tlv(0x31, &[attribute]))
        .collect();
    tlv(0x30, &parts)
}

pub(super) fn attribute(oid: &str, string: u8, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[object_identifier(oid), tlv(string, &[value.to_vec()])])
}

/// `qcStatements` with a `QcType`.
pub(super) fn qualified_type(oid: &str) -> Vec<u8> {
    let types = tlv(0x30, &[object_identifier(oid)]);
    tlv(0x30, &[tlv(0x30, &[object_identifier("0.4.0.1862.1.6"), types])])
}

pub(super) fn tlv(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(7)..];
    let mut written = vec![tag];
    if content.len() >= 0x80 {
        written.push(0x80 | u8::try_from(length.len()).unwrap());
    }
    [written, length.to_vec(), content].concat()
}

pub(super) fn object_identifier(dotted: &str) -> Vec<u8> {
    let oid: Oid<'_> = dotted.parse().unwrap();
    tlv(0x06, &[oid.as_bytes().to_vec()])
}

/// A block of PEM with its base64 on one line.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::new();
    for chunk in der.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = ALPHABET[usize::try_from(group >> shift & 63).unwrap()];
            base64.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}

fn integer(octets: &[u8]) -> Vec<u8> {
    tlv(0x02, &[octets.to_vec()])
}

/// `UTCTime`, or `GeneralizedTime` when the year has four digits.
fn moment(text: &str) -> Vec<u8> {
    let tag = if text.len() == 13 { 0x17 } else { 0x18 };
    tlv(tag, &[text.as_bytes().to_vec()])
}

fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(0x01, &[vec![0xff]]) } else { Vec::new() };
    tlv(0x30, &[object_identifier(oid), critical, tlv(0x04, &[value.to_vec()])])
}

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}
