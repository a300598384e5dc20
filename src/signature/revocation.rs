//! Whether the certificates of a path were revoked (ETSI EN 319 102-1 §5.2.6 and §5.5.3).
//!
//! Asked are the lists and answers that came with the signature and those that the installation
//! has; what they are worth is for [`trust::revocation()`] to say. What follows from it for the
//! signature is said here.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{
    Budget, Resource, attributes::UnsignedAttributes, best_time::Standing, cms::SignedData,
    problem::Problems, signer::Basis,
};
use crate::{
    domain::{
        BestTimeSource, Indication, RevocationPolicy, RevocationReport, RevocationSource,
        RevocationStatus, SubIndication, Timestamp, Warning, WarningCode,
    },
    trust::{
        self, Answering, Certificate, PathOutcome, Purpose, RevocationRequest, RevocationStore,
        StatusRecord, Topic, Wanted,
    },
};

/// Revocation data and certificates that came with a signature. Nothing in them is trusted.
#[derive(Clone, Debug, Default)]
pub(super) struct Brought {
    store: RevocationStore,
    /// Those of responders may be among them.
    certificates: Vec<Certificate>,
    /// The first thing that could not be used.
    obstacle: Option<String>,
    /// What was taken, usable or not.
    taken: Vec<Bytes>,
}

impl Brought {
    /// Takes lists and answers, each a `CertificateList`, an `OCSPResponse` or a
    /// `BasicOCSPResponse`, and certificates.
    pub(super) fn add<'a>(
        &mut self,
        data: impl IntoIterator<Item = &'a Bytes>,
        certificates: &[Certificate],
        budget: &Budget,
    ) {
        /// A structure of a few parts, in elements, and one more for so many bytes.
        const LEAST: usize = 32;
        const BYTES: usize = 64;
        for bytes in data {
            // Every signer and every counter-signature brings what its file brings: a long list
            // is read once, and where it lies tells that without hashing it.
            if self.taken.iter().any(|taken| is_same_place(taken, bytes)) {
                continue;
            }
            self.taken.push(bytes.clone());
            // Whether it was read before was asked of each.
            let looks = self.taken.len() / BYTES;
            let elements = (bytes.len() / BYTES).saturating_add(LEAST).saturating_add(looks);
            if budget.spend(Resource::Elements, elements).is_err() {
                return;
            }
            if let Err(error) = self.store.add(bytes) {
                self.obstacle.get_or_insert_with(|| error.to_string());
            }
        }
        for certificate in certificates {
            if budget.spend(Resource::Elements, self.certificates.len()).is_err() {
                return;
            }
            if !self.certificates.contains(certificate) {
                self.certificates.push(certificate.clone());
            }
        }
    }

    /// The certificates, each once.
    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What a `SignedData` brings, besides what came around it.
    pub(super) fn with(around: Option<&Self>, signed_data: &SignedData, budget: &Budget) -> Self {
        let mut brought = around.cloned().unwrap_or_default();
        let data = signed_data.crls().iter().chain(signed_data.ocsp_responses());
        brought.add(data, signed_data.certificates(), budget);
        brought
    }

    /// What a signer's unsigned attributes bring (ETSI EN 319 122-1 §5.4.1 and §5.4.2).
    pub(super) fn add_unsigned(&mut self, attributes: &UnsignedAttributes, budget: &Budget) {
        let values = &attributes.revocation_values;
        let data = values.crls.iter().chain(&values.ocsp);
        self.add(data, &attributes.certificate_values, budget);
    }
}

/// Whether both are the same part of one file. What `one` keeps alive cannot be written anew.
fn is_same_place(one: &Bytes, other: &Bytes) -> bool {
    one.as_ptr() == other.as_ptr() && one.len() == other.len()
}

/// Certificates that a judgement asks about.
#[derive(Debug, Default)]
pub(super) struct Inquiry {
    /// An answer about them is missing.
    pub(super) wanted: Vec<Wanted>,
    /// What revocation data about each on a proved path is about, whatever is known of it: with the
    /// revocation of one the judgement changes.
    pub(super) relied_on: BTreeSet<Topic>,
    /// What authorities said of them.
    pub(super) records: Vec<StatusRecord>,
}

