//! Faults at the boundaries of the spool's work with the disk. Compiled for tests only.
//!
//! One fault is armed for a process, which a test starts for the purpose: it may abort.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, IoSlice},
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rustix::io::Errno;

/// A boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    Acknowledge,
    Acknowledged,
    Allocate,
    CutTail,
    EraseHeader,
    Extend,
    HandOver,
    MakeFile,
    Moved,
    ReadRecord,
    ReadSegment,
    RenameDrained,
    RenameMade,
    Settled,
    SyncErased,
    SyncHeader,
    SyncKept,
    SyncMade,
    SyncRecords,
    SyncRecovered,
    SyncRemoved,
    Synced,
    Unlink,
    WriteHeader,
    WriteMarks,
    WriteRecords,
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process ends as by a power cut that spares the page cache.
    Abort,
    /// The disk is full.
    Full,
    /// The disk fails.
    Io,
    /// The process ends, and what was not synced is lost; half of the files may have more.
    PowerCut,
    /// Half is written, then the disk is full.
    Short,
    /// The disk fails from then on.
    Stays,
    /// Half is written, then the process ends.
    Torn,
}

impl Point {
    pub(super) const ALL: [Self; 26] = [
        Self::Acknowledge,
        Self::Acknowledged,
        Self::Allocate,
        Self::CutTail,
        Self::EraseHeader,
        Self::Extend,
        Self::HandOver,
        Self::MakeFile,
        Self::Moved,
        Self::ReadRecord,
        Self::ReadSegment,
        Self::RenameDrained,
        Self::RenameMade,
        Self::Settled,
        Self::SyncErased,
        Self::SyncHeader,
        Self::SyncKept,
        Self::SyncMade,
        Self::SyncRecords,
        Self::SyncRecovered,
        Self::SyncRemoved,
        Self::Synced,
        Self::Unlink,
        Self::WriteHeader,
        Self::WriteMarks,
        Self::WriteRecords,
    ];

    /// The faults that can happen there: between two steps a process can only end.
    pub(super) fn faults(self) -> &'static [Fault] {
        match self {
            Self::Acknowledge
            | Self::Acknowledged
            | Self::HandOver
            | Self::Moved
            | Self::Settled
            | Self::Synced => &[Fault::Abort, Fault::PowerCut],
            Self::EraseHeader => &[
                Fault::Abort,
                Fault::Full,
                Fault::Io,
                Fault::PowerCut,
                Fault::Short,
                Fault::Stays,
                Fault::Torn,
            ],
            Self::WriteHeader | Self::WriteMarks | Self::WriteRecords => {
                &[Fault::Abort, Fault::Full, Fault::Io, Fault::PowerCut, Fault::Short, Fault::Torn]
            }
            Self::CutTail
            | Self::RenameDrained
            | Self::SyncErased
            | Self::SyncKept
            | Self::Unlink => {
                &[Fault::Abort, Fault::Full, Fault::Io, Fault::PowerCut, Fault::Stays]
            }
            Self::Allocate
            | Self::Extend
            | Self::MakeFile
            | Self::ReadRecord
            | Self::ReadSegment
            | Self::RenameMade
            | Self::SyncHeader
            | Self::SyncMade
            | Self::SyncRecords
            | Self::SyncRecovered
            | Self::SyncRemoved => &[Fault::Abort, Fault::Full, Fault::Io, Fault::PowerCut],
        }
    }
}

/// A fault that waits for its boundary to be reached `left` times more.
struct Armed {
    point: Point,
    fault: Fault,
    left: usize,
}

static ARMED: Mutex<Option<Armed>> = Mutex::new(None);

/// Lets `fault` happen when `point` is reached for the `nth` time from now on, 1 for the first.
pub(super) fn arm(point: Point, fault: Fault, nth: usize) {
    *armed() = Some(Armed { point, fault, left: nth });
}

/// Whether a fault still waits.
pub(super) fn is_armed() -> bool {
    armed().as_ref().is_some_and(|armed| armed.left > 0)
}

/// A boundary between two steps.
pub(super) fn pass(point: Point) {
    if fire(point).is_some() {
        std::process::abort();
    }
}

/// The boundary before a step that can fail.
pub(super) fn reach(point: Point) -> io::Result<()> {
    match fire(point) {
        None => Ok(()),
        Some(Fault::Full) => Err(Errno::NOSPC.into()),
        Some(Fault::Io | Fault::Stays) => Err(Errno::IO.into()),
        Some(Fault::Abort | Fault::PowerCut | Fault::Short | Fault::Torn) => std::process::abort(),
    }
}

thread_local! {
    /// What this thread has done, in order.
    static DONE: RefCell<Vec<(Point, PathBuf)>> = const { RefCell::new(Vec::new()) };
    /// The stretch of a file that this thread cannot read.
    static UNREADABLE: RefCell<Option<(PathBuf, Range<u64>)>> = const { RefCell::new(None) };
}

/// Writes down that a step with `path` is done.
pub(super) fn note(point: Point, path: &Path) {
    DONE.with_borrow_mut(|done| done.push((point, path.to_owned())));
}

/// What this thread has done since it was asked last.
pub(super) fn take_notes() -> Vec<(Point, PathBuf)> {
    DONE.take()
}

/// Lets the disk fail when this thread reads the stretch, or lets it read everything again.
pub(super) fn make_unreadable(stretch: Option<(PathBuf, Range<u64>)>) {
    UNREADABLE.set(stretch);
}

/// The boundary before `length` bytes of `path` are read from `from` on.
pub(super) fn reach_read(path: &Path, from: u64, length: usize) -> io::Result<()> {
    let end = from + u64::try_from(length).unwrap();
    let fails = |(bad, stretch): &(PathBuf, Range<u64>)| {
        bad == path && from < stretch.end && stretch.start < end
    };
    if UNREADABLE.with_borrow(|bad| bad.as_ref().is_some_and(fails)) {
        return Err(Errno::IO.into());
    }
    reach(Point::ReadSegment)
}

/// The boundary before `slices` are written to `file` at `from`.
pub(super) fn reach_write(
    point: Point,
    file: &File,
    from: u64,
    slices: &[IoSlice<'_>],
) -> io::Result<()> {
    let half = |file: &File| {
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        file.write_all_at(&bytes[..bytes.len() / 2], from)
    };
    match fire(point) {
        None => Ok(()),
        Some(Fault::Full) => Err(Errno::NOSPC.into()),
        Some(Fault::Io | Fault::Stays) => Err(Errno::IO.into()),
        Some(Fault::Short) => {
            half(file)?;
            Err(Errno::NOSPC.into())
        }
        Some(Fault::Torn) => {
            half(file)?;
            std::process::abort()
        }
        Some(Fault::Abort | Fault::PowerCut) => std::process::abort(),
    }
}

fn fire(point: Point) -> Option<Fault> {
    let mut slot = armed();
    let armed = slot.as_mut().filter(|armed| armed.point == point)?;
    armed.left = armed.left.saturating_sub(1);
    if armed.left > 0 {
        return None;
    }
    if armed.fault == Fault::Stays {
        return Some(Fault::Stays);
    }
    slot.take().map(|armed| armed.fault)
}

fn armed() -> std::sync::MutexGuard<'static, Option<Armed>> {
    ARMED.lock().unwrap_or_else(PoisonError::into_inner)
}
