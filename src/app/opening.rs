//! Opening the database and the vault of an installation, or making both where nothing is yet.

use std::{fs::File, os::unix::fs::MetadataExt as _, path::PathBuf};

use super::AppError;
use crate::{
    archive::Archive,
    config::{self, Config},
    sealing::{Key, MasterKey},
    spool::Spool,
    store::{Store, StoreError},
    vault::Vault,
};

/// Opens database and vault of an installation, the database migrated to this version.
///
/// # Errors
/// A wrong master key, a database of a newer version, anything unreadable: nothing is changed.
pub async fn open_archive(config: &Config) -> Result<Archive, AppError> {
    let master = MasterKey::load(&config.vault.master_key)?;
    let (store, vault) = open_with(config, &master).await?;
    Ok(Archive::new(store, vault))
}

/// The same with the master key at hand.
pub(super) async fn open_with(
    config: &Config,
    master: &MasterKey,
) -> Result<(Store, Vault), AppError> {
    let url = database_url(&config.store)?;
    let vault = &config.vault.directory;
    // First the database: it knows which master key it was made with.
    match Store::open_existing(&url, &master.check_value()).await {
        Err(StoreError::Absent) => {}
        store => return Ok((store?, Vault::open(vault, master)?)),
    }
    // An empty database in the place of a lost one would refuse all mail for good.
    let spool = &config.spool.directory;
    let beside = if Vault::has_objects(vault)? { Some(vault) } else { None };
    let beside = if Spool::is_used(spool)? { Some(spool) } else { beside };
    if let Some(beside) = beside.cloned() {
        return Err(AppError::DatabaseMissing { database: place_of(&url), beside });
    }
    Spool::make(spool, &spool_key(master))?;
    let vault = Vault::make(vault, master)?;
    Ok((Store::open(&url, &master.check_value()).await?, vault))
}

/// Makes sure that the spool is where it should be, and gives the files in it with what was set aside as
/// damaged.
///
/// # Errors
/// When it is not there, or is another installation's.
pub fn check_spool(config: &Config) -> Result<Vec<PathBuf>, AppError> {
    let master = MasterKey::load(&config.vault.master_key)?;
    Ok(Spool::check(&config.spool.directory, &spool_key(&master))?)
}

/// What the mails in the spool are sealed with.
pub(super) fn spool_key(master: &MasterKey) -> Key {
    master.key("spool")
}

/// Where a database is, for people; nothing of a URL that may have a password.
fn place_of(url: &str) -> String {
    let path = url.strip_prefix("sqlite:").map(str::to_owned);
    path.unwrap_or_else(|| "the PostgreSQL server that is named".to_owned())
}

fn database_url(section: &config::Store) -> Result<String, AppError> {
    /// What everybody may do with a file.
    const OTHERS: u32 = 0o007;
    let Some(path) = &section.url_file else { return Ok(section.url.clone()) };
    let unreadable = |source| AppError::UrlFile { path: path.clone(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode();
    if mode & OTHERS != 0 {
        return Err(AppError::UrlFileOfAll { path: path.clone(), mode: mode & 0o7777 });
    }
    let text = std::io::read_to_string(file).map_err(unreadable)?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
