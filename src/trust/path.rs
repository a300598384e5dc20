//! The search for a path from a signer to a trusted certificate, and its judgement
//! (RFC 5280 §6.1).
//!
//! A path ends at the first certificate that is itself in the trust store: a signer that is there
//! is its own path. Authorities in the store stand for themselves, so their own signature is not
//! checked; everything else about them is, their validity too. All paths are tried until one is
//! right or the budget is spent.

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use super::{
    Certificate, Purpose, Question, Said, TrustStore, certificate::Validity, constraints,
    extension::Authority, problem::Problem, purpose,
};
use crate::{
    algorithms::{Failure, Used},
    domain::{
        CertificateReport, CertificateRole, CertificateSource, Indication, SubIndication,
        Timestamp, Warning, WarningCode,
    },
};

/// A signer's certificate to be judged.
#[derive(Clone, Copy, Debug)]
pub struct PathRequest<'a> {
    /// The signer's certificate.
    pub signer: &'a Certificate,
    /// What the signer's certificate is asked for.
    pub purpose: Purpose,
    /// The certificates that came with the signature. They may help to find a path; nothing in
    /// them is trusted.
    pub intermediates: &'a [Certificate],
    /// The moment that every certificate on the path must be valid at.
    pub at: Timestamp,
    /// How far ahead of that moment a certificate may begin, in seconds: a path with one that does
    /// is judged for the beginning.
    pub clock_tolerance_seconds: i64,
    /// The budget.
    pub limits: PathLimits,
}

/// How much work one search may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathLimits {
    /// Certificates on a path, the signer and the trusted one included. Default 8.
    pub certificates: usize,
    /// Signatures on certificates that are checked. Default 64.
    pub signature_checks: usize,
    /// Certificates with a fitting name that are looked at. Default 512.
    pub steps: usize,
}

impl Default for PathLimits {
    fn default() -> Self {
        Self { certificates: 8, signature_checks: 64, steps: 512 }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathOutcome {
    /// The path, the signer first. When none is right, the one that came nearest.
    pub chain: Vec<CertificateReport>,
    /// The certificates of `chain`, in its order.
    pub certificates: Vec<Certificate>,
    /// The moment that it was judged for: not before [`PathRequest::at`].
    pub at: Timestamp,
    /// `TotalPassed` when the path is right in everything.
    pub indication: Indication,
    /// Why it is not.
    pub sub_indication: Option<SubIndication>,
    /// The same in one English sentence that names the certificate.
    pub reason: Option<String>,
    /// What is unusual and harmless, in English.
    pub warnings: Vec<Warning>,
    /// How many signatures on certificates were checked, so that a caller with several searches
    /// can bound them together.
    pub signature_checks: usize,
    /// How many certificates were looked at, likewise.
    pub steps: usize,
    /// Whether the budget ended the search.
    pub gave_up: bool,
}

/// Finds a path from the signer to a certificate of `trust` and judges it.
#[must_use]
pub fn validate(request: &PathRequest<'_>, trust: &TrustStore) -> PathOutcome {
    let mut search = Search {
        request,
        trust,
        checks_left: request.limits.signature_checks,
        steps_left: request.limits.steps,
        nearest: None,
    };
    let mut path = vec![search.link(request.signer)];
    let stop = search.extend(&mut path);
    let signature_checks = request.limits.signature_checks.saturating_sub(search.checks_left);
    let steps = request.limits.steps.saturating_sub(search.steps_left);
    let gave_up = stop == ControlFlow::Break(Stop::GivenUp);
    let mut nearest = search.nearest.unwrap_or_else(|| Judged::of(&path, request, trust));
    if gave_up {
        let PathLimits { signature_checks: checks, steps, .. } = request.limits;
        nearest.problems.push((0, Problem::GivenUp { checks, steps }));
    }
    PathOutcome { signature_checks, steps, gave_up, ..nearest.outcome(trust) }
}

/// Why a search ends before all paths are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Found,
    GivenUp,
}

struct Search<'a> {
    request: &'a PathRequest<'a>,
    trust: &'a TrustStore,
    checks_left: usize,
    steps_left: usize,
    nearest: Option<Judged<'a>>,
}

#[derive(Clone)]
struct Link<'a> {
    certificate: &'a Certificate,
    source: CertificateSource,
    /// What the signature of the next link's key on this certificate rests on, or why nothing can
    /// be said of it; `None` on the last one.
    proof: Option<Result<Used, Failure>>,
}

