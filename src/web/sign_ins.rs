//! What stands before passwords: how many are looked at, who has to wait, and what the audit tells
//! of those that were refused.

mod checks;
mod counts;
mod tally;

use std::sync::Arc;

use tokio::{
    sync::watch,
    time::{Duration, MissedTickBehavior, interval},
};

use crate::{clock::Clock, store::Store};

pub(super) use self::{
    checks::{Asker, Checks},
    counts::{Attempt, Device},
    tally::Tally,
};

/// How often the audit and the log tell of refused sign-ins.
const PERIOD: Duration = Duration::from_mins(1);

/// The state that all sign-ins share. Clones share it too.
#[derive(Clone, Debug, Default)]
pub struct SignIns(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    checks: Checks,
    tally: Tally,
}

impl SignIns {
    /// Writes to the audit once a minute how many more sign-ins were refused, until `stop` turns
    /// true.
    pub async fn tell(self, store: Store, clock: Clock, mut stop: watch::Receiver<bool>) {
        let mut minutes = interval(PERIOD);
        minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let stops = tokio::select! {
                _ = minutes.tick() => false,
                _ = stop.wait_for(|stop| *stop) => true,
            };
            self.tell_now(&store, &clock).await;
            if stops {
                return;
            }
        }
    }

    /// Does that once.
    pub async fn tell_now(&self, store: &Store, clock: &Clock) {
        let entries = self.0.tally.take(clock.now());
        if entries.is_empty() {
            return;
        }
        tracing::warn!(rows = entries.len(), "sign-ins were refused; the audit says from where");
        if let Err(error) = store.audit_all(&entries).await {
            tracing::error!(%error, rows = entries.len(),
                "the audit does not tell how many sign-ins were refused");
        }
    }

    pub(super) fn checks(&self) -> &Checks {
        &self.0.checks
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.0.tally
    }
}
