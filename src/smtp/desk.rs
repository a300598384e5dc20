//! What all connections have in common, whichever listener they came by.

use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;

use super::{
    Intake, Limits, Network, Protocol, Settings,
    admission::{Admission, Memory},
    pressure::Pressure,
    session::Rules,
};
use crate::{clock::Clock, metrics::Metrics};

/// The counts that hold for all connections together, and the terms for the next of them.
pub(super) struct Desk<I> {
    pub(super) admission: Arc<Admission>,
    pub(super) clock: Clock,
    pub(super) intake: Arc<I>,
    pub(super) memory: Memory,
    pub(super) metrics: Metrics,
    pub(super) pressure: Arc<Pressure>,
    terms: RwLock<Arc<Terms>>,
}

/// On what terms a connection is served; it keeps those that held when it began.
pub(super) struct Terms {
    pub(super) limits: Limits,
    lmtp: Arc<Rules>,
    proxy_from: Vec<Network>,
    smtp: Arc<Rules>,
    pub(super) tls: Option<TlsAcceptor>,
}

impl<I: Intake> Desk<I> {
    pub(super) fn new(intake: Arc<I>, settings: Settings, clock: Clock, metrics: Metrics) -> Self {
        let pressure = Arc::new(Pressure::new(&settings.limits, metrics.clone()));
        let limits = &settings.limits;
        Self {
            admission: Arc::new(Admission::new(limits, Arc::clone(&pressure))),
            clock,
            intake,
            memory: Memory::new(limits, Arc::clone(&pressure), metrics.clone()),
            metrics,
            pressure,
            terms: RwLock::new(Arc::new(Terms::new(settings))),
        }
    }

    /// Serves connections that begin from now on by other settings; the counts of all go by them
    /// at once.
    pub(super) fn apply(&self, settings: Settings) {
        self.admission.apply(&settings.limits);
        self.memory.apply(&settings.limits);
        self.pressure.apply(&settings.limits);
        let mut terms = self.terms.write().unwrap_or_else(PoisonError::into_inner);
        *terms = Arc::new(Terms::new(settings));
    }

    pub(super) fn terms(&self) -> Arc<Terms> {
        Arc::clone(&self.terms.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Terms {
    fn new(settings: Settings) -> Self {
        let Settings { hostname, limits, proxy_from, tls } = settings;
        // Over a Unix socket there is nobody in between who could listen.
        let lmtp = Rules::new(&hostname, &limits, false, Protocol::Lmtp);
        let smtp = Rules::new(&hostname, &limits, tls.is_some(), Protocol::Smtp);
        Self {
            limits,
            lmtp: Arc::new(lmtp),
            proxy_from,
            smtp: Arc::new(smtp),
            tls: tls.map(|tls| tls.acceptor()),
        }
    }

    pub(super) fn rules(&self, protocol: Protocol) -> Arc<Rules> {
        Arc::clone(match protocol {
            Protocol::Lmtp => &self.lmtp,
            Protocol::Smtp => &self.smtp,
        })
    }

    /// Whether a connection from `peer` begins with a PROXY header.
    pub(super) fn is_proxy(&self, peer: std::net::IpAddr) -> bool {
        self.proxy_from.iter().any(|network| network.contains(peer))
    }
}
