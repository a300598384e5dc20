//! Claims about files that are written again.

use super::*;

/// Fills and settles a segment, so that its file is free.
async fn drain_one(spool: &Spool) {
    append_in_turn(spool, 1..=2).await;
    for n in 1..=2 {
        spool.settle(id(n)).await.unwrap();
    }
}

#[tokio::test]
async fn the_file_of_a_drained_segment_is_written_again() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    let first = fs::metadata(place.segments().remove(0)).unwrap();
    drain_one(&spool).await;
    assert_eq!(place.files("free").len(), 1);
    append_in_turn(&spool, 3..=4).await;
    assert_eq!(place.files("free").len(), 0);
    let last = fs::metadata(place.segments().pop().unwrap()).unwrap();
    assert_eq!(inode(&last), inode(&first));
    append_in_turn(&spool, 5..=5).await;
    assert_eq!(offered(&spool).await, [3, 4, 5]);
    drop(spool);
    assert_eq!(offered(&place.open()).await, [3, 4, 5]);
}

#[tokio::test]
async fn a_file_that_waits_to_be_written_again_has_lost_its_key() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    drain_one(&spool).await;
    let [free] = &place.files("free")[..] else { panic!("one file waits") };
    assert_drained(&fs::read(free).unwrap());
}

#[tokio::test]
async fn a_few_files_are_kept_also_over_a_restart() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    append_in_turn(&spool, 1..=10).await;
    for n in 1..=10 {
        spool.settle(id(n)).await.unwrap();
    }
    assert_eq!(place.files("free").len(), 2);
    drop(spool);
    // One of them is the active segment of the new start.
    let spool = place.open();
    assert_eq!((place.segments().len(), place.files("free").len()), (1, 1));
    append_in_turn(&spool, 11..=13).await;
    assert_eq!(place.files("free").len(), 0);
    drop(spool);
    assert_eq!(offered(&place.open()).await, [11, 12, 13]);
}

#[tokio::test]
async fn a_file_that_was_given_a_header_and_no_name_holds_nothing() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    append_in_turn(&spool, 1..=1).await;
    drop(spool);
    // The program ends between the header and the name of a file that is written again.
    let segment = place.segments().remove(0);
    fs::copy(&segment, place.path().join("000000000099.free")).unwrap();
    let spool = place.open();
    assert_eq!(offered(&spool).await, [1]);
    append_in_turn(&spool, 2..=4).await;
    drop(spool);
    assert_eq!(offered(&place.open()).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn the_file_of_an_abandoned_segment_is_not_written_again() {
    let place = Place::new();
    let (spool, mut writer, queue) = place.open_by_hand();
    let send = |n| {
        let spool = spool.clone();
        tokio::spawn(async move { spool.append(id(n), envelope(n), message(n)).await })
    };
    writer.replace_active_file(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let refused = send(1);
    task::yield_now().await;
    writer.serve_batch(&queue);
    assert!(refused.await.unwrap().is_err());
    let writer = thread::spawn(move || writer.run(&queue));
    spool.close_drained().await.unwrap();
    assert_eq!((place.segments().len(), place.files("free").len()), (0, 0));
    drop(spool);
    writer.join().unwrap();
}

#[tokio::test]
async fn files_that_wait_to_be_written_again_are_given_up_when_space_is_short() {
    let mut place = Place::with_segments_of(472);
    let spool = place.open();
    drain_one(&spool).await;
    drop(spool);
    assert_eq!(place.files("free").len(), 1);
    place.settings.reserve_bytes = u64::MAX;
    let spool = place.open();
    assert_eq!(place.files("free").len(), 0);
    let error = spool.append(id(3), envelope(3), message(3)).await.unwrap_err();
    assert!(matches!(error, SpoolError::Full { .. }));
}

#[tokio::test]
async fn files_that_wait_to_be_written_again_count_as_room() {
    let place = Place::with_segments_of(1 << 20);
    let (spool, ..) = place.open_by_hand();
    spool.0.load.measured(10);
    assert_eq!(spool.free_bytes_seen(), 10);
    let mut pool = pool::Pool::new(place.path().to_owned(), 1 << 20, Arc::clone(&spool.0.load));
    let file = place.path().join("000000000099.free");
    fs::write(&file, [0; 4096]).unwrap();
    pool.adopt(file);
    assert_eq!(spool.free_bytes_seen(), 4106);
    assert!(pool.clear());
    assert_eq!(spool.free_bytes_seen(), 10);
}

fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}
