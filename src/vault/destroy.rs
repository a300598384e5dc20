//! Removing what is left of a share's term.
//!
//! Works on the directory and not through the object store, which neither syncs what it removes
//! nor lists the files that an interrupted write leaves beside an object.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::Path,
};

use super::VaultError;
use crate::domain::{ShareId, Term};

/// Removes all files of a term, its directory, and the share's when it is empty, durably. How
/// many files there were. `shelf` is the directory that the share's lies in.
pub(super) fn destroy(shelf: &Path, share: ShareId, term: Term) -> Result<usize, VaultError> {
    let share = shelf.join(share.to_string());
    let term = share.join(term.as_str());
    let removed = remove_files(&term, |_| true).map_err(VaultError::io("empty", &term))?;
    for directory in [&term, &share] {
        remove_if_empty(directory).map_err(VaultError::io("remove", directory))?;
    }
    // Synced even when nothing was there: an earlier run may have been stopped before this.
    for directory in [term.as_path(), &share, shelf] {
        sync(directory).map_err(VaultError::io("sync", directory))?;
    }
    Ok(removed)
}

/// Removes the files of a term whose names have `check`, the check value of the key that they were
/// sealed with, and directories that this leaves empty.
pub(super) fn discard(
    shelf: &Path,
    share: ShareId,
    term: Term,
    check: &str,
) -> Result<(), VaultError> {
    let share = shelf.join(share.to_string());
    let term = share.join(term.as_str());
    // What an interrupted write leaves has the object's name and something behind it.
    remove_files(&term, |name| name.contains(check)).map_err(VaultError::io("clear", &term))?;
    for directory in [&term, &share] {
        remove_if_empty(directory).map_err(VaultError::io("remove", directory))?;
    }
    Ok(())
}

/// Removes the files whose names `are_meant`; how many there were.
fn remove_files(directory: &Path, are_meant: impl Fn(&str) -> bool) -> io::Result<usize> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        if !are_meant(&entry.file_name().to_string_lossy()) {
            continue;
        }
        match fs::remove_file(entry.path()) {
            // The other of a purge and a try that failed is removing it, too.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            outcome => {
                outcome?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

fn remove_if_empty(directory: &Path) -> io::Result<()> {
    match fs::remove_dir(directory) {
        Err(error)
            if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Makes the names in `directory` durable; one that is gone has none.
fn sync(directory: &Path) -> io::Result<()> {
    match File::open(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        directory => directory?.sync_all(),
    }
}
