//! Keys met again and again verify several times faster: their tables are kept.
//!
//! Signers' seals, time-stamp authorities, OCSP responders and certificate authorities repeat.
//! The cache changes no answer, only the time one takes.
//!
//! What a flood of strange keys can do is bounded: a key enters only with a signature that holds,
//! gets a table only after [`USES`] of them, and takes a full cache's place only from a table
//! used less often than itself. Uses are halved from time to time, so yesterday's busy keys make
//! way.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use super::{Backend, Curve, KeyError, PublicKey, key::bare, table::Table, verify::verify_with};

/// Signatures that hold before a key gets a table: building one costs as much as some twenty
/// verifications.
const USES: u32 = 8;

/// What a cache keeps at most: 32 MiB of tables.
const LIMITS: Limits = Limits { keys: 512, tables: 64, octets: 32 << 20 };

/// Verifications after which all uses are halved.
const HALVE_AFTER: u32 = 4096;

/// What a key is found by: its curve and compressed octets.
type Name = (Curve, Box<[u8]>);

/// A key with the table that makes its verifications several times faster.
///
/// The table takes a fifth to half a mebioctet and as long to build as some twenty verifications.
#[derive(Clone)]
pub struct PreparedKey {
    key: PublicKey,
    table: Arc<Table>,
}

impl PreparedKey {
    /// Builds the table of a key.
    #[must_use]
    pub fn new(key: &PublicKey) -> Self {
        Self::new_on(Backend::best(), key)
    }

    /// [`PreparedKey::new`] on a chosen backend.
    #[must_use]
    pub fn new_on(backend: Backend, key: &PublicKey) -> Self {
        let table = Table::of(key.curve(), backend, key.x(), key.lambda());
        Self { key: key.clone(), table: Arc::new(table) }
    }

    /// As [`verify`](super::verify()).
    #[must_use]
    pub fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        self.verify_on(Backend::best(), digest, signature)
    }

    /// As [`verify_on`](super::verify_on()).
    #[must_use]
    pub fn verify_on(&self, backend: Backend, digest: &[u8], signature: &[u8]) -> bool {
        verify_with(backend, &self.key, Some(&self.table), digest, signature)
    }
}

impl std::fmt::Debug for PreparedKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("PreparedKey").field(&self.key).finish()
    }
}

/// Public keys and the tables of the busy ones, in bounded memory; for any number of threads.
pub struct KeyCache {
    state: Mutex<State>,
}

/// How much a cache keeps.
#[derive(Clone, Copy)]
struct Limits {
    /// Checked keys without a table.
    keys: usize,
    /// Keys with a table.
    tables: usize,
    /// Octets of all tables.
    octets: usize,
}

struct State {
    limits: Limits,
    entries: HashMap<Name, Entry>,
    tables: usize,
    octets: usize,
    since_halved: u32,
    clock: u64,
}

struct Entry {
    key: PublicKey,
    prepared: Option<PreparedKey>,
    building: bool,
    uses: u32,
    last: u64,
}

impl KeyCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::within(LIMITS)
    }

    fn within(limits: Limits) -> Self {
        let state = State {
            limits,
            entries: HashMap::new(),
            tables: 0,
            octets: 0,
            since_halved: 0,
            clock: 0,
        };
        Self { state: Mutex::new(state) }
    }

    /// The cache of the whole process. Pure in effect: answers never depend on it.
    #[must_use]
    pub fn global() -> &'static Self {
        static CACHE: LazyLock<KeyCache> = LazyLock::new(KeyCache::new);
        &CACHE
    }

    /// Reads a key as [`PublicKey::read`] does and verifies as [`verify`](super::verify()) does.
    ///
    /// # Errors
    /// [`KeyError`] if the octets are no key.
    pub fn verify(
        &self,
        curve: Curve,
        key_octets: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<bool, KeyError> {
        let backend = Backend::best();
        let octets = bare(curve, key_octets)?;
        let name = (curve, Box::from(octets));
        let known = self.find(&name);
        let (key, holds) = match known {
            Some((key, Some(prepared))) => (key, prepared.verify_on(backend, digest, signature)),
            Some((key, None)) => {
                let holds = verify_with(backend, &key, None, digest, signature);
                (key, holds)
            }
            None => {
                let key = PublicKey::read_on(backend, curve, octets)?;
                let holds = verify_with(backend, &key, None, digest, signature);
                (key, holds)
            }
        };
        if holds && self.note(name, &key) {
            let prepared = PreparedKey::new_on(backend, &key);
            self.keep(prepared);
        }
        Ok(holds)
    }

    /// How many keys have tables, and the octets these take.
    #[must_use]
    pub fn tables(&self) -> (usize, usize) {
        let state = self.lock();
        (state.tables, state.octets)
    }

    fn find(&self, name: &Name) -> Option<(PublicKey, Option<PreparedKey>)> {
        let state = self.lock();
        state.entries.get(name).map(|entry| (entry.key.clone(), entry.prepared.clone()))
    }

    /// Counts a use; true if this thread is to build the key's table.
    fn note(&self, name: Name, key: &PublicKey) -> bool {
        let mut state = self.lock();
        state.tick();
        let clock = state.clock;
        if !state.entries.contains_key(&name) {
            state.make_room();
        }
        let entry = state.entries.entry(name).or_insert_with(|| Entry {
            key: key.clone(),
            prepared: None,
            building: false,
            uses: 0,
            last: clock,
        });
        entry.uses = entry.uses.saturating_add(1);
        entry.last = clock;
        let (uses, wants) = (entry.uses, entry.prepared.is_none() && !entry.building);
        if uses < USES || !wants {
            return false;
        }
        if state.is_full(key.curve()) && state.coldest().is_none_or(|(_, coldest)| uses <= coldest)
        {
            return false;
        }
        let name = (key.curve(), Box::from(key.octets()));
        if let Some(entry) = state.entries.get_mut(&name) {
            entry.building = true;
        }
        true
    }

    /// Takes in a table that is built, and lets colder ones go.
    fn keep(&self, prepared: PreparedKey) {
        let mut state = self.lock();
        let curve = prepared.key.curve();
        let name = (curve, Box::from(prepared.key.octets()));
        let size = prepared.table.size();
        if let Some(entry) = state.entries.get_mut(&name) {
            entry.building = false;
        }
        while state.is_full(curve) {
            let Some((coldest, _)) = state.coldest() else { return };
            state.drop_table(&coldest);
        }
        if let Some(entry) = state.entries.get_mut(&name) {
            entry.prepared = Some(prepared);
            state.tables += 1;
            state.octets += size;
        }
    }

    /// A poisoned lock guards counters and whole entries only, so its state is taken as it is.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for KeyCache {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for KeyCache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (tables, octets) = self.tables();
        formatter
            .debug_struct("KeyCache")
            .field("tables", &tables)
            .field("octets", &octets)
            .finish_non_exhaustive()
    }
}

