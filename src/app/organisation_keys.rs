//! The files with the organisation's private keys: read once, at start.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{
    domain::Timestamp,
    envelope::{KeyFileError, OrganisationKeys},
    trust::Certificate,
};

/// Why the organisation's keys cannot be used. Holds nothing of a key or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrganisationKeyError {
    /// It is not a key file, or the password is another.
    #[error("cannot use the key file {path}: {source}", path = path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// The password is not text.
    #[error("the password file {path} is not text in UTF-8", path = path.display())]
    Password {
        /// The file.
        path: PathBuf,
    },
    /// The file is open to others than its owner.
    #[error(
        "{path} can be used by others than its owner (mode {mode:04o}); make it private: \
         chmod 600 {path}",
        path = path.display()
    )]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Reads key files, of which those that are encrypted have the password in the first line of
/// `password_file`. No files, no keys.
///
/// # Errors
/// A file cannot be read, gives any permission to group or others, or holds no key that can be
/// used.
pub fn read_organisation_keys(
    files: &[PathBuf],
    password_file: Option<&Path>,
) -> Result<OrganisationKeys, OrganisationKeyError> {
    let password = match password_file {
        Some(path) => first_line(path)?,
        None => Zeroizing::default(),
    };
    let mut keys = OrganisationKeys::empty();
    for path in files {
        let refuse = |source| OrganisationKeyError::KeyFile { path: path.clone(), source };
        let file = read_private(path)?;
        let read = OrganisationKeys::read(&file, &password).map_err(refuse)?;
        keys = keys.merge(read).map_err(refuse)?;
    }
    Ok(keys)
}

/// The certificates that senders encrypt for: those beside the keys that are no authority's, with
/// whether each has expired at `now`.
pub fn recipient_certificates(
    keys: &OrganisationKeys,
    now: Timestamp,
) -> impl Iterator<Item = (&Certificate, bool)> {
    let own = keys.certificates().iter().filter(|certificate| !certificate.is_authority());
    own.map(move |certificate| (certificate, certificate.not_after() < now))
}

fn first_line(path: &Path) -> Result<Zeroizing<String>, OrganisationKeyError> {
    let bytes = read_private(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| OrganisationKeyError::Password { path: path.to_owned() })?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, OrganisationKeyError> {
    const PERMISSIONS: u32 = 0o7777;
    const OTHERS: u32 = 0o077;
    /// Larger ones are no key files.
    const MAX_LEN: usize = (1 << 20) + 1;
    let unreadable = |source| OrganisationKeyError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    // Asked of the open file, not of the path: nobody can exchange it in between.
    let metadata = file.metadata().map_err(unreadable)?;
    let mode = metadata.mode() & PERMISSIONS;
    if mode & OTHERS != 0 {
        return Err(OrganisationKeyError::ReadableByOthers { path: path.to_owned(), mode });
    }
    // One piece of memory: a secret that moves leaves itself behind.
    let length = usize::try_from(metadata.len()).unwrap_or(MAX_LEN).min(MAX_LEN);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(32)));
    let limit = u64::try_from(MAX_LEN).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn refuses_a_file_that_others_can_use_and_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("org.p12");
        fs::write(&path, "secret").unwrap();
        for mode in [0o644, 0o640, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read_organisation_keys(std::slice::from_ref(&path), None).unwrap_err();
            assert!(matches!(error, OrganisationKeyError::ReadableByOthers { .. }), "{mode:o}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
            let error = read_organisation_keys(&[], Some(&path)).unwrap_err();
            assert!(matches!(error, OrganisationKeyError::ReadableByOthers { .. }), "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = read_organisation_keys(std::slice::from_ref(&path), Some(&path)).unwrap_err();
        assert!(matches!(error, OrganisationKeyError::KeyFile { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named_and_no_files_are_no_keys() {
        let missing = PathBuf::from("/nowhere/org.p12");
        let error = read_organisation_keys(&[missing], None).unwrap_err();
        assert!(error.to_string().contains("/nowhere/org.p12"), "{error}");
        assert!(read_organisation_keys(&[], None).unwrap().is_empty());
    }
}
