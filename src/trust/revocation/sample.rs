//! Lists and OCSP answers for tests, written byte by byte.

use ed25519_dalek::{Signer as _, SigningKey};
use sha1::{Digest as _, Sha1};

use crate::trust::{
    Certificate,
    sample::{Draft, object_identifier, tlv},
};

const ED25519: &str = "1.3.101.112";

/// The authority «Issuer», whose key has the seed 1.
pub(crate) fn issuer() -> Certificate {
    Draft::authority("Issuer", 1, ("Issuer", 1)).make()
}

/// A person's certificate by it, with the serial number 9.
pub(crate) fn person() -> Certificate {
    Draft::signer("Тестова Особа", 9, ("Issuer", 1)).make()
}

/// The same certificate with another end.
pub(crate) fn person_until(not_after: &'static str) -> Certificate {
    Draft { not_after, ..Draft::signer("Тестова Особа", 9, ("Issuer", 1)) }.make()
}

/// The same certificate with another beginning.
pub(crate) fn person_from(not_before: &'static str) -> Certificate {
    Draft { not_before, ..Draft::signer("Тестова Особа", 9, ("Issuer", 1)) }.make()
}

/// A time-stamping authority's certificate by [`issuer`], with the key and serial number of this
/// seed.
pub(crate) fn time_stamping_authority(seed: u8) -> Certificate {
    time_stamping_authority_from(seed, "260101000000Z")
}

/// The same certificate with another beginning.
pub(crate) fn time_stamping_authority_from(seed: u8, not_before: &'static str) -> Certificate {
    let purposes = &["1.3.6.1.5.5.7.3.8"];
    Draft { not_before, purposes, ..Draft::signer("TSA", seed, ("Issuer", 1)) }.make()
}

/// The authority «Root», whose key has the seed 2.
pub(crate) fn root() -> Certificate {
    Draft::authority("Root", 2, ("Root", 2)).make()
}

/// The authority «Issuer» again, with a certificate by «Root».
pub(crate) fn issuer_below_root() -> Certificate {
    issuer_below_root_from("260101000000Z")
}

/// The same certificate with another beginning.
pub(crate) fn issuer_below_root_from(not_before: &'static str) -> Certificate {
    Draft { not_before, ..Draft::authority("Issuer", 1, ("Root", 2)) }.make()
}

/// A responder's draft with the key of this seed.
pub(in crate::trust) fn responder(seed: u8) -> Draft {
    Draft { purposes: &["1.3.6.1.5.5.7.3.9"], ..Draft::signer("Responder", seed, ("Issuer", 1)) }
}

/// The certificate of a responder that [`issuer`] has delegated, with the key of this seed.
pub(crate) fn responder_certificate(seed: u8) -> Certificate {
    responder(seed).make()
}

/// An entry of a list: serial number, date, reason, date of invalidity.
pub(crate) type Entry = (u8, &'static str, Option<u8>, Option<&'static str>);

