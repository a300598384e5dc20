//! How fast authorities are asked, and which are left in peace.
//!
//! Pauses count by the monotonic clock: a wall clock that was ahead once would keep an authority
//! unasked until that time comes.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use crate::domain::Timestamp;

/// The most requests of one minute, to all authorities together.
const PER_MINUTE: usize = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// How long a service that failed is left in peace: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// When what another question waits for is looked at again.
const IN_FLIGHT_PAUSE: Duration = Duration::from_secs(1);

/// The most failures and answers that are remembered.
const MAX_REMEMBERED: usize = 4096;

/// Whether something may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// The answer came within the last minute, and is true from this moment on.
    Answered(Timestamp),
    /// It may; whoever asks says how it ended.
    Go,
    /// Not before this moment.
    NotBefore(Instant),
}

/// What was asked lately, and how it ended.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When each request of the last minute was made.
    requests: VecDeque<Instant>,
    /// Services and subjects that failed: how long they are left in peace, and until when.
    failing: HashMap<String, (Duration, Instant)>,
    in_flight: HashSet<String>,
    /// When each answer came, and from when on it is true.
    answered: HashMap<String, (Instant, Timestamp)>,
}

impl Pace {
    /// Whether `service` may be asked about `subject`.
    pub(super) fn leave(&mut self, subject: &str, service: &str, now: Instant) -> Leave {
        self.answered.retain(|_, (at, _)| *at + MINUTE > now);
        if let Some((_, this_update)) = self.answered.get(subject) {
            return Leave::Answered(*this_update);
        }
        if self.in_flight.contains(subject) {
            return Leave::NotBefore(now + IN_FLIGHT_PAUSE);
        }
        let ends = [subject, service].map(|name| self.failing.get(name).map(|(_, until)| *until));
        if let Some(until) = ends.into_iter().flatten().max().filter(|until| *until > now) {
            return Leave::NotBefore(until);
        }
        while self.requests.front().is_some_and(|at| *at + MINUTE <= now) {
            self.requests.pop_front();
        }
        if self.requests.len() >= PER_MINUTE
            && let Some(oldest) = self.requests.front()
        {
            return Leave::NotBefore(*oldest + MINUTE);
        }
        self.requests.push_back(now);
        self.in_flight.insert(subject.to_owned());
        Leave::Go
    }

    /// Until when `name` is left in peace, where it is.
    pub(super) fn paused(&self, name: &str, now: Instant) -> Option<Instant> {
        self.failing.get(name).map(|(_, until)| *until).filter(|until| *until > now)
    }

    /// The service answered, and the answer is one that is true from `this_update` on.
    pub(super) fn answered(
        &mut self,
        subject: &str,
        service: &str,
        this_update: Timestamp,
        now: Instant,
    ) {
        self.in_flight.remove(subject);
        self.failing.remove(subject);
        self.failing.remove(service);
        if self.answered.len() < MAX_REMEMBERED {
            self.answered.insert(subject.to_owned(), (now, this_update));
        }
    }

    /// What was asked about `subject` failed, for the sake of `failing`: the service or the
    /// subject; tells until when that is left in peace.
    pub(super) fn failed(&mut self, subject: &str, failing: &str, now: Instant) -> Instant {
        self.in_flight.remove(subject);
        let pause = self
            .failing
            .get(failing)
            .map_or(FIRST_PAUSE, |(pause, _)| pause.saturating_mul(2).min(LONGEST_PAUSE));
        if self.failing.len() >= MAX_REMEMBERED {
            self.failing.retain(|_, (_, until)| *until > now);
        }
        let until = now + pause;
        self.failing.insert(failing.to_owned(), (pause, until));
        until
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    const HOST: &str = "crl ca.example.ua";

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    /// Seconds after one moment of this process.
    fn second(number: u64) -> Instant {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        *START + Duration::from_secs(number)
    }

    #[test]
    fn a_host_that_fails_is_left_in_peace_twice_as_long_each_time_up_to_an_hour() {
        let mut pace = Pace::default();
        let mut now = second(0);
        let mut pauses = Vec::new();
        for _ in 0..10 {
            assert_eq!(pace.leave("list", HOST, now), Leave::Go);
            let until = pace.failed("list", HOST, now);
            assert_eq!(pace.leave("other list", HOST, now), Leave::NotBefore(until));
            pauses.push((until - now).as_secs());
            now = until;
        }
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(pace.leave("list", HOST, now), Leave::Go);
        pace.answered("list", HOST, moment(0), now);
        assert_eq!(pace.leave("other list", HOST, now), Leave::Go, "it works again");
    }

    #[test]
    fn a_host_that_answers_wrongly_is_asked_other_things() {
        let mut pace = Pace::default();
        assert_eq!(pace.leave("list", HOST, second(0)), Leave::Go);
        let until = pace.failed("list", "list", second(0));
        assert_eq!(pace.leave("list", HOST, second(0)), Leave::NotBefore(until));
        assert_eq!(pace.leave("other list", HOST, second(0)), Leave::Go);
    }

    #[test]
    fn one_thing_is_asked_once() {
        let mut pace = Pace::default();
        assert_eq!(pace.leave("list", HOST, second(0)), Leave::Go);
        assert_eq!(pace.leave("list", HOST, second(0)), Leave::NotBefore(second(1)));
        pace.answered("list", HOST, moment(-60), second(3));
        assert_eq!(pace.leave("list", HOST, second(62)), Leave::Answered(moment(-60)));
        assert_eq!(pace.leave("list", HOST, second(63)), Leave::Go);
    }

    #[test]
    fn no_more_than_sixty_requests_are_made_in_a_minute() {
        let mut pace = Pace::default();
        for number in 0..60 {
            let leave = pace.leave(&format!("list {number}"), HOST, second(number));
            assert_eq!(leave, Leave::Go, "{number}");
        }
        assert_eq!(pace.leave("one more", HOST, second(59)), Leave::NotBefore(second(60)));
        assert_eq!(pace.leave("one more", HOST, second(60)), Leave::Go);
    }
}
