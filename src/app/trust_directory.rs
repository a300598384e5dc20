//! Reading the trust directory.

use std::{fs, path::Path};

use crate::{
    app::AppError,
    trust::{self, TrustStore},
};

/// The largest file that is read as a certificate, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What a trust directory holds.
#[derive(Debug)]
pub struct TrustDirectory {
    /// The certificates.
    pub store: TrustStore,
    /// Files that are not used, each with the reason.
    pub problems: Vec<String>,
}

/// Reads every file of `directory` whose name does not begin with a dot, in order of names. A
/// file that is not a certificate is named as a problem and does not stop the others.
///
/// # Errors
/// [`AppError::TrustDirectory`] when the directory itself cannot be read.
pub fn read_trust_directory(directory: &Path) -> Result<TrustDirectory, AppError> {
    let refuse = |source| AppError::TrustDirectory { path: directory.to_owned(), source };
    let mut paths = fs::read_dir(directory)
        .map_err(refuse)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(refuse)?;
    paths.sort();
    let mut certificates = Vec::new();
    let mut problems = Vec::new();
    for path in paths.iter().filter(|path| is_certificate_file(path)) {
        match read(path) {
            Ok(found) => certificates.extend(found),
            Err(why) => problems.push(format!("{}: {why}", path.display())),
        }
    }
    Ok(TrustDirectory { store: TrustStore::new(certificates), problems })
}

fn is_certificate_file(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let readme = path.extension().is_some_and(|extension| extension == "md" || extension == "txt");
    path.is_file() && !hidden && !readme
}

fn read(path: &Path) -> Result<Vec<trust::Certificate>, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_FILE_BYTES {
        return Err(format!("{length} bytes, a certificate file has at most {MAX_FILE_BYTES}"));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    trust::read_certificates(&bytes).map_err(|error| error.to_string())
}
