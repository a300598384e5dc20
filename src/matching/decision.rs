//! The rules that make a verdict.

use super::{
    copy::{Copy, Grade},
    offer::{self, Choice},
    role::{self, Role, missing, types_there},
    signer::Rules,
};
use crate::{
    domain::{
        Assurance, Finding, FindingCode, ServiceId, Severity, Timestamp, TypeCode, TypeSource,
        Verdict,
    },
    registry::{AcceptedImages, Branch, Issuers, QrTerm, Service},
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
    /// For each copy, what is decided of it.
    pub(super) copies: Vec<Place>,
}

/// What is decided of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Whether the service did not ask for it.
    pub(super) excess: bool,
    /// The place in its report of the signature that is decisive for it.
    pub(super) decisive: Option<usize>,
    /// How many of its bytes that signature is over, where it passed.
    pub(super) revision: Option<usize>,
}

/// What copies are decided by, beside the branch they came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'a> {
    /// The service that the recipient's sub-address names.
    pub(super) named: Option<&'a ServiceId>,
    /// When the mail was accepted.
    pub(super) received_at: Timestamp,
    /// Whether a trust list is in use.
    pub(super) has_trust_list: bool,
    /// Whose seals count as issuing copies.
    pub(super) issuers: &'a Issuers,
}

impl<'a> Circumstances<'a> {
    fn rules(&self, service: &'a Service) -> Rules<'a> {
        let Self { has_trust_list, issuers, received_at, .. } = *self;
        let accepted = service.accepted_signers(has_trust_list);
        let require_fresh = service.require_fresh;
        Rules { accepted, issuers, has_trust_list, require_fresh, received_at }
    }
}

/// Decides on `copies`, given what was noticed at `opening`.
pub(super) fn decide<'a>(
    branch: &'a Branch,
    circumstances: Circumstances<'a>,
    copies: &[Copy<'_>],
    opening: Vec<Finding>,
) -> Decision<'a> {
    let types: Vec<&TypeCode> = copies.iter().map(|copy| copy.type_code).collect();
    let choice = offer::choose(branch, circumstances.named, &types);
    let service = choice.service;
    let rules = service.map(|service| circumstances.rules(service));
    let images = service.map(|service| service.accept_images).unwrap_or_default();
    let grades: Vec<Grade> =
        copies.iter().map(|copy| copy.grade(rules.as_ref()).of_document(copy, images)).collect();
    let parts = role::of(copies, &grades, service, rules.as_ref());
    let deciding: Vec<&Role<'_, '_>> = parts.iter().filter(|role| role.decides).collect();

    let mut bench = Bench { verdict: Verdict::Verified, findings: Vec::new() };
    bench.take_opening(opening, &parts);
    bench.take_service(&choice, &parts);
    for role in &deciding {
        bench.take_grade(role.grade);
        if let Some((service, rules)) = service.zip(rules.as_ref()).filter(|_| role.asked_for) {
            bench.check_age(role.copy, service, rules);
        }
    }
    // By what he sends the sender chose this service, and another that fits would not have taken
    // what he sent.
    let is_worse = |other: &Service| bench.verdict > worst_for(other, circumstances, &deciding);
    if choice.others.iter().any(|other| is_worse(other)) {
        bench.lower(Verdict::Undetermined, Finding::of_share(FindingCode::ServiceAmbiguous));
    }
    for role in &parts {
        bench.note(role, images);
    }
    if let Some(service) = service {
        bench.check_qr(service, circumstances.received_at);
    }

    Finding::sort(&mut bench.findings);
    let counted = deciding.iter().filter(|role| role.repeats.is_none());
    let place = |role: &Role<'_, '_>| {
        let decisive = role.grade.decisive;
        let revision = decisive.and_then(|place| role.copy.revision(place, rules.as_ref()));
        Place { excess: role.excess, decisive, revision }
    };
    Decision {
        service,
        verdict: bench.verdict,
        assurance: weakest(counted.map(|role| role.grade.assurance)),
        findings: bench.findings,
        copies: parts.iter().map(place).collect(),
    }
}

