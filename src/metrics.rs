//! What ops can count: one struct of Prometheus handles.
//!
//! The only module that names the `prometheus` crate. Every label value comes from a closed set:
//! an enum of ours, a reply class, a stage. Nothing a peer sends becomes a label.

use std::{sync::Arc, time::Duration};

use prometheus::{
    Encoder as _, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, Opts, Registry, TextEncoder, core::Collector,
};

use crate::domain::Verdict;

/// The part of the program that a panic or an internal error is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The SMTP listener and its sessions.
    Smtp,
    /// Judging shares.
    Pipeline,
    /// The purge.
    Retention,
    /// Fetching and keeping revocation data.
    Revocation,
    /// Pages and API.
    Web,
}

impl Part {
    const ALL: [Self; 5] =
        [Self::Smtp, Self::Pipeline, Self::Retention, Self::Revocation, Self::Web];

    fn label(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Pipeline => "pipeline",
            Self::Retention => "retention",
            Self::Revocation => "revocation",
            Self::Web => "web",
        }
    }
}

/// A step in judging a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading the record and opening the mail.
    Open,
    /// Pairing documents with signatures.
    Bundle,
    /// Checking signatures and chains.
    Verify,
    /// Comparing with the service's list.
    Match,
    /// Sealing objects and committing.
    Keep,
}

impl Stage {
    const ALL: [Self; 5] = [Self::Open, Self::Bundle, Self::Verify, Self::Match, Self::Keep];

    fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Bundle => "bundle",
            Self::Verify => "verify",
            Self::Match => "match",
            Self::Keep => "keep",
        }
    }
}

/// What came of judging a share again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejudging {
    /// Something else is said of it.
    Changed,
    /// What it was judged from is destroyed: it waits no longer.
    Gone,
    /// The same is said of it.
    Unchanged,
}

impl Rejudging {
    const ALL: [Self; 3] = [Self::Changed, Self::Gone, Self::Unchanged];

    fn label(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Unchanged => "unchanged",
        }
    }
}

/// How revocation data is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchKind {
    /// A whole list.
    Crl,
    /// What came to a list since.
    DeltaCrl,
    /// An OCSP answer for one certificate.
    Ocsp,
}

impl FetchKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Crl, Self::DeltaCrl, Self::Ocsp];

    /// The name in metrics and the log.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Crl => "crl",
            Self::DeltaCrl => "delta-crl",
            Self::Ocsp => "ocsp",
        }
    }
}

/// What came of asking for revocation data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchOutcome {
    /// It is in the cache.
    Accepted,
    /// The server does not answer, or with an error.
    Failed,
    /// The address may not be asked.
    Forbidden,
    /// What came is no answer to the question.
    Useless,
}

impl FetchOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Failed, Self::Forbidden, Self::Useless];

    /// The name in metrics and the log.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Forbidden => "forbidden",
            Self::Useless => "useless",
        }
    }
}

/// Why a connection was not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionRefusal {
    /// Too many connections in all.
    Total,
    /// Too many connections from one address.
    PerAddress,
}

impl ConnectionRefusal {
    const ALL: [Self; 2] = [Self::Total, Self::PerAddress];

    fn label(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::PerAddress => "per_address",
        }
    }
}

/// All metrics of one server. Cloning is cheap and shares the counts.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Handles>);