impl Inquiry {
    /// Takes a question once, for the later moment.
    fn want(&mut self, wanted: Wanted) {
        let is_same = |known: &&mut Wanted| {
            known.certificate == wanted.certificate && known.issuer == wanted.issuer
        };
        match self.wanted.iter_mut().find(is_same) {
            Some(known) => known.since = known.since.max(wanted.since),
            None => self.wanted.push(wanted),
        }
    }

    fn rely_on(&mut self, certificate: &Certificate, issuer: &str) {
        self.relied_on.extend(Topic::of(certificate, issuer));
    }
}

/// What is asked of a path.
#[derive(Clone, Copy)]
pub(super) struct AskedOfPath<'a> {
    pub(super) purpose: Purpose,
    pub(super) brought: &'a Brought,
    /// The signature is not older: what it is over was time-stamped before it was signed.
    pub(super) younger_than: Option<Timestamp>,
    /// Whether the signature value is right: nothing is fetched for one that is not.
    pub(super) is_signed: bool,
}

/// Judges every certificate of a right path below its trusted end for `basis.at`, and a signer's that
/// is trusted itself where its issuer is known; writes what is known into its report. What that means
/// for the signature goes into `problems` and into the warnings of the path, and what is to be fetched
/// into `basis.inquiry`. Gives the least that is known of any of them.
pub(super) fn judge_path(
    path: &mut PathOutcome,
    asked: AskedOfPath<'_>,
    problems: &mut Problems,
    basis: Basis<'_>,
) -> Standing {
    if path.indication != Indication::TotalPassed {
        return Standing::Unknown;
    }
    let mut standing = Standing::Confirmed;
    let sources = [
        (basis.conditions.revocation, RevocationSource::Cache),
        (&asked.brought.store, RevocationSource::Signature),
    ];
    let mut certificates = path.certificates.clone();
    let is_alone = certificates.len() == 1;
    if let [alone] = certificates.as_slice() {
        let issuer = issuer_of_trusted(alone, asked, problems, basis);
        certificates.extend(issuer);
    }
    // Nobody is asked about the last one: who trusts it vouches for it. What is known counts.
    if let Some(end) = certificates.last().filter(|end| !end.is_self_signed()) {
        let place = certificates.len().saturating_sub(1);
        let known = basis.conditions.revocation;
        let policy = basis.trust.algorithms();
        let (report, records) = known.without_issuer(end, basis.at, answering(end, basis), policy);
        count_against(&report, (place, end), asked, path, problems, basis);
        if asked.is_signed {
            let mut inquiry = basis.inquiry.borrow_mut();
            inquiry.rely_on(end, end.issuer());
            inquiry.records.extend(records);
        }
        let is_silent = report.status == RevocationStatus::Unchecked;
        if is_silent && place == 0 {
            standing = Standing::WasGood;
            unchecked(name_of(end), &report, problems, &mut path.warnings, basis);
        }
        if let Some(chain) = path.chain.get_mut(place).filter(|_| !is_silent || place == 0) {
            chain.revocation = Some(report);
        }
    }
    for (place, link) in certificates.windows(2).enumerate() {
        let [certificate, issuer] = link else { continue };
        let at = basis.at;
        let question = |since| Wanted::new(certificate.clone(), issuer.clone(), since);
        let outcome = trust::revocation(&RevocationRequest {
            certificate,
            issuer,
            at,
            answering: answering(certificate, basis),
            sources: &sources,
            responders: &asked.brought.certificates,
            trust: basis.trust,
            checks: basis.budget.left(Resource::KeyChecks),
        });
        let checks = basis.budget.spend(Resource::KeyChecks, outcome.signature_checks);
        // What the installation has is not the sender's doing, and a mail must not fail for it.
        let looking = basis.budget.spend(Resource::Elements, asked.brought.store.len());
        if let Err(spent) = checks.and(looking) {
            problems.spent(spent);
        } else if outcome.gave_up {
            problems.spent(basis.budget.exhaust(Resource::KeyChecks));
        }
        let mut report = outcome.report;
        if asked.is_signed {
            let mut inquiry = basis.inquiry.borrow_mut();
            inquiry.rely_on(certificate, issuer.subject());
            for responder in outcome.relied_on {
                inquiry.rely_on(&responder.certificate, responder.issuer.subject());
            }
            inquiry.records.extend(outcome.records);
            if let Some(since) = look_again(certificate, &report, basis) {
                inquiry.want(question(since));
            }
        }
        standing = standing.min(match report.status {
            RevocationStatus::Good | RevocationStatus::RevokedLater => Standing::Confirmed,
            // Whoever trusts the certificate itself vouches for it until its issuer is heard.
            RevocationStatus::Unchecked if outcome.was_good || is_alone => Standing::WasGood,
            RevocationStatus::Revoked | RevocationStatus::Unchecked => Standing::Unknown,
        });
        count_against(&report, (place, certificate), asked, path, problems, basis);
        if report.status == RevocationStatus::Unchecked {
            add_obstacle(&mut report, asked.brought);
            if asked.is_signed {
                let mut inquiry = basis.inquiry.borrow_mut();
                inquiry.want(question(again(certificate, basis).unwrap_or(at)));
                outcome.responders.into_iter().for_each(|responder| inquiry.want(responder));
            }
            unchecked(name_of(certificate), &report, problems, &mut path.warnings, basis);
        }
        if let Some(chain) = path.chain.get_mut(place) {
            chain.revocation = Some(report);
        }
    }
    standing
}

