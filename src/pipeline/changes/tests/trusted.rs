//! Claims about certificates that are trusted themselves, and that their authority has revoked.

use super::*;
use crate::{
    domain::FindingCode,
    sample::{sign, time_stamp},
};

impl House {
    /// A time-stamping unit's certificate by the authority.
    fn unit(&mut self) -> Signer {
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        self.authority.signer(Subject::TimeStamping, KeyAlgorithm::P256, validity).unwrap()
    }

    /// Gives out a list of a minute after the receipt that revokes these.
    fn list_of(&self, revoked: &[(&Signer, i64)]) {
        let revoked = revoked.iter().map(|(signer, since)| Revoked {
            signer,
            since: moment(*since),
            compromised: None,
        });
        let revoked: Vec<_> = revoked.collect();
        let validity = Validity::days(moment(60), 7);
        let list = self.authority.revocation_list(1, &revoked, validity).unwrap();
        let mut store = RevocationStore::clone(&self.revocation.borrow());
        store.add(&list).unwrap();
        self.revocation.send_replace(Arc::new(store));
    }

    async fn has_reserve(&self, share: ShareId) -> bool {
        let row = self.row(share).await;
        row.findings.iter().any(|finding| finding.code == FindingCode::RevocationUnchecked)
    }
}

fn certificate(signer: &Signer) -> Certificate {
    Certificate::parse(signer.certificate()).unwrap()
}

/// What its issuer said is not undone by taking trust away from the issuer.
#[tokio::test]
async fn what_was_said_of_a_trusted_signer_stays_when_its_issuer_is_not_trusted_any_more() {
    let revoked = (Some((-10 * DAY, None)), Verdict::Invalid);
    let compromised = (Some((DAY, Some(-10 * DAY))), Verdict::Undetermined);
    let later = (Some((DAY, Some(DAY / 2))), Verdict::Verified);
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        for (said, verdict) in [revoked, compromised, later] {
            let mut house = House::new(policy).await;
            let alone = TrustStore::new(vec![certificate(&house.signer)]);
            house.trust(house.root().merged(alone.clone()));
            let share = house.send().await;
            house.list_of(&[]);
            house.pipeline.clock.set(moment(2 * DAY));
            house.list_with(2 * DAY, said);
            house.follow().await;
            assert_eq!(house.verdict(share).await, verdict, "{policy:?}, {said:?}");
            house.trust(alone);
            house.follow().await;
            assert_eq!(house.verdict(share).await, verdict, "{policy:?}, {said:?}");
        }
    }
}

/// What is revoked between the time-stamp and the receipt is so for the receipt, when the time-stamp
/// proves nothing any more and the list is lost.
#[tokio::test]
async fn a_revocation_of_a_paths_end_after_the_time_stamp_is_not_forgotten() {
    let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
    let month = Validity::days(moment(60), 30);
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        // The signer is trusted itself, or its authority is by a list.
        for is_signer in [true, false] {
            let mut house = House::new(policy).await;
            let mut provider = house.authority.subordinate(validity).unwrap();
            let seal = provider.signer(Subject::Organisation, KeyAlgorithm::P256, validity);
            let seal = seal.unwrap();
            let mut other = Authority::root(Seed::from([9; 32]), validity).unwrap();
            let unit = other.signer(Subject::TimeStamping, KeyAlgorithm::P256, validity).unwrap();
            let mut own = RevocationStore::empty();
            own.add(&other.revocation_list(1, &[], month).unwrap()).unwrap();
            let as_signer = provider.as_signer().unwrap();
            let (ended, by, base) = if is_signer {
                let trusted = TrustStore::new(vec![certificate(&house.signer)]);
                (&house.signer, &house.signer, trusted)
            } else {
                own.add(&provider.revocation_list(1, &[], month).unwrap()).unwrap();
                let listed = Certificate::parse(provider.certificate()).unwrap();
                let list = lists::list(1, &[(&listed, true)]);
                (&as_signer, &seal, TrustStore::empty().with_list(list))
            };
            let stamps = TrustStore::new(read_certificates(other.certificate()).unwrap());
            house.trust(base.clone().merged(stamps));
            let mut both = own.clone();
            let revoked = Revoked { signer: ended, since: moment(-5 * DAY), compromised: None };
            let list =
                house.authority.revocation_list(1, &[revoked], Validity::days(moment(-DAY), 7));
            both.add(&list.unwrap()).unwrap();
            house.revocation.send_replace(Arc::new(both));
            let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, moment(0));
            let at = moment(-15 * DAY);
            let inner = sign::attached(copy.content(), by, at).unwrap();
            let content = time_stamp::stamped(&inner, &unit, at).unwrap();
            let attached = copy.attached(by, moment(0)).unwrap();
            let share = house.send_all(vec![Attachment { content, ..attached }]).await;
            house.revocation.send_replace(Arc::new(own));
            house.follow().await;
            house.trust(base);
            house.follow().await;
            assert_ne!(house.verdict(share).await, Verdict::Verified, "{policy:?} {is_signer}");
        }
    }
}

