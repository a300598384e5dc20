//! The directory of a spool: making it, knowing it, holding it, and how much room there is.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::{SpoolError, durable::sync_directory, recovery::numbered_files};
use crate::sealing::{Key, Marked, Marker};

fn marker(directory: &Path, key: &Key) -> Marker {
    Marker::new(directory, "skrynka-spool", &key.derive("marker"))
}

/// Makes the spool of an installation, durably.
pub(super) fn make_marked(directory: &Path, key: &Key) -> Result<(), SpoolError> {
    make(directory).map_err(SpoolError::io("make", directory))?;
    let marker = marker(directory, key);
    marker.make().map_err(SpoolError::io("mark the spool with", marker.path()))
}

/// Makes sure that the directory is this installation's spool, and not that of a volume which is not
/// mounted: mails in another one would never be judged. Tells whether it is marked. One with segments
/// need not be, for it is of an earlier version or the disk lost that: it may be marked once they
/// turn out to be sealed with `key`.
pub(super) fn check(directory: &Path, key: &Key) -> Result<bool, SpoolError> {
    let marker = marker(directory, key);
    match marker.look().map_err(SpoolError::io("read", marker.path()))? {
        Marked::Own => Ok(true),
        Marked::Another => Err(SpoolError::OtherKey { path: marker.path().to_owned() }),
        Marked::No if is_used(directory)? => Ok(false),
        Marked::No => Err(SpoolError::NotThere {
            directory: directory.to_owned(),
            marker: marker.line().to_owned(),
        }),
    }
}

/// Makes the directory where there is none, durably.
pub(super) fn make(directory: &Path) -> io::Result<()> {
    let missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let made: Vec<_> = directory.ancestors().take_while(missing).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    for parent in made.iter().filter_map(|path| path.parent()) {
        let here = Path::new(".");
        sync_directory(if parent.as_os_str().is_empty() { here } else { parent })?;
    }
    Ok(())
}

/// Whether mails were written to it.
pub(super) fn is_used(directory: &Path) -> Result<bool, SpoolError> {
    Ok(directory.exists() && !numbered_files(directory)?.is_empty())
}

/// A directory that is held by this process.
///
/// Dropping it lets go at once. Closing the file would not do: a lock of `flock(2)` stays as long
/// as anybody has the open file, and a child process has it between `fork` and `exec`.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    file: File,
    path: PathBuf,
}

impl DirectoryLock {
    /// Whether the directory still stands where it was taken.
    ///
    /// # Errors
    /// When its volume is away, say, and what is made by its path would be made elsewhere.
    pub(super) fn is_in_place(&self) -> io::Result<()> {
        let (held, found) = (self.file.metadata()?, fs::metadata(&self.path)?);
        if (held.dev(), held.ino()) == (found.dev(), found.ino()) {
            return Ok(());
        }
        Err(io::Error::other("another directory stands in the place of the one that is held"))
    }

    /// The file that is locked.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The open file, as a child process has it.
    #[cfg(test)]
    pub(super) fn shared(&self) -> File {
        self.file.try_clone().unwrap()
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the spool cannot be unlocked; the end of the process does it");
        }
    }
}

/// Takes the directory for this process.
pub(super) fn lock(directory: &Path) -> Result<DirectoryLock, SpoolError> {
    let path = directory.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(SpoolError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(DirectoryLock { file, path }),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse { directory: directory.to_owned() }),
        Err(TryLockError::Error(error)) => Err(SpoolError::io("lock", &path)(error)),
    }
}

/// The bytes that are free there for users without privileges.
pub(super) fn free_bytes(directory: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(directory)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
