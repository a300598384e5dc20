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

/// What the disk does not give of one share (a damaged sector, a file that a restore has given to somebody
/// else) keeps no other from being judged again.
#[tokio::test]
async fn an_object_that_cannot_be_read_holds_up_no_other_share() {
    let mut house = House::new(RevocationPolicy::Require).await;
    house.accept_time(0);
    house.list(60, None);
    let older = house.send().await;
    house.pipeline.clock.set(moment(1));
    let newer = house.send().await;
    house.follow().await;
    // A link to itself stands for what the disk does not give.
    let [.., last] = newer.as_bytes();
    let mut entries = vec![house.directory.path().join(format!("objects/{last:02x}/{newer}"))];
    while let Some(path) = entries.pop() {
        if path.is_dir() {
            entries.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(&path, &path).unwrap();
        }
    }
    house.todo.trust = false;
    house.list(DAY, Some(-DAY));
    let stopping = house.stopping.clone();
    house.look_through(&stopping).await;
    assert_eq!(house.verdict(older).await, Verdict::Invalid);
    assert_eq!(house.verdict(newer).await, Verdict::Verified, "it is tried again");
}
