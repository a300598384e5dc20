//! What an installation trusts: certificates, and the algorithms that prove something.

mod said;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

pub(crate) use self::said::{Question, Said};
use super::{Certificate, TrustList, TrustService};
use crate::{
    algorithms,
    domain::{Sha256, Timestamp},
};

/// The certificates of the trust directory and the authorities of its trust lists, and the
/// algorithm policy that everything is judged by.
///
/// Each is trusted by being there: an authority for what it issues (its `basicConstraints` must
/// say that it is one), any other certificate for what it signs itself.
#[derive(Clone, Debug)]
pub struct TrustStore {
    algorithms: Arc<algorithms::Policy>,
    certificates: Vec<Certificate>,
    fingerprints: BTreeSet<Sha256>,
    services: Vec<TrustService>,
    /// Trusted by a list alone.
    listed: BTreeSet<Sha256>,
    lists: Vec<ListIssue>,
    /// What issues that do not count have withdrawn, now or for a time.
    withdrawn: Vec<TrustService>,
    /// Lists that are there and cannot be used: country and number, where they are known.
    lost: BTreeSet<Option<(String, u64)>>,
    expects_list: bool,
    /// Of what is held, once somebody asks.
    digest: OnceLock<Sha256>,
}

/// Which issue of a trust list is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListIssue {
    /// Where it was fetched from, if it was.
    pub url: Option<String>,
    /// The country.
    pub territory: String,
    /// The number of the issue.
    pub sequence: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the next is due.
    pub next_update: Option<Timestamp>,
    /// How many seconds after `next_update` it still counts.
    pub grace_seconds: i64,
}

impl ListIssue {
    /// A week.
    pub const GRACE_SECONDS: i64 = 7 * 86_400;

    /// Whether the next issue is overdue at `at`. Of a closed list none follows.
    #[must_use]
    pub fn is_overdue_at(&self, at: Timestamp) -> bool {
        self.next_update.is_some_and(|next| at > next)
    }

    /// Whether it is so long overdue that it says nothing for `at` any more.
    #[must_use]
    pub fn is_outdated_at(&self, at: Timestamp) -> bool {
        self.outdated_at(at).is_some()
    }

    /// That it is so long overdue that it says nothing for `at` any more.
    #[must_use]
    pub fn outdated_at(&self, at: Timestamp) -> Option<OutdatedList> {
        let next_update = self.next_update?;
        (at > next_update.plus_seconds(self.grace_seconds)).then(|| OutdatedList {
            territory: self.territory.clone(),
            sequence: self.sequence,
            issued_at: self.issued_at,
            next_update,
            at,
        })
    }
}

/// A list that is too long overdue to say anything for a moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the trust list of {territory}, issue {sequence} of {issued_at}, was to be replaced by \
     {next_update} and says nothing for {at}"
)]
pub struct OutdatedList {
    territory: String,
    sequence: u64,
    issued_at: Timestamp,
    next_update: Timestamp,
    at: Timestamp,
}

impl TrustStore {
    /// Trusts these certificates, each once.
    #[must_use]
    pub fn new(certificates: Vec<Certificate>) -> Self {
        let mut store = Self::empty();
        for certificate in certificates {
            if store.fingerprints.insert(certificate.sha256()) {
                store.certificates.push(certificate);
            }
        }
        store
    }

    /// Judges by this algorithm policy in place of the one that is built in.
    #[must_use]
    pub fn with_algorithms(mut self, policy: Arc<algorithms::Policy>) -> Self {
        self.algorithms = policy;
        self.changed()
    }

    /// The policy itself, to be shared.
    #[must_use]
    pub fn policy(&self) -> &Arc<algorithms::Policy> {
        &self.algorithms
    }

    /// Which algorithms prove something, and until when.
    #[must_use]
    pub fn algorithms(&self) -> &algorithms::Policy {
        &self.algorithms
    }

