//! What kind of signature a certificate makes in Ukrainian law (Law 2155-VIII), by the trust list
//! and by what the certificate says of itself (ETSI EN 319 412-5, ETSI TS 119 615 §4.4).

#[cfg(test)]
mod tests;

use super::{Certificate, ServiceKind, TrustService, TrustStore};
use crate::domain::{Qualification, QualificationReport, SignerKind, Timestamp};

/// The kind of a signature that `certificate` makes at `at`, the best time of signing.
///
/// `issuer` is the certificate after it on its proved path; `None` when the path ends at
/// `certificate` itself, and then its issuer is looked for in the trust lists. The caller must
/// have proved the path: nothing here says that the signature is right.
#[must_use]
pub fn qualification(
    certificate: &Certificate,
    issuer: Option<&Certificate>,
    trust: &TrustStore,
    at: Timestamp,
) -> QualificationReport {
    let mut reasons = Vec::new();
    let kind = judge(certificate, issuer, trust, at, &mut reasons);
    QualificationReport { kind, reasons }
}

fn judge(
    certificate: &Certificate,
    issuer: Option<&Certificate>,
    trust: &TrustStore,
    at: Timestamp,
    reasons: &mut Vec<String>,
) -> Qualification {
    if trust.services().is_empty() {
        reasons.push("No trust list is loaded.".to_owned());
        return Qualification::Undetermined;
    }
    let Some(issuer) = issuer.or_else(|| listed_issuer(certificate, trust)) else {
        reasons.push(format!(
            "No authority of the trust list has issued the certificate; its issuer is {}.",
            certificate.issuer()
        ));
        return Qualification::NotQualified;
    };
    let services = authorities(trust).filter(|service| service.has(issuer));
    let services: Vec<_> = services.collect();
    if services.is_empty() {
        reasons.push(format!(
            "The trust list names no service that issues qualified certificates with the key of {}.",
            issuer.subject()
        ));
        return Qualification::NotQualified;
    }
    let issued_at = certificate.not_before();
    let granted = services
        .iter()
        .find(|service| service.is_granted_at(issued_at) && service.is_granted_at(at));
    let Some(service) = granted else {
        for (moment, what) in [(issued_at, "issued"), (at, "used to sign")] {
            let is_granted = services.iter().any(|service| service.is_granted_at(moment));
            reasons.push(format!(
                "When the certificate was {what} ({moment}), the service of its issuer was {}.",
                if is_granted { "granted" } else { "not granted" }
            ));
        }
        return Qualification::NotQualified;
    };
    reasons.push(format!(
        "The trust list had granted the service \"{}\" of {} when the certificate was issued \
         ({issued_at}) and at the time of signing ({at}).",
        service.name, service.provider
    ));
    let statements = certificate.qualified_statements();
    if !statements.compliance && !statements.national_mark {
        reasons.push(
            "The certificate does not say that it is qualified (QcCompliance, or the national mark \
             1.2.804.2.1.1.1.2.1)."
                .to_owned(),
        );
        return Qualification::NotQualified;
    }
    reasons.push("The certificate says that it is qualified.".to_owned());
    reasons.push(
        if statements.device {
            "The certificate says that its key lies in a qualified device (QcSSCD)."
        } else {
            "The certificate does not say that its key lies in a qualified device (QcSSCD)."
        }
        .to_owned(),
    );
    // Without a QcType it is for signatures (ETSI EN 319 412-5 §4.2.3).
    match (signer_kind(certificate, trust), statements.device) {
        (Some(SignerKind::Seal), true) => Qualification::QualifiedSeal,
        (Some(SignerKind::Seal), false) => Qualification::AdvancedSealWithQualifiedCertificate,
        (Some(SignerKind::Person) | None, true) => Qualification::QualifiedSignature,
        (Some(SignerKind::Person) | None, false) => Qualification::AdvancedWithQualifiedCertificate,
    }
}

/// Whose signature a certificate is for. Where a trust list is loaded, and with it every authority
/// of the country, a seal has to say that it is one: any firm has certificates that name it.
#[must_use]
pub fn signer_kind(certificate: &Certificate, trust: &TrustStore) -> Option<SignerKind> {
    let kind = certificate.signer_kind();
    let is_said = kind == SignerKind::Person || certificate.says_seal();
    (is_said || trust.services().is_empty()).then_some(kind)
}

fn authorities(trust: &TrustStore) -> impl Iterator<Item = &TrustService> {
    trust.services().iter().filter(|service| service.kind == ServiceKind::QualifiedAuthority)
}

/// The authority of the lists whose key has signed `certificate`.
fn listed_issuer<'a>(certificate: &Certificate, trust: &'a TrustStore) -> Option<&'a Certificate> {
    /// Authorities of one name whose keys are tried.
    const MOST_KEYS: usize = 8;

    let all = authorities(trust).flat_map(|service| &service.certificates);
    let named =
        all.filter(|issuer| certificate.names_issuer(issuer) && certificate.names_key_of(issuer));
    named.take(MOST_KEYS).find(|issuer| certificate.verify_issued_by(issuer).is_ok())
}
