//! Claims about the spool as its callers see it.

mod compaction;
mod faults;
mod matrix;
mod model;
mod place;
mod reuse;
mod scanning;

use std::{fs, net::Ipv4Addr, path::PathBuf, time::Duration};

use tempfile::TempDir;

use super::*;
use crate::domain::{MailId, TransmissionType};

/// A spool directory with small segments, opened as often as a test likes.
struct Place {
    directory: TempDir,
    metrics: Metrics,
    settings: SpoolSettings,
}

impl Place {
    fn new() -> Self {
        Self::with_segments_of(64 << 10)
    }

    /// Segments with so many bytes of records.
    fn with_segments_of(bytes: u64) -> Self {
        let segment_bytes = segment::FIRST_RECORD + bytes;
        let directory = tempfile::tempdir().unwrap();
        Spool::make(directory.path(), &key()).unwrap();
        Self {
            directory,
            metrics: Metrics::new(),
            settings: SpoolSettings { segment_bytes, reserve_bytes: 0 },
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn try_open(&self, key: Key) -> Result<Spool, SpoolError> {
        Spool::open(self.path(), key, self.settings.clone(), self.metrics.clone())
    }

    fn open(&self) -> Spool {
        self.try_open(key()).unwrap()
    }

    /// A spool whose writer serves a batch when the test says so.
    fn open_by_hand(&self) -> (Spool, Writer, mpsc::Receiver<Request>) {
        let (inner, writer, queue) =
            Inner::open(self.path(), key(), self.settings.clone(), self.metrics.clone()).unwrap();
        (Spool(Arc::new(inner)), writer, queue)
    }

    /// The segment files, in order.
    fn segments(&self) -> Vec<PathBuf> {
        self.files("segment")
    }

    /// The files that end so, in order.
    fn files(&self, end: &str) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == end))
            .collect();
        files.sort();
        files
    }

    /// Every file with its bytes and the time it was last changed.
    fn contents(&self) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
        let mut files: Vec<_> = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let modified = fs::metadata(&path).unwrap().modified().unwrap();
                (path.clone(), fs::read(&path).unwrap(), modified)
            })
            .collect();
        files.sort();
        files
    }
}

/// How many bytes the headers of a segment take.
const HEADERS: usize = segment::HEADERS_LEN;

/// Where the two headers are.
const COPIES: [std::ops::Range<usize>; 2] = [0..128, 4096..4224];

/// That the headers are those of a drained segment: nothing of a key is in them.
fn assert_drained(headers: &[u8]) {
    for copy in COPIES {
        let (mark, rest) = headers[copy].split_at(8);
        assert_eq!((mark, rest), (b"SKREMPTY".as_slice(), [0; 120].as_slice()));
    }
}

fn key() -> Key {
    key_for("spool")
}

fn key_for(purpose: &str) -> Key {
    let text = format!("skrynka-master-key-1 {}", "5a".repeat(32));
    crate::sealing::MasterKey::parse(&text).unwrap().key(purpose)
}

fn moment(seconds: u32) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + i64::from(seconds))
}

fn id(n: u32) -> MailId {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&n.to_be_bytes());
    MailId::new(moment(n), random)
}

fn envelope(n: u32) -> Envelope {
    let recipients = vec!["school5+vstup@docs.example.ua".parse().unwrap()];
    Envelope {
        peer: Some(Ipv4Addr::LOCALHOST.into()),
        helo: "phone".to_owned(),
        protocol: TransmissionType::Esmtps,
        tls: true,
        sender: Some("osoba@example.com".parse().unwrap()),
        ..Envelope::new(moment(n), recipients)
    }
}

fn message(n: u32) -> Vec<u8> {
    format!("Subject: {n}\r\n\r\nТестова Особа {n}\r\n").into_bytes()
}

async fn append(spool: &Spool, n: u32) {
    spool.append(id(n), envelope(n), message(n)).await.unwrap();
}

