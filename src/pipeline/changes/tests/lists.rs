//! Claims about what a trust list says of an authority below a root of the trust directory.

use super::*;
use crate::trust::{
    CertificateUse, ServiceExtensions, ServiceKind, ServiceStatus, TrustList, TrustService,
};

/// A provider below the root, a seal by it, and nothing revoked.
struct Provider {
    certificate: Certificate,
    seal: Signer,
}

impl House {
    fn provider(&mut self) -> Provider {
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let mut provider = self.authority.subordinate(validity).unwrap();
        let seal = provider.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        let mut store = RevocationStore::empty();
        for authority in [&provider, &self.authority] {
            let validity = Validity::days(moment(60), 30);
            store.add(&authority.revocation_list(1, &[], validity).unwrap()).unwrap();
        }
        self.revocation.send_replace(Arc::new(store));
        Provider { certificate: Certificate::parse(provider.certificate()).unwrap(), seal }
    }

    async fn sealed_by(&self, provider: &Provider) -> ShareId {
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, moment(0));
        self.send_all(vec![copy.attached(&provider.seal, moment(0)).unwrap()]).await
    }
}

/// A list with these services, each granted for a month, and withdrawn ten days ago if it says so.
pub(super) fn list(sequence: u64, services: &[(&Certificate, bool)]) -> TrustList {
    let service = |(certificate, is_granted): &(&Certificate, bool)| {
        let mut history = vec![ServiceStatus::new(moment(-30 * DAY), true)];
        if !is_granted {
            history.push(ServiceStatus::new(moment(-10 * DAY), false));
        }
        TrustService {
            kind: ServiceKind::QualifiedAuthority,
            provider: "Тестовий надавач".to_owned(),
            name: "Тестова послуга".to_owned(),
            certificates: vec![Certificate::clone(certificate)],
            key_ids: Vec::new(),
            subjects: Vec::new(),
            history,
            list: None,
        }
    };
    TrustList {
        territory: "UA".to_owned(),
        sequence,
        issued_at: moment(-9 * DAY),
        next_update: Some(moment(90 * DAY)),
        services: services.iter().map(service).collect(),
        problems: Vec::new(),
    }
}

#[tokio::test]
async fn what_a_list_withdrew_is_not_given_back_when_the_list_is_lost() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        for (is_granted, verdict) in [(true, Verdict::Verified), (false, Verdict::Undetermined)] {
            let mut house = House::new(policy).await;
            let provider = house.provider();
            let of = [(&provider.certificate, is_granted)];
            let with_list = house.root().with_list(list(8, &of));
            house.trust(with_list.clone());
            let share = house.sealed_by(&provider).await;
            assert_eq!(house.verdict(share).await, verdict, "{policy:?}, granted: {is_granted}");
            let issue = Some(("UA".to_owned(), 8));
            for (what, lost) in [
                ("damaged", house.root().with_lost_list(issue.clone())),
                ("damaged, and nobody knows which it was", house.root().with_lost_list(None)),
                ("damaged beside an older one", {
                    let older = list(7, &[(&provider.certificate, true)]);
                    house.root().with_list(older).with_lost_list(issue)
                }),
                ("gone", house.root()),
            ] {
                house.trust(lost.in_place_of(&with_list));
                house.follow().await;
                let then = house.verdict(share).await;
                assert_eq!(then, Verdict::Undetermined, "{policy:?}, {what}");
                let new = house.sealed_by(&provider).await;
                assert_eq!(house.verdict(new).await, Verdict::Undetermined, "{policy:?}, {what}");
            }
            house.trust(with_list);
            house.follow().await;
            assert_eq!(house.verdict(share).await, verdict, "the list is there again");
        }
    }
}

/// An authority may publish several lists for its country, each with numbers of its own.
#[tokio::test]
async fn what_one_list_of_a_country_withdrew_another_does_not_give_back_by_a_higher_number() {
    for (withdrawing, other) in [(7, 8), (8, 7), (7, 7)] {
        let mut house = House::new(RevocationPolicy::Require).await;
        let provider = house.provider();
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let elsewhere = Authority::root(Seed::from([9; 32]), validity).unwrap();
        let elsewhere = Certificate::parse(elsewhere.certificate()).unwrap();
        let lists = [
            list(withdrawing, &[(&provider.certificate, false)]),
            list(other, &[(&elsewhere, true)]),
        ];
        house.trust(lists.into_iter().fold(house.root(), TrustStore::with_list));
        let share = house.sealed_by(&provider).await;
        let verdict = house.verdict(share).await;
        assert_eq!(verdict, Verdict::Undetermined, "issue {withdrawing} beside {other}");
    }
}

/// One key may have a service for signatures and one for seals.
#[tokio::test]
async fn what_is_withdrawn_for_signatures_is_not_given_back_for_seals() {
    let both = [CertificateUse::Signatures, CertificateUse::Seals];
    for (withdrawn, person, seal) in [
        (None, Verdict::Verified, Verdict::Verified),
        (Some(CertificateUse::Signatures), Verdict::Undetermined, Verdict::Verified),
        (Some(CertificateUse::Seals), Verdict::Verified, Verdict::Undetermined),
    ] {
        let mut house = House::new(RevocationPolicy::Require).await;
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let mut provider = house.authority.subordinate(validity).unwrap();
        let signers = [Subject::Person, Subject::Organisation]
            .map(|subject| provider.signer(subject, KeyAlgorithm::P256, validity).unwrap());
        let mut store = RevocationStore::empty();
        let term = Validity::days(moment(60), 30);
        store.add(&provider.revocation_list(1, &[], term).unwrap()).unwrap();
        house.revocation.send_replace(Arc::new(store));
        let listed = Certificate::parse(provider.certificate()).unwrap();
        let services = both.map(|used| (&listed, withdrawn != Some(used)));
        let mut list = list(7, &services);
        for (service, used) in list.services.iter_mut().zip(both) {
            for status in &mut service.history {
                status.extensions =
                    ServiceExtensions { uses: vec![used], ..ServiceExtensions::default() };
            }
        }
        house.trust(TrustStore::empty().with_list(list));
        for (n, (signer, verdict)) in (1..).zip(signers.iter().zip([person, seal])) {
            let copy = Copy::new(&"birth-certificate".parse().unwrap(), n, moment(0));
            let share = house.send_all(vec![copy.attached(signer, moment(0)).unwrap()]).await;
            assert_eq!(house.verdict(share).await, verdict, "{withdrawn:?}, signer {n}");
        }
    }
}
