//! What all answers at hand say of one certificate.
//!
//! An answer speaks for a moment when it is from then or later, or was in force then; one that
//! revokes for good speaks for ever. In this order:
//!
//! 1. A revocation at or before the moment counts, whatever other answers say.
//! 2. A suspension does, unless an answer between it and the moment says that it was over.
//! 3. A later revocation of a key that was compromised by the moment is told, whatever others say.
//! 4. Otherwise the newest answer that speaks for the moment decides.
//!
//! Answers that are not proved count for nothing: they can cost work, never change the outcome.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Budget, RevocationError, RevocationStore,
    answer::Answer,
    list::List,
    parts::{Revocation, State},
    responder::{self, Known},
};
use crate::{
    domain::{
        RevocationKind, RevocationReport, RevocationSource, RevocationStatus, Sha256, Timestamp,
    },
    trust::{Certificate, Purpose, TrustStore, purpose},
};

/// A certificate on a proved path, to be judged.
#[derive(Clone, Copy, Debug)]
pub struct RevocationRequest<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// Its issuer, next on the path.
    pub issuer: &'a Certificate,
    /// The moment to judge for.
    pub at: Timestamp,
    /// What is at hand.
    pub sources: &'a [(&'a RevocationStore, RevocationSource)],
    /// Certificates that came along and may be a responder's. Nothing in them is trusted.
    pub responders: &'a [Certificate],
    /// Certificates of the installation; those of responders may be among them.
    pub trust: &'a TrustStore,
    /// The most checks of a signature with a key. A list or an answer that came with a signature
    /// takes one more for each MiB.
    pub checks: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationOutcome {
    /// For the report on the certificate.
    pub report: RevocationReport,
    /// How many checks of [`RevocationRequest::checks`] it took.
    pub signature_checks: usize,
    /// Whether more would have been needed: then the report may miss a revocation.
    pub gave_up: bool,
}

/// Says whether the certificate was revoked at the moment asked for.
#[must_use]
pub fn revocation(request: &RevocationRequest<'_>) -> RevocationOutcome {
    let mut budget = Budget::new(request.checks);
    let mut judge = Judge::new(request, &mut budget);
    judge.collect_answers();
    judge.collect_lists();
    let report = judge.conclude();
    RevocationOutcome {
        report,
        signature_checks: request.checks.saturating_sub(budget.left),
        gave_up: budget.gave_up,
    }
}

struct Judge<'a, 'b> {
    request: &'b RevocationRequest<'a>,
    budget: &'b mut Budget,
    /// The newest first.
    claims: Vec<Claim<'a>>,
    /// Full lists that a delta list may continue, the newest first.
    full: Vec<(&'a List, RevocationSource)>,
    /// What was proved so far.
    proved: BTreeMap<Sha256, Result<Proof, RevocationError>>,
    /// Why answers are not used.
    obstacles: Vec<String>,
}

/// What is to be told of who gave a proved list or answer.
#[derive(Clone, Debug, Default)]
struct Proof {
    note: Option<String>,
    /// When a delegated responder's certificate ends.
    until: Option<Timestamp>,
}

/// What an answer says, proved or not.
#[derive(Clone, Copy)]
struct Claim<'a> {
    state: State,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    source: RevocationSource,
    by: By<'a>,
}

