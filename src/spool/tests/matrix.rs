//! The fault matrix: at each boundary of the spool's work with the disk each fault that can happen
//! there, while mails arrive, are judged, moved and destroyed. Whatever happens, an acknowledged mail
//! is judged (not lost), a refused one that was sent again is judged once (not duplicated), and
//! afterwards the spool is empty (nothing is stuck).
//!
//! Each fault has a process of its own, this test's binary with the name of one test: a fault can
//! be that the process aborts, and two of them never meet. It writes down what the other sides
//! know: what senders were told, and what is in the database. Lines are written by single appends,
//! which an abort does not undo.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
};

use super::*;
use crate::spool::{
    fault::{self, Fault, Point},
    power_cut,
};

/// Names the point, the fault, the time when it happens, and the directory.
const VARIABLE: &str = "SKRYNKA_SPOOL_FAULT";
const SENDERS: u32 = 3;
const MAILS_PER_SENDER: u32 = 8;
/// A fault happens once, so a sender that comes again this often is heard.
const TRIES: u32 = 6;
const TIME: Duration = Duration::from_mins(1);

/// What a cell of the matrix found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    acknowledged: usize,
    lost: usize,
    duplicated: usize,
    stuck: usize,
}

#[test]
fn no_fault_at_any_boundary_loses_duplicates_or_sticks_a_mail() {
    let cells = Point::ALL
        .into_iter()
        .flat_map(|point| point.faults().iter().map(move |fault| (point, *fault)))
        .flat_map(|(point, fault)| [1, 4].map(|nth| (point, fault, nth)));
    let waiting = Mutex::new(cells);
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((point, fault, nth)) = waiting.lock().unwrap().next() else { return };
                    let cell = run(point, fault, nth);
                    found.lock().unwrap().push((format!("{point:?}"), fault, nth, cell));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|(point, fault, nth, _)| (point.clone(), format!("{fault:?}"), *nth));
    println!("fault matrix: boundary, fault, time: acknowledged lost duplicated stuck");
    let (mut sum, mut happened) = (Counts::default(), 0);
    for (point, fault, nth, cell) in &found {
        let Some(counts) = cell else {
            assert!(*nth > 1, "{point} is never reached, so {fault:?} was not tried");
            continue;
        };
        let Counts { acknowledged, lost, duplicated, stuck } = counts;
        println!("{point:13} {fault:?} {nth}: {acknowledged} {lost} {duplicated} {stuck}");
        happened += 1;
        sum.acknowledged += acknowledged;
        sum.lost += lost;
        sum.duplicated += duplicated;
        sum.stuck += stuck;
    }
    println!(
        "fault matrix: {happened} faults, {} mails acknowledged, {} lost, {} duplicated, {} stuck",
        sum.acknowledged, sum.lost, sum.duplicated, sum.stuck
    );
    assert_eq!(sum, Counts { acknowledged: sum.acknowledged, ..Counts::default() });
    assert!(sum.acknowledged > 0);
}

