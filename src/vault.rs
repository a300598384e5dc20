//! The vault: documents and raw mails, each sealed with the data key of its share and term.
//!
//! Every share has one random data key per [`Term`], which the database holds wrapped by a key
//! made from the master key. What is sealed is bound to share, term and name, so that an object
//! put in another's place does not open. When the data key is destroyed, what it sealed is noise;
//! [`Vault::destroy`] takes the noise away too.
//!
//! Objects lie in a directory, `<last byte of the share>/<share>/<term>/<name>.<check value of the
//! data key>`: what one key has sealed is never written over by what another one seals. They are
//! written beside their place, synced and moved there, and the directories are synced: an object
//! that [`Vault::put`] has written is there after a loss of power, whole. What the vault does not
//! do: it keeps no keys, and knows no terms' ends.
//!
//! A marker stands in the directory. Without it the vault is not there (its volume is not mounted, say):
//! then nothing is written, read as missing, or called destroyed.

mod destroy;
mod directory;
mod error;
mod name;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use object_store::{ObjectStoreExt as _, PutPayload, local::LocalFileSystem};
use serde::{Serialize, de::DeserializeOwned};
use tokio::task;
use zeroize::Zeroizing;

use self::{
    destroy::{destroy, discard},
    directory::{check, has_objects, make_directory, marker},
};
pub use self::{error::VaultError, name::ObjectName};
use crate::{
    domain::{Fingerprint, ShareId, Term},
    sealing::{Key, Marker, MasterKey},
};

/// The store of sealed objects, and the maker of their keys. Cloning is cheap.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    objects: LocalFileSystem,
    directory: PathBuf,
    marker: Marker,
    /// Wraps data keys.
    wrapping: Key,
    /// Keys the fingerprints.
    fingerprints: Key,
}

/// The bytes of the disk that no copy takes: the database lies there as a rule, and a purge has to write
/// where everything else is full.
pub(crate) const FLOOR: u64 = 64 << 20;

/// Content up to this length is sealed where the caller runs; more goes to a blocking thread.
const SEALED_INLINE: usize = 256 << 10;

impl Vault {
    /// Makes a vault in `directory`, which is made too if there is none, and opens it.
    ///
    /// # Errors
    /// When the directory cannot be made, marked or reached.
    pub fn make(directory: &Path, master: &MasterKey) -> Result<Self, VaultError> {
        make_directory(directory)?;
        let marker = marker(directory, master);
        marker.make().map_err(VaultError::io("mark the vault with", marker.path()))?;
        Self::open(directory, master)
    }

    /// Opens the vault in `directory`. It need not be there yet: see [`Self::check`].
    ///
    /// # Errors
    /// When the directory cannot be reached, or made where there is none.
    pub fn open(directory: &Path, master: &MasterKey) -> Result<Self, VaultError> {
        make_directory(directory)?;
        let directory = directory.canonicalize().map_err(VaultError::io("reach", directory))?;
        let objects = LocalFileSystem::new_with_prefix(&directory)
            .map_err(|source| VaultError::Objects { action: "open the vault", source })?
            .with_fsync(true);
        let marker = marker(&directory, master);
        let wrapping = master.key("vault data keys");
        let fingerprints = master.key("vault fingerprints");
        Ok(Self(Arc::new(Inner { objects, directory, marker, wrapping, fingerprints })))
    }

