//! Which certificate is the signer's, what its key says of the signature value, and what its chain
//! is worth (ETSI EN 319 102-1 §5.2.3, §5.2.7 and §5.2.6).

use bytes::Bytes;

use super::{
    attributes::{CertificateReference, SignedAttributes},
    cms::{SignedData, Signer, SignerId},
    problem::Problems,
    signer::Basis,
};
use crate::{
    algorithms::{self, AlgorithmId, DigestAlgorithm, Failure},
    domain::{CertificateReport, Indication, SubIndication, Warning},
    trust::{self, Certificate, PathLimits, PathRequest, Purpose},
};

/// The signature value and the bytes that it is over.
pub(super) struct Value<'a> {
    algorithm: AlgorithmId<'a>,
    digest: Option<DigestAlgorithm>,
    /// `None` when the content is not at hand, or the signed attributes cannot be read.
    message: Option<Bytes>,
    signature: &'a [u8],
}

impl<'a> Value<'a> {
    /// RFC 5652 §5.4: over the signed attributes, or without any over the content itself.
    pub(super) fn new(signer: &'a Signer, content: Option<&Bytes>) -> Self {
        let message = match &signer.signed_attributes {
            Some(attributes) => attributes.as_ref().ok().map(|read| read.to_verify.clone()),
            None => content.cloned(),
        };
        Self {
            algorithm: AlgorithmId {
                oid: signer.signature_algorithm.id.clone(),
                parameters: signer.signature_algorithm.parameters.as_deref(),
            },
            digest: DigestAlgorithm::from_oid(&signer.digest_algorithm.id).ok(),
            message,
            signature: &signer.signature,
        }
    }

    /// How many of [`super::Limits::key_checks`] one check takes.
    fn cost(&self) -> usize {
        let mebibytes = self.message.as_ref().map_or(0, |message| message.len() >> 20);
        mebibytes.saturating_add(1)
    }

    /// `None` when there is nothing to check it against.
    fn check(&self, certificate: &Certificate) -> Option<Result<(), Failure>> {
        self.message.as_ref().map(|message| {
            let key = certificate.public_key();
            algorithms::verify(&self.algorithm, self.digest, key, message, self.signature)
        })
    }
}

/// The signer's certificate, what its key says of the value, and what its chain is worth.
#[derive(Default)]
pub(super) struct Found {
    pub(super) certificate: Option<Certificate>,
    pub(super) value: Option<Result<(), Failure>>,
    pub(super) chain: Vec<CertificateReport>,
    pub(super) problems: Problems,
    pub(super) warnings: Vec<Warning>,
}

/// ETSI EN 319 102-1 §5.2.3, then §5.2.7 and §5.2.6 with each certificate that it may be.
pub(super) fn find(
    signed_data: &SignedData,
    signer: &Signer,
    attributes: Option<&SignedAttributes>,
    value: &Value<'_>,
    basis: Basis<'_>,
) -> Found {
    /// Certificates that one signer may mean; a renewed one has the same key identifier.
    const MAX_CANDIDATES: usize = 4;

    // A signature that brings certificates brings its signer's (ETSI EN 319 122-1 §6.3). Only for
    // one that brings none is the trust directory looked into: otherwise a changed certificate
    // in the file would silently be replaced by the right one.
    let own = signed_data.certificates();
    let brings_none = own.is_empty() && signed_data.unread_certificates() == 0;
    let pool = if brings_none { basis.trust.certificates() } else { own };
    let mut candidates: Vec<&Certificate> = Vec::new();
    for certificate in pool {
        if signer.id.names(certificate) && !candidates.contains(&certificate) {
            candidates.push(certificate);
        }
    }
    if candidates.is_empty() || candidates.len() > MAX_CANDIDATES {
        return Found::nothing(if candidates.is_empty() {
            "the signer's certificate is not in the signature".to_owned()
        } else {
            format!("more than {MAX_CANDIDATES} certificates may be the signer's")
        });
    }

    candidates
        .into_iter()
        .map(|certificate| judge_certificate(certificate, signed_data, attributes, value, basis))
        // The best of them: with a right value, and then with a right chain. No wrong one can
        // pass, and one that somebody added cannot spoil the right one.
        .min_by_key(Found::rank)
        .unwrap_or_default()
}