#[derive(Debug)]
struct Handles {
    registry: Registry,
    accept_duration: Histogram,
    accepted_bytes: IntCounter,
    accepted_messages: IntCounter,
    bare_line_feeds: IntCounter,
    bytes_in_flight: IntGauge,
    connections: IntCounter,
    connections_open: IntGauge,
    connections_refused: IntCounterVec,
    disk_free: IntGauge,
    failures: IntCounterVec,
    oldest_pending: Gauge,
    pending: IntGauge,
    pressure: Gauge,
    purged: IntCounter,
    purge_due: IntGauge,
    purge_runs: IntCounterVec,
    replies: IntCounterVec,
    revocation_age: Gauge,
    revocation_answers: IntGauge,
    revocation_dropped: IntCounter,
    revocation_fetches: IntCounterVec,
    shares: IntCounterVec,
    shares_rejudged: IntCounterVec,
    spool_batch: Histogram,
    spool_damaged: IntCounter,
    spool_sync: Histogram,
    stage_duration: HistogramVec,
    tls_sessions: IntCounter,
    trust_anchors: IntGauge,
    trust_list_age: IntGauge,
    trust_list_overdue: IntGauge,
}

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
        let registry = Registry::new();
        let build = Opts::new("skrynka_build_info", "Always 1; the version is in the label.")
            .const_label("version", env!("CARGO_PKG_VERSION"));
        add(&registry, IntGauge::with_opts(build)).set(1);
        let handles = Handles {
            accept_duration: histogram(
                &registry,
                "skrynka_accept_duration_seconds",
                "From the final dot of a mail to our 250.",
                &[
                    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
                    30.0,
                ],
            ),
            accepted_bytes: counter(
                &registry,
                "skrynka_accepted_bytes_total",
                "Bytes of the mails answered with 250.",
            ),
            accepted_messages: counter(
                &registry,
                "skrynka_accepted_messages_total",
                "Mails answered with 250.",
            ),
            bare_line_feeds: counter(
                &registry,
                "skrynka_smtp_bare_line_feeds_total",
                "Connections closed for a line feed without a carriage return.",
            ),
            bytes_in_flight: gauge(
                &registry,
                "skrynka_smtp_in_flight_bytes",
                "Bytes of mails being received and not yet answered.",
            ),
            connections: counter(
                &registry,
                "skrynka_smtp_connections_total",
                "SMTP connections accepted.",
            ),
            connections_open: gauge(
                &registry,
                "skrynka_smtp_connections_open",
                "SMTP connections open now.",
            ),
            connections_refused: counters(
                &registry,
                "skrynka_smtp_connections_refused_total",
                "SMTP connections answered with 421 for a connection limit.",
                "limit",
                ConnectionRefusal::ALL.map(ConnectionRefusal::label),
            ),
            disk_free: gauge(
                &registry,
                "skrynka_disk_free_bytes",
                "Free space where the spool lies.",
            ),
            failures: counters(
                &registry,
                "skrynka_internal_failures_total",
                "Failures of ours, each with an error in the log.",
                "part",
                Part::ALL.map(Part::label),
            ),
            oldest_pending: add(
                &registry,
                Gauge::new(
                    "skrynka_oldest_pending_age_seconds",
                    "Age of the oldest accepted mail without a verdict; 0 when there is none.",
                ),
            ),
            pending: gauge(
                &registry,
                "skrynka_pending_messages",
                "Accepted mails without a verdict.",
            ),
            pressure: add(
                &registry,
                Gauge::new(
                    "skrynka_smtp_pressure",
                    "The greatest share of connections, bytes in flight and mails waiting for \
                     their commit in what there may be; from 0.5 on clients get less time.",
                ),
            ),
            purged: counter(
                &registry,
                "skrynka_retention_purged_total",
                "Data keys destroyed with their objects.",
            ),
            purge_due: gauge(
                &registry,
                "skrynka_retention_due",
                "Data keys whose day has come and which still exist, after the latest purge run.",
            ),
            purge_runs: counters(
                &registry,
                "skrynka_retention_runs_total",
                "Purge runs.",
                "outcome",
                ["done", "failed"],
            ),
            replies: counters(
                &registry,
                "skrynka_smtp_replies_total",
                "SMTP replies by class.",
                "class",
                ["2xx", "3xx", "4xx", "5xx"],
            ),
            revocation_age: add(
                &registry,
                Gauge::new(
                    "skrynka_revocation_oldest_list_age_seconds",
                    "Age of the oldest revocation list that is followed; 0 when there is none.",
                ),
            ),
            revocation_answers: gauge(
                &registry,
                "skrynka_revocation_answers",
                "Revocation lists and OCSP answers in the cache.",
            ),
            revocation_dropped: counter(
                &registry,
                "skrynka_revocation_questions_dropped_total",
                "Questions about revocation that found no room; they are asked again later.",
            ),
            revocation_fetches: fetch_counters(&registry),
            shares: counters(
                &registry,
                "skrynka_shares_total",
                "Shares judged, by verdict.",
                "verdict",
                Verdict::ALL.map(Verdict::as_str),
            ),
            shares_rejudged: counters(
                &registry,
                "skrynka_shares_rejudged_total",
                "Shares judged again, by what came of it.",
                "outcome",
                Rejudging::ALL.map(Rejudging::label),
            ),
            spool_batch: histogram(
                &registry,
                "skrynka_spool_batch_messages",
                "Mails made durable by one sync.",
                &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
            ),
            spool_damaged: counter(
                &registry,
                "skrynka_spool_damaged_total",
                "Stretches of the spool that were found damaged and set aside.",
            ),
            spool_sync: histogram(
                &registry,
                "skrynka_spool_sync_duration_seconds",
                "Time of one fdatasync of the spool.",
                &[
                    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0,
                    5.0,
                ],
            ),
            stage_duration: stage_histogram(&registry),
            tls_sessions: counter(
                &registry,
                "skrynka_smtp_tls_sessions_total",
                "SMTP sessions that went over to TLS.",
            ),
            trust_anchors: gauge(
                &registry,
                "skrynka_trust_anchors",
                "Certificates in the trust directory; with 0 nothing can be verified.",
            ),
            trust_list_age: gauge(
                &registry,
                "skrynka_trust_list_age_seconds",
                "Time since the newest trust list was issued; -1 without a list.",
            ),
            trust_list_overdue: gauge(
                &registry,
                "skrynka_trust_list_overdue",
                "1 when the newest trust list is past its next update.",
            ),
            registry,
        };
        Self(Arc::new(handles))
    }

    /// All metrics in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
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
        self.0.connections_refused.with_label_values(&[why.label()]).inc();
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

    /// A session went over to TLS.
    pub fn tls_session(&self) {
        self.0.tls_sessions.inc();
    }

    /// Something of ours failed or panicked.
    pub fn failure(&self, part: Part) {
        self.0.failures.with_label_values(&[part.label()]).inc();
    }

    /// One sync made `messages` mails durable in `elapsed`.
    pub fn spool_synced(&self, messages: usize, elapsed: Duration) {
        self.0.spool_batch.observe(f64::from(u32::try_from(messages).unwrap_or(u32::MAX)));
        self.0.spool_sync.observe(elapsed.as_secs_f64());
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
        self.0.shares_rejudged.with_label_values(&[outcome.label()]).inc();
    }

    /// Revocation data was asked for.
    pub fn revocation_fetched(&self, kind: FetchKind, outcome: FetchOutcome) {
        self.0.revocation_fetches.with_label_values(&[kind.label(), outcome.label()]).inc();
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
        self.0.stage_duration.with_label_values(&[stage.label()]).observe(elapsed.as_secs_f64());
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

    /// A purge run ended: it destroyed `purged` data keys and left `due` that should be gone.
    pub fn purge_run(&self, purged: usize, due: usize, succeeded: bool) {
        let outcome = if succeeded { "done" } else { "failed" };
        self.0.purge_runs.with_label_values(&[outcome]).inc();
        self.0.purged.inc_by(u64::try_from(purged).unwrap_or(u64::MAX));
        self.0.purge_due.set(i64::try_from(due).unwrap_or(i64::MAX));
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

const NAMES: &str = "every metric has its own well-formed name, and a test makes them all";

fn add<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    let metric = made.expect(NAMES);
    registry.register(Box::new(metric.clone())).expect(NAMES);
    metric
}

fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    add(registry, IntCounter::new(name, help))
}

