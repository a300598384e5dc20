//! The tasks that a server consists of, and what happens when one of them ends.
//!
//! A task that is gone without a word leaves a server that takes mail and does half of its work. So
//! each has one owner. One that can begin anew does; without one that cannot, the server is to end:
//! whoever started it starts it again.

use std::time::{Duration, Instant};

use tokio::{
    sync::watch::{Receiver, Sender, channel},
    task::JoinSet,
};

use crate::metrics::{Metrics, Task};

/// The pause before a task begins anew: the first, and the longest. One that ran for longer than that
/// begins with the first again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Owns the tasks of a server.
#[derive(Debug)]
pub(super) struct Supervisor {
    tasks: JoinSet<()>,
    /// Turns true when the server stops: then tasks are to end.
    stop: Receiver<bool>,
    missing: Sender<Option<Task>>,
    metrics: Metrics,
}

impl Supervisor {
    /// Owns none yet. `stop` turns true when tasks are to end.
    pub(super) fn new(stop: Receiver<bool>, metrics: Metrics) -> Self {
        Self { tasks: JoinSet::new(), stop, missing: channel(None).0, metrics }
    }

    /// Which task the server is without and cannot begin anew.
    pub(super) fn missing(&self) -> Receiver<Option<Task>> {
        self.missing.subscribe()
    }

    /// Runs a task that cannot begin anew.
    pub(super) fn need(&mut self, task: Task, work: impl Future<Output = ()> + Send + 'static) {
        let (stop, missing) = (self.stop.clone(), self.missing.clone());
        self.tasks.spawn(async move {
            let how = end_of(work).await;
            if !*stop.borrow() {
                // First what counts: a log may fail.
                missing.send_replace(Some(task));
                tracing::error!(task = task.as_str(), "a task that the server needs has {how}");
            }
        });
    }

    /// Runs a task, which `make` makes anew each time that it ends before the server stops.
    pub(super) fn keep<W>(&mut self, task: Task, mut make: impl FnMut() -> W + Send + 'static)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let (mut stop, metrics) = (self.stop.clone(), self.metrics.clone());
        self.tasks.spawn(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                let start = Instant::now();
                let how = end_of(make()).await;
                if *stop.borrow() {
                    return;
                }
                metrics.task_restarted(task);
                tracing::error!(
                    task = task.as_str(),
                    in_seconds = pause.as_secs(),
                    "a task has {how} and begins anew"
                );
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => return,
                    () = tokio::time::sleep(pause) => {}
                }
                let is_stable = start.elapsed() > LONGEST_PAUSE;
                pause = if is_stable { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            }
        });
    }

    /// Returns when all have ended.
    pub(super) async fn ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Ends those that have not.
    pub(super) async fn cut_off(&mut self) {
        self.tasks.shutdown().await;
    }
}

/// How the work came to its end.
async fn end_of(work: impl Future<Output = ()> + Send + 'static) -> &'static str {
    // A set, for it ends its task when it is dropped.
    let mut own = JoinSet::new();
    own.spawn(work);
    match own.join_next().await {
        Some(Ok(())) | None => "ended",
        Some(Err(_)) => "panicked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supervisor() -> (Sender<bool>, Supervisor) {
        let (shutdown, stop) = channel(false);
        (shutdown, Supervisor::new(stop, Metrics::new()))
    }

    async fn soon<T>(work: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(20), work).await.expect("it comes soon")
    }

    #[tokio::test]
    async fn without_a_task_that_it_needs_the_server_is_to_end() {
        for panics in [false, true] {
            let (_shutdown, mut supervisor) = supervisor();
            let mut missing = supervisor.missing();
            supervisor.need(Task::Judging, std::future::pending());
            supervisor.need(Task::Smtp, async move { assert!(!panics, "on purpose") });
            let missing = *soon(missing.wait_for(Option::is_some)).await.unwrap();
            assert_eq!(missing, Some(Task::Smtp));
        }
    }

    #[tokio::test]
    async fn a_task_that_can_begins_anew_and_is_counted() {
        for panics in [false, true] {
            let (_shutdown, mut supervisor) = supervisor();
            let (begun, mut times) = channel(0);
            supervisor.keep(Task::Purge, move || {
                begun.send_modify(|times| *times += 1);
                let is_first = *begun.borrow() == 1;
                async move {
                    assert!(!is_first || !panics, "on purpose");
                    if !is_first {
                        std::future::pending::<()>().await;
                    }
                }
            });
            soon(times.wait_for(|times| *times == 2)).await.unwrap();
            let metrics = supervisor.metrics.render();
            let line = "skrynka_task_restarts_total{task=\"purge\"} 1\n";
            assert!(metrics.contains(line), "{metrics}");
            assert_eq!(*supervisor.missing().borrow(), None);
        }
    }

    #[tokio::test]
    async fn who_ends_because_the_server_stops_is_not_missing() {
        let (shutdown, mut supervisor) = supervisor();
        let waiting = |mut stop: Receiver<bool>| async move {
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let stop = supervisor.stop.clone();
        supervisor.need(Task::Web, waiting(stop.clone()));
        supervisor.keep(Task::Trust, move || waiting(stop.clone()));
        shutdown.send_replace(true);
        soon(supervisor.ended()).await;
        assert_eq!(*supervisor.missing().borrow(), None);
        let metrics = supervisor.metrics.render();
        assert!(metrics.contains("skrynka_task_restarts_total{task=\"trust\"} 0\n"), "{metrics}");
    }

    #[tokio::test]
    async fn what_does_not_end_is_cut_off() {
        let (_shutdown, mut supervisor) = supervisor();
        let held = std::sync::Arc::new(());
        let inside = std::sync::Arc::clone(&held);
        supervisor.need(Task::Web, async move {
            std::future::pending::<()>().await;
            drop(inside);
        });
        soon(supervisor.cut_off()).await;
        assert_eq!(std::sync::Arc::strong_count(&held), 1);
    }
}