/// Whose issuer was not known is revoked by a list of its name; then the issuer is trusted too, or
/// instead, and the list is lost.
#[tokio::test]
async fn what_was_said_by_the_name_of_an_issuer_stays_when_it_becomes_known() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        let mut house = House::new(policy).await;
        let alone = TrustStore::new(vec![certificate(&house.signer)]);
        house.trust(alone.clone());
        house.list(60, Some(-10 * DAY));
        let share = house.send().await;
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{policy:?}");
        house.revocation.send_replace(Arc::default());
        for (what, trust) in [
            ("too", house.root().merged(alone.clone())),
            ("instead", house.root()),
            ("no more", alone),
        ] {
            house.trust(trust);
            house.follow().await;
            assert_eq!(house.verdict(share).await, Verdict::Invalid, "{policy:?}, {what}");
        }

        // An authority at the end of the path.
        let mut house = House::new(policy).await;
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let mut provider = house.authority.subordinate(validity).unwrap();
        let seal = provider.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        let listed = Certificate::parse(provider.certificate()).unwrap();
        house.trust(TrustStore::empty().with_list(lists::list(1, &[(&listed, true)])));
        let mut own = RevocationStore::empty();
        own.add(&provider.revocation_list(1, &[], Validity::days(moment(60), 30)).unwrap())
            .unwrap();
        let mut both = own.clone();
        let provider = provider.as_signer().unwrap();
        let revoked = Revoked { signer: &provider, since: moment(-5 * DAY), compromised: None };
        let validity = Validity::days(moment(-DAY), 7);
        both.add(&house.authority.revocation_list(1, &[revoked], validity).unwrap()).unwrap();
        house.revocation.send_replace(Arc::new(both));
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, moment(0));
        let share = house.send_all(vec![copy.attached(&seal, moment(0)).unwrap()]).await;
        assert_eq!(house.verdict(share).await, Verdict::Undetermined, "{policy:?}, listed");
        house.revocation.send_replace(Arc::new(own));
        house.trust(house.root());
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Undetermined, "{policy:?}, by its root");

        // A time-stamping unit, which dates a revoked signer back.
        let mut house = House::new(policy).await;
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let mut other = Authority::root(Seed::from([9; 32]), validity).unwrap();
        let unit = other.signer(Subject::TimeStamping, KeyAlgorithm::P256, validity).unwrap();
        let alone = house.root().merged(TrustStore::new(vec![certificate(&unit)]));
        house.trust(alone.clone());
        house.list(60, Some(-DAY));
        let of_signer = house.revocation.borrow().clone();
        let revoked = Revoked { signer: &unit, since: moment(-20 * DAY), compromised: None };
        let list = other.revocation_list(1, &[revoked], Validity::days(moment(60), 7)).unwrap();
        let mut store = RevocationStore::clone(&of_signer);
        store.add(&list).unwrap();
        house.revocation.send_replace(Arc::new(store));
        let at = moment(-15 * DAY);
        let signed = sign::attached(copy.content(), &house.signer, at).unwrap();
        let content = time_stamp::stamped(&signed, &unit, at).unwrap();
        let attached = copy.attached(&house.signer, moment(0)).unwrap();
        let share = house.send_all(vec![Attachment { content, ..attached }]).await;
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{policy:?}, unit");
        house.revocation.send_replace(of_signer);
        let issuer = read_certificates(other.certificate()).unwrap();
        house.trust(alone.merged(TrustStore::new(issuer)));
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{policy:?}, issuer of the unit");
    }
}