impl Link<'_> {
    /// The algorithm for whose sake nothing can be said of the signature on the certificate.
    fn unsupported(&self) -> Option<&str> {
        self.proof.as_ref()?.as_ref().err()?.unsupported()
    }

    /// Why the signature on the certificate does not count for the moment `at`.
    fn problem(&self, at: Timestamp, trust: &TrustStore) -> Option<Problem> {
        match self.proof.as_ref()? {
            Ok(used) => {
                let refused = trust.algorithms().check(used, at).err()?;
                Some(Problem::Refused { refused, not_before: self.certificate.not_before() })
            }
            Err(failure) => Some(Problem::Unproven { failure: failure.clone() }),
        }
    }
}

impl<'a> Search<'a> {
    /// Tries every way on from the last link of `path`, which is never empty.
    fn extend(&mut self, path: &mut Vec<Link<'a>>) -> ControlFlow<Stop> {
        let Some(last) = path.last().map(|link| link.certificate) else {
            return ControlFlow::Continue(());
        };
        if self.trust.contains(last) {
            self.consider(Judged::of(path, self.request, self.trust))?;
            // Above one that is listed, and that no list vouches for now, may be one that stands
            // without lists.
            let PathRequest { signer, purpose, at, .. } = *self.request;
            match self.trust.said_of(last, Question::of(purpose, signer, at)) {
                Said::Granted | Said::Withdrawn => return ControlFlow::Continue(()),
                Said::Lost | Said::Overdue(_) | Said::Silent => {}
            }
        }
        let issuer = last.issuer().to_owned();
        let mut dead_end = if last.is_self_issued() {
            Problem::SelfSigned
        } else {
            Problem::NoIssuer { issuer: issuer.clone() }
        };
        let mut extended = false;
        for candidate in self.candidates(last) {
            spend(&mut self.steps_left)?;
            // RFC 5280 §6.1 has no certificate twice on a path; a key twice is no way on either.
            if path.iter().any(|link| link.certificate.same_entity(candidate)) {
                continue;
            }
            let obstacle = if !last.names_key_of(candidate) {
                Problem::OtherKeyIdentifier { issuer: issuer.clone() }
            } else if path.len() >= self.request.limits.certificates {
                Problem::LongPath { limit: self.request.limits.certificates }
            } else {
                spend(&mut self.checks_left)?;
                match last.verify_issued_by(candidate) {
                    proof @ (Ok(_) | Err(Failure::Unsupported { .. })) => {
                        self.extend_with(path, candidate, proof)?;
                        extended = true;
                        continue;
                    }
                    Err(
                        Failure::BadKey { .. } | Failure::BadParameters { .. } | Failure::Mismatch,
                    ) => Problem::OtherKey { issuer: issuer.clone() },
                }
            };
            if obstacle.rank() > dead_end.rank() {
                dead_end = obstacle;
            }
        }
        if extended {
            return ControlFlow::Continue(());
        }
        let mut judged = Judged::of(path, self.request, self.trust);
        judged.problems.push((path.len().saturating_sub(1), dead_end));
        self.consider(judged)
    }

    fn extend_with(
        &mut self,
        path: &mut Vec<Link<'a>>,
        issuer: &'a Certificate,
        proof: Result<Used, Failure>,
    ) -> ControlFlow<Stop> {
        if let Some(link) = path.last_mut() {
            link.proof = Some(proof);
        }
        path.push(self.link(issuer));
        let flow = self.extend(path);
        path.pop();
        if let Some(link) = path.last_mut() {
            link.proof = None;
        }
        flow
    }

    /// Certificates with the name of `certificate`'s issuer, the trusted ones first.
    fn candidates(&self, certificate: &Certificate) -> Vec<&'a Certificate> {
        let trusted = self.trust.certificates().iter();
        let given = self.request.intermediates.iter().filter(|given| !self.trust.contains(given));
        trusted.chain(given).filter(|candidate| certificate.names_issuer(candidate)).collect()
    }

    fn link(&self, certificate: &'a Certificate) -> Link<'a> {
        let source = if self.trust.is_listed(certificate) {
            CertificateSource::TrustList
        } else if self.trust.contains(certificate) {
            CertificateSource::TrustDirectory
        } else {
            CertificateSource::Signature
        };
        Link { certificate, source, proof: None }
    }

    /// Keeps the path that came nearest to being right; of two as near, the longer.
    fn consider(&mut self, judged: Judged<'a>) -> ControlFlow<Stop> {
        let is_right = judged.problems.is_empty();
        let nearness = |judged: &Judged<'_>| (judged.rank(), judged.links.len());
        if self.nearest.as_ref().is_none_or(|nearest| nearness(&judged) > nearness(nearest)) {
            self.nearest = Some(judged);
        }
        if is_right { ControlFlow::Break(Stop::Found) } else { ControlFlow::Continue(()) }
    }
}

