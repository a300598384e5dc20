//! The rules that make a verdict.

use std::cmp::Reverse;

use super::{
    copy::{Copy, Grade},
    offer,
    signer::Rules,
};
use crate::{
    domain::{
        Assurance, Finding, FindingCode, ServiceId, Severity, Timestamp, TypeCode, TypeSource,
        Verdict,
    },
    registry::{AcceptedImages, Branch, Issuers, QrTerm, Requirement, Service},
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
    let received_at = circumstances.received_at;
    let types: Vec<&TypeCode> = copies.iter().map(|copy| copy.type_code).collect();
    let choice = offer::choose(branch, circumstances.named, &types);
    let service = choice.service;
    let is_asked_for = |copy: &Copy<'_>| {
        service.is_none_or(|service| service.requirement(copy.type_code).is_some())
    };
    let rules = service.map(|service| circumstances.rules(service));
    let images = service.map(|service| service.accept_images).unwrap_or_default();
    let grades: Vec<Grade> =
        copies.iter().map(|copy| copy.grade(rules.as_ref()).of_document(copy, images)).collect();
    let repeated = repeated(copies, &grades, is_asked_for);
    let is_repeated = |copy: &Copy<'_>| repeated.iter().any(|(number, _)| *number == copy.number);
    // One document is one, under however many names, and a signature is none.
    let there: Vec<&TypeCode> = copies
        .iter()
        .filter(|copy| !copy.is_orphan() && !is_repeated(copy))
        .map(|copy| copy.type_code)
        .collect();
    let is_complete = service.is_some_and(|service| missing(service, &there).next().is_none());
    // A copy whose name was lost on the way may be the one that is missing: staff must see it.
    let is_excess =
        |copy: &Copy<'_>| !is_asked_for(copy) && (is_complete || !copy.type_code.is_unknown());
    // Beside the documents themselves, a signature of something that was not sent says nothing
    // against them. The same document again says something only when it is broken there, or is no
    // document in that form.
    let is_idle = |copy: &Copy<'_>, grade: &Grade| {
        is_excess(copy)
            || (is_complete && copy.is_orphan())
            || (is_repeated(copy)
                && grade.verdict > Verdict::Invalid
                && copy.not_a_document(images).is_none())
    };
    // Junk beside what was asked for must not spoil it. When only other things came, they are
    // judged: a forgery is not to be called incomplete.
    let all = || copies.iter().zip(&grades);
    let asked_for: Vec<_> = all().filter(|(copy, grade)| !is_idle(copy, grade)).collect();
    let deciding = if asked_for.is_empty() { all().collect() } else { asked_for };

    let mut bench = Bench { verdict: Verdict::Verified, findings: Vec::new() };
    let decides = |number| deciding.iter().any(|(copy, _)| copy.number == number);
    for finding in opening {
        bench.take_opening(finding, |number| {
            !decides(number) && copies.iter().any(|copy| copy.number == number)
        });
    }
    if copies.is_empty() {
        bench.lower(Verdict::Unrecognised, Finding::of_share(FindingCode::NoDocument));
    } else if let Some(service) = service {
        bench.compare_list(service, &there);
    } else {
        bench.lower(Verdict::Undetermined, Finding::of_share(FindingCode::ServiceAmbiguous));
    }
    if choice.is_retired {
        bench.lower(Verdict::Undetermined, Finding::of_share(FindingCode::ServiceRetired));
    }
    for (copy, grade) in &deciding {
        bench.verdict = bench.verdict.min(grade.verdict);
        bench.findings.extend(grade.findings.iter().cloned());
        let asked_by = service.zip(rules.as_ref()).filter(|_| is_asked_for(copy));
        if let Some((service, rules)) = asked_by {
            bench.check_age(copy, service, rules);
        }
    }
    let is_worse = |other: &Service| {
        let rules = circumstances.rules(other);
        deciding.iter().any(|(copy, grade)| {
            let asked = other.requirement(copy.type_code).is_some();
            let mut strict = Bench { verdict: grade.verdict, findings: Vec::new() };
            let there = copy.grade(Some(&rules)).of_document(copy, other.accept_images);
            strict.verdict = strict.verdict.min(there.verdict);
            strict.check_age(copy, other, &rules);
            asked && strict.verdict < bench.verdict
        })
    };
    // By what he sends the sender chose this service, and another that fits would not have taken
    // what he sent.
    if choice.others.iter().any(|other| is_worse(other)) {
        bench.lower(Verdict::Undetermined, Finding::of_share(FindingCode::ServiceAmbiguous));
    }
    for copy in copies {
        bench.note(copy, is_excess(copy), images);
        if copy.is_orphan() && !decides(copy.number) {
            bench.note_orphan(copy);
        }
    }
    for (number, of) in &repeated {
        let finding = Finding::of_document(FindingCode::SameDocument, *number);
        bench.findings.push(finding.with_detail(of.to_string()));
    }
    if let Some(service) = service {
        bench.check_qr(service, received_at);
    }

    Finding::sort(&mut bench.findings);
    let places =
        all().map(|(copy, grade)| Place { excess: is_excess(copy), decisive: grade.decisive });
    Decision {
        service,
        verdict: bench.verdict,
        assurance: weakest(
            deciding
                .iter()
                .filter(|(copy, _)| !is_repeated(copy))
                .map(|(_, grade)| grade.assurance),
        ),
        findings: bench.findings,
        copies: places.collect(),
    }
}

/// The copies that are the same document as another one, each with the number of that. Of several
/// with one content one counts that was asked for, and of those the one that is proved best.
fn repeated(
    copies: &[Copy<'_>],
    grades: &[Grade],
    is_asked_for: impl Fn(&Copy<'_>) -> bool,
) -> Vec<(u32, u32)> {
    let mut all: Vec<(&Copy<'_>, &Grade)> = copies.iter().zip(grades).collect();
    all.sort_by_key(|(copy, grade)| (!is_asked_for(copy), Reverse(grade.verdict), copy.number));
    let mut counted: Vec<&Copy<'_>> = Vec::new();
    let mut repeated = Vec::new();
    for (copy, _) in all {
        match counted.iter().find(|one| copy.repeats(one)) {
            Some(of) => repeated.push((copy.number, of.number)),
            None => counted.push(copy),
        }
    }
    repeated
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
    fn note(&mut self, copy: &Copy<'_>, excess: bool, images: AcceptedImages) {
        if copy.type_code.is_unknown() {
            self.findings.push(copy.finding(FindingCode::TypeUnknown));
        }
        // Nobody is to look at what is no document.
        let is_seen = !excess && copy.not_a_document(images).is_none();
        if is_seen && copy.type_source == Some(TypeSource::Name) {
            self.findings.push(copy.finding(FindingCode::TypeByName));
        }
        if excess {
            let finding = copy.finding(FindingCode::ExcessDocument);
            self.findings.push(finding.with_detail(copy.type_code.as_str()));
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
fn weakest(mut assurances: impl Iterator<Item = Option<Assurance>>) -> Option<Assurance> {
    let first = assurances.next()??;
    assurances.try_fold(first, |weakest, one| Some(weakest.min(one?)))
}
