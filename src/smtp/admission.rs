//! What all connections share: how many there may be, and memory for their messages.
//!
//! Both can be measured anew while connections are open; what was given stays given.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{Limits, pressure::Pressure};
use crate::{
    domain::customer_of,
    metrics::{ConnectionRefusal, Metrics},
};

/// Counts connections.
#[derive(Debug)]
pub(super) struct Admission {
    open: Mutex<Open>,
    pressure: Arc<Pressure>,
}

#[derive(Debug, Default)]
struct Open {
    by_network: HashMap<IpAddr, usize>,
    exempt: Vec<IpAddr>,
    max_per_network: usize,
    max_total: usize,
    total: usize,
}

/// Counts one connection; given back when dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    admission: Arc<Admission>,
    network: Option<IpAddr>,
}

impl Admission {
    pub(super) fn new(limits: &Limits, pressure: Arc<Pressure>) -> Self {
        let admission = Self { open: Mutex::default(), pressure };
        admission.apply(limits);
        admission
    }

    /// Admits by other limits from now on. Open connections stay.
    pub(super) fn apply(&self, limits: &Limits) {
        let mut open = self.lock();
        open.exempt = limits.exempt_addresses.iter().map(IpAddr::to_canonical).collect();
        open.max_per_network = limits.max_connections_per_address;
        open.max_total = limits.max_connections;
    }

    /// Counts a connection among all of them; among those of its network it is counted by
    /// [`ConnectionPermit::assign`].
    ///
    /// # Errors
    /// When there are as many connections as there may be.
    pub(super) fn admit(self: &Arc<Self>) -> Result<ConnectionPermit, ConnectionRefusal> {
        let mut open = self.lock();
        if open.total >= open.max_total {
            return Err(ConnectionRefusal::Total);
        }
        open.total += 1;
        self.pressure.connections(open.total);
        Ok(ConnectionPermit { admission: Arc::clone(self), network: None })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Counts are whole after every statement, so a panic elsewhere leaves them right.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionPermit {
    /// Counts the connection among those of `peer`'s network too, unless it is exempt.
    ///
    /// # Errors
    /// When there are as many of them as there may be; the permit is held until it is dropped.
    pub(super) fn assign(&mut self, peer: IpAddr) -> Result<(), ConnectionRefusal> {
        let peer = peer.to_canonical();
        let mut open = self.admission.lock();
        if self.network.is_some() || open.exempt.contains(&peer) {
            return Ok(());
        }
        let (network, max) = (customer_of(peer), open.max_per_network);
        let count = open.by_network.get(&network).copied().unwrap_or(0);
        if count >= max {
            return Err(ConnectionRefusal::PerAddress);
        }
        open.by_network.insert(network, count + 1);
        self.network = Some(network);
        Ok(())
    }

    /// The network whose limits hold for the connection; none when it is exempt.
    pub(super) fn network(&self) -> Option<IpAddr> {
        self.network
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.admission.lock();
        open.total = open.total.saturating_sub(1);
        self.admission.pressure.connections(open.total);
        let Some(network) = self.network else { return };
        let left = open.by_network.get(&network).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            open.by_network.remove(&network);
        } else {
            open.by_network.insert(network, left);
        }
    }
}

/// Memory for the messages of all connections together.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    metrics: Metrics,
    patience: Duration,
    pressure: Arc<Pressure>,
    size: Arc<Mutex<Size>>,
    steps: Arc<Semaphore>,
}

/// How many steps there are, how many of those in use are to vanish when they come back, and how
/// many each network holds of those that one may hold.
#[derive(Debug, Default)]
struct Size {
    by_network: HashMap<IpAddr, usize>,
    debt: usize,
    max_per_network: usize,
    total: usize,
}

/// The memory that one message holds; given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    memory: Memory,
    network: Option<IpAddr>,
    permit: Option<OwnedSemaphorePermit>,
}

/// Memory is handed out in steps of this many bytes.
const STEP: usize = 64 * 1024;

/// How many networks it takes to use all memory up.
const NETWORKS: usize = 4;

