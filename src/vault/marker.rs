//! The marker of a vault: a file by which its directory is known.
//!
//! The directory of a volume that is not mounted is there and empty. What is written into it is lost
//! when the volume is back, what is read from it looks destroyed, and what is destroyed in it is not.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use super::VaultError;
use crate::sealing::MasterKey;

/// The name of the file.
const NAME: &str = "skrynka-vault";

/// What has to stand where for a directory to be the vault.
#[derive(Debug)]
pub(super) struct Marker {
    path: PathBuf,
    text: String,
}

impl Marker {
    /// The marker of the vault in `directory`.
    pub(super) fn of(directory: &Path, master: &MasterKey) -> Self {
        let check = master.key("vault marker").check_value();
        Self { path: directory.join(NAME), text: format!("skrynka-vault-1 {check}\n") }
    }

    /// Makes the directory and marks it, durably. One that is marked already stays as it is.
    pub(super) fn make(&self) -> Result<(), VaultError> {
        let directory = self.directory();
        make_directory(directory)?;
        let write = || -> io::Result<()> {
            let beside = self.path.with_extension("new");
            let mut file = File::create(&beside)?;
            file.write_all(self.text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &self.path)?;
            File::open(directory)?.sync_all()
        };
        write().map_err(VaultError::io("mark the vault with", &self.path))
    }

    /// Whether the vault is there.
    ///
    /// # Errors
    /// [`VaultError::NotThere`] when it is not.
    pub(super) fn check(&self) -> Result<(), VaultError> {
        let found = match fs::read(&self.path) {
            Err(error) if is_absence(&error) => None,
            found => Some(found.map_err(VaultError::io("read", &self.path))?),
        };
        if found.as_deref() == Some(self.text.as_bytes()) {
            return Ok(());
        }
        Err(VaultError::NotThere {
            directory: self.directory().to_owned(),
            is_of_another: found.is_some(),
            marker: self.text.trim_end().to_owned(),
        })
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
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
