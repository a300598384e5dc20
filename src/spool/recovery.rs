//! Finding out, at start, what a directory of segments holds.
//!
//! First everything is read and nothing is changed, so that a spool with another key or of a
//! newer format stays as it is. Then torn tails are cut off, segments without an unsettled mail
//! are removed, a segment whose header is damaged is set aside under another name, and damaged
//! stretches are copied out of the others. What the disk does not give counts as damaged. Whatever
//! of this fails is logged and left for the next start: it keeps no other mail from being judged.
//!
//! A segment that is kept is synced: what a crash left in the page cache alone reads like what is
//! on the disk, and is trusted only when it is there too.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io,
    ops::Range,
    path::{Path, PathBuf},
};

use super::{
    SpoolError,
    damage::{Aside, DAMAGED, destroy, read_around, set_aside},
    durable::{sync_directory, sync_file},
    pool::FREE,
    record::Content,
    scan::{Record, Scan, scan},
    segment::{FORMAT, Header, NEW, Segment, allocate, number},
};
use crate::{
    domain::{MailId, Timestamp},
    metrics::Metrics,
    sealing::Key,
};

/// What a directory holds.
pub(super) struct Found {
    /// The segments with unsettled mails, in order.
    pub(super) segments: Vec<Recovered>,
    /// Files that can be written again.
    pub(super) free: Vec<PathBuf>,
    /// The first number that was never used.
    pub(super) next_number: u64,
}

/// A segment with unsettled mails.
pub(super) struct Recovered {
    pub(super) segment: Segment,
    /// Where its records end.
    pub(super) end: u64,
    pub(super) mails: BTreeMap<MailId, RecoveredMail>,
    /// Whether all of it was read, and what was read is on the disk.
    pub(super) sound: bool,
    /// Damaged stretches that could not be set aside.
    pub(super) unsaved: Vec<Range<u64>>,
}

/// An unsettled mail.
pub(super) struct RecoveredMail {
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) received_at: Timestamp,
    pub(super) attempts: u32,
}

/// What is to be done with a segment file.
struct Plan {
    path: PathBuf,
    /// Whether one of its headers is damaged, and the other not.
    has_one_header: bool,
    /// The stretches that are to be copied out of it first.
    damaged: Vec<Range<u64>>,
    step: Step,
}

impl Plan {
    fn new(path: PathBuf, step: Step) -> Self {
        Self { path, has_one_header: false, damaged: Vec::new(), step }
    }
}

enum Step {
    Keep { recovered: Recovered, length: u64 },
    Leave,
    Remove,
    Rename,
}

/// Finds out what `directory` holds and puts it in order.
pub(super) fn recover(directory: &Path, key: &Key, metrics: &Metrics) -> Result<Found, SpoolError> {
    let files = numbered_files(directory)?;
    let next_number = files.last().map_or(1, |(last, _)| last.saturating_add(1));
    let mut plans = Vec::new();
    let mut free = Vec::new();
    for (number, path) in files {
        match path.extension() {
            Some(extension) if extension == DAMAGED => {}
            // Its making was cut short.
            Some(extension) if extension == NEW => plans.push(Plan::new(path, Step::Remove)),
            Some(extension) if extension == FREE => {
                // What its blocks hold opens with the key that is next to it.
                if path.with_extension(DAMAGED).exists() {
                    plans.push(Plan::new(path, Step::Remove));
                } else {
                    free.push(path);
                }
            }
            _ => plans.push(inspect(directory, number, path, key)?),
        }
    }
    let mut segments = Vec::new();
    for plan in plans {
        segments.extend(carry_out(plan, metrics));
    }
    sync(directory).map_err(SpoolError::io("sync", directory))?;
    metrics.spool_damaged_files(damaged_files(directory)?.len());
    Ok(Found { segments, free, next_number })
}

/// The files with what was set aside as damaged, until somebody takes them away.
pub(super) fn damaged_files(directory: &Path) -> Result<Vec<PathBuf>, SpoolError> {
    let files = numbered_files(directory)?.into_iter().map(|(_, path)| path);
    Ok(files.filter(|path| path.extension().is_some_and(|end| end == DAMAGED)).collect())
}

/// The files whose names begin with a number, in order.
pub(super) fn numbered_files(directory: &Path) -> Result<Vec<(u64, PathBuf)>, SpoolError> {
    let list = || {
        fs::read_dir(directory)?
            .map(|entry| Ok(entry?.path()))
            .filter_map(|path: io::Result<PathBuf>| match path {
                Ok(path) => Some(Ok((number(&path.with_extension("segment"))?, path))),
                Err(error) => Some(Err(error)),
            })
            .collect::<io::Result<Vec<_>>>()
    };
    let mut files = list().map_err(SpoolError::io("list", directory))?;
    files.sort();
    Ok(files)
}

fn inspect(directory: &Path, number: u64, path: PathBuf, key: &Key) -> Result<Plan, SpoolError> {
    let (bytes, unread) = match read_around(&path) {
        Ok(read) => read,
        // One file keeps no other's mails from being judged.
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "a spool segment cannot be opened");
            return Ok(Plan::new(path, Step::Leave));
        }
    };
    let sound = unread.is_empty();
    let (id, own, is_twice) = match Header::parse(&bytes, key) {
        Header::Whole { id, key, is_twice } => (id, key, is_twice),
        Header::Blank | Header::Damaged if !sound => return Ok(Plan::new(path, Step::Leave)),
        Header::Blank => return Ok(Plan::new(path, Step::Remove)),
        Header::Damaged => return Ok(Plan::new(path, Step::Rename)),
        Header::OtherFormat(found) => {
            return Err(SpoolError::OtherFormat { path, found, known: FORMAT });
        }
        Header::OtherKey => return Err(SpoolError::OtherKey { path }),
    };
    let mut scan = scan(&bytes);
    scan.damaged = joined(scan.damaged, unread);
    report(number, &scan);
    let mails = unsettled(&scan.records);
    let step = if mails.is_empty() {
        Step::Remove
    } else {
        let segment = Segment::new(directory, number, id, own);
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let recovered = Recovered { segment, end: scan.end, mails, sound, unsaved: Vec::new() };
        Step::Keep { recovered, length }
    };
    Ok(Plan { path, has_one_header: !is_twice, damaged: scan.damaged, step })
}

