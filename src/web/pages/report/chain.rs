//! The chain of certificates under a signature.

use super::super::{
    super::texts::Texts,
    words::{
        certificate_role_key, certificate_source_key, revocation_kind_key, revocation_status_key,
    },
};
use crate::domain::{CertificateReport, CertificateRole, RevocationReport, Timestamp};

pub(in crate::web::pages) struct CertificateView {
    pub(in crate::web::pages) role: String,
    pub(in crate::web::pages) source: String,
    pub(in crate::web::pages) subject: String,
    pub(in crate::web::pages) serial: String,
    pub(in crate::web::pages) validity: String,
    pub(in crate::web::pages) key: String,
    pub(in crate::web::pages) problem: String,
    /// The same with the values on both sides, in English; `None` when nothing is wrong.
    pub(in crate::web::pages) detail: Option<String>,
    pub(in crate::web::pages) revocation: String,
    /// From what that is known; `None` when nothing is known.
    pub(in crate::web::pages) revocation_basis: Option<String>,
}

impl CertificateView {
    /// The certificates as they were judged for the moment `at`.
    pub(super) fn all(t: Texts, chain: &[CertificateReport], at: Timestamp) -> Vec<Self> {
        chain.iter().map(|link| Self::new(t, link, at)).collect()
    }

    fn new(t: Texts, certificate: &CertificateReport, at: Timestamp) -> Self {
        let from = t.day(certificate.not_before.day_in_kyiv());
        let to = t.day(certificate.not_after.day_in_kyiv());
        let revocation = certificate.revocation.as_ref();
        Self {
            role: t.say(certificate_role_key(certificate.role)),
            source: t.say(certificate_source_key(certificate.source)),
            subject: certificate.subject.clone(),
            serial: certificate.serial.clone(),
            validity: t.say_with("chain-validity-text", [("from", from.into()), ("to", to.into())]),
            key: t.algorithm(&certificate.key),
            problem: t.say(match &certificate.problem {
                None => "chain-sound",
                Some(_) if at > certificate.not_after => "chain-expired",
                Some(_) if at < certificate.not_before => "chain-not-yet-valid",
                Some(_) => "chain-flawed",
            }),
            detail: certificate.problem.clone(),
            revocation: match (revocation, certificate.role) {
                (Some(report), _) => status(t, report),
                (None, CertificateRole::Anchor | CertificateRole::PinnedSigner) => {
                    t.say("revocation-anchor")
                }
                (None, CertificateRole::Authority | CertificateRole::Signer) => {
                    t.say("revocation-unchecked")
                }
            },
            revocation_basis: revocation.and_then(|report| basis(t, report)),
        }
    }
}

fn status(t: Texts, report: &RevocationReport) -> String {
    let moment = report.revoked_at.map(|at| t.moment(at)).unwrap_or_default();
    let said = t.say_with(revocation_status_key(report.status), [("moment", moment.into())]);
    let since = report.invalid_since.map(|at| {
        let moment = t.moment(at);
        t.say_with("revocation-invalid-since", [("moment", moment.into())])
    });
    [Some(said), since].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn basis(t: Texts, report: &RevocationReport) -> Option<String> {
    let kind = t.say(revocation_kind_key(report.kind?));
    let age = report.this_update.map(|at| {
        let moment = t.moment(at);
        t.say_with("revocation-age", [("moment", moment.into())])
    });
    Some([Some(kind), age].into_iter().flatten().collect::<Vec<_>>().join(", "))
}
