//! What a client may use up.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use super::pressure::Level;
use crate::domain::section::{DAY, GIBIBYTE, MANY, MINUTE, section};

section! {
    /// Limits of the receiver.
    #[derive(Debug)]
    pub struct Limits {
        /// Seconds that a client may take from one of our replies to the end of its next command.
        /// RFC 5321 §4.5.3.2.7 asks for 300.
        pub command_timeout_seconds: u64 = 300, 1..=DAY;
        /// Seconds that keeping a mail may take before the client is asked to try again; clients
        /// wait for ten minutes (RFC 5321 §4.5.3.2.6).
        pub commit_timeout_seconds: u64 = 60, 1..=DAY;
        /// Bytes a second below which a message is given up, once `data_timeout_seconds` are over.
        /// The more pressure there is the more it takes, in the end as many times as
        /// `pressure_command_timeout_seconds` fits into `command_timeout_seconds`: a slow client
        /// holds the memory that others wait for.
        pub data_bytes_per_second: u64 = 1024, 1..=GIBIBYTE;
        /// Seconds that a message may fall behind `data_bytes_per_second`: what arrives makes up
        /// for time that has passed, never for time to come.
        pub data_timeout_seconds: u64 = 180, 1..=DAY;
        /// Seconds that mails in transit are given to end when the server stops.
        pub drain_timeout_seconds: u64 = 30, 0..=DAY;
        /// Addresses that `max_connections_per_address` and `max_unknown_recipients` do not hold
        /// for, such as a gateway of one's own.
        pub exempt_addresses: Vec<IpAddr> = vec![
            IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ];
        /// Milliseconds that a client must be silent before it is greeted.
        pub greeting_delay_milliseconds: u64 = 0, 0..=MINUTE;
        /// Bytes of all messages in memory together. A quarter of it is for one IPv4 address, or
        /// one IPv6 network of 64 bits, that is not among `exempt_addresses`. A single message of
        /// `max_message_bytes` always fits.
        pub max_bytes_in_flight: u64 = 512 << 20, 1..=1024 * GIBIBYTE;
        /// Connections in all.
        pub max_connections: usize = 8192, 1..=MANY;
        /// Connections from one IPv4 address, or from one IPv6 network of 64 bits.
        pub max_connections_per_address: usize = 50, 1..=MANY;
        /// Refused commands after which a connection is closed.
        pub max_errors: usize = 20, 1..=MANY;
        /// Bytes of one message, as stored. RFC 5321 §4.5.3.1.7 asks for 64 KiB; and SIZE 0 would
        /// say that there is no limit (RFC 1870 §4).
        pub max_message_bytes: u64 = 32 << 20, 65_536..=GIBIBYTE;
        /// Mails that may wait for their commit; while there are more, DATA is put off with 451.
        pub max_queued_mails: usize = 2000, 1..=MANY;
        /// `Received:` fields of one message, from which on it is taken for one that goes in
        /// circles. RFC 5321 §6.3 allows no server fewer than 100.
        pub max_received_fields: usize = 100, 100..=MANY;
        /// Recipients of one message. RFC 5321 §4.5.3.1.8 allows no server fewer than 100.
        pub max_recipients: usize = 100, 100..=10_000;
        /// Bytes of one line of a message, with its CRLF. RFC 5321 §4.5.3.1.6 asks for 1000.
        pub max_text_line_bytes: usize = 8192, 1000..=GIBIBYTE;
        /// Recipients without a mailbox here after which a connection is closed; over LMTP and for
        /// `exempt_addresses` there is no such limit.
        pub max_unknown_recipients: usize = 10, 1..=MANY;
        /// Seconds in place of `command_timeout_seconds` when the server is as busy as it may be.
        /// From half of that on, the time shrinks step by step, and those for messages and
        /// connections with it.
        pub pressure_command_timeout_seconds: u64 = 10, 1..=DAY;
        /// Seconds that a connection may last.
        pub session_timeout_seconds: u64 = 3600, 1..=DAY;
        /// Refused commands from which on each further refusal is held back for
        /// `tarpit_milliseconds`.
        pub tarpit_after_errors: usize = 10, 0..=MANY;
        /// Milliseconds that a refusal is held back.
        pub tarpit_milliseconds: u64 = 1000, 0..=MINUTE;
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

    pub(super) fn is_exempt(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.exempt_addresses.iter().any(|exempt| exempt.to_canonical() == peer)
    }

    pub(super) fn drain_timeout(&self) -> Duration {
        seconds(self.drain_timeout_seconds)
    }

    pub(super) fn greeting_delay(&self) -> Duration {
        Duration::from_millis(self.greeting_delay_milliseconds.min(MINUTE))
    }

    /// The greatest length of a message in memory.
    pub(super) fn message_len(&self) -> usize {
        usize::try_from(self.max_message_bytes).unwrap_or(usize::MAX)
    }

    /// The time for a whole connection; it shrinks as the time for a command does.
    pub(super) fn session_timeout(&self, level: Level) -> Duration {
        self.under_pressure(self.session_timeout_seconds, level)
    }

    pub(super) fn tarpit(&self) -> Duration {
        Duration::from_millis(self.tarpit_milliseconds.min(MINUTE))
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

/// A time of `count` seconds. A day is the longest, so that adding it to a moment cannot overflow.
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