/// How long a message waits for memory while others are being kept: less than clients wait for a
/// reply, and an end to messages that wait for each other's memory.
const PATIENCE: Duration = Duration::from_secs(10);

impl Memory {
    pub(super) fn new(limits: &Limits, pressure: Arc<Pressure>, metrics: Metrics) -> Self {
        let memory = Self {
            metrics,
            patience: PATIENCE,
            pressure,
            size: Arc::default(),
            steps: Arc::new(Semaphore::new(0)),
        };
        memory.apply(limits);
        memory
    }

    /// Hands out as much as other limits say from now on. What is held above that vanishes when
    /// it is given back.
    pub(super) fn apply(&self, limits: &Limits) {
        let bytes = limits.max_bytes_in_flight.max(limits.max_message_bytes);
        let wanted = steps_for(usize::try_from(bytes).unwrap_or(usize::MAX));
        let wanted = wanted.min(Semaphore::MAX_PERMITS);
        let mut size = self.size();
        let more = wanted.saturating_sub(size.total);
        let paid = more.min(size.debt);
        size.debt -= paid;
        self.steps.add_permits(more - paid);
        let fewer = size.total.saturating_sub(wanted);
        size.debt += fewer - self.steps.forget_permits(fewer);
        size.total = wanted;
        size.max_per_network = (wanted / NETWORKS).max(steps_for(limits.message_len()));
    }

