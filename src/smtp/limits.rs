//! What a client may use up.

use std::{net::IpAddr, time::Duration};

use serde::Deserialize;

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
    /// Default 1024.
    pub data_bytes_per_second: u64,
    /// Seconds that a message may take, beside those that `data_bytes_per_second` grants for what
    /// has arrived. Default 180.
    pub data_timeout_seconds: u64,
    /// Seconds that mails in transit are given to end when the server stops. Default 30.
    pub drain_timeout_seconds: u64,
    /// Addresses that `max_connections_per_address` does not hold for, such as a gateway of one's
    /// own. Default `127.0.0.1` and `::1`.
    pub exempt_addresses: Vec<IpAddr>,
    /// Bytes of all messages in memory together. A single message of `max_message_bytes` always
    /// fits. Default 512 MiB.
    pub max_bytes_in_flight: u64,
    /// Connections in all. Default 4000.
    pub max_connections: usize,
    /// Connections from one IPv4 address, or from one IPv6 network of 64 bits. Default 50.
    pub max_connections_per_address: usize,
    /// Refused commands after which a connection is closed. Default 20.
    pub max_errors: usize,
    /// Bytes of one message, as stored. Default 32 MiB.
    pub max_message_bytes: u64,
    /// Recipients of one message. Default 100, below which RFC 5321 §4.5.3.1.8 allows no server.
    pub max_recipients: usize,
    /// Seconds that a connection may last. Default 3600.
    pub session_timeout_seconds: u64,
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
            max_bytes_in_flight: 512 * 1024 * 1024,
            max_connections: 4000,
            max_connections_per_address: 50,
            max_errors: 20,
            max_message_bytes: 32 * 1024 * 1024,
            max_recipients: 100,
            session_timeout_seconds: 3600,
        }
    }
}

impl Limits {
    pub(super) fn command_timeout(&self) -> Duration {
        seconds(self.command_timeout_seconds)
    }

    pub(super) fn commit_timeout(&self) -> Duration {
        seconds(self.commit_timeout_seconds)
    }

    /// The time that a message of which `received` bytes have come may have taken.
    pub(super) fn data_timeout(&self, received: u64) -> Duration {
        let earned = received / self.data_bytes_per_second.max(1);
        seconds(self.data_timeout_seconds.saturating_add(earned))
    }

    pub(super) fn drain_timeout(&self) -> Duration {
        seconds(self.drain_timeout_seconds)
    }

    pub(super) fn session_timeout(&self) -> Duration {
        seconds(self.session_timeout_seconds)
    }
}

/// At most a day, so that adding it to a moment cannot overflow.
fn seconds(count: u64) -> Duration {
    Duration::from_secs(count.min(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_message_earns_time_with_what_arrives() {
        let limits = Limits { data_timeout_seconds: 10, ..Limits::default() };
        for (received, allowed) in [(0, 10), (1023, 10), (1024, 11), (1024 * 90, 100)] {
            assert_eq!(limits.data_timeout(received).as_secs(), allowed, "{received} bytes");
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
