//! The rules on a signature's fields and attributes (ETSI EN 319 102-1 §5.2.8), and what is
//! unusual about them without making the signature worse.

use bytes::Bytes;

use super::{
    attributes::{self, Claim, SignedAttributes},
    cms::{Algorithm, ID_DATA, ID_SIGNED_DATA, SignedData, Signer, Source},
    problem::{Problems, sentence},
    signer::Basis,
};
use crate::{
    algorithms::{DigestAlgorithm, algorithm_name},
    domain::{SubIndication, Timestamp, Warning, WarningCode},
    trust::Certificate,
};

/// How far a signer's clock may be ahead of ours.
const CLOCK_TOLERANCE_SECONDS: i64 = 600;

/// The rules that `signer` breaks.
pub(super) fn check(
    signed_data: &SignedData,
    signer: &Signer,
    content: Option<&Bytes>,
    basis: Basis<'_>,
) -> Problems {
    let mut problems = Problems::default();
    check_fields(signed_data, signer, &mut problems);
    check_algorithms(signer, &mut problems);
    match &signer.signed_attributes {
        Some(Ok(read)) => check_attributes(read, signed_data, signer, &mut problems),
        Some(Err(error)) => {
            let (indication, sub_indication) = error.indication();
            problems.push(indication, sub_indication, error.to_string());
        }
        None => check_bare(signed_data, content, basis, &mut problems),
    }
    if let Err(error) = &signer.unsigned_attributes {
        let (indication, sub_indication) = error.indication();
        problems.push(indication, sub_indication, error.to_string());
    }
    problems
}

/// Fields that the signature value does not cover: they have to be what RFC 5652 says they are,
/// so that no byte of a file can be changed unnoticed.
fn check_fields(signed_data: &SignedData, signer: &Signer, problems: &mut Problems) {
    for (structure, version, due) in [
        ("SignedData", signed_data.version, signed_data.version_due()),
        ("SignerInfo", signer.version, signer.version_due()),
    ] {
        if version != due {
            problems.doubt(
                SubIndication::SigConstraintsFailure,
                format!("{structure} has the version {version}; RFC 5652 §5 asks for {due}"),
            );
        }
    }
    // RFC 5652 §5.4 lets a verifier refuse a digest that the file does not announce.
    if !signed_data.digest_algorithms.contains(&signer.digest_algorithm.id) {
        problems.doubt(
            SubIndication::SigConstraintsFailure,
            format!(
                "digestAlgorithms does not list {}, which the signer uses",
                algorithm_name(&signer.digest_algorithm.id)
            ),
        );
    }
    // A time-stamp token or a receipt is signed too, and is no document.
    if ![ID_DATA, ID_SIGNED_DATA].contains(&signed_data.content_type.as_str()) {
        problems.doubt(
            SubIndication::SigConstraintsFailure,
            format!(
                "the signed content is not a document but of type {}",
                signed_data.content_type
            ),
        );
    }
}

/// One digest in both places (RFC 5754 §3, RFC 8419 §2.3), spelled in the one way.
fn check_algorithms(signer: &Signer, problems: &mut Problems) {
    let digest = &signer.digest_algorithm;
    if !digest.has_plain_parameters() {
        problems.doubt(
            SubIndication::SigConstraintsFailure,
            format!("{} has parameters; RFC 5754 §2 allows none", algorithm_name(&digest.id)),
        );
    }
    let due = digest_of(&signer.signature_algorithm.id);
    if due.is_some_and(|due| due.oid() != digest.id) {
        problems.doubt(
            SubIndication::SigConstraintsFailure,
            format!(
                "the digest algorithm is {} and the signature algorithm {}: they do not go together",
                algorithm_name(&digest.id),
                algorithm_name(&signer.signature_algorithm.id)
            ),
        );
    }
}

/// The digest that a signature algorithm's own name implies.
fn digest_of(signature_algorithm: &str) -> Option<DigestAlgorithm> {
    match signature_algorithm {
        "1.2.840.113549.1.1.11" | "1.2.840.10045.4.3.2" => Some(DigestAlgorithm::Sha256),
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Some(DigestAlgorithm::Sha384),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" | "1.3.101.112" => {
            Some(DigestAlgorithm::Sha512)
        }
        _ => None,
    }
}

