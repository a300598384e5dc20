//! How near the receiver is to its limits, as one number, and how it is made known.
//!
//! Pressure is the greatest of three shares: connections, bytes of messages in memory, and mails
//! that wait for their commit, each of what there may be at most. Below a half nothing follows from
//! it. Above, clients are given less time ([`super::Limits`] says how much), so that slow
//! clients make room for those that send. Connections follow a [`Level`], not the number: it has few
//! steps and some inertia, so that a client more or less does not wake all the others.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Limits;
use crate::metrics::Metrics;

/// How far pressure has risen from a half to the whole, in [`Level::STEPS`] steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(u32);

impl Level {
    /// The level at which a limit is reached.
    pub(super) const STEPS: u32 = 10;

    /// The steps above calm, up to [`Self::STEPS`].
    pub(super) fn steps(self) -> u32 {
        self.0
    }

    /// The level at this pressure, coming from `self`: it falls only once the pressure is clearly
    /// below what it stands for.
    fn at(self, thousandths: u32) -> Self {
        let level = |thousandths: u32| {
            Self(thousandths.saturating_sub(HALF).saturating_mul(Self::STEPS) / HALF)
        };
        level(thousandths).max(self.min(level(thousandths.saturating_add(INERTIA))))
    }
}

#[cfg(test)]
impl Level {
    pub(super) const CALM: Self = Self(0);
    pub(super) const FULL: Self = Self(Self::STEPS);

    pub(super) fn of(steps: u32) -> Self {
        Self(steps)
    }
}

/// Thousandths at which clients begin to feel it.
const HALF: u32 = 500;

/// Thousandths that the pressure must have fallen below a level before it is left: half a step.
const INERTIA: u32 = 25;

/// The pressure of one receiver.
#[derive(Debug)]
pub(super) struct Pressure {
    level: watch::Sender<Level>,
    load: Mutex<Load>,
    metrics: Metrics,
}

#[derive(Debug, Default)]
struct Load {
    bytes: Share,
    connections: Share,
    queued: Share,
}

#[derive(Debug, Default)]
struct Share {
    used: usize,
    max: usize,
}

impl Pressure {
    pub(super) fn new(limits: &Limits, metrics: Metrics) -> Self {
        let pressure = Self { level: watch::Sender::default(), load: Mutex::default(), metrics };
        pressure.apply(limits);
        pressure
    }

    /// Measures by other limits from now on.
    pub(super) fn apply(&self, limits: &Limits) {
        self.change(|load| {
            load.bytes.max = usize::try_from(limits.max_bytes_in_flight).unwrap_or(usize::MAX);
            load.connections.max = limits.max_connections;
            load.queued.max = limits.max_queued_mails;
        });
    }

    pub(super) fn level(&self) -> watch::Receiver<Level> {
        self.level.subscribe()
    }

    pub(super) fn bytes_taken(&self, count: usize) {
        self.change(|load| load.bytes.used = load.bytes.used.saturating_add(count));
    }

    pub(super) fn bytes_freed(&self, count: usize) {
        self.change(|load| load.bytes.used = load.bytes.used.saturating_sub(count));
    }

    pub(super) fn connections(&self, count: usize) {
        self.change(|load| load.connections.used = count);
    }

    /// As many mails as `count` says wait for their commit. It is asked in here, so that of two
    /// answers the later one stays.
    pub(super) fn queued(&self, count: impl FnOnce() -> usize) {
        self.change(|load| load.queued.used = count());
    }

    fn change(&self, change: impl FnOnce(&mut Load)) {
        let mut load = self.lock();
        change(&mut load);
        let thousandths = load.thousandths();
        self.metrics.pressure(thousandths);
        self.level.send_if_modified(|level| {
            let before = std::mem::replace(level, level.at(thousandths));
            before != *level
        });
    }

    fn lock(&self) -> MutexGuard<'_, Load> {
        // Each share is whole after every statement.
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Load {
    fn thousandths(&self) -> u32 {
        let shares = [&self.bytes, &self.connections, &self.queued];
        shares.into_iter().map(Share::thousandths).max().unwrap_or(0)
    }
}

impl Share {
    fn thousandths(&self) -> u32 {
        if self.used >= self.max {
            return if self.used == 0 { 0 } else { 1000 };
        }
        let thousandths = self.used.saturating_mul(1000).checked_div(self.max).unwrap_or(0);
        u32::try_from(thousandths).unwrap_or(1000).min(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressure() -> Pressure {
        let limits = Limits {
            max_bytes_in_flight: 1000,
            max_connections: 1000,
            max_queued_mails: 1000,
            ..Limits::default()
        };
        Pressure::new(&limits, Metrics::new())
    }

    #[test]
    fn pressure_is_the_greatest_of_three_shares() {
        let change_connections: fn(&Pressure, usize) = Pressure::connections;
        let change_bytes = |pressure: &Pressure, count| match count {
            0 => pressure.bytes_freed(800),
            more => pressure.bytes_taken(more),
        };
        let change_queued = |pressure: &Pressure, count| pressure.queued(|| count);
        let pressure = pressure();
        let level = pressure.level();
        for (what, change) in [
            ("connections", change_connections),
            ("bytes", change_bytes),
            ("queued", change_queued),
        ] {
            change(&pressure, 800);
            assert_eq!(level.borrow().steps(), 6, "{what}");
            assert!(pressure.metrics.render().contains("skrynka_smtp_pressure 0.8"), "{what}");
            change(&pressure, 0);
            assert_eq!(*level.borrow(), Level::CALM, "{what}");
        }
        pressure.connections(2000);
        assert_eq!(*level.borrow(), Level::FULL);
    }

    #[test]
    fn the_level_rises_from_a_half_to_the_whole_and_falls_with_inertia() {
        for (from, thousandths, to) in [
            (0, 0, 0),
            (0, 500, 0),
            (0, 549, 0),
            (0, 550, 1),
            (0, 1000, 10),
            (5, 749, 5),
            (5, 725, 5),
            (5, 724, 4),
            (1, 524, 0),
            (10, 0, 0),
        ] {
            assert_eq!(Level(from).at(thousandths), Level(to), "from {from} at {thousandths}");
        }
    }

    #[test]
    fn one_client_more_or_less_wakes_nobody() {
        let pressure = pressure();
        pressure.connections(650);
        let mut level = pressure.level();
        level.mark_unchanged();
        for count in [649, 650, 630, 699, 650] {
            pressure.connections(count);
        }
        assert!(!level.has_changed().unwrap());
        pressure.connections(700);
        assert!(level.has_changed().unwrap());
    }

    #[test]
    fn other_limits_make_another_level() {
        let pressure = pressure();
        pressure.connections(900);
        assert_eq!(pressure.level().borrow().steps(), 8);
        pressure.apply(&Limits { max_connections: 9000, ..Limits::default() });
        assert_eq!(*pressure.level().borrow(), Level::CALM);
    }
}
