//! What one list or answer says of a certificate, and for which moments.

use std::cmp::Reverse;

use super::{
    answer::{Answer, Single},
    list::List,
    parts::{Revocation, State},
    record::StatusRecord,
    store::Origin,
};
use crate::{
    domain::{
        RevocationKind, RevocationReport, RevocationSource, RevocationStatus, Sha256, Timestamp,
    },
    trust::Certificate,
};

/// Which answers say that a certificate was good at a moment. Any answer may say that it was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// One that was in force at the moment, or was made later: a person named the moment, and nobody
    /// is asked.
    InForce,
    /// One that was made at or after the moment, for whoever has a stolen key knows how long the
    /// answer before the revocation is in force.
    Since {
        /// Whether it may have come with the signature. It may when the moment is one that a
        /// time-stamp proves; what comes with a mail was made before the mail was received.
        brought: bool,
        /// The installation itself has to have heard it once more, made at or after this moment:
        /// a revocation is published later than it counts from.
        again: Option<Timestamp>,
    },
}

impl Answering {
    /// The same without having to be heard again.
    pub(super) fn once(self) -> Self {
        match self {
            Self::InForce => Self::InForce,
            Self::Since { brought, .. } => Self::Since { brought, again: None },
        }
    }
}

/// What an answer says, proved or not.
#[derive(Clone, Copy)]
pub(super) struct Claim<'a> {
    pub(super) state: State,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
    pub(super) source: RevocationSource,
    /// Whether it is certainly of the part of its issuer's certificates that this one belongs to.
    pub(super) is_of_part: bool,
    /// The delegated responder and when it answered, once that is proved.
    pub(super) responder: Option<(&'a Certificate, Timestamp)>,
    /// The full list that it continues and where that is from, once that is proved.
    pub(super) continues: Option<(Sha256, RevocationSource)>,
    pub(super) by: By<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    Answer(&'a Answer),
    /// A delta list that says nothing of its own: the full list before it is needed.
    Continuation(&'a List, &'a Origin),
    List(&'a List),
    /// What an earlier judgement found proved.
    Record(&'a StatusRecord),
}

impl<'a> Claim<'a> {
    /// What is remembered: no responder is to be proved.
    pub(super) fn remembered(record: &'a StatusRecord) -> Self {
        Self {
            state: record.state,
            this_update: record.this_update,
            next_update: record.next_update,
            source: RevocationSource::Cache,
            is_of_part: true,
            responder: None,
            continues: None,
            by: By::Record(record),
        }
    }

    /// What `answer` says of the certificate that `single` is about.
    pub(super) fn answered(single: &Single, answer: &'a Answer, source: RevocationSource) -> Self {
        Self {
            state: single.state,
            this_update: single.this_update,
            next_update: single.next_update,
            source,
            is_of_part: true,
            responder: None,
            continues: None,
            by: By::Answer(answer),
        }
    }

    /// Whether it is a revocation that can be taken back.
    pub(super) fn is_suspension(&self) -> bool {
        matches!(self.state, State::Revoked(revocation) if revocation.is_suspension())
    }

    /// Whether it revokes for good at or before `at`.
    pub(super) fn ended_by(&self, at: Timestamp) -> bool {
        self.revoked_by(at).is_some_and(|revocation| !revocation.is_suspension())
    }

    /// Whether it says that `suspension` was over at `at`. What is from after the moment does not:
    /// the suspension was in force.
    pub(super) fn lifts(&self, suspension: &Claim<'_>, at: Timestamp) -> bool {
        self.is_of_part
            && self.this_update > suspension.this_update
            && self.this_update <= at
            && self.revoked_by(at).is_none()
    }

    /// Whether it is what was remembered of this certificate by the name of its issuer.
    pub(super) fn is_by_name_of(&self, certificate: &Certificate) -> bool {
        matches!(self.by, By::Record(record) if record.is_by_name(certificate))
    }

    /// Sets claims of one moment in an order: of what is at hand before what is remembered.
    pub(super) fn sha256(&self) -> Option<Reverse<Sha256>> {
        match self.by {
            By::Answer(answer) => Some(Reverse(answer.sha256)),
            By::Continuation(list, _) | By::List(list) => Some(Reverse(list.sha256)),
            By::Record(_) => None,
        }
    }

    pub(super) fn kind(&self) -> RevocationKind {
        match self.by {
            By::Answer(_) => RevocationKind::Ocsp,
            By::Continuation(list, _) | By::List(list) => list.kind(),
            By::Record(record) => record.kind,
        }
    }

    /// Whether it is from `at` or later, or was in force then.
    pub(super) fn is_in_force(&self, at: Timestamp) -> bool {
        self.this_update >= at || self.next_update.is_some_and(|next| at <= next)
    }

    pub(super) fn speaks_for(&self, at: Timestamp, answering: Answering) -> bool {
        match answering {
            Answering::InForce => self.is_in_force(at),
            Answering::Since { brought, again } => {
                let is_fetched = self.source == RevocationSource::Cache;
                let is_new = again.is_none_or(|again| is_fetched && self.this_update >= again);
                self.this_update >= at && (brought || is_fetched) && is_new
            }
        }
    }

    /// The revocation, if it is at or before `at`.
    pub(super) fn revoked_by(&self, at: Timestamp) -> Option<Revocation> {
        match self.state {
            State::Revoked(revocation) if revocation.at <= at => Some(revocation),
            State::Revoked(_) | State::Good | State::Unknown => None,
        }
    }

    /// Whether it revokes a key that may have been in other hands at `at`.
    pub(super) fn was_compromised_by(&self, at: Timestamp) -> bool {
        match self.state {
            State::Revoked(revocation) => revocation.invalid_since.is_some_and(|since| since <= at),
            State::Good | State::Unknown => false,
        }
    }
}

pub(super) fn report(
    claim: &Claim<'_>,
    at: Timestamp,
    problem: Option<String>,
) -> RevocationReport {
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
        problem,
    }
}

/// The report where no answer speaks: nothing is known, for `problem`, unless nobody need ask.
pub(super) fn silent(is_exempt: bool, problem: String) -> RevocationReport {
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

pub(super) fn name(kind: RevocationKind) -> &'static str {
    match kind {
        RevocationKind::Crl => "list",
        RevocationKind::DeltaCrl => "delta list",
        RevocationKind::NoCheck | RevocationKind::Ocsp => "OCSP answer",
    }
}