fn check_attributes(
    read: &SignedAttributes,
    signed_data: &SignedData,
    signer: &Signer,
    problems: &mut Problems,
) {
    if read.content_type != signed_data.content_type {
        problems.fail(
            SubIndication::FormatFailure,
            format!(
                "the content-type attribute says {} and the content is {} (RFC 5652 §11.1)",
                read.content_type, signed_data.content_type
            ),
        );
    }
    let Some(protection) = &read.protection else { return };
    let protects = |meant: &Algorithm, used: &Algorithm| {
        meant.id == used.id && meant.parameters_or_null() == used.parameters_or_null()
    };
    let signature = protection.signature.as_ref();
    if !protects(&protection.digest, &signer.digest_algorithm)
        || !signature.is_some_and(|meant| protects(meant, &signer.signature_algorithm))
    {
        problems.fail(
            SubIndication::FormatFailure,
            "the algorithms are not those that the signer protected (RFC 6211 §2)",
        );
    }
}

/// A signature without signed attributes.
fn check_bare(
    signed_data: &SignedData,
    content: Option<&Bytes>,
    basis: Basis<'_>,
    problems: &mut Problems,
) {
    if signed_data.content_type != ID_DATA {
        problems.fail(
            SubIndication::FormatFailure,
            "there are no signed attributes, which RFC 5652 §5.3 asks for with such a content",
        );
    }
    let is_ambiguous = content.is_some_and(|content| {
        attributes::looks_like_attributes(content, Source { der: content, limits: basis.limits })
    });
    if is_ambiguous {
        problems.doubt(
            SubIndication::SigConstraintsFailure,
            "the content is itself a set of signed attributes: the signature may be for another document",
        );
    }
}

/// What is unusual and harmless.
pub(super) fn warnings(
    signed_data: &SignedData,
    signer: &Signer,
    certificate: Option<&Certificate>,
    at: Timestamp,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, text: &str| warnings.push(Warning::new(code, sentence(text)));
    match signer.signed_attributes.as_ref().map(Result::as_ref) {
        None => warn(
            WarningCode::NoSignedAttributes,
            "there are no signed attributes: the certificate was found by the name that the \
             signature gives",
        ),
        Some(Ok(read)) => {
            if !read.sorted {
                warn(
                    WarningCode::UnsortedAttributes,
                    "the signed attributes are not in the order that DER asks for",
                );
            }
            match (&read.signing_certificate, read.has_sha1_reference) {
                (Some(_), _) => {}
                (None, true) => warn(
                    WarningCode::CertificateBoundBySha1,
                    "the signing-certificate attribute names the certificate by SHA-1, which \
                     proves nothing",
                ),
                (None, false) => warn(
                    WarningCode::CertificateNotBound,
                    "no signing-certificate attribute binds the certificate to the signature",
                ),
            }
            match read.signing_time {
                Claim::Unreadable => warn(
                    WarningCode::ClaimedTimeUnreadable,
                    "the claimed signing time cannot be read",
                ),
                Claim::Said(moment) => {
                    for doubt in doubts_on_time(moment, certificate, at) {
                        warn(WarningCode::ClaimedTimeDoubtful, &doubt);
                    }
                }
                Claim::Absent => {}
            }
        }
        Some(Err(_)) => {}
    }
    if signer.unsigned_attributes.as_ref().is_ok_and(|read| read.counter_signatures > 0) {
        warn(WarningCode::Other, "a counter-signature is there and is not judged");
    }
    match signed_data.unread_certificates() {
        0 => {}
        count => warn(
            WarningCode::UnreadableCertificates,
            &format!("{count} certificates in the signature cannot be read"),
        ),
    }
    warnings
}

/// The claimed time decides nothing, neither for a signature nor against one: it is the
/// signer's word, validity is judged at the best time (ETSI EN 319 102-1 §5.3.4). So a claim that
/// cannot be true is told, and no more.
fn doubts_on_time(
    claimed: Timestamp,
    certificate: Option<&Certificate>,
    at: Timestamp,
) -> Vec<String> {
    let mut doubts = Vec::new();
    if claimed > at.plus_seconds(CLOCK_TOLERANCE_SECONDS) {
        doubts.push(format!(
            "the signer claims to have signed at {claimed}, later than {at}, which it is judged for"
        ));
    }
    if let Some(certificate) = certificate {
        let (from, to) = (certificate.not_before(), certificate.not_after());
        if claimed < from || claimed > to {
            doubts.push(format!(
                "the signer claims to have signed at {claimed}; the certificate is valid from \
                 {from} to {to}"
            ));
        }
    }
    doubts
}

impl Algorithm {
    /// Absent parameters and NULL mean the same for every algorithm met in CMS.
    fn parameters_or_null(&self) -> &[u8] {
        self.parameters.as_deref().unwrap_or(&[0x05, 0x00])
    }
}
