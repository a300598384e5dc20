//! Which addresses may be asked.
//!
//! A certificate names the server that is asked, so whoever gets one issued could make us speak
//! to services of the own network. Addresses that are not of the public internet are refused
//! unless the configuration allows them, and the address that is checked is the one that is
//! connected to: a name that resolves otherwise the next time gains nothing.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// Resolves names of `http` and `https` addresses to addresses that may be asked.
#[derive(Debug)]
pub(super) struct PublicResolver {
    private_too: bool,
    inner: DefaultResolver,
}

impl PublicResolver {
    /// With `private_too`, addresses of the own network too.
    pub(super) fn new(private_too: bool) -> Self {
        Self { private_too, inner: DefaultResolver::default() }
    }
}

impl Resolver for PublicResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(forbidden("only http and https are spoken"));
        }
        let all = self.inner.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        for address in all.iter().filter(|address| self.private_too || is_public(address.ip())) {
            allowed.push(*address);
        }
        if allowed.is_empty() {
            return Err(forbidden("its address is of the own network"));
        }
        Ok(allowed)
    }
}

/// The error that [`is_forbidden`] knows again.
fn forbidden(why: &'static str) -> Error {
    Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, Forbidden(why)))
}

/// Whether an error says that an address may not be asked.
pub(super) fn is_forbidden(error: &Error) -> bool {
    let Error::Io(error) = error else { return false };
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Forbidden>)
}

/// Why an address is not asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}; [signatures] fetch_private_addresses allows addresses of the own network")]
struct Forbidden(&'static str);

/// Whether an address belongs to the public internet (IANA's special-purpose registries,
/// RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        // "This network", shared address space, protocol assignments, benchmarks, reserved.
        || first == 0
        || (first == 100 && second & 0xc0 == 64)
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && second & 0xfe == 18)
        || first >= 240;
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match address.segments() {
        // What leads to an IPv4 address is judged by it: NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Teredo, and the other protocol assignments (RFC 2928); documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Global unicast is 2000::/3 so far; all else is local or special.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_asked() {
        for (address, public) in [
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("224.0.0.1", false),
            ("198.18.0.1", false),
            ("255.255.255.255", false),
            ("8.8.8.8", true),
            ("193.0.14.129", true),
            ("::1", false),
            ("::", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("fe80::1", false),
            ("fd00::1", false),
            ("ff02::1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::808:808", true),
            ("2002:7f00:1::", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("2a00:1450:4001::1", true),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}
