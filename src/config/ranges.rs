//! The range of each number: outside of it the server would take no mail, break RFC 5321, or have
//! no limit where one is meant.

use std::ops::RangeInclusive;

use super::Config;
use crate::{smtp::Limits, spool::SpoolSettings, web};

/// A number and where it may lie.
pub(super) struct Ranged {
    /// The key, `smtp.limits.max_errors` for example.
    pub(super) key: String,
    pub(super) range: RangeInclusive<u64>,
    pub(super) value: u64,
}

/// A key in its section, with its value and range.
type Number = (&'static str, u64, RangeInclusive<u64>);

/// The numbers that lie outside of their ranges.
pub(super) fn out_of_range(config: &Config) -> Vec<Ranged> {
    let SpoolSettings { segment_bytes, reserve_bytes } = config.spool.limits;
    let signatures = &config.signatures;
    [
        ("smtp.limits", of_limits(&config.smtp.limits)),
        (
            "spool.limits",
            vec![
                ("segment_bytes", segment_bytes, 65_536..=16 * GIBIBYTE),
                ("reserve_bytes", reserve_bytes, 0..=1_048_576 * GIBIBYTE),
            ],
        ),
        ("sender", vec![("timeout_seconds", config.sender.timeout_seconds, 1..=60)]),
        (
            "signatures",
            vec![
                ("fetch_timeout_seconds", signatures.fetch_timeout_seconds, 1..=300),
                ("fetch_max_bytes", signatures.fetch_max_bytes, 1024..=GIBIBYTE),
            ],
        ),
        ("web.limits", of_web(&config.web.limits)),
        (
            "retention",
            vec![("quarantine_days", u64::from(config.retention.quarantine_days), 1..=3650)],
        ),
    ]
    .into_iter()
    .flat_map(|(section, numbers)| numbers.into_iter().map(move |number| (section, number)))
    .filter(|(_, (_, value, range))| !range.contains(value))
    .map(|(section, (key, value, range))| Ranged { key: format!("{section}.{key}"), range, value })
    .collect()
}

/// In the order of the keys.
fn of_limits(limits: &Limits) -> Vec<Number> {
    // Named one by one, so that a new limit is not forgotten here.
    let Limits {
        command_timeout_seconds,
        commit_timeout_seconds,
        data_bytes_per_second,
        data_timeout_seconds,
        drain_timeout_seconds,
        exempt_addresses: _,
        greeting_delay_milliseconds,
        max_bytes_in_flight,
        max_connections,
        max_connections_per_address,
        max_errors,
        max_message_bytes,
        max_queued_mails,
        max_received_fields,
        max_recipients,
        max_text_line_bytes,
        max_unknown_recipients,
        pressure_command_timeout_seconds,
        session_timeout_seconds,
        tarpit_after_errors,
        tarpit_milliseconds,
    } = limits;
    vec![
        ("command_timeout_seconds", *command_timeout_seconds, 1..=DAY),
        ("commit_timeout_seconds", *commit_timeout_seconds, 1..=DAY),
        ("data_bytes_per_second", *data_bytes_per_second, 1..=GIBIBYTE),
        ("data_timeout_seconds", *data_timeout_seconds, 1..=DAY),
        ("drain_timeout_seconds", *drain_timeout_seconds, 0..=DAY),
        ("greeting_delay_milliseconds", *greeting_delay_milliseconds, 0..=MINUTE),
        ("max_bytes_in_flight", *max_bytes_in_flight, 1..=1024 * GIBIBYTE),
        ("max_connections", number(*max_connections), 1..=MANY),
        ("max_connections_per_address", number(*max_connections_per_address), 1..=MANY),
        ("max_errors", number(*max_errors), 1..=MANY),
        // RFC 5321 §4.5.3.1.7; and SIZE 0 would say that there is no limit (RFC 1870 §4).
        ("max_message_bytes", *max_message_bytes, 65_536..=GIBIBYTE),
        ("max_queued_mails", number(*max_queued_mails), 1..=MANY),
        // RFC 5321 §6.3.
        ("max_received_fields", number(*max_received_fields), 100..=MANY),
        // RFC 5321 §4.5.3.1.8.
        ("max_recipients", number(*max_recipients), 100..=10_000),
        // RFC 5321 §4.5.3.1.6.
        ("max_text_line_bytes", number(*max_text_line_bytes), 1000..=GIBIBYTE),
        ("max_unknown_recipients", number(*max_unknown_recipients), 1..=MANY),
        ("pressure_command_timeout_seconds", *pressure_command_timeout_seconds, 1..=DAY),
        ("session_timeout_seconds", *session_timeout_seconds, 1..=DAY),
        ("tarpit_after_errors", number(*tarpit_after_errors), 0..=MANY),
        ("tarpit_milliseconds", *tarpit_milliseconds, 0..=MINUTE),
    ]
}

/// The same of `[web.limits]`.
fn of_web(limits: &web::Limits) -> Vec<Number> {
    let web::Limits {
        body_timeout_seconds,
        head_timeout_seconds,
        max_connections,
        max_connections_per_address,
    } = limits;
    vec![
        ("body_timeout_seconds", *body_timeout_seconds, 1..=300),
        ("head_timeout_seconds", *head_timeout_seconds, 1..=300),
        ("max_connections", number(*max_connections), 1..=MANY),
        ("max_connections_per_address", number(*max_connections_per_address), 1..=MANY),
    ]
}

/// In seconds.
const DAY: u64 = 86_400;
/// In milliseconds.
const MINUTE: u64 = 60_000;
/// In bytes.
const GIBIBYTE: u64 = 1 << 30;
/// More of anything than one server can have.
const MANY: u64 = 1_000_000;

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_lie_in_their_ranges() {
        assert!(out_of_range(&Config::default()).is_empty());
    }

    #[test]
    fn numbers_that_make_no_sense_are_named_with_their_range() {
        for (section, text, expected) in [
            ("smtp.limits", "max_message_bytes = 0", "max_message_bytes 0 65536..=1073741824"),
            (
                "smtp.limits",
                "max_text_line_bytes = 999",
                "max_text_line_bytes 999 1000..=1073741824",
            ),
            ("smtp.limits", "max_received_fields = 99", "max_received_fields 99 100..=1000000"),
            ("smtp.limits", "max_recipients = 99", "max_recipients 99 100..=10000"),
            ("smtp.limits", "max_connections = 0", "max_connections 0 1..=1000000"),
            (
                "smtp.limits",
                "command_timeout_seconds = 86401",
                "command_timeout_seconds 86401 1..=86400",
            ),
            ("smtp.limits", "data_bytes_per_second = 0", "data_bytes_per_second 0 1..=1073741824"),
            ("smtp.limits", "tarpit_milliseconds = 60001", "tarpit_milliseconds 60001 0..=60000"),
            ("web.limits", "head_timeout_seconds = 0", "head_timeout_seconds 0 1..=300"),
            ("spool.limits", "segment_bytes = 0", "segment_bytes 0 65536..=17179869184"),
            ("retention", "quarantine_days = 0", "quarantine_days 0 1..=3650"),
            ("sender", "timeout_seconds = 61", "timeout_seconds 61 1..=60"),
            ("signatures", "fetch_max_bytes = 1023", "fetch_max_bytes 1023 1024..=1073741824"),
        ] {
            let config: Config = toml::from_str(&format!("[{section}]\n{text}")).unwrap();
            let found = out_of_range(&config);
            let found: Vec<_> = found
                .iter()
                .map(|Ranged { key, range, value }| format!("{key} {value} {range:?}"))
                .collect();
            assert_eq!(found, [format!("{section}.{expected}")], "{text}");
        }
        let edges = "max_message_bytes = 65536\nmax_recipients = 100\ndrain_timeout_seconds = 0";
        let edges = format!("[smtp.limits]\n{edges}");
        assert!(out_of_range(&toml::from_str(&edges).unwrap()).is_empty());
    }
}