/// All stretches of both, in order; what overlaps is one.
fn joined(damaged: Vec<Range<u64>>, unread: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut all = [damaged, unread].concat();
    all.sort_by_key(|stretch| stretch.start);
    let mut joined = Vec::<Range<u64>>::new();
    for stretch in all {
        match joined.last_mut() {
            Some(last) if stretch.start <= last.end => last.end = last.end.max(stretch.end),
            _ => joined.push(stretch),
        }
    }
    joined
}

fn report(segment: u64, scan: &Scan) {
    for gap in &scan.damaged {
        tracing::error!(
            segment,
            offset = gap.start,
            size_bytes = gap.end - gap.start,
            "a stretch of the spool is damaged: a mail in it cannot be judged, its neighbours can"
        );
    }
    if scan.torn {
        tracing::warn!(segment, offset = scan.end, "a record that was never finished is cut off");
    }
}

/// The mails without a mark that they are settled, with their attempts.
fn unsettled(records: &[Record]) -> BTreeMap<MailId, RecoveredMail> {
    let mut mails = BTreeMap::new();
    for record in records {
        match record.content {
            Content::Mail { received_at, length } => {
                let offset = record.offset;
                let mail = RecoveredMail { offset, length, received_at, attempts: 0 };
                mails.entry(record.id).or_insert(mail);
            }
            Content::Attempt { count } => {
                if let Some(mail) = mails.get_mut(&record.id) {
                    mail.attempts = count;
                }
            }
            Content::Settled => {
                mails.remove(&record.id);
            }
        }
    }
    mails
}

fn carry_out(plan: Plan, metrics: &Metrics) -> Option<Recovered> {
    let Plan { path, has_one_header, damaged, step } = plan;
    if has_one_header {
        metrics.spool_damaged(1);
        tracing::error!(
            path = %path.display(),
            "one of the two headers of a spool segment is damaged: its mails are opened with the \
             other. Check the disk"
        );
    }
    let mut unsaved = Vec::new();
    if !damaged.is_empty() {
        match set_aside(&path, &damaged) {
            Ok(Aside { fresh, is_whole }) => {
                metrics.spool_damaged(fresh);
                if !is_whole {
                    unsaved = damaged;
                }
            }
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "what is damaged cannot be copied");
                unsaved = damaged;
            }
        }
    }
    match step {
        Step::Keep { mut recovered, length } => {
            recovered.unsaved = unsaved;
            // What may be behind an unread stretch is not cut off.
            if recovered.sound
                && let Err(error) = bring_to_disk(&path, recovered.end, length)
            {
                tracing::error!(path = %path.display(), %error, "a spool segment cannot be synced");
                recovered.sound = false;
            }
            return Some(recovered);
        }
        Step::Leave => {
            metrics.spool_damaged(1);
            tracing::error!(
                path = %path.display(),
                "the header of a spool segment cannot be read; its mails wait for the next start. \
                 Check the disk, or restore the file from a backup"
            );
        }
        Step::Remove => {
            if unsaved.is_empty()
                && let Err(error) = remove(&path)
            {
                tracing::error!(path = %path.display(), %error, "a spool segment cannot be removed");
            }
        }
        Step::Rename => {
            metrics.spool_damaged(1);
            let aside = unused_name(&path);
            match fs::rename(&path, &aside) {
                Ok(()) => tracing::error!(
                    path = %aside.display(),
                    "the header of a spool segment is damaged; its mails cannot be opened. The \
                     file is set aside: restore it from a backup under its old name, or remove it"
                ),
                Err(error) => tracing::error!(
                    path = %path.display(),
                    %error,
                    "the header of a spool segment is damaged, and it cannot be set aside"
                ),
            }
        }
    }
    None
}

/// A name for setting the file at `path` aside that no other file has.
fn unused_name(path: &Path) -> PathBuf {
    let plain = path.with_extension(DAMAGED);
    let numbered = (1_u64..).map(|n| path.with_extension(format!("{n}.{DAMAGED}")));
    std::iter::once(plain.clone()).chain(numbered).find(|name| !name.exists()).unwrap_or(plain)
}

/// Cuts off what is behind `end` in a file of `length` bytes, and makes the rest durable.
fn bring_to_disk(path: &Path, end: u64, length: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    boundary!(CutTail);
    if length > end {
        file.set_len(end)?;
        // The space stays the spool's, for marks on a disk that others fill. Without it they are
        // tried all the same.
        let _kept = allocate(&file, end, length - end);
    }
    boundary!(SyncKept);
    sync_file(&file)?;
    boundary!(done SyncKept, path);
    Ok(())
}

/// Removes a segment without an unsettled mail. The directory is synced at the end.
fn remove(path: &Path) -> io::Result<()> {
    destroy(path)?;
    boundary!(Unlink);
    fs::remove_file(path)
}

fn sync(directory: &Path) -> io::Result<()> {
    boundary!(SyncRecovered);
    sync_directory(directory)
}
