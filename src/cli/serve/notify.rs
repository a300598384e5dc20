//! Telling systemd how far the service is (`sd_notify(3)`), when it asked to be told.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::task::JoinSet;

/// Mail is accepted, by what is in force now.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration was read again and is in force; to be followed by [`ready`]. Told only then, for
/// systemd knows no other end of what begins with it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now, NotifyState::Status("")]),
        Err(error) => tracing::warn!(%error, "systemd is not told of the reload"),
    }
}

/// The configuration was read again and refused: the one before is in force, and `why` stands in
/// `systemctl status`.
pub(super) fn refused(why: &str) {
    let line = why.replace(char::is_control, " ");
    let status = format!("The configuration was refused, the one before is in force: {line}");
    tell(&[NotifyState::Status(&status)]);
}

/// The server stops.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says that the program lives, twice in each `WatchdogSec=` of the unit; where none is set, nothing
/// is said. Never returns.
///
/// It lives when a new task is carried out: one that waits for ever (a deadlock, each thread busy
/// without end) is not seen by the supervisor, for it neither ends nor panics.
pub(super) async fn keep_alive() -> ! {
    match sd_notify::watchdog_enabled() {
        Some(term) => repeat(term / 2).await,
        None => std::future::pending().await,
    }
}

async fn repeat(pause: Duration) -> ! {
    // An interval of no length is refused by the timer.
    let mut ticks = tokio::time::interval(pause.max(Duration::from_millis(1)));
    loop {
        ticks.tick().await;
        let mut proof = JoinSet::new();
        proof.spawn(async {});
        proof.join_next().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told a state");
    }
}
