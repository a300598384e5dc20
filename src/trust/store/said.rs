//! What the trust lists say of a key.

use super::{OutdatedList, TrustStore};
use crate::{
    domain::Timestamp,
    trust::{Certificate, CertificateUse, Purpose, TrustService, qualification::own_use},
};

/// What is asked of the lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    /// What for. Of documents the services that issue certificates say something, of everything else
    /// those for time-stamps too.
    pub purpose: Purpose,
    /// What the signer's certificate is for, where that matters.
    pub used: Option<CertificateUse>,
    /// For which moment.
    pub at: Timestamp,
}

impl Question {
    /// What is asked on the path of `signer`.
    pub(crate) fn of(purpose: Purpose, signer: &Certificate, at: Timestamp) -> Self {
        let used = (purpose == Purpose::Document).then(|| own_use(signer));
        Self { purpose, used, at }
    }
}

/// What the lists say of the key of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// It may: a service is granted, or the trust directory vouches for this very certificate, whatever
    /// lists say.
    Granted,
    /// It may not: lists name it, and nothing that they grant is for what is asked.
    Withdrawn,
    /// Not known: no list names it, or none that is not long overdue, and one that may have withdrawn
    /// it cannot be used.
    Lost,
    /// Not known: the certificate is trusted by lists alone, and those that grant it are too long
    /// overdue. This one was due last.
    Overdue(OutdatedList),
    /// Nothing: whatever else vouches for it stands.
    Silent,
}

impl TrustStore {
    /// What the lists say, whichever certificate of the key is asked about.
    ///
    /// Withdrawn for a use is what was ever for it and is not granted now; a grant that names this use
    /// gives it back, and none that names no use or another. What an older issue has withdrawn counts
    /// where no service of the country's newest is for the use. A list that is too long overdue grants nothing,
    /// and what it had withdrawn stays so.
    pub(crate) fn said_of(&self, certificate: &Certificate, question: Question) -> Said {
        let Question { purpose, used, at } = question;
        let is_listed = self.is_listed(certificate);
        if self.contains(certificate) && !is_listed {
            return Said::Granted;
        }
        let is_own = |service: &&TrustService| {
            service.vouches_for(purpose) && service.has_key_of(certificate)
        };
        // A listed certificate is one of a name, which another's grant does not anchor.
        let counts = |service: &&TrustService| {
            is_own(service)
                && (!is_listed || service.has(certificate) || !service.is_granted_at(at))
        };
        let mut said: Vec<_> = self.services.iter().filter(counts).collect();
        let is_for = |service: &TrustService| {
            let uses = service.uses_at(at);
            uses.is_empty() || used.is_none_or(|used| uses.contains(&used))
        };
        let is_taken =
            |service: &TrustService| service.status_at(at).is_some() && !service.is_granted_at(at);
        let newest = said.clone();
        let is_silent = |older: &&TrustService| {
            // What begins only later says nothing of this moment.
            let is_said = |service: &&&TrustService| service.status_at(at).is_some();
            let mut own = newest.iter().filter(is_said);
            !own.any(|service| is_for(service) && service.is_of_country_of(older))
        };
        let older = self.withdrawn.iter().filter(is_own).filter(is_silent);
        said.extend(older.filter(|service| is_taken(service)));
        if said.is_empty() {
            return if self.is_without_list() { Said::Lost } else { Said::Silent };
        }
        if let Some(used) = used {
            let names = |service: &TrustService| {
                service.is_granted_at(at) && service.uses_at(at).contains(&used)
            };
            if said.iter().any(|service| is_taken(service) && is_for(service)) {
                said.retain(|service| names(service) || is_taken(service) && is_for(service));
            } else if said.iter().any(|service| names(service)) {
                said.retain(|service| service.is_granted_at(at) && is_for(service));
            }
        }
        let (granted, others): (Vec<_>, Vec<_>) =
            said.into_iter().partition(|service| service.is_granted_at(at));
        if granted.iter().any(|service| !service.is_outdated_at(at)) {
            return Said::Granted;
        }
        // Where one list withdraws a service and grants another, what it said was that it is granted.
        let is_answered =
            |service: &&TrustService| granted.iter().any(|other| other.list == service.list);
        let overdue = granted.iter().filter_map(|service| service.list.as_ref());
        match overdue.max_by_key(|list| list.next_update).and_then(|list| list.outdated_at(at)) {
            Some(list) if others.iter().all(is_answered) => {
                if self.is_without_list() {
                    Said::Lost
                } else if is_listed {
                    Said::Overdue(list)
                } else {
                    Said::Silent
                }
            }
            Some(_) | None => Said::Withdrawn,
        }
    }
}
