//! What kind of signature a certificate makes in Ukrainian law (Law 2155-VIII), by the trust list
//! and by what the certificate says of itself (ETSI EN 319 412-5, ETSI TS 119 615 §4.4).

#[cfg(test)]
mod tests;

use super::{
    Certificate, CertificateUse, ListIssue, Purpose, Qualifier, ServiceExtensions, ServiceKind,
    TrustService, TrustStore,
    issuer::{named_issuers, proved_issuer},
    store::{Question, Said as ListsSay},
};
use crate::domain::{ListReport, Qualification, QualificationReport, SignerKind, Timestamp};

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
    let of_issuer =
        issuer.and_then(|issuer| authorities(trust).find(|service| service.has(issuer)));
    let list = of_issuer.and_then(|service| service.list.as_ref()).or_else(|| trust.newest_list());
    QualificationReport { kind, reasons, list: list.map(ListReport::from) }
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
    let issuer = match issuer.map_or_else(|| listed_issuer(certificate, trust, at, reasons), Ok) {
        Ok(issuer) => issuer,
        Err(kind) => return kind,
    };
    let (outdated, services): (Vec<_>, Vec<_>) = authorities(trust)
        .filter(|service| service.has(issuer))
        .partition(|service| service.is_outdated_at(at));
    let said_before = outdated.iter().find_map(|service| service.list.as_ref()?.outdated_at(at));
    if let Some(list) = said_before.filter(|_| services.is_empty()) {
        reasons.push(format!("Whether its service was still granted is not known: {list}."));
        return Qualification::Undetermined;
    }
    if services.is_empty() {
        if trust.services().iter().all(|service| service.is_outdated_at(at)) {
            reasons.push(format!("The trust list is too old to say anything for {at}."));
            return Qualification::Undetermined;
        }
        reasons.push(format!(
            "The trust list names no service that issues qualified certificates with the key of {}.",
            issuer.subject()
        ));
        return Qualification::NotQualified;
    }
    let issued_at = certificate.not_before();
    let is_granted =
        |service: &&&TrustService| service.is_granted_at(issued_at) && service.is_granted_at(at);
    let granted: Vec<_> = services.iter().filter(is_granted).copied().collect();
    if granted.is_empty() {
        for (moment, what) in [(issued_at, "issued"), (at, "used to sign")] {
            let is_granted = services.iter().any(|service| service.is_granted_at(moment));
            reasons.push(format!(
                "When the certificate was {what} ({moment}), the service of its issuer was {} for \
                 documents.",
                if is_granted { "granted" } else { "not granted" }
            ));
        }
        return Qualification::NotQualified;
    }
    // What path building asks of the moment judged for holds for that of issuance as well.
    let used = Some(own_use(certificate));
    for (moment, what) in [(issued_at, "issued"), (at, "used to sign")] {
        let question = Question { purpose: Purpose::Document, used, at: moment };
        if trust.said_of(issuer, question) == ListsSay::Withdrawn {
            reasons.push(format!(
                "When the certificate was {what} ({moment}), a service of its issuer was withdrawn for \
                 what the certificate is for."
            ));
            return Qualification::NotQualified;
        }
    }
    // One key may have a service for signatures and one for seals.
    let mut said = granted.iter().map(|service| by_service(certificate, service, [issued_at, at]));
    let Some(mut told) = said.next() else { return Qualification::NotQualified };
    for other in said {
        told = match (told.is_for_other_use, other.is_for_other_use) {
            (true, _) => other,
            (false, true) => told,
            (false, false) if told.kind == other.kind => told,
            (false, false) => {
                Said::unclear("Two services of the trust list contradict each other.")
            }
        };
    }
    reasons.extend(told.reasons);
    told.kind
}

/// What one service says of a certificate, with what that says of itself.
struct Said {
    kind: Qualification,
    reasons: Vec<String>,
    /// Whether the service is for something else than the certificate.
    is_for_other_use: bool,
}

impl Said {
    fn new(kind: Qualification, reason: &str) -> Self {
        Self { kind, reasons: vec![reason.to_owned()], is_for_other_use: false }
    }

    fn unclear(reason: &str) -> Self {
        Self::new(Qualification::Undetermined, reason)
    }