/// Waits until the writer has done all that follows from earlier answers.
async fn rest(spool: &Spool) {
    let unknown = spool.begin_attempt(id(u32::MAX)).await;
    assert!(matches!(unknown, Err(SpoolError::Unknown { .. })));
}

/// Appends so that each mail finds the segments as the one before it left them.
async fn append_in_turn(spool: &Spool, numbers: std::ops::RangeInclusive<u32>) {
    for n in numbers {
        append(spool, n).await;
        rest(spool).await;
    }
}

/// The numbers of the mails that are offered now, in the order of the offer.
async fn offered(spool: &Spool) -> Vec<u32> {
    let mut numbers = Vec::new();
    while let Ok(pending) = tokio::time::timeout(Duration::ZERO, spool.next()).await {
        let seconds = pending.received_at.seconds_since(moment(0));
        let n = u32::try_from(seconds).unwrap();
        let mail = spool.read(pending.id).await.unwrap();
        assert_eq!(pending.id, id(n));
        assert_eq!(mail.message, message(n));
        assert_eq!(mail.envelope, envelope(n));
        numbers.push(n);
    }
    numbers
}

#[tokio::test]
async fn a_mail_comes_back_as_it_was_given() {
    let place = Place::new();
    let spool = place.open();
    let null_sender = Envelope { sender: None, tls: false, ..envelope(0) };
    let long = (0..=255).cycle().take(SEALED_INLINE + 1).collect::<Vec<u8>>();
    let mails =
        [(null_sender, Vec::new()), (envelope(1), b"\0\xff.\r\n".to_vec()), (envelope(2), long)];
    for (n, (envelope, message)) in (0..).zip(&mails) {
        spool.append(id(n), envelope.clone(), message.clone()).await.unwrap();
    }
    drop(spool);
    let spool = place.open();
    for (n, (envelope, message)) in (0..).zip(&mails) {
        let mail = spool.read(id(n)).await.unwrap();
        assert_eq!((&mail.envelope, &mail.message[..]), (envelope, &message[..]));
    }
}

#[tokio::test]
async fn offers_the_oldest_first_and_each_once_until_it_is_released() {
    let place = Place::new();
    let spool = place.open();
    for n in [3, 1, 2] {
        append(&spool, n).await;
    }
    assert_eq!(offered(&spool).await, [1, 2, 3]);
    assert_eq!(spool.backlog(), (3, Some(moment(1))));
    spool.release(id(2));
    spool.release(id(2));
    spool.release(id(99));
    assert_eq!(offered(&spool).await, [2]);
    spool.settle(id(1)).await.unwrap();
    spool.release(id(1));
    assert!(offered(&spool).await.is_empty());
    assert_eq!(spool.backlog(), (2, Some(moment(2))));
}

#[tokio::test]
async fn whoever_waits_for_a_mail_gets_it_when_it_comes() {
    let place = Place::new();
    let spool = place.open();
    let waiting = [(); 2].map(|()| {
        let spool = spool.clone();
        tokio::spawn(async move { spool.next().await.id })
    });
    task::yield_now().await;
    append(&spool, 1).await;
    append(&spool, 2).await;
    let mut got = Vec::new();
    for task in waiting {
        got.push(task.await.unwrap());
    }
    got.sort();
    assert_eq!(got, [id(1), id(2)]);
}

#[tokio::test]
async fn counts_attempts_over_restarts() {
    let place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    assert_eq!(spool.next().await.attempts, 0);
    assert_eq!(spool.begin_attempt(id(1)).await.unwrap(), 1);
    assert_eq!(spool.begin_attempt(id(1)).await.unwrap(), 2);
    drop(spool);
    let spool = place.open();
    assert_eq!(spool.next().await.attempts, 2);
    assert_eq!(spool.begin_attempt(id(1)).await.unwrap(), 3);
    let unknown = spool.begin_attempt(id(2)).await;
    assert!(matches!(unknown, Err(SpoolError::Unknown { .. })));
}