/// Of a time-stamping unit a compromise that reaches back before the time-stamp takes the proof away.
#[tokio::test]
async fn what_was_said_of_a_trusted_unit_stays_when_its_issuer_is_not_trusted_any_more() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        let mut house = House::new(policy).await;
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let mut other = Authority::root(Seed::from([9; 32]), validity).unwrap();
        let unit = other.signer(Subject::TimeStamping, KeyAlgorithm::P256, validity).unwrap();
        let alone = house.root().merged(TrustStore::new(vec![certificate(&unit)]));
        let issuer = read_certificates(other.certificate()).unwrap();
        house.trust(alone.clone().merged(TrustStore::new(issuer)));
        let give_out = |house: &House, from: i64, revoked: Option<Revoked<'_>>| {
            let validity = Validity::days(moment(from), 7);
            let list = other.revocation_list(1, revoked.as_slice(), validity).unwrap();
            let mut store = RevocationStore::clone(&house.revocation.borrow());
            store.add(&list).unwrap();
            house.revocation.send_replace(Arc::new(store));
        };
        // The signer is revoked a day before the receipt; a time-stamp says that it signed earlier.
        house.list(60, Some(-DAY));
        give_out(&house, 60, None);
        let at = moment(-15 * DAY);
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, moment(0));
        let signed = sign::attached(copy.content(), &house.signer, at).unwrap();
        let content = time_stamp::stamped(&signed, &unit, at).unwrap();
        let attached = copy.attached(&house.signer, moment(0)).unwrap();
        let share = house.send_all(vec![Attachment { content, ..attached }]).await;
        assert_eq!(house.verdict(share).await, Verdict::Verified, "{policy:?}");
        house.pipeline.clock.set(moment(2 * DAY));
        let compromised = Some(moment(-20 * DAY));
        let revoked = Revoked { signer: &unit, since: moment(DAY), compromised };
        give_out(&house, 2 * DAY, Some(revoked));
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{policy:?}");
        house.trust(alone);
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{policy:?}, unit alone");
    }
}

#[tokio::test]
async fn a_signer_in_the_trust_directory_is_asked_about_where_its_issuer_is_known() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        let unchecked = match policy {
            RevocationPolicy::Prefer => Verdict::Verified,
            RevocationPolicy::Require => Verdict::Undetermined,
        };
        for (what, issuer_is_known, revoked, then) in [
            ("revoked", true, Some(-10 * DAY), Verdict::Invalid),
            ("good", true, None, Verdict::Verified),
            ("nobody can be asked", false, None, unchecked),
            ("who issued it says so", false, Some(-10 * DAY), Verdict::Invalid),
        ] {
            let mut house = House::new(policy).await;
            let signer = TrustStore::new(vec![certificate(&house.signer)]);
            house.trust(if issuer_is_known { house.root().merged(signer) } else { signer });
            let share = house.send().await;
            assert_eq!(house.verdict(share).await, unchecked, "{policy:?}, {what}");
            let reserve = policy == RevocationPolicy::Prefer;
            assert_eq!(house.has_reserve(share).await, reserve, "{policy:?}, {what}");
            let asked = if issuer_is_known { vec![0] } else { Vec::new() };
            assert_eq!(house.wanted_since(), asked, "{policy:?}, {what}");
            house.list(60, revoked);
            house.follow().await;
            assert_eq!(house.verdict(share).await, then, "{policy:?}, {what}");
            let still_unchecked = reserve && !issuer_is_known && revoked.is_none();
            assert_eq!(house.has_reserve(share).await, still_unchecked, "{policy:?}, {what}");
        }
    }
}

