//! The end of a segment, where the writer goes on.

use std::{
    fs::File,
    io::{self, IoSlice},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::io::pwritev;

use super::{
    damage::{Aside, set_aside},
    durable::sync_data,
    record::HEAD_LEN,
    segment::{FIRST_RECORD, Segment, allocate},
};

/// The writer's hold on one segment.
#[derive(Debug)]
pub(super) struct Tail {
    segment: Arc<Segment>,
    /// Open while the segment is active, or was written to since.
    file: Option<File>,
    /// Where the last whole record ends.
    end: u64,
    allocated: u64,
    abandoned: bool,
    /// Damaged stretches that are to be set aside before the segment is destroyed.
    unsaved: Vec<Range<u64>>,
}

/// Why mails are not kept. One refusal serves all mails of a batch.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// An earlier write or sync to the segment of this number failed.
    Abandoned(u64),
    /// There is no space; how many bytes are free, when the reserve is the reason.
    Full(Option<u64>),
    /// The system failed to do something with a file.
    Io(&'static str, PathBuf, Arc<io::Error>),
}

impl Refusal {
    /// For `map_err`: the refusal for a failure with `path`.
    pub(super) fn io<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |error| {
            if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
                return Self::Full(None);
            }
            Self::Io(action, path.to_owned(), Arc::new(error))
        }
    }
}

impl Tail {
    /// The tail of a new segment with `allocated` bytes.
    pub(super) fn new(segment: Arc<Segment>, file: File, allocated: u64) -> Self {
        Self {
            segment,
            file: Some(file),
            end: FIRST_RECORD,
            allocated,
            abandoned: false,
            unsaved: Vec::new(),
        }
    }

    /// The tail of a segment found at start whose records end at `end`. It is written to if it is
    /// `sound`; `unsaved` stretches of it are to be set aside before it is destroyed.
    pub(super) fn adopted(
        segment: Arc<Segment>,
        end: u64,
        sound: bool,
        unsaved: Vec<Range<u64>>,
    ) -> Self {
        Self { segment, file: None, end, allocated: end, abandoned: !sound, unsaved }
    }

    /// Sets aside what is still to be set aside; how many stretches that were not there yet.
    pub(super) fn save(&mut self) -> io::Result<u64> {
        if self.unsaved.is_empty() {
            return Ok(0);
        }
        let Aside { fresh, is_whole } = set_aside(&self.segment.path, &self.unsaved)?;
        if !is_whole {
            return Err(io::Error::other("the disk does not give all of it"));
        }
        self.unsaved.clear();
        Ok(fresh)
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Whether an earlier write or sync failed.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Closes the file, which is opened again if the segment is written to.
    pub(super) fn close(&mut self) {
        self.file = None;
    }

    /// Appends `records` in one write and, when they hold a mail, syncs them; how long the sync
    /// took. After an error the segment is abandoned, unless there was no space to begin with.
    pub(super) fn append(
        &mut self,
        records: &mut [IoSlice<'_>],
        sync: bool,
    ) -> Result<Duration, Refusal> {
        let (elapsed, end) = self.write(records, sync)?;
        self.end = end;
        Ok(elapsed)
    }

    /// Writes zeroes where the next record comes to and syncs them, as a mail would be: the end stays
    /// where it is, and the next record is written over them. Fails as [`Self::append`] does.
    pub(super) fn probe(&mut self) -> Result<(), Refusal> {
        self.write(&mut [IoSlice::new(&[0; HEAD_LEN])], true).map(|_| ())
    }

    /// Writes records behind the end; how long the sync took, and where they end.
    fn write(
        &mut self,
        records: &mut [IoSlice<'_>],
        sync: bool,
    ) -> Result<(Duration, u64), Refusal> {
        if self.abandoned {
            return Err(Refusal::Abandoned(self.segment.number));
        }
        let length = records.iter().map(|record| u64::try_from(record.len()).unwrap_or(u64::MAX));
        let end = length.fold(self.end, u64::saturating_add);
        let file = match self.file.take() {
            Some(file) => file,
            None => self.segment.open_for_writing().map_err(self.failed("open"))?,
        };
        let file = self.file.insert(file);
        if sync && end > self.allocated {
            // Space that is missing is better missed now than half way through.
            extend(file, self.allocated, end).map_err(Refusal::io("extend", &self.segment.path))?;
            self.allocated = end;
        }
        match write_and_sync(file, self.end, records, sync) {
            Ok(elapsed) => Ok((elapsed, end)),
            Err(error) => {
                self.abandoned = true;
                // Without them the refused mails do not come back at the next start. If it fails
                // they do, and are judged although their senders were told to try again.
                let _cut = file.set_len(self.end);
                self.file = None;
                Err(self.failed("write to")(error))
            }
        }
    }

    #[cfg(test)]
    pub(super) fn replace_file(&mut self, file: File) {
        self.file = Some(file);
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> Refusal + use<'_> {
        Refusal::io(action, &self.segment.path)
    }
}

fn extend(file: &File, from: u64, end: u64) -> io::Result<()> {
    boundary!(Extend);
    allocate(file, from, end.saturating_sub(from))
}

fn write_and_sync(
    file: &File,
    from: u64,
    records: &mut [IoSlice<'_>],
    sync: bool,
) -> io::Result<Duration> {
    if sync {
        boundary!(WriteRecords, file, from, records);
    } else {
        boundary!(WriteMarks, file, from, records);
    }
    write_all(from, records, |slices, at| Ok(pwritev(file, slices, at)?))?;
    let begin = Instant::now();
    if sync {
        boundary!(SyncRecords);
        sync_data(file)?;
        boundary!(at Synced);
    }
    Ok(begin.elapsed())
}

/// Writes all of `slices` from `at` on, in as few calls of `write` as the system allows.
fn write_all(
    mut at: u64,
    mut slices: &mut [IoSlice<'_>],
    mut write: impl FnMut(&[IoSlice<'_>], u64) -> io::Result<usize>,
) -> io::Result<()> {
    while slices.iter().any(|slice| !slice.is_empty()) {
        match write(slices, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                at = at.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
                IoSlice::advance_slices(&mut slices, written);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_is_cut_short_goes_on_where_it_stopped() {
        let (mut calls, mut output) = (0, vec![0; 7]);
        let mut slices = [b"".as_slice(), b"first", b"", b"second", b"x"].map(IoSlice::new);
        // Takes a few bytes at a time, and is interrupted every other time.
        let taken = write_all(7, &mut slices, |slices, at| {
            calls += 1;
            if calls % 2 == 0 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            assert_eq!(usize::try_from(at).unwrap(), output.len());
            let bytes: Vec<_> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            let length = bytes.len().min(3);
            output.extend_from_slice(&bytes[..length]);
            Ok(length)
        });
        taken.unwrap();
        assert_eq!(&output[7..], b"firstsecondx");
    }

    #[test]
    fn more_slices_than_the_system_takes_are_written_in_turns() {
        let file = tempfile::tempfile().unwrap();
        let contents: Vec<[u8; 8]> = (0..=2048_u64).map(u64::to_le_bytes).collect();
        let mut slices: Vec<_> = contents.iter().map(|content| IoSlice::new(content)).collect();
        write_all(5, &mut slices, |slices, at| Ok(pwritev(&file, slices, at)?)).unwrap();
        let mut written = vec![0; 5 + contents.as_flattened().len()];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut written, 0).unwrap();
        assert_eq!(&written[5..], contents.as_flattened());
    }
}
