//! Claims about what the spool does when disk, key or power fail it.

use super::*;

#[tokio::test]
async fn a_failed_write_or_sync_refuses_its_mails_and_no_others() {
    // Writing to /dev/full fails; writing to /dev/null succeeds and syncing it fails.
    for (device, full) in [("/dev/full", true), ("/dev/null", false)] {
        let place = Place::new();
        let (spool, mut writer, queue) = place.open_by_hand();
        let send = |n| {
            let spool = spool.clone();
            tokio::spawn(async move { spool.append(id(n), envelope(n), message(n)).await })
        };
        let first = send(1);
        task::yield_now().await;
        writer.serve_batch(&queue);
        first.await.unwrap().unwrap();

        writer.replace_active_file(fs::OpenOptions::new().write(true).open(device).unwrap());
        let refused = [send(2), send(3)];
        task::yield_now().await;
        writer.serve_batch(&queue);
        for task in refused {
            let error = task.await.unwrap().unwrap_err();
            assert_eq!(matches!(error, SpoolError::Full { .. }), full, "{error:?}");
        }

        let writer = thread::spawn(move || writer.run(&queue));
        append(&spool, 4).await;
        assert_eq!(place.segments().len(), 2, "mail 4 is in a new segment");
        assert_eq!(offered(&spool).await, [1, 4]);
        spool.settle(id(1)).await.unwrap();
        assert_eq!(place.segments().len(), 1, "an abandoned segment goes with its last mail");
        drop(spool);
        writer.join().unwrap();
        assert_eq!(offered(&place.open()).await, [4]);
    }
}

#[tokio::test]
async fn the_last_commit_tells_whether_mail_is_kept_and_a_probe_proves_it_again() {
    for (device, outcome) in [("/dev/full", Outcome::Full), ("/dev/null", Outcome::Failed)] {
        let place = Place::new();
        let (spool, mut writer, queue) = place.open_by_hand();
        let commits = spool.commits();
        assert_eq!(commits.borrow().outcome, Outcome::Kept, "a segment was made");
        writer.replace_active_file(fs::OpenOptions::new().write(true).open(device).unwrap());
        let ask = || {
            let spool = spool.clone();
            tokio::spawn(async move { spool.probe().await })
        };
        let probe = ask();
        task::yield_now().await;
        writer.serve_batch(&queue);
        assert!(probe.await.unwrap().is_err(), "{device}");
        assert_eq!(commits.borrow().outcome, outcome);
        assert_eq!(place.segments().len(), 0, "an abandoned segment without mails goes");

        let probe = ask();
        task::yield_now().await;
        writer.serve_batch(&queue);
        probe.await.unwrap().unwrap();
        assert_eq!(commits.borrow().outcome, Outcome::Kept);
        assert_eq!(place.segments().len(), 1);
    }
}

#[tokio::test]
async fn a_probe_leaves_nothing_between_mails() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    for n in 1..=5 {
        spool.probe().await.unwrap();
        append(&spool, n).await;
        spool.probe().await.unwrap();
    }
    drop(spool);
    for segment in place.segments() {
        let found = scan(&fs::read(segment).unwrap());
        assert!(found.damaged.is_empty() && !found.torn, "{found:?}");
    }
    assert_eq!(offered(&place.open()).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_mail_sealed_for_an_abandoned_segment_is_refused() {
    let place = Place::new();
    let (spool, mut writer, queue) = place.open_by_hand();
    let send = |n| {
        let spool = spool.clone();
        tokio::spawn(async move { spool.append(id(n), envelope(n), message(n)).await })
    };
    let failing = send(1);
    task::yield_now().await;
    writer.replace_active_file(fs::OpenOptions::new().write(true).open("/dev/null").unwrap());
    let permit = spool.0.index.permit().unwrap();
    writer.serve_batch(&queue);
    assert!(failing.await.unwrap().is_err());

    let mail = SealedMail::seal(&permit.0, id(2), &envelope(2), message(2)).unwrap();
    let (answer, answered) = oneshot::channel();
    let queued = Queued::new(&spool.0.load);
    let request = Request::Append(Arrival { permit, mail, queued, answer });
    spool.0.queue.as_ref().unwrap().send(request).unwrap();
    writer.serve_batch(&queue);
    assert!(matches!(answered.await.unwrap(), Err(SpoolError::Abandoned { .. })));
    assert_eq!(place.segments().len(), 0, "nobody waits for the abandoned segment any more");
}

#[tokio::test]
async fn a_late_mail_still_comes_to_the_closed_segment_it_is_sealed_for() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    let permit = spool.0.index.permit().unwrap();
    append_in_turn(&spool, 1..=2).await;
    for n in 1..=2 {
        spool.settle(id(n)).await.unwrap();
    }
    assert_eq!(place.segments().len(), 2, "the first segment waits for the late mail");
    let mail = SealedMail::seal(&permit.0, id(3), &envelope(3), message(3)).unwrap();
    let queued = Queued::new(&spool.0.load);
    spool.ask(|answer| Request::Append(Arrival { permit, mail, queued, answer })).await.unwrap();
    assert_eq!(offered(&spool).await, [3]);
    drop(spool);
    let spool = place.open();
    assert_eq!(offered(&spool).await, [3]);
    spool.settle(id(3)).await.unwrap();
    assert_eq!(place.segments().len(), 1);
}