    fn is_lower_than(&self, other: &Self) -> bool {
        use Qualification as Kind;
        let rank = |kind| match kind {
            Kind::Undetermined => 0,
            Kind::NotQualified => 1,
            Kind::AdvancedSealWithQualifiedCertificate | Kind::AdvancedWithQualifiedCertificate => {
                2
            }
            Kind::QualifiedSeal | Kind::QualifiedSignature => 3,
        };
        rank(self.kind) < rank(other.kind)
    }
}

/// What a granted service says for the moments of issuance and of signing: the lower of both, for
/// what it said at one of them alone does not hold for both.
fn by_service(certificate: &Certificate, service: &TrustService, moments: [Timestamp; 2]) -> Said {
    let none = ServiceExtensions::default();
    let [issued_at, at] = moments;
    let [issued, used] = moments.map(|moment| {
        let status = service.status_at(moment);
        by_extensions(certificate, status.map_or(&none, |status| &status.extensions))
    });
    let is_seal = |said: &Said| match said.kind {
        Qualification::AdvancedSealWithQualifiedCertificate | Qualification::QualifiedSeal => {
            Some(true)
        }
        Qualification::AdvancedWithQualifiedCertificate | Qualification::QualifiedSignature => {
            Some(false)
        }
        Qualification::NotQualified | Qualification::Undetermined => None,
    };
    let contradict = is_seal(&issued).zip(is_seal(&used)).is_some_and(|(one, other)| one != other);
    let mut said = if contradict {
        Said::unclear(
            "The trust list says of the certificate that it is for seals at one moment and for \
             signatures at another.",
        )
    } else if issued.is_lower_than(&used) {
        issued
    } else {
        used
    };
    let granted = format!(
        "The trust list had granted the service \"{}\" of {} when the certificate was issued \
         ({issued_at}) and at the time of signing ({at}).",
        service.name, service.provider
    );
    said.reasons.insert(0, granted);
    said
}

/// ETSI TS 119 615 §4.4: what the list says of a certificate goes before what that says of itself.
fn by_extensions(certificate: &Certificate, extensions: &ServiceExtensions) -> Said {
    let Some(qualifiers) = extensions.qualifiers(certificate) else {
        return Said::unclear(
            "The trust list has a rule on certificates of this service that is not understood.",
        );
    };
    let is = |qualifier| qualifiers.contains(&qualifier);
    let statements = certificate.qualified_statements();
    let mut reasons = Vec::new();
    match (is(Qualifier::NotQualified), is(Qualifier::Qualified)) {
        (true, true) => {
            return Said::unclear("The trust list contradicts itself on this certificate.");
        }
        (true, false) => {
            return Said::new(
                Qualification::NotQualified,
                "The trust list says that the certificate is not qualified (NotQualified).",
            );
        }
        (false, true) => {
            reasons.push("The trust list says that the certificate is qualified (QCStatement).");
        }
        (false, false) if statements.compliance || statements.national_mark => {
            reasons.push("The certificate says that it is qualified.");
        }
        (false, false) => {
            return Said::new(
                Qualification::NotQualified,
                "The certificate does not say that it is qualified (QcCompliance, or the national \
                 mark 1.2.804.2.1.1.1.2.1).",
            );
        }
    }
    let used = match use_of(certificate, &qualifiers) {
        Ok(used) => used,
        Err(reason) => return Said::unclear(reason),
    };
    if !extensions.are_for(used) || used == CertificateUse::WebSites {
        let reason = match used {
            CertificateUse::Seals => "The service of its issuer is not for seals.",
            CertificateUse::Signatures => "The service of its issuer is not for signatures.",
            CertificateUse::WebSites => "The certificate is for web sites and not for documents.",
        };
        let said = Said::new(Qualification::NotQualified, reason);
        return Said { is_for_other_use: used != CertificateUse::WebSites, ..said };
    }
    let device = match (is(Qualifier::WithDevice), is(Qualifier::WithoutDevice)) {
        (true, true) => {
            return Said::unclear(
                "The trust list contradicts itself on the key of this certificate.",
            );
        }
        (true, false) => {
            reasons.push("The trust list says that its key lies in a qualified device.");
            true
        }
        (false, true) => {
            reasons.push("The trust list says that its key does not lie in a qualified device.");
            false
        }
        (false, false) => {
            reasons.push(if statements.device {
                "The certificate says that its key lies in a qualified device (QcSSCD)."
            } else {
                "The certificate does not say that its key lies in a qualified device (QcSSCD)."
            });
            statements.device
        }
    };
    let kind = match (used, device) {
        (CertificateUse::Seals, true) => Qualification::QualifiedSeal,
        (CertificateUse::Seals, false) => Qualification::AdvancedSealWithQualifiedCertificate,
        (_, true) => Qualification::QualifiedSignature,
        (_, false) => Qualification::AdvancedWithQualifiedCertificate,
    };
    let reasons = reasons.into_iter().map(str::to_owned).collect();
    Said { kind, reasons, is_for_other_use: false }
}

