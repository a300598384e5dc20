//! While something of ours fails, mails stay in the spool and one at a time is tried.
//!
//! Without it every waiting mail would be taken in hand, fail, and be tried for itself: as much work
//! as the backlog is long, and a log line for each. A full disk or a database that is away fails
//! for all, and one mail is enough to find out when it has ended.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::FIRST_PAUSE;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Lets mails through: all, or one at a time after a failure of ours.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Notify,
    /// How many wait that were not tried yet. They come first: what failed once may fail for itself,
    /// and would keep all others from showing that they do not.
    fresh: AtomicUsize,
}

/// A mail that was let through, until it is dropped. What becomes of it is said with
/// [`Pass::succeeded`] or [`Pass::failed`]; where neither is, it says nothing of the others.
pub(super) struct Pass {
    gate: Arc<Gate>,
    /// Whether the gate is closed and this is the mail that is tried.
    is_try: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    Closed {
        /// When the next mail is let through.
        until: Instant,
        pause: Duration,
        /// Whether one is in hand.
        is_trying: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Through {
        is_try: bool,
    },
    /// To be asked again at this moment, or when something changes.
    Later(Option<Instant>),
}

impl Gate {
    /// Returns when a mail may be taken in hand that was not tried yet.
    pub(super) async fn pass(self: &Arc<Self>) -> Pass {
        let waiting = Waiting::new(self);
        let pass = self.pass_when(|| true).await;
        drop(waiting);
        pass
    }

    /// Returns when a mail may be taken in hand again that failed.
    pub(super) async fn pass_again(self: &Arc<Self>) -> Pass {
        self.pass_when(|| self.fresh.load(Ordering::Acquire) == 0).await
    }

    /// `may_be_tried` tells whether this one may be the one that is tried while the gate is closed.
    async fn pass_when(self: &Arc<Self>, may_be_tried: impl Fn() -> bool) -> Pass {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, or a change in between would be missed.
            changed.as_mut().enable();
            let answer = self.state().ask(Instant::now(), may_be_tried());
            match answer {
                Answer::Through { is_try } => return Pass { gate: Arc::clone(self), is_try },
                Answer::Later(None) => changed.await,
                Answer::Later(Some(until)) => tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = changed => {}
                },
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one statement, so a panic elsewhere leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that waits and was not tried yet.
struct Waiting<'a>(&'a Gate);

impl<'a> Waiting<'a> {
    fn new(gate: &'a Gate) -> Self {
        gate.fresh.fetch_add(1, Ordering::AcqRel);
        Self(gate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fresh.fetch_sub(1, Ordering::AcqRel);
        self.0.changed.notify_waiters();
    }
}

impl Pass {
    /// The mail came to its end: if it was a try, the gate opens.
    pub(super) fn succeeded(self) {
        if self.is_try {
            *self.gate.state() = State::Open;
        }
    }

    /// Something of ours failed: the gate closes, or stays closed for longer.
    pub(super) fn failed(self) {
        self.gate.state().close(self.is_try, Instant::now());
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_try {
            self.gate.state().leave();
        }
        self.gate.changed.notify_waiters();
    }
}

impl State {
    fn ask(&mut self, now: Instant, may_be_tried: bool) -> Answer {
        match self {
            Self::Open => Answer::Through { is_try: false },
            Self::Closed { is_trying: true, .. } => Answer::Later(None),
            Self::Closed { .. } if !may_be_tried => Answer::Later(None),
            Self::Closed { until, .. } if now < *until => Answer::Later(Some(*until)),
            Self::Closed { is_trying, .. } => {
                *is_trying = true;
                Answer::Through { is_try: true }
            }
        }
    }

    fn close(&mut self, is_try: bool, now: Instant) {
        let pause = match self {
            Self::Open => FIRST_PAUSE,
            Self::Closed { pause, .. } if is_try => pause.saturating_mul(2).min(LONGEST_PAUSE),
            // It was in hand when the gate closed.
            Self::Closed { .. } => return,
        };
        *self = Self::Closed { until: now + pause, pause, is_trying: is_try };
    }

    /// The mail that was tried is no longer in hand.
    fn leave(&mut self) {
        if let Self::Closed { is_trying, .. } = self {
            *is_trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRY: Answer = Answer::Through { is_try: true };

    #[test]
    fn after_a_failure_one_mail_at_a_time_is_let_through_and_ever_more_rarely() {
        let mut now = Instant::now();
        let mut gate = State::Open;
        assert_eq!(gate.ask(now, true), Answer::Through { is_try: false });
        gate.close(false, now);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let Answer::Later(Some(until)) = gate.ask(now, true) else { panic!("{gate:?}") };
            pauses.push((until - now).as_millis());
            now = until;
            assert_eq!(gate.ask(now, true), TRY);
            assert_eq!(gate.ask(now, true), Answer::Later(None), "one alone");
            gate.close(true, now);
            gate.leave();
        }
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    }

    #[test]
    fn what_was_in_hand_when_it_closed_changes_nothing() {
        let now = Instant::now();
        let mut gate = State::Open;
        gate.close(false, now);
        let closed = gate;
        gate.close(false, now + FIRST_PAUSE);
        assert_eq!(gate, closed);
    }

    #[test]
    fn a_try_that_says_nothing_gives_its_place_to_another() {
        let now = Instant::now();
        let mut gate = State::Open;
        gate.close(false, now);
        assert_eq!(gate.ask(now + FIRST_PAUSE, true), TRY);
        gate.leave();
        assert_eq!(gate.ask(now + FIRST_PAUSE, true), TRY);
    }

    /// One that fails for itself would keep all others from showing that they do not.
    #[tokio::test]
    async fn what_failed_is_tried_after_what_was_not_tried_yet() {
        let gate = Arc::new(Gate::default());
        *gate.state() =
            State::Closed { until: Instant::now(), pause: LONGEST_PAUSE, is_trying: false };
        let busy = gate.pass().await;
        let again = {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.pass_again().await.is_try })
        };
        let fresh = {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.pass().await })
        };
        tokio::task::yield_now().await;
        drop(busy);
        let fresh = fresh.await.unwrap();
        assert!(fresh.is_try && !again.is_finished());
        drop(fresh);
        assert!(again.await.unwrap(), "nobody else waits");
    }

    #[tokio::test]
    async fn it_opens_for_all_when_the_mail_that_is_tried_succeeds() {
        let gate = Arc::new(Gate::default());
        let before = gate.pass().await;
        *gate.state() =
            State::Closed { until: Instant::now(), pause: LONGEST_PAUSE, is_trying: false };
        let tried = gate.pass().await;
        let waiting = [(); 4].map(|()| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.pass().await.is_try })
        });
        before.succeeded();
        tokio::task::yield_now().await;
        assert!(waiting.iter().all(|task| !task.is_finished()), "one alone says that it is well");
        tried.succeeded();
        for task in waiting {
            assert!(!task.await.unwrap());
        }
    }
}