#[tokio::test]
async fn a_full_disk_refuses_new_mails_and_keeps_the_old_ones() {
    let mut place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    drop(spool);
    place.settings.reserve_bytes = u64::MAX;
    let spool = place.open();
    let error = spool.append(id(2), envelope(2), message(2)).await.unwrap_err();
    assert!(matches!(error, SpoolError::Full { free: Some(_), .. }));
    assert!(error.to_string().starts_with("no space for mails in"), "{error}");
    assert_eq!(offered(&spool).await, [1]);
    assert_eq!(spool.begin_attempt(id(1)).await.unwrap(), 1);
    spool.settle(id(1)).await.unwrap();
    assert_eq!(place.segments().len(), 0);
    assert!(spool.free_bytes().unwrap() > 0);
}

#[tokio::test]
async fn another_key_is_refused_and_no_byte_is_changed() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    append_in_turn(&spool, 1..=5).await;
    drop(spool);
    // With the right key, opening would remove the half-made segment and cut the torn tail.
    fs::write(place.path().join("000000000000.new"), [0; 4096]).unwrap();
    let last = place.segments().pop().unwrap();
    let torn = fs::read(&last).unwrap();
    fs::write(&last, &torn[..torn.len() - 1]).unwrap();
    let before = place.contents();

    let error = place.try_open(key_for("another")).unwrap_err();
    assert!(matches!(error, SpoolError::OtherKey { .. }));
    assert!(error.to_string().contains("another master key"), "{error}");
    assert_eq!(place.contents(), before);
    assert!(place.try_open(key()).is_ok());
}

#[tokio::test]
async fn another_format_is_refused_and_no_byte_is_changed() {
    let place = Place::new();
    append(&place.open(), 1).await;
    let path = place.segments().pop().unwrap();
    let whole = fs::read(&path).unwrap();
    for format in [2, 4] {
        let mut bytes = whole.clone();
        for copy in COPIES {
            let header = &mut bytes[copy];
            header[8] = format;
            let checksum = crc32c::crc32c(&header[..124]);
            header[124..].copy_from_slice(&checksum.to_le_bytes());
        }
        fs::write(&path, bytes).unwrap();
        let before = place.contents();

        let error = place.try_open(key()).unwrap_err();
        let expected = u32::from(format);
        assert!(matches!(error, SpoolError::OtherFormat { found, .. } if found == expected));
        assert_eq!(place.contents(), before);
    }
}

/// Damages both headers; done again, it repairs them.
fn bend_headers(segment: &mut [u8]) {
    for copy in COPIES {
        segment[copy.start + 40] ^= 1;
    }
}

