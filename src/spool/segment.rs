//! Segments: files that records are appended to, each with its own key.
//!
//! The header of 128 bytes, all numbers little-endian:
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `SKRSPOOL` |
//! | 4 | format, always 1 |
//! | 8 | check value of the spool's key |
//! | 16 | random id of the segment |
//! | 73 | the segment's own random key, wrapped with the spool's key |
//! | 15 | zeroes |
//! | 4 | CRC32C of the 124 bytes above |
//!
//! Before a segment is removed its header is overwritten with zeroes and synced: what its blocks
//! held cannot be opened any more, not even with the master key.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustix::fs::FallocateFlags;

use crate::sealing::{Key, OVERHEAD};

/// The length of a segment's header.
pub(super) const HEADER_LEN: usize = 128;
/// Where the first record comes to: behind the header.
pub(super) const FIRST_RECORD: u64 = 128;
/// The format that this program writes.
pub(super) const FORMAT: u32 = 1;

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
    Whole(SegmentId, Key),
}

impl Header {
    /// Reads the header of the segment that `bytes` begin with.
    pub(super) fn parse(bytes: &[u8], key: &Key) -> Self {
        let header = bytes.get(..HEADER_LEN).unwrap_or(bytes);
        if header.iter().all(|byte| *byte == 0) {
            return Self::Blank;
        }
        Self::parse_whole(header, key).unwrap_or(Self::Damaged)
    }

    fn parse_whole(header: &[u8], key: &Key) -> Option<Self> {
        let (covered, checksum) = header.split_last_chunk::<4>()?;
        let (magic, rest) = covered.split_first_chunk::<8>()?;
        if *magic != MAGIC || crc32c::crc32c(covered) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let (format, rest) = rest.split_first_chunk::<4>()?;
        let format = u32::from_le_bytes(*format);
        if format != FORMAT {
            return Some(Self::NewerFormat(format));
        }
        let (check, rest) = rest.split_first_chunk::<8>()?;
        if *check != key.check_bytes() {
            return Some(Self::OtherKey);
        }
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let wrapped = rest.first_chunk::<WRAPPED_LEN>()?;
        let id = SegmentId(*id);
        Some(Self::Whole(id, key.unwrap_key(&key_context(id), wrapped).ok()?))
    }
}

impl Segment {
    /// The segment with this number in `directory`.
    pub(super) fn new(directory: &Path, number: u64, id: SegmentId, key: Key) -> Self {
        Self { number, id, key, path: path(directory, number), awaited: AtomicUsize::new(0) }
    }

    /// Makes a segment file with `bytes` allocated, durably: header and directory are synced.
    ///
    /// The file is as long as what is allocated, and reads as zeroes where nothing was written;
    /// so an append changes no length, and its sync writes less.
    pub(super) fn create(
        directory: &Path,
        number: u64,
        bytes: u64,
        key: &Key,
    ) -> io::Result<(Self, File)> {
        let mut id = SegmentId([0; 16]);
        getrandom::fill(&mut id.0).map_err(io::Error::other)?;
        let own = Key::random().map_err(io::Error::other)?;
        let wrapped = key.wrap(&key_context(id), &own).map_err(io::Error::other)?;
        let header = header(id, &wrapped, key);
        let segment = Self::new(directory, number, id, own);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&segment.path)?;
        let made = allocate(&file, 0, bytes)
            .and_then(|()| (&file).write_all(&header))
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_directory(directory));
        if let Err(error) = made {
            // Half a segment is worth nothing; if it cannot be removed, the next start does it.
            let _removed = fs::remove_file(&segment.path);
            return Err(error);
        }
        Ok((segment, file))
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

/// Makes a segment unreadable for ever, and removes it durably.
pub(super) fn remove(path: &Path, directory: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.write_all_at(&[0; HEADER_LEN], 0)?;
    file.sync_data()?;
    fs::remove_file(path)?;
    sync_directory(directory)
}

/// Makes names in `directory` durable.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The number of the segment that a file of this name holds; `None` for other files.
pub(super) fn number(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    (path.extension()? == EXTENSION).then(|| stem.parse().ok())?
}

fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:012}.{EXTENSION}"))
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
