//! Segments: files that records are appended to, each with its own key.
//!
//! The header is there twice, at byte 0 and at byte 4096, so that a sector or a page that the disk
//! loses costs no mail. It has 128 bytes, all numbers little-endian:
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `SKRSPOOL` |
//! | 4 | format: 3 |
//! | 8 | check value of the spool's key |
//! | 16 | random id of the segment |
//! | 73 | the segment's own random key, wrapped with the spool's key |
//! | 15 | zeroes |
//! | 4 | CRC32C of the 124 bytes above |
//!
//! When a segment is drained both are overwritten with `SKREMPTY` and zeroes, and synced: what its
//! blocks held cannot be opened any more, not even with the master key. Only this mark says that
//! nothing is lost; zeroes do not, for a disk that fails makes them too. So a segment gets its name when
//! its headers are on the disk. The file may be written
//! again as another segment; so the checksums of records' heads begin with a seed that follows from
//! the segment's id.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustix::fs::FallocateFlags;

use super::durable::{sync_data, sync_directory, sync_file};
use crate::sealing::{Key, OVERHEAD};

/// The length of a header.
const HEADER_LEN: usize = 128;
/// Where its copies are.
const COPIES: [usize; 2] = [0, 4096];
/// How much they take.
pub(super) const HEADERS_LEN: usize = COPIES[1] + HEADER_LEN;
/// Where the first record comes to: behind them.
pub(super) const FIRST_RECORD: u64 = 4096 + 128;
/// The format that this program writes and reads.
pub(super) const FORMAT: u32 = 3;

const MAGIC: [u8; 8] = *b"SKRSPOOL";
/// What a drained segment begins with.
const DRAINED: [u8; 8] = *b"SKREMPTY";
const EXTENSION: &str = "segment";
/// What the name of a segment ends in until it is made.
pub(super) const NEW: &str = "new";
const WRAPPED_LEN: usize = 32 + OVERHEAD;

/// The random bytes that tell a segment from all others, those of other spools included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentId(pub(super) [u8; 16]);

/// A segment, as all who use it share it.
#[derive(Debug)]
pub(super) struct Segment {
    /// Its number within the directory, in the order of making.
    pub(super) number: u64,
    pub(super) id: SegmentId,
    pub(super) key: Key,
    /// What the checksums of its records' heads begin with.
    pub(super) seed: u32,
    pub(super) path: PathBuf,
    /// How many mails are being sealed for it, or wait for the writer.
    pub(super) awaited: AtomicUsize,
}

/// What the header of a segment file says.
#[derive(Debug)]
pub(super) enum Header {
    /// That there are no mails: it is drained.
    Blank,
    /// Nothing.
    Damaged,
    /// That the file is of another format.
    OtherFormat(u32),
    /// That it was made with another key.
    OtherKey,
    /// How the segment is opened, and whether the other copy says so too.
    Whole { id: SegmentId, key: Key, is_twice: bool },
}

impl Header {
    /// Reads the header of the segment whose bytes these are.
    pub(super) fn parse(segment: &[u8], key: &Key) -> Self {
        let copies = COPIES.map(|at| copy_at(segment, at));
        let is_drained = |copy: &[u8]| copy.starts_with(&DRAINED);
        let Some(fields) = copies.iter().find_map(|copy| Fields::parse(copy)) else {
            let is_blank = copies.iter().any(|copy| is_drained(copy));
            return if is_blank { Self::Blank } else { Self::Damaged };
        };
        if fields.format != FORMAT {
            return Self::OtherFormat(fields.format);
        }
        if fields.check != key.check_bytes() {
            return Self::OtherKey;
        }
        let Ok(own) = key.unwrap_key(&key_context(fields.id), &fields.wrapped) else {
            return Self::Damaged;
        };
        // A power cut while it is drained leaves one whole and one that says so.
        let is_twice = copies.iter().all(|copy| Fields::parse(copy).is_some() || is_drained(copy));
        Self::Whole { id: fields.id, key: own, is_twice }
    }
}

/// A copy of the header as it was written, nothing of it checked but the checksum.
struct Fields {
    format: u32,
    check: [u8; 8],
    id: SegmentId,
    wrapped: [u8; WRAPPED_LEN],
}

impl Fields {
    fn parse(copy: &[u8]) -> Option<Self> {
        let (covered, checksum) = copy.split_last_chunk::<4>()?;
        let (magic, rest) = covered.split_first_chunk::<8>()?;
        if *magic != MAGIC || crc32c::crc32c(covered) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let (format, rest) = rest.split_first_chunk::<4>()?;
        let (check, rest) = rest.split_first_chunk::<8>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let wrapped = *rest.first_chunk::<WRAPPED_LEN>()?;
        let format = u32::from_le_bytes(*format);
        Some(Self { format, check: *check, id: SegmentId(*id), wrapped })
    }
}

/// The bytes of the copy of the header at `at`; fewer than a header when the file ends there.
fn copy_at(segment: &[u8], at: usize) -> &[u8] {
    let rest = segment.get(at..).unwrap_or_default();
    rest.get(..HEADER_LEN).unwrap_or(rest)
}

