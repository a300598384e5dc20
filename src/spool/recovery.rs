//! Finding out, at start, what a directory of segments holds.
//!
//! First everything is read and nothing is changed, so that a spool with another key or of a
//! newer format stays as it is. Then torn tails are cut off, segments without an unsettled mail
//! are removed, and a segment whose header is damaged is set aside under another name.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
};

use super::{
    SpoolError,
    record::Content,
    scan::{Record, Scan, scan},
    segment::{FORMAT, Header, Segment, number, sync_directory},
};
use crate::{
    domain::{MailId, Timestamp},
    sealing::Key,
};

/// A segment with unsettled mails.
pub(super) struct Recovered {
    pub(super) segment: Segment,
    /// Where its records end, and its file.
    pub(super) end: u64,
    pub(super) mails: BTreeMap<MailId, RecoveredMail>,
}

/// An unsettled mail.
pub(super) struct RecoveredMail {
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) received_at: Timestamp,
    pub(super) attempts: u32,
}

/// What is to be done with a segment file.
enum Found {
    Keep { recovered: Recovered, length: u64 },
    Remove(PathBuf),
    SetAside(PathBuf),
}

/// The segments with unsettled mails, in order, and the first number that was never used.
pub(super) fn recover(directory: &Path, key: &Key) -> Result<(Vec<Recovered>, u64), SpoolError> {
    let files = segment_files(directory)?;
    let next = files.keys().next_back().map_or(1, |last| last.saturating_add(1));
    let mut found = Vec::new();
    for (number, path) in files {
        if path.extension().is_some_and(|extension| extension != DAMAGED) {
            found.push(inspect(directory, number, path, key)?);
        }
    }
    let mut kept = Vec::new();
    for segment in found {
        kept.extend(apply(directory, segment)?);
    }
    sync_directory(directory).map_err(SpoolError::io("sync", directory))?;
    Ok((kept, next))
}

/// The name's end of segments that were set aside.
const DAMAGED: &str = "damaged";

fn segment_files(directory: &Path) -> Result<BTreeMap<u64, PathBuf>, SpoolError> {
    let list = || {
        fs::read_dir(directory)?
            .map(|entry| Ok(entry?.path()))
            .filter_map(|path: std::io::Result<PathBuf>| match path {
                Ok(path) => Some(Ok((number(&path.with_extension("segment"))?, path))),
                Err(error) => Some(Err(error)),
            })
            .collect::<std::io::Result<_>>()
    };
    list().map_err(SpoolError::io("list", directory))
}

fn inspect(directory: &Path, number: u64, path: PathBuf, key: &Key) -> Result<Found, SpoolError> {
    let bytes = fs::read(&path).map_err(SpoolError::io("read", &path))?;
    let (id, own) = match Header::parse(&bytes, key) {
        Header::Whole(id, own) => (id, own),
        Header::Blank => return Ok(Found::Remove(path)),
        Header::Damaged => return Ok(Found::SetAside(path)),
        Header::NewerFormat(found) => {
            return Err(SpoolError::NewerFormat { path, found, known: FORMAT });
        }
        Header::OtherKey => return Err(SpoolError::OtherKey { path }),
    };
    let scan = scan(&bytes);
    report(number, &scan);
    let mails = unsettled(&scan.records);
    if mails.is_empty() {
        return Ok(Found::Remove(path));
    }
    let segment = Segment::new(directory, number, id, own);
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    Ok(Found::Keep { recovered: Recovered { segment, end: scan.end, mails }, length })
}

fn report(segment: u64, scan: &Scan) {
    for gap in &scan.damaged {
        tracing::error!(
            segment,
            offset = gap.start,
            size_bytes = gap.end - gap.start,
            "a stretch of the spool is damaged; what it held is lost, its neighbours are not"
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

fn apply(directory: &Path, found: Found) -> Result<Option<Recovered>, SpoolError> {
    match found {
        Found::Keep { recovered, length } => {
            if length > recovered.end {
                let path = &recovered.segment.path;
                OpenOptions::new()
                    .write(true)
                    .open(path)
                    .and_then(|file| file.set_len(recovered.end).and_then(|()| file.sync_all()))
                    .map_err(SpoolError::io("cut", path))?;
            }
            Ok(Some(recovered))
        }
        Found::Remove(path) => {
            super::segment::remove(&path, directory).map_err(SpoolError::io("remove", &path))?;
            Ok(None)
        }
        Found::SetAside(path) => {
            let aside = path.with_extension(DAMAGED);
            fs::rename(&path, &aside).map_err(SpoolError::io("rename", &path))?;
            tracing::error!(
                path = %aside.display(),
                "the header of a spool segment is damaged; its mails cannot be opened. The file \
                 is set aside: restore it from a backup under its old name, or remove it"
            );
            Ok(None)
        }
    }
}
