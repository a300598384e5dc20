//! The time that things are destroyed by.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    clock::{Clock, Witnesses},
    domain::{ClockState, ClockWitness, Timestamp},
    metrics::Metrics,
    store::{AcceptedTime, Store, StoreError},
};

/// The clock, held against the greatest time seen. Cloning is cheap; clones show one state.
#[derive(Clone, Debug)]
pub struct TrustedTime {
    store: Store,
    clock: Clock,
    witnesses: Witnesses,
    metrics: Metrics,
    state: Arc<watch::Sender<ClockState>>,
}

impl TrustedTime {
    /// The clock of an installation. Until it is first [taken](Self::take) nothing was seen.
    #[must_use]
    pub fn new(store: Store, clock: Clock, witnesses: Witnesses, metrics: Metrics) -> Self {
        let (state, _) = watch::channel(ClockState { now: clock.now(), greatest: None });
        Self { store, clock, witnesses, metrics, state: Arc::new(state) }
    }

    /// What the clock says, whether it is accepted or not.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How the clock stands when it was last looked at.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<ClockState> {
        self.state.subscribe()
    }

    /// The time, when it goes on from the greatest time seen or a witness agrees with it; how it
    /// stands otherwise. The greatest time goes on with it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&self) -> Result<Result<AcceptedTime, ClockState>, StoreError> {
        let now = self.now();
        let alone = self.store.take_time(now, None).await?;
        let witness = self.witnesses.agreeing(now);
        let taken = match witness {
            Some(_) => self.store.take_time(now, witness).await?,
            None => alone,
        };
        let agreed = witness.filter(|_| alone.is_err());
        let state = match taken {
            Ok(_) => ClockState { now, greatest: self.store.greatest_time().await? },
            Err(state) => state,
        };
        self.show(state, agreed);
        Ok(taken)
    }

    fn show(&self, state: ClockState, agreed: Option<ClockWitness>) {
        let before = self.state.send_replace(state);
        self.metrics.clock_accepted(state.is_accepted());
        if let Some(witness) = agreed {
            let witness = witness.as_str();
            tracing::warn!(
                witness,
                "a witness agrees with the clock, and what is due is destroyed"
            );
        } else if state.standing() != before.standing() {
            if state.is_accepted() {
                tracing::info!("the clock is accepted, and what is due is destroyed");
            } else {
                tracing::error!(
                    "{state}: nothing is destroyed until a witness agrees; see `skrynka clock`"
                );
            }
        }
    }
}
