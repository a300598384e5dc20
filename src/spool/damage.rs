//! What cannot be read: reading around it, and setting it aside, so that it holds nothing else on
//! the disk and is not lost to people who may still read something of it.
//!
//! What is set aside is a file like the segment that it was in: the headers, with the key, and the
//! damaged stretches at their places. All between them is a hole. The program never removes it.
//! Since the key opens the segment's other mails too, the whole segment is overwritten when it is
//! drained, and its file is not written again.

use std::{
    fs::{File, OpenOptions},
    io,
    ops::Range,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
};

use super::{
    durable::{sync_data, sync_directory, sync_file},
    segment::{HEADERS_LEN, erase},
};

/// What the names of files that were set aside end in.
pub(super) const DAMAGED: &str = "damaged";

/// How much is read, copied or overwritten at a time.
const CHUNK: usize = 64 << 10;
/// How much is given up where the disk does not give it.
const PAGE: usize = 4 << 10;

/// Copies the headers of the segment at `path` and its damaged `stretches` into the file next to it,
/// durably.
pub(super) fn set_aside(path: &Path, stretches: &[Range<u64>]) -> io::Result<Aside> {
    let segment = File::open(path)?;
    let beside = path.with_extension(DAMAGED);
    let aside = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&beside)?;
    let mut set_aside = Aside { fresh: 0, is_whole: true };
    copy(path, &segment, &aside, 0..as_u64(HEADERS_LEN))?;
    for stretch in stretches {
        let Copied { is_fresh, is_whole } = copy(path, &segment, &aside, stretch.clone())?;
        set_aside.fresh += u64::from(is_fresh);
        set_aside.is_whole &= is_whole;
    }
    sync_file(&aside)?;
    if let Some(directory) = beside.parent() {
        sync_directory(directory)?;
        boundary!(done SyncMade, &beside);
    }
    Ok(set_aside)
}

pub(super) struct Aside {
    /// How many stretches were not there yet.
    pub(super) fresh: u64,
    /// Whether the disk gave all of them. What it did not give it may give later, so the segment is not
    /// to be destroyed.
    pub(super) is_whole: bool,
}

struct Copied {
    is_fresh: bool,
    is_whole: bool,
}

/// Makes the segment at `path` unreadable for ever, durably. False when a copy of its key lies
/// beside it: then all of it is overwritten, and its file is not to be written again.
pub(super) fn destroy(path: &Path) -> io::Result<bool> {
    let file = OpenOptions::new().write(true).open(path)?;
    erase(&file)?;
    boundary!(done SyncErased, path);
    if !path.with_extension(DAMAGED).try_exists()? {
        return Ok(true);
    }
    let length = file.metadata()?.len();
    let zeroes = vec![0; CHUNK];
    let mut at = 0;
    while at < length {
        let piece = usize::try_from(length - at).unwrap_or(CHUNK).min(CHUNK);
        file.write_all_at(&zeroes[..piece], at)?;
        at += as_u64(piece);
    }
    sync_data(&file)?;
    Ok(false)
}

/// Reads all of the file at `path`; what the disk does not give is zeroes, and where that is.
pub(super) fn read_around(path: &Path) -> io::Result<(Vec<u8>, Vec<Range<u64>>)> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    let unread = read(path, &file, &mut bytes, 0, CHUNK);
    Ok((bytes, unread))
}

/// Fills `bytes` from `from` on in pieces of `size`, and in pages where that fails. What cannot be
/// read, in order.
fn read(path: &Path, file: &File, bytes: &mut [u8], from: u64, size: usize) -> Vec<Range<u64>> {
    let mut unread = Vec::<Range<u64>>::new();
    let mut done = 0;
    while done < bytes.len() {
        let at = from + as_u64(done);
        let to_edge = as_u64(size) - at % as_u64(size);
        let length = usize::try_from(to_edge).unwrap_or(size).min(bytes.len() - done);
        let piece = &mut bytes[done..done + length];
        done += length;
        if read_piece(path, file, piece, at).is_ok() {
            continue;
        }
        if size > PAGE {
            unread.extend(read(path, file, piece, at, PAGE));
            continue;
        }
        piece.fill(0);
        match unread.last_mut() {
            Some(last) if last.end == at => last.end += as_u64(length),
            _ => unread.push(at..at + as_u64(length)),
        }
    }
    unread
}

#[cfg_attr(not(test), expect(unused_variables, reason = "tests let the reading of a path fail"))]
fn read_piece(path: &Path, file: &File, piece: &mut [u8], at: u64) -> io::Result<()> {
    boundary!(read path, at, piece.len());
    file.read_exact_at(piece, at)
}

/// Copies a stretch of the segment at `path`. What cannot be read stays as it is there.
fn copy(path: &Path, from: &File, to: &File, stretch: Range<u64>) -> io::Result<Copied> {
    let (mut bytes, mut there) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut at = stretch.start;
    let mut copied = Copied { is_fresh: false, is_whole: true };
    while at < stretch.end {
        let length = usize::try_from(stretch.end - at).unwrap_or(CHUNK).min(CHUNK);
        let (bytes, there) = (&mut bytes[..length], &mut there[..length]);
        let unread = read(path, from, bytes, at, CHUNK);
        copied.is_whole &= unread.is_empty();
        let is_there = to.read_exact_at(there, at).is_ok();
        for gap in unread.iter().filter(|_| is_there) {
            let place = |end: u64| usize::try_from(end - at).unwrap_or(length);
            let gap = place(gap.start)..place(gap.end);
            bytes[gap.clone()].copy_from_slice(&there[gap]);
        }
        if !is_there || *bytes != *there {
            to.write_all_at(bytes, at)?;
            copied.is_fresh = true;
        }
        at += as_u64(length);
    }
    Ok(copied)
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
