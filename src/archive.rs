//! The archive: shares as they are kept, over the database with their rows and wrapped keys and the
//! vault with their objects.
//!
//! What of a share is sealed where, with which of its keys and under which name, is known here and
//! nowhere else. [`Archive::keep`] seals and keeps, [`Archive::open`] opens,
//! [`KeptShare::replace`] puts another judgement in the place of the one before,
//! [`Archive::destroy`] takes away what was sealed. Who may open what, and when something is
//! destroyed, others decide.

mod keep;
mod open;

use crate::{
    domain::{Fingerprint, Timestamp},
    store::{DueKey, Store, StoreError},
    vault::{Vault, VaultError},
};

pub use keep::Contents;
pub use open::{KeptDocument, KeptShare};

/// Shares as they are kept. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Archive {
    store: Store,
    vault: Vault,
}

/// A failure of ours: what was asked for is not done.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Archive {
    /// The archive of these two, which belong together.
    #[must_use]
    pub fn new(store: Store, vault: Vault) -> Self {
        Self { store, vault }
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The vault.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// See [`Vault::fingerprint`].
    #[must_use]
    pub fn fingerprint(&self, kind: &str, content: &[u8]) -> Fingerprint {
        self.vault.fingerprint(kind, content)
    }

    /// Takes away the objects of a key that is destroyed, and says so in the ledger. Whether it is
    /// new there.
    ///
    /// # Errors
    /// When the vault or the database fails; asking again goes on where it stopped.
    pub async fn destroy(&self, key: &DueKey, at: Timestamp) -> Result<bool, ArchiveError> {
        self.vault.destroy(key.share, key.term).await?;
        Ok(self.store.finish_destruction(key, at).await?)
    }
}
