//! Segments: files that records are appended to, each with its own key.
//!
//! The header of 128 bytes, all numbers little-endian:
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `SKRSPOOL` |
//! | 4 | format: 2; files of format 1 are read and not made |
//! | 8 | check value of the spool's key |
//! | 16 | random id of the segment |
//! | 73 | the segment's own random key, wrapped with the spool's key |
//! | 15 | zeroes |
//! | 4 | CRC32C of the 124 bytes above |
//!
//! When a segment is drained its header is overwritten with zeroes and synced: what its blocks
//! held cannot be opened any more, not even with the master key. Its file may be written again as
//! another segment; so the checksums of records' heads begin with a seed that follows from the
//! segment's id. In format 1 the seed is 0, and every file is new.

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

use super::{
    durable::{sync_data, sync_directory, sync_file},
    scan::scan,
};
use crate::sealing::{Key, OVERHEAD};

/// The length of a segment's header.
pub(super) const HEADER_LEN: usize = 128;
/// Where the first record comes to: behind the header.
pub(super) const FIRST_RECORD: u64 = 128;
/// The format that this program writes.
pub(super) const FORMAT: u32 = 2;
/// The oldest format that is read.
const OLDEST_FORMAT: u32 = 1;

const MAGIC: [u8; 8] = *b"SKRSPOOL";
const EXTENSION: &str = "segment";
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

/// What the first bytes of a segment file are.
#[derive(Debug)]
pub(super) enum Header {
    /// Nothing: the making was cut short, or the removing.
    Blank,
    /// Something that is no header.
    Damaged,
    /// A header of a newer format.
    NewerFormat(u32),
    /// A header made with another key.
    OtherKey,
    /// A header that opens.
    Whole { format: u32, id: SegmentId, key: Key },
}

impl Header {
    /// Reads the header of the segment that `bytes` begin with.
    pub(super) fn parse(bytes: &[u8], key: &Key) -> Self {
        let found = bytes.get(..HEADER_LEN).unwrap_or(bytes);
        let mut header = [0; HEADER_LEN];
        header[..found.len()].copy_from_slice(found);
        let has_no_magic = header[..MAGIC.len()] == [0; MAGIC.len()];
        // A checksum that fits says more than the magic, which may be cut short or damaged.
        header[..MAGIC.len()].copy_from_slice(&MAGIC);
        match Self::parse_whole(&header, key) {
            Some(parsed) => parsed,
            // Before the header is whole and synced no record comes, and none counts when it is
            // erased: half an erased one has no id that a record would fit.
            None if has_no_magic && scan(bytes).records.is_empty() => Self::Blank,
            None => Self::Damaged,
        }
    }

    fn parse_whole(header: &[u8], key: &Key) -> Option<Self> {
        let (covered, checksum) = header.split_last_chunk::<4>()?;
        let (magic, rest) = covered.split_first_chunk::<8>()?;
        if *magic != MAGIC || crc32c::crc32c(covered) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let (format, rest) = rest.split_first_chunk::<4>()?;
        let format = u32::from_le_bytes(*format);
        if !(OLDEST_FORMAT..=FORMAT).contains(&format) {
            return Some(Self::NewerFormat(format));
        }
        let (check, rest) = rest.split_first_chunk::<8>()?;
        if *check != key.check_bytes() {
            return Some(Self::OtherKey);
        }
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let wrapped = rest.first_chunk::<WRAPPED_LEN>()?;
        let id = SegmentId(*id);
        let own = key.unwrap_key(&key_context(id), wrapped).ok()?;
        Some(Self::Whole { format, id, key: own })
    }
}

impl Segment {
    /// The segment with this number and format in `directory`.
    pub(super) fn new(directory: &Path, number: u64, format: u32, id: SegmentId, key: Key) -> Self {
        let path = path(directory, number);
        Self { number, id, key, seed: seed(format, id), path, awaited: AtomicUsize::new(0) }
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
        let header = header(id, &wrapped, key);
        let segment = Self::new(directory, number, FORMAT, id, own);
        boundary!(MakeFile);
        let made = used.unwrap_or(&segment.path);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(used.is_none())
            .mode(0o600)
            .open(made)?;
        match segment.furnish(&file, made, bytes, &header, directory) {
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
        header: &[u8],
        directory: &Path,
    ) -> io::Result<u64> {
        boundary!(Allocate);
        allocate(file, 0, bytes)?;
        // The magic comes last: a header that was cut short is none.
        let (magic, rest) = header.split_at(MAGIC.len());
        let behind = u64::try_from(magic.len()).unwrap_or(u64::MAX);
        boundary!(WriteHeader, file, behind, &[io::IoSlice::new(rest)]);
        file.write_all_at(rest, behind)?;
        boundary!(WriteMagic, file, 0, &[io::IoSlice::new(magic)]);
        file.write_all_at(magic, 0)?;
        boundary!(SyncHeader);
        sync_file(file)?;
        if made != self.path {
            boundary!(RenameReused);
            fs::rename(made, &self.path)?;
        }
        boundary!(SyncMade);
        sync_directory(directory)?;
        Ok(file.metadata()?.len())
    }

    /// Opens the file for reading.
    pub(super) fn open_for_reading(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// Opens the file for writing.
    pub(super) fn open_for_writing(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(&self.path)
    }
}

/// A place in a segment that a mail will come to; the segment is not removed while there is one.
#[derive(Debug)]
pub(super) struct Seat(pub(super) Arc<Segment>);

impl Seat {
    pub(super) fn new(segment: Arc<Segment>) -> Self {
        segment.awaited.fetch_add(1, Ordering::AcqRel);
        Self(segment)
    }
}

impl Drop for Seat {
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
    boundary!(EraseHeader, file, 0, &[io::IoSlice::new(&[0; HEADER_LEN])]);
    file.write_all_at(&[0; HEADER_LEN], 0)?;
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

/// What the checksums of records' heads begin with in the segment that `bytes` begin with.
pub(super) fn seed_in(bytes: &[u8]) -> u32 {
    let format = bytes.get(8..12).and_then(|format| format.try_into().ok());
    let id = bytes.get(20..36).and_then(|id| id.try_into().ok());
    match (format, id) {
        (Some(format), Some(id)) => seed(u32::from_le_bytes(format), SegmentId(id)),
        _ => 0,
    }
}

fn seed(format: u32, id: SegmentId) -> u32 {
    if format == OLDEST_FORMAT { 0 } else { crc32c::crc32c(&id.0) }
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

fn key_context(id: SegmentId) -> Vec<u8> {
    [b"skrynka spool segment 1\0".as_slice(), &id.0].concat()
}
