//! Keeps a DNS that is silent from holding up mail after mail.
//!
//! Decides by what it is told; asks nobody and reads no clock.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How many mails in a row must go unanswered before the server itself is suspected.
const SUSPICIOUS: u32 = 3;

/// How long a silent server is left alone.
const PAUSE: Duration = Duration::from_mins(1);

/// What a mail may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// Ask.
    Ask,
    /// Find out whether the server answers again; others skip meanwhile.
    Probe,
    /// Go without.
    Skip,
}

/// Whether the DNS is worth asking.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug)]
enum State {
    Open { unanswered: u32 },
    Shut { until: Instant },
}

impl Default for State {
    fn default() -> Self {
        Self::Open { unanswered: 0 }
    }
}

impl Breaker {
    /// What the next mail may do. One mail a minute probes.
    pub(super) fn passage(&self, now: Instant) -> Passage {
        let mut state = self.state();
        match *state {
            State::Open { .. } => Passage::Ask,
            State::Shut { until } if now < until => Passage::Skip,
            State::Shut { .. } => {
                *state = shut(now);
                Passage::Probe
            }
        }
    }

    /// Takes note of a mail's questions; whether the server is to be suspected now.
    pub(super) fn note(&self, unanswered: bool) -> bool {
        let mut state = self.state();
        let State::Open { unanswered: count } = &mut *state else { return false };
        *count = if unanswered { count.saturating_add(1) } else { 0 };
        let suspicious = *count >= SUSPICIOUS;
        if suspicious {
            *count = 0;
        }
        suspicious
    }

    /// The server does not answer.
    pub(super) fn shut(&self, now: Instant) {
        *self.state() = shut(now);
    }

    /// The server answers.
    pub(super) fn open(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shut(now: Instant) -> State {
    State::Shut { until: now.checked_add(PAUSE).unwrap_or(now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_without_an_answer_in_a_row_raise_suspicion() {
        let breaker = Breaker::default();
        let noted =
            [true, true, false, true, true, true].map(|unanswered| breaker.note(unanswered));
        assert_eq!(noted, [false, false, false, false, false, true]);
        assert_eq!(breaker.passage(Instant::now()), Passage::Ask, "suspicion alone stops nothing");
    }

    #[test]
    fn a_silent_server_is_left_alone_for_a_minute_and_then_probed_by_one_mail() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        breaker.shut(start);
        let at = |seconds| breaker.passage(start + Duration::from_secs(seconds));
        let passages = [at(0), at(59), at(60), at(61), at(119), at(120)];
        let (skip, probe) = (Passage::Skip, Passage::Probe);
        assert_eq!(passages, [skip, skip, probe, skip, skip, probe]);
        breaker.open();
        assert_eq!(at(121), Passage::Ask);
    }

    #[test]
    fn answers_to_earlier_questions_do_not_open_it() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        breaker.shut(start);
        assert!(!breaker.note(false));
        assert_eq!(breaker.passage(start), Passage::Skip);
    }
}
