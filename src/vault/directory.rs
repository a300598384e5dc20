//! The directory of a vault: what marks it, making it, and whether it has objects.

use std::{
    fs::{self, DirBuilder},
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

use super::VaultError;
use crate::sealing::{Marked, Marker, MasterKey};

/// The marker of the vault in `directory`.
pub(super) fn marker(directory: &Path, master: &MasterKey) -> Marker {
    Marker::new(directory, "skrynka-vault", &master.key("vault marker"))
}

/// Whether the vault is there.
///
/// # Errors
/// [`VaultError::NotThere`] when it is not.
pub(super) fn check(marker: &Marker) -> Result<(), VaultError> {
    let found = marker.look().map_err(VaultError::io("read", marker.path()))?;
    if found == Marked::Own {
        return Ok(());
    }
    Err(VaultError::NotThere {
        directory: marker.directory().to_owned(),
        is_of_another: found == Marked::Another,
        marker: marker.line().to_owned(),
    })
}

/// Makes a directory that only we may read, unless there is one.
pub(super) fn make_directory(directory: &Path) -> Result<(), VaultError> {
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(directory);
    made.map_err(VaultError::io("make", directory))
}

/// Whether a directory has objects, of whatever vault: shelves with something in them.
pub(super) fn has_objects(directory: &Path) -> io::Result<bool> {
    let shelves = match fs::read_dir(directory) {
        Err(error) if is_absence(&error) => return Ok(false),
        shelves => shelves?,
    };
    for shelf in shelves {
        let shelf = shelf?;
        let is_shelf = shelf.file_name().to_str().is_some_and(|name| {
            name.len() == 2 && name.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        if is_shelf && fs::read_dir(shelf.path())?.next().is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