impl Segment {
    /// The segment with this number in `directory`.
    pub(super) fn new(directory: &Path, number: u64, id: SegmentId, key: Key) -> Self {
        let path = path(directory, number);
        Self { number, id, key, seed: seed(id), path, awaited: AtomicUsize::new(0) }
    }

    /// Makes a segment file with at least `bytes` allocated, durably: header and directory are
    /// synced. The file is `used`, a drained one, if there is one. Tells how much is allocated.
    ///
    /// The file is as long as what is allocated, so an append changes no length, and its sync
    /// writes less; where `used` was written before, it writes the records alone.
    pub(super) fn create(
        directory: &Path,
        number: u64,
        bytes: u64,
        key: &Key,
        used: Option<&Path>,
    ) -> io::Result<(Self, File, u64)> {
        let mut id = SegmentId([0; 16]);
        getrandom::fill(&mut id.0).map_err(io::Error::other)?;
        let own = Key::random().map_err(io::Error::other)?;
        let wrapped = key.wrap(&key_context(id), &own).map_err(io::Error::other)?;
        let headers = headers(&header(id, &wrapped, key));
        let segment = Self::new(directory, number, id, own);
        boundary!(MakeFile);
        let new = segment.path.with_extension(NEW);
        let made = used.unwrap_or(&new);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(used.is_none())
            .mode(0o600)
            .open(made)?;
        match segment.furnish(&file, made, bytes, &headers, directory) {
            Ok(length) => Ok((segment, file, length)),
            Err(error) => {
                // Half a segment is worth nothing; if it cannot be removed, the next start does it.
                let _removed = [made, &segment.path].map(fs::remove_file);
                Err(error)
            }
        }
    }

    /// Makes the segment out of `file`, which is at `made`; how long it is then.
    fn furnish(
        &self,
        file: &File,
        made: &Path,
        bytes: u64,
        headers: &[u8],
        directory: &Path,
    ) -> io::Result<u64> {
        boundary!(Allocate);
        allocate(file, 0, bytes)?;
        boundary!(WriteHeader, file, 0, &[io::IoSlice::new(headers)]);
        file.write_all_at(headers, 0)?;
        boundary!(SyncHeader);
        sync_file(file)?;
        boundary!(RenameMade);
        fs::rename(made, &self.path)?;
        boundary!(SyncMade);
        sync_directory(directory)?;
        Ok(file.metadata()?.len())
    }

    pub(super) fn open_for_reading(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    pub(super) fn open_for_writing(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(&self.path)
    }
}

/// A place in a segment that a mail will come to; the segment is not removed while there is one.
#[derive(Debug)]
pub(super) struct SegmentPermit(pub(super) Arc<Segment>);

impl SegmentPermit {
    pub(super) fn new(segment: Arc<Segment>) -> Self {
        segment.awaited.fetch_add(1, Ordering::AcqRel);
        Self(segment)
    }
}

impl Drop for SegmentPermit {
    fn drop(&mut self) {
        self.0.awaited.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Allocates `bytes` from `from` on. A file system that cannot do it is left to allocate as it
/// writes.
pub(super) fn allocate(file: &File, from: u64, bytes: u64) -> io::Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    match rustix::fs::fallocate(file, FallocateFlags::empty(), from, bytes) {
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
        result => Ok(result?),
    }
}

/// Makes what a segment file holds unreadable for ever, durably.
pub(super) fn erase(file: &File) -> io::Result<()> {
    let mut drained = [0; HEADER_LEN];
    drained[..DRAINED.len()].copy_from_slice(&DRAINED);
    let headers = headers(&drained);
    boundary!(EraseHeader, file, 0, &[io::IoSlice::new(&headers)]);
    file.write_all_at(&headers, 0)?;
    boundary!(SyncErased);
    sync_data(file)
}

/// The number of the segment that a file of this name holds; `None` for other files.
pub(super) fn number(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    (path.extension()? == EXTENSION).then(|| stem.parse().ok())?
}

fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:012}.{EXTENSION}"))
}

/// What the checksums of records' heads begin with in the segment whose bytes these are.
pub(super) fn seed_in(segment: &[u8]) -> u32 {
    let fields = COPIES.iter().find_map(|at| Fields::parse(copy_at(segment, *at)));
    fields.map_or(0, |fields| seed(fields.id))
}

fn seed(id: SegmentId) -> u32 {
    crc32c::crc32c(&id.0)
}

fn header(id: SegmentId, wrapped: &[u8], key: &Key) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    header[12..20].copy_from_slice(&key.check_bytes());
    header[20..36].copy_from_slice(&id.0);
    header[36..36 + WRAPPED_LEN].copy_from_slice(wrapped);
    let checksum = crc32c::crc32c(&header[..HEADER_LEN - 4]);
    header[HEADER_LEN - 4..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// All that is before the first record.
fn headers(header: &[u8; HEADER_LEN]) -> [u8; HEADERS_LEN] {
    let mut headers = [0; HEADERS_LEN];
    for at in COPIES {
        headers[at..at + HEADER_LEN].copy_from_slice(header);
    }
    headers
}

fn key_context(id: SegmentId) -> Vec<u8> {
    [b"skrynka spool segment 1\0".as_slice(), &id.0].concat()
}