    /// Whether a message of `bytes` would find room now. Nothing is held for it: a client that
    /// only declares a size must not take the room of those that send.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).max(1);
        steps_for(bytes) <= self.steps.available_permits()
    }

    /// Nothing as yet, for messages that come from `network`; without one only the whole counts.
    pub(super) fn reservation(&self, network: Option<IpAddr>) -> Reservation {
        Reservation { memory: self.clone(), network, permit: None }
    }

    fn size(&self) -> MutexGuard<'_, Size> {
        // Both numbers change together without a step between that could panic.
        self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Whether a message of `bytes` would find room now, in all and in its network's part.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        let wanted = usize::try_from(bytes).map_or(usize::MAX, steps_for).max(1);
        self.memory.has_room(bytes) && wanted <= self.memory.size().left_to(self.network)
    }

    /// Grows to `wanted` bytes when they are free, or else to those that are `needed`, which are
    /// waited for: who waits asks for little, so that the queue moves on.
    /// Gives what is held then, or `None` when no more was to be had. What its network may not
    /// hold is not waited for.
    pub(super) async fn grow(&mut self, needed: usize, wanted: usize) -> Option<usize> {
        let held = self.steps();
        let more = |bytes| u32::try_from(steps_for(bytes).saturating_sub(held)).ok();
        let (needed, wanted) = (more(needed)?, more(wanted)?);
        let steps = Arc::clone(&self.memory.steps);
        let at_once = steps.try_acquire_many_owned(wanted).ok();
        if !at_once.is_some_and(|permit| self.hold(permit)) {
            let needed_steps = usize::try_from(needed).ok()?;
            if needed_steps > self.memory.size().left_to(self.network) {
                return None;
            }
            let permits = Arc::clone(&self.memory.steps).acquire_many_owned(needed);
            let permit = timeout(self.memory.patience, permits).await.ok()?.ok()?;
            if !self.hold(permit) {
                return None;
            }
        }
        let taken = self.steps().saturating_sub(held).saturating_mul(STEP);
        self.memory.metrics.bytes_in_flight(in_bytes(taken));
        self.memory.pressure.bytes_taken(taken);
        Some(self.steps().saturating_mul(STEP))
    }

    /// Adds to what is held, unless that is more than the network may hold.
    fn hold(&mut self, permit: OwnedSemaphorePermit) -> bool {
        if !self.memory.size().take(self.network, permit.num_permits()) {
            return false;
        }
        match &mut self.permit {
            Some(held) => held.merge(permit),
            None => self.permit = Some(permit),
        }
        true
    }

    /// Takes what is held out of here, to be given back elsewhere.
    pub(super) fn take(&mut self) -> Self {
        Self { memory: self.memory.clone(), network: self.network, permit: self.permit.take() }
    }

    pub(super) fn release(&mut self) {
        let Some(mut permit) = self.permit.take() else { return };
        let freed = permit.num_permits().saturating_mul(STEP);
        let mut size = self.memory.size();
        size.give_back(self.network, permit.num_permits());
        let vanishing = size.debt.min(permit.num_permits());
        if let Some(lost) = permit.split(vanishing) {
            lost.forget();
            size.debt -= vanishing;
        }
        drop(permit);
        drop(size);
        self.memory.metrics.bytes_in_flight(-in_bytes(freed));
        self.memory.pressure.bytes_freed(freed);
    }

    fn steps(&self) -> usize {
        self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

impl Size {
    /// How many more steps a network may take.
    fn left_to(&self, network: Option<IpAddr>) -> usize {
        let Some(network) = network else { return usize::MAX };
        let held = self.by_network.get(&network).copied().unwrap_or(0);
        self.max_per_network.saturating_sub(held)
    }

    fn take(&mut self, network: Option<IpAddr>, steps: usize) -> bool {
        if steps > self.left_to(network) {
            return false;
        }
        if let Some(network) = network {
            let held = self.by_network.entry(network).or_default();
            *held = held.saturating_add(steps);
        }
        true
    }

    fn give_back(&mut self, network: Option<IpAddr>, steps: usize) {
        let Some(network) = network else { return };
        let held = self.by_network.get(&network).map_or(0, |held| held.saturating_sub(steps));
        if held == 0 {
            self.by_network.remove(&network);
        } else {
            self.by_network.insert(network, held);
        }
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

fn in_bytes(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { max_connections: 3, max_connections_per_address: 2, ..Limits::default() }
    }

    fn admission() -> Arc<Admission> {
        let pressure = Arc::new(Pressure::new(&limits(), Metrics::new()));
        Arc::new(Admission::new(&limits(), pressure))
    }

    fn enter(
        admission: &Arc<Admission>,
        peer: &str,
    ) -> Result<ConnectionPermit, ConnectionRefusal> {
        let mut permit = admission.admit()?;
        permit.assign(peer.parse().unwrap())?;
        Ok(permit)
    }

    #[test]
    fn one_address_cannot_take_all_connections() {
        let admission = admission();
        let one = enter(&admission, "2001:db8::1").unwrap();
        let _two = enter(&admission, "2001:db8::2").unwrap();
        let refused = enter(&admission, "2001:db8::3").unwrap_err();
        assert_eq!(refused, ConnectionRefusal::PerAddress);
        drop(one);
        assert!(enter(&admission, "2001:db8::3").is_ok());
    }

    #[test]
    fn an_exempt_address_counts_in_all_only() {
        let admission = admission();
        let permits =
            ["127.0.0.1", "::ffff:127.0.0.1", "::1"].map(|peer| enter(&admission, peer).unwrap());
        let refused = enter(&admission, "192.0.2.1").unwrap_err();
        assert_eq!(refused, ConnectionRefusal::Total);
        drop(permits);
        assert_eq!(admission.lock().total, 0);
        assert!(admission.lock().by_network.is_empty());
    }

    #[test]
    fn other_limits_hold_for_those_who_come_and_send_nobody_away() {
        let admission = admission();
        let _permits = ["192.0.2.1", "192.0.2.2"].map(|peer| enter(&admission, peer).unwrap());
        admission.apply(&Limits { max_connections: 1, ..limits() });
        assert_eq!(enter(&admission, "192.0.2.3").unwrap_err(), ConnectionRefusal::Total);
        admission.apply(&Limits { max_connections_per_address: 1, ..limits() });
        assert_eq!(enter(&admission, "192.0.2.1").unwrap_err(), ConnectionRefusal::PerAddress);
        assert!(enter(&admission, "192.0.2.3").is_ok());
    }

    fn memory(steps: u64, metrics: &Metrics) -> Memory {
        let limits = in_flight(steps);
        let pressure = Arc::new(Pressure::new(&limits, metrics.clone()));
        let memory = Memory::new(&limits, pressure, metrics.clone());
        Memory { patience: Duration::ZERO, ..memory }
    }

    fn in_flight(steps: u64) -> Limits {
        Limits { max_bytes_in_flight: steps * 65_536, max_message_bytes: 1, ..limits() }
    }

    #[tokio::test]
    async fn memory_is_shared_and_given_back() {
        let metrics = Metrics::new();
        let memory = memory(2, &metrics);
        let (mut one, mut two) = (memory.reservation(None), memory.reservation(None));
        assert_eq!(one.grow(1, 1).await, Some(65_536));
        assert_eq!(one.grow(65_537, 65_537).await, Some(131_072));
        assert!(!memory.has_room(0));
        assert_eq!(two.grow(1, 1).await, None, "nothing is left for the other");
        assert!(metrics.render().contains("skrynka_smtp_in_flight_bytes 131072"));
        assert!(metrics.render().contains("skrynka_smtp_pressure 1\n"));
        drop(one);
        assert_eq!(two.grow(1, 1).await, Some(65_536));
        two.release();
        assert!(metrics.render().contains("skrynka_smtp_in_flight_bytes 0"));
        assert!(metrics.render().contains("skrynka_smtp_pressure 0\n"));
    }

    #[tokio::test]
    async fn memory_that_is_held_above_a_new_limit_vanishes_when_it_is_given_back() {
        let memory = memory(4, &Metrics::new());
        let mut held = memory.reservation(None);
        held.grow(3 * STEP, 3 * STEP).await.unwrap();
        for (limit, free) in [(2, 0), (4, 1), (1, 0), (8, 5), (2, 0)] {
            memory.apply(&in_flight(limit));
            assert_eq!(memory.steps.available_permits(), free, "of {limit} with 3 in use");
        }
        drop(held);
        assert_eq!(memory.steps.available_permits(), 2);
        assert_eq!(memory.size().debt, 0);
    }

    #[tokio::test]
    async fn memory_that_was_taken_elsewhere_is_given_back_there() {
        let memory = memory(1, &Metrics::new());
        let mut one = memory.reservation(None);
        one.grow(1, 1).await.unwrap();
        let elsewhere = one.take();
        one.release();
        assert!(!memory.has_room(1));
        drop(elsewhere);
        assert!(memory.has_room(1));
    }

    #[tokio::test]
    async fn one_network_has_a_quarter_of_the_memory_and_others_have_theirs() {
        let memory = memory(16, &Metrics::new());
        let from = |address: &str| memory.reservation(address.parse().ok());
        let (mut one, mut two) = (from("192.0.2.1"), from("192.0.2.1"));
        assert_eq!(one.grow(2 * STEP, 3 * STEP).await, Some(3 * STEP));
        assert_eq!(
            two.grow(STEP, 2 * STEP).await,
            Some(STEP),
            "what is needed, not what is wished"
        );
        assert!(!two.has_room(1));
        assert_eq!(two.grow(2 * STEP, 2 * STEP).await, None);
        let (mut other, mut exempt) = (from("192.0.2.2"), memory.reservation(None));
        assert_eq!(other.grow(4 * STEP, 4 * STEP).await, Some(4 * STEP));
        assert_eq!(exempt.grow(8 * STEP, 8 * STEP).await, Some(8 * STEP));
        drop(one);
        assert_eq!(two.grow(4 * STEP, 4 * STEP).await, Some(4 * STEP));
        drop((two, other, exempt));
        assert!(memory.size().by_network.is_empty());
        assert!(memory.has_room(in_flight(16).max_bytes_in_flight));
    }

    #[tokio::test]
    async fn a_message_gets_what_it_needs_when_what_it_wishes_is_not_free() {
        let memory = memory(4, &Metrics::new());
        let (mut long, mut short) = (memory.reservation(None), memory.reservation(None));
        assert_eq!(short.grow(STEP, STEP).await, Some(STEP));
        assert_eq!(long.grow(2 * STEP, 2 * STEP).await, Some(2 * STEP));
        assert_eq!(long.grow(3 * STEP, 4 * STEP).await, Some(3 * STEP));
    }
}
