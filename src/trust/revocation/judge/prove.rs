//! Whether the issuer has said what a claim says.

use super::{
    super::{
        RevocationError,
        answer::Answer,
        claim::{Answering, By, Claim, name},
        list::List,
        listed::Listed,
        record::{Basis, Responder, StatusRecord},
        request::RevocationRequest,
        responder::{self, Known, Signer},
        wanted::Wanted,
    },
    Judge,
};
use crate::{
    domain::{RevocationSource, RevocationStatus, Timestamp},
    trust::Certificate,
};

/// What is to be told of who gave a proved list or answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Proof<'a> {
    /// Why the answer alone does not suffice to say that a certificate is good.
    doubt: Option<String>,
    /// The delegated responder that gave it.
    responder: Option<&'a Certificate>,
    /// What it rests on.
    rests_on: Vec<Basis>,
}

impl<'a> Judge<'a, '_> {
    /// The newest claim of those asked for that is proved, with what a continuation says in all
    /// and what is in doubt about who says it.
    pub(super) fn first_proved(
        &mut self,
        asked: impl Fn(&Claim<'_>) -> bool,
    ) -> Option<(Claim<'a>, Option<String>)> {
        self.proved_where(asked, |_| true)
    }

    /// The same, and its doubt is one that `suffices`.
    pub(super) fn proved_where(
        &mut self,
        asked: impl Fn(&Claim<'_>) -> bool,
        suffices: impl Fn(Option<&str>) -> bool,
    ) -> Option<(Claim<'a>, Option<String>)> {
        let asked: Vec<Claim<'a>> = self.claims.iter().filter(|c| asked(c)).copied().collect();
        for claim in asked {
            match self.prove(claim) {
                Ok((claim, doubt)) if suffices(doubt.as_deref()) => return Some((claim, doubt)),
                Ok(_) => {}
                Err(error) => {
                    self.pass_over(name(claim.kind()), claim.this_update, &error.to_string());
                }
            }
        }
        None
    }

    /// The claim with what a continuation says in all, and what is in doubt about who says it.
    pub(super) fn prove(
        &mut self,
        claim: Claim<'a>,
    ) -> Result<(Claim<'a>, Option<String>), RevocationError> {
        match claim.by {
            By::Answer(answer) => self.prove_answer(answer, claim),
            By::List(list) => self.prove_list(list, claim.source).map(|()| (claim, None)),
            By::Continuation(delta, origin) => {
                let delta = Listed { list: delta, origin, source: claim.source };
                self.prove_continuation(claim, delta).map(|claim| (claim, None))
            }
            By::Record(record) => self.prove_record(record, claim),
        }
    }

    /// What the proof of a proved claim rests on.
    pub(super) fn rests_on(&self, claim: &Claim<'_>) -> Vec<Basis> {
        let own = match claim.by {
            By::Answer(answer) => Some((answer.sha256, claim.source)),
            By::List(list) | By::Continuation(list, _) => Some((list.sha256, claim.source)),
            By::Record(record) => return record.rests_on().to_vec(),
        };
        let proofs = own.into_iter().chain(claim.continues).filter_map(|key| self.proved.get(&key));
        proofs.flatten().flat_map(|proof| proof.rests_on.iter().cloned()).collect()
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
        let proof = list.prove(self.request.issuer).and_then(|used| {
            algorithms.check(&used, at)?;
            let rests_on = vec![Basis { used, made_at: list.this_update }];
            Ok(Proof { rests_on, ..Proof::default() })
        });
        let said = proof.as_ref().map(|_| ()).map_err(Clone::clone);
        self.proved.insert((list.sha256, source), proof);
        said
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
            let proof = full
                .list
                .check_use(self.request.issuer)
                .and_then(|()| delta.check_parts(&full, certificate))
                .and_then(|()| self.prove_list(full.list, full.source));
            match proof {
                Ok(()) => {
                    let state = delta.list.state_after(full.list, certificate.serial_octets());
                    let continues = Some((full.list.sha256, full.source));
                    return Ok(Claim { state, continues, ..claim });
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
        let Proof { doubt, responder, .. } = self.prove_signer(answer, claim.source)?;
        let responder = responder.map(|responder| (responder, answer.produced_at));
        let claim = Claim { responder, ..claim };
        self.check_end(&claim).map(|()| (claim, doubt))
    }

    /// It was proved once; the policy of the moment may refuse what it was proved by. What it says
    /// against the certificate stays said.
    fn prove_record(
        &mut self,
        record: &'a StatusRecord,
        claim: Claim<'a>,
    ) -> Result<(Claim<'a>, Option<String>), RevocationError> {
        let at = self.request.at;
        if claim.revoked_by(at).is_none() && !claim.was_compromised_by(at) {
            record.check(self.request.trust.algorithms(), at)?;
        }
        self.recall(record, claim)
    }

    /// Its responder may have been revoked since.
    pub(super) fn recall(
        &mut self,
        record: &'a StatusRecord,
        claim: Claim<'a>,
    ) -> Result<(Claim<'a>, Option<String>), RevocationError> {
        let Some(Responder { certificate, produced_at }) = &record.responder else {
            return Ok((claim, None));
        };
        let doubt = self.check_responder(certificate, *produced_at, claim.source)?;
        let claim = Claim { responder: Some((certificate, *produced_at)), ..claim };
        self.check_end(&claim).map(|()| (claim, doubt))
    }

    /// Whoever has the key of a responder whose certificate has ended can write any moment into an
    /// answer. So it says nothing for a moment after that end, unless it revokes.
    fn check_end(&self, claim: &Claim<'a>) -> Result<(), RevocationError> {
        let at = self.request.at;
        let end = claim.responder.map(|(responder, _)| responder.not_after());
        match end.filter(|end| claim.revoked_by(at).is_none() && *end < at) {
            Some(next_update) => Err(RevocationError::Expired { at, next_update }),
            None => Ok(()),
        }
    }

    fn prove_signer(
        &mut self,
        answer: &'a Answer,
        source: RevocationSource,
    ) -> Result<Proof<'a>, RevocationError> {
        if let Some(known) = self.proved.get(&(answer.sha256, source)) {
            return known.clone();
        }
        let RevocationRequest { issuer, responders, trust, at, .. } = *self.request;
        let at = answer.produced_at.max(at);
        let known = Known { issuer, responders, trust, at };
        let proof = match responder::prove(answer, known, self.budget) {
            Ok(Signer { responder, used }) => {
                let made_at = answer.produced_at;
                let rests_on = used.into_iter().map(|used| Basis { used, made_at }).collect();
                let doubt = match responder {
                    Some(responder) => self.check_responder(responder, made_at, source),
                    None => Ok(None),
                };
                doubt.map(|doubt| Proof { doubt, responder, rests_on })
            }
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
        produced_at: Timestamp,
        source: RevocationSource,
    ) -> Result<Option<String>, RevocationError> {
        // The moment in an answer is the responder's word, and a stolen key can write an early one.
        let at = produced_at.max(self.request.at);
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
        judge.remember_revocations();
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
}
