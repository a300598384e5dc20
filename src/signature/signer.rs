//! One signer's signature, judged in the order of ETSI EN 319 102-1 §5.3.4: format, content,
//! value, certificate, chain, and the rules on its attributes.
//!
//! Every check is made even when one before it failed, so that the report tells all of it.

use std::cell::Cell;

use bytes::Bytes;

use super::{
    Conditions, Limits,
    attributes::{Claim, SignedAttributes},
    certificate::{self, Found, Value},
    cms::{SignedData, Signer, SignerId},
    constraints,
    problem::Problems,
};
use crate::{
    algorithms::{DigestAlgorithm, Failure, algorithm_name},
    domain::{
        BestTimeSource, Indication, Level, Sha256, SignatureReport, SignerReport, SubIndication,
        Timestamp, TimestampReport,
    },
    trust::{Certificate, TrustStore},
};

/// What every signature of a document is judged against.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    pub(super) trust: &'a TrustStore,
    pub(super) conditions: &'a Conditions<'a>,
    /// The best signature time (ETSI EN 319 102-1 §5.3.4), and why that one.
    pub(super) at: Timestamp,
    pub(super) source: BestTimeSource,
    pub(super) limits: &'a Limits,
    /// What is left of [`Limits::key_checks`].
    pub(super) checks_left: &'a Cell<usize>,
}

impl<'a> Basis<'a> {
    pub(super) fn new(conditions: &'a Conditions<'a>, checks_left: &'a Cell<usize>) -> Self {
        Self {
            trust: conditions.trust,
            conditions,
            at: conditions.at,
            source: conditions.source,
            limits: &conditions.limits,
            checks_left,
        }
    }
}

/// What a signature is over, with the digests computed so far.
pub(super) struct Content {
    bytes: Bytes,
    digests: Vec<(DigestAlgorithm, Vec<u8>)>,
}

/// The judgement on one signer.
pub(super) struct Judged {
    pub(super) report: SignatureReport,
    /// The signer's certificate, when the signature passed.
    pub(super) proved_by: Option<Sha256>,
}

impl Content {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self { bytes, digests: Vec::new() }
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(super) fn digest(&mut self, algorithm: DigestAlgorithm) -> Vec<u8> {
        if let Some((_, digest)) = self.digests.iter().find(|(known, _)| *known == algorithm) {
            return digest.clone();
        }
        let digest = algorithm.digest(&self.bytes);
        self.digests.push((algorithm, digest.clone()));
        digest
    }
}

/// Judges `signer`'s signature over `content`, which is `None` when it is not at hand, given what
/// is `known` to be wrong with its file.
pub(super) fn judge(
    signed_data: &SignedData,
    signer: &Signer,
    content: Option<&mut Content>,
    known: &Problems,
    basis: Basis<'_>,
) -> Judged {
    let attributes = signer.signed_attributes.as_ref().and_then(|read| read.as_ref().ok());
    let bytes = content.as_deref().map(Content::bytes).cloned();
    let value = Value::new(signer, bytes.as_ref());
    let found = certificate::find(signed_data, signer, attributes, &value, basis);
    let certificate = found.certificate.as_ref();
    let mut warnings = constraints::warnings(signed_data, signer, certificate, basis.at);
    warnings.extend(found.warnings.iter().cloned());

    let mut problems = known.clone();
    check_content(signer, attributes, content, &found, &mut problems);
    problems.extend(found.problems);
    problems.extend(constraints::check(signed_data, signer, bytes.as_ref(), basis));
    let (indication, sub_indication, reason) = problems.conclusion();
    let certificate = found.certificate;
    let proved_by = certificate
        .as_ref()
        .filter(|_| indication == Indication::TotalPassed)
        .map(Certificate::sha256);
    Judged {
        report: SignatureReport {
            indication,
            sub_indication,
            reason,
            level: level(attributes),
            algorithm: algorithm_name(&signer.signature_algorithm.id),
            digest_algorithm: algorithm_name(&signer.digest_algorithm.id),
            signer: certificate.map_or_else(|| nameless(&signer.id), |found| found.signer()),
            signing_time: signing_time(attributes),
            best_time: basis.at,
            best_time_source: basis.source,
            chain: found.chain,
            timestamps: time_stamps(signer, attributes),
            qualification: None,
            covers: Vec::new(),
            attributes: Vec::new(),
            counter_signatures: Vec::new(),
            warnings,
        },
        proved_by,
    }
}

