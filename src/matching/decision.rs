//! The rules that make a verdict.

use std::cmp::Reverse;

use super::{copy::Copy, offer};
use crate::{
    domain::{Assurance, Finding, FindingCode, ServiceId, Severity, Timestamp, TypeCode, Verdict},
    registry::{Branch, QrTerm, Requirement, Service},
};

const SECONDS_PER_HOUR: i64 = 3600;

/// The findings that say that some of the mail was not opened.
const UNOPENED: [FindingCode; 3] =
    [FindingCode::CrashedWhileOpening, FindingCode::LimitExceeded, FindingCode::Unreadable];

/// What is decided of a share, without its documents.
pub(super) struct Decision<'a> {
    /// The service it is for.
    pub(super) service: Option<&'a Service>,
    /// The worst that applies.
    pub(super) verdict: Verdict,
    /// What the copies that decided prove together.
    pub(super) assurance: Option<Assurance>,
    /// Everything noticed, in the order to show it.
    pub(super) findings: Vec<Finding>,
    /// For each copy, whether the service did not ask for it.
    pub(super) excess: Vec<bool>,
}

/// What copies are decided by, beside the branch they came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'a> {
    /// The service that the recipient's sub-address names.
    pub(super) service_hint: Option<&'a ServiceId>,
    /// When the mail was accepted.
    pub(super) received_at: Timestamp,
    /// Whether a trust list is loaded.
    pub(super) has_trust_list: bool,
}

/// Decides on `copies`, given what was noticed at `opening`.
pub(super) fn decide<'a>(
    branch: &'a Branch,
    circumstances: Circumstances<'_>,
    copies: &[Copy<'_>],
    opening: Vec<Finding>,
) -> Decision<'a> {
    let Circumstances { service_hint, received_at, has_trust_list } = circumstances;
    let types: Vec<&TypeCode> = copies.iter().map(|copy| copy.type_code).collect();
    let service = offer::choose(branch, service_hint, &types);
    let lacks = |service: &Service| missing(service, &types).next().is_some();
    let is_excess = |copy: &Copy<'_>| {
        // A copy whose name was lost on the way may be the one that is missing: staff must see it.
        service.is_some_and(|service| {
            service.requirement(copy.type_code).is_none()
                && !(copy.type_code.is_unknown() && lacks(service))
        })
    };
    // Junk beside what was asked for must not spoil it. When only other things came, they are
    // judged: a forgery is not to be called incomplete.
    let asked_for: Vec<&Copy<'_>> = copies.iter().filter(|copy| !is_excess(copy)).collect();
    let deciding = if asked_for.is_empty() { copies.iter().collect() } else { asked_for };

    let mut bench = Bench { verdict: Verdict::Verified, findings: Vec::new() };
    let is_idle = |number| {
        !deciding.iter().any(|copy| copy.number == number)
            && copies.iter().any(|copy| copy.number == number)
    };
    for finding in opening {
        bench.take_opening(finding, is_idle);
    }
    if copies.is_empty() {
        bench.lower(Verdict::Unrecognised, Finding::of_share(FindingCode::NoDocument));
    } else if let Some(service) = service {
        bench.compare_list(service, &types);
    } else {
        bench.lower(Verdict::Undetermined, Finding::of_share(FindingCode::ServiceAmbiguous));
    }
    let accepted = service.map(|service| service.accepted_signers(has_trust_list));
    for copy in &deciding {
        let (verdict, findings) = copy.grade(accepted);
        bench.verdict = bench.verdict.min(verdict);
        bench.findings.extend(findings);
        if let Some(service) = service.filter(|_| !is_excess(copy)) {
            bench.check_age(copy, service, received_at);
        }
    }
    for copy in copies {
        bench.note(copy, is_excess(copy));
    }
    if let Some(service) = service {
        bench.check_qr(service, received_at);
    }

    sort(&mut bench.findings);
    let assurances =
        deciding.iter().map(|copy| copy.assurance(accepted.map(|accepted| accepted.policy)));
    Decision {
        service,
        verdict: bench.verdict,
        assurance: weakest(assurances),
        findings: bench.findings,
        excess: copies.iter().map(is_excess).collect(),
    }
}

