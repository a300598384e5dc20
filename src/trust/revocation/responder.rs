//! Who may answer for an issuer (RFC 6960 §4.2.2.2): the issuer itself, or a responder with a
//! certificate by the issuer's key for just that.

use super::{Budget, RevocationError, answer::Answer};
use crate::{
    algorithms::{Refused, Used},
    domain::Timestamp,
    trust::{Certificate, Purpose, TrustStore, certificate::Validity, purpose},
};

/// Where responders' certificates may be found beside the answer.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) issuer: &'a Certificate,
    pub(super) responders: &'a [Certificate],
    pub(super) trust: &'a TrustStore,
    /// The moment that the algorithms have to be accepted at.
    pub(super) at: Timestamp,
}

impl Known<'_> {
    fn accepts(&self, used: &Used) -> Result<(), Refused> {
        self.trust.algorithms().check(used, self.at)
    }
}

/// Who gave an answer.
pub(super) struct Signer<'a> {
    /// The delegated responder's certificate: whether it was revoked is for the caller to find out.
    pub(super) responder: Option<&'a Certificate>,
    /// What the proof rests on.
    pub(super) used: Vec<Used>,
}

/// Proves that the issuer, or a responder that it delegated, gave `answer`.
pub(super) fn prove<'a>(
    answer: &'a Answer,
    known: Known<'a>,
    budget: &mut Budget,
) -> Result<Signer<'a>, RevocationError> {
    let issuer = known.issuer;
    let mut obstacle = None;
    if answer.responder.is(issuer) {
        match check(answer, issuer, known, budget) {
            Ok(used) => return Ok(Signer { responder: None, used: vec![used] }),
            Err(error) => obstacle = Some(error),
        }
    }
    for candidate in candidates(answer, known) {
        let proved =
            delegated(candidate, known, answer.produced_at, budget).and_then(|of_certificate| {
                Ok(vec![of_certificate, check(answer, candidate, known, budget)?])
            });
        match proved {
            Ok(used) => return Ok(Signer { responder: Some(candidate), used }),
            Err(error) => obstacle = Some(error),
        }
    }
    // The issuer's key may be written otherwise in the certificate that is at hand.
    if answer.responder.is_a_key()
        && !answer.responder.is(issuer)
        && let Ok(used) = check(answer, issuer, known, budget)
    {
        return Ok(Signer { responder: None, used: vec![used] });
    }
    Err(obstacle.unwrap_or_else(|| RevocationError::WrongSigner {
        signer: answer.responder.text(),
        problem: "its certificate is not at hand".to_owned(),
    }))
}

/// The certificates that the responder may mean, each once.
fn candidates<'a>(answer: &'a Answer, known: Known<'a>) -> Vec<&'a Certificate> {
    /// A renewed certificate has the same name.
    const MAX: usize = 4;
    let trusted = known.trust.certificates().iter().filter(|certificate| {
        purpose::allow(certificate.purposes(), Purpose::OcspSigning)
            && certificate.names_issuer(known.issuer)
    });
    let certain: Vec<&Certificate> = answer.certificates.iter().chain(trusted).collect();
    let brought = known.responders.iter().collect();
    let mut found: Vec<&Certificate> = Vec::new();
    // Anybody can put certificates with the responder's name into his signature. They are counted
    // apart, so that they never crowd out the one that proves him revoked.
    for pool in [certain, brought] {
        let most = found.len().saturating_add(MAX);
        for certificate in pool {
            if found.len() >= most {
                break;
            }
            if certificate != known.issuer
                && answer.responder.is(certificate)
                && !found.contains(&certificate)
            {
                found.push(certificate);
            }
        }
    }
    found
}

/// Whether `responder` has a certificate by `issuer`'s key to answer for it, and what that rests on.
fn delegated(
    responder: &Certificate,
    known: Known<'_>,
    produced_at: Timestamp,
    budget: &mut Budget,
) -> Result<Used, RevocationError> {
    let issuer = known.issuer;
    let wrong = |problem: String| RevocationError::WrongSigner {
        signer: responder.common_name().unwrap_or_else(|| responder.subject()).to_owned(),
        problem,
    };
    // Identifiers of keys are hints, and which certificate of the issuer is at hand may be a sender's
    // choice. Whose key signed it is checked below.
    if !responder.names_issuer(issuer) {
        return Err(wrong("another authority has issued its certificate".to_owned()));
    }
    if !purpose::allow(responder.purposes(), Purpose::OcspSigning) {
        return Err(wrong("its certificate is not for OCSP answers".to_owned()));
    }
    let may_sign =
        responder.key_usage().is_none_or(|usage| usage.digital_signature || usage.non_repudiation);
    if !may_sign {
        return Err(wrong("its key usage does not allow it to sign".to_owned()));
    }
    if let Some(name) = responder.unknown_critical().first() {
        return Err(wrong(format!("its certificate has the critical extension {name}")));
    }
    if responder.validity_at(produced_at) != Validity::Within {
        let problem = format!(
            "its certificate is valid from {} to {}, and the answer is of {produced_at}",
            responder.not_before(),
            responder.not_after()
        );
        return Err(wrong(problem));
    }
    budget.spend(1)?;
    let on_it = "of the issuer's signature on its certificate";
    let used = responder
        .verify_issued_by(issuer)
        .map_err(|failure| wrong(format!("{on_it} {failure}")))?;
    known.accepts(&used).map_err(|refused| wrong(format!("{on_it} {refused}")))?;
    Ok(used)
}

fn check(
    answer: &Answer,
    signer: &Certificate,
    known: Known<'_>,
    budget: &mut Budget,
) -> Result<Used, RevocationError> {
    budget.spend(answer.mebibytes().saturating_add(1))?;
    let used = answer.verify(signer).map_err(|failure| RevocationError::Unproven { failure })?;
    known.accepts(&used)?;
    Ok(used)
}