/// Runs a process with the fault, opens what it left, and counts. `None` when the fault did not
/// come to happen.
fn run(point: Point, fault: Fault, nth: usize) -> Option<Counts> {
    let place = Place { directory: directory(), ..Place::with_segments_of(SEGMENT) };
    let spool = place.path().join("spool");
    Spool::make(&spool, &key()).unwrap();
    let words = format!("{point:?} {fault:?} {nth} {}", place.path().display());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "spool::tests::matrix::a_process_with_a_fault", "--nocapture"])
        .env(VARIABLE, words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let child = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    let ended = end(child.status);
    if fault == Fault::PowerCut && ended == Some(Ended::Aborted) {
        let has_more = |inode: u64| nth > 1 && inode.is_multiple_of(2);
        power_cut::restore(&place.path().join("image"), &spool, has_more);
        assert_destroyed(&spool);
    }
    assert!(ended.is_some(), "{point:?} {fault:?} {nth}: {} {said}", child.status);

    let ledger = Ledger::open(place.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut counts = Counts::default();
    runtime.block_on(async {
        let spool = open(&place).unwrap();
        while let Ok(pending) = tokio::time::timeout(Duration::ZERO, spool.next()).await {
            judge(&spool, &ledger, pending.id).await.unwrap();
        }
        spool.close_drained().await.unwrap();
        counts.stuck += spool.backlog().0;
        drop(spool);
        let spool = open(&place).unwrap();
        counts.stuck += spool.backlog().0;
    });
    let segments = fs::read_dir(&spool).unwrap().map(|entry| entry.unwrap().path());
    let (segments, others): (Vec<_>, Vec<_>) =
        segments.partition(|path| path.extension().is_some_and(|end| end == "segment"));
    let strange = others.iter().filter(|path| {
        let is_known = ["lock", "skrynka-spool"].iter().any(|name| path.ends_with(name));
        path.extension().is_none_or(|end| end != "free") && !is_known
    });
    counts.stuck += segments.len().saturating_sub(1) + strange.count();

    let told = ledger.read();
    counts.acknowledged = told.acknowledged.len();
    counts.lost = told.acknowledged.difference(&told.judged).count();
    let mut judged = BTreeMap::<u32, usize>::new();
    for n in told.judged {
        *judged.entry(content_of(n)).or_default() += 1;
    }
    counts.duplicated = judged.values().map(|times| times - 1).sum();
    (told.happened || ended == Some(Ended::Aborted)).then_some(counts)
}

/// A file that waits to be written again has no mail that its header would open.
fn assert_destroyed(spool: &Path) {
    for entry in fs::read_dir(spool).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "free") {
            assert_eq!(scan(&fs::read(&path).unwrap()).records, [], "{}", path.display());
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Aborted,
    Well,
}

fn end(status: ExitStatus) -> Option<Ended> {
    use std::os::unix::process::ExitStatusExt as _;

    const ABORTED: i32 = 6;
    match (status.success(), status.signal()) {
        (true, _) => Some(Ended::Well),
        (_, Some(ABORTED)) => Some(Ended::Aborted),
        _ => None,
    }
}

/// Small enough for many segments, and for batches that go beyond them.
const SEGMENT: u64 = 2048;

/// In memory if there is such a place: a process that aborts leaves the page cache alone, so the
/// disk's own time is only lost here.
fn directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

fn open(place: &Place) -> Result<Spool, SpoolError> {
    let directory = place.path().join("spool");
    if !directory.exists() {
        Spool::make(&directory, &key())?;
    }
    Spool::open(&directory, key(), place.settings.clone(), place.metrics.clone())
}

/// What the other sides know, line by line.
struct Ledger(Mutex<File>, PathBuf);

#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<u32>,
    judged: BTreeSet<u32>,
    happened: bool,
}

impl Ledger {
    fn open(directory: &Path) -> Self {
        let path = directory.join("ledger");
        let file = fs::OpenOptions::new().append(true).create(true).open(&path).unwrap();
        Self(Mutex::new(file), path)
    }

    fn write(&self, word: &str, n: u32) {
        self.0.lock().unwrap().write_all(format!("{word} {n}\n").as_bytes()).unwrap();
    }

    fn read(&self) -> Told {
        let mut told = Told::default();
        for line in fs::read_to_string(&self.1).unwrap().lines() {
            let (word, n) = line.split_once(' ').unwrap();
            let n = n.parse().unwrap();
            match word {
                "acknowledged" => drop(told.acknowledged.insert(n)),
                "judged" => drop(told.judged.insert(n)),
                "happened" => told.happened = true,
                _ => panic!("{line}"),
            }
        }
        told
    }
}

/// The mails of a sender, and each try of one, have their own numbers.
fn number(content: u32, again: u32) -> u32 {
    content * TRIES + again
}

fn content_of(n: u32) -> u32 {
    n / TRIES
}