/// Where the verdict sinks and the findings gather.
struct Bench {
    verdict: Verdict,
    findings: Vec<Finding>,
}

impl Bench {
    /// The verdict is this one at best, for the reason that the finding gives.
    fn lower(&mut self, verdict: Verdict, finding: Finding) {
        self.verdict = self.verdict.min(verdict);
        self.findings.push(finding);
    }

    /// A mail that was not fully opened is malformed; any other error leaves a doubt, unless it
    /// is about a copy that does not decide.
    fn take_opening(&mut self, finding: Finding, is_idle: impl Fn(u32) -> bool) {
        if UNOPENED.contains(&finding.code) {
            self.lower(Verdict::Malformed, finding);
        } else if finding.severity < Severity::Error {
            self.findings.push(finding);
        } else if finding.document.is_some_and(is_idle) {
            self.findings.push(Finding { severity: Severity::Warning, ..finding });
        } else {
            self.lower(Verdict::Undetermined, finding);
        }
    }

    fn compare_list(&mut self, service: &Service, types: &[&TypeCode]) {
        for requirement in missing(service, types) {
            let finding = Finding::of_share(FindingCode::MissingDocument);
            self.lower(Verdict::Incomplete, finding.with_detail(requirement.to_string()));
        }
    }

    /// A copy that nothing tells the age of is as good as stale where freshness is required.
    fn check_age(&mut self, copy: &Copy<'_>, service: &Service, received_at: Timestamp) {
        let finding = copy.finding(FindingCode::StaleCopy);
        let max = i64::from(service.max_copy_age_hours) * SECONDS_PER_HOUR;
        let finding = match copy.age_seconds(received_at) {
            Some(age) if age > max => finding.with_detail((age / SECONDS_PER_HOUR).to_string()),
            None if service.require_fresh => finding.with_detail("unknown"),
            _ => return,
        };
        if service.require_fresh {
            self.lower(Verdict::Undetermined, Finding { severity: Severity::Error, ..finding });
        } else {
            self.findings.push(finding);
        }
    }

    /// What is worth knowing of any copy, and never changes the verdict.
    fn note(&mut self, copy: &Copy<'_>, excess: bool) {
        if let Some(first) = copy.first_receipt {
            let finding = copy.finding(FindingCode::Duplicate);
            self.findings.push(finding.with_detail(first.to_string()));
        }
        if copy.type_code.is_unknown() {
            self.findings.push(copy.finding(FindingCode::TypeUnknown));
        }
        if excess {
            let finding = copy.finding(FindingCode::ExcessDocument);
            self.findings.push(finding.with_detail(copy.type_code.as_str()));
        }
    }

    fn check_qr(&mut self, service: &Service, received_at: Timestamp) {
        if let QrTerm::Expired { since } = service.qr_term(received_at.day_in_kyiv()) {
            let finding = Finding::of_share(FindingCode::QrExpired);
            self.findings.push(finding.with_detail(since.to_string()));
        }
    }
}

/// The worst severity first, then by document, each once.
pub(super) fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (Reverse(finding.severity), finding.document, finding.code);
        key(one).cmp(&key(other)).then_with(|| one.detail.cmp(&other.detail))
    });
    findings.dedup();
}

/// What the service asks for and none of `types` is.
fn missing<'a>(
    service: &'a Service,
    types: &'a [&TypeCode],
) -> impl Iterator<Item = &'a Requirement> {
    service.documents.iter().filter(|requirement| {
        !requirement.optional && !types.iter().any(|code| requirement.accepts(code))
    })
}

/// What all of them prove together: nothing when there is none, or one proves nothing.
fn weakest(assurances: impl Iterator<Item = Option<Assurance>>) -> Option<Assurance> {
    assurances
        .reduce(|one, other| match (one?, other?) {
            (Assurance::Sealed, Assurance::Sealed) => Some(Assurance::Sealed),
            _ => Some(Assurance::PersonSigned),
        })
        .flatten()
}
