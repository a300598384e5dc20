//! Claims about a revocation that is said again after something else was said.

use super::*;
use crate::algorithms::Policy;

impl House {
    /// Takes one more list into the cache.
    fn add(&self, list: &[u8]) {
        let mut store = RevocationStore::clone(&self.revocation.borrow());
        store.add(list).unwrap();
        self.revocation.send_replace(Arc::new(store));
    }

    /// A list made at this second that revokes the signer's certificate since five days before.
    fn revoking(&self, from: i64) -> Vec<u8> {
        let revoked =
            [Revoked { signer: &self.signer, since: moment(-5 * DAY), compromised: None }];
        self.authority.revocation_list(1, &revoked, Validity::days(moment(from), 7)).unwrap()
    }

    fn suspending(&self, from: i64) -> Vec<u8> {
        self.authority.suspending(&self.revoking(from))
    }
}

/// The authority left it out of a list by mistake, or it was over and is in force again.
#[tokio::test]
async fn a_suspension_with_the_date_that_it_had_counts_when_it_comes_again() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        for is_at_once in [false, true] {
            let mut house = House::new(policy).await;
            house.accept_time(0);
            house.add(&house.suspending(-2 * DAY));
            house.follow().await;
            house.list(-DAY, None);
            house.follow().await;
            house.list(60, None);
            let share = house.send().await;
            assert_eq!(house.verdict(share).await, Verdict::Verified, "{policy:?}");
            if !is_at_once {
                house.follow().await;
            }
            house.accept_time(2 * 3600);
            house.add(&house.suspending(2 * 3600));
            house.follow().await;
            assert_ne!(house.verdict(share).await, Verdict::Verified, "{policy:?} {is_at_once}");
        }
    }
}

/// What the policy refuses revokes nobody, and is no reason to know it.
#[tokio::test]
async fn a_revocation_that_was_refused_counts_when_it_comes_by_another_algorithm() {
    for policy in [RevocationPolicy::Prefer, RevocationPolicy::Require] {
        let mut house = House::new(policy).await;
        let strict = Policy::built_in_but(&[("SHA-384", "2020-01-01")]);
        house.trust(house.root().with_algorithms(strict));
        house.accept_time(0);
        house.add(&house.authority.with_sha384(&house.revoking(-DAY)));
        house.list(60, None);
        let share = house.send().await;
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Verified, "{policy:?}");
        house.accept_time(2 * 3600);
        house.add(&house.revoking(2 * 3600));
        house.follow().await;
        assert_eq!(house.verdict(share).await, Verdict::Invalid, "{policy:?}");
    }
}
