//! Objects that are missing, and a vault that is.

use std::fs;

use super::{remains::why, *};

/// The vault is there, and the share's objects are not: a restore without them.
#[tokio::test]
async fn a_share_whose_objects_are_missing_is_judged_again_until_they_are_back() {
    let mut house = House::new(RevocationPolicy::Require).await;
    house.list(60, None);
    let (one, other) = (house.send().await, house.send().await);
    house.follow().await;
    let [.., last] = one.as_bytes();
    let objects = house.directory.path().join(format!("objects/{last:02x}/{one}"));
    let hidden = house.directory.path().join("hidden");
    fs::rename(&objects, &hidden).unwrap();
    house.trust_another();
    house.follow().await;
    let row = house.row(one).await;
    assert_eq!((row.verdict, why(&row)), (Verdict::Undetermined, Some("copy")));
    assert_eq!(house.verdict(other).await, Verdict::Verified);

    fs::rename(&hidden, &objects).unwrap();
    house.trust(house.root());
    house.follow().await;
    assert_eq!(house.verdict(one).await, Verdict::Verified);
}

/// A vault that is not there says nothing of any share.
#[tokio::test]
async fn while_the_vault_is_away_no_share_is_worth_less() {
    let mut house = House::new(RevocationPolicy::Prefer).await;
    let share = house.send().await;
    let [objects, hidden] = ["objects", "hidden"].map(|name| house.directory.path().join(name));
    fs::rename(&objects, &hidden).unwrap();
    fs::create_dir(&objects).unwrap();
    house.trust_another();
    house.todo.trust = true;
    assert!(!house.look_through(&house.stopping.clone()).await);
    assert_eq!(house.verdict(share).await, Verdict::Verified);
    assert_eq!(house.todo.retries.pause(Instant::now()), None, "it is no matter of this share");
}

/// A mail of which one branch is away is tried again and again.
#[test]
fn a_share_that_an_earlier_try_kept_is_looked_at_once() {
    let (outdated, share) = (Outdated::default(), ShareId::from_bytes([1; 16]));
    for expected in [1, 0, 0] {
        outdated.add_once(share);
        assert_eq!(outdated.take().len(), expected);
    }
}