/// A thief leaves the issuer's certificate out of what he sends.
#[tokio::test]
async fn who_is_revoked_is_so_whether_his_issuer_is_brought_or_left_out() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        let mut house = House::new(policy).await;
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let mut provider = house.authority.subordinate(validity).unwrap();
        let signer = provider.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        let unit = provider.signer(Subject::TimeStamping, KeyAlgorithm::P256, validity).unwrap();
        let trusted = TrustStore::new(vec![certificate(&signer), certificate(&unit)]);
        house.trust(house.root().merged(trusted));
        let revoked = |signer| Revoked { signer, since: moment(-10 * DAY), compromised: None };
        let mut store = RevocationStore::empty();
        for (authority, revoked) in
            [(&provider, vec![revoked(&signer), revoked(&unit)]), (&house.authority, Vec::new())]
        {
            let validity = Validity::days(moment(60), 7);
            store.add(&authority.revocation_list(1, &revoked, validity).unwrap()).unwrap();
        }
        house.revocation.send_replace(Arc::new(store));
        let sealed = |n, signer: &Signer, unit: Option<&Signer>| {
            let copy = Copy::new(&"birth-certificate".parse().unwrap(), n, moment(0));
            let attached = copy.attached(signer, moment(0)).unwrap();
            let Some(unit) = unit else { return attached };
            let at = moment(-20 * DAY);
            let content = sign::attached(copy.content(), signer, at).unwrap();
            Attachment { content: time_stamp::stamped(&content, unit, at).unwrap(), ..attached }
        };
        let mut copies = vec![sealed(1, &signer, None), sealed(2, &signer, Some(&unit))];
        let (signer, unit) = (signer.without_chain(), unit.without_chain());
        copies.extend([sealed(3, &signer, None), sealed(4, &signer, Some(&unit))]);
        for (what, copy) in
            ["brought", "brought, stamped", "left out", "left out, stamped"].into_iter().zip(copies)
        {
            let share = house.send_all(vec![copy]).await;
            assert_eq!(house.verdict(share).await, Verdict::Invalid, "{policy:?}, {what}");
            // The cache is lost, and trust changes.
            let known = house.revocation.send_replace(Arc::default());
            let trust = TrustStore::clone(&house.trust.borrow());
            house.trust(trust.expecting_list());
            house.follow().await;
            let then = house.verdict(share).await;
            assert_eq!(then, Verdict::Invalid, "{policy:?}, {what}, and the cache is lost");
            house.revocation.send_replace(known);
        }
    }
}

/// An authority that has changed its key publishes the whole list by each.
#[tokio::test]
async fn what_another_key_of_the_issuer_said_takes_no_news_away() {
    for another_first in [false, true] {
        let mut house = House::new(RevocationPolicy::Require).await;
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let another = Authority::root(Seed::from([9; 32]), validity).unwrap();
        let both = TrustStore::new(read_certificates(another.certificate()).unwrap());
        house.trust(house.root().merged(both));
        house.list(60, None);
        let share = house.send().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified);
        house.pipeline.clock.set(moment(DAY));
        let revoked = [Revoked { signer: &house.signer, since: moment(-DAY), compromised: None }];
        let validity = Validity::days(moment(DAY), 7);
        let list = |key: &Authority| key.revocation_list(7, &revoked, validity).unwrap();
        let mut lists = [list(&house.authority), list(&another)];
        if another_first {
            lists.reverse();
        }
        for list in lists {
            let mut store = RevocationStore::clone(&house.revocation.borrow());
            store.add(&list).unwrap();
            house.revocation.send_replace(Arc::new(store));
            house.follow().await;
        }
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "another first: {another_first}");
    }
}