/// The report on something in place of which no signature could be read.
pub(super) fn unread(problems: &Problems, basis: Basis<'_>) -> SignatureReport {
    let (indication, sub_indication, reason) = problems.conclusion();
    SignatureReport {
        // Nothing was proved here, whatever the problems say.
        indication: indication.max(Indication::Indeterminate),
        sub_indication: sub_indication.or(Some(SubIndication::FormatFailure)),
        reason,
        level: Level::Cms,
        algorithm: UNKNOWN.to_owned(),
        digest_algorithm: UNKNOWN.to_owned(),
        signer: SignerReport { name: UNKNOWN.to_owned(), ..SignerReport::default() },
        signing_time: None,
        best_time: basis.at,
        best_time_source: basis.source,
        chain: Vec::new(),
        timestamps: Vec::new(),
        qualification: None,
        covers: Vec::new(),
        attributes: Vec::new(),
        counter_signatures: Vec::new(),
        warnings: Vec::new(),
    }
}

const UNKNOWN: &str = "unknown";

/// ETSI EN 319 102-1 §5.2.7.4: the content is at hand, and it is what was signed.
fn check_content(
    signer: &Signer,
    attributes: Option<&SignedAttributes>,
    content: Option<&mut Content>,
    found: &Found,
    problems: &mut Problems,
) {
    let Some(content) = content else {
        problems.doubt(
            SubIndication::SignedDataNotFound,
            "the signature is detached and the document it speaks of is not at hand",
        );
        return;
    };
    // Without signed attributes the signature value itself is over the content.
    let Some(attributes) = attributes else { return };
    match DigestAlgorithm::from_oid(&signer.digest_algorithm.id) {
        Ok(algorithm) => {
            let actual = content.digest(algorithm);
            if actual != *attributes.message_digest {
                let value = match found.value {
                    Some(Ok(())) => "; the signature value itself is right",
                    Some(Err(_)) | None => "",
                };
                problems.fail(
                    SubIndication::HashFailure,
                    format!(
                        "the {} of the document is {}, and the signer signed {}{value}",
                        algorithm.name(),
                        hex(&actual),
                        hex(&attributes.message_digest),
                    ),
                );
            }
        }
        // Unsupported for the value too: it is told there, by the name of the whole algorithm.
        Err(_) if matches!(found.value, Some(Err(Failure::Unsupported { .. }))) => {}
        Err(failure) => {
            problems.doubt(SubIndication::CryptoConstraintsFailure, failure.to_string());
        }
    }
}

fn level(attributes: Option<&SignedAttributes>) -> Level {
    match attributes {
        Some(read) if read.signing_certificate.is_some() || read.has_sha1_reference => {
            Level::CadesBes
        }
        Some(_) | None => Level::Cms,
    }
}

fn signing_time(attributes: Option<&SignedAttributes>) -> Option<Timestamp> {
    match attributes?.signing_time {
        Claim::Said(moment) => Some(moment),
        Claim::Absent | Claim::Unreadable => None,
    }
}

fn time_stamps(signer: &Signer, attributes: Option<&SignedAttributes>) -> Vec<TimestampReport> {
    let under_signature = attributes.iter().flat_map(|read| &read.time_stamps);
    let beside = signer.unsigned_attributes.iter().flat_map(|read| &read.time_stamps);
    under_signature
        .chain(beside)
        .map(|kind| TimestampReport {
            kind: (*kind).to_owned(),
            indication: Indication::Indeterminate,
            sub_indication: None,
            reason: None,
            time: None,
            policy: None,
            algorithm: None,
            digest_algorithm: None,
            authority: None,
            chain: Vec::new(),
            qualified: None,
            warnings: Vec::new(),
        })
        .collect()
}

/// What the signature itself says of a signer whose certificate is not at hand.
fn nameless(id: &SignerId) -> SignerReport {
    let serial = match id {
        SignerId::IssuerAndSerial { serial, .. } => hex(serial),
        SignerId::SubjectKeyId(_) => String::new(),
    };
    SignerReport { name: UNKNOWN.to_owned(), serial, ..SignerReport::default() }
}

/// Hexadecimal digits, of no more bytes than the longest digest has: the length is the signer's.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(64).fold(String::new(), |mut digits, byte| {
        digits.extend(
            [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16)).iter().flatten(),
        );
        digits
    })
}