fn judge_certificate(
    certificate: &Certificate,
    signed_data: &SignedData,
    attributes: Option<&SignedAttributes>,
    value: &Value<'_>,
    basis: Basis<'_>,
) -> Found {
    let mut problems = Problems::default();
    let Some(checks_left) = basis.checks_left.get().checked_sub(value.cost()) else {
        basis.checks_left.set(0);
        problems.fail(
            SubIndication::FormatFailure,
            format!(
                "to judge the document, more than {} checks with a key would be needed",
                basis.limits.key_checks
            ),
        );
        let certificate = Some(certificate.clone());
        return Found { certificate, problems, ..Found::default() };
    };
    let checked = value.check(certificate);
    match &checked {
        Some(Err(failure @ (Failure::TooWeak { .. } | Failure::Unsupported { .. }))) => {
            problems.doubt(SubIndication::CryptoConstraintsFailure, failure.to_string());
        }
        Some(Err(failure)) => problems.fail(SubIndication::SigCryptoFailure, failure.to_string()),
        Some(Ok(())) | None => {}
    }
    let reference = attributes.and_then(|attributes| attributes.signing_certificate.as_ref());
    if let Some(reference) = reference {
        reference.check(certificate, &mut problems);
    }
    let mut limits = PathLimits::default();
    limits.signature_checks = limits.signature_checks.min(checks_left);
    let path = trust::validate(
        &PathRequest {
            signer: certificate,
            purpose: Purpose::Document,
            intermediates: signed_data.certificates(),
            limits,
            at: basis.at,
        },
        basis.trust,
    );
    basis.checks_left.set(checks_left.saturating_sub(path.signature_checks));
    if path.indication != Indication::TotalPassed {
        problems.push(
            path.indication,
            path.sub_indication.unwrap_or(SubIndication::CertificateChainGeneralFailure),
            path.reason.unwrap_or_else(|| "the certificate chain is not valid".to_owned()),
        );
    }
    Found {
        certificate: Some(certificate.clone()),
        value: checked,
        chain: path.chain,
        problems,
        warnings: path.warnings,
    }
}

impl Found {
    fn nothing(reason: String) -> Self {
        let mut problems = Problems::default();
        problems.doubt(SubIndication::NoSigningCertificateFound, reason);
        Self { problems, ..Self::default() }
    }

    fn rank(&self) -> (Indication, usize) {
        (self.problems.conclusion().0, self.problems.len())
    }
}

impl CertificateReference {
    /// Checks that this is a reference to `certificate`.
    ///
    /// ETSI EN 319 102-1 §5.2.3.4: when no reference fits, the signing certificate is not
    /// identified, which is `NO_SIGNING_CERTIFICATE_FOUND`: the key fits, and yet the signer did
    /// not mean this certificate. RFC 5035 §3 lets only the first reference be the signer's.
    fn check(&self, certificate: &Certificate, problems: &mut Problems) {
        let algorithm = match DigestAlgorithm::from_oid(&self.hash_algorithm) {
            Ok(algorithm) => algorithm,
            Err(failure) => {
                return problems.doubt(
                    SubIndication::CryptoConstraintsFailure,
                    format!("in the signing-certificate-v2 attribute {failure}"),
                );
            }
        };
        if algorithm.digest(certificate.der()) != *self.hash {
            return problems.doubt(
                SubIndication::NoSigningCertificateFound,
                "the signing-certificate-v2 attribute names another certificate",
            );
        }
        let names_it = self.issuer_and_serial.as_ref().is_none_or(|named| {
            *named.serial == *certificate.serial_octets()
                && named.issuer.as_deref().is_none_or(|name| name == certificate.issuer_der())
        });
        if !names_it {
            problems.doubt(
                SubIndication::NoSigningCertificateFound,
                "the signing-certificate-v2 attribute names another issuer or serial number",
            );
        }
    }
}

impl SignerId {
    fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial { issuer, serial } => {
                **issuer == *certificate.issuer_der() && **serial == *certificate.serial_octets()
            }
            Self::SubjectKeyId(id) => certificate.subject_key_id() == Some(id),
        }
    }
}