    /// Whether a directory has objects, of whatever vault.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn has_objects(directory: &Path) -> Result<bool, VaultError> {
        has_objects(directory).map_err(VaultError::io("read", directory))
    }

    /// Whether the vault is there.
    ///
    /// # Errors
    /// [`VaultError::NotThere`] when its directory is not marked, [`VaultError::Io`] when that
    /// cannot be told.
    pub async fn check(&self) -> Result<(), VaultError> {
        let vault = Arc::clone(&self.0);
        let checked = task::spawn_blocking(move || check(&vault.marker)).await;
        checked.map_err(|_| VaultError::Stopped)?
    }

    /// Makes sure that there is room for so many bytes, and for what is not of copies.
    ///
    /// # Errors
    /// [`VaultError::Full`] when there is not, [`VaultError::Io`] when that cannot be told.
    pub fn check_room(&self, bytes: u64) -> Result<(), VaultError> {
        let directory = &self.0.directory;
        let disk = rustix::fs::statvfs(directory)
            .map_err(io::Error::from)
            .map_err(VaultError::io("measure the free space of", directory))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free.saturating_sub(FLOOR) >= bytes {
            return Ok(());
        }
        Err(VaultError::Full { directory: directory.clone(), free })
    }

    /// A new data key, and the same key wrapped for the database.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new_data_key(&self, share: ShareId, term: Term) -> Result<(Key, Vec<u8>), VaultError> {
        let key = Key::random()?;
        let wrapped = self.0.wrapping.wrap(&context("data key", share, term, ""), &key)?;
        Ok((key, wrapped))
    }

    /// The data key that was wrapped for this share and term.
    ///
    /// # Errors
    /// When it was wrapped for another, with another master key, or was changed.
    pub fn data_key(&self, share: ShareId, term: Term, wrapped: &[u8]) -> Result<Key, VaultError> {
        Ok(self.0.wrapping.unwrap_key(&context("data key", share, term, ""), wrapped)?)
    }

    /// Seals an object and writes it durably. One of the same name and key is replaced; those that
    /// were sealed with other keys stay beside it.
    ///
    /// # Errors
    /// When the store does not do as asked; the object is there whole or not at all then.
    pub async fn put(
        &self,
        share: ShareId,
        term: Term,
        name: &ObjectName,
        key: &Key,
        content: &[u8],
    ) -> Result<(), VaultError> {
        self.check().await?;
        let place = context("object", share, term, &name.to_string());
        let sealed = if content.len() <= SEALED_INLINE {
            key.seal(&place, content)?
        } else {
            let (key, content) = (key.clone(), Zeroizing::new(content.to_vec()));
            task::spawn_blocking(move || key.seal(&place, &content))
                .await
                .map_err(|_| VaultError::Stopped)??
        };
        self.0
            .objects
            .put(&path(share, term, name, key), PutPayload::from(sealed))
            .await
            .map_err(|source| VaultError::Objects { action: "write an object", source })?;
        Ok(())
    }

    /// Whether the vault is there and has an object: what was put while its volume was away lies
    /// beneath, and is hidden once the volume is back.
    ///
    /// # Errors
    /// [`VaultError::Missing`] when it has not, [`VaultError::NotThere`] when it is not there, or when
    /// that cannot be told.
    pub async fn confirm(
        &self,
        share: ShareId,
        term: Term,
        name: &ObjectName,
        key: &Key,
    ) -> Result<(), VaultError> {
        self.check().await?;
        match self.0.objects.head(&path(share, term, name, key)).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::NotFound { .. }) => {
                Err(VaultError::Missing { share, term, name: *name })
            }
            Err(source) => Err(VaultError::Objects { action: "look for an object", source }),
        }
    }

    /// Reads and opens an object.
    ///
    /// # Errors
    /// [`VaultError::Missing`] when there is none that was sealed with this key,
    /// [`VaultError::Damaged`] when it was changed or belongs elsewhere.
    pub async fn read(
        &self,
        share: ShareId,
        term: Term,
        name: &ObjectName,
        key: &Key,
    ) -> Result<Bytes, VaultError> {
        let failed = |source| VaultError::Objects { action: "read an object", source };
        let found = match self.0.objects.get(&path(share, term, name, key)).await {
            Err(object_store::Error::NotFound { .. }) => {
                self.check().await?;
                return Err(VaultError::Missing { share, term, name: *name });
            }
            found => found.map_err(failed)?,
        };
        let mut sealed = Vec::from(found.bytes().await.map_err(failed)?);
        let place = context("object", share, term, &name.to_string());
        let is_short = sealed.len() <= SEALED_INLINE;
        let key = key.clone();
        let open = move || {
            let plain = key.open_in_place(&place, &mut sealed)?;
            Ok(Bytes::from(sealed).slice(plain))
        };
        let opened = if is_short {
            open()
        } else {
            task::spawn_blocking(open).await.map_err(|_| VaultError::Stopped)?
        };
        opened.map_err(|source| VaultError::Damaged { share, term, name: *name, source })
    }

    /// Removes every object of a share's term, half-written ones included, and makes that
    /// durable. Returns how many files there were; 0 when all is gone already.
    ///
    /// # Errors
    /// When something cannot be removed or synced. Calling again goes on where it stopped.
    pub async fn destroy(&self, share: ShareId, term: Term) -> Result<usize, VaultError> {
        let vault = Arc::clone(&self.0);
        let destroyed = move || {
            check(&vault.marker)?;
            destroy(&vault.directory.join(shelf(share)), share, term)
        };
        task::spawn_blocking(destroyed).await.map_err(|_| VaultError::Stopped)?
    }

    /// Removes the objects of a share's term that were sealed with `key`, half-written ones
    /// included: a key that nothing was kept with. Those of other keys stay. Not durable: what a
    /// crash brings back is noise.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub async fn discard(&self, share: ShareId, term: Term, key: &Key) -> Result<(), VaultError> {
        let (directory, check) = (self.0.directory.join(shelf(share)), key.check_value());
        task::spawn_blocking(move || discard(&directory, share, term, &check))
            .await
            .map_err(|_| VaultError::Stopped)?
    }

    /// Seals a value, as JSON, for a column of the database. `kind` tells one kind of detail of
    /// a share from another.
    ///
    /// # Errors
    /// When the value has no JSON form, or the system gives no random bytes.
    pub fn seal_details<T: Serialize>(
        &self,
        share: ShareId,
        term: Term,
        kind: &str,
        key: &Key,
        value: &T,
    ) -> Result<Vec<u8>, VaultError> {
        let json = serde_json::to_vec(value).map(Zeroizing::new);
        let json = json.map_err(|source| VaultError::Details { source })?;
        Ok(key.seal(&context("details", share, term, kind), &json)?)
    }

    /// Opens what [`Self::seal_details`] sealed for the same share, term and kind.
    ///
    /// # Errors
    /// When it was changed, belongs elsewhere, was sealed with another key, or is no such value.
    pub fn open_details<T: DeserializeOwned>(
        &self,
        share: ShareId,
        term: Term,
        kind: &str,
        key: &Key,
        sealed: &[u8],
    ) -> Result<T, VaultError> {
        let json = key.open(&context("details", share, term, kind), sealed).map(Zeroizing::new)?;
        serde_json::from_slice(&json).map_err(|source| VaultError::Details { source })
    }

    /// The fingerprint of content of one kind: tells the same content again, and nothing to
    /// those without the master key.
    #[must_use]
    pub fn fingerprint(&self, kind: &str, content: &[u8]) -> Fingerprint {
        self.0.fingerprints.derive(kind).fingerprint(content)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("directory", &self.0.directory).finish_non_exhaustive()
    }
}

/// What a seal is bound to. A zero byte ends each text; none of them has one.
fn context(purpose: &str, share: ShareId, term: Term, name: &str) -> Vec<u8> {
    format!("skrynka vault 1\0{purpose}\0{share}\0{term}\0{name}", term = term.as_str())
        .into_bytes()
}

fn path(share: ShareId, term: Term, name: &ObjectName, key: &Key) -> object_store::path::Path {
    let (shelf, term, check) = (shelf(share), term.as_str(), key.check_value());
    format!("{shelf}/{share}/{term}/{name}.{check}").into()
}

/// The directory that shares are spread over, so that none grows without bound: the last byte of
/// the id, which is random. The first ones are the time.
fn shelf(share: ShareId) -> String {
    let [.., last] = share.as_bytes();
    format!("{last:02x}")
}

#[cfg(test)]
mod tests;