impl State {
    fn tick(&mut self) {
        self.clock += 1;
        self.since_halved += 1;
        if self.since_halved >= HALVE_AFTER {
            self.since_halved = 0;
            for entry in self.entries.values_mut() {
                entry.uses /= 2;
            }
        }
    }

    /// Whether a table of this curve has no place.
    fn is_full(&self, curve: Curve) -> bool {
        let Limits { tables, octets, .. } = self.limits;
        self.tables >= tables || self.octets + Table::size_on(curve) > octets
    }

    /// The least used key with a table.
    fn coldest(&self) -> Option<(Name, u32)> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.prepared.is_some())
            .min_by_key(|(_, entry)| (entry.uses, entry.last))
            .map(|(name, entry)| (name.clone(), entry.uses))
    }

    fn drop_table(&mut self, name: &Name) {
        if let Some(prepared) = self.entries.get_mut(name).and_then(|entry| entry.prepared.take()) {
            self.tables -= 1;
            self.octets -= prepared.table.size();
        }
    }

    /// Forgets the key without a table that is longest unused, if there are too many.
    fn make_room(&mut self) {
        if self.entries.len() - self.tables < self.limits.keys {
            return;
        }
        let stale = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.prepared.is_none() && !entry.building)
            .min_by_key(|(_, entry)| (entry.uses.min(USES), entry.last))
            .map(|(name, _)| name.clone());
        if let Some(stale) = stale {
            self.entries.remove(&stale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyCache, Limits, USES};
    use crate::dstu::{Curve, PrivateKey, table::Table};

    const CURVE: Curve = Curve::M163;

    /// Uses a key of its own number, with a signature that holds.
    fn use_key(cache: &KeyCache, number: u8, times: u32) {
        let key = PrivateKey::read(CURVE, &[number; 19]).unwrap();
        let signature = key.sign(&[3; 32], &[number; 32]).unwrap();
        let public = key.public_key();
        for _ in 0..times {
            assert_eq!(cache.verify(CURVE, public.octets(), &[3; 32], &signature), Ok(true));
        }
    }

    fn has_table(cache: &KeyCache, number: u8) -> bool {
        let public = PrivateKey::read(CURVE, &[number; 19]).unwrap().public_key();
        let found = cache.find(&(CURVE, public.octets().into()));
        found.is_some_and(|(_, prepared)| prepared.is_some())
    }

    #[test]
    fn a_flood_of_new_keys_builds_no_tables_and_stays_within_its_room() {
        let cache = KeyCache::within(Limits { keys: 4, tables: 2, octets: 1 << 20 });
        use_key(&cache, 1, USES);
        assert!(has_table(&cache, 1));
        for number in 2..20 {
            use_key(&cache, number, 1);
        }
        assert_eq!(cache.tables().0, 1);
        assert!(has_table(&cache, 1));
        assert!(cache.lock().entries.len() <= 5);
    }

    #[test]
    fn a_busier_key_takes_the_place_of_the_least_busy_and_no_other_does() {
        let cache = KeyCache::within(Limits { keys: 9, tables: 2, octets: 1 << 20 });
        use_key(&cache, 1, 3 * USES);
        use_key(&cache, 2, 2 * USES);
        use_key(&cache, 3, 2 * USES);
        assert_eq!([1, 2, 3].map(|number| has_table(&cache, number)), [true, true, false]);
        use_key(&cache, 3, 1);
        assert_eq!([1, 2, 3].map(|number| has_table(&cache, number)), [true, false, true]);
        assert_eq!(cache.tables(), (2, 2 * Table::size_on(CURVE)));
    }

    #[test]
    fn tables_take_no_more_octets_than_allowed() {
        let octets = Table::size_on(CURVE) * 3 / 2;
        let cache = KeyCache::within(Limits { keys: 9, tables: 9, octets });
        use_key(&cache, 1, USES);
        use_key(&cache, 2, 4 * USES);
        assert_eq!(cache.tables(), (1, Table::size_on(CURVE)));
        assert!(has_table(&cache, 2));
    }
}
