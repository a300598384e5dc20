//! The purge: what was kept goes when its moment has come.
//!
//! A run goes in steps, each of which can be done again: data keys are destroyed together with the
//! sealed details and fingerprints in the database; the engine forgets the past states that it
//! keeps; objects are deleted; the ledger says so. A run that is cut off anywhere is finished by
//! the next one.
//!
//! Nothing goes early: only keys whose moment has come by an accepted time ([`TrustedTime`]), and no
//! key at all while the clock does not go on from the greatest time seen and nobody agrees with it.
//! Every run is recorded, also one that found nothing or waited.
//!
//! Keyed fingerprints of copies outlive them until their own day, which is another step: those
//! that no kept copy has are forgotten then.
//!
//! When to run, and how often, is the caller's to decide.

mod time;

use crate::{
    archive::{Archive, ArchiveError},
    domain::{ClockStanding, ClockState},
    metrics::{Metrics, Part, PurgeOutcome},
    store::{AcceptedTime, DueKey, PurgeProblem, PurgeReport, StoreError},
};

pub use time::TrustedTime;

/// How many keys are looked at together.
const BATCH: u32 = 500;

/// Why a run of the purge stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PurgeError {
    /// The clock does not go on from the greatest time seen, and nobody agrees with it.
    #[error(
        "{0}: nothing is destroyed. Set the clock right, or let the time service set it; when it is \
         right and this goes on, `skrynka clock` says how to accept it"
    )]
    Clock(ClockState),
    /// The database failed; the next run goes on where this one stopped.
    #[error("the purge stopped at the database")]
    Store(#[from] StoreError),
}

/// Destroys what is due.
#[derive(Clone, Debug)]
pub struct Purge {
    archive: Archive,
    metrics: Metrics,
    time: TrustedTime,
}

impl Purge {
    /// A purge of this archive.
    #[must_use]
    pub fn new(archive: Archive, metrics: Metrics, time: TrustedTime) -> Self {
        Self { archive, metrics, time }
    }

    /// The data keys that a run would destroy now if the clock is accepted, the longest due first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&self) -> Result<Vec<DueKey>, StoreError> {
        self.archive.store().due(self.time.now(), u32::MAX).await
    }

    /// Destroys all that is due. Objects that cannot be deleted are counted as failed, and are
    /// tried again by the next run; their key is gone already.
    ///
    /// # Errors
    /// [`PurgeError::Clock`], and nothing is destroyed then; when the database fails.
    pub async fn run(&self) -> Result<PurgeReport, PurgeError> {
        let mut report = PurgeReport::default();
        let number = match self.archive.store().start_purge_run(self.time.now()).await {
            Ok(number) => number,
            Err(error) => {
                self.metrics.purge_run(0, None, PurgeOutcome::Failed);
                return Err(error.into());
            }
        };
        let outcome = self.purge(&mut report).await;
        if let Err(error) = &outcome {
            report.problem = Some(match error {
                PurgeError::Clock(state) if state.standing() == ClockStanding::Behind => {
                    PurgeProblem::ClockBehind
                }
                PurgeError::Clock(_) => PurgeProblem::ClockAhead,
                PurgeError::Store(_) => PurgeProblem::Store,
            });
        }
        // What the database did not count is not none.
        let is_counted = report.problem != Some(PurgeProblem::Store) || report.considered > 0;
        let left = is_counted.then_some(report.considered.saturating_sub(report.destroyed));
        let counted = match (&outcome, report.problem) {
            (Err(PurgeError::Clock(_)), _) => PurgeOutcome::Waited,
            (_, Some(_)) => PurgeOutcome::Failed,
            (_, None) => PurgeOutcome::Done,
        };
        self.metrics.purge_run(report.destroyed, left, counted);
        self.archive.store().finish_purge_run(number, &report, self.time.now()).await?;
        outcome.map(|()| report)
    }

    async fn purge(&self, report: &mut PurgeReport) -> Result<(), PurgeError> {
        let time = match self.time.take().await? {
            Ok(time) => time,
            Err(state) => {
                report.considered = self.archive.store().due_count(state.surely_past()).await?;
                return Err(PurgeError::Clock(state));
            }
        };
        report.considered = self.archive.store().due_count(time.moment()).await?;
        self.destroy_keys(time).await?;
        self.forget_copies(time, report).await?;
        let mut pending = self.archive.store().pending_destructions(None, BATCH).await?;
        if !pending.is_empty() || report.forgotten > 0 {
            self.archive.store().forget_remnants().await?;
        }
        while let Some(last) = pending.last() {
            for key in &pending {
                self.destroy_objects(key, report).await?;
            }
            pending = self.archive.store().pending_destructions(Some(last), BATCH).await?;
        }
        Ok(())
    }

    /// Destroys the keys first, all of them: with its key gone a share is gone, whatever becomes
    /// of its objects.
    async fn destroy_keys(&self, time: AcceptedTime) -> Result<(), StoreError> {
        loop {
            let due = self.archive.store().due(time.moment(), BATCH).await?;
            if due.is_empty() {
                return Ok(());
            }
            for key in due {
                self.archive.store().destroy_key(key.share, key.term, time).await?;
            }
        }
    }

    async fn forget_copies(
        &self,
        time: AcceptedTime,
        report: &mut PurgeReport,
    ) -> Result<(), StoreError> {
        loop {
            let forgotten = self.archive.store().forget_copies(time, BATCH).await?;
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
        match self.archive.destroy(key, self.time.now()).await {
            Ok(true) => report.destroyed = report.destroyed.saturating_add(1),
            Ok(false) => {}
            Err(ArchiveError::Store(error)) => return Err(error),
            Err(ArchiveError::Vault(error)) => {
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