#[tokio::test]
async fn an_attempt_that_ended_does_not_count_not_even_after_a_restart() {
    let place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    spool.begin_attempt(id(1)).await.unwrap();
    spool.begin_attempt(id(1)).await.unwrap();
    spool.end_attempt(id(1)).await.unwrap();
    drop(spool);
    let spool = place.open();
    assert_eq!(spool.next().await.attempts, 0);
    assert_eq!(spool.begin_attempt(id(1)).await.unwrap(), 1);
    drop(spool);
    assert_eq!(place.open().next().await.attempts, 1);
}

#[tokio::test]
async fn a_settled_mail_is_not_offered_again_not_even_after_a_restart() {
    let place = Place::new();
    let spool = place.open();
    for n in 1..=4 {
        append(&spool, n).await;
    }
    for n in [2, 3, 3] {
        spool.settle(id(n)).await.unwrap();
    }
    assert!(matches!(spool.read(id(2)).await, Err(SpoolError::Unknown { .. })));
    drop(spool);
    let spool = place.open();
    assert_eq!(offered(&spool).await, [1, 4]);
}

#[tokio::test]
async fn a_second_mail_of_one_id_is_refused_and_the_first_stays() {
    let place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    let again = spool.append(id(1), envelope(1), b"another".to_vec()).await;
    assert!(matches!(again, Err(SpoolError::Duplicate { .. })));
    drop(spool);
    assert_eq!(offered(&place.open()).await, [1]);
}

#[tokio::test]
async fn a_segment_goes_with_its_last_mail() {
    let place = Place::with_segments_of(472);
    let spool = place.open();
    append_in_turn(&spool, 1..=4).await;
    assert_eq!(place.segments().len(), 3, "two mails fill a segment, and one is active");
    for n in [1, 3, 4] {
        spool.settle(id(n)).await.unwrap();
    }
    assert_eq!(place.segments().len(), 2);
    spool.settle(id(2)).await.unwrap();
    assert_eq!(place.segments().len(), 1);
    assert_eq!(spool.backlog(), (0, None));
}

#[tokio::test]
async fn a_removed_segment_has_lost_its_key() {
    let place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    let removed = File::open(place.segments().pop().unwrap()).unwrap();
    spool.settle(id(1)).await.unwrap();
    spool.close_drained().await.unwrap();
    assert_eq!(place.segments().len(), 0);
    let mut headers = [1; HEADERS];
    removed.read_exact_at(&mut headers, 0).unwrap();
    assert_drained(&headers);
}

#[tokio::test]
async fn closing_the_drained_leaves_no_settled_mail_on_disk() {
    let place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    spool.close_drained().await.unwrap();
    assert_eq!(offered(&spool).await, [1]);

    spool.settle(id(1)).await.unwrap();
    append(&spool, 2).await;
    spool.close_drained().await.unwrap();
    assert_eq!(place.segments().len(), 1, "mail 2 is still needed");
    spool.settle(id(2)).await.unwrap();
    assert_eq!(place.segments().len(), 0);

    append(&spool, 3).await;
    drop(spool);
    assert_eq!(offered(&place.open()).await, [3]);
}

#[tokio::test]
async fn mails_that_come_together_share_one_sync() {
    let place = Place::new();
    let (spool, mut writer, queue) = place.open_by_hand();
    let tasks: Vec<_> = (0..32)
        .map(|n| {
            let spool = spool.clone();
            tokio::spawn(async move { append(&spool, n).await })
        })
        .collect();
    task::yield_now().await;
    assert!(writer.serve_batch(&queue));
    for task in tasks {
        task.await.unwrap();
    }
    let metrics = place.metrics.render();
    assert!(metrics.contains("skrynka_spool_batch_messages_count 1\n"), "{metrics}");
    assert!(metrics.contains("skrynka_spool_batch_messages_sum 32\n"), "{metrics}");
}

