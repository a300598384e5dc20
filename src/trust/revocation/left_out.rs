//! What is known of a certificate whose issuer is not.

use std::cmp::Reverse;

use super::{
    Answering, RevocationError, RevocationStore, StatusRecord,
    claim::{By, Claim, report, silent},
    list::List,
    listed::Listed,
    parts::State,
    record::Basis,
};
use crate::{
    algorithms::Policy,
    domain::{RevocationReport, RevocationSource, Timestamp},
    trust::Certificate,
};

impl RevocationStore {
    /// What is known of a certificate that is judged for `at` where nobody can be asked, for its issuer
    /// is not known: that it was revoked then, or else that its key was in other hands; failing both,
    /// what is remembered for it.
    ///
    /// What is remembered was proved once. Lists and answers at hand that name the issuer cannot be
    /// proved now; they were when they were fetched, so they count against it, and for it only in so
    /// far as they end a suspension before the moment. What `policy` refuses ends none and clears nobody:
    /// of what cannot be proved, by what its algorithm names. Whatever revokes is to be remembered, for
    /// this moment or another, with what ends a suspension.
    #[must_use]
    pub fn without_issuer(
        &self,
        certificate: &Certificate,
        at: Timestamp,
        answering: Answering,
        policy: &Policy,
    ) -> (RevocationReport, Vec<StatusRecord>) {
        let records = || self.all_records_of(certificate);
        let mut claims: Vec<_> = records().map(StatusRecord::claim).collect();
        claims.extend(self.named_lists(certificate).chain(self.named_answers(certificate)));
        claims.extend(self.continued(certificate));
        let is_over = |claim: &Claim<'_>| {
            let lifts =
                |other: &Claim<'_>| other.lifts(claim, at) && check(other, policy, at).is_ok();
            claim.is_suspension() && claims.iter().any(lifts)
        };
        let counting = || claims.iter().filter(|claim| !is_over(claim));
        let speaks = |claim: &&Claim<'_>| match claim.state {
            State::Good => claim.speaks_for(at, answering) && check(claim, policy, at).is_ok(),
            State::Revoked(_) => check(claim, policy, at).is_ok(),
            State::Unknown => false,
        };
        // Of what was said by a name nobody knows whose word it was.
        let was_proved = |claim: &&Claim<'_>| {
            matches!(claim.by, By::Record(_)) && !claim.is_by_name_of(certificate)
        };
        let known = counting()
            .find(|claim| claim.ended_by(at))
            .or_else(|| counting().find(|claim| claim.revoked_by(at).is_some()))
            .or_else(|| counting().find(|claim| claim.was_compromised_by(at)))
            .or_else(|| counting().filter(|one| was_proved(one)).find(speaks));
        let nobody = || {
            let mut problem = "its issuer is not known, so that nobody can be asked".to_owned();
            let refused = |claim: &Claim<'_>| check(claim, policy, at).err();
            if let Some(error) = counting().filter(was_proved).find_map(refused) {
                problem = format!("{problem}; what is remembered is not used: {error}");
            }
            silent(false, problem)
        };
        let report = known.map_or_else(nobody, |claim| report(claim, at, None));
        (report, to_remember(&claims, certificate, (at, policy)))
    }

    /// What the lists of the issuer's name say: whatever revokes, and what may end a suspension.
    fn named_lists<'a>(
        &'a self,
        certificate: &'a Certificate,
    ) -> impl Iterator<Item = Claim<'a>> + 'a {
        self.listed_by_name(certificate).filter_map(|listed| {
            let claim = listed.claim(certificate).ok()?;
            let counts = claim.state != State::Good || self.may_clear(listed, certificate);
            counts.then_some(claim)
        })
    }

    /// What a full list revokes, as of a delta list that continues it and says nothing of its own: what was
    /// said in between ends no suspension.
    fn continued<'a>(
        &'a self,
        certificate: &'a Certificate,
    ) -> impl Iterator<Item = Claim<'a>> + 'a {
        let revoking = move |list: &List| {
            self.listed_by_name(certificate)
                .filter(|full| list.continues(full.list))
                .filter_map(|full| full.claim(certificate).ok())
                .filter(|claim| claim.state.revokes())
                .collect::<Vec<_>>()
        };
        let silent = self.listed_by_name(certificate).filter(|listed| {
            listed.list.is_delta() && !listed.list.lists(certificate.serial_octets())
        });
        silent.flat_map(move |listed| {
            let List { this_update, next_update, .. } = *listed.list;
            let by = By::List(listed.list);
            revoking(listed.list).into_iter().map(move |claim| Claim {
                this_update,
                next_update,
                by,
                ..claim
            })
        })
    }

    fn listed_by_name<'a>(
        &'a self,
        certificate: &'a Certificate,
    ) -> impl Iterator<Item = Listed<'a>> + 'a {
        let listed = self.lists().map(|(list, origin)| {
            let source = RevocationSource::Cache;
            Listed { list, origin, source }
        });
        listed.filter(|listed| listed.list.issuer.is_named(certificate.issuer_der()))
    }

    /// By what is asked where the issuer is known. A delta list clears those alone that it names: no
    /// key tells whose its silence is.
    fn may_clear(&self, listed: Listed<'_>, certificate: &Certificate) -> bool {
        let list = listed.list;
        let clears = if list.is_delta() {
            let continues = |full: Listed<'_>| {
                list.continues(full.list) && listed.check_parts(&full, certificate).is_ok()
            };
            list.lists(certificate.serial_octets())
                && self.listed_by_name(certificate).any(continues)
        } else {
            listed.may_clear(certificate).is_ok()
        };
        clears
            && list.may_be_by_issuer_of(certificate)
            && list.tells_all(certificate.not_after()).is_ok()
    }

    fn named_answers<'a>(
        &'a self,
        certificate: &'a Certificate,
    ) -> impl Iterator<Item = Claim<'a>> + 'a {
        self.answers().flat_map(|answer| {
            let own = answer.singles.iter().filter(|single| {
                single.is_about_by_name(certificate)
                    && single.check(certificate, answer.produced_at).is_ok()
            });
            own.map(|single| Claim::answered(single, answer, RevocationSource::Cache))
        })
    }
}

