//! Claims about shares that passed when the algorithm policy changes.

use super::*;
use crate::{algorithms::Policy, domain::FindingCode};

impl House {
    /// Gives out a list made at this second, signed by ecdsa-with-SHA384 as nothing else is.
    fn list_with_sha384(&self, from: i64) {
        let list = self.authority.revocation_list(1, &[], Validity::days(moment(from), 7)).unwrap();
        let mut store = RevocationStore::clone(&self.revocation.borrow());
        store.add(&self.authority.with_sha384(&list)).unwrap();
        self.revocation.send_replace(Arc::new(store));
    }
}

/// Whoever finds a copy of the share that comes again to be unproved is not shown the first as proved.
#[tokio::test]
async fn what_a_refused_list_cleared_is_cleared_no_more() {
    for (policy, verdict) in [
        (RevocationPolicy::Require, Verdict::Undetermined),
        (RevocationPolicy::Prefer, Verdict::Verified),
    ] {
        for is_forgotten in [false, true] {
            let what = format!("{policy:?}, forgotten: {is_forgotten}");
            let mut house = House::new(policy).await;
            house.list_with_sha384(60);
            let share = house.send().await;
            assert_eq!(house.verdict(share).await, Verdict::Verified, "{what}");
            assert!(house.wanted_since().is_empty(), "{what}");
            let strict = Policy::built_in_but(&[("SHA-384", "2020-01-01")]);
            house.trust(house.root().with_algorithms(strict));
            if is_forgotten {
                house.revocation.send_replace(Arc::default());
            }
            house.follow().await;
            let row = house.row(share).await;
            assert_eq!(row.verdict, verdict, "{what}");
            let is_told = |code| row.findings.iter().any(|finding| finding.code == code);
            assert!(is_told(FindingCode::RevocationUnchecked) || verdict != Verdict::Verified);
            assert_eq!(house.wanted_since(), [0], "{what}: the authority is asked again");
            house.list(120, None);
            house.follow().await;
            assert_eq!(house.verdict(share).await, Verdict::Verified, "{what}, and it answers");
            assert!(house.wanted_since().is_empty(), "{what}");
        }
    }
}

/// The mail is destroyed with the copy that nobody asked for, and the verdict stays. What it says of the
/// signer does not.
#[tokio::test]
async fn what_is_cleared_no_more_is_told_when_the_mail_is_gone_too() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    house.list_with_sha384(60);
    let at = moment(0);
    let copy = Copy::new(&"birth-certificate".parse().unwrap(), 1, at);
    let other = Copy::new(&"internal-passport".parse().unwrap(), 2, at);
    let attachments = vec![copy.attached(&house.signer, at).unwrap(), other.unsigned()];
    let share = house.send_all(attachments).await;
    house.pipeline.clock.set(moment(31 * DAY));
    let Pipeline { archive, metrics, clock, .. } = house.pipeline.clone();
    crate::pipeline::tests::purge(archive, metrics, clock).await;
    let before = house.row(share).await;
    let unchecked = |row: &ShareRow| {
        let all = row.findings.iter();
        all.filter(|finding| finding.code == FindingCode::RevocationUnchecked).count()
    };
    assert_eq!((before.verdict, unchecked(&before)), (Verdict::Verified, 0));
    let strict = Policy::built_in_but(&[("SHA-384", "2020-01-01")]);
    house.trust(house.root().with_algorithms(strict));
    for _ in 0..2 {
        house.follow().await;
        let row = house.row(share).await;
        assert_eq!((row.verdict, row.assurance), (before.verdict, before.assurance));
        assert_eq!(unchecked(&row), 1, "{:?}", row.findings);
        assert_eq!(house.wanted_since().first(), Some(&0), "the authority is asked again");
        house.todo.trust = true;
        house.todo.waiting = true;
    }
    house.list(120, None);
    house.follow().await;
    let row = house.row(share).await;
    assert_eq!((row.verdict, unchecked(&row)), (Verdict::Verified, 0));
    assert_eq!(row.findings, before.findings);
}