/// The list is late: it still grants a provider that its root has revoked.
#[tokio::test]
async fn a_listed_authority_that_its_root_has_revoked_is_in_doubt() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        let mut house = House::new(policy).await;
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let mut provider = house.authority.subordinate(validity).unwrap();
        let seal = provider.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        let listed = Certificate::parse(provider.certificate()).unwrap();
        house.trust(house.root().with_list(lists::list(1, &[(&listed, true)])));
        let mut store = RevocationStore::empty();
        let validity = Validity::days(moment(60), 7);
        store.add(&provider.revocation_list(1, &[], validity).unwrap()).unwrap();
        let (share, copy) = {
            house.revocation.send_replace(Arc::new(store.clone()));
            let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, moment(0));
            (house.send_all(vec![copy.attached(&seal, moment(0)).unwrap()]).await, copy)
        };
        assert_eq!(house.verdict(share).await, Verdict::Verified, "{policy:?}");
        let provider = provider.as_signer().unwrap();
        let compromised = Some(moment(-12 * DAY));
        let provider = Revoked { signer: &provider, since: moment(-10 * DAY), compromised };
        store.add(&house.authority.revocation_list(2, &[provider], validity).unwrap()).unwrap();
        house.revocation.send_replace(Arc::new(store));
        let share = house.send_all(vec![copy.attached(&seal, moment(0)).unwrap()]).await;
        assert_eq!(house.verdict(share).await, Verdict::Undetermined, "{policy:?}");
        house.revocation.send_replace(Arc::default());
        house.trust(house.root().with_list(lists::list(2, &[(&listed, true)])));
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Undetermined, "{policy:?}, cache lost");
    }
}

/// The keys of a signer and of a time-stamping unit are stolen, both certificates are revoked, and
/// the thief dates back.
#[tokio::test]
async fn a_revoked_time_stamping_unit_that_is_trusted_itself_dates_nothing_back() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        for is_listed in [false, true] {
            for (unit_is_revoked, expected) in
                [(true, Verdict::Invalid), (false, Verdict::Verified)]
            {
                let mut house = House::new(policy).await;
                let unit = house.unit();
                let of_unit = if is_listed {
                    TrustStore::empty().with_services(vec![TrustService {
                        kind: ServiceKind::QualifiedTimeStamping,
                        provider: "Тестовий надавач".to_owned(),
                        name: "Тестова служба часу".to_owned(),
                        certificates: vec![certificate(&unit)],
                        key_ids: Vec::new(),
                        subjects: Vec::new(),
                        history: vec![ServiceStatus::new(moment(-30 * DAY), true)],
                        list: None,
                    }])
                } else {
                    TrustStore::new(vec![certificate(&unit)])
                };
                house.trust(house.root().merged(of_unit));
                let mut revoked = vec![(&house.signer, -10 * DAY)];
                if unit_is_revoked {
                    revoked.push((&unit, -5 * DAY));
                }
                house.list_of(&revoked);
                let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, moment(0));
                let at = moment(-15 * DAY);
                let signed = sign::attached(copy.content(), &house.signer, at).unwrap();
                let content = time_stamp::stamped(&signed, &unit, at).unwrap();
                let attachment =
                    Attachment { content, ..copy.attached(&house.signer, moment(0)).unwrap() };
                let share = house.send_all(vec![attachment]).await;
                let what = format!("{policy:?}, listed {is_listed}, revoked {unit_is_revoked}");
                assert_eq!(house.verdict(share).await, expected, "{what}");
            }
        }
    }
}

/// An authority that changes its keys has a certificate under its own name by the key before (RFC 5280
/// §3.2): who made it may revoke it as any other.
#[tokio::test]
async fn a_trusted_authority_is_revoked_by_the_key_that_it_had_before() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        let mut house = House::new(policy).await;
        let validity = Validity { from: moment(-30 * DAY), to: moment(300 * DAY) };
        let mut before = house.authority.subordinate(validity).unwrap();
        let mut after = before.subordinate(validity).unwrap();
        let seal = after.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        let listed = Certificate::parse(after.certificate()).unwrap();
        assert!(listed.is_self_issued() && !listed.is_self_signed());
        house.trust(house.root().with_list(lists::list(1, &[(&listed, true)])));
        let term = Validity::days(moment(60), 7);
        let who = after.as_signer().unwrap();
        let since = moment(-10 * DAY);
        let revoked = Revoked { signer: &who, since, compromised: Some(since) };
        let mut store = RevocationStore::empty();
        store.add(&after.revocation_list(1, &[], term).unwrap()).unwrap();
        store.add(&before.revocation_list(2, &[revoked], term).unwrap()).unwrap();
        house.revocation.send_replace(Arc::new(store));
        let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, moment(0));
        let share = house.send_all(vec![copy.attached(&seal, moment(0)).unwrap()]).await;
        assert_eq!(house.verdict(share).await, Verdict::Undetermined, "{policy:?}");
    }
}