/// What is remembered by the name of the issuer, with what is remembered already; nothing where that is
/// all.
fn to_remember(
    claims: &[Claim<'_>],
    certificate: &Certificate,
    (at, policy): (Timestamp, &Policy),
) -> Vec<StatusRecord> {
    let at_hand = |claim: &&Claim<'_>| !matches!(claim.by, By::Record(_));
    let mut counting: Vec<&Claim<'_>> = Vec::new();
    let mut revoking: Vec<_> =
        claims.iter().filter(at_hand).filter(|claim| claim.state.revokes()).collect();
    revoking.sort_by_key(|claim| Reverse(claim.this_update));
    for claim in revoking {
        // Each new list says the same again.
        if !counting.iter().any(|known| known.state == claim.state) {
            counting.push(claim);
        }
    }
    // The first that ends a suspension ends it for every later moment.
    for suspension in claims.iter().filter(|claim| claim.is_suspension()) {
        let ends = |claim: &&Claim<'_>| {
            claim.state == State::Good
                && claim.is_of_part
                && claim.this_update > suspension.this_update
                && check(claim, policy, at).is_ok()
        };
        let end = claims.iter().filter(ends).min_by_key(|claim| claim.this_update);
        counting.extend(end.filter(at_hand));
    }
    let by_name = |claim: &Claim<'_>| {
        StatusRecord::by_name(claim, certificate, named(claim).into_iter().collect())
    };
    let fresh: Vec<_> = counting.into_iter().map(by_name).collect();
    let records = || {
        claims.iter().filter_map(|claim| match claim.by {
            By::Record(record) => Some(record),
            By::Answer(_) | By::Continuation(..) | By::List(_) => None,
        })
    };
    if fresh.iter().all(|new| records().any(|known| known == new)) {
        return Vec::new();
    }
    let is_repeated = |known: &&StatusRecord| {
        known.is_by_name(certificate) && fresh.iter().any(|new| new.repeats(known))
    };
    records().filter(|known| !is_repeated(known)).chain(&fresh).cloned().collect()
}

/// Whether `policy` accepts, for `at`, what is known of what the claim was proved by.
fn check(claim: &Claim<'_>, policy: &Policy, at: Timestamp) -> Result<(), RevocationError> {
    match (claim.by, named(claim)) {
        (By::Record(record), _) => record.check(policy, at),
        (_, Some(Basis { used, made_at })) => Ok(policy.check(&used, at.max(made_at))?),
        (_, None) => Err(RevocationError::Unexplained),
    }
}

/// What a list or an answer at hand rests on besides a key that is not known.
fn named(claim: &Claim<'_>) -> Option<Basis> {
    let (used, made_at) = match claim.by {
        By::Answer(answer) => (answer.named(), answer.produced_at),
        By::List(list) | By::Continuation(list, _) => (list.named(), list.this_update),
        By::Record(_) => return None,
    };
    Some(Basis { used: used.ok()?, made_at })
}
