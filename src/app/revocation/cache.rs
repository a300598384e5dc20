//! The cache of lists and answers: one file for each, named by the SHA-256 of its content. Beside a
//! list lies a file for each address that it was fetched from, named by both digests.
//!
//! A file is written beside its place, synced and moved there, so it is whole or not there. What
//! it says is proved when something is judged by it, and not by lying here.

use std::{
    collections::{BTreeSet, HashMap, hash_map},
    fs::{self, DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use crate::{
    domain::{RevocationKind, Sha256, Timestamp},
    trust::{Kept, RevocationStore},
};

/// How long after its end an answer is kept: for what is judged again that came while it was in
/// force.
const KEPT_DAYS: u32 = 30;

/// How long after its end is kept what nothing else says: the newest answer that says good of a
/// certificate, and every revocation. A copy may come that was time-stamped then, and the authority
/// may have forgotten the certificate. Shares that were judged by it remember it themselves.
const KEPT_ALONE_DAYS: u32 = 120;

/// The most bytes and files of the cache; beyond, the oldest go first, and last of all what revokes.
const MAX_BYTES: u64 = 256 << 20;
const MAX_FILES: usize = 20_000;

/// Lists and answers on disk and in memory.
#[derive(Debug)]
pub(super) struct Cache {
    directory: PathBuf,
    entries: HashMap<Sha256, Entry>,
    changed: bool,
    max_files: usize,
}

/// One list or answer.
#[derive(Debug)]
pub(super) struct Entry {
    digest: Sha256,
    kept: Kept,
    /// Where a list was fetched from.
    from: BTreeSet<String>,
    /// Holds this one alone.
    store: RevocationStore,
    bytes: u64,
    /// What could not be written down yet: it counts all the same.
    unwritten: Option<Vec<u8>>,
}

impl Cache {
    /// Reads the directory, which is made when it is not there. Files that cannot be used are
    /// removed; they are fetched again.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let mut cache = Self {
            directory: directory.to_owned(),
            entries: HashMap::new(),
            changed: false,
            max_files: MAX_FILES,
        };
        let mut paths = Vec::new();
        for file in fs::read_dir(directory)? {
            paths.push(file?.path());
        }
        let mut addresses: HashMap<String, BTreeSet<String>> = HashMap::new();
        for path in &paths {
            let Some((list, address)) = name(path).and_then(split_address_name) else { continue };
            match fs::read_to_string(path) {
                Ok(url) if Sha256::of(url.as_bytes()).to_string() == address => {
                    addresses.entry(list.to_owned()).or_default().insert(url);
                }
                _ => fs::remove_file(path)?,
            }
        }
        for path in &paths {
            let Some(name) = name(path).filter(|name| is_digest(name)) else { continue };
            let from = addresses.remove(name).unwrap_or_default();
            let length = fs::metadata(path)?.len();
            let bytes = match usize::try_from(length) {
                Ok(length) if length <= RevocationStore::MAX_LEN => fs::read(path)?,
                _ => Vec::new(),
            };
            match Entry::read(&bytes, from) {
                Ok(entry) if entry.digest.to_string() == name => cache.insert(entry),
                _ => {
                    tracing::warn!(file = name, "a file of the revocation cache cannot be used");
                    fs::remove_file(path)?;
                }
            }
        }
        for (list, urls) in addresses {
            for url in urls {
                fs::remove_file(directory.join(address_name(&list, &url)))?;
            }
        }
        cache.changed = false;
        Ok(cache)
    }

    /// Takes what was fetched, written down or not.
    pub(super) fn insert(&mut self, entry: Entry) {
        match self.entries.entry(entry.digest) {
            hash_map::Entry::Vacant(place) => {
                place.insert(entry);
                self.changed = true;
            }
            hash_map::Entry::Occupied(mut known) => {
                let known = known.get_mut();
                self.changed |= !entry.from.is_subset(&known.from);
                known.store.extend(&entry.store);
                known.from.extend(entry.from);
                known.unwritten = known.unwritten.take().or(entry.unwritten);
            }
        }
    }

    /// Where the files lie.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes down what could not be written before; makes the directory again when it is gone.
    pub(super) fn write_down(&mut self) -> io::Result<()> {
        make_again(&self.directory)?;
        let unwritten = self.entries.values_mut().filter(|entry| entry.unwritten.is_some());
        for entry in unwritten {
            entry.write(&self.directory)?;
        }
        Ok(())
    }

    /// Removes what nothing needs any more at `now`: good answers that have a later one, and all that
    /// ended more than 30 days ago, except the newest list of each issuer, and for 120 days the newest
    /// good answer about each certificate and what says of any that it is revoked when the newest lists
    /// do not; then the oldest while there is too much, and what revokes last.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        for digest in self.superfluous(now) {
            let urls = self.entries.get(&digest).into_iter().flat_map(|entry| &entry.from);
            for url in urls {
                // One that stays goes at the next start.
                let _ =
                    fs::remove_file(self.directory.join(address_name(&digest.to_string(), url)));
            }
            let path = self.path(digest);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, path = %path.display(),
                        "an old file of the revocation cache cannot be removed");
                }
                _ => {
                    self.entries.remove(&digest);
                    self.changed = true;
                }
            }
        }
    }

    fn superfluous(&self, now: Timestamp) -> Vec<Sha256> {
        let mut newest: HashMap<(bool, &str), Timestamp> = HashMap::new();
        let lists = self.entries.values().filter(|entry| super::is_list(entry.kept.kind));
        for Entry { kept, .. } in lists {
            let of_issuer = newest.entry((kept.kind == RevocationKind::Crl, &kept.issuer));
            let latest = of_issuer.or_insert(kept.this_update);
            *latest = kept.this_update.max(*latest);
        }
        let is_newest = |kept: &Kept| {
            let of_issuer = (kept.kind == RevocationKind::Crl, kept.issuer.as_str());
            super::is_list(kept.kind) && newest.get(&of_issuer) == Some(&kept.this_update)
        };
        let mut newest_lists = RevocationStore::empty();
        for entry in self.entries.values().filter(|entry| is_newest(&entry.kept)) {
            newest_lists.extend(&entry.store);
        }
        let revokes = |entry: &Entry| !entry.store.news_since(&newest_lists).revoked.is_empty();
        let mut newest_good: HashMap<Sha256, (Timestamp, Sha256)> = HashMap::new();
        for (digest, Entry { kept, .. }) in &self.entries {
            if let Some(good) = kept.good {
                let this = (kept.this_update, *digest);
                let latest = newest_good.entry(good).or_insert(this);
                *latest = this.max(*latest);
            }
        }
        let mut superfluous = Vec::new();
        let mut rest = Vec::new();
        for (digest, entry) in &self.entries {
            let end = entry.kept.next_update.unwrap_or(entry.kept.this_update);
            let newest = entry.kept.good.and_then(|good| newest_good.get(&good));
            let has_later = newest.is_some_and(|(_, newest)| newest != digest);
            let is_over = |days| end.plus_days(days) < now;
            let is_needed = is_newest(&entry.kept)
                || !is_over(KEPT_DAYS)
                || !is_over(KEPT_ALONE_DAYS) && (newest.is_some() || revokes(entry));
            if has_later || !is_needed {
                superfluous.push(*digest);
            } else {
                rest.push((*digest, entry));
            }
        }
        let (mut bytes, mut files) =
            (rest.iter().map(|(_, entry)| entry.bytes).sum::<u64>(), rest.len());
        let is_within = |bytes: u64, files: usize| bytes <= MAX_BYTES && files <= self.max_files;
        if is_within(bytes, files) {
            return superfluous;
        }
        // The newest of all stay the longest.
        rest.sort_by_cached_key(|(digest, entry)| {
            (is_newest(&entry.kept) || revokes(entry), entry.kept.this_update, *digest)
        });
        for (digest, entry) in rest {
            if is_within(bytes, files) {
                break;
            }
            superfluous.push(digest);
            bytes = bytes.saturating_sub(entry.bytes);
            files = files.saturating_sub(1);
        }
        superfluous
    }

    /// Everything that it holds.
    pub(super) fn snapshot(&self) -> RevocationStore {
        let mut whole = RevocationStore::empty();
        for entry in self.entries.values() {
            whole.extend(&entry.store);
        }
        whole
    }

    /// Whether it has changed since this was last asked.
    pub(super) fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The number of lists and answers.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn path(&self, digest: Sha256) -> PathBuf {
        self.directory.join(digest.to_string())
    }
}

