//! The rules on a signature's fields and attributes (ETSI EN 319 102-1 §5.2.8).

use bytes::Bytes;

use super::{
    attributes::{self, SignedAttributes},
    cms::{Algorithm, CmsError, ID_DATA, ID_SIGNED_DATA, SignedData, Signer, Source},
    problem::Problems,
    signer::{Basis, Subject},
};
use crate::{
    algorithms::{algorithm_name, implied_digest},
    content::others::{self, Other},
    domain::SubIndication,
};

/// The rules that `signer` breaks.
pub(super) fn check(
    signed_data: &SignedData,
    signer: &Signer,
    content: Option<&Bytes>,
    basis: Basis<'_>,
) -> Problems {
    let mut problems = Problems::default();
    let is_counter_signature = matches!(basis.subject, Subject::Signature { .. });
    if !is_counter_signature {
        check_file(signed_data, signer, &mut problems);
        check_document(signed_data, &mut problems);
    }
    check_signer(signer, &mut problems);
    match &signer.signed_attributes {
        Some(Ok(read)) => {
            if !is_counter_signature {
                check_content_type(read, signed_data, &mut problems);
            }
            check_protection(read, signer, &mut problems);
            check_disguise(read, &mut problems);
        }
        Some(Err(_)) => {}
        None => {
            if !is_counter_signature && signed_data.content_type != ID_DATA {
                problems.fail(SubIndication::FormatFailure, NO_ATTRIBUTES);
            }
            check_bare(content, basis, &mut problems);
        }
    }
    problems
}

/// The rules that the signer of a time-stamp token breaks. The type of what it signs is known.
pub(super) fn check_token(signed_data: &SignedData, signer: &Signer) -> Problems {
    let mut problems = Problems::default();
    check_file(signed_data, signer, &mut problems);
    check_signer(signer, &mut problems);
    match &signer.signed_attributes {
        Some(Ok(read)) => {
            check_content_type(read, signed_data, &mut problems);
            check_protection(read, signer, &mut problems);
        }
        Some(Err(_)) => {}
        None => problems.fail(SubIndication::FormatFailure, NO_ATTRIBUTES),
    }
    problems
}

const NO_ATTRIBUTES: &str =
    "there are no signed attributes, which RFC 5652 §5.3 asks for with such a content";

/// Fields of the file that no signature value covers: they have to be what RFC 5652 says they are,
/// so that no byte of a file can be changed unnoticed.
fn check_file(signed_data: &SignedData, signer: &Signer, problems: &mut Problems) {
    check_version("SignedData", signed_data.version, signed_data.version_due(), problems);
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
}

/// The same for the fields of one signer, and whether its attributes can be read.
fn check_signer(signer: &Signer, problems: &mut Problems) {
    check_version("SignerInfo", signer.version, signer.version_due(), problems);
    check_algorithms(signer, problems);
    let unread = signer.signed_attributes.as_ref().and_then(|read| read.as_ref().err());
    for error in unread.into_iter().chain(signer.unsigned_attributes.as_ref().err()) {
        let (indication, sub_indication) = error.indication();
        problems.push(indication, sub_indication, error.to_string());
    }
}

fn check_version(structure: &str, version: u8, due: u8, problems: &mut Problems) {
    if version != due {
        problems.doubt(
            SubIndication::SigConstraintsFailure,
            format!("{structure} has the version {version}; RFC 5652 §5 asks for {due}"),
        );
    }
}

/// A time-stamp token or a receipt is signed too, and is no document.
fn check_document(signed_data: &SignedData, problems: &mut Problems) {
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
    let due = implied_digest(&signer.signature_algorithm.id);
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

/// RFC 5652 §11.1: the signer and the file say the same of the content.
fn check_content_type(read: &SignedAttributes, signed_data: &SignedData, problems: &mut Problems) {
    match &read.content_type {
        None => {
            let error = CmsError::MissingAttribute { attribute: "content-type" };
            problems.fail(SubIndication::FormatFailure, error.to_string());
        }
        Some(said) if *said != signed_data.content_type => problems.fail(
            SubIndication::FormatFailure,
            format!(
                "the content-type attribute says {said} and the content is {} (RFC 5652 §11.1)",
                signed_data.content_type
            ),
        ),
        Some(_) => {}
    }
}

fn check_protection(read: &SignedAttributes, signer: &Signer, problems: &mut Problems) {
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

/// A signature over signed attributes is also one over a file of these bytes, by a program that writes
/// none (RFC 5652 §5.4). The digest of another document stands in it, so nobody signs such a file who
/// does not see something else in it.
fn check_disguise(read: &SignedAttributes, problems: &mut Problems) {
    let has_free_tag = || read.has_free_tag().then_some(Other::Page);
    let found = match others::find(&read.to_verify).or_else(has_free_tag) {
        Some(Other::Archive) => "an archive",
        Some(Other::Page) => "a page",
        Some(Other::Pdf) => "a PDF file",
        None => return,
    };
    problems.doubt(
        SubIndication::SigConstraintsFailure,
        format!(
            "the signed attributes may have been signed as a document: other programs find {found} in \
             them"
        ),
    );
}

/// A signature without signed attributes.
fn check_bare(content: Option<&Bytes>, basis: Basis<'_>, problems: &mut Problems) {
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