    /// Knows these services of trust lists, and trusts the certificates of those that are
    /// [anchors](TrustService::is_anchor).
    #[must_use]
    pub fn with_services(mut self, services: Vec<TrustService>) -> Self {
        let anchors = services.iter().filter(|service| service.is_anchor());
        for certificate in anchors.flat_map(|service| &service.certificates) {
            if self.fingerprints.insert(certificate.sha256()) {
                self.listed.insert(certificate.sha256());
                self.certificates.push(certificate.clone());
            }
        }
        self.services.extend(services);
        self.changed()
    }

    /// Knows the services of this list. The caller has verified it.
    #[must_use]
    pub fn with_list(self, list: TrustList) -> Self {
        self.with_list_from(list, None)
    }

    /// The same for one that was fetched from `url`.
    #[must_use]
    pub fn with_list_from(mut self, list: TrustList, url: Option<String>) -> Self {
        let TrustList { territory, sequence, issued_at, next_update, mut services, .. } = list;
        let grace_seconds = ListIssue::GRACE_SECONDS;
        let issue = ListIssue { url, territory, sequence, issued_at, next_update, grace_seconds };
        for service in &mut services {
            service.list = Some(issue.clone());
        }
        self.lists.push(issue);
        self.expects_list = true;
        self.with_services(services).by_newest_issues()
    }

    /// Knows that there is a list, of this country and number if they are known, that cannot be used.
    /// Where they are not, any list at hand may be an older issue of it, and none grants anything.
    #[must_use]
    pub fn with_lost_list(mut self, issue: Option<(String, u64)>) -> Self {
        self.lost.insert(issue);
        self.expects_list = true;
        self.by_newest_issues()
    }

    /// Of several issues of one country's list the newest alone says what is granted, whether it can
    /// be used or not: what it leaves out or withdraws an older one beside it does not give back.
    /// What the older one has withdrawn, now or for a time, stays so unless the newest names it.
    fn by_newest_issues(mut self) -> Self {
        let all: Vec<(String, u64)> = self
            .lists
            .iter()
            .map(|list| (list.territory.clone(), list.sequence))
            .chain(self.lost.iter().flatten().cloned())
            .collect();
        let is_known = !self.lost.contains(&None);
        let is_newest = |list: &ListIssue| {
            is_known
                && !all.iter().any(|(territory, sequence)| {
                    *territory == list.territory && *sequence > list.sequence
                })
        };
        self.lists.retain(is_newest);
        let (services, older) = self
            .services
            .into_iter()
            .partition(|service| service.list.as_ref().is_none_or(is_newest));
        self.services = services;
        self.withdrawn.extend(older.into_iter().filter(TrustService::was_withdrawn));
        let anchors = self.services.iter().filter(|service| service.is_anchor());
        let anchors: BTreeSet<Sha256> =
            anchors.flat_map(|service| &service.certificates).map(Certificate::sha256).collect();
        self.listed.retain(|listed| {
            let stays = anchors.contains(listed);
            if !stays {
                self.fingerprints.remove(listed);
            }
            stays
        });
        self.certificates.retain(|certificate| self.fingerprints.contains(&certificate.sha256()));
        self.changed()
    }

    /// The newer issue of the same country's list because of which this one grants nothing.
    #[must_use]
    pub fn newer_issue(&self, list: &TrustList) -> Option<u64> {
        let used = self.lists.iter().map(|list| (&list.territory, list.sequence));
        let unusable = self.lost.iter().flatten();
        let unusable = unusable.map(|(territory, sequence)| (territory, *sequence));
        let mut of_country = used.chain(unusable).filter(|(of, _)| **of == list.territory);
        of_country.find(|(_, sequence)| *sequence > list.sequence).map(|(_, sequence)| sequence)
    }

    /// Lets every list count for so many seconds after its next issue was due.
    #[must_use]
    pub fn with_grace(mut self, grace_seconds: i64) -> Self {
        let of_services = self.services.iter_mut().filter_map(|service| service.list.as_mut());
        for list in self.lists.iter_mut().chain(of_services) {
            list.grace_seconds = grace_seconds;
        }
        self.changed()
    }

    /// A trust list belongs to this installation, whether one can be used now or not.
    #[must_use]
    pub fn expecting_list(mut self) -> Self {
        self.expects_list = true;
        self.changed()
    }