fn counters<const N: usize>(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    values: [&str; N],
) -> IntCounterVec {
    let metric = add(registry, IntCounterVec::new(Opts::new(name, help), &[label]));
    for value in values {
        // Present at zero from the start, so that an alert on a rate needs no special case.
        metric.with_label_values(&[value]);
    }
    metric
}

fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    add(registry, IntGauge::new(name, help))
}

fn histogram(registry: &Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    add(registry, Histogram::with_opts(opts))
}

fn fetch_counters(registry: &Registry) -> IntCounterVec {
    let opts =
        Opts::new("skrynka_revocation_fetches_total", "Revocation data asked for, by outcome.");
    let metric = add(registry, IntCounterVec::new(opts, &["kind", "outcome"]));
    for kind in FetchKind::ALL {
        for outcome in FetchOutcome::ALL {
            metric.with_label_values(&[kind.label(), outcome.label()]);
        }
    }
    metric
}

fn stage_histogram(registry: &Registry) -> HistogramVec {
    let opts = HistogramOpts::new(
        "skrynka_share_stage_duration_seconds",
        "Time of each stage of judging a share.",
    )
    .buckets(vec![0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0]);
    let metric = add(registry, HistogramVec::new(opts, &["stage"]));
    for stage in Stage::ALL {
        metric.with_label_values(&[stage.label()]);
    }
    metric
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
