//! The purge: what was kept goes when its moment has come.
//!
//! A run goes in steps, each of which can be done again: data keys are destroyed together with the
//! sealed details and fingerprints in the database; the engine forgets the past states that it
//! keeps; objects are deleted; the ledger says so. A run that is cut off anywhere is finished by
//! the next one.
//!
//! Nothing goes early: only keys whose moment has come by the clock, and no key at all while the
//! clock stands before something that has happened. Every run is recorded, also one that found
//! nothing or was refused.
//!
//! Keyed fingerprints of copies outlive them until their own day, which is another step: those
//! that no kept copy has are forgotten then.
//!
//! When to run, and how often, is the caller's to decide.

use crate::{
    clock::Clock,
    domain::Timestamp,
    metrics::{Metrics, Part},
    store::{DueKey, PurgeProblem, PurgeReport, Store, StoreError},
    vault::Vault,
};

/// How many keys are looked at together.
const BATCH: u32 = 500;

/// By how much clocks of several servers may differ before the purge refuses.
const CLOCK_TOLERANCE_SECONDS: i64 = 5;

/// Why a run of the purge stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PurgeError {
    /// The clock stands before something that has happened.
    #[error(
        "the clock says {now}, and a share was judged at {latest}: nothing is destroyed by a clock \
         that has gone back; set it right"
    )]
    ClockBehind {
        /// What the clock says.
        now: Timestamp,
        /// When the latest share was judged.
        latest: Timestamp,
    },
    /// The database failed; the next run goes on where this one stopped.
    #[error("the purge stopped at the database")]
    Store(#[from] StoreError),
}

/// Destroys what is due.
#[derive(Clone, Debug)]
pub struct Purge {
    store: Store,
    vault: Vault,
    metrics: Metrics,
    clock: Clock,
}

impl Purge {
    /// A purge over these.
    #[must_use]
    pub fn new(store: Store, vault: Vault, metrics: Metrics, clock: Clock) -> Self {
        Self { store, vault, metrics, clock }
    }

    /// The data keys that a run would destroy now, the longest due first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&self) -> Result<Vec<DueKey>, StoreError> {
        self.store.due(self.clock.now(), u32::MAX).await
    }

    /// Destroys all that is due. Objects that cannot be deleted are counted as failed, and are
    /// tried again by the next run; their key is gone already.
    ///
    /// # Errors
    /// [`PurgeError::ClockBehind`], and nothing is destroyed then; when the database fails.
    pub async fn run(&self) -> Result<PurgeReport, PurgeError> {
        let now = self.clock.now();
        let number = self.store.start_purge_run(now).await?;
        let mut report = PurgeReport::default();
        let outcome = self.purge(now, &mut report).await;
        if let Err(error) = &outcome {
            report.problem = Some(match error {
                PurgeError::ClockBehind { .. } => PurgeProblem::ClockBehind,
                PurgeError::Store(_) => PurgeProblem::Store,
            });
        }
        let left = report.considered.saturating_sub(report.destroyed);
        self.metrics.purge_run(report.destroyed, left, report.problem.is_none());
        self.store.finish_purge_run(number, &report, self.clock.now()).await?;
        outcome.map(|()| report)
    }

    async fn purge(&self, now: Timestamp, report: &mut PurgeReport) -> Result<(), PurgeError> {
        report.considered = self.store.due_count(now).await?;
        self.check_clock(now).await?;
        self.destroy_keys(now).await?;
        self.forget_copies(now, report).await?;
        let mut pending = self.store.pending_destructions(None, BATCH).await?;
        if !pending.is_empty() || report.forgotten > 0 {
            self.store.forget_remnants().await?;
        }
        while let Some(last) = pending.last() {
            for key in &pending {
                self.destroy_objects(key, report).await?;
            }
            pending = self.store.pending_destructions(Some(last), BATCH).await?;
        }
        Ok(())
    }

    async fn check_clock(&self, now: Timestamp) -> Result<(), PurgeError> {
        match self.store.latest_judgement().await? {
            Some(latest) if latest > now.plus_seconds(CLOCK_TOLERANCE_SECONDS) => {
                Err(PurgeError::ClockBehind { now, latest })
            }
            _ => Ok(()),
        }
    }

    /// Destroys the keys first, all of them: with its key gone a share is gone, whatever becomes
    /// of its objects.
    async fn destroy_keys(&self, now: Timestamp) -> Result<(), StoreError> {
        loop {
            let due = self.store.due(now, BATCH).await?;
            if due.is_empty() {
                return Ok(());
            }
            for key in due {
                self.store.destroy_key(key.share, key.term, now).await?;
            }
        }
    }

    async fn forget_copies(
        &self,
        now: Timestamp,
        report: &mut PurgeReport,
    ) -> Result<(), StoreError> {
        loop {
            let forgotten = self.store.forget_copies(now, BATCH).await?;
            if forgotten == 0 {
                return Ok(());
            }
            report.forgotten = report.forgotten.saturating_add(forgotten);
        }
    }

    async fn destroy_objects(
        &self,
        key: &DueKey,
        report: &mut PurgeReport,
    ) -> Result<(), StoreError> {
        match self.vault.destroy(key.share, key.term).await {
            Ok(_) => {
                if self.store.finish_destruction(key, self.clock.now()).await? {
                    report.destroyed = report.destroyed.saturating_add(1);
                }
            }
            Err(error) => {
                report.failed = report.failed.saturating_add(1);
                report.problem = Some(PurgeProblem::Objects);
                self.metrics.failure(Part::Retention);
                let error: &dyn std::error::Error = &error;
                tracing::error!(
                    share.id = %key.share,
                    term = key.term.as_str(),
                    error,
                    "objects of a destroyed share cannot be deleted; the next run tries again"
                );
            }
        }
        Ok(())
    }
}
