//! The disk's own limit: a loop that does nothing but write and `fdatasync`.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::Path,
    time::{Duration, Instant},
};

use rustix::fs::{FallocateFlags, fallocate};

/// As the spool: so much is allocated at a time, in one file.
const SEGMENT_BYTES: u64 = 64 << 20;

/// Mails a second when `batch` mails of `mail_bytes` are written and synced at a time, for as long
/// as `turn`: appended to new files and written over an old one, half of the time each, and the
/// faster of the two counts. The spool does both. Making the files counts, removing them does not.
pub(super) fn mails_per_second(
    directory: &Path,
    mail_bytes: u64,
    batch: u64,
    turn: Duration,
) -> f64 {
    let content = vec![b'x'; usize::try_from(mail_bytes * batch).unwrap()];
    let path = directory.join("append");
    let rates = [true, false].map(|is_new| {
        if !is_new {
            let file = make(&path);
            fill(&file, &content, || true);
        }
        let (mut mails, mut busy) = (0.0, Duration::ZERO);
        while busy < turn / 2 {
            let begin = Instant::now();
            let file =
                if is_new { make(&path) } else { File::options().write(true).open(&path).unwrap() };
            let batches = fill(&file, &content, || busy + begin.elapsed() < turn / 2);
            mails += crate::process::to_float(batches * batch);
            busy += begin.elapsed();
            if is_new {
                fs::remove_file(&path).unwrap();
            }
        }
        mails / busy.as_secs_f64()
    });
    fs::remove_file(&path).unwrap();
    rates[0].max(rates[1])
}

fn make(path: &Path) -> File {
    let file = File::create(path).unwrap();
    fallocate(&file, FallocateFlags::empty(), 0, SEGMENT_BYTES).unwrap();
    file.sync_all().unwrap();
    file
}

/// Writes and syncs `content` again and again until the file is full or `more` says no; how often.
fn fill(file: &File, content: &[u8], more: impl Fn() -> bool) -> u64 {
    let (mut at, mut batches) = (0, 0);
    while at < SEGMENT_BYTES && more() {
        file.write_all_at(content, at).unwrap();
        file.sync_data().unwrap();
        at += u64::try_from(content.len()).unwrap();
        batches += 1;
    }
    batches
}
