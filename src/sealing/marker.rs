//! The marker of a directory: a file by which it is known as one of this installation.
//!
//! The directory of a volume that is not mounted is there and empty. What is written into it is lost
//! when the volume is back, what is read from it looks destroyed, and what is destroyed in it is not.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::Key;

/// What has to stand where for a directory to be the one that is meant.
#[derive(Debug)]
pub struct Marker {
    path: PathBuf,
    text: String,
}

/// What a directory turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// The one of another installation.
    Another,
    /// None that is marked.
    No,
    /// The one that is meant.
    Own,
}

impl Marker {
    /// A file of this `name` in `directory`, made out for the holder of `key`, which it tells nothing of.
    #[must_use]
    pub fn new(directory: &Path, name: &str, key: &Key) -> Self {
        let text = format!("{name}-1 {}\n", key.check_value());
        Self { path: directory.join(name), text }
    }

    /// Marks the directory, durably, whatever marker stands there.
    ///
    /// # Errors
    /// When the disk does not do as asked.
    pub fn make(&self) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(self.text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        File::open(self.directory())?.sync_all()
    }

    /// Whether the directory is marked.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn look(&self) -> io::Result<Marked> {
        let found = match fs::read(&self.path) {
            Err(error) if is_absence(&error) => return Ok(Marked::No),
            found => found?,
        };
        // Of whatever version.
        let (kind, _) = self.text.split_once("-1 ").unwrap_or_default();
        Ok(if found == self.text.as_bytes() {
            Marked::Own
        } else if found.starts_with(kind.as_bytes()) {
            Marked::Another
        } else {
            // The disk lost what stood there.
            Marked::No
        })
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file has to say: one line, given without its end.
    #[must_use]
    pub fn line(&self) -> &str {
        self.text.trim_end()
    }
}

/// Whether what was looked for is not there, as opposed to one that cannot be read.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
