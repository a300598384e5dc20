//! Every metric, with its name and what it tells.

use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, core::Collector,
};

use super::{
    labels::{
        ConnectionRefusal, FetchKind, FetchOutcome, Part, PurgeOutcome, Rejudging, SignInOutcome,
        Stage, Task, WebRefusal,
    },
    process::Process,
};
use crate::domain::Verdict;

/// One handle for each metric.
#[derive(Debug)]
pub(super) struct Handles {
    pub(super) registry: Registry,
    pub(super) accept_duration: Histogram,
    pub(super) accepted_bytes: IntCounter,
    pub(super) accepted_messages: IntCounter,
    pub(super) bare_line_feeds: IntCounter,
    pub(super) bytes_in_flight: IntGauge,
    pub(super) clock_accepted: IntGauge,
    pub(super) connections: IntCounter,
    pub(super) connections_open: IntGauge,
    pub(super) connections_refused: IntCounterVec,
    pub(super) database_latency: Gauge,
    pub(super) database_up: IntGauge,
    pub(super) disk_free: IntGauge,
    pub(super) failures: IntCounterVec,
    pub(super) log_lines_lost: IntCounter,
    pub(super) task_restarts: IntCounterVec,
    pub(super) oldest_pending: Gauge,
    pub(super) pending: IntGauge,
    pub(super) pressure: Gauge,
    pub(super) process: Process,
    pub(super) purged: IntCounter,
    pub(super) purge_due: IntGauge,
    pub(super) purge_runs: IntCounterVec,
    pub(super) purge_runs_missed: IntGauge,
    pub(super) qr_expiry: IntGaugeVec,
    pub(super) replies: IntCounterVec,
    pub(super) revocation_age: Gauge,
    pub(super) revocation_answers: IntGauge,
    pub(super) revocation_dropped: IntCounter,
    pub(super) revocation_fetches: IntCounterVec,
    pub(super) shares: IntCounterVec,
    pub(super) shares_rejudged: IntCounterVec,
    pub(super) sign_ins: IntCounterVec,
    pub(super) spool_batch: Histogram,
    pub(super) spool_damaged: IntCounter,
    pub(super) spool_damaged_files: IntGauge,
    pub(super) spool_sync: Histogram,
    pub(super) stage_duration: HistogramVec,
    pub(super) tls_expiry: IntGaugeVec,
    pub(super) tls_failures: IntCounter,
    pub(super) tls_sessions: IntCounter,
    pub(super) trust_anchors: IntGauge,
    pub(super) trust_list_age: IntGauge,
    pub(super) trust_list_overdue: IntGauge,
    pub(super) web_connections: IntGauge,
    pub(super) web_connections_refused: IntCounterVec,
}

impl Handles {
    /// All at zero, with every label of every closed set present.
    pub(super) fn new() -> Self {
        let registry = Registry::new();
        let build = Opts::new("skrynka_build_info", "Always 1; the version is in the label.")
            .const_label("version", env!("CARGO_PKG_VERSION"));
        add(&registry, IntGauge::with_opts(build)).set(1);
        Self {
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
            clock_accepted: gauge(
                &registry,
                "skrynka_clock_accepted",
                "1 when the clock goes on from the greatest time seen; with 0 nothing is destroyed.",
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
                ConnectionRefusal::ALL.map(ConnectionRefusal::as_str),
            ),
            database_latency: add(
                &registry,
                Gauge::new(
                    "skrynka_database_latency_seconds",
                    "Time that the database took for its latest answer to a question asked regularly.",
                ),
            ),
            database_up: gauge(
                &registry,
                "skrynka_database_up",
                "1 when the database was read and written when it was last tried; with 0 mail waits in the spool.",
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
                Part::ALL.map(Part::as_str),
            ),
            log_lines_lost: counter(
                &registry,
                "skrynka_log_lines_lost_total",
                "Lines of the log that nobody read in time, or that could not be written.",
            ),
            task_restarts: counters(
                &registry,
                "skrynka_task_restarts_total",
                "Tasks of the server that ended and began anew, each with an error in the log.",
                "task",
                Task::ALL.map(Task::as_str),
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
            process: Process::new(&registry),
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
                PurgeOutcome::ALL.map(PurgeOutcome::as_str),
            ),
            purge_runs_missed: gauge(
                &registry,
                "skrynka_retention_missed_runs",
                "Purge runs in a row that destroyed nothing, for the clock is not accepted.",
            ),
            // Absent where nobody has said when the code was made.
            qr_expiry: add(
                &registry,
                IntGaugeVec::new(
                    Opts::new(
                        "skrynka_qr_expiry_timestamp_seconds",
                        "When the QR code of a service stops working, since 1970.",
                    ),
                    &["branch", "service"],
                ),
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
                Rejudging::ALL.map(Rejudging::as_str),
            ),
            sign_ins: counters(
                &registry,
                "skrynka_sign_ins_total",
                "Attempts to sign in, by what came of them.",
                "outcome",
                SignInOutcome::ALL.map(SignInOutcome::as_str),
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
            spool_damaged_files: gauge(
                &registry,
                "skrynka_spool_damaged_files",
                "Files beside the spool's segments with what was set aside as damaged, counted at a start and each hour.",
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
            // Absent without a certificate: an end at zero would be one long ago.
            tls_expiry: add(
                &registry,
                IntGaugeVec::new(
                    Opts::new(
                        "skrynka_tls_expiry_timestamp_seconds",
                        "When the first certificate of the chain in force ends, since 1970.",
                    ),
                    &["listener"],
                ),
            ),
            tls_failures: counter(
                &registry,
                "skrynka_smtp_tls_failures_total",
                "Handshakes of TLS on the mail's ports that failed or took too long.",
            ),
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
                "1 when the trust list is past its next update, or missing where one is expected.",
            ),
            web_connections: gauge(
                &registry,
                "skrynka_web_connections_open",
                "Connections to pages, API and metrics open now.",
            ),
            web_connections_refused: counters(
                &registry,
                "skrynka_web_connections_refused_total",
                "Connections to pages, API and metrics that were refused or cut off for a limit.",
                "reason",
                WebRefusal::ALL.map(WebRefusal::as_str),
            ),
            registry,
        }
    }
}

const NAMES: &str = "every metric has its own well-formed name, and a test makes them all";

pub(super) fn add<C: Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<C>,
) -> C {
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

pub(super) fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
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
            metric.with_label_values(&[kind.as_str(), outcome.as_str()]);
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
        metric.with_label_values(&[stage.as_str()]);
    }
    metric
}