    /// The same in place of `old`: by its algorithm policy, and what that expected is expected still.
    #[must_use]
    pub fn in_place_of(mut self, old: &Self) -> Self {
        self.algorithms = Arc::clone(&old.algorithms);
        self.expects_list |= old.expects_list;
        self.changed()
    }

    /// Whether a trust list belongs to this installation: it has one, or is set up for one. What a
    /// list narrows stays narrow while it is stale or missing.
    #[must_use]
    pub fn expects_list(&self) -> bool {
        self.expects_list
    }

    /// Whether what its list says is old or missing at `at`: the next issue of some country's
    /// newest list is overdue, or there is none where one is expected.
    #[must_use]
    pub fn lacks_list_at(&self, at: Timestamp) -> bool {
        let is_newest = |list: &&ListIssue| {
            let mut same = self.lists.iter().filter(|other| other.territory == list.territory);
            !same.any(|other| other.issued_at > list.issued_at)
        };
        let mut newest = self.lists.iter().filter(is_newest);
        self.is_without_list() || newest.any(|list| list.is_overdue_at(at))
    }

    /// Whether a list is at hand, or was, that cannot be used.
    #[must_use]
    pub fn has_lost_list(&self) -> bool {
        !self.lost.is_empty()
    }

    /// Whether a list that belongs to this installation cannot be used.
    fn is_without_list(&self) -> bool {
        !self.lost.is_empty() || (self.expects_list && self.lists.is_empty())
    }

    /// Trusts what `other` trusts as well.
    #[must_use]
    pub fn merged(mut self, other: Self) -> Self {
        for certificate in other.certificates {
            let sha256 = certificate.sha256();
            let is_listed = other.listed.contains(&sha256);
            if self.fingerprints.insert(sha256) {
                self.certificates.push(certificate);
                if is_listed {
                    self.listed.insert(sha256);
                }
            } else if !is_listed {
                self.listed.remove(&sha256);
            }
        }
        self.services.extend(other.services);
        self.withdrawn.extend(other.withdrawn);
        self.lists.extend(other.lists);
        self.lost.extend(other.lost);
        self.expects_list |= other.expects_list;
        self.by_newest_issues()
    }

    /// The list that was issued last.
    #[must_use]
    pub fn newest_list(&self) -> Option<&ListIssue> {
        self.lists.iter().max_by_key(|list| list.issued_at)
    }

    /// The services of the trust lists.
    #[must_use]
    pub fn services(&self) -> &[TrustService] {
        &self.services
    }

    /// Trusts nobody, and the algorithms of the policy that is built in.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            algorithms: algorithms::Policy::built_in(),
            certificates: Vec::new(),
            fingerprints: BTreeSet::new(),
            services: Vec::new(),
            listed: BTreeSet::new(),
            lists: Vec::new(),
            withdrawn: Vec::new(),
            lost: BTreeSet::new(),
            expects_list: false,
            digest: OnceLock::new(),
        }
    }

    /// The number of certificates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether nothing is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// What was told of it before no longer holds.
    fn changed(mut self) -> Self {
        self.digest = OnceLock::new();
        self
    }

    /// Tells stores apart by which judgements may differ: other certificates, other services or
    /// statuses of theirs, another issue of their list, another algorithm policy.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        *self.digest.get_or_init(|| {
            let [services, withdrawn] = [&self.services, &self.withdrawn].map(|services| {
                services.iter().map(|service| format!("{service:?}")).collect::<BTreeSet<_>>()
            });
            let all = (
                &self.fingerprints,
                &self.listed,
                services,
                withdrawn,
                !self.lists.is_empty(),
                &self.lost,
                self.expects_list,
                &self.algorithms,
            );
            Sha256::of(format!("{all:?}").as_bytes())
        })
    }

    /// The certificates in the order given.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether this very certificate is trusted.
    #[must_use]
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.fingerprints.contains(&certificate.sha256())
    }

    /// Whether it is trusted because a trust list names it, and for no other reason.
    #[must_use]
    pub fn is_listed(&self, certificate: &Certificate) -> bool {
        self.listed.contains(&certificate.sha256())
    }
}

impl Default for TrustStore {
    fn default() -> Self {
        Self::empty()
    }
}
