#![no_main]
//! Recovery: whatever a crash or a failing disk made of a spool's directory, what is found in it is
//! a mail as it was accepted, a file that nothing happened to keeps all of its mails, and the spool
//! goes on. Beside it the scan alone, over any bytes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use libfuzzer_sys::fuzz_target;
use skrynka::{
    domain::{Envelope, MailId, Timestamp},
    metrics::Metrics,
    sealing::{Key, MasterKey},
    spool::{Spool, SpoolError, SpoolSettings, scan},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What happens to the files: the kind of it and the file, a place, a value.
type Change = (u8, u16, u8);

fuzz_target!(|input: (&[u8], Vec<Change>)| {
    let (bytes, changes) = input;
    scan_keeps_its_order(bytes);
    for image in &IMAGES.files {
        // Bytes behind real headers, for a scan that looks for records of that segment.
        scan_keeps_its_order(&[&image[..4224], bytes].concat());
    }
    recovery_tells_no_lies(&changes);
});

fn scan_keeps_its_order(segment: &[u8]) {
    let found = scan(segment);
    let length = u64::try_from(segment.len()).unwrap();
    let places: Vec<u64> = found.records.iter().map(|record| record.offset).collect();
    assert!(places.is_sorted(), "records out of order: {places:?}");
    for place in places {
        assert!(place < found.end && found.end <= length, "a record behind the end");
        assert!(!found.damaged.iter().any(|damage| damage.contains(&place)));
    }
}

fn recovery_tells_no_lies(changes: &[Change]) {
    let place = directory();
    let mut files = IMAGES.files.clone();
    let mut touched = [false; 2];
    let mut ends = ["segment"; 2];
    for (kind, at, value) in changes.iter().take(32) {
        let which = usize::from(kind & 1);
        touched[which] = true;
        let other = files[1 - which].clone();
        let file = &mut files[which];
        let at = usize::from(*at) % file.len().max(1);
        match (kind >> 1) % 7 {
            0 if !file.is_empty() => file[at] = *value,
            1 if !file.is_empty() => file[at] ^= value,
            2 => file.truncate(at),
            3 => file.iter_mut().skip(at).take(usize::from(*value)).for_each(|byte| *byte = 0),
            4 => {
                let from = other.iter().skip(at).take(usize::from(*value) * 4);
                let to = file.iter_mut().skip(at);
                to.zip(from).for_each(|(to, from)| *to = *from);
            }
            5 => file.extend(std::iter::repeat_n(*value, at)),
            _ => ends[which] = ["segment", "free", "damaged"][usize::from(*value) % 3],
        }
    }
    let paths: Vec<PathBuf> =
        (0..2).map(|n| place.path().join(format!("{:012}.{}", n + 1, ends[n]))).collect();
    for (path, file) in paths.iter().zip(&files) {
        fs::write(path, file).unwrap();
    }

    let spool = match open(place.path()) {
        Ok(spool) => spool,
        Err(SpoolError::OtherFormat { .. } | SpoolError::OtherKey { .. }) => {
            for (path, file) in paths.iter().zip(&files) {
                assert_eq!(fs::read(path).unwrap(), *file, "a refused spool was changed");
            }
            return;
        }
        Err(error) => panic!("a spool does not open: {error}"),
    };
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let mut found = offered(&spool).await;
            for (which, mails) in IMAGES.unsettled.iter().enumerate() {
                if !touched[which] {
                    assert!(mails.iter().all(|id| found.contains(id)), "an untouched mail is lost");
                }
            }
            spool.append(id(99), envelope(99), message(99)).await.unwrap();
            drop(spool);
            let spool = open(place.path()).expect("what was put in order opens");
            found.push(id(99));
            let mut again = offered(&spool).await;
            found.sort();
            again.sort();
            assert_eq!(again, found, "another start finds other mails");
            for id in again {
                spool.settle(id).await.unwrap();
            }
            assert_eq!(spool.backlog().0, 0);
        });
    });
}

/// The mails that are offered, each as it was accepted or known to be damaged.
async fn offered(spool: &Spool) -> Vec<MailId> {
    let mut ids = Vec::new();
    for _ in 0..spool.backlog().0 {
        let id = spool.next().await.id;
        match spool.read(id).await {
            Ok(mail) => {
                let n = IMAGES.numbers[&id];
                assert_eq!(mail.message, message(n));
                assert_eq!(mail.envelope, envelope(n));
            }
            Err(SpoolError::Damaged { .. }) => {}
            Err(error) => panic!("an offered mail is not there: {error}"),
        }
        ids.push(id);
    }
    ids
}

/// Two segments as the program leaves them, with settled mails and attempts among them.
struct Images {
    files: [Vec<u8>; 2],
    unsettled: [Vec<MailId>; 2],
    numbers: BTreeMap<MailId, u32>,
}

static IMAGES: LazyLock<Images> = LazyLock::new(|| {
    let place = directory();
    let runtime = runtime();
    for first in [1, 5] {
        runtime.block_on(async {
            let spool = open(place.path()).unwrap();
            for n in first..first + 4 {
                spool.append(id(n), envelope(n), message(n)).await.unwrap();
            }
            spool.begin_attempt(id(first)).await.unwrap();
            spool.settle(id(first + 1)).await.unwrap();
        });
    }
    let files = [1, 2].map(|n| {
        let mut bytes = fs::read(place.path().join(format!("{n:012}.segment"))).unwrap();
        bytes.truncate(usize::try_from(scan(&bytes).end).unwrap());
        bytes
    });
    let unsettled = [1, 5].map(|first| [first, first + 2, first + 3].map(id).to_vec());
    let numbers = (1..9).chain([99]).map(|n| (id(n), n)).collect();
    Images { files, unsettled, numbers }
});

thread_local! {
    static RUNTIME: Runtime = runtime();
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// In memory: no input needs a real disk.
fn directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

fn open(directory: &Path) -> Result<Spool, SpoolError> {
    let settings = SpoolSettings { segment_bytes: 4224 + 2048, reserve_bytes: 0 };
    Spool::make(directory, &KEY)?;
    Spool::open(directory, KEY.clone(), settings, METRICS.clone())
}

static KEY: LazyLock<Key> = LazyLock::new(|| {
    let text = format!("skrynka-master-key-1 {}", "5a".repeat(32));
    MasterKey::parse(&text).unwrap().key("spool")
});

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

fn id(n: u32) -> MailId {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&n.to_be_bytes());
    MailId::new(moment(n), random)
}

fn moment(n: u32) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + i64::from(n))
}

fn envelope(n: u32) -> Envelope {
    let text = format!(
        r#"{{"received_at":"{}","peer":"127.0.0.1","helo":"phone","tls":true,"sender":null,
            "recipients":["school5@docs.example.ua"]}}"#,
        moment(n)
    );
    serde_json::from_str(&text).unwrap()
}

fn message(n: u32) -> Vec<u8> {
    format!("Subject: {n}\r\n\r\n{}", "x".repeat(usize::try_from(n).unwrap() * 40)).into_bytes()
}
