//! What all answers at hand say of one certificate.
//!
//! Which answers speak for a moment is for [`Answering`] to say; one that revokes for good speaks
//! for ever. In this order:
//!
//! 1. A revocation at or before the moment counts, whatever other answers say.
//! 2. A suspension does, unless an answer between it and the moment says that it was over.
//! 3. A later revocation of a key that was compromised by the moment is told, whatever others say.
//! 4. Otherwise the newest answer that speaks for the moment decides.
//! 5. One that speaks for it and has to be heard again, or that was in force and does not speak for
//!    it, is told with the status `Unchecked`: what is known, and until when.
//!
//! What an earlier judgement found proved counts like the list or answer that said it, until the
//! authority says later that the certificate is good.
//!
//! Answers that are not proved count for nothing: they can cost work, never change the outcome.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Budget, RevocationError,
    answer::Answer,
    claim::{self, Answering, By, Claim, name, report},
    list::List,
    listed::Listed,
    parts::State,
    record::StatusRecord,
    request::{RevocationOutcome, RevocationRequest},
    responder::{self, Known},
    wanted::Wanted,
};
use crate::{
    domain::{RevocationReport, RevocationSource, RevocationStatus, Sha256, Timestamp},
    trust::{Certificate, Purpose, purpose},
};

/// Says whether the certificate was revoked at the moment asked for.
#[must_use]
pub fn revocation(request: &RevocationRequest<'_>) -> RevocationOutcome {
    let mut budget = Budget::new(request.checks);
    let mut judge = Judge::new(request, &mut budget);
    judge.collect_answers();
    judge.collect_lists();
    judge.collect_records();
    let report = judge.conclude();
    let mut responders = std::mem::take(&mut judge.unknown);
    if report.status != RevocationStatus::Unchecked {
        responders.clear();
    }
    RevocationOutcome {
        was_good: judge.was_good && report.status == RevocationStatus::Unchecked,
        report,
        responders,
        relied_on: std::mem::take(&mut judge.delegated),
        records: std::mem::take(&mut judge.records),
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
    full: Vec<Listed<'a>>,
    /// What was proved so far, of each source.
    proved: BTreeMap<(Sha256, RevocationSource), Result<Proof, RevocationError>>,
    /// Why answers are not used.
    obstacles: Vec<String>,
    /// Responders that may be revoked.
    delegated: Vec<Wanted>,
    /// Those of whom nobody can say whether they are.
    unknown: Vec<Wanted>,
    was_good: bool,
    /// What the conclusion rests on, here and of responders.
    records: Vec<StatusRecord>,
}

/// What is to be told of who gave a proved list or answer.
#[derive(Clone, Debug, Default)]
struct Proof {
    /// Why the answer alone does not suffice to say that a certificate is good.
    doubt: Option<String>,
    /// When a delegated responder's certificate ends.
    until: Option<Timestamp>,
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
            delegated: Vec::new(),
            unknown: Vec::new(),
            was_good: false,
            records: Vec::new(),
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
                            until: None,
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
            for (list, origin) in store.lists() {
                if !issuer.is_subject(&list.issuer) {
                    continue;
                }
                let listed = Listed { list, origin, source: *source };
                let state = match list.says_of(certificate) {
                    Ok(state) => state,
                    Err(error) => {
                        self.pass_over("list", list.this_update, &error.to_string());
                        continue;
                    }
                };
                let is_good = state == State::Good;
                let mut by = By::List(list);
                if list.is_delta() && is_good {
                    by = By::Continuation(list, origin);
                } else if !list.is_delta() {
                    self.full.push(listed);
                }
                if is_good && let Err(error) = listed.may_clear(certificate) {
                    self.pass_over("list", list.this_update, &error.to_string());
                    continue;
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
                    until: None,
                    by,
                });
            }
        }
    }

    fn collect_records(&mut self) {
        let RevocationRequest { certificate, issuer, sources, .. } = *self.request;
        let records = sources.iter().flat_map(|(store, _)| store.records_of(certificate, issuer));
        self.claims.extend(records.map(|record| Claim {
            state: record.state,
            this_update: record.this_update,
            next_update: record.next_update,
            source: record.source,
            until: record.until,
            by: By::Record(record),
        }));
    }

    fn conclude(&mut self) -> RevocationReport {
        let at = self.request.at;
        let newest = |claim: &Claim<'_>| {
            (claim.this_update, claim.source == RevocationSource::Cache, claim.sha256())
        };
        self.claims.sort_by_key(|claim| Reverse(newest(claim)));
        self.full.sort_by_key(|full| (Reverse(full.list.this_update), full.list.sha256));
        self.drop_corrected_records();

        let for_good = |claim: &Claim<'_>| {
            claim.revoked_by(at).is_some_and(|revocation| !revocation.is_suspension())
        };
        if let Some((claim, doubt)) = self.first_proved(for_good) {
            return self.conclude_by(&claim, doubt);
        }
        let suspends = |claim: &Claim<'_>| claim.revoked_by(at).is_some();
        if let Some((suspended, doubt)) = self.first_proved(suspends) {
            let since = suspended.this_update;
            let is_over = |claim: &Claim<'_>| {
                claim.this_update > since
                    && claim.this_update <= at
                    && claim.revoked_by(at).is_none()
            };
            // What is proved is not undone by what is in doubt.
            let over = self.proved_where(is_over, |doubt| doubt.is_none());
            if over.is_none_or(|(claim, _)| claim.revoked_by(at).is_some()) {
                return self.conclude_by(&suspended, doubt);
            }
        }
        let reaches_back = |claim: &Claim<'_>| claim.was_compromised_by(at);
        if let Some((claim, doubt)) = self.first_proved(reaches_back) {
            return self.conclude_by(&claim, doubt);
        }
        let answering = self.request.answering;
        if let Some(claim) = self.speaking(answering) {
            return self.conclude_by(&claim, None);
        }
        if answering != answering.once()
            && let Some(claim) = self.speaking(answering.once())
        {
            self.was_good = true;
            return self.known(&claim, None);
        }
        let is_known = |claim: &Claim<'_>| claim.revoked_by(at).is_none() && claim.is_in_force(at);
        if let Some((claim, doubt)) = self.first_proved(is_known) {
            return self.known(&claim, doubt);
        }
        for claim in self.claims.clone() {
            if !claim.is_in_force(at) {
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

    /// An authority may correct itself: a revocation that is remembered ends with a later answer of
    /// its own that says good.
    fn drop_corrected_records(&mut self) {
        let is_record = |claim: &Claim<'_>| matches!(claim.by, By::Record(_));
        // One that was suspended at the moment stays so: what ended the suspension is later.
        let is_revocation = |claim: &Claim<'_>| match claim.state {
            State::Revoked(revocation) => !revocation.is_suspension(),
            State::Good | State::Unknown => false,
        };
        let revoked = |claim: &&Claim<'_>| is_record(claim) && is_revocation(claim);
        let Some(first) = self.claims.iter().filter(revoked).map(|claim| claim.this_update).min()
        else {
            return;
        };
        let corrects = |claim: &Claim<'_>| {
            !is_record(claim)
                && claim.this_update > first
                && claim.source == RevocationSource::Cache
                && claim.state == State::Good
        };
        if let Some((good, _)) = self.proved_where(corrects, |doubt| doubt.is_none())
            && good.state == State::Good
        {
            self.claims.retain(|claim| !revoked(&claim) || claim.this_update >= good.this_update);
        }
    }

    /// What a proved claim says, to be remembered.
    fn conclude_by(&mut self, claim: &Claim<'a>, doubt: Option<String>) -> RevocationReport {
        self.remember(claim);
        report(claim, self.request.at, doubt)
    }

    fn remember(&mut self, claim: &Claim<'a>) {
        let RevocationRequest { certificate, issuer, .. } = *self.request;
        self.records.push(StatusRecord::new(claim, certificate, issuer));
    }

    /// The newest proved claim that speaks for the moment, and about which nothing is in doubt.
    fn speaking(&mut self, answering: Answering) -> Option<Claim<'a>> {
        let at = self.request.at;
        let speaks =
            |claim: &Claim<'_>| claim.revoked_by(at).is_none() && claim.speaks_for(at, answering);
        self.proved_where(speaks, |doubt| doubt.is_none()).map(|(claim, _)| claim)
    }

    /// What a proved answer says that does not suffice.
    fn known(&mut self, claim: &Claim<'a>, doubt: Option<String>) -> RevocationReport {
        let (at, this_update) = (self.request.at, claim.this_update);
        // The full list behind a delta list may say another thing than the delta list.
        if claim.revoked_by(at).is_some() {
            return self.conclude_by(claim, doubt);
        }
        if doubt.is_none() {
            self.remember(claim);
        }
        let moment = match self.request.answering {
            Answering::Since { again: Some(again), .. } => again.max(at),
            Answering::InForce | Answering::Since { again: None, .. } => at,
        };
        let mut why = match (doubt, claim.source) {
            (Some(doubt), _) => doubt,
            (None, RevocationSource::Signature) if this_update >= moment => format!(
                "it came with the signature, and an answer of the authority for {moment} is not at \
                 hand"
            ),
            (None, _) => format!("a later answer, for {moment}, is not at hand"),
        };
        for obstacle in &self.obstacles {
            why.push_str("; ");
            why.push_str(obstacle);
        }
        let kind = name(claim.kind());
        let what = match claim.state {
            State::Revoked(revocation) => format!("it was revoked at {}", revocation.at),
            State::Good | State::Unknown => "it was good then".to_owned(),
        };
        let problem = format!("the {kind} of {this_update} says that {what}; {why}");
        let report = report(claim, at, Some(problem));
        RevocationReport {
            status: RevocationStatus::Unchecked,
            revoked_at: None,
            reason: None,
            invalid_since: None,
            ..report
        }
    }

    /// The newest claim of those asked for that is proved, with what a continuation says in all
    /// and what is in doubt about who says it.
    fn first_proved(
        &mut self,
        asked: impl Fn(&Claim<'_>) -> bool,
    ) -> Option<(Claim<'a>, Option<String>)> {
        self.proved_where(asked, |_| true)
    }

    /// The same, and its doubt is one that `suffices`.
    fn proved_where(
        &mut self,
        asked: impl Fn(&Claim<'_>) -> bool,
        suffices: impl Fn(Option<&str>) -> bool,
    ) -> Option<(Claim<'a>, Option<String>)> {
        let asked: Vec<Claim<'a>> = self.claims.iter().filter(|c| asked(c)).copied().collect();
        for claim in asked {
            let proof = match claim.by {
                By::Answer(answer) => self.prove_answer(answer, claim),
                By::List(list) => self.prove_list(list, claim.source).map(|()| (claim, None)),
                By::Continuation(delta, origin) => {
                    let delta = Listed { list: delta, origin, source: claim.source };
                    self.prove_continuation(claim, delta).map(|claim| (claim, None))
                }
                By::Record(_) => self.check_end(&claim).map(|()| (claim, None)),
            };
            match proof {
                Ok((claim, doubt)) if suffices(doubt.as_deref()) => return Some((claim, doubt)),
                Ok(_) => {}
                Err(error) => {
                    self.pass_over(name(claim.kind()), claim.this_update, &error.to_string());
                }
            }
        }
        None
    }

    fn prove_list(&mut self, list: &List, source: RevocationSource) -> Result<(), RevocationError> {
        if let Some(known) = self.proved.get(&(list.sha256, source)) {
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
        self.proved.insert((list.sha256, source), proof.clone().map(|()| Proof::default()));
        proof
    }

    fn prove_continuation(
        &mut self,
        claim: Claim<'a>,
        delta: Listed<'a>,
    ) -> Result<Claim<'a>, RevocationError> {
        self.prove_list(delta.list, claim.source)?;
        let certificate = self.request.certificate;
        let mut obstacle = None;
        for full in self.full.clone() {
            if !delta.list.continues(full.list) {
                continue;
            }
            let proof = delta
                .check_parts(&full, certificate)
                .and_then(|()| self.prove_list(full.list, full.source));
            match proof {
                Ok(()) => {
                    let state = delta.list.state_after(full.list, certificate.serial_octets());
                    return Ok(Claim { state, ..claim });
                }
                Err(error) => obstacle = Some(error),
            }
        }
        Err(obstacle.unwrap_or_else(|| RevocationError::NotAbout {
            problem: "the full list that it continues is not at hand".to_owned(),
        }))
    }

    /// Gives what is in doubt about the responder.
    fn prove_answer(
        &mut self,
        answer: &'a Answer,
        claim: Claim<'a>,
    ) -> Result<(Claim<'a>, Option<String>), RevocationError> {
        let Proof { doubt, until } = self.prove_signer(answer, claim.source)?;
        let claim = Claim { until, ..claim };
        self.check_end(&claim).map(|()| (claim, doubt))
    }

    /// Whoever has the key of a responder whose certificate has ended can write any moment into an
    /// answer. So it says nothing for a moment after that end, unless it revokes.
    fn check_end(&self, claim: &Claim<'a>) -> Result<(), RevocationError> {
        let at = self.request.at;
        match claim.until.filter(|until| claim.revoked_by(at).is_none() && *until < at) {
            Some(next_update) => Err(RevocationError::Expired { at, next_update }),
            None => Ok(()),
        }
    }

    fn prove_signer(
        &mut self,
        answer: &'a Answer,
        source: RevocationSource,
    ) -> Result<Proof, RevocationError> {
        if let Some(known) = self.proved.get(&(answer.sha256, source)) {
            return known.clone();
        }
        let RevocationRequest { issuer, responders, trust, at, .. } = *self.request;
        let at = answer.produced_at.max(at);
        let known = Known { issuer, responders, trust, at };
        let proof = match responder::prove(answer, known, self.budget) {
            Ok(Some(responder)) => self
                .check_responder(responder, answer, source)
                .map(|doubt| Proof { doubt, until: Some(responder.not_after()) }),
            Ok(None) => Ok(Proof::default()),
            Err(error) => Err(error),
        };
        if !self.budget.gave_up {
            self.proved.insert((answer.sha256, source), proof.clone());
        }
        proof
    }

    /// RFC 6960 §4.2.2.2.1: a delegated responder can itself be revoked. Only lists are asked, as
    /// answers would come from responders again. About some nobody need ask: what is known of them
    /// counts all the same.
    fn check_responder(
        &mut self,
        responder: &Certificate,
        answer: &Answer,
        source: RevocationSource,
    ) -> Result<Option<String>, RevocationError> {
        // The moment in an answer is the responder's word, and a stolen key can write an early one.
        let at = answer.produced_at.max(self.request.at);
        let answering = match source {
            // In force suffices: no answer by a responder would be newer than the lists otherwise,
            // and what a thief of its key has to say must come from the issuer's address.
            RevocationSource::Cache => Answering::InForce,
            // A thief brings it himself, and knows how long the list before the revocation lasts.
            RevocationSource::Signature => self.request.answering.once(),
        };
        let request = RevocationRequest { certificate: responder, at, answering, ..*self.request };
        let mut judge = Judge::new(&request, self.budget);
        judge.collect_lists();
        judge.collect_records();
        let said = judge.conclude();
        let records = judge.records;
        self.records.extend(records);
        let wanted = Wanted::of_responder(responder, self.request);
        if !self.delegated.contains(&wanted) {
            self.delegated.push(wanted.clone());
        }
        let name = || responder.common_name().unwrap_or_else(|| responder.subject()).to_owned();
        match said.status {
            RevocationStatus::Good | RevocationStatus::RevokedLater => Ok(None),
            RevocationStatus::Unchecked if responder.is_never_revoked() => Ok(None),
            RevocationStatus::Unchecked => {
                if !self.unknown.contains(&wanted) {
                    self.unknown.push(wanted);
                }
                Ok(Some(format!(
                    "whether the certificate of the responder {} was revoked is not known",
                    name()
                )))
            }
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
        claim::silent(is_exempt, problem)
    }
}
