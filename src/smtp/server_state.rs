//! The state of the server that all connections share, whichever listener they came by.

use std::sync::{Arc, PoisonError, RwLock};

use super::{
    Intake, Settings,
    admission::{Admission, Memory},
    pressure::Pressure,
};
use crate::{clock::Clock, metrics::Metrics};

/// Counts of all connections together, and the settings for the next of them.
pub(super) struct ServerState<I> {
    pub(super) admission: Arc<Admission>,
    pub(super) clock: Clock,
    pub(super) intake: Arc<I>,
    pub(super) memory: Memory,
    pub(super) metrics: Metrics,
    pub(super) pressure: Arc<Pressure>,
    settings: RwLock<Arc<Settings>>,
}

impl<I: Intake> ServerState<I> {
    pub(super) fn new(intake: Arc<I>, settings: Settings, clock: Clock, metrics: Metrics) -> Self {
        let limits = &settings.limits;
        let pressure = Arc::new(Pressure::new(limits, metrics.clone()));
        Self {
            admission: Arc::new(Admission::new(limits, Arc::clone(&pressure))),
            clock,
            intake,
            memory: Memory::new(limits, Arc::clone(&pressure), metrics.clone()),
            metrics,
            pressure,
            settings: RwLock::new(Arc::new(settings)),
        }
    }

    /// Applies other settings to connections that begin from now on, and to the counts at once.
    pub(super) fn apply(&self, settings: Settings) {
        self.admission.apply(&settings.limits);
        self.memory.apply(&settings.limits);
        self.pressure.apply(&settings.limits);
        let mut current = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(settings);
    }

    /// The settings for a connection that begins now; it keeps them to its end.
    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }
}
