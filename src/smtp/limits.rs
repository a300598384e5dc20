//! What a client may use up.

use std::{net::IpAddr, time::Duration};

use serde::Deserialize;

use super::pressure::Level;

/// Limits of the receiver. Every number in the file of settings replaces a default given here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Seconds that a client may take from one of our replies to the end of its next command.
    /// Default 300, which RFC 5321 §4.5.3.2.7 asks for.
    pub command_timeout_seconds: u64,
    /// Seconds that keeping a mail may take before the client is asked to try again. Default 60;
    /// clients wait for ten minutes (RFC 5321 §4.5.3.2.6).
    pub commit_timeout_seconds: u64,
    /// Bytes a second below which a message is given up, once `data_timeout_seconds` are over.
    /// Default 1024. The more pressure there is the more it takes, in the end as many times as
    /// `pressure_command_timeout_seconds` fits into `command_timeout_seconds`: whoever dawdles
    /// holds the memory that others wait for.
    pub data_bytes_per_second: u64,
    /// Seconds that a message may fall behind `data_bytes_per_second`: what arrives makes up for
    /// time that has passed, never for time to come. Default 180.
    pub data_timeout_seconds: u64,
    /// Seconds that mails in transit are given to end when the server stops. Default 30.
    pub drain_timeout_seconds: u64,
    /// Addresses that `max_connections_per_address` and `max_unknown_recipients` do not hold for,
    /// such as a gateway of one's own. Default `127.0.0.1` and `::1`.
    pub exempt_addresses: Vec<IpAddr>,
    /// Milliseconds that a client must be silent before it is greeted. Default 0.
    pub greeting_delay_milliseconds: u64,
    /// Bytes of all messages in memory together. A quarter of it is for one IPv4 address, or one
    /// IPv6 network of 64 bits, that is not among `exempt_addresses`. A single message of
    /// `max_message_bytes` always fits. Default 512 MiB.
    pub max_bytes_in_flight: u64,
    /// Connections in all. Default 8192.
    pub max_connections: usize,
    /// Connections from one IPv4 address, or from one IPv6 network of 64 bits. Default 50.
    pub max_connections_per_address: usize,
    /// Refused commands after which a connection is closed. Default 20.
    pub max_errors: usize,
    /// Bytes of one message, as stored. Default 32 MiB.
    pub max_message_bytes: u64,
    /// Mails that may wait for their commit; while there are more, DATA is put off with 451.
    /// Default 2000.
    pub max_queued_mails: usize,
    /// `Received:` fields of one message, from which on it is taken for one that goes in circles.
    /// Default 100, below which RFC 5321 §6.3 allows no server.
    pub max_received_fields: usize,
    /// Recipients of one message. Default 100, below which RFC 5321 §4.5.3.1.8 allows no server.
    pub max_recipients: usize,
    /// Bytes of one line of a message, with its CRLF. Default 8192; RFC 5321 §4.5.3.1.6 asks for
    /// 1000.
    pub max_text_line_bytes: usize,
    /// Recipients without a mailbox here after which a connection is closed; over LMTP and for
    /// `exempt_addresses` there is no such limit. Default 10.
    pub max_unknown_recipients: usize,
    /// Seconds in place of `command_timeout_seconds` when the server is as busy as it may be. From
    /// half of that on, the time shrinks step by step, and those for messages and connections with
    /// it. Default 10.
    pub pressure_command_timeout_seconds: u64,
    /// Seconds that a connection may last. Default 3600.
    pub session_timeout_seconds: u64,
    /// Refused commands from which on each further refusal is held back for
    /// `tarpit_milliseconds`. Default 10.
    pub tarpit_after_errors: usize,
    /// Milliseconds that a refusal is held back. Default 1000.
    pub tarpit_milliseconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_timeout_seconds: 300,
            commit_timeout_seconds: 60,
            data_bytes_per_second: 1024,
            data_timeout_seconds: 180,
            drain_timeout_seconds: 30,
            exempt_addresses: vec![
                IpAddr::from(std::net::Ipv4Addr::LOCALHOST),
                IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
            ],
            greeting_delay_milliseconds: 0,
            max_bytes_in_flight: 512 * 1024 * 1024,
            max_connections: 8192,
            max_connections_per_address: 50,
            max_errors: 20,
            max_message_bytes: 32 * 1024 * 1024,
            max_queued_mails: 2000,
            max_received_fields: 100,
            max_recipients: 100,
            max_text_line_bytes: 8192,
            max_unknown_recipients: 10,
            pressure_command_timeout_seconds: 10,
            session_timeout_seconds: 3600,
            tarpit_after_errors: 10,
            tarpit_milliseconds: 1000,
        }
    }
}

impl Limits {
    /// The time for the next command: `pressure_command_timeout_seconds` at full pressure.
    pub(super) fn command_timeout(&self, level: Level) -> Duration {
        self.under_pressure(self.command_timeout_seconds, level)
    }

    pub(super) fn commit_timeout(&self) -> Duration {
        seconds(self.commit_timeout_seconds)
    }