#[derive(Clone, Copy)]
enum By<'a> {
    Answer(&'a Answer),
    /// A delta list that says nothing of its own: the full list before it is needed.
    Continuation(&'a List),
    List(&'a List),
}

impl Claim<'_> {
    fn sha256(&self) -> Sha256 {
        match self.by {
            By::Answer(answer) => answer.sha256,
            By::Continuation(list) | By::List(list) => list.sha256,
        }
    }

    fn kind(&self) -> RevocationKind {
        match self.by {
            By::Answer(_) => RevocationKind::Ocsp,
            By::Continuation(list) | By::List(list) => list.kind(),
        }
    }

    /// Whether it is from `at` or later, or was in force then.
    fn speaks_for(&self, at: Timestamp) -> bool {
        self.this_update >= at || self.next_update.is_some_and(|next| at <= next)
    }

    /// The revocation, if it is at or before `at`.
    fn revoked_by(&self, at: Timestamp) -> Option<Revocation> {
        match self.state {
            State::Revoked(revocation) if revocation.at <= at => Some(revocation),
            State::Revoked(_) | State::Good | State::Unknown => None,
        }
    }

    /// Whether it revokes a key that may have been in other hands at `at`.
    fn was_compromised_by(&self, at: Timestamp) -> bool {
        match self.state {
            State::Revoked(revocation) => revocation.invalid_since.is_some_and(|since| since <= at),
            State::Good | State::Unknown => false,
        }
    }
}

impl<'a, 'b> Judge<'a, 'b> {
    fn new(request: &'b RevocationRequest<'a>, budget: &'b mut Budget) -> Self {
        Self {
            request,
            budget,
            claims: Vec::new(),
            full: Vec::new(),
            proved: BTreeMap::new(),
            obstacles: Vec::new(),
        }
    }

    fn collect_answers(&mut self) {
        let RevocationRequest { certificate, issuer, sources, .. } = *self.request;
        for (store, source) in sources {
            for answer in store.answers() {
                for single in &answer.singles {
                    if !single.has_serial_of(certificate) || !single.is_about(certificate, issuer) {
                        continue;
                    }
                    let silent = match single.state {
                        State::Good => {
                            let told = single.tells_all(certificate.not_after());
                            told.and_then(|()| single.is_told_by(answer.produced_at)).err()
                        }
                        State::Unknown => Some("the responder does not know the certificate"),
                        State::Revoked(_) => None,
                    };
                    match silent {
                        Some(problem) => self.pass_over("OCSP answer", single.this_update, problem),
                        None => self.claims.push(Claim {
                            state: single.state,
                            this_update: single.this_update,
                            next_update: single.next_update,
                            source: *source,
                            by: By::Answer(answer),
                        }),
                    }
                }
            }
        }
    }

    fn collect_lists(&mut self) {
        let RevocationRequest { certificate, issuer, sources, .. } = *self.request;
        for (store, source) in sources {
            for list in store.lists().filter(|list| issuer.is_subject(&list.issuer)) {
                if let Err(error) = list.covers(certificate) {
                    self.pass_over("list", list.this_update, &error.to_string());
                    continue;
                }
                let state = list.state(certificate.serial_octets());
                let is_good = state == State::Good;
                let mut by = By::List(list);
                if list.is_delta() && is_good {
                    by = By::Continuation(list);
                } else if !list.is_delta() {
                    self.full.push((list, *source));
                }
                if is_good && let Err(problem) = list.tells_all(certificate.not_after()) {
                    self.pass_over("list", list.this_update, problem);
                    continue;
                }
                self.claims.push(Claim {
                    state,
                    this_update: list.this_update,
                    next_update: list.next_update,
                    source: *source,
                    by,
                });
            }
        }
    }

    fn conclude(&mut self) -> RevocationReport {
        let at = self.request.at;
        let newest = |claim: &Claim<'_>| {
            (Reverse(claim.this_update), claim.source != RevocationSource::Cache, claim.sha256())
        };
        self.claims.sort_by_key(newest);
        self.full.sort_by_key(|(list, _)| (Reverse(list.this_update), list.sha256));

        let for_good = |claim: &Claim<'_>| {
            claim.revoked_by(at).is_some_and(|revocation| !revocation.is_suspension())
        };
        if let Some((claim, note)) = self.first_proved(for_good) {
            return report(&claim, at, note);
        }
        let suspends = |claim: &Claim<'_>| claim.revoked_by(at).is_some();
        if let Some((suspended, note)) = self.first_proved(suspends) {
            let since = suspended.this_update;
            let is_over = |claim: &Claim<'_>| {
                claim.this_update > since
                    && claim.this_update <= at
                    && claim.revoked_by(at).is_none()
            };
            let over = self.first_proved(is_over);
            if over.is_none_or(|(claim, _)| claim.revoked_by(at).is_some()) {
                return report(&suspended, at, note);
            }
        }
        let reaches_back = |claim: &Claim<'_>| claim.was_compromised_by(at);
        if let Some((claim, note)) = self.first_proved(reaches_back) {
            return report(&claim, at, note);
        }
        let speaks = |claim: &Claim<'_>| claim.revoked_by(at).is_none() && claim.speaks_for(at);
        if let Some((claim, note)) = self.first_proved(speaks) {
            return report(&claim, at, note);
        }
        for claim in self.claims.clone() {
            if !claim.speaks_for(at) {
                let until = claim.next_update.map_or_else(
                    || "it names no end".to_owned(),
                    |next| format!("it was true until {next}"),
                );
                let problem = format!("too old: {until}, and it is judged for {at}");
                self.pass_over(name(claim.kind()), claim.this_update, &problem);
            }
        }
        self.unchecked()
    }

    /// The newest claim of those asked for that is proved, with what a continuation says in all.
    fn first_proved(
        &mut self,
        asked: impl Fn(&Claim<'_>) -> bool,
    ) -> Option<(Claim<'a>, Option<String>)> {
        let asked: Vec<Claim<'a>> = self.claims.iter().filter(|c| asked(c)).copied().collect();
        for claim in asked {
            let proof = match claim.by {
                By::Answer(answer) => self.prove_answer(answer, &claim).map(|note| (claim, note)),
                By::List(list) => self.prove_list(list, claim.source).map(|()| (claim, None)),
                By::Continuation(delta) => {
                    self.prove_continuation(claim, delta).map(|claim| (claim, None))
                }
            };
            match proof {
                Ok(proved) => return Some(proved),
                Err(error) => {
                    self.pass_over(name(claim.kind()), claim.this_update, &error.to_string());
                }
            }
        }
        None
    }

    fn prove_list(&mut self, list: &List, source: RevocationSource) -> Result<(), RevocationError> {
        if let Some(known) = self.proved.get(&list.sha256) {
            return known.clone().map(|_| ());
        }
        // What the installation fetched itself is hashed once for all documents.
        let hashing = match source {
            RevocationSource::Cache => 0,
            RevocationSource::Signature => list.mebibytes(),
        };
        self.budget.spend(hashing.saturating_add(1))?;
        // What a list says it is of is the word of a key that may be known by then.
        let at = list.this_update.max(self.request.at);
        let algorithms = self.request.trust.algorithms();
        let proof =
            list.prove(self.request.issuer).and_then(|used| Ok(algorithms.check(&used, at)?));
        self.proved.insert(list.sha256, proof.clone().map(|()| Proof::default()));
        proof
    }

    fn prove_continuation(
        &mut self,
        claim: Claim<'a>,
        delta: &'a List,
    ) -> Result<Claim<'a>, RevocationError> {
        self.prove_list(delta, claim.source)?;
        let mut obstacle = None;
        for (full, source) in self.full.clone() {
            if !delta.continues(full) {
                continue;
            }
            match self.prove_list(full, source) {
                Ok(()) => {
                    let serial = self.request.certificate.serial_octets();
                    return Ok(Claim { state: delta.state_after(full, serial), ..claim });
                }
                Err(error) => obstacle = Some(error),
            }
        }
        Err(obstacle.unwrap_or_else(|| RevocationError::NotAbout {
            problem: "the full list that it continues is not at hand".to_owned(),
        }))
    }

    /// Gives what is to be told of the responder.
    ///
    /// Whoever has the key of a responder whose certificate has ended can write any moment into an
    /// answer. So it says nothing for a moment after that end, unless it revokes.
    fn prove_answer(
        &mut self,
        answer: &'a Answer,
        claim: &Claim<'a>,
    ) -> Result<Option<String>, RevocationError> {
        let Proof { note, until } = self.prove_signer(answer)?;
        let at = self.request.at;
        match until.filter(|until| claim.revoked_by(at).is_none() && *until < at) {
            Some(next_update) => Err(RevocationError::Expired { at, next_update }),
            None => Ok(note),
        }
    }

    fn prove_signer(&mut self, answer: &'a Answer) -> Result<Proof, RevocationError> {
        if let Some(known) = self.proved.get(&answer.sha256) {
            return known.clone();
        }
        let RevocationRequest { issuer, responders, trust, at, .. } = *self.request;
        let at = answer.produced_at.max(at);
        let known = Known { issuer, responders, trust, at };
        let proof = match responder::prove(answer, known, self.budget) {
            Ok(Some(responder)) => self
                .check_responder(responder, answer)
                .map(|note| Proof { note, until: Some(responder.not_after()) }),
            Ok(None) => Ok(Proof::default()),
            Err(error) => Err(error),
        };
        if !self.budget.gave_up {
            self.proved.insert(answer.sha256, proof.clone());
        }
        proof
    }

    /// RFC 6960 §4.2.2.2.1: a delegated responder can itself be revoked. Only lists are asked, as
    /// answers would come from responders again.
    fn check_responder(
        &mut self,
        responder: &Certificate,
        answer: &Answer,
    ) -> Result<Option<String>, RevocationError> {
        if responder.is_never_revoked() {
            return Ok(None);
        }
        // The moment in an answer is the responder's word, and a stolen key can write an early one.
        let at = answer.produced_at.max(self.request.at);
        let request = RevocationRequest { certificate: responder, at, ..*self.request };
        let mut judge = Judge::new(&request, self.budget);
        judge.collect_lists();
        let said = judge.conclude();
        let name = || responder.common_name().unwrap_or_else(|| responder.subject()).to_owned();
        match said.status {
            RevocationStatus::Good | RevocationStatus::RevokedLater => Ok(None),
            RevocationStatus::Unchecked => Ok(Some(format!(
                "whether the certificate of the responder {} was revoked is not known",
                name()
            ))),
            RevocationStatus::Revoked => Err(RevocationError::WrongSigner {
                signer: name(),
                problem: "its certificate was revoked".to_owned(),
            }),
        }
    }

    fn pass_over(&mut self, kind: &str, this_update: Timestamp, problem: &str) {
        /// Enough to see what is wrong; how many there are is up to whoever sent them.
        const MAX: usize = 3;
        let said = format!("the {kind} of {this_update} is not used: {problem}");
        if self.obstacles.len() < MAX && !self.obstacles.contains(&said) {
            self.obstacles.push(said);
        }
    }

    fn unchecked(&self) -> RevocationReport {
        let certificate = self.request.certificate;
        let is_responder = purpose::allow(certificate.purposes(), Purpose::OcspSigning);
        let is_exempt = is_responder && certificate.is_never_revoked() && !self.budget.gave_up;
        let problem = if self.obstacles.is_empty() {
            "no list of its issuer and no answer about it is at hand".to_owned()
        } else {
            self.obstacles.join("; ")
        };
        RevocationReport {
            status: if is_exempt { RevocationStatus::Good } else { RevocationStatus::Unchecked },
            kind: is_exempt.then_some(RevocationKind::NoCheck),
            source: None,
            this_update: None,
            next_update: None,
            revoked_at: None,
            reason: None,
            invalid_since: None,
            problem: (!is_exempt).then_some(problem),
        }
    }
}

fn report(claim: &Claim<'_>, at: Timestamp, note: Option<String>) -> RevocationReport {
    let (status, revocation) = match claim.state {
        State::Revoked(revocation) if revocation.at <= at => {
            (RevocationStatus::Revoked, Some(revocation))
        }
        State::Revoked(revocation) => (RevocationStatus::RevokedLater, Some(revocation)),
        State::Good => (RevocationStatus::Good, None),
        State::Unknown => (RevocationStatus::Unchecked, None),
    };
    RevocationReport {
        status,
        kind: Some(claim.kind()),
        source: Some(claim.source),
        this_update: Some(claim.this_update),
        next_update: claim.next_update,
        revoked_at: revocation.map(|revocation| revocation.at),
        reason: revocation.and_then(|revocation| Some(revocation.reason?.name())),
        invalid_since: revocation.and_then(|revocation| revocation.invalid_since),
        problem: note,
    }
}

fn name(kind: RevocationKind) -> &'static str {
    match kind {
        RevocationKind::Crl => "list",
        RevocationKind::DeltaCrl => "delta list",
        RevocationKind::NoCheck | RevocationKind::Ocsp => "OCSP answer",
    }
}