#[tokio::test]
async fn a_segment_with_a_damaged_header_is_set_aside_and_hides_no_other() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    append_in_turn(&spool, 1..=4).await;
    drop(spool);
    let first = place.segments().remove(0);
    let mut bytes = fs::read(&first).unwrap();
    bend_headers(&mut bytes);
    fs::write(&first, &bytes).unwrap();

    let spool = place.open();
    assert_eq!(offered(&spool).await, [3, 4]);
    assert_eq!(fs::read(first.with_extension("damaged")).unwrap(), bytes);
    drop(spool);

    // Restored from a backup, it is found again.
    bend_headers(&mut bytes);
    fs::write(&first, &bytes).unwrap();
    fs::remove_file(first.with_extension("damaged")).unwrap();
    assert_eq!(offered(&place.open()).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_lost_sector_or_page_with_a_header_costs_no_mail() {
    let place = Place::new();
    let spool = place.open();
    append_in_turn(&spool, 1..=3).await;
    drop(spool);
    let path = place.segments().pop().unwrap();
    let bytes = fs::read(&path).unwrap();
    let mut counted = 0;
    for stretch in [0..1, 0..8, 20..36, 124..128, 0..512, 0..4096, 4096..4097, 4096..4224] {
        for value in [0, 0xff] {
            let mut damaged = bytes.clone();
            damaged[stretch.clone()].fill(value);
            fs::write(&path, damaged).unwrap();
            assert_eq!(offered(&place.open()).await, [1, 2, 3], "{value} at {stretch:?}");
            assert!(place.files("damaged").is_empty());
            counted += 1;
            let metric = format!("skrynka_spool_damaged_total {counted}\n");
            assert!(place.metrics.render().contains(&metric), "{value} at {stretch:?}");
        }
    }
}

#[tokio::test]
async fn lost_headers_are_not_erased_ones() {
    let place = Place::new();
    append(&place.open(), 1).await;
    let path = place.segments().pop().unwrap();
    let whole = fs::read(&path).unwrap();
    fs::write(path.with_extension("damaged"), b"an earlier one").unwrap();
    let (headers, all) = ((0..HEADERS, 0), (0..whole.len(), 0));
    for (n, (stretch, value)) in
        [headers, (0..HEADERS, 0xff), (40..4140, 0), all].into_iter().enumerate()
    {
        let mut bytes = whole.clone();
        bytes[stretch].fill(value);
        fs::write(&path, &bytes).unwrap();
        assert!(offered(&place.open()).await.is_empty());
        let aside = path.with_extension(format!("{}.damaged", n + 1));
        assert_eq!(fs::read(aside).unwrap(), bytes);
    }
    let metrics = place.metrics.render();
    assert!(metrics.contains("skrynka_spool_damaged_total 4\n"), "{metrics}");
    assert_eq!(fs::read(path.with_extension("damaged")).unwrap(), b"an earlier one");
}

/// The mails that are offered, by their numbers, whatever they say.
async fn offered_ids(spool: &Spool) -> Vec<MailId> {
    let mut ids = Vec::new();
    while let Ok(pending) = tokio::time::timeout(Duration::ZERO, spool.next()).await {
        ids.push(pending.id);
    }
    ids
}

#[tokio::test]
async fn a_page_that_cannot_be_read_costs_the_mail_in_it_and_no_start() {
    let place = Place::new();
    let spool = place.open();
    for n in 1..=3 {
        spool.append(id(n), envelope(n), vec![b'x'; 10_000]).await.unwrap();
    }
    drop(spool);
    let path = place.segments().pop().unwrap();
    let before = fs::read(&path).unwrap();

    fault::make_unreadable(Some((path.clone(), 0..4097)));
    let spool = place.open();
    assert!(offered_ids(&spool).await.is_empty());
    drop(spool);
    assert_eq!(fs::read(&path).unwrap(), before, "what has no readable header is left alone");
    assert!(place.metrics.render().contains("skrynka_spool_damaged_total 1\n"));

    fault::make_unreadable(Some((path.clone(), 16_500..16_501)));
    let spool = place.open();
    assert_eq!(offered_ids(&spool).await, [id(1), id(3)]);
    drop(spool);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(path.with_extension("damaged").exists());
    assert!(place.metrics.render().contains("skrynka_spool_damaged_total 2\n"));

    fault::make_unreadable(None);
    assert_eq!(offered_ids(&place.open()).await, [id(1), id(2), id(3)]);
}

/// The disk may give it again: a start later the mail is judged.
#[tokio::test]
async fn what_the_disk_does_not_give_now_is_not_destroyed() {
    let place = Place::new();
    let spool = place.open();
    append_in_turn(&spool, 1..=3).await;
    drop(spool);
    let path = place.segments().pop().unwrap();
    let at = scan(&fs::read(&path).unwrap()).records[1].offset;
    // All records, and the page with the second one and what is beside it.
    for stretch in [segment::FIRST_RECORD..100_000, at..at + 1] {
        fault::make_unreadable(Some((path.clone(), stretch.clone())));
        let spool = place.open();
        for id in offered_ids(&spool).await {
            spool.settle(id).await.unwrap();
        }
        spool.close_drained().await.unwrap();
        drop(spool);
        assert!(path.exists(), "{stretch:?}");
        fault::make_unreadable(None);
    }
    let left = offered_ids(&place.open()).await;
    assert!(left.contains(&id(2)), "{left:?}");
}

#[tokio::test]
async fn a_segment_that_cannot_be_opened_keeps_no_other_waiting() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    append_in_turn(&spool, 1..=4).await;
    drop(spool);
    let first = place.segments().remove(0);
    let hidden = place.path().join("hidden");
    fs::rename(&first, &hidden).unwrap();
    std::os::unix::fs::symlink("/nowhere", &first).unwrap();
    let spool = place.open();
    assert_eq!(offered(&spool).await, [3, 4]);
    assert!(place.metrics.render().contains("skrynka_spool_damaged_total 1\n"));
    drop(spool);
    fs::rename(&hidden, &first).unwrap();
    assert_eq!(offered(&place.open()).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn what_cannot_be_set_aside_is_not_destroyed() {
    let place = Place::new();
    let spool = place.open();
    append_in_turn(&spool, 1..=3).await;
    drop(spool);
    let path = place.segments().pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[HEADERS + 44 + 30] ^= 1;
    fs::write(&path, bytes).unwrap();
    // A directory in its place: the copy cannot be made.
    let aside = path.with_extension("damaged");
    fs::create_dir(&aside).unwrap();
    let spool = place.open();
    assert_eq!(offered(&spool).await, [2, 3]);
    for n in 2..=3 {
        spool.settle(id(n)).await.unwrap();
    }
    assert!(path.exists());
    fs::remove_dir(&aside).unwrap();
    spool.close_drained().await.unwrap();
    assert!(!path.exists());
    assert!(aside.is_file());
}

#[tokio::test]
async fn a_segment_that_was_being_removed_is_gone_after_a_restart() {
    let place = Place::new();
    append(&place.open(), 1).await;
    let path = place.segments().pop().unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    segment::erase(&file).unwrap();
    let spool = place.open();
    assert!(offered(&spool).await.is_empty());
    assert!(!place.segments().contains(&path));
    assert!(place.files("damaged").is_empty());
}

#[tokio::test]
async fn a_torn_tail_is_cut_and_the_spool_goes_on() {
    let place = Place::new();
    let spool = place.open();
    append_in_turn(&spool, 1..=2).await;
    drop(spool);
    let path = place.segments().pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let found = scan(&bytes);
    bytes.truncate(usize::try_from(found.end).unwrap());
    let one = usize::try_from(found.records[1].offset).unwrap();
    for cut in (one..bytes.len()).step_by(7).chain([one + 1, bytes.len() - 1]) {
        let mut torn = bytes[..cut].to_vec();
        torn.resize(bytes.len() + 1000, 0);
        fs::write(&path, &torn).unwrap();
        let spool = place.open();
        assert_eq!(offered(&spool).await, [1], "cut at {cut}");
        let left = fs::read(&path).unwrap();
        assert_eq!(left.len(), torn.len(), "the space stays the spool's");
        assert!(left[one..].iter().all(|byte| *byte == 0));
        spool.begin_attempt(id(1)).await.unwrap();
        drop(spool);
        assert_eq!(place.open().next().await.attempts, 1, "cut at {cut}");
    }
}

#[tokio::test]
async fn a_record_damaged_while_the_spool_runs_is_an_error_of_that_mail_alone() {
    let place = Place::new();
    let spool = place.open();
    append_in_turn(&spool, 1..=2).await;
    let path = place.segments().pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[HEADERS + 44 + 30] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = spool.read(id(1)).await.unwrap_err();
    assert!(
        matches!(
            error,
            SpoolError::Damaged { offset: segment::FIRST_RECORD, damage: Damage::Checksum, .. }
        ),
        "{error:?}"
    );
    assert_eq!(spool.read(id(2)).await.unwrap().message, message(2));
}

#[tokio::test]
async fn a_record_moved_to_another_segment_does_not_open() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    append_in_turn(&spool, 1..=4).await;
    drop(spool);
    let [first, second, ..] = &place.segments()[..] else { panic!("two segments") };
    let records = fs::read(second).unwrap()[HEADERS..].to_vec();
    let mut bytes = fs::read(first).unwrap();
    bytes.truncate(HEADERS);
    bytes.extend_from_slice(&records);
    // Bent so far that the scan takes it for a record of the first segment.
    let seed = segment::seed_in(&bytes);
    let head = &mut bytes[HEADERS..HEADERS + 44];
    let checksum = crc32c::crc32c_append(seed, &head[..40]);
    head[40..].copy_from_slice(&checksum.to_le_bytes());
    fs::write(first, bytes).unwrap();
    fs::remove_file(second).unwrap();
    let spool = place.open();
    let error = spool.read(id(3)).await.unwrap_err();
    assert!(matches!(error, SpoolError::Damaged { damage: Damage::Seal, .. }), "{error:?}");
}

#[tokio::test]
async fn a_caller_who_stops_waiting_blocks_nothing_and_loses_nothing() {
    let place = Place::new();
    let (spool, mut writer, queue) = place.open_by_hand();
    let caller = {
        let spool = spool.clone();
        tokio::spawn(async move { append(&spool, 1).await })
    };
    task::yield_now().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    writer.serve_batch(&queue);
    assert_eq!(offered(&spool).await, [1]);

    let writer = thread::spawn(move || writer.run(&queue));
    spool.settle(id(1)).await.unwrap();
    spool.close_drained().await.unwrap();
    assert_eq!(place.segments().len(), 0, "no permit is left taken");
    drop(spool);
    writer.join().unwrap();
}
