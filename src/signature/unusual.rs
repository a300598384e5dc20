//! What is unusual about a signature and does not make it worse.

use super::{
    attributes::{Claim, ReferenceVersion, SignedAttributes},
    cms::{SignedData, Signer, SignerId},
    problem::sentence,
    signer::{Basis, Subject},
};
use crate::{
    domain::{CLOCK_TOLERANCE_SECONDS, Timestamp, Warning, WarningCode},
    trust::Certificate,
};

/// What is unusual and harmless.
pub(super) fn warnings(
    signed_data: &SignedData,
    signer: &Signer,
    certificate: Option<&Certificate>,
    basis: Basis<'_>,
) -> Vec<Warning> {
    let mut warnings = Warnings::default();
    if signed_data.is_ber {
        warnings.add(
            WarningCode::BerEncoding,
            "the signature file is written in BER; it was brought into DER before it was judged",
        );
    }
    if signed_data.is_transported {
        warnings.add(
            WarningCode::Tolerated,
            "the signature came in a transport wrapper, whose header nobody signed",
        );
    }
    match signer.signed_attributes.as_ref().map(Result::as_ref) {
        None => warnings.add(
            WarningCode::NoSignedAttributes,
            "there are no signed attributes: the certificate was found by the name that the \
             signature gives",
        ),
        Some(Ok(read)) => warnings.add_attributes(read, certificate, basis),
        Some(Err(_)) => {}
    }
    warnings.add_spellings(signer, certificate);
    match signed_data.unread_certificates() {
        0 => {}
        count => warnings.add(
            WarningCode::UnreadableCertificates,
            &format!("{count} certificates in the signature cannot be read"),
        ),
    }
    warnings.0
}

#[derive(Default)]
struct Warnings(Vec<Warning>);

impl Warnings {
    fn add(&mut self, code: WarningCode, clause: &str) {
        self.0.push(Warning::new(code, sentence(clause)));
    }

    fn add_attributes(
        &mut self,
        read: &SignedAttributes,
        certificate: Option<&Certificate>,
        basis: Basis<'_>,
    ) {
        if !read.sorted {
            self.add(
                WarningCode::UnsortedAttributes,
                "the signed attributes are not in the order that DER asks for",
            );
        }
        if read.refers_by(ReferenceVersion::Two) {
        } else if read.refers_by(ReferenceVersion::One) {
            self.add(
                WarningCode::CertificateBoundBySha1,
                "the signing-certificate attribute names the certificate by SHA-1, which proves \
                 nothing",
            );
        } else {
            self.add(
                WarningCode::CertificateNotBound,
                "no signing-certificate attribute binds the certificate to the signature",
            );
        }
        if matches!(basis.subject, Subject::Signature { .. }) && read.content_type.is_some() {
            self.add(
                WarningCode::Tolerated,
                "the counter-signature has a content-type attribute, which RFC 5652 §11.4 does \
                 not allow",
            );
        }
        match read.signing_time {
            Claim::Unreadable => self
                .add(WarningCode::ClaimedTimeUnreadable, "the claimed signing time cannot be read"),
            Claim::Said(moment) => {
                for doubt in doubts_on_time(moment, certificate, basis.at) {
                    self.add(WarningCode::ClaimedTimeDoubtful, &doubt);
                }
            }
            Claim::Absent => {}
        }
    }

    /// What means the same as the usual spelling.
    fn add_spellings(&mut self, signer: &Signer, certificate: Option<&Certificate>) {
        if signer.digest_algorithm.spells_out_gost_34311() {
            self.add(
                WarningCode::Tolerated,
                "the digest algorithm GOST 34.311 is written down with parameters",
            );
        }
        if let (SignerId::IssuerAndSerial { issuer, .. }, Some(certificate)) =
            (&signer.id, certificate)
            && **issuer != *certificate.issuer_der()
        {
            self.add(
                WarningCode::Tolerated,
                "the signature spells the name of the certificate's issuer in another way than \
                 the certificate",
            );
        }
    }
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