/// Counts a revocation of the certificate at this place of a path against the signature.
fn count_against(
    report: &RevocationReport,
    (place, certificate): (usize, &Certificate),
    asked: AskedOfPath<'_>,
    path: &mut PathOutcome,
    problems: &mut Problems,
    basis: Basis<'_>,
) {
    let whose = name_of(certificate);
    match report.status {
        RevocationStatus::Good | RevocationStatus::Unchecked => {}
        RevocationStatus::RevokedLater => {
            let compromised = report.invalid_since.filter(|since| *since <= basis.at);
            match (compromised, place, asked.purpose) {
                (None, ..) => {}
                (Some(since), 0, Purpose::Document) => {
                    path.warnings.push(compromised_earlier(whose, since, report, basis));
                }
                // Nothing says that the key of an authority was in its own hands then.
                (Some(_), ..) => revoked(place, whose, report, asked, problems),
            }
        }
        RevocationStatus::Revoked => revoked(place, whose, report, asked, problems),
    }
}

fn name_of(certificate: &Certificate) -> &str {
    certificate.common_name().unwrap_or_else(|| certificate.subject())
}

/// The issuer of a signer's certificate that is trusted itself. Where none is known nobody can be
/// asked: a person or a trust list vouches for it.
fn issuer_of_trusted(
    certificate: &Certificate,
    asked: AskedOfPath<'_>,
    problems: &mut Problems,
    basis: Basis<'_>,
) -> Option<Certificate> {
    let brought = &asked.brought.certificates;
    trust::issuer_of_trusted(certificate, brought, basis.trust, basis.at, || {
        let spent = basis.budget.spend(Resource::KeyChecks, 1);
        spent.map_err(|spent| problems.spent(spent)).is_ok()
    })
}

/// Whether what is at hand says that the signer's certificate, first on a path on which nothing but
/// its validity is wrong, was not revoked before it ended (ETSI EN 319 102-1 §5.2.6.4).
pub(super) fn was_good_to_its_end(path: &PathOutcome, brought: &Brought, basis: Basis<'_>) -> bool {
    let [certificate, issuer, ..] = path.certificates.as_slice() else { return false };
    let sources = [
        (basis.conditions.revocation, RevocationSource::Cache),
        (&brought.store, RevocationSource::Signature),
    ];
    let outcome = trust::revocation(&RevocationRequest {
        certificate,
        issuer,
        at: certificate.not_after(),
        answering: Answering::InForce,
        sources: &sources,
        responders: &brought.certificates,
        trust: basis.trust,
        checks: basis.budget.left(Resource::KeyChecks),
    });
    let is_within = basis.budget.spend(Resource::KeyChecks, outcome.signature_checks).is_ok();
    is_within && !outcome.gave_up && outcome.report.status == RevocationStatus::Good
}

/// Which answers say that a certificate was good at the moment that is judged for.
///
/// What comes with a signature is the choice of whoever sends it. It answers for a past moment that
/// a time-stamp proves, for then the signature is older than the answer; for the moment of judging
/// the authority is asked. A moment that a person named is judged by what was in force then.
fn answering(certificate: &Certificate, basis: Basis<'_>) -> Answering {
    if basis.conditions.source == BestTimeSource::Given {
        return Answering::InForce;
    }
    let brought = basis.at < basis.conditions.at;
    Answering::Since { brought, again: again(certificate, basis) }
}

