//! The account with the authority and the certificate, on the disk; for the server's user alone.

use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use instant_acme::AccountCredentials;
use serde::{Deserialize, Serialize};

use super::AcmeError;
use crate::tls::{TlsConfig, https_config};

/// The certificate with its chain and, behind it, its key: one file, so that both are replaced at once.
const CERTIFICATE: &str = "certificate.pem";
const ACCOUNT: &str = "account.json";

/// The certificate that the server got last; `cache` is the directory that it lies in.
///
/// # Errors
/// When it cannot be used.
pub fn certificate_by_acme(cache: &Path) -> Result<Option<Arc<TlsConfig>>, AcmeError> {
    let path = cache.join(CERTIFICATE);
    match path.try_exists() {
        Ok(false) => Ok(None),
        Ok(true) => Ok(Some(https_config(&path, &path)?)),
        Err(source) => Err(AcmeError::File { path, source }),
    }
}

/// The directory with the files.
#[derive(Clone, Debug)]
pub(super) struct Files {
    directory: PathBuf,
}

/// An account is of one authority.
#[derive(Deserialize, Serialize)]
struct KeptAccount {
    directory: String,
    credentials: AccountCredentials,
}

impl Files {
    pub(super) fn open(directory: &Path) -> Result<Self, AcmeError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|source| AcmeError::File { path: directory.to_owned(), source })?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// The certificate that was got last.
    pub(super) fn certificate(&self) -> Result<Option<Arc<TlsConfig>>, AcmeError> {
        certificate_by_acme(&self.directory)
    }

    /// Keeps a certificate, once it is known to serve, in place of the one before.
    pub(super) fn keep(&self, chain: &str, key: &str) -> Result<Arc<TlsConfig>, AcmeError> {
        let path = self.directory.join(CERTIFICATE);
        let refuse = |source| AcmeError::File { path: path.clone(), source };
        let file = self.write(format!("{}\n{key}", chain.trim_end()).as_bytes()).map_err(refuse)?;
        https_config(file.path(), file.path())?;
        self.persist(file, &path).map_err(refuse)?;
        Ok(https_config(&path, &path)?)
    }

    /// The account with the authority at `directory`.
    pub(super) fn account(&self, directory: &str) -> Result<Option<AccountCredentials>, AcmeError> {
        let path = self.directory.join(ACCOUNT);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(AcmeError::File { path, source }),
        };
        let kept: KeptAccount = serde_json::from_slice(&text)
            .map_err(|error| AcmeError::File { path, source: error.into() })?;
        Ok((kept.directory == directory).then_some(kept.credentials))
    }

    pub(super) fn keep_account(
        &self,
        directory: &str,
        credentials: AccountCredentials,
    ) -> Result<(), AcmeError> {
        let path = self.directory.join(ACCOUNT);
        let refuse = |source| AcmeError::File { path: path.clone(), source };
        let kept = KeptAccount { directory: directory.to_owned(), credentials };
        let text = serde_json::to_vec(&kept).map_err(|error| refuse(error.into()))?;
        let file = self.write(&text).map_err(refuse)?;
        self.persist(file, &path).map_err(refuse)
    }

    /// The authority knows the account no longer: the next try makes another.
    pub(super) fn forget_account(&self) {
        if let Err(error) = fs::remove_file(self.directory.join(ACCOUNT)) {
            tracing::warn!(%error, "the account of ACME that is no more cannot be removed");
        }
    }

    /// A file that is none yet, and gone when dropped.
    fn write(&self, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        let own = fs::Permissions::from_mode(0o600);
        let mut builder = tempfile::Builder::new();
        let mut file = builder.prefix(".new-").permissions(own).tempfile_in(&self.directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// The whole new file or the whole old one, whatever happens meanwhile.
    fn persist(&self, file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
        file.persist(path).map_err(|error| error.error)?;
        fs::File::open(&self.directory)?.sync_all()
    }
}
