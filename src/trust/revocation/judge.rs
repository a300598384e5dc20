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
//! authority says later that the certificate is good; it clears as long as the algorithms that it was
//! proved by are accepted. So does what it knew of the authority's name alone, against the certificate.
//!
//! Answers that are not proved count for nothing: they can cost work, never change the outcome.

mod prove;

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Budget, RevocationError,
    claim::{self, Answering, By, Claim, name, report},
    listed::Listed,
    parts::State,
    record::StatusRecord,
    request::{RevocationOutcome, RevocationRequest},
    wanted::Wanted,
};
use crate::{
    domain::{RevocationReport, RevocationSource, RevocationStatus, Sha256, Timestamp},
    trust::{Purpose, purpose},
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
    judge.remember_revocations();
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
    proved: BTreeMap<(Sha256, RevocationSource), Result<prove::Proof<'a>, RevocationError>>,
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
                    match single.check(certificate, answer.produced_at) {
                        Err(problem) => {
                            self.pass_over("OCSP answer", single.this_update, problem);
                        }
                        Ok(()) => self.claims.push(Claim::answered(single, answer, *source)),
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
                let claim = match listed.claim(certificate) {
                    Ok(claim) => claim,
                    Err(error) => {
                        self.pass_over("list", list.this_update, &error.to_string());
                        continue;
                    }
                };
                if !list.is_delta() {
                    self.full.push(listed);
                }
                let is_good = claim.state == State::Good;
                if is_good && let Err(error) = listed.may_clear(certificate) {
                    self.pass_over("list", list.this_update, &error.to_string());
                    continue;
                }
                if is_good && let Err(error) = list.check_use(issuer) {
                    self.pass_over("list", list.this_update, &error.to_string());
                    continue;
                }
                if is_good && let Err(problem) = list.tells_all(certificate.not_after()) {
                    self.pass_over("list", list.this_update, problem);
                    continue;
                }
                self.claims.push(claim);
            }
        }
    }

    fn collect_records(&mut self) {
        let RevocationRequest { certificate, issuer, sources, at, trust, .. } = *self.request;
        let algorithms = trust.algorithms();
        let all = || sources.iter().flat_map(|(store, _)| store.all_records_of(certificate));
        let by_name = || all().filter(|record| record.is_by_name(certificate));
        // What was said by the name clears nobody, and ends what was suspended by it.
        let is_over = |claim: &Claim<'_>| {
            claim.is_suspension()
                && claim.is_by_name_of(certificate)
                && by_name().any(|other| {
                    other.claim().lifts(claim, at) && other.check(algorithms, at).is_ok()
                })
        };
        let records = sources.iter().flat_map(|(store, _)| store.records_of(certificate, issuer));
        let claims: Vec<_> =
            records.map(StatusRecord::claim).filter(|claim| !is_over(claim)).collect();
        // What is no claim here is one for another moment, or where the issuer is left out.
        let silent = by_name().filter(|one| !one.state.revokes() || is_over(&one.claim()));
        self.records.extend(silent.cloned());
        self.claims.extend(claims);
    }

    fn conclude(&mut self) -> RevocationReport {
        let at = self.request.at;
        let newest = |claim: &Claim<'_>| {
            (claim.this_update, claim.source == RevocationSource::Cache, claim.sha256())
        };
        self.claims.sort_by_key(|claim| Reverse(newest(claim)));
        self.full.sort_by_key(|full| (Reverse(full.list.this_update), full.list.sha256));
        self.drop_corrected_records();

        if let Some((claim, doubt)) = self.first_proved(|claim| claim.ended_by(at)) {
            return self.conclude_by(&claim, doubt);
        }
        let suspends = |claim: &Claim<'_>| claim.revoked_by(at).is_some();
        if let Some((suspended, doubt)) = self.first_proved(suspends) {
            let is_over = |claim: &Claim<'_>| claim.lifts(&suspended, at);
            // What is proved is not undone by what is in doubt.
            let over = self.proved_where(is_over, |doubt| doubt.is_none());
            match over.filter(|(claim, _)| claim.revoked_by(at).is_none()) {
                Some((claim, _)) => self.remember(&claim),
                None => return self.conclude_by(&suspended, doubt),
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
            let certificate = self.request.certificate;
            let is_corrected =
                |claim: &&Claim<'_>| revoked(claim) && claim.this_update < good.this_update;
            // It takes the place of what was said by the name, too.
            if self.claims.iter().filter(is_corrected).any(|one| one.is_by_name_of(certificate)) {
                let rests_on = self.rests_on(&good);
                self.records.push(StatusRecord::by_name(&good, certificate, rests_on));
            }
            self.claims.retain(|claim| !is_corrected(&claim));
        }
    }

    /// What a proved claim says, to be remembered.
    fn conclude_by(&mut self, claim: &Claim<'a>, doubt: Option<String>) -> RevocationReport {
        self.remember(claim);
        report(claim, self.request.at, doubt)
    }

    /// What revokes for another moment may decide when the signature is judged for that. Where the
    /// budget does not suffice to prove it, that is told as everywhere.
    fn remember_revocations(&mut self) {
        // Said by the issuer itself: a responder may turn out to be revoked, and of a name nobody knows
        // whose word it was.
        let mut known = Vec::new();
        for claim in self.claims.clone() {
            let is_revocation = matches!(claim.state, State::Revoked(_));
            let is_by_name = claim.is_by_name_of(self.request.certificate);
            let is_known = !is_by_name && known.contains(&claim.state);
            if !is_revocation || is_known {
                continue;
            }
            // What the policy refuses by now says nothing, and may be accepted again.
            let proved = match claim.by {
                By::Record(record) => self.recall(record, claim),
                By::Answer(_) | By::Continuation(..) | By::List(_) => self.prove(claim),
            };
            if let Ok((claim, _)) = proved {
                let is_by_issuer = !is_by_name && claim.responder.is_none();
                known.extend(is_by_issuer.then_some(claim.state));
                self.remember(&claim);
            }
        }
    }

    fn remember(&mut self, claim: &Claim<'a>) {
        let RevocationRequest { certificate, issuer, .. } = *self.request;
        if claim.source == RevocationSource::Cache {
            let rests_on = self.rests_on(claim);
            self.records.push(StatusRecord::new(claim, certificate, issuer, rests_on));
        }
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