impl Entry {
    /// What was fetched from `url`; it is not written down.
    pub(super) fn fetched(bytes: Vec<u8>, url: &str) -> io::Result<Self> {
        let entry = Self::read(&bytes, [url.to_owned()].into())?;
        Ok(Self { unwritten: Some(bytes), ..entry })
    }

    /// Writes it durably into `directory`, which is made again when it is gone: a list or an answer, and
    /// of a list the addresses. Blocks.
    pub(super) fn write(&mut self, directory: &Path) -> io::Result<()> {
        let Some(bytes) = &self.unwritten else { return Ok(()) };
        make_again(directory)?;
        let name = self.digest.to_string();
        for url in &self.from {
            write_file(url.as_bytes(), directory, &address_name(&name, url))?;
        }
        write_file(bytes, directory, &name)?;
        File::open(directory)?.sync_all()?;
        self.unwritten = None;
        Ok(())
    }

    fn read(bytes: &[u8], from: BTreeSet<String>) -> io::Result<Self> {
        let mut store = RevocationStore::empty();
        let kept = store
            .add_fetched(bytes, &from)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        // An answer says itself whom it is about.
        let from = if super::is_list(kept.kind) { from } else { BTreeSet::new() };
        let digest = Sha256::of(bytes);
        Ok(Self { digest, kept, from, store, bytes: length, unwritten: None })
    }
}

/// Makes the directory where it is gone, and none above it: its volume may be away.
fn make_again(directory: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn write_file(bytes: &[u8], directory: &Path, name: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(name)).map_err(|error| error.error)?;
    Ok(())
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// The name of the file that says that `list` was fetched from `url`.
fn address_name(list: &str, url: &str) -> String {
    format!("{list}.{}", Sha256::of(url.as_bytes()))
}

/// The digests of a list and of an address in such a name.
fn split_address_name(name: &str) -> Option<(&str, &str)> {
    name.split_once('.').filter(|(list, address)| is_digest(list) && is_digest(address))
}

/// Whether a name is one that we give; files of others in the directory are left alone.
fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