    /// The time that `received` bytes of a message make up for; it shrinks as the time for a
    /// command does, so that under pressure a message must come faster.
    pub(super) fn data_earned(&self, received: usize, level: Level) -> Duration {
        let received = u64::try_from(received).unwrap_or(u64::MAX);
        let whole = received.saturating_mul(1000);
        self.shrunk(Duration::from_millis(whole / self.data_bytes_per_second.max(1)), level)
    }

    /// The time that a message may be behind; it shrinks as the time for a command does.
    pub(super) fn data_timeout(&self, level: Level) -> Duration {
        self.under_pressure(self.data_timeout_seconds, level)
    }

    /// Whether `peer` is one of `exempt_addresses`.
    pub(super) fn is_exempt(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.exempt_addresses.iter().any(|exempt| exempt.to_canonical() == peer)
    }

    pub(super) fn drain_timeout(&self) -> Duration {
        seconds(self.drain_timeout_seconds)
    }

    /// How long a client must be silent before it is greeted.
    pub(super) fn greeting_delay(&self) -> Duration {
        Duration::from_millis(self.greeting_delay_milliseconds.min(60_000))
    }

    /// The greatest length of a message in memory.
    pub(super) fn message_len(&self) -> usize {
        usize::try_from(self.max_message_bytes).unwrap_or(usize::MAX)
    }

    /// The time for a whole connection; it shrinks as the time for a command does.
    pub(super) fn session_timeout(&self, level: Level) -> Duration {
        self.under_pressure(self.session_timeout_seconds, level)
    }

    /// How long a refusal is held back.
    pub(super) fn tarpit(&self) -> Duration {
        Duration::from_millis(self.tarpit_milliseconds.min(60_000))
    }

    fn under_pressure(&self, calm_seconds: u64, level: Level) -> Duration {
        self.shrunk(seconds(calm_seconds), level)
    }

    /// Of a time without pressure, what is left at `level`: it shrinks step by step to the part of
    /// it that `pressure_command_timeout_seconds` is of `command_timeout_seconds`.
    fn shrunk(&self, calm: Duration, level: Level) -> Duration {
        let whole = u32::try_from(self.command_timeout_seconds.clamp(1, DAY)).unwrap_or(1);
        let part = u32::try_from(self.pressure_command_timeout_seconds).unwrap_or(whole);
        let calm = calm.min(seconds(DAY));
        let tense = calm * part.min(whole) / whole;
        let lost = calm.saturating_sub(tense) * level.steps() / Level::STEPS;
        calm.saturating_sub(lost)
    }
}

/// A day is the longest time, so that adding it to a moment cannot overflow.
const DAY: u64 = 86_400;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count.min(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_message_earns_time_with_what_arrives_and_less_of_it_under_pressure() {
        let limits = Limits::default();
        for (received, calm, tense) in [
            (0, 0, 0),
            (512, 500, 16),
            (1024, 1000, 33),
            (1024 * 90, 90_000, 3_000),
            (usize::MAX, 86_400_000, 2_880_000),
        ] {
            for (level, earned) in [(Level::CALM, calm), (Level::FULL, tense)] {
                let found = limits.data_earned(received, level).as_millis();
                assert_eq!(found, earned, "{received} bytes at {level:?}");
            }
        }
    }

    #[test]
    fn rfc5321_4_5_3_2_clients_have_the_times_of_the_standard_unless_there_is_pressure() {
        let limits = Limits::default();
        for (steps, command, data, session) in [
            (0, 300_000, 180_000, 3_600_000),
            (1, 271_000, 162_600, 3_252_000),
            (5, 155_000, 93_000, 1_860_000),
            (10, 10_000, 6_000, 120_000),
        ] {
            let level = Level::of(steps);
            let times = [
                limits.command_timeout(level),
                limits.data_timeout(level),
                limits.session_timeout(level),
            ];
            let times = times.map(|time| time.as_millis());
            assert_eq!(times, [command, data, session], "level {steps}");
        }
    }

    #[test]
    fn pressure_never_makes_a_time_longer() {
        for (command, pressed) in [(5, 10), (0, 10), (u64::MAX, u64::MAX)] {
            let limits = Limits {
                command_timeout_seconds: command,
                pressure_command_timeout_seconds: pressed,
                ..Limits::default()
            };
            for steps in 0..=10 {
                let level = Level::of(steps);
                assert!(limits.command_timeout(level) <= seconds(command), "{command} at {steps}");
                assert!(limits.session_timeout(level).as_secs() <= 3600, "{command} at {steps}");
            }
        }
    }

    #[test]
    fn settings_may_name_some_limits_and_no_unknown_ones() {
        let read = |text: &str| toml::from_str::<Limits>(text);
        assert_eq!(read("max_errors = 3").unwrap().max_errors, 3);
        assert_eq!(read("").unwrap(), Limits::default());
        assert!(read("max_eror = 3").unwrap_err().to_string().contains("max_eror"));
    }
}
