//! Waiting, for as long as the server has time.

use std::{io, pin::pin, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::smtp::pressure::Level;

/// How far the shutdown of the server has come.
#[derive(Clone, Debug)]
pub(in crate::smtp) struct Shutdown {
    /// Mails in transit may still end, and nothing else.
    pub(in crate::smtp) begun: watch::Receiver<bool>,
    /// The time for that is over, too.
    pub(in crate::smtp) drained: watch::Receiver<bool>,
}

impl Shutdown {
    /// Returns once there is no more time for a client; one that is sending a message has more.
    pub(super) async fn comes(&mut self, is_message: bool) {
        turned_true(if is_message { &mut self.drained } else { &mut self.begun }).await;
    }
}

/// Waits for what a client has to do, for as long as `limit` says at the pressure of each moment.
pub(super) async fn within<T>(
    level: &mut watch::Receiver<Level>,
    limit: impl Fn(Level) -> Duration,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let began = Instant::now();
    let mut work = pin!(work);
    loop {
        let deadline = began + limit(*level.borrow_and_update());
        tokio::select! {
            biased;
            done = timeout_at(deadline, &mut work) => return done?,
            // The sender lives as long as the server's state.
            Ok(()) = level.changed() => {}
        }
    }
}

/// Returns once the flag is true, or can no longer become so because its owner is gone.
pub(in crate::smtp) async fn turned_true(flag: &mut watch::Receiver<bool>) {
    drop(flag.wait_for(|stop| *stop).await);
}

#[cfg(test)]
mod tests {
    use std::{future::pending, io::ErrorKind::TimedOut};

    use super::*;

    #[tokio::test]
    async fn pressure_ends_a_wait_that_has_begun() {
        let (pressure, mut level) = watch::channel(Level::CALM);
        let limit = |level| match level {
            Level::FULL => Duration::ZERO,
            _ => Duration::from_hours(1),
        };
        let waiting = within(&mut level, limit, pending::<io::Result<()>>());
        let (ended, ()) = tokio::join!(waiting, async {
            pressure.send_replace(Level::of(1));
            pressure.send_replace(Level::FULL);
        });
        assert_eq!(ended.unwrap_err().kind(), TimedOut);
    }
}
