//! How loaded the spool is: numbers that are read without a lock or a system call.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// Shared by the callers and the writer.
#[derive(Debug, Default)]
pub(super) struct Load {
    queued: AtomicUsize,
    free_bytes: AtomicU64,
    pooled_bytes: AtomicU64,
}

impl Load {
    pub(super) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// The free bytes that were measured last, 0 before the first time, and those of files that
    /// wait to be written again.
    pub(super) fn room(&self) -> u64 {
        let pooled = self.pooled_bytes.load(Ordering::Relaxed);
        self.free_bytes.load(Ordering::Relaxed).saturating_add(pooled)
    }

    /// Remembers how many bytes the files have that wait to be written again.
    pub(super) fn pooled(&self, bytes: u64) {
        self.pooled_bytes.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn measured(&self, free_bytes: u64) {
        self.free_bytes.store(free_bytes, Ordering::Relaxed);
    }
}

/// A mail that waits for its commit, counted until this is dropped.
#[derive(Debug)]
pub(super) struct Queued(Arc<Load>);

impl Queued {
    pub(super) fn new(load: &Arc<Load>) -> Self {
        load.queued.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(load))
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(1, Ordering::Relaxed);
    }
}
