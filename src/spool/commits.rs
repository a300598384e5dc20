//! What the last commit showed: whether a mail that comes now would be kept.

use std::time::Instant;

use tokio::sync::watch;

use super::tail::Refusal;

/// What came of a write that was to be on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The disk did not do as asked.
    Failed,
    /// There was no space.
    Full,
    /// It is on the disk.
    Kept,
}

/// The last commit of the spool: of mails, of a new segment, or of a probe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commit {
    pub(crate) outcome: Outcome,
    /// When that was known.
    pub(crate) at: Instant,
}

/// Where the writer says what came of each commit.
#[derive(Debug)]
pub(super) struct Commits(watch::Sender<Commit>);

impl Default for Commits {
    /// Nothing was written yet, so nothing is proved.
    fn default() -> Self {
        Self(watch::Sender::new(Commit { outcome: Outcome::Failed, at: Instant::now() }))
    }
}

impl Commits {
    pub(super) fn subscribe(&self) -> watch::Receiver<Commit> {
        self.0.subscribe()
    }

    pub(super) fn succeeded(&self) {
        self.tell(Outcome::Kept);
    }

    pub(super) fn failed(&self, refusal: &Refusal) {
        match refusal {
            Refusal::Full(_) => self.tell(Outcome::Full),
            Refusal::Io(..) => self.tell(Outcome::Failed),
            // A mail that comes now is not for that segment.
            Refusal::Abandoned(_) => {}
        }
    }

    /// Only another outcome counts as a change for those that wait: there may be many a second.
    fn tell(&self, outcome: Outcome) {
        self.0.send_if_modified(|last| {
            let differs = last.outcome != outcome;
            *last = Commit { outcome, at: Instant::now() };
            differs
        });
    }
}
