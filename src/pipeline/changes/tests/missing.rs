//! Objects that are missing, and a vault that is.

use std::{
    fs,
    path::{Path, PathBuf},
};

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

impl House {
    /// The files of a share's objects, the mail's last.
    fn objects(&self, share: ShareId) -> Vec<PathBuf> {
        let [.., last] = share.as_bytes();
        let mut entries = vec![self.directory.path().join(format!("objects/{last:02x}/{share}"))];
        let mut files = Vec::new();
        while let Some(path) = entries.pop() {
            if path.is_dir() {
                entries.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                files.push(path);
            }
        }
        let is_mail = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("mail"))
        };
        files.sort_by_key(is_mail);
        files
    }

    /// The pauses of all that failed are over.
    async fn try_again(&mut self) {
        for (at, _) in self.todo.retries.0.values_mut() {
            *at = Instant::now();
        }
        let stopping = self.stopping.clone();
        self.look_through(&stopping).await;
    }
}

/// A link to itself stands for what the disk does not give.
fn hurt(path: &Path) {
    fs::remove_file(path).unwrap();
    std::os::unix::fs::symlink(path, path).unwrap();
}

/// What the disk does not give of one share (a damaged sector, a file that a restore has given to somebody
/// else) keeps no other from being judged again, and is gone without when it fails once more.
#[tokio::test]
async fn an_object_that_cannot_be_read_holds_up_no_other_share() {
    let mut house = House::new(RevocationPolicy::Require).await;
    house.accept_time(0);
    house.list(60, None);
    let older = house.send().await;
    house.pipeline.clock.set(moment(1));
    let newer = house.send().await;
    house.follow().await;
    house.objects(newer).iter().for_each(|path| hurt(path));
    house.todo.trust = false;
    house.list(DAY, Some(-DAY));
    let stopping = house.stopping.clone();
    house.look_through(&stopping).await;
    assert_eq!(house.verdict(older).await, Verdict::Invalid);
    assert_eq!(house.verdict(newer).await, Verdict::Verified, "it is tried again");
    house.try_again().await;
    let row = house.row(newer).await;
    assert_eq!((row.verdict, why(&row)), (Verdict::Undetermined, Some("copy")));
}

/// What of a share cannot be read.
#[derive(Clone, Copy)]
enum Spoilt {
    Mail,
    Objects,
    /// A sealed value: table and column.
    Value(&'static str, &'static str),
}

/// The rest of the share tells what becomes of it.
#[tokio::test]
async fn what_cannot_be_read_for_good_is_gone_without() {
    let (invalid, undetermined) = (Verdict::Invalid, Verdict::Undetermined);
    for (what, spoilt, revoked, unchanged) in [
        ("the mail", Spoilt::Mail, invalid, Verdict::Verified),
        ("mail and copies", Spoilt::Objects, undetermined, undetermined),
        ("the records", Spoilt::Value("shares", "sealed_records"), invalid, undetermined),
        ("the details", Spoilt::Value("shares", "sealed_details"), invalid, undetermined),
        ("its key", Spoilt::Value("data_keys", "wrapped"), undetermined, undetermined),
        ("a document", Spoilt::Value("documents", "sealed_details"), invalid, undetermined),
    ] {
        for (is_revoked, expected) in [(true, revoked), (false, unchanged)] {
            let mut house = House::new(RevocationPolicy::Require).await;
            house.accept_time(0);
            house.list(60, None);
            let share = house.send().await;
            house.follow().await;
            match spoilt {
                Spoilt::Mail => hurt(house.objects(share).last().unwrap()),
                Spoilt::Objects => house.objects(share).iter().for_each(|path| hurt(path)),
                Spoilt::Value(table, column) => {
                    house.pipeline.archive.store().spoil(table, column).await;
                }
            }
            if is_revoked {
                house.list(DAY, Some(-DAY));
            } else {
                house.trust_another();
            }
            house.todo = Todo::new();
            let stopping = house.stopping.clone();
            house.look_through(&stopping).await;
            assert_eq!(house.verdict(share).await, Verdict::Verified, "{what}: a fault may pass");
            house.try_again().await;
            assert_eq!(house.verdict(share).await, expected, "{what}, revoked: {is_revoked}");
            assert!(house.todo.retries.0.is_empty(), "{what}: it came to an end");
        }
    }
}

/// So many are the disk's fault: they wait until it must have been mounted.
#[tokio::test]
async fn where_many_shares_cannot_be_read_they_are_worth_no_less_at_once() {
    let mut house = House::new(RevocationPolicy::Require).await;
    house.accept_time(0);
    house.list(60, None);
    let mut shares = Vec::new();
    for second in 0..8 {
        house.pipeline.clock.set(moment(second));
        shares.push(house.send().await);
    }
    house.follow().await;
    for share in &shares {
        house.objects(*share).iter().for_each(|path| hurt(path));
    }
    house.trust_another();
    house.todo = Todo::new();
    for _ in 0..7 {
        house.try_again().await;
        for share in &shares {
            assert_eq!(house.verdict(*share).await, Verdict::Verified);
        }
    }
    for _ in 0..3 {
        house.try_again().await;
    }
    for share in &shares {
        assert_eq!(house.verdict(*share).await, Verdict::Undetermined);
    }
}