/// From when the authority has to have been heard, whatever was said before: a revocation of before
/// the moment that a time-stamp proves may have been published after the last answer. Of one that had
/// ended before the receipt nobody says anything later, and of the past nobody is asked.
fn again(certificate: &Certificate, basis: Basis<'_>) -> Option<Timestamp> {
    let received_at = basis.conditions.at;
    let is_asked = basis.conditions.source != BestTimeSource::Given;
    (is_asked && received_at <= certificate.not_after()).then(|| received_at.max(basis.at))
}

/// From when an answer is wanted although the one at hand says that the certificate was good:
/// authorities publish revocations late. Of one that ends before then nobody says anything later.
fn look_again(
    certificate: &Certificate,
    report: &RevocationReport,
    basis: Basis<'_>,
) -> Option<Timestamp> {
    let is_good = matches!(report.status, RevocationStatus::Good | RevocationStatus::RevokedLater);
    basis.conditions.look_again.filter(|since| {
        is_good
            && *since <= certificate.not_after()
            && report.this_update.is_some_and(|this_update| this_update < *since)
    })
}

/// ETSI EN 319 102-1 §5.2.6.4 and §5.5.3: whether a signature by a revoked key is wrong, or could be
/// older than the revocation. Only a content time-stamp proves that it is younger: what the signer
/// claims proves nothing, for him or against him.
fn revoked(
    place: usize,
    whose: &str,
    report: &RevocationReport,
    asked: AskedOfPath<'_>,
    problems: &mut Problems,
) {
    let at = report.revoked_at.map_or_else(String::new, |at| format!(" at {at}"));
    let reason = report.reason.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
    let since = report.invalid_since.map_or_else(String::new, |at| format!(", invalid since {at}"));
    let text = format!("the certificate of {whose} was revoked{at}{reason}{since}");
    let is_younger =
        asked.younger_than.zip(report.revoked_at).is_some_and(|(stamped, at)| stamped >= at);
    match (place, asked.purpose) {
        (0, Purpose::Document) if is_younger => problems.fail(
            SubIndication::Revoked,
            format!("{text}, and the signature is younger: its content was time-stamped later"),
        ),
        (0, _) => problems.doubt(
            SubIndication::RevokedNoPoe,
            format!("{text}, and no time-stamp proves that the signature is older"),
        ),
        _ => problems.doubt(
            SubIndication::RevokedCaNoPoe,
            format!("{text}, and no time-stamp proves that the signature is older"),
        ),
    }
}

/// RFC 5280 §5.3.2: the signature is older than the revocation, which is what ETSI EN 319 102-1
/// asks. Whether the signer made it or a thief is for people to find out.
fn compromised_earlier(
    whose: &str,
    since: Timestamp,
    report: &RevocationReport,
    basis: Basis<'_>,
) -> Warning {
    let revoked = report.revoked_at.map_or_else(String::new, |at| format!(" at {at}"));
    Warning::new(
        WarningCode::KeyCompromisedEarlier,
        format!(
            "The certificate of {whose} was revoked{revoked} because its key had been in other \
             hands since {since}; the signature is proved for {}, which is after that date.",
            basis.at
        ),
    )
}

fn unchecked(
    whose: &str,
    report: &RevocationReport,
    problems: &mut Problems,
    warnings: &mut Vec<Warning>,
    basis: Basis<'_>,
) {
    let why = report.problem.as_deref().unwrap_or("nothing is at hand");
    let text = format!("whether the certificate of {whose} was revoked is not known: {why}");
    match basis.conditions.revocation_policy {
        RevocationPolicy::Prefer => {
            let text = super::problem::sentence(&text);
            warnings.push(Warning::new(WarningCode::RevocationUnchecked, text));
        }
        RevocationPolicy::Require => problems.doubt(SubIndication::TryLater, text),
    }
}

fn add_obstacle(report: &mut RevocationReport, brought: &Brought) {
    if let Some(obstacle) = &brought.obstacle {
        let told = report.problem.take().unwrap_or_default();
        let separator = if told.is_empty() { "" } else { "; " };
        report.problem = Some(format!("{told}{separator}of what the signature brings, {obstacle}"));
    }
}
