//! Claims about mails that stay unsettled beside settled ones, and about damaged ones.

use super::*;

const LATER: u32 = u32::MAX;

/// A spool whose closed first segment has six mails, of which these are settled.
async fn six_mails(settled: &[u32]) -> (Place, Spool) {
    let place = Place::new();
    append_in_turn(&place.open(), 1..=6).await;
    let spool = place.open();
    assert_eq!(place.segments().len(), 2, "the second one is active");
    for n in settled {
        spool.settle(id(*n)).await.unwrap();
    }
    (place, spool)
}

/// Changes a byte in the body of a mail.
fn damage(place: &Place, segment: &Path, n: u32) -> std::ops::Range<usize> {
    let mut bytes = fs::read(segment).unwrap();
    let records = scan(&bytes).records;
    let found = records.iter().find(|record| record.id == id(n)).unwrap();
    let Content::Mail { length, .. } = found.content else { panic!("a mail comes first") };
    let begin = usize::try_from(found.offset).unwrap();
    bytes[begin + 44 + 30] ^= 1;
    fs::write(segment, bytes).unwrap();
    assert!(segment.starts_with(place.path()));
    begin..begin + 44 + usize::try_from(length).unwrap()
}

#[tokio::test]
async fn an_old_unsettled_mail_does_not_hold_its_settled_neighbours() {
    let (place, spool) = six_mails(&[1, 2, 4, 5]).await;
    let old = place.segments().remove(0);
    assert_eq!(spool.begin_attempt(id(3)).await.unwrap(), 1);
    spool.compact(moment(LATER)).await.unwrap();
    assert!(!place.segments().contains(&old));
    assert_eq!(offered(&spool).await, [3, 6]);
    drop(spool);
    let spool = place.open();
    let first = spool.next().await;
    assert_eq!((first.id, first.attempts), (id(3), 1), "attempts are counted on");
    assert_eq!(spool.read(id(3)).await.unwrap().message, message(3));
    for n in [3, 6] {
        spool.settle(id(n)).await.unwrap();
    }
    drop(spool);
    assert!(offered(&place.open()).await.is_empty());
}

#[tokio::test]
async fn young_mails_and_segments_that_are_mostly_unsettled_stay_where_they_are() {
    let (place, spool) = six_mails(&[1, 2, 4, 5]).await;
    let before = place.segments();
    // Mail 6 is not older than itself.
    spool.compact(moment(6)).await.unwrap();
    assert_eq!(place.segments(), before);

    let (place, spool) = six_mails(&[1, 2]).await;
    let before = place.segments();
    spool.compact(moment(LATER)).await.unwrap();
    assert_eq!(place.segments(), before);
}

#[tokio::test]
async fn a_mail_in_hand_is_moved_without_being_offered_again() {
    let (_place, spool) = six_mails(&[1, 2, 4, 5]).await;
    assert_eq!(spool.next().await.id, id(3));
    spool.compact(moment(LATER)).await.unwrap();
    assert_eq!(spool.read(id(3)).await.unwrap().message, message(3));
    assert_eq!(offered(&spool).await, [6]);
    spool.release(id(3));
    assert_eq!(offered(&spool).await, [3]);
}

#[tokio::test]
async fn a_damaged_mail_is_set_aside_and_holds_no_neighbour() {
    let (place, spool) = six_mails(&[1, 2, 5, 6]).await;
    let old = place.segments().remove(0);
    let original = fs::read(&old).unwrap();
    let stretch = damage(&place, &old, 3);
    spool.compact(moment(LATER)).await.unwrap();
    assert!(!place.segments().contains(&old));
    assert_eq!(offered(&spool).await, [4]);
    assert!(place.metrics.render().contains("skrynka_spool_damaged_total 1\n"));

    let aside = fs::read(old.with_extension("damaged")).unwrap();
    assert_eq!(aside[..HEADERS], original[..HEADERS]);
    assert!(aside[HEADERS..stretch.start].iter().all(|byte| *byte == 0), "no neighbour is in it");
    assert_eq!(aside.len(), stretch.end);
    let mut repaired = aside;
    repaired[stretch.start + 44 + 30] ^= 1;
    assert_eq!(repaired[stretch.clone()], original[stretch]);

    // Repaired and given its old name, it is found again.
    drop(spool);
    fs::write(&old, repaired).unwrap();
    let spool = place.open();
    assert_eq!(offered(&spool).await, [3, 4]);
}

