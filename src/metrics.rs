//! What ops can count: one struct of Prometheus handles.
//!
//! The only module that names the `prometheus` crate. Every label value comes from a closed set:
//! an enum of ours, a reply class, a stage, the registry. Nothing a peer sends becomes a label.

mod handles;
mod labels;
mod process;

use std::{sync::Arc, time::Duration};

use prometheus::{Encoder as _, TextEncoder};

use self::handles::Handles;
pub use self::labels::{
    ConnectionRefusal, FetchKind, FetchOutcome, Part, PurgeOutcome, Rejudging, SignInOutcome,
    Stage, Task, TlsListener, WebRefusal,
};
use crate::domain::{Timestamp, Verdict};

/// All metrics of one server. Cloning is cheap and shares the counts.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Handles>);

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Fresh metrics, all at zero, with every label of every closed set present.
    ///
    /// # Panics
    /// When two metrics bear one name; a test makes them all.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Handles::new()))
    }

    /// All metrics in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.process.read();
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.0.registry.gather(), &mut text) {
            tracing::error!(%error, "the metrics cannot be written");
        }
        String::from_utf8(text).unwrap_or_default()
    }

    /// A mail was answered with 250, `elapsed` after its final dot.
    pub fn mail_accepted(&self, bytes: usize, elapsed: Duration) {
        self.0.accepted_messages.inc();
        self.0.accepted_bytes.inc_by(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.0.accept_duration.observe(elapsed.as_secs_f64());
    }

    /// A connection was closed for a bare line feed.
    pub fn bare_line_feed(&self) {
        self.0.bare_line_feeds.inc();
    }

    /// Bytes of mails in memory changed by `delta`.
    pub fn bytes_in_flight(&self, delta: i64) {
        self.0.bytes_in_flight.add(delta);
    }

    /// A connection was accepted; it counts as open until the guard is dropped.
    #[must_use]
    pub fn connection_opened(&self) -> OpenConnection {
        self.0.connections.inc();
        self.0.connections_open.inc();
        OpenConnection(self.clone())
    }

    /// A connection was answered with 421 for a limit.
    pub fn connection_refused(&self, why: ConnectionRefusal) {
        self.0.connections_refused.with_label_values(&[why.as_str()]).inc();
    }

    /// The receiver is so near to its limits, in thousandths.
    pub fn pressure(&self, thousandths: u32) {
        self.0.pressure.set(f64::from(thousandths) / 1000.0);
    }

    /// A reply with this three-digit code was sent.
    pub fn reply(&self, code: u16) {
        let class = match code / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        self.0.replies.with_label_values(&[class]).inc();
    }

    /// These listeners show a certificate whose chain ends at `end`; `None`: they show none.
    pub fn tls_expiry(&self, listeners: &[TlsListener], end: Option<Timestamp>) {
        for listener in listeners {
            let label = [listener.as_str()];
            match end {
                Some(end) => self.0.tls_expiry.with_label_values(&label).set(end.as_seconds()),
                // It is an error when there is none: that is what is wanted.
                None => drop(self.0.tls_expiry.remove_label_values(&label)),
            }
        }
    }

    /// A handshake of TLS failed, or took too long.
    pub fn tls_failure(&self) {
        self.0.tls_failures.inc();
    }

    /// A session went over to TLS.
    pub fn tls_session(&self) {
        self.0.tls_sessions.inc();
    }

    /// Something of ours failed or panicked.
    pub fn failure(&self, part: Part) {
        self.0.failures.with_label_values(&[part.as_str()]).inc();
    }

    /// The number of open connections to pages, API and metrics changed by `delta`.
    pub fn web_connections(&self, delta: i64) {
        self.0.web_connections.add(delta);
    }

    /// Such a connection was refused or cut off.
    pub fn web_connection_refused(&self, why: WebRefusal) {
        self.0.web_connections_refused.with_label_values(&[why.as_str()]).inc();
    }

    /// Somebody tried to sign in.
    pub fn sign_in(&self, outcome: SignInOutcome) {
        self.0.sign_ins.with_label_values(&[outcome.as_str()]).inc();
    }

    /// A line of the log found no room, or could not be written.
    pub fn log_line_lost(&self) {
        self.0.log_lines_lost.inc();
    }

    /// A task ended and begins anew.
    pub fn task_restarted(&self, task: Task) {
        self.0.task_restarts.with_label_values(&[task.as_str()]).inc();
    }

    /// One sync made `messages` mails durable in `elapsed`.
    pub fn spool_synced(&self, messages: usize, elapsed: Duration) {
        self.0.spool_batch.observe(f64::from(u32::try_from(messages).unwrap_or(u32::MAX)));
        self.0.spool_sync.observe(elapsed.as_secs_f64());
    }

    /// So many `files` with what was set aside as damaged lie in the spool.
    pub fn spool_damaged_files(&self, files: usize) {
        self.0.spool_damaged_files.set(i64::try_from(files).unwrap_or(i64::MAX));
    }

    /// So many `stretches` of the spool were found damaged.
    pub fn spool_damaged(&self, stretches: u64) {
        self.0.spool_damaged.inc_by(stretches);
    }

    /// There are `messages` mails without a verdict, the oldest accepted `oldest` ago.
    pub fn pending(&self, messages: usize, oldest: Duration) {
        self.0.pending.set(i64::try_from(messages).unwrap_or(i64::MAX));
        self.0.oldest_pending.set(oldest.as_secs_f64());
    }

    /// A share got its verdict.
    pub fn share_judged(&self, verdict: Verdict) {
        self.0.shares.with_label_values(&[verdict.as_str()]).inc();
    }

    /// A share was judged again.
    pub fn share_rejudged(&self, outcome: Rejudging) {
        self.0.shares_rejudged.with_label_values(&[outcome.as_str()]).inc();
    }

    /// Revocation data was asked for.
    pub fn revocation_fetched(&self, kind: FetchKind, outcome: FetchOutcome) {
        self.0.revocation_fetches.with_label_values(&[kind.as_str(), outcome.as_str()]).inc();
    }

    /// A question about revocation found no room.
    pub fn revocation_question_dropped(&self) {
        self.0.revocation_dropped.inc();
    }

    /// The cache holds `answers`, and the oldest list that is followed is `oldest` old.
    pub fn revocation_cache(&self, answers: usize, oldest: Duration) {
        self.0.revocation_answers.set(i64::try_from(answers).unwrap_or(i64::MAX));
        self.0.revocation_age.set(oldest.as_secs_f64());
    }

    /// A stage took `elapsed`.
    pub fn stage(&self, stage: Stage, elapsed: Duration) {
        self.0.stage_duration.with_label_values(&[stage.as_str()]).observe(elapsed.as_secs_f64());
    }

    /// The free space where the spool lies.
    pub fn disk_free(&self, bytes: u64) {
        self.0.disk_free.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// The trust directory holds `count` certificates.
    pub fn trust_anchors(&self, count: usize) {
        self.0.trust_anchors.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// The newest trust list was issued `age` seconds ago (`None`: there is no list), and its next
    /// issue is overdue or not.
    pub fn trust_list(&self, age: Option<i64>, overdue: bool) {
        self.0.trust_list_age.set(age.unwrap_or(-1));
        self.0.trust_list_overdue.set(i64::from(overdue));
    }

    /// The database answered after so long; `None`: it did not.
    pub fn database_answered(&self, after: Option<Duration>) {
        self.0.database_up.set(i64::from(after.is_some()));
        if let Some(after) = after {
            self.0.database_latency.set(after.as_secs_f64());
        }
    }

    /// The QR codes of these branches and services stop working then; those of no others are known.
    pub fn qr_expiry<'a>(&self, ends: impl IntoIterator<Item = (&'a str, &'a str, Timestamp)>) {
        self.0.qr_expiry.reset();
        for (branch, service, end) in ends {
            self.0.qr_expiry.with_label_values(&[branch, service]).set(end.as_seconds());
        }
    }

    /// The clock goes on from the greatest time seen, or does not.
    pub fn clock_accepted(&self, accepted: bool) {
        self.0.clock_accepted.set(i64::from(accepted));
    }

    /// A purge run ended: it destroyed `purged` data keys and left `due` that should be gone; `None` where
    /// they could not be counted.
    pub fn purge_run(&self, purged: usize, due: Option<usize>, outcome: PurgeOutcome) {
        self.0.purge_runs.with_label_values(&[outcome.as_str()]).inc();
        if outcome == PurgeOutcome::Waited {
            self.0.purge_runs_missed.inc();
        } else {
            self.0.purge_runs_missed.set(0);
        }
        self.0.purged.inc_by(u64::try_from(purged).unwrap_or(u64::MAX));
        if let Some(due) = due {
            self.0.purge_due.set(i64::try_from(due).unwrap_or(i64::MAX));
        }
    }
}

/// Counts a connection as open while it lives.
#[derive(Debug)]
pub struct OpenConnection(Metrics);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.connections_open.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_and_label_is_there_before_anything_happened() {
        let text = Metrics::new().render();
        assert!(text.contains("skrynka_build_info{version="));
        for verdict in Verdict::ALL {
            let line = format!("skrynka_shares_total{{verdict=\"{verdict}\"}} 0");
            assert!(text.contains(&line), "{line}");
        }
    }

    #[test]
    fn a_connection_is_open_while_its_guard_lives() {
        let metrics = Metrics::new();
        let guard = metrics.connection_opened();
        assert!(metrics.render().contains("skrynka_smtp_connections_open 1"));
        drop(guard);
        assert!(metrics.render().contains("skrynka_smtp_connections_open 0"));
    }
}
