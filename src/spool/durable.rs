//! Bringing to the disk what was written: every sync of the spool is here, but that of its
//! marker.

use std::{fs::File, io, path::Path};

/// Makes the bytes of `file` durable, and its length.
pub(super) fn sync_data(file: &File) -> io::Result<()> {
    file.sync_data()?;
    #[cfg(test)]
    super::power_cut::keep_file(file);
    Ok(())
}

/// Makes the bytes of `file` durable, and all that the system knows of it.
pub(super) fn sync_file(file: &File) -> io::Result<()> {
    file.sync_all()?;
    #[cfg(test)]
    super::power_cut::keep_file(file);
    Ok(())
}

/// Makes names in `directory` durable.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()?;
    #[cfg(test)]
    super::power_cut::keep_names(directory);
    Ok(())
}