#[tokio::test]
async fn a_key_that_is_set_aside_opens_no_settled_neighbour() {
    let (place, spool) = six_mails(&[1, 2, 5, 6]).await;
    let old = place.segments().remove(0);
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    fs::hard_link(&old, &link).unwrap();
    damage(&place, &old, 3);
    fault::take_notes();
    spool.compact(moment(LATER)).await.unwrap();
    assert!(old.with_extension("damaged").exists());
    assert!(place.files("free").is_empty(), "the file is not written again");
    assert!(fs::read(&link).unwrap().iter().all(|byte| *byte == 0));

    // One that an earlier program kept to be written again.
    let free = old.with_extension("free");
    drop(spool);
    fs::write(&free, [1; 8192]).unwrap();
    fs::hard_link(&free, elsewhere.path().join("free")).unwrap();
    let _spool = place.open();
    assert!(!free.exists());
    let left = fs::read(elsewhere.path().join("free")).unwrap();
    assert!(left.iter().all(|byte| *byte == 0));
}

#[tokio::test]
async fn a_copy_is_on_the_disk_before_what_it_was_made_of_is_destroyed() {
    let (place, spool) = six_mails(&[1, 2, 4, 5]).await;
    let old = place.segments().remove(0);
    let before = fs::read(&old).unwrap();
    spool.compact(moment(LATER)).await.unwrap();
    drop(spool);
    let copy = place.segments().pop().unwrap();
    // The crash came before the old segment was drained, and perhaps before the copy was synced.
    fs::write(&old, before).unwrap();
    fault::take_notes();
    let _spool = place.open();
    let done = fault::take_notes();
    let when = |step: (fault::Point, &Path)| {
        done.iter().position(|(point, path)| (*point, &**path) == step).unwrap()
    };
    assert!(when((fault::Point::SyncKept, &copy)) < when((fault::Point::SyncErased, &old)));
}

#[tokio::test]
async fn what_is_set_aside_at_start_has_a_durable_name_before_its_segment_is_destroyed() {
    let (place, spool) = six_mails(&[1, 2, 4, 5, 6]).await;
    drop(spool);
    let old = place.segments().remove(0);
    damage(&place, &old, 3);
    fault::take_notes();
    let _spool = place.open();
    let done = fault::take_notes();
    let named = (fault::Point::SyncMade, old.with_extension("damaged"));
    let erased = (fault::Point::SyncErased, old);
    let when = |step| done.iter().position(|found| *found == step).unwrap();
    assert!(when(named) < when(erased));
}

#[tokio::test]
async fn damage_found_at_start_is_counted_and_set_aside_once() {
    let (place, spool) = six_mails(&[]).await;
    drop(spool);
    let old = place.segments().remove(0);
    let stretch = damage(&place, &old, 3);
    for _ in 0..2 {
        let spool = place.open();
        assert_eq!(offered(&spool).await, [1, 2, 4, 5, 6]);
        assert!(place.metrics.render().contains("skrynka_spool_damaged_total 1\n"));
    }
    let kept = fs::read(old.with_extension("damaged")).unwrap();
    assert_eq!(kept[stretch.clone()], fs::read(&old).unwrap()[stretch]);
}

#[tokio::test]
async fn a_mail_that_was_being_moved_at_a_crash_is_there_once_and_stays_settled() {
    let (place, spool) = six_mails(&[1, 2, 4, 5]).await;
    let old = place.segments().remove(0);
    let before = fs::read(&old).unwrap();
    spool.compact(moment(LATER)).await.unwrap();
    drop(spool);
    // The crash came before the old segment was drained.
    fs::write(&old, before).unwrap();
    let spool = place.open();
    assert_eq!(offered(&spool).await, [3, 6]);
    assert!(!place.segments().contains(&old));
    spool.settle(id(3)).await.unwrap();
    drop(spool);
    assert_eq!(offered(&place.open()).await, [6]);
}

#[tokio::test]
async fn without_space_nothing_is_moved_and_nothing_is_lost() {
    let (mut place, spool) = six_mails(&[1, 2, 4, 5]).await;
    drop(spool);
    place.settings.reserve_bytes = u64::MAX;
    let spool = place.open();
    let error = spool.compact(moment(LATER)).await.unwrap_err();
    assert!(matches!(error, SpoolError::Full { .. }));
    assert_eq!(offered(&spool).await, [3, 6]);
}
