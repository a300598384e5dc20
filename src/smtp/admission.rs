//! What all connections share: how many there may be, and memory for their messages.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::Limits;
use crate::metrics::{ConnectionRefusal, Metrics};

/// Counts connections.
#[derive(Debug)]
pub(super) struct Admission {
    exempt: Vec<IpAddr>,
    max_total: usize,
    max_per_network: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    admission: Arc<Admission>,
    network: Option<IpAddr>,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            exempt: limits.exempt_addresses.iter().map(IpAddr::to_canonical).collect(),
            max_total: limits.max_connections,
            max_per_network: limits.max_connections_per_address,
            open: Mutex::default(),
        }
    }

    /// A place for a connection from `peer`.
    ///
    /// # Errors
    /// When there are as many connections as there may be.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Place, ConnectionRefusal> {
        let peer = peer.to_canonical();
        let network = (!self.exempt.contains(&peer)).then(|| network_of(peer));
        let mut open = self.lock();
        if open.total >= self.max_total {
            return Err(ConnectionRefusal::Total);
        }
        if let Some(network) = network {
            let count = open.by_network.entry(network).or_default();
            if *count >= self.max_per_network {
                return Err(ConnectionRefusal::PerAddress);
            }
            *count += 1;
        }
        open.total += 1;
        Ok(Place { admission: Arc::clone(self), network })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Counts are whole after every statement, so a panic elsewhere leaves them right.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.lock();
        open.total = open.total.saturating_sub(1);
        let Some(network) = self.network else { return };
        let left = open.by_network.get(&network).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            open.by_network.remove(&network);
        } else {
            open.by_network.insert(network, left);
        }
    }
}

/// What counts as one address: an IPv4 address, or the 64 bits of IPv6 that one customer has.
fn network_of(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Memory for the messages of all connections together.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    metrics: Metrics,
    patience: Duration,
    steps: Arc<Semaphore>,
}

/// The memory that one message holds; given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    memory: Memory,
    permit: Option<OwnedSemaphorePermit>,
}

/// Memory is handed out in steps of this many bytes.
const STEP: usize = 64 * 1024;

/// How long a message waits for memory while others are being kept. It ends before clients lose
/// patience, and lets messages that wait for each other's memory go on.
const PATIENCE: Duration = Duration::from_secs(10);

impl Memory {
    pub(super) fn new(limits: &Limits, metrics: Metrics) -> Self {
        let bytes = limits.max_bytes_in_flight.max(limits.max_message_bytes);
        let steps = steps_for(usize::try_from(bytes).unwrap_or(usize::MAX));
        let steps = steps.min(Semaphore::MAX_PERMITS);
        Self { metrics, patience: PATIENCE, steps: Arc::new(Semaphore::new(steps)) }
    }

    /// Whether a message of `bytes` would find room now. Nothing is held for it: a client that
    /// only declares a size must not take the room of those that send.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).max(1);
        steps_for(bytes) <= self.steps.available_permits()
    }

    pub(super) fn reservation(&self) -> Reservation {
        Reservation { memory: self.clone(), permit: None }
    }
}

impl Reservation {
    /// Grows to at least `bytes`; gives what is held then, or `None` when no more was to be had.
    pub(super) async fn grow(&mut self, bytes: usize) -> Option<usize> {
        let held = self.steps();
        let more = u32::try_from(steps_for(bytes).saturating_sub(held)).ok()?;
        let permits = Arc::clone(&self.memory.steps).acquire_many_owned(more);
        let permit = timeout(self.memory.patience, permits).await.ok()?.ok()?;
        match &mut self.permit {
            Some(held) => held.merge(permit),
            None => self.permit = Some(permit),
        }
        self.memory.metrics.bytes_in_flight(in_bytes(self.steps().saturating_sub(held)));
        Some(self.steps().saturating_mul(STEP))
    }

    /// Gives everything back.
    pub(super) fn release(&mut self) {
        let held = self.steps();
        if let Some(permit) = self.permit.take() {
            drop(permit);
            self.memory.metrics.bytes_in_flight(-in_bytes(held));
        }
    }

    fn steps(&self) -> usize {
        self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

fn steps_for(bytes: usize) -> usize {
    bytes.div_ceil(STEP)
}

fn in_bytes(steps: usize) -> i64 {
    i64::try_from(steps.saturating_mul(STEP)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { max_connections: 3, max_connections_per_address: 2, ..Limits::default() }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_cannot_take_all_connections() {
        let admission = Arc::new(Admission::new(&limits()));
        let one = admission.admit(address("2001:db8::1")).unwrap();
        let _two = admission.admit(address("2001:db8::2")).unwrap();
        let refused = admission.admit(address("2001:db8::3")).unwrap_err();
        assert_eq!(refused, ConnectionRefusal::PerAddress);
        drop(one);
        assert!(admission.admit(address("2001:db8::3")).is_ok());
    }

    #[test]
    fn an_exempt_address_counts_in_all_only() {
        let admission = Arc::new(Admission::new(&limits()));
        let places = ["127.0.0.1", "::ffff:127.0.0.1", "::1"]
            .map(|peer| admission.admit(address(peer)).unwrap());
        let refused = admission.admit(address("192.0.2.1")).unwrap_err();
        assert_eq!(refused, ConnectionRefusal::Total);
        drop(places);
        assert_eq!(admission.lock().total, 0);
        assert!(admission.lock().by_network.is_empty());
    }

    #[tokio::test]
    async fn memory_is_shared_and_given_back() {
        let metrics = Metrics::new();
        let limits = Limits { max_bytes_in_flight: 131_072, max_message_bytes: 1, ..limits() };
        let memory = Memory { patience: Duration::ZERO, ..Memory::new(&limits, metrics.clone()) };
        let (mut one, mut two) = (memory.reservation(), memory.reservation());
        assert_eq!(one.grow(1).await, Some(65_536));
        assert_eq!(one.grow(65_537).await, Some(131_072));
        assert!(!memory.has_room(0));
        assert_eq!(two.grow(1).await, None, "nothing is left for the other");
        assert!(metrics.render().contains("skrynka_smtp_in_flight_bytes 131072"));
        drop(one);
        assert_eq!(two.grow(1).await, Some(65_536));
        two.release();
        assert!(metrics.render().contains("skrynka_smtp_in_flight_bytes 0"));
    }
}