fn spend(budget: &mut usize) -> ControlFlow<Stop> {
    match budget.checked_sub(1) {
        Some(left) => {
            *budget = left;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break(Stop::GivenUp),
    }
}

/// A path with everything that is wrong on it, each problem with the place of its certificate.
struct Judged<'a> {
    links: Vec<Link<'a>>,
    at: Timestamp,
    problems: Vec<(usize, Problem)>,
}

impl<'a> Judged<'a> {
    fn of(path: &[Link<'a>], request: &PathRequest<'_>, trust: &TrustStore) -> Self {
        let at = judged_for(path, request);
        let mut problems = Vec::new();
        // RFC 5280 §4.2.1.9: self-issued certificates do not count.
        let mut authorities_below = 0_u32;
        for (place, link) in path.iter().enumerate() {
            let certificate = link.certificate;
            let mut found = if place == 0 {
                signer_problems(certificate, request.purpose, at)
            } else {
                authority_problems(certificate, authorities_below, at)
            };
            found.extend(link.problem(at, trust));
            let unknown = certificate.unknown_critical().iter().cloned();
            found.extend(unknown.map(|name| Problem::UnknownCritical { name }));
            problems.extend(found.into_iter().map(|problem| (place, problem)));
            if place > 0 && !certificate.is_self_issued() {
                authorities_below = authorities_below.saturating_add(1);
            }
        }
        problems.extend(limit_problems(path));
        problems.extend(grant_problem(path, request.purpose, at, trust));
        Self { links: path.to_vec(), at, problems }
    }

    fn worst(&self) -> Option<&(usize, Problem)> {
        self.problems.iter().min_by_key(|(_, problem)| problem.rank())
    }

    fn rank(&self) -> u8 {
        self.worst().map_or(u8::MAX, |(_, problem)| problem.rank())
    }

    fn outcome(&self, trust: &TrustStore) -> PathOutcome {
        let chain = self.links.iter().enumerate();
        let chain = chain.map(|(place, link)| self.report(place, link, trust)).collect();
        let signer = self.links.first().map(|link| link.certificate);
        let unusual = [unusual_key_usage, unread_issuer_key];
        let warnings = unusual.iter().filter_map(|about| about(signer?)).collect();
        let certificates = self.links.iter().map(|link| link.certificate.clone()).collect();
        let at = self.at;
        let Some((place, problem)) = self.worst() else {
            let indication = Indication::TotalPassed;
            return PathOutcome {
                chain,
                certificates,
                at,
                indication,
                sub_indication: None,
                reason: None,
                warnings,
                signature_checks: 0,
                steps: 0,
                gave_up: false,
            };
        };
        let (indication, sub_indication) = problem.indication();
        let whose = self.links.get(*place).map(|link| {
            let certificate = link.certificate;
            certificate.common_name().unwrap_or_else(|| certificate.subject())
        });
        let reason = format!("the certificate of {}: {problem}", whose.unwrap_or_default());
        PathOutcome {
            chain,
            certificates,
            at,
            indication,
            sub_indication: Some(sub_indication),
            reason: Some(reason),
            warnings,
            signature_checks: 0,
            steps: 0,
            gave_up: false,
        }
    }

    fn report(&self, place: usize, link: &Link<'_>, trust: &TrustStore) -> CertificateReport {
        let certificate = link.certificate;
        let is_end = place.saturating_add(1) == self.links.len();
        let role = match (place, is_end && trust.contains(certificate)) {
            (0, true) => CertificateRole::PinnedSigner,
            (0, false) => CertificateRole::Signer,
            (_, true) => CertificateRole::Anchor,
            (_, false) => CertificateRole::Authority,
        };
        let here = self.problems.iter().filter(|(at, _)| *at == place);
        let problems: Vec<String> = here.map(|(_, problem)| problem.to_string()).collect();
        CertificateReport {
            role,
            source: link.source,
            subject: certificate.subject().to_owned(),
            issuer: certificate.issuer().to_owned(),
            serial: certificate.serial().to_owned(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            key: certificate.key_name(),
            sha256: certificate.sha256().into(),
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
            unsupported: link.unsupported().map(str::to_owned),
            revocation: None,
        }
    }
}

/// The moment asked for, or the latest beginning within the tolerance after it.
fn judged_for(path: &[Link<'_>], request: &PathRequest<'_>) -> Timestamp {
    let latest = request.at.plus_seconds(request.clock_tolerance_seconds);
    let beginnings = path.iter().map(|link| link.certificate.not_before());
    beginnings.filter(|beginning| *beginning <= latest).fold(request.at, Timestamp::max)
}

fn signer_problems(signer: &Certificate, asked: Purpose, at: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (not_before, not_after) = (signer.not_before(), signer.not_after());
    match signer.validity_at(at) {
        Validity::Before => problems.push(Problem::SignerNotYetValid { at, not_before }),
        Validity::Within => {}
        Validity::After => problems.push(Problem::SignerExpired { at, not_after }),
    }
    if signer.key_usage().is_some_and(|usage| !usage.digital_signature && !usage.non_repudiation) {
        problems.push(Problem::MayNotSign);
    }
    if !purpose::allow(signer.purposes(), asked) {
        let purposes = purpose::names(signer.purposes().unwrap_or_default());
        problems.push(Problem::OtherPurpose { asked: purpose::name(asked), purposes });
    }
    problems
}

/// RFC 5280 §6.1.4 (k) to (n) and §6.1.3 (a) (2).
fn authority_problems(authority: &Certificate, below: u32, at: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (not_before, not_after) = (authority.not_before(), authority.not_after());
    match authority.validity_at(at) {
        Validity::Before => problems.push(Problem::AuthorityNotYetValid { at, not_before }),
        Validity::Within => {}
        Validity::After => problems.push(Problem::AuthorityExpired { at, not_after }),
    }
    match authority.authority() {
        None => problems.push(Problem::NotAuthority),
        Some(Authority { path_length: Some(allowed) }) if below > allowed => {
            problems.push(Problem::TooManyBelow { allowed, below });
        }
        Some(_) => {}
    }
    if authority.key_usage().is_some_and(|usage| !usage.certificate_sign) {
        problems.push(Problem::MayNotIssue);
    }
    problems
}

/// The limits that authorities set on names and policies below them.
fn limit_problems(path: &[Link<'_>]) -> Vec<(usize, Problem)> {
    let certificates: Vec<_> = path.iter().map(|link| link.certificate).collect();
    let name = constraints::violated_name(&certificates);
    let name = name.map(|(place, name)| (place, Problem::NameNotAllowed { name }));
    let policy = constraints::lacks_policy(&certificates).then_some((0, Problem::NoPolicy));
    name.into_iter().chain(policy).collect()
}

/// Who is trusted by a list alone is trusted while the list grants it. A service is withdrawn for
/// a reason: a document that its key vouches for after that proves nothing. Whether a list that is
/// long overdue still grants it, nobody knows.
///
/// The list grants that certificates are issued. An authority's key signs OCSP answers too, with
/// whatever nonce somebody sent: what it signs itself is no document. Time-stamps are asked about
/// for other moments besides, where they are judged.
fn grant_problem(
    path: &[Link<'_>],
    purpose: Purpose,
    at: Timestamp,
    trust: &TrustStore,
) -> Option<(usize, Problem)> {
    let (signer, top) = (path.first()?.certificate, path.last()?.certificate);
    let end = path.len().saturating_sub(1);
    let question = Question::of(purpose, signer, at);
    let said: Vec<_> = path.iter().map(|link| trust.said_of(link.certificate, question)).collect();
    match purpose {
        Purpose::Document => {
            if trust.is_listed(signer) {
                return Some((0, Problem::ListedToIssue));
            }
            if let Some(place) = said.iter().position(|said| *said == Said::Withdrawn) {
                return Some((place, Problem::NotGranted { at }));
            }
            // A signer's own key need not be named.
            let misses = |(place, said): &(usize, &Said)| *place > 0 && **said == Said::Lost;
            if let Some((place, _)) = said.iter().enumerate().find(misses) {
                return Some((place, Problem::ListMissing));
            }
            if trust.is_listed(top) && said.last() == Some(&Said::Silent) {
                return Some((end, Problem::NotGranted { at }));
            }
        }
        Purpose::TimeStamping => {}
        Purpose::OcspSigning | Purpose::RevocationList => return None,
    }
    match said.into_iter().next_back()? {
        Said::Overdue(list) => Some((end, Problem::ListOutdated(list))),
        Said::Granted | Said::Lost | Said::Silent | Said::Withdrawn => None,
    }
}

/// ETSI EN 319 412-2 §4.3.2 wants nonRepudiation in a certificate for signatures: one without it
/// is often for logging in.
fn unusual_key_usage(signer: &Certificate) -> Option<Warning> {
    let usage = signer.key_usage()?;
    (usage.digital_signature && !usage.non_repudiation).then(|| {
        Warning::new(
            WarningCode::KeyUsageUnusual,
            "The signer's certificate allows digitalSignature and not nonRepudiation, as \
             certificates for logging in do.",
        )
    })
}

/// What leads to the issuer is a hint: who issued the certificate is proved by a signature.
fn unread_issuer_key(signer: &Certificate) -> Option<Warning> {
    signer.has_unread_authority_key_id().then(|| {
        Warning::new(
            WarningCode::Tolerated,
            "The authorityKeyIdentifier of the signer's certificate cannot be read; its issuer is \
             found by the name alone.",
        )
    })
}
