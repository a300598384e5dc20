//! Why an installation cannot be opened or started.

use std::{net::SocketAddr, path::PathBuf};

use super::{AcmeError, OrganisationKeyError};
use crate::{
    algorithms::PolicyError, sealing::SealingError, smtp::SmtpError, spool::SpoolError,
    store::StoreError, tls::TlsError, vault::VaultError,
};

/// Why an installation cannot be opened or started. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// A certificate cannot be got by ACME.
    #[error(transparent)]
    Acme(#[from] AcmeError),
    /// The algorithm policy has a mistake.
    #[error("the algorithm policy {path}, {source}", path = path.display())]
    AlgorithmPolicy {
        /// The file.
        path: PathBuf,
        /// What, and where.
        source: PolicyError,
    },
    /// The file of the algorithm policy cannot be read.
    #[error(
        "cannot read the algorithm policy {path}: {source}; `skrynka policy show --toml` prints one",
        path = path.display()
    )]
    AlgorithmPolicyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no database, and what it should know of is there.
    #[error(
        "there is no database at {database}, and {} belongs to an installation that had one: name the \
         right place in [store], or restore the database from the backup; to begin anew, move that \
         directory away",
        beside.display()
    )]
    DatabaseMissing {
        /// Where it should be.
        database: String,
        /// The spool or the vault.
        beside: PathBuf,
    },
    /// A listener of the web or metrics page cannot be had.
    #[error("cannot listen on {address} for the {what}: {source}")]
    Listen {
        /// What for.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The master key cannot be used.
    #[error(transparent)]
    MasterKey(#[from] SealingError),
    /// A socket within TLS is listened on, and there is no certificate for it.
    #[error(
        "mail is to be accepted within TLS and there is no certificate: name [smtp] certificate \
         and private_key"
    )]
    NoCertificate,
    /// The organisation's keys cannot be used.
    #[error(transparent)]
    OrganisationKeys(#[from] OrganisationKeyError),
    /// The directory with fetched revocation data cannot be made or read.
    #[error("cannot use the directory for revocation data {path}: {source}", path = path.display())]
    RevocationCache {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The receiver cannot start.
    #[error(transparent)]
    Smtp(#[from] SmtpError),
    /// The spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A certificate of the server or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The trust directory cannot be read.
    #[error("cannot read the trust directory {path}: {source}", path = path.display())]
    TrustDirectory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file with the database's URL cannot be read.
    #[error("cannot read the database's URL from {path}: {source}", path = path.display())]
    UrlFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file with the database's URL is open to everybody, and so may a password in it be.
    #[error(
        "the file with the database's URL, {path}, can be used by everybody (mode {mode:04o}); make it \
         private: chmod 640 {path}",
        path = path.display()
    )]
    UrlFileOfAll {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The vault cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
}