#[tokio::test]
async fn mails_count_as_queued_until_they_are_on_disk_or_refused() {
    let place = Place::new();
    let (spool, mut writer, queue) = place.open_by_hand();
    let send = |n| {
        let spool = spool.clone();
        tokio::spawn(async move { spool.append(id(n), envelope(n), message(n)).await })
    };
    let (waits, gone) = (send(1), send(2));
    task::yield_now().await;
    assert_eq!(spool.queued(), 2);
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert_eq!(spool.queued(), 2, "mail 2 is still on its way to the disk");
    writer.serve_batch(&queue);
    waits.await.unwrap().unwrap();
    assert_eq!(spool.queued(), 0);

    writer.replace_active_file(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let refused = send(3);
    task::yield_now().await;
    assert_eq!(spool.queued(), 1);
    writer.serve_batch(&queue);
    assert!(refused.await.unwrap().is_err());
    assert_eq!(spool.queued(), 0);
}

#[tokio::test]
async fn the_free_space_is_known_without_asking_the_system() {
    let place = Place::new();
    let spool = place.open();
    assert!(spool.free_bytes_seen() > 0, "measured when the first segment is made");
    let measured = spool.free_bytes().unwrap();
    assert_eq!(spool.free_bytes_seen(), measured);
}

#[tokio::test]
async fn marks_alone_are_not_synced() {
    let place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    spool.begin_attempt(id(1)).await.unwrap();
    spool.settle(id(1)).await.unwrap();
    assert!(place.metrics.render().contains("skrynka_spool_sync_duration_seconds_count 1\n"));
}

#[tokio::test]
async fn a_second_process_is_refused_with_a_sentence() {
    let place = Place::new();
    let spool = place.open();
    let error = place.try_open(key()).unwrap_err();
    assert!(matches!(error, SpoolError::InUse { .. }));
    assert!(error.to_string().contains("in use by another process"), "{error}");
    drop(spool);
    assert!(place.try_open(key()).is_ok());
}

/// A child has all open files of its parent until it becomes another program, and whatever it was
/// handed for as long as it lives: `flock(2)` belongs to the open file and not to the process.
#[tokio::test]
async fn a_child_that_has_the_open_lock_keeps_nobody_from_opening_the_spool_again() {
    let place = Place::new();
    for _ in 0..3 {
        let spool = place.open();
        let lock = spool.0.lock.shared();
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .stderr(lock)
            .spawn()
            .unwrap();
        assert!(matches!(place.try_open(key()), Err(SpoolError::InUse { .. })));
        drop(spool);
        place.try_open(key()).expect("it is let go while the child lives");
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
}

#[tokio::test]
async fn no_plain_text_is_on_disk() {
    let place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    spool.begin_attempt(id(1)).await.unwrap();
    append(&spool, 2).await;
    spool.settle(id(1)).await.unwrap();
    drop(spool);
    let needles = ["Subject", "Тестова", "osoba", "school5", "127.0.0.1", "phone", "recipients"];
    for (path, bytes, _) in place.contents() {
        for needle in needles {
            let found = memchr::memmem::find(&bytes, needle.as_bytes());
            assert_eq!(found, None, "{needle} in {}", path.display());
        }
    }
}

#[tokio::test]
async fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::new();
    let inner = place.path().join("a/b");
    Spool::make(&inner, &key()).unwrap();
    let spool = Spool::open(&inner, key(), place.settings.clone(), place.metrics.clone()).unwrap();
    append(&spool, 1).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    for entry in fs::read_dir(&inner).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn settings_have_defaults_and_no_unknown_names() {
    let settings: SpoolSettings = toml::from_str("reserve_bytes = 1").unwrap();
    assert_eq!(settings, SpoolSettings { reserve_bytes: 1, ..SpoolSettings::default() });
    assert!(toml::from_str::<SpoolSettings>("reserve = 1").is_err());
}

#[tokio::test]
async fn debug_shows_nothing_of_a_mail() {
    let place = Place::new();
    let spool = place.open();
    append(&spool, 1).await;
    let shown = format!("{:?}", spool.read(id(1)).await.unwrap());
    assert!(!shown.contains("osoba") && !shown.contains("Subject"), "{shown}");
}
