//! A network of addresses, as configurations name it: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.7`.
//!
//! CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), plain values.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::Deserialize;

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

/// Why a text is not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// What stands before the `/` is no address.
    #[error(
        "«{text}» is not a network: write an address, or one with its prefix such as 10.0.0.0/8"
    )]
    Address {
        /// What was read.
        text: String,
    },
    /// The address has bits behind the prefix, so that it is unclear which of them counts.
    #[error("«{text}» has bits behind its prefix: the network is {network}")]
    HostBits {
        /// What was read.
        text: String,
        /// What was probably meant.
        network: Network,
    },
    /// What stands behind the `/` is not a number of bits that the address has.
    #[error("«{text}» is not a network: the prefix is from 0 to {max}")]
    Prefix {
        /// What was read.
        text: String,
        /// The bits of such an address.
        max: u8,
    },
}

impl Network {
    /// Whether `address` is one of the network's. An IPv4 address in the clothes of IPv6
    /// (`::ffff:192.0.2.1`) counts as what it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && cut(address, self.prefix) == self.first
    }
}

/// What counts as one client: an IPv4 address, or the 64 bits of IPv6 that one customer has.
#[must_use]
pub fn customer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        v6 @ IpAddr::V6(_) => cut(v6, 64),
    }
}

impl From<IpAddr> for Network {
    /// The network of this address alone.
    fn from(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self { first, prefix: if first.is_ipv4() { 32 } else { 128 } }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr =
            address.parse().map_err(|_| NetworkError::Address { text: text.to_owned() })?;
        let max = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => max,
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|prefix| *prefix <= max)
                .ok_or_else(|| NetworkError::Prefix { text: text.to_owned(), max })?,
        };
        let (address, prefix) = match address.to_canonical() {
            // An IPv4 address in the clothes of IPv6 whose prefix covers them.
            inner @ IpAddr::V4(_) if max == 128 && prefix >= 96 => (inner, prefix - 96),
            IpAddr::V4(_) | IpAddr::V6(_) => (address, prefix),
        };
        let first = cut(address, prefix);
        let network = Self { first, prefix };
        if first != address {
            return Err(NetworkError::HostBits { text: text.to_owned(), network });
        }
        Ok(network)
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

/// The address with all bits behind the first `prefix` at zero.
fn cut(address: IpAddr, prefix: u8) -> IpAddr {
    let zeros = |bits: u32| bits.saturating_sub(u32::from(prefix));
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(zeros(u32::BITS)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(zeros(u128::BITS)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_as_it_does() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.1.2.3"),
            ("::ffff:10.0.0.0/104", "10.255.0.1", "11.0.0.0"),
            ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
            ("::/0", "ffff::1", "192.0.2.1"),
            ("::1", "::1", "::2"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{network}: {inside}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{network}: {outside}");
        }
    }

    #[test]
    fn what_is_no_network_is_named_with_what_would_be_one() {
        for (text, words) in [
            ("", "«» is not a network"),
            ("mail.example.ua", "write an address"),
            ("10.0.0.0/33", "from 0 to 32"),
            ("10.0.0.0/-1", "from 0 to 32"),
            ("10.0.0.0/", "from 0 to 32"),
            ("2001:db8::/129", "from 0 to 128"),
            ("10.1.0.0/8", "the network is 10.0.0.0/8"),
            ("::ffff:10.1.0.0/104", "the network is 10.0.0.0/8"),
        ] {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
