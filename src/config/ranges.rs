//! The range of each number in `[smtp.limits]` and `[web.limits]`: outside of it the server would
//! serve nobody, break its standard, or have no limit where one is meant.

use std::ops::RangeInclusive;

use crate::{smtp::Limits, web};

/// A number and where it may lie.
pub(super) struct Ranged {
    /// The key in its section.
    pub(super) key: &'static str,
    pub(super) range: RangeInclusive<u64>,
    pub(super) value: u64,
}

/// The numbers of `[smtp.limits]` that lie outside of their ranges, in the order of the keys.
pub(super) fn out_of_range(limits: &Limits) -> Vec<Ranged> {
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
    let ranged = [
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
    ];
    outside(ranged)
}

/// The same of `[web.limits]`.
pub(super) fn web_out_of_range(limits: &web::Limits) -> Vec<Ranged> {
    let web::Limits {
        body_timeout_seconds,
        head_timeout_seconds,
        max_connections,
        max_connections_per_address,
    } = limits;
    outside([
        ("body_timeout_seconds", *body_timeout_seconds, 1..=300),
        ("head_timeout_seconds", *head_timeout_seconds, 1..=300),
        ("max_connections", number(*max_connections), 1..=MANY),
        ("max_connections_per_address", number(*max_connections_per_address), 1..=MANY),
    ])
}

fn outside<const N: usize>(ranged: [(&'static str, u64, RangeInclusive<u64>); N]) -> Vec<Ranged> {
    ranged
        .into_iter()
        .filter(|(_, value, range)| !range.contains(value))
        .map(|(key, value, range)| Ranged { key, range, value })
        .collect()
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
        assert!(out_of_range(&Limits::default()).is_empty());
        assert!(web_out_of_range(&web::Limits::default()).is_empty());
    }

    #[test]
    fn numbers_that_make_no_sense_are_named_with_their_range() {
        for (text, expected) in [
            ("max_message_bytes = 0", "max_message_bytes 0 65536..=1073741824"),
            ("max_text_line_bytes = 999", "max_text_line_bytes 999 1000..=1073741824"),
            ("max_received_fields = 99", "max_received_fields 99 100..=1000000"),
            ("max_recipients = 99", "max_recipients 99 100..=10000"),
            ("max_connections = 0", "max_connections 0 1..=1000000"),
            ("command_timeout_seconds = 86401", "command_timeout_seconds 86401 1..=86400"),
            ("data_bytes_per_second = 0", "data_bytes_per_second 0 1..=1073741824"),
            ("tarpit_milliseconds = 60001", "tarpit_milliseconds 60001 0..=60000"),
        ] {
            let limits: Limits = toml::from_str(text).unwrap();
            let found = out_of_range(&limits);
            let found: Vec<_> = found
                .iter()
                .map(|Ranged { key, range, value }| format!("{key} {value} {range:?}"))
                .collect();
            assert_eq!(found, [expected], "{text}");
        }
        let edges = "max_message_bytes = 65536\nmax_recipients = 100\ndrain_timeout_seconds = 0";
        assert!(out_of_range(&toml::from_str(edges).unwrap()).is_empty());
    }
}