/// What a certificate is for by its own words. Without a `QcType` it is for signatures (ETSI EN 319 412-5
/// §4.2.3).
pub(super) fn own_use(certificate: &Certificate) -> CertificateUse {
    if certificate.signer_kind() == Some(SignerKind::Seal) && certificate.says_seal() {
        CertificateUse::Seals
    } else {
        CertificateUse::Signatures
    }
}

/// What a certificate is for: by the list, or else by its own words. Where the two contradict each
/// other nothing can be said.
fn use_of(
    certificate: &Certificate,
    qualifiers: &[Qualifier],
) -> Result<CertificateUse, &'static str> {
    const TYPES: [(&str, CertificateUse); 3] = [
        ("0.4.0.1862.1.6.1", CertificateUse::Signatures),
        ("0.4.0.1862.1.6.2", CertificateUse::Seals),
        ("0.4.0.1862.1.6.3", CertificateUse::WebSites),
    ];
    let listed: Vec<_> = qualifiers
        .iter()
        .filter_map(|qualifier| match qualifier {
            Qualifier::For(used) => Some(*used),
            Qualifier::DeviceAsInCertificate
            | Qualifier::NotQualified
            | Qualifier::Qualified
            | Qualifier::WithDevice
            | Qualifier::WithoutDevice => None,
        })
        .collect();
    let types = &certificate.qualified_statements().types;
    let own: Vec<_> =
        TYPES.iter().filter(|(oid, _)| types.iter().any(|one| one == oid)).map(|it| it.1).collect();
    let by_name = own_use(certificate);
    let Some(first) = listed.first() else {
        if certificate.signer_kind().is_none() {
            return Err("What the certificate says of its use cannot be read.");
        }
        return Ok(if own == [CertificateUse::WebSites] {
            CertificateUse::WebSites
        } else {
            by_name
        });
    };
    if listed.iter().any(|other| other != first) {
        return Err("The trust list names several uses for this certificate.");
    }
    if !own.is_empty() && !own.contains(first) {
        return Err("The trust list names another use for this certificate than itself does.");
    }
    Ok(*first)
}

/// Whose signature a certificate is for. Where a trust list is loaded, and with it every authority
/// of the country, a seal has to say that it is one: any firm has certificates that name it.
#[must_use]
pub fn signer_kind(certificate: &Certificate, trust: &TrustStore) -> Option<SignerKind> {
    let is_said = |kind: &SignerKind| *kind == SignerKind::Person || certificate.says_seal();
    let kind = certificate.signer_kind();
    kind.filter(|kind| is_said(kind) || trust.services().is_empty())
}

impl From<&ListIssue> for ListReport {
    fn from(list: &ListIssue) -> Self {
        Self {
            url: list.url.clone(),
            territory: list.territory.clone(),
            sequence: list.sequence,
            issued_at: list.issued_at,
            next_update: list.next_update,
        }
    }
}

fn authorities(trust: &TrustStore) -> impl Iterator<Item = &TrustService> {
    trust.services().iter().filter(|service| service.kind == ServiceKind::QualifiedAuthority)
}

/// The authority of the lists whose key has signed `certificate`, by what the policy accepts at
/// `at`; or what the certificate is without one.
fn listed_issuer<'a>(
    certificate: &Certificate,
    trust: &'a TrustStore,
    at: Timestamp,
    reasons: &mut Vec<String>,
) -> Result<&'a Certificate, Qualification> {
    let all = authorities(trust).flat_map(|service| &service.certificates);
    let named = named_issuers(certificate, all);
    let Some((issuer, used)) = proved_issuer(certificate, named) else {
        reasons.push(format!(
            "No authority of the trust list has issued the certificate; its issuer is {}.",
            certificate.issuer()
        ));
        return Err(Qualification::NotQualified);
    };
    if let Err(refused) = trust.algorithms().check(&used, at) {
        reasons.push(format!(
            "The issuer's signature on the certificate cannot be relied on: {refused}."
        ));
        return Err(Qualification::Undetermined);
    }
    Ok(issuer)
}