/// The worst that another service would say of the copies that decide and that it asks for.
fn worst_for(
    other: &Service,
    circumstances: Circumstances<'_>,
    deciding: &[&Role<'_, '_>],
) -> Verdict {
    let rules = circumstances.rules(other);
    let mut bench = Bench { verdict: Verdict::Verified, findings: Vec::new() };
    for Role { copy, .. } in deciding {
        if other.requirement(copy.type_code).is_some() {
            bench.take_grade(&copy.grade(Some(&rules)).of_document(copy, other.accept_images));
            bench.check_age(copy, other, &rules);
        }
    }
    bench.verdict
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
    fn take_opening(&mut self, opening: Vec<Finding>, roles: &[Role<'_, '_>]) {
        let is_idle = |number| roles.iter().any(|role| role.copy.number == number && !role.decides);
        for finding in opening {
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
    }

    /// What the service asks for has to be there, and the service to be known and offered.
    fn take_service(&mut self, choice: &Choice<'_>, roles: &[Role<'_, '_>]) {
        if roles.is_empty() {
            self.lower(Verdict::Unrecognised, Finding::of_share(FindingCode::NoDocument));
        } else if let Some(service) = choice.service {
            for requirement in missing(service, &types_there(roles)) {
                let finding = Finding::of_share(FindingCode::MissingDocument);
                self.lower(Verdict::Incomplete, finding.with_detail(requirement.to_string()));
            }
        } else {
            self.lower(Verdict::Undetermined, Finding::of_share(FindingCode::ServiceAmbiguous));
        }
        if choice.is_retired {
            self.lower(Verdict::Undetermined, Finding::of_share(FindingCode::ServiceRetired));
        }
    }

    fn take_grade(&mut self, grade: &Grade) {
        self.verdict = self.verdict.min(grade.verdict);
        self.findings.extend(grade.findings.iter().cloned());
    }

    /// A copy that nobody says the age of whose word counts is as good as stale where freshness is
    /// required.
    fn check_age(&mut self, copy: &Copy<'_>, service: &Service, rules: &Rules<'_>) {
        let finding = copy.finding(FindingCode::StaleCopy);
        let max = i64::from(service.max_copy_age_hours) * SECONDS_PER_HOUR;
        let age = copy.age(rules);
        let finding = match age.filter(|age| age.least_seconds > max) {
            Some(age) => finding.with_detail((age.least_seconds / SECONDS_PER_HOUR).to_string()),
            None if service.require_fresh && !age.is_some_and(|age| age.is_known) => {
                finding.with_detail("unknown")
            }
            None => return,
        };
        if service.require_fresh {
            self.lower(Verdict::Undetermined, Finding { severity: Severity::Error, ..finding });
        } else {
            self.findings.push(finding);
        }
    }

    /// What is worth knowing of any copy, and never changes the verdict.
    fn note(&mut self, role: &Role<'_, '_>, images: AcceptedImages) {
        let copy = role.copy;
        if copy.type_code.is_unknown() {
            self.findings.push(copy.finding(FindingCode::TypeUnknown));
        }
        // Nobody is to look at what is no document.
        let is_seen = !role.excess && copy.not_a_document(images).is_none();
        if is_seen && copy.type_source == Some(TypeSource::Name) {
            self.findings.push(copy.finding(FindingCode::TypeByName));
        }
        if role.excess {
            // Findings stand in the clear: what a sender made up, a person's name for example, may not.
            let unknown = TypeCode::unknown();
            let code = if copy.type_code.is_listed() { copy.type_code } else { &unknown };
            let finding = copy.finding(FindingCode::ExcessDocument);
            self.findings.push(finding.with_detail(code.as_str()));
        }
        if let Some(of) = role.repeats {
            let finding = copy.finding(FindingCode::SameDocument);
            self.findings.push(finding.with_detail(of.to_string()));
        }
        if copy.is_orphan() && !role.decides {
            self.note_orphan(copy);
        }
    }

    /// A file that is or claims to be a signature and has no document, readable or not.
    fn note_orphan(&mut self, copy: &Copy<'_>) {
        let finding = copy.finding(FindingCode::SignatureWithoutContent);
        let is_same = |one: &Finding| (one.code, one.document) == (finding.code, finding.document);
        if !self.findings.iter().any(is_same) {
            self.findings.push(Finding { severity: Severity::Warning, ..finding });
        }
    }

    fn check_qr(&mut self, service: &Service, received_at: Timestamp) {
        if let QrTerm::Expired { since } = service.qr_term(received_at.day_in_kyiv()) {
            let finding = Finding::of_share(FindingCode::QrExpired);
            self.findings.push(finding.with_detail(since.to_string()));
        }
    }
}

/// What all of them prove together: nothing when there is none, or one proves nothing.
fn weakest(mut assurances: impl Iterator<Item = Option<Assurance>>) -> Option<Assurance> {
    let first = assurances.next()??;
    assurances.try_fold(first, |weakest, one| Some(weakest.min(one?)))
}
