//! The directory of a spool: making it, holding it, and how much room there is.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use super::{SpoolError, durable::sync_directory};

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

/// A directory that is held by this process.
///
/// Dropping it lets go at once. Closing the file would not do: a lock of `flock(2)` stays as long
/// as anybody has the open file, and a child process has it between `fork` and `exec`.
#[derive(Debug)]
pub(super) struct DirectoryLock(File);

impl DirectoryLock {
    /// The open file, as a child process has it.
    #[cfg(test)]
    pub(super) fn shared(&self) -> File {
        self.0.try_clone().unwrap()
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
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
        Ok(()) => Ok(DirectoryLock(file)),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse { directory: directory.to_owned() }),
        Err(TryLockError::Error(error)) => Err(SpoolError::io("lock", &path)(error)),
    }
}

/// The bytes that are free there for users without privileges.
pub(super) fn free_bytes(directory: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(directory)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