/// The number that an id was made from.
fn number_of(id: MailId) -> u32 {
    let [.., a, b, c, d] = *id.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

fn body(content: u32) -> Vec<u8> {
    format!("Subject: {content}\r\n\r\n{}\r\n", "слово ".repeat(20)).into_bytes()
}

/// Does as the pipeline does: the database first, then the spool.
async fn judge(spool: &Spool, ledger: &Ledger, mail: MailId) -> Result<(), SpoolError> {
    let n = number_of(mail);
    let read = spool.read(mail).await?;
    assert_eq!(read.message, body(content_of(n)), "mail {n} is as it was sent");
    spool.begin_attempt(mail).await?;
    spool.end_attempt(mail).await?;
    ledger.write("judged", n);
    spool.settle(mail).await
}

/// Sends a mail as senders do: again when it is refused, as a new mail.
async fn send(spool: &Spool, ledger: &Ledger, content: u32) {
    for again in 0..TRIES {
        let n = number(content, again);
        if spool.append(id(n), envelope(n), body(content)).await.is_ok() {
            ledger.write("acknowledged", n);
            return;
        }
    }
    panic!("mail {content} was refused {TRIES} times, and the fault happens once");
}

#[test]
fn a_process_with_a_fault() {
    #[expect(clippy::disallowed_methods, reason = "the variable says what this process is for")]
    let Ok(words) = std::env::var(VARIABLE) else { return };
    let [point, fault, nth, directory] = &words.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{words}")
    };
    let named = |point: &Point| format!("{point:?}");
    let point = Point::ALL.into_iter().find(|known| named(known) == *point).unwrap();
    let mut faults = point.faults().iter();
    let fault = *faults.find(|known| format!("{known:?}") == *fault).unwrap();
    let path = PathBuf::from(directory);
    let spool = path.join("spool");
    let ledger = Arc::new(Ledger::open(&path));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let life = live(&spool, &ledger, || {
            if fault == Fault::PowerCut {
                power_cut::begin(&path.join("image"), &spool);
            }
            fault::arm(point, fault, nth.parse().unwrap());
        });
        tokio::time::timeout(TIME, life).await.expect("nothing waits for ever");
    });
    if !fault::is_armed() {
        ledger.write("happened", 0);
    }
}

/// A spool's life with all that can happen in it: a start after a crash, mails from several
/// senders at once, judging beside them, mails that stay, moving them, the end.
async fn live(directory: &Path, ledger: &Arc<Ledger>, arm: impl FnOnce()) {
    let settings =
        SpoolSettings { segment_bytes: segment::FIRST_RECORD + SEGMENT, reserve_bytes: 0 };
    let open = || Spool::open(directory, key(), settings.clone(), Metrics::new());
    let before = SENDERS * MAILS_PER_SENDER;
    let spool = open().unwrap();
    for content in before..before + 4 {
        send(&spool, ledger, content).await;
    }
    judge(&spool, ledger, spool.next().await.id).await.unwrap();
    drop(spool);
    tear(directory);

    arm();
    // What cannot start is started again.
    let spool = open().or_else(|_| open()).expect("the fault happens once");
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (spool, ledger) = (spool.clone(), Arc::clone(ledger));
            tokio::spawn(async move {
                for n in 0..MAILS_PER_SENDER {
                    send(&spool, &ledger, sender * MAILS_PER_SENDER + n).await;
                }
            })
        })
        .collect();
    let mut stay = Vec::new();
    let mut waiting = before + 3;
    while waiting > 0 {
        let mail = spool.next().await.id;
        if content_of(number_of(mail)) % 6 == 5 {
            stay.push(mail);
        } else if judge(&spool, ledger, mail).await.is_err() {
            spool.release(mail);
            continue;
        }
        waiting -= 1;
    }
    for sender in senders {
        sender.await.unwrap();
    }
    assert!(!stay.is_empty());
    // Both go on at the next time when the fault lets them: they are done every hour.
    for _ in 0..2 {
        spool.close_drained().await.unwrap();
        let _moved = spool.compact(moment(u32::MAX)).await;
    }
    for mail in stay {
        while judge(&spool, ledger, mail).await.is_err() {}
    }
    spool.close_drained().await.unwrap();
    assert_eq!(spool.backlog().0, 0);
}

/// Leaves a half-written record behind the last segment's records, as a crash does.
fn tear(directory: &Path) {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let segments = names.filter(|path| path.extension().is_some_and(|end| end == "segment"));
    for path in segments {
        let mut bytes = fs::read(&path).unwrap();
        let found = scan(&bytes);
        let end = usize::try_from(found.end).unwrap();
        let Some(first) = found.records.first() else { continue };
        let first = usize::try_from(first.offset).unwrap();
        let half = bytes[first..first + 60].to_vec();
        bytes.resize(bytes.len().max(end + half.len()), 0);
        bytes[end..end + half.len()].copy_from_slice(&half);
        fs::write(&path, bytes).unwrap();
    }
}