/// A list to be made.
#[derive(Clone)]
pub(crate) struct ListDraft {
    pub(crate) issuer: Certificate,
    pub(crate) key: u8,
    pub(crate) this_update: &'static str,
    pub(crate) next_update: Option<&'static str>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) number: Option<u8>,
    pub(crate) base: Option<u8>,
    /// Identifier, criticality, value.
    pub(crate) others: Vec<(&'static str, bool, Vec<u8>)>,
    /// Of the first entry, likewise.
    pub(crate) entry_others: Vec<(&'static str, bool, Vec<u8>)>,
}

impl ListDraft {
    /// A full list by [`issuer`] with nothing on it, number 5.
    pub(crate) fn new(this_update: &'static str, next_update: &'static str) -> Self {
        Self {
            issuer: issuer(),
            key: 1,
            this_update,
            next_update: Some(next_update),
            entries: Vec::new(),
            number: Some(5),
            base: None,
            others: Vec::new(),
            entry_others: Vec::new(),
        }
    }

    pub(crate) fn with(self, entries: &[Entry]) -> Self {
        Self { entries: entries.to_vec(), ..self }
    }

    /// A delta list to it, number 6.
    pub(crate) fn delta(self) -> Self {
        Self { number: Some(6), base: Some(5), ..self }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let algorithm = tlv(0x30, &[object_identifier(ED25519)]);
        let mut extensions = self.others.clone();
        let number = |number: u8| tlv(0x02, &[vec![number]]);
        extensions.extend(self.number.map(|n| ("2.5.29.20", false, number(n))));
        extensions.extend(self.base.map(|n| ("2.5.29.27", true, number(n))));
        let mut others = Some(&self.entry_others[..]);
        let entries = self.entries.iter().map(|one| entry(one, others.take().unwrap_or_default()));
        let entries: Vec<_> = entries.collect();
        let body = tlv(
            0x30,
            &[
                tlv(0x02, &[vec![1]]),
                algorithm.clone(),
                self.issuer.subject_der().to_vec(),
                time(self.this_update),
                self.next_update.map(time).unwrap_or_default(),
                if entries.is_empty() { Vec::new() } else { tlv(0x30, &entries) },
                tlv(0xa0, &[written(&extensions)]),
            ],
        );
        signed(self.key, body, algorithm, &[])
    }
}

fn entry(
    (serial, at, reason, invalid): &Entry,
    others: &[(&'static str, bool, Vec<u8>)],
) -> Vec<u8> {
    let mut extensions = others.to_vec();
    extensions.extend(reason.map(|code| ("2.5.29.21", false, tlv(0x0a, &[vec![code]]))));
    extensions.extend(invalid.map(|at| ("2.5.29.24", false, time(at))));
    let extensions = if extensions.is_empty() { Vec::new() } else { written(&extensions) };
    tlv(0x30, &[tlv(0x02, &[vec![*serial]]), time(at), extensions])
}

/// What an answer says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said {
    Good,
    Revoked(&'static str, u8),
    Unknown,
}

/// An OCSP answer to be made.
#[derive(Clone)]
pub(crate) struct AnswerDraft {
    pub(crate) certificate: Certificate,
    pub(crate) issuer: Certificate,
    /// The responder's certificate, for its name, and the seed of the key that signs.
    pub(crate) responder: (Certificate, u8),
    pub(crate) by_key: bool,
    /// `None`: as `this_update`.
    pub(crate) produced_at: Option<&'static str>,
    pub(crate) said: Said,
    pub(crate) this_update: &'static str,
    pub(crate) next_update: Option<&'static str>,
    pub(crate) certificates: Vec<Certificate>,
    /// Of the single answer: identifier, criticality, value.
    pub(crate) others: Vec<(&'static str, bool, Vec<u8>)>,
}

impl AnswerDraft {
    /// About [`person`] by [`issuer`] itself.
    pub(crate) fn new(said: Said, this_update: &'static str) -> Self {
        Self {
            certificate: person(),
            issuer: issuer(),
            responder: (issuer(), 1),
            by_key: false,
            produced_at: None,
            said,
            this_update,
            next_update: None,
            certificates: Vec::new(),
            others: Vec::new(),
        }
    }

    /// The `BasicOCSPResponse`.
    pub(crate) fn basic(&self) -> Vec<u8> {
        self.basic_with(&[])
    }

    /// The same with what others say behind its own.
    pub(crate) fn basic_with(&self, others: &[&Self]) -> Vec<u8> {
        let algorithm = tlv(0x30, &[object_identifier(ED25519)]);
        let (responder, seed) = &self.responder;
        let id = if self.by_key {
            tlv(0xa2, &[octets(&Sha1::digest(key_of(responder)))])
        } else {
            tlv(0xa1, &[responder.subject_der().to_vec()])
        };
        let produced_at = general_time(self.produced_at.unwrap_or(self.this_update));
        let singles = [self].into_iter().chain(others.iter().copied()).map(Self::single);
        let body = tlv(0x30, &[id, produced_at, tlv(0x30, &singles.collect::<Vec<_>>())]);
        let certificates: Vec<_> = self.certificates.iter().map(|c| c.der().to_vec()).collect();
        signed(*seed, body, algorithm, &certificates)
    }

    /// The `OCSPResponse`.
    pub(crate) fn der(&self) -> Vec<u8> {
        let bytes = tlv(0x30, &[object_identifier("1.3.6.1.5.5.7.48.1.1"), octets(&self.basic())]);
        tlv(0x30, &[tlv(0x0a, &[vec![0]]), tlv(0xa0, &[bytes])])
    }

    fn single(&self) -> Vec<u8> {
        let id = tlv(
            0x30,
            &[
                tlv(0x30, &[object_identifier("1.3.14.3.2.26"), vec![5, 0]]),
                octets(&Sha1::digest(self.issuer.subject_der())),
                octets(&Sha1::digest(key_of(&self.issuer))),
                tlv(0x02, &[self.certificate.serial_octets().to_vec()]),
            ],
        );
        let status = match self.said {
            Said::Good => tlv(0x80, &[]),
            Said::Revoked(at, reason) => {
                let reason = tlv(0xa0, &[tlv(0x0a, &[vec![reason]])]);
                tlv(0xa1, &[general_time(at), reason])
            }
            Said::Unknown => tlv(0x82, &[]),
        };
        let next = self.next_update.map(|at| tlv(0xa0, &[general_time(at)]));
        let others = (!self.others.is_empty()).then(|| tlv(0xa1, &[written(&self.others)]));
        tlv(
            0x30,
            &[
                id,
                status,
                general_time(self.this_update),
                next.unwrap_or_default(),
                others.unwrap_or_default(),
            ],
        )
    }
}

/// The key's octets: those of the BIT STRING at the end of an Ed25519 `SubjectPublicKeyInfo`.
fn key_of(certificate: &Certificate) -> &[u8] {
    let spki = certificate.public_key();
    spki.get(spki.len().saturating_sub(32)..).unwrap_or_default()
}

fn signed(seed: u8, body: Vec<u8>, algorithm: Vec<u8>, certificates: &[Vec<u8>]) -> Vec<u8> {
    let value = SigningKey::from_bytes(&[seed; 32]).sign(&body).to_bytes();
    let bits = tlv(0x03, &[vec![0], value.to_vec()]);
    let certificates =
        if certificates.is_empty() { Vec::new() } else { tlv(0xa0, &[tlv(0x30, certificates)]) };
    tlv(0x30, &[body, algorithm, bits, certificates])
}

fn written(extensions: &[(&'static str, bool, Vec<u8>)]) -> Vec<u8> {
    let each = extensions.iter().map(|(oid, critical, value)| {
        let critical = if *critical { tlv(0x01, &[vec![0xff]]) } else { Vec::new() };
        tlv(0x30, &[object_identifier(oid), critical, octets(value)])
    });
    tlv(0x30, &each.collect::<Vec<_>>())
}

fn octets(value: &[u8]) -> Vec<u8> {
    tlv(0x04, &[value.to_vec()])
}

/// A day in 2026 as `MMDD`, at noon.
fn time(day: &str) -> Vec<u8> {
    tlv(0x17, &[format!("26{day}120000Z").into_bytes()])
}

pub(crate) fn general_time(day: &str) -> Vec<u8> {
    tlv(0x18, &[format!("2026{day}120000Z").into_bytes()])
}
