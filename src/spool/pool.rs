//! Files of drained segments, kept to be written again.
//!
//! A record that comes to blocks which were written before changes no metadata of the file, so its
//! sync has the record alone to bring to the disk. What the blocks held is unreadable: the header
//! with the key was erased when the segment was drained, and the heads of records are bound to
//! the segment that they were written for.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{damage::destroy, durable::sync_directory, load::Load};

/// What the names of the pool's files end in.
pub(super) const FREE: &str = "free";

/// How many files are kept.
const KEPT: usize = 2;

/// The files of a spool that wait to be written again.
#[derive(Debug)]
pub(super) struct Pool {
    directory: PathBuf,
    /// A file longer than this is not kept, in bytes.
    longest: u64,
    /// With their lengths, in bytes.
    files: Vec<(PathBuf, u64)>,
    load: Arc<Load>,
}

impl Pool {
    pub(super) fn new(directory: PathBuf, segment_bytes: u64, load: Arc<Load>) -> Self {
        Self { directory, longest: segment_bytes.saturating_mul(2), files: Vec::new(), load }
    }

    /// Takes over a file that was kept before the start. One too many is removed.
    pub(super) fn adopt(&mut self, file: PathBuf) {
        match self.room_for(&file) {
            Some(length) => self.push(file, length),
            None => discard(&file),
        }
    }

    pub(super) fn take(&mut self) -> Option<PathBuf> {
        let taken = self.files.pop();
        self.tell();
        taken.map(|(file, _)| file)
    }

    /// Gives up all files; whether there were any.
    pub(super) fn clear(&mut self) -> bool {
        let had = self.files.drain(..).map(|(file, _)| discard(&file)).count() > 0;
        self.tell();
        had
    }

    /// Makes the segment at `path` unreadable for ever, and keeps its file if there is room, it is
    /// `sound` and nothing of it was set aside; otherwise removes it. Either is durable.
    pub(super) fn retire(&mut self, path: &Path, sound: bool) -> io::Result<()> {
        let reusable = destroy(path)? && sound;
        if reusable && let Some(length) = self.room_for(path) {
            let free = path.with_extension(FREE);
            boundary!(RenameDrained);
            fs::rename(path, &free)?;
            self.push(free, length);
        } else {
            boundary!(Unlink);
            fs::remove_file(path)?;
        }
        boundary!(SyncRemoved);
        sync_directory(&self.directory)
    }

    /// The length of the file, if there is room for it.
    fn room_for(&self, file: &Path) -> Option<u64> {
        let length = fs::metadata(file).ok()?.len();
        (self.files.len() < KEPT && length <= self.longest).then_some(length)
    }

    fn push(&mut self, file: PathBuf, length: u64) {
        self.files.push((file, length));
        self.tell();
    }

    fn tell(&self) {
        self.load.pooled(self.files.iter().map(|(_, length)| length).sum());
    }
}

/// Removes a file that holds nothing. If that fails, the next start tries again.
fn discard(file: &Path) {
    if let Err(error) = fs::remove_file(file) {
        tracing::warn!(path = %file.display(), %error, "an empty file of the spool is in the way");
    }
}
